package notify

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/posline/posline/examples/realtime/ledger"
)

// queue is the notices of one merchant on their way. One goroutine runs it, and one for each notice under way; it ends
// when nothing is due.
type queue struct {
	relay    *Relay
	merchant string
	look     chan struct{}  // something may be due; filled under Relay.mu
	flying   map[int64]bool // what came of it is not recorded yet
	sending  int
	done     []delivery // what came of them is to be recorded, when the record that is being made has been
	recorded chan record
	busy     bool              // a record is being made
	ready    []ledger.Outgoing // due when they were looked up, and not sent yet
	ended    chan delivery
}

// lookUp is how many notices are looked up together.
const lookUp = 256

// delivery is a notice that was sent, and what came of it.
type delivery struct {
	notice ledger.Outgoing
	err    error
}

// record is what was made of deliveries in the outbox.
type record struct {
	of  []delivery
	err error
}

// unrecorded is how many notices may have gone, or be on their way, without a record of it.
const unrecorded = 16 * atOnce

var errUnknownMerchant = errors.New("notify: the registry has no such merchant")

func (q *queue) run(ctx context.Context) {
	for fresh := true; ; {
		if err := q.begin(ctx, fresh); err != nil {
			q.relay.alarm(ctx, Alarm{Merchant: q.merchant, Err: err})
			pause(ctx, outage)
			q.relay.later() // has this queue woken again if it leaves
		}
		if len(q.flying) == 0 && (ctx.Err() != nil || q.relay.leave(q)) {
			return
		}
		fresh = false
		select {
		case <-q.look:
			fresh = true
		case one := <-q.ended:
			q.done = append(q.done, q.batch(one)...)
			q.record(ctx)
		case r := <-q.recorded:
			q.busy = false
			for _, one := range r.of {
				delete(q.flying, one.notice.ID)
			}
			if r.err != nil {
				q.relay.alarm(ctx, Alarm{Merchant: q.merchant, Err: r.err})
				pause(ctx, outage) // what could not be recorded comes again, but not at once
			}
			q.record(ctx)
		}
	}
}

// begin sends what is due, as much as may be under way. With fresh there may be notices that have no number yet.
func (q *queue) begin(ctx context.Context, fresh bool) error {
	if ctx.Err() != nil {
		return nil
	}
	if fresh {
		if err := q.relay.number(ctx, q.merchant); err != nil {
			return err
		}
	}
	if len(q.ready) == 0 {
		if err := q.lookUp(ctx); err != nil {
			return err
		}
	}
	merchant, known := q.relay.Registry.Merchant(q.merchant)
	for len(q.ready) > 0 && q.sending < atOnce && len(q.flying) < unrecorded {
		notice := q.ready[0]
		q.ready = q.ready[1:]
		q.flying[notice.ID] = true
		q.sending++
		seedNotice(&notice)
		q.relay.running.Go(func() { q.ended <- delivery{notice, q.send(ctx, &merchant, known, &notice)} })
	}
	return nil
}

// lookUp finds what is due and not under way.
func (q *queue) lookUp(ctx context.Context) error {
	due, err := q.relay.Outbox.Due(ctx, q.merchant, now(), lookUp+len(q.flying))
	if err != nil {
		return err
	}
	q.ready = slices.DeleteFunc(due, func(n ledger.Outgoing) bool { return q.flying[n.ID] })
	return nil
}

// send delivers one notice. A merchant without a webhook has the stream of events alone.
func (q *queue) send(ctx context.Context, m *Merchant, known bool, notice *ledger.Outgoing) error {
	switch {
	case !known:
		return errUnknownMerchant
	case m.URL == "":
		return nil
	}
	return q.relay.Client.Deliver(ctx, m, &notice.Tell)
}

// batch is one delivery and all others that have ended by now.
func (q *queue) batch(one delivery) []delivery {
	all := []delivery{one}
	for range len(q.ended) {
		all = append(all, <-q.ended)
	}
	q.sending -= len(all)
	return all
}

// record begins to record what is done, together; meanwhile others are sent.
func (q *queue) record(ctx context.Context) {
	if q.busy || len(q.done) == 0 {
		return
	}
	batch := q.done
	q.done, q.busy = nil, true
	q.relay.running.Go(func() { q.recorded <- record{batch, q.settle(ctx, batch)} })
}

// settle records what came of attempts. It goes on where the context has ended: what the merchant has confirmed is not
// sent again after a restart.
func (q *queue) settle(ctx context.Context, all []delivery) error {
	var confirmed []int64
	var faults []error
	outlast := context.WithoutCancel(ctx)
	for _, one := range all {
		switch {
		case one.err == nil || seedFailed(one.err):
			confirmed = append(confirmed, one.notice.ID)
		case ctx.Err() == nil: // else nobody has refused it
			faults = append(faults, q.failed(outlast, &one))
		}
	}
	if len(confirmed) > 0 {
		faults = append(faults, q.relay.Outbox.Delivered(outlast, confirmed, now()))
	}
	return errors.Join(faults...)
}

func (q *queue) failed(ctx context.Context, one *delivery) error {
	r := q.relay
	if time.Since(one.notice.Tell.At) > r.GiveUp {
		r.alarm(ctx, Alarm{Merchant: q.merchant, Key: one.notice.Tell.Key, Err: one.err})
		return r.Outbox.Failed(ctx, one.notice.ID, 0)
	}
	if one.notice.Tries == 0 && errors.Is(one.err, errUnknownMerchant) {
		r.alarm(ctx, Alarm{Merchant: q.merchant, Err: one.err})
	}
	err := r.Outbox.Failed(ctx, one.notice.ID, now()+r.backOff(one.notice.Tries).Milliseconds())
	r.later()
	return err
}

// backOff is the pause after a failure that so many came before; half of it is drawn, so that notices which failed
// together do not come together.
func (r *Relay) backOff(tries int) time.Duration {
	pause := r.RetryMax
	if tries < 30 {
		pause = min(pause, r.RetryMin<<tries)
	}
	return pause/2 + rand.N(pause/2+1)
}
