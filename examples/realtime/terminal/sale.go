package terminal

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/emv/qr"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

// Sale is what the cashier keys in: an order, an amount, and a card or a pay code.
type Sale struct {
	Order  string // the merchant's number for what is paid, up to 32 characters
	Amount int64  // fen

	Track2 string // of a card that was swiped: PAN, D, expiry and so on
	PIN    pinblock.PIN

	PayCode qr.Code // of a wallet
}

// Sale takes a payment. The entry tells how it went; Uncertain means that the terminal does not know and is undoing it. An
// error comes with an entry that is not Approved, or with none when nothing was sent.
func (t *Terminal) Sale(ctx context.Context, s Sale) (Entry, error) {
	t.busy.Lock()
	defer t.busy.Unlock()
	pressed := time.Now()
	keys, err := t.ready(ctx)
	if err != nil {
		return Entry{}, err
	}
	m, err := t.build(s, keys)
	if err != nil {
		return Entry{}, err
	}
	defer m.Wipe()
	e := Entry{Order: s.Order, Method: "card", Amount: s.Amount, Pressed: pressed}
	if s.Track2 == "" {
		e.Method = "pay code"
	}
	return t.transact(ctx, m, keys, e)
}

// ready waits until nothing is pending: what is not undone yet goes before anything new.
func (t *Terminal) ready(ctx context.Context) (*dialect.WorkKeys, error) {
	waiting, cancel := context.WithTimeout(ctx, t.cfg.Timeout)
	defer cancel()
	if t.queue.Flush(waiting) != nil {
		return nil, ErrPending
	}
	return t.workKeys(ctx)
}

func (t *Terminal) build(s Sale, keys *dialect.WorkKeys) (*message.Message, error) {
	m := t.start("0200")
	if err := t.number(m); err != nil {
		return nil, err
	}
	m.Set(3, "000000")
	m.SetInt(4, s.Amount)
	m.Set(25, "00")
	m.Set(49, "156")
	m.SetPath(dialect.Order, hex.EncodeToString([]byte(s.Order)))
	switch {
	case s.Track2 == "":
		m.Set(22, "032") // code, no PIN
		m.SetPath("59.A3", s.PayCode.Text())
		m.Set(60, "22"+t.batchNow()+"000")
		return m, m.Err()
	case s.PIN.Len() == 0:
		m.Set(22, "022") // stripe, no PIN
	default:
		m.Set(22, "021")
		if err := setPIN(m, s, keys); err != nil {
			return nil, err
		}
	}
	m.Set(35, s.Track2)
	m.Set(60, "22"+t.batchNow()+"00060")
	return m, m.Err()
}

func setPIN(m *message.Message, s Sale, keys *dialect.WorkKeys) error {
	pan, _, _ := strings.Cut(s.Track2, "D")
	block, err := pinblock.Encrypt(nil, keys.PIN, pinblock.ISO0, s.PIN, pan)
	if err != nil {
		return err
	}
	m.Set(26, "12")
	m.SetBytes(52, block)
	m.Set(53, "2600000000000000") // block made with the PAN, Triple DES
	return m.Err()
}

// transact sends a sale or a void, after its reversal is on the disk, and decides about the reversal by the answer.
func (t *Terminal) transact(ctx context.Context, m *message.Message, keys *dialect.WorkKeys, e Entry) (Entry, error) {
	frame, err := m.AppendPackMAC(nil, keys.Sign)
	if err != nil {
		return Entry{}, err
	}
	defer clear(frame)
	reversal, err := reversalOf(m, keys)
	if err != nil {
		return Entry{}, err
	}
	held, err := t.queue.Hold(acquirer, reversal)
	if err != nil {
		return Entry{}, err // nothing was sent, and nothing may be
	}
	e.Batch, e.STAN, e.Status, e.entry = m.Get("60.2").Text(), m.Field(11).Text(), Uncertain, m.Field(22).Text()
	entry := t.journal.add(e)
	answer, err := t.send(ctx, frame)
	if err == nil {
		t.wantsSignIn(answer)
		err = t.trusted(answer, m, keys)
	}
	status := t.decide(held, reversal, answer, err)
	return t.journal.update(entry, func(e *Entry) {
		e.Took = time.Since(e.Pressed)
		if status != Uncertain { // the reversal may already have been faster
			e.Status = status
		}
		if err == nil {
			e.Code, e.Reference, e.Authorisation = answer.Field(39).Text(), answer.Field(37).Text(), answer.Field(38).Trimmed()
		}
		if status == Approved && e.Void {
			t.takenBack(e)
		}
	}), err
}

// decide withdraws the reversal when the outcome is certain, and lets it go when it is not.
func (t *Terminal) decide(held uint64, reversal []byte, answer *message.Message, err error) Status {
	status := Uncertain
	switch {
	case connection.SafeToRetry(err):
		status = Declined
	case err == nil && answer.Field(39).Equal("00"):
		status = Approved
	case err == nil && !unknownCode(answer.Field(39).Text()):
		status = Declined
	}
	if status != Uncertain && t.queue.Withdraw(held) == nil {
		return status
	}
	if err != nil && answer != nil {
		t.replaceReversal(held, reversal)
		return Uncertain
	}
	t.queue.Release(held)
	return Uncertain
}

// unknownCode reports whether a response code says that the acquirer does not know the outcome either.
func unknownCode(code string) bool {
	switch code {
	case "09", "68", "96", "98":
		return true
	}
	return false
}

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
		return Entry{}, fmt.Errorf("terminal: only a sale that was approved can be voided")
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
