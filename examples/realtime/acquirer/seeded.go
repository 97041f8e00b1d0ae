//go:build seeded

package acquirer

import (
	"bytes"
	"slices"
	"time"

	"github.com/posline/posline/examples/realtime/internal/defect"
	"github.com/posline/posline/examples/realtime/payment"
)

// seedID counts from the start of the process instead.
func (s *Switch) seedID(id int64) int64 {
	if defect.Is("ids-start-over") {
		seedCount[s]++
		return seedCount[s]
	}
	return id
}

var seedCount = make(map[*Switch]int64)

// seedVerified takes a request for one with the right code.
func (t *registered) seedVerified() bool { return defect.Is("mac-unchecked") }

// seedCached never asks the store again.
func (t *registered) seedCached() bool { return defect.Is("keys-cached") }

// seedDevice takes any device for the terminal that it says it is.
func (t *registered) seedDevice() bool { return defect.Is("device-unchecked") }

// seedReplayed takes old sign-ins.
func (t *registered) seedReplayed() bool { return defect.Is("sign-in-replayed") }

// seedForgotten has no keys of sessions before.
func (t *registered) seedForgotten() bool { return defect.Is("keys-before-refused") }

// seedOrdered takes only sign-ins after the last one, which anybody may have sent.
func (t *registered) seedOrdered(taken []int64, asked int64) bool {
	return defect.Is("sign-in-ordered") && len(taken) > 0 && asked <= slices.Max(taken)
}

// seedCard spoils what the bank is told of a payer, or what is kept of him.
func (x *exchange) seedCard(row *payment.Row) {
	switch {
	case defect.Is("pin-dropped"):
		x.card.PINBlock = nil
	case defect.Is("pin-untranslated") && x.card.PINBlock != nil:
		x.card.PINBlock = bytes.Clone(x.request.Field(52).Bytes())
	case defect.Is("pan-kept") && x.card.PAN != "":
		row.Payer = x.card.PAN
	}
}

// seedReply spoils an answer.
func (x *exchange) seedReply(reply []byte) {
	if defect.Is("answer-mac-wrong") && x.keys != nil && len(reply) > 0 {
		reply[len(reply)-1] ^= 1
	}
}

// seedSubmit lets the channel hear of a payment before it is recorded.
func (f *flight) seedSubmit(c *payment.Command) bool {
	if !defect.Is("intent-after-write") || c.Op.Kind != payment.Admit {
		return false
	}
	op := c.Op
	row := op.Row
	row.State, row.Rev = payment.Sent, 1
	f.s.cfg.Clock.AfterFunc(20*time.Millisecond, func() { f.s.cfg.Store.Submit(op, func(payment.Result) {}) })
	id := c.ID
	f.s.cfg.Clock.AfterFunc(time.Millisecond, func() {
		f.event(&payment.Event{Kind: payment.Committed, ID: id, Result: payment.Result{Kind: payment.Done, Row: row}})
	})
	return true
}

// seedAbandon takes nothing up.
func seedAbandon() bool { return defect.Is("nothing-adopted") }
