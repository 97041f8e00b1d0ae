package simulation

import (
	"fmt"
	"time"

	"github.com/posline/posline/emv/paycode"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal"
	"github.com/posline/posline/examples/realtime/terminal/engine"
)

// shop is who stands at a terminal: it has orders to be paid, and things to be given back.
type shop struct {
	busy    bool
	orders  int
	order   string // that is being paid
	amount  int64
	tries   int
	wrong   bool // the PIN that was typed
	closing bool // the last sale, in calm weather, must go well
	closed  bool
}

// prices are what many pay.
var prices = []int64{18_00, 25_00}

const (
	triesOfOrder = 3
	quietest     = 30 * time.Second
)

// open has customers come.
func (t *simTill) open() {
	t.w.after(t.w.between(time.Second, quietest), func() {
		if t.w.selling {
			if t.free() {
				t.customer()
			}
			t.open()
		}
	})
}

// customer does what one customer may want.
func (t *simTill) customer() {
	r := t.w.random
	if t.shop.order != "" && t.shop.tries < triesOfOrder {
		t.sale(payment.Sale)
		return
	}
	if r.IntN(30) == 0 {
		t.renew()
		return
	}
	switch n := r.IntN(100); {
	case n < 10:
		t.giveBack(payment.Void)
	case n < 20:
		t.giveBack(payment.Refund)
	case n < 25:
		t.again()
	case n < 33:
		t.newOrder()
		t.sale(payment.Auth)
	case n < 45:
		t.giveBack(payment.Completion)
	default:
		t.newOrder()
		t.sale(payment.Sale)
	}
}

func (t *simTill) newOrder() {
	t.shop.orders++
	t.shop.order = fmt.Sprintf("T%s-%05d", t.wire.ID[4:], t.shop.orders)
	t.shop.amount, t.shop.tries = 1_00+t.w.random.Int64N(250_00), 0
	if t.w.random.IntN(3) == 0 {
		t.shop.amount = prices[t.w.random.IntN(len(prices))]
	}
}

// again pays an order that was paid: by mistake, or at another till of the shop.
func (t *simTill) again() {
	for _, e := range t.journal.Last(20) {
		if e.Kind == payment.Sale && e.Status == terminal.Approved {
			t.shop.order, t.shop.amount, t.shop.tries = e.Order, e.Asked, triesOfOrder
			other := t.w.tills[t.w.random.IntN(len(t.w.tills))]
			if other.wire.Merchant == t.wire.Merchant && other.free() && other.shop.order == "" {
				other.shop.order, other.shop.amount, other.shop.tries = e.Order, e.Asked, triesOfOrder
				other.sale(payment.Sale)
			}
			t.sale(payment.Sale)
			return
		}
	}
}

func (t *simTill) sale(kind payment.Kind) {
	r := t.w.random
	t.shop.tries++
	t.shop.wrong = false
	p := &terminal.Payer{}
	if kind == payment.Sale && !t.shop.closing && r.IntN(3) == 0 {
		t.w.codes++
		p.PayCode, _ = paycode.Recognize(fmt.Sprintf("13%016d", t.w.codes), paycode.Scanner)
	} else {
		c := t.w.cards[r.IntN(len(t.w.cards))]
		p.Track2, p.PIN = c.track2, c.pin
		switch {
		case t.shop.closing:
		case r.IntN(12) == 0:
			p.PIN, t.shop.wrong = c.wrong, true
		case r.IntN(6) == 0:
			p.PIN = terminal.Payer{}.PIN
		}
	}
	t.press(engine.Transaction{Kind: kind, Order: t.shop.order, Amount: t.shop.amount, Entry: p.Entry(), Code: p.Track2 == ""}, p)
}

// giveBack does something about a payment of before.
func (t *simTill) giveBack(kind payment.Kind) {
	list := t.journal.Last(12)
	for range 4 {
		if len(list) == 0 {
			return
		}
		e := &list[t.w.random.IntN(len(list))]
		if e.Status != terminal.Approved || e.Reference == "" || e.Kind.Carried() || (kind == payment.Completion) != (e.Kind == payment.Auth) ||
			kind == payment.Refund && !e.Kind.Captures() {
			continue
		}
		x := engine.Transaction{Kind: kind, Amount: e.Amount, Entry: e.Mode, Code: e.Method == "pay code", Ref: e.Reference, Auth: e.Authorisation}
		x.Original = payment.Origin{Batch: e.Batch, STAN: e.STAN}
		if kind == payment.Refund {
			x.Amount = 1 + t.w.random.Int64N(e.Amount)
		}
		t.shop.order = ""
		t.press(x, nil)
		return
	}
}

// shown is told of results.
func (s *shop) shown(e *terminal.Entry) {
	if e.Order == s.order && (e.Status == terminal.Approved || s.tries >= triesOfOrder) {
		s.order = ""
	}
	if s.closing && e.Status == terminal.Approved {
		s.closed = true
	}
}

// failed is told that a terminal could not sign in.
func (s *shop) failed() { s.tries = min(s.tries, triesOfOrder-1) }
