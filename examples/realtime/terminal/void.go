package terminal

import (
	"context"
	"errors"
	"time"
)

// errNotVoidable is the error of a void of something else than an approved sale.
var errNotVoidable = errors.New("terminal: only a sale that was approved can be voided")

// Void takes back an approved sale of this batch. The entry is that of the void.
func (t *Terminal) Void(ctx context.Context, sale Entry) (Entry, error) {
	t.busy.Lock()
	defer t.busy.Unlock()
	pressed := time.Now()
	keys, err := t.ready(ctx)
	if err != nil {
		return Entry{}, err
	}
	if sale.Void || sale.Reference == "" {
		return Entry{}, errNotVoidable
	}
	m := t.start("0200")
	if err := t.number(m); err != nil {
		return Entry{}, err
	}
	m.Set(3, voiding)
	m.SetInt(4, sale.Amount)
	m.Set(22, sale.entry)
	m.Set(25, "00")
	m.Set(37, sale.Reference)
	if sale.Authorisation != "" {
		m.Set(38, sale.Authorisation)
	}
	m.Set(49, "156")
	if sale.Method == "pay code" {
		m.SetPath("59.A4", sale.Reference)
	}
	m.Set(60, "23"+t.batchNow()+"000")
	m.Set(61, sale.Batch+sale.STAN)
	return t.transact(ctx, m, keys, Entry{Void: true, Method: sale.Method, Amount: sale.Amount, Pressed: pressed, original: sale.STAN})
}

// takenBack marks the sale of a void that went through. The journal is locked.
func (t *Terminal) takenBack(void *Entry) {
	for _, e := range t.journal.list {
		if e.Batch == void.Batch && e.STAN == void.original {
			e.Status = Voided
		}
	}
}
