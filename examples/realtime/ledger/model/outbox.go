package model

import (
	"slices"

	"github.com/posline/posline/examples/realtime/ledger"
)

// SignIn is ledger.Store's. It is durable at once.
func (b *Book) SignIn(t *ledger.TerminalSession) error {
	b.init()
	if t.Version != b.sessions[t.Terminal].Version {
		return ledger.ErrStale
	}
	t.Version++
	b.sessions[t.Terminal] = *t
	return nil
}

// Session is ledger.Store's.
func (b *Book) Session(terminal string) (ledger.TerminalSession, bool) {
	t, ok := b.sessions[terminal]
	return t, ok
}

// UsedKeys is ledger.Store's Used.
func (b *Book) UsedKeys(terminal string, version int64) {
	if t := b.sessions[terminal]; t.Version == version && version > 0 {
		t.Before = nil
		b.sessions[terminal] = t
	}
}

// LastID is ledger.Store's.
func (b *Book) LastID() (last int64) {
	for id := range b.rows {
		last = max(last, id)
	}
	return last
}

// Prune is ledger.Store's.
func (b *Book) Prune(before int64) (n int) {
	for o, m := range b.marks {
		if m.ID == 0 && m.At < before {
			delete(b.marks, o)
			n++
		}
	}
	return n
}

// The outbox: what follows is ledger.Outbox's, durable at once.

// Waiting returns the merchants that have notices due, and when the next one after that is; 0 for never.
func (b *Book) Waiting(now int64) (merchants []string, next int64) {
	for i := b.advance(); i < len(b.notices); i++ {
		switch n := &b.notices[i]; {
		case n.Due == 0:
		case n.Due <= now:
			merchants = append(merchants, n.Tell.Merchant)
		case next == 0:
			next = n.Due
		default:
			next = min(next, n.Due)
		}
	}
	slices.Sort(merchants)
	return slices.Compact(merchants), next
}

// advance returns the first notice that has not gone for good.
func (b *Book) advance() int {
	for b.head < len(b.notices) && b.notices[b.head].Due == 0 {
		b.head++
	}
	return b.head
}

// Number gives sequence numbers.
func (b *Book) Number(merchant string) {
	for i := b.advance(); i < len(b.notices); i++ {
		if n := &b.notices[i]; n.Tell.Merchant == merchant && n.Tell.Sequence == 0 {
			b.last[merchant]++
			n.Tell.Sequence = b.last[merchant]
		}
	}
}

// about is the payment that a notice is about: that of a refund is the one it gives back.
func (b *Book) about(n *ledger.Outgoing) int64 {
	if r := b.rows[n.Row]; n.Tell.Type == "refunded" {
		return r.Parent
	}
	return n.Row
}

// Due returns what may be sent. Notices have their numbers in the order of their postings.
func (b *Book) Due(merchant string, now int64, limit int) (list []ledger.Outgoing) {
	busy := make(map[int64]bool)
	for i := b.advance(); i < len(b.notices); i++ {
		n := &b.notices[i]
		if n.Tell.Merchant != merchant || n.Due == 0 {
			continue
		}
		if about := b.about(n); !busy[about] {
			busy[about] = true
			if n.Due <= now && n.Tell.Sequence > 0 {
				list = append(list, *n)
			}
		}
	}
	return list[:min(limit, len(list))]
}

// Delivered marks what was confirmed.
func (b *Book) Delivered(ids []int64) {
	for _, id := range ids {
		if n := &b.notices[id-1]; !n.Delivered {
			n.Due, n.Delivered = 0, true
		}
	}
}

// Failed marks what was not.
func (b *Book) Failed(id, again int64) {
	if n := &b.notices[id-1]; !n.Delivered {
		n.Tries++
		n.Due, n.Dead = again, again == 0
	}
}

// After returns what a stream sends.
func (b *Book) After(merchant string, seq int64, limit int) (list []ledger.Outgoing) {
	for i := range b.notices {
		if n := &b.notices[i]; n.Tell.Merchant == merchant && n.Tell.Sequence > seq {
			list = append(list, *n)
		}
	}
	return list[:min(limit, len(list))]
}
