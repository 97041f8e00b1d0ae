package notify

import (
	"context"
	"sync"
	"time"

	"github.com/posline/posline/examples/realtime/ledger"
)

// Relay brings the notices of a ledger's outbox to their merchants. It gives them their sequence numbers, sends each as
// a webhook until the merchant confirms it, and gives up with an alarm after GiveUp. Several notices of one merchant are
// under way at the same time, those about one payment one after the other; one merchant's trouble holds no other up.
//
// Delivery is at least once: a notice whose confirmation could not be recorded comes again, under the same key. Set the
// fields before Run; zero means the default.
type Relay struct {
	Outbox   ledger.Outbox
	Registry Registry
	Client   *Client // how webhooks are sent; nil reaches public addresses alone

	RetryMin time.Duration // pause after the first failure, doubled with each further one; default 200 ms
	RetryMax time.Duration // default 1 min
	GiveUp   time.Duration // a notice older than this is a dead letter at its next failure; default 24 h

	// Alarm is told of dead letters, merchants that the registry lacks, and an outbox that fails. It must not block.
	Alarm func(Alarm)

	mu       sync.Mutex
	queues   map[string]*queue
	numbered map[string]chan struct{} // closed when notices of the merchant get numbers
	poke     chan struct{}            // something is due at another time than Run knows
	running  sync.WaitGroup
}

// Alarm is what somebody should look at.
type Alarm struct {
	Merchant string // "" for trouble with the outbox itself
	Key      string // of a notice that is a dead letter now
	Err      error
}

const (
	atOnce = 16                   // webhooks to one merchant at the same time
	gather = 5 * time.Millisecond // notices that come within it are looked up together
	outage = time.Second          // pause after the outbox failed
)

// Run relays until the context ends. It waits for what is under way.
func (r *Relay) Run(ctx context.Context) {
	r.begin()
	defer r.running.Wait()
	for ctx.Err() == nil {
		changed := r.Outbox.Changed()
		merchants, next, err := r.Outbox.Waiting(ctx, now())
		if err != nil {
			r.alarm(ctx, Alarm{Err: err})
			pause(ctx, outage)
			continue
		}
		for _, merchant := range merchants {
			r.wake(ctx, merchant)
		}
		r.sleep(ctx, changed, next)
	}
}

func (r *Relay) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	setDefault(&r.RetryMin, 200*time.Millisecond)
	setDefault(&r.RetryMax, time.Minute)
	setDefault(&r.GiveUp, 24*time.Hour)
	if r.Client == nil {
		r.Client = NewClient(ClientConfig{})
	}
	r.queues, r.poke = make(map[string]*queue), make(chan struct{}, 1)
}

// sleep waits for a notice to come, or to become due.
func (r *Relay) sleep(ctx context.Context, changed <-chan struct{}, next int64) {
	var due <-chan time.Time
	if next > 0 {
		timer := time.NewTimer(max(gather, time.Until(time.UnixMilli(next))))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-changed:
		pause(ctx, gather)
	case <-r.poke:
	case <-due:
	case <-ctx.Done():
	}
}

// wake has a merchant's queue look again, or starts it.
func (r *Relay) wake(ctx context.Context, merchant string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.queues[merchant]
	if q == nil {
		q = &queue{relay: r, merchant: merchant, flying: make(map[int64]bool), ended: make(chan delivery, atOnce), recorded: make(chan record, 1), look: make(chan struct{}, 1)}
		r.queues[merchant] = q
		r.running.Go(func() { q.run(ctx) })
	}
	select {
	case q.look <- struct{}{}:
	default:
	}
}

// leave ends a queue unless it was woken meanwhile.
func (r *Relay) leave(q *queue) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(q.look) > 0 {
		return false
	}
	delete(r.queues, q.merchant)
	return true
}

// later has Run ask when the next notice is due.
func (r *Relay) later() {
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// Numbered returns a channel that is closed when notices of the merchant have got sequence numbers after the call.
func (r *Relay) Numbered(merchant string) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.numbered == nil {
		r.numbered = make(map[string]chan struct{})
	}
	if r.numbered[merchant] == nil {
		r.numbered[merchant] = make(chan struct{})
	}
	return r.numbered[merchant]
}

// number gives sequence numbers and tells who waits for them.
func (r *Relay) number(ctx context.Context, merchant string) error {
	if err := r.Outbox.Number(ctx, merchant); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if waiting := r.numbered[merchant]; waiting != nil {
		close(waiting)
		delete(r.numbered, merchant)
	}
	return nil
}

// alarm tells, unless the failure is the end of the context.
func (r *Relay) alarm(ctx context.Context, a Alarm) {
	if r.Alarm != nil && ctx.Err() == nil {
		r.Alarm(a)
	}
}

func now() int64 { return time.Now().UnixMilli() }

// pause waits, or until the context ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func setDefault(field *time.Duration, value time.Duration) {
	if *field <= 0 {
		*field = value
	}
}
