package simulation

import (
	"strconv"

	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal/engine"
	"github.com/posline/posline/message"
)

// rogueOnce is how often a terminal errs after an approval: once in so many.
const rogueOnce = 20

// err has a terminal's software err after an approval: it sends the request again, or its reversal, with a good code and
// something in it that was not there before. Nothing may come of it.
func (t *simTill) err(x engine.Transaction) {
	w := t.w
	if t.keys == nil || !w.chance(rogueOnce) {
		return
	}
	reverse := w.random.IntN(2) == 0 && x.Kind != payment.Void
	payer := t.payer
	var what string
	if x.Kind == payment.Refund { // what it gave back it reverses as well
		sale, ok := t.journal.Find(x.Original.Batch, x.Original.STAN)
		if !ok {
			return
		}
		stan, _ := strconv.ParseUint(sale.STAN, 10, 32)
		x = engine.Transaction{Kind: sale.Kind, STAN: uint32(stan), Batch: sale.Batch, Order: sale.Order, Amount: sale.Asked, Entry: sale.Mode, Code: x.Code}
		if sale.Kind == payment.Completion {
			x.Original = payment.Origin{Batch: sale.Batch, STAN: "000001"} // which a reversal does not name
		}
		reverse, what = true, "refund"
	} else {
		what = t.bendOwn(&x, reverse)
	}
	m, err := t.wire.Request(&x, payer, t.keys)
	if reverse {
		m, err = t.wire.Reversal(&x, engine.NoAnswer)
	} else if err == nil && what == "payer" && payer != nil {
		bendPayer(m, w.random.IntN(10))
	}
	if err != nil {
		w.violation("terminal %s: a bent %v cannot be made: %v", t.wire.ID, x.Kind, err)
		return
	}
	frame, err := m.AppendPackMAC(nil, t.keys.Sign)
	if err != nil {
		w.violation("terminal %s: a bent %v cannot be packed: %v", t.wire.ID, x.Kind, err)
		return
	}
	w.fault("terminal errs")
	w.log("terminal %s errs: %v %s-%s-%06d with another %s, reversal %t", t.wire.ID, x.Kind, t.wire.ID, x.Batch, x.STAN, what, reverse)
	n := w.anyNode()
	w.send("terminal line", func() {
		n.take(t.device, frame, func(reply []byte) { t.rogueAnswer(&x, what, reply) })
	})
}

// bendOwn changes something of a request and returns what.
func (t *simTill) bendOwn(x *engine.Transaction, reverse bool) string {
	switch t.w.random.IntN(3) {
	case 0:
		if x.Original.STAN != "" && !reverse {
			x.Original.STAN = "999998"
			return "original"
		}
		if !reverse && !x.Code {
			return "payer"
		}
	case 1:
		if reverse {
			x.Entry = map[string]string{"021": "022", "022": "021", "032": "031"}[x.Entry]
			return "entry mode"
		}
	}
	x.Amount++
	return "amount"
}

// bendPayer changes the last digits of a card's number.
func bendPayer(m *message.Message, by int) {
	track := []byte(m.Field(35).Text())
	for i, c := range track {
		if c == 'D' && i > 0 {
			track[i-1] = '0' + (track[i-1]-'0'+1+byte(by%9))%10
			break
		}
	}
	m.Set(35, string(track))
	m.Unset(26)
	m.Unset(52)
	m.Unset(53)
}

// rogueAnswer judges what the switch says to it.
func (t *simTill) rogueAnswer(x *engine.Transaction, what string, reply []byte) {
	m := dialect.Terminal.New()
	defer m.Wipe()
	if m.Unpack(reply) != nil {
		return
	}
	if code := m.Field(39).Text(); code == "00" || code == "10" {
		t.w.violation("terminal %s: %v %06d with another %s was answered with %s", t.wire.ID, x.Kind, x.STAN, what, code)
	}
}
