package simulation

import (
	"context"
	"encoding/json"
	"time"

	"github.com/posline/posline/examples/realtime/books"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/notify"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal"
	"github.com/posline/posline/examples/realtime/terminal/engine"
)

// A business day ends half an hour after the beginning. What comes before midnight may come again after it.
const (
	firstMidnight = 30 * time.Minute
	rushTime      = 4 * time.Second
)

// begin starts everybody, and the storm.
func (w *world) begin() {
	w.stormy, w.selling = true, true
	for _, n := range w.nodes {
		n.start()
	}
	for _, t := range w.tills {
		t.powerOn()
		t.open()
	}
	w.after(firstMidnight-rushTime, func() { w.rush = true })
	w.after(firstMidnight+rushTime, func() { w.rush = false })
	for _, t := range w.tills { // all sell in the last moments of the day
		w.after(firstMidnight-w.between(0, rushTime), func() {
			if w.selling && t.free() {
				t.newOrder()
				t.sale(payment.Sale)
			}
		})
	}
	w.often(4*time.Minute, func() {
		n := w.anyNode()
		n.crash()
		w.after(w.between(100*time.Millisecond, 20*time.Second), func() {
			if !n.up {
				n.start()
			}
		})
	})
	w.often(5*time.Minute, func() {
		n := w.anyNode()
		w.fault("machine stands still")
		w.log("#### node %d stands still", n.number)
		n.still = true
		w.after(w.between(time.Second, 25*time.Second), n.thaw)
	})
	w.often(4*time.Minute, func() {
		n := w.anyNode()
		w.fault("clock steps")
		n.offset = w.between(-4*time.Second, 4*time.Second)
		w.log("#### node %d: its clock is off by %v", n.number, n.offset)
	})
	w.often(3*time.Minute, func() { w.store.cut() })
	w.often(30*time.Second, func() {
		t := w.tills[w.random.IntN(len(w.tills))]
		t.powerCut()
		w.after(w.between(time.Second, time.Minute), func() {
			if !t.up {
				t.powerOn()
			}
		})
	})
	w.often(6*time.Minute, func() {
		for _, m := range simMerchants {
			if w.random.IntN(2) == 0 {
				r := w.receivers[m]
				r.down = true
				w.fault("merchant down")
				w.after(w.between(time.Second, 3*time.Minute), func() { r.down = false })
			}
		}
	})
	w.often(5*time.Second, w.attacker.replay)
}

// often does something again and again, in a storm.
func (w *world) often(about time.Duration, do func()) {
	w.after(w.between(about/2, about*3/2), func() {
		if w.stormy {
			do()
			w.often(about, do)
		}
	})
}

func (w *world) anyNode() *node { return w.nodes[w.random.IntN(len(w.nodes))] }

// How long calm weather lasts.
const (
	calmMost  = 30 * time.Minute
	closeMost = 5 * time.Minute
)

// calm ends the storm, waits until everything has settled, lets each terminal make one sale that must go well, and waits
// again.
func (w *world) calm() {
	w.stormy, w.selling = false, false
	w.log("#### calm")
	w.after(3*time.Minute, func() { // by then everybody is back by himself, or is helped now
		for _, n := range w.nodes {
			n.offset = 0
			if n.still {
				n.thaw()
			}
			if !n.up {
				n.start()
			}
		}
		for _, t := range w.tills {
			if !t.up {
				t.powerOn()
			}
		}
	})
	w.until(w.now + 4*time.Minute)
	w.settle(calmMost)
	for _, t := range w.tills {
		if t.wire.Merchant != simMerchants[len(simMerchants)-1] {
			t.close(3)
		}
	}
	w.until(w.now + closeMost)
	w.settle(calmMost)
	for _, t := range w.tills {
		if t.shop.closing && !t.shop.closed {
			w.violation("terminal %s cannot sell in calm weather", t.wire.ID)
		}
	}
}

// close makes the last sale. The first try may meet old keys.
func (t *simTill) close(tries int) {
	t.shop.closing = true
	if t.shop.closed || tries == 0 || !t.free() {
		return
	}
	t.newOrder()
	t.shop.amount = 1_00
	t.sale(payment.Sale)
	t.w.after(30*time.Second, func() { t.close(tries - 1) })
}

func (w *world) settle(most time.Duration) {
	for end := w.now + most; w.now < end && !w.settled(); {
		w.until(w.now + time.Second)
	}
}

