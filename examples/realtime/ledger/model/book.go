// Package model is the ledger in memory: the tables as maps. It is what the simulation and the explorer use in the place
// of a database, and the measure that the real stores are held to.
package model

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
)

// Book is the tables. The zero value is empty and ready; it is not safe for concurrent use.
type Book struct {
	rows     map[int64]payment.Row
	marks    map[payment.Origin]payment.Mark
	claims   map[claim]int64
	used     map[use]int64
	nodes    map[int32]node
	sessions map[string]ledger.TerminalSession
	last     map[string]int64 // sequence number, by merchant
	postings []ledger.Posted
	notices  []ledger.Outgoing
	open     map[int64]struct{} // rows that have not ended
	head     int                // notices before it have gone

	undo []func() // of what is not synced, youngest last; see Sync
}

type claim struct{ merchant, order string }

type use struct {
	merchant string
	day      int32
}

type node struct{ epoch, until int64 }

func (b *Book) init() {
	if b.rows != nil {
		return
	}
	b.rows, b.marks, b.claims = make(map[int64]payment.Row), make(map[payment.Origin]payment.Mark), make(map[claim]int64)
	b.used, b.nodes = make(map[use]int64), make(map[int32]node)
	b.sessions, b.last = make(map[string]ledger.TerminalSession), make(map[string]int64)
	b.open = make(map[int64]struct{})
}

// Clone returns a copy that shares nothing that changes. What is not synced stays behind.
func (b *Book) Clone() *Book {
	return &Book{rows: maps.Clone(b.rows), marks: maps.Clone(b.marks), claims: maps.Clone(b.claims), used: maps.Clone(b.used),
		nodes: maps.Clone(b.nodes), sessions: maps.Clone(b.sessions), last: maps.Clone(b.last),
		postings: slices.Clone(b.postings), notices: slices.Clone(b.notices), open: maps.Clone(b.open), head: b.head}
}

// view is a payment.View of a book at a time.
type view struct {
	*Book
	now int64
}

func (v view) Mark(o payment.Origin) (payment.Mark, bool) { m, ok := v.marks[o]; return m, ok }
func (v view) Row(id int64) (payment.Row, bool)           { r, ok := v.rows[id]; return r, ok }

func (v view) Claim(merchant, order string) bool {
	_, taken := v.claims[claim{merchant, order}]
	return taken
}

func (v view) Node(number int32) (epoch int64, alive bool) {
	n := v.nodes[number]
	return n.epoch, n.until > v.now
}

// Apply does an operation at that time.
func (b *Book) Apply(op *payment.Op, now int64) payment.Result {
	b.init()
	result, w := payment.Apply(view{b, now}, op, now)
	b.write(&w)
	return result
}

func (b *Book) write(w *payment.Write) {
	if w.Marked {
		set(b, b.marks, w.Origin, w.Mark)
	}
	for _, r := range w.Rows {
		set(b, b.rows, r.ID, r)
		if r.Ended() {
			unset(b, b.open, r.ID)
		} else {
			set(b, b.open, r.ID, struct{}{})
		}
	}
	for _, r := range w.Claim {
		set(b, b.claims, claim{r.Merchant, r.Order}, r.ID)
	}
	for _, r := range w.Release {
		if key := (claim{r.Merchant, r.Order}); b.claims[key] == r.ID {
			unset(b, b.claims, key)
		}
	}
	for _, u := range w.Use {
		set(b, b.used, use{u.Merchant, u.Day}, b.used[use{u.Merchant, u.Day}]+u.Amount)
	}
	for i := range w.Postings {
		b.post(&w.Postings[i])
	}
}

func (b *Book) post(p *payment.Posting) {
	id := int64(len(b.postings) + 1)
	b.postings = append(b.postings, ledger.Posted{ID: id, Row: p.Row.ID, Kind: p.Kind, Merchant: p.Row.Merchant,
		Amount: p.Amount, Fee: p.Fee, Currency: p.Row.Currency, At: p.At, Entries: p.Entries()})
	b.notices = append(b.notices, ledger.NewOutgoing(id, p))
	b.undo = append(b.undo, func() {
		b.postings, b.notices = b.postings[:id-1], b.notices[:id-1]
	})
}

