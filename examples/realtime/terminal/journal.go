package terminal

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal/engine"
)

// Status is how a transaction stands for the terminal.
type Status string

// The statuses.
const (
	Approved  Status = "approved"
	Declined  Status = "declined"  // or never sent
	Uncertain Status = "uncertain" // not known; its reversal is under way
	Undone    Status = "undone"    // by its reversal
	Voided    Status = "voided"    // a sale taken back
	Failed    Status = "failed"    // its reversal was refused: people must look
)

var statuses = map[engine.Status]Status{engine.Approved: Approved, engine.Declined: Declined, engine.Uncertain: Uncertain,
	engine.Undone: Undone, engine.Failed: Failed}

// Entry is a transaction in the terminal's journal.
type Entry struct {
	Kind          payment.Kind
	Order         string // empty for a void or refund
	Method        string // "card" or "pay code"
	Amount        int64  // minor units; what was approved, once it is
	Asked         int64
	Batch, STAN   string
	Status        Status
	Code          string // response code
	Reference     string // field 37, 12 characters
	Authorisation string
	Pressed       time.Time     // when it was keyed in
	Took          time.Duration // until the answer, or until there was none
	Refunded      int64         // of a sale or completion

	Original      string // STAN of what a void, refund or completion belongs to
	OriginalBatch string
	Mode          string // POS entry mode, field 22
}

// Void reports whether the entry is a void.
func (e *Entry) Void() bool { return e.Kind == payment.Void }

// NewEntry is the entry of a transaction that is about to leave.
func NewEntry(x *engine.Transaction, pressed time.Time) Entry {
	e := Entry{Kind: x.Kind, Order: x.Order, Method: "card", Amount: x.Amount, Asked: x.Amount, Batch: x.Batch, STAN: fmt.Sprintf("%06d", x.STAN),
		Status: Uncertain, Pressed: pressed, Original: x.Original.STAN, OriginalBatch: x.Original.Batch, Mode: x.Entry}
	if x.Code {
		e.Method = "pay code"
	}
	return e
}

// Show brings a result into the entry.
func (e *Entry) Show(r *engine.Result) {
	e.Status, e.Code, e.Reference, e.Authorisation = statuses[r.Status], r.Code, r.Ref, r.Auth
	if r.Status == engine.Approved {
		e.Amount = r.Amount
	}
}

// Journal is what a terminal remembers. The zero value is ready; it is safe for concurrent use.
type Journal struct {
	mu    sync.Mutex
	list  []*Entry
	named map[string]*Entry
}

// Put adds an entry, or replaces the one of that batch and STAN. A void or refund that went through shows in what it
// belongs to.
func (j *Journal) Put(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.named == nil {
		j.named = make(map[string]*Entry)
	}
	was := j.named[e.Batch+e.STAN]
	if was == nil {
		was = new(Entry)
		j.list, j.named[e.Batch+e.STAN] = append(j.list, was), was
	}
	news := was.Status != Approved
	*was = e
	if original := j.named[cmp.Or(e.OriginalBatch, e.Batch)+e.Original]; original != nil && e.Status == Approved && news {
		switch e.Kind {
		case payment.Void:
			original.Status = Voided
		case payment.Refund:
			original.Refunded += e.Amount
		}
	}
}

// Entries returns all, oldest first.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]Entry, len(j.list))
	for i, e := range j.list {
		list[i] = *e
	}
	return list
}

// Find returns the entry of a batch and STAN.
func (j *Journal) Find(batch, stan string) (Entry, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.named[batch+stan]; e != nil {
		return *e, true
	}
	return Entry{}, false
}

// Last returns the youngest n entries.
func (j *Journal) Last(n int) []Entry {
	all := j.Entries()
	return slices.Clone(all[max(0, len(all)-n):])
}
