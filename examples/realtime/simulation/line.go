package simulation

import (
	"time"

	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/payment"
)

// line is a node's way to the bank or to the wallet. Their hosts go down now and then, and keep their books.
type line struct {
	n    *node
	bank bool
}

var _ channel.Channel = (*line)(nil)

// Ask implements channel.Channel.
func (l *line) Ask(within time.Duration, a *channel.Ask, done func(payment.Answer)) {
	w, life := l.n.w, l.n.life
	ended := false
	tell := func(answer payment.Answer) {
		l.n.run(life, func() {
			if !ended {
				ended = true
				w.log("node %d: the channel says of %s: %v %s", l.n.number, a.Row.Reference(), answer.Outcome, answer.Code)
				done(answer)
			}
		})
	}
	if w.chance(200) {
		w.fault("channel: no line")
		answer := payment.Answer{}
		if a.Verb == payment.Do {
			answer.Outcome = payment.OutcomeUnsent
		}
		w.after(time.Millisecond, func() { tell(answer) })
		return
	}
	w.after(within, func() { tell(payment.Answer{}) })
	w.log("node %d: asks the channel, verb %d, about %v %s again %t", l.n.number, a.Verb, a.Row.Kind, a.Row.Reference(), a.Again)
	if l.bank {
		l.askBank(a, tell)
	} else {
		l.askWallet(a, tell)
	}
}

func (l *line) askBank(a *channel.Ask, tell func(payment.Answer)) {
	w := l.n.w
	frame, err := w.codecs.bank.AppendRequest(nil, a)
	if err != nil {
		w.violation("the bank's line cannot carry %v of %s: %v", a.Verb, a.Row.Reference(), err)
		return
	}
	a.Card = channel.Card{}
	w.send("bank line", func() {
		reply, err := w.bank.Serve(frame, nil)
		if err != nil {
			w.violation("the bank does not understand %s: %v", a.Row.Reference(), err)
			return
		}
		w.log("bank: has been asked about %s", a.Row.Reference())
		w.attacker.answer(&reply)
		w.send("bank line", func() {
			if answer, err := w.codecs.bank.Judge(a, reply); err == nil {
				tell(answer)
			}
		})
	})
}

func (l *line) askWallet(a *channel.Ask, tell func(payment.Answer)) {
	w := l.n.w
	path, body, signature, err := w.codecs.wallet.Request(a)
	if err != nil {
		w.violation("the wallet's line cannot carry %v of %s: %v", a.Verb, a.Row.Reference(), err)
		return
	}
	a.Card = channel.Card{}
	w.send("wallet line", func() {
		reply, signed, err := w.wallet.Serve(path, body, signature)
		if err != nil {
			w.violation("the wallet does not understand %s: %v", a.Row.Reference(), err)
			return
		}
		w.log("wallet: %s of %s", path, a.Row.Reference())
		w.attacker.walletAnswer(&reply, &signed)
		w.send("wallet line", func() {
			if answer, err := w.codecs.wallet.Judge(a, reply, signed); err == nil {
				tell(answer)
			}
		})
	})
}
