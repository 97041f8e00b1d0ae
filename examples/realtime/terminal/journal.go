package terminal

import (
	"slices"
	"sync"
	"time"
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
)

// Entry is a transaction in the terminal's journal.
type Entry struct {
	Order         string // empty for a void
	Void          bool
	Method        string // "card" or "pay code"
	Amount        int64  // minor units
	Batch, STAN   string
	Status        Status
	Code          string // response code
	Reference     string // field 37, 12 digits
	Authorisation string
	Pressed       time.Time     // when the sale was keyed in
	Took          time.Duration // until the answer, or until there was none

	original string // STAN of the sale that a void takes back
	entry    string // POS entry mode, field 22
}

// journal is what the terminal remembers. The zero value is ready.
type journal struct {
	mu   sync.Mutex
	list []*Entry
}

func (j *journal) add(e Entry) *Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, &e)
	return &e
}

// update changes an entry.
func (j *journal) update(e *Entry, change func(e *Entry)) Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(e)
	return *e
}

func (j *journal) entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var list []Entry
	for _, e := range j.list {
		list = append(list, *e)
	}
	return list
}

// find returns the youngest entry of that batch and STAN, nil if there is none: before a restart there may have been.
func (j *journal) find(batch, stan string) *Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range slices.Backward(j.list) {
		if e.Batch == batch && e.STAN == stan {
			return e
		}
	}
	return nil
}