func (w *world) settled() bool {
	rows, _ := w.store.Open(context.Background(), 0, 0, 1<<62, 1)
	if len(rows) > 0 {
		return false
	}
	if merchants, next := w.store.Book.Waiting(1 << 62); len(merchants) > 0 || next > 0 {
		return false
	}
	for _, t := range w.tills {
		if t.state.Phase != engine.Idle || t.state.Open.Kind != 0 {
			return false
		}
	}
	return true
}

// limits checks what merchants have taken against their rows.
func (w *world) limits(b *books.Books) (faults []string) {
	type key struct {
		merchant string
		day      int32
	}
	taken := make(map[key]int64)
	days := make(map[int32]bool)
	for i := range b.Rows {
		r := &b.Rows[i]
		days[r.Day] = true
		if r.Posted() {
			taken[key{r.Merchant, r.Day}] += r.Approved
		}
	}
	for _, m := range simMerchants {
		for day := range days {
			got := taken[key{m, day}]
			if used := w.store.Book.Used(m, day); used != got {
				faults = append(faults, "the limit of "+m+" does not stand where it should")
			}
			if m == simMerchants[len(simMerchants)-1] && got > simCeiling {
				faults = append(faults, "merchant "+m+" has taken more than it may")
			}
		}
	}
	for id, list := range b.Terminals {
		for i := range list {
			if e := &list[i]; e.Code == "94" && e.Kind == payment.Sale && !w.wasPaid(b, id, e) {
				faults = append(faults, "terminal "+id+" STAN "+e.STAN+": order "+e.Order+" was refused as paid, and nobody has paid it")
			}
		}
	}
	return faults
}

// wasPaid reports whether an order was, or may have been, paid at another time.
func (w *world) wasPaid(b *books.Books, by string, than *terminal.Entry) bool {
	for id, list := range b.Terminals {
		if b.Merchants[id] != b.Merchants[by] {
			continue
		}
		for i := range list {
			if e := &list[i]; e.Order == than.Order && e != than && e.Status != terminal.Declined {
				return true
			}
		}
	}
	return false
}

// receiver is a merchant.
type receiver struct {
	w    *world
	id   string
	down bool
	seen map[string]bool
	told []ledger.Tell
}

// take takes a webhook and reports whether it is confirmed.
func (r *receiver) take(key, signature string, body []byte) bool {
	if r.down {
		return false
	}
	var t ledger.Tell
	if notify.Verify(r.w.keys.merchant, beginning.Add(r.w.now), signature, body) != nil || json.Unmarshal(body, &t) != nil || t.Key != key {
		r.w.violation("merchant %s gets a notice that it cannot trust", r.id)
		return false
	}
	if !r.seen[key] {
		r.seen[key] = true
		r.told = append(r.told, t)
	}
	return true
}

// relay brings notices to merchants, from one node at a time. It is not package notify's, which has clocks and sockets of
// its own and is looked at by chaos: the outbox and the signatures are what is simulated.
type relay struct {
	n      *node
	flying map[int64]bool
}

func (r *relay) tick() {
	r.look()
	r.n.after(relayEvery, r.n.relay.tick)
}

// look sends what is due, from the first node that is there.
func (r *relay) look() {
	for _, n := range r.n.w.nodes {
		if n.up && !n.still {
			if n != r.n {
				return
			}
			break
		}
	}
	s, now := r.n.w.store, r.n.Now().UnixMilli()
	merchants, _ := s.Book.Waiting(now)
	for _, m := range merchants {
		s.Book.Number(m)
		for _, o := range s.Book.Due(m, now, 16+len(r.flying)) {
			if !r.flying[o.ID] {
				r.flying[o.ID] = true
				r.send(r.n.w.receivers[m], o)
			}
		}
	}
}

func (r *relay) send(to *receiver, o ledger.Outgoing) {
	w, life := r.n.w, r.n.life
	ended := false
	end := func(confirmed bool) {
		r.n.run(life, func() {
			if ended {
				return
			}
			ended = true
			delete(r.flying, o.ID)
			if confirmed {
				w.store.Book.Delivered([]int64{o.ID})
			} else {
				w.store.Book.Failed(o.ID, r.n.Now().UnixMilli()+min(60_000, int64(200)<<min(o.Tries, 9)))
			}
		})
	}
	body, err := json.Marshal(o.Tell)
	if err != nil {
		return
	}
	signature, err := notify.Sign(w.keys.merchant, r.n.Now(), body)
	if err != nil {
		return
	}
	w.after(2*time.Second, func() { end(false) })
	w.send("webhook", func() {
		if to.take(o.Tell.Key, signature, body) {
			w.send("webhook", func() { end(true) })
		}
	})
}