// set and unset change a table and remember how it was.
func set[K comparable, V any](b *Book, table map[K]V, key K, value V) {
	b.remember(restore(table, key))
	table[key] = value
}

func unset[K comparable, V any](b *Book, table map[K]V, key K) {
	b.remember(restore(table, key))
	delete(table, key)
}

func restore[K comparable, V any](table map[K]V, key K) func() {
	was, there := table[key]
	return func() {
		if there {
			table[key] = was
		} else {
			delete(table, key)
		}
	}
}

func (b *Book) remember(undo func()) { b.undo = append(b.undo, undo) }

// Sync makes durable what was written.
func (b *Book) Sync() { b.undo = b.undo[:0] }

// Lose takes back what was written since the last Sync, as a power cut does.
func (b *Book) Lose() {
	for _, undo := range slices.Backward(b.undo) {
		undo()
	}
	b.Sync()
}

// Join is ledger.Store's.
func (b *Book) Join(number int32, now int64) (epoch int64) {
	b.init()
	n := node{b.nodes[number].epoch + 1, now + ledger.LeaseTime}
	set(b, b.nodes, number, n)
	return n.epoch
}

// Renew is ledger.Store's.
func (b *Book) Renew(number int32, epoch, now int64) error {
	if b.nodes[number].epoch != epoch {
		return ledger.ErrFenced
	}
	set(b, b.nodes, number, node{epoch, now + ledger.LeaseTime})
	return nil
}

// Expire ends a node's lease.
func (b *Book) Expire(number int32) { set(b, b.nodes, number, node{epoch: b.nodes[number].epoch}) }

// Row returns a row.
func (b *Book) Row(id int64) (payment.Row, bool) { r, ok := b.rows[id]; return r, ok }

// Find returns the row of an origin.
func (b *Book) Find(o payment.Origin) (payment.Row, bool) { return b.Row(b.marks[o].ID) }

// Rows returns all rows by ID.
func (b *Book) Rows() []payment.Row {
	return slices.SortedFunc(maps.Values(b.rows), func(x, y payment.Row) int { return cmp.Compare(x.ID, y.ID) })
}

// Open is ledger.Store's; asked is the time of the node, now that of the store.
func (b *Book) Open(number int32, epoch, asked, now int64, limit int) (list []payment.Row) {
	v := view{b, now}
	for id := range b.open {
		r := b.rows[id]
		latest, alive := v.Node(r.Owner)
		own := r.Owner == number && r.Epoch == epoch && r.Due <= asked
		if own || latest != r.Epoch || !alive && r.Owner != number {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(x, y payment.Row) int { return cmp.Or(cmp.Compare(x.Due, y.Due), cmp.Compare(x.ID, y.ID)) })
	return list[:min(limit, len(list))]
}

// Postings returns the postings in their order; the caller must not change them.
func (b *Book) Postings() []ledger.Posted { return b.postings }

// Notices returns the notices in the order of their postings; the caller must not change them.
func (b *Book) Notices() []ledger.Outgoing { return b.notices }

// AppendBinary appends the canonical encoding of rows, marks, nodes and postings.
func (b *Book) AppendBinary(dst []byte) ([]byte, error) {
	for _, r := range b.Rows() {
		dst, _ = r.AppendBinary(dst)
	}
	for _, o := range slices.SortedFunc(maps.Keys(b.marks), compareOrigins) {
		dst = fmt.Appendf(dst, "|%v %d %s", o, b.marks[o].ID, b.marks[o].Code)
	}
	for _, number := range slices.Sorted(maps.Keys(b.nodes)) {
		dst = fmt.Appendf(dst, "|%d %v", number, b.nodes[number])
	}
	for _, p := range b.postings {
		dst = fmt.Appendf(dst, "|%d %d", p.Row, p.Kind)
	}
	return dst, nil
}

func compareOrigins(x, y payment.Origin) int {
	return cmp.Or(cmp.Compare(x.Acquirer, y.Acquirer), cmp.Compare(x.Terminal, y.Terminal), cmp.Compare(x.Batch, y.Batch), cmp.Compare(x.STAN, y.STAN))
}

// Used returns what a merchant has taken, or may have taken, in a business day.
func (b *Book) Used(merchant string, day int32) int64 { return b.used[use{merchant, day}] }
