package simulation

import (
	"bytes"
	"time"

	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
)

// attacker reads the lines, sends again what it has heard, and changes it.
type attacker struct {
	w       *world
	frames  []overheard
	heard   []byte // an answer of the bank
	wallet  *walletWord
	before  map[approval][]byte
	forged  []byte          // the last one that was given to a terminal in the place of the right one
	signIns map[string]bool // that were taken: none is taken twice
}

// approval is what makes approvals look alike to a terminal, but for their numbers.
type approval struct{ terminal, processing, amount string }

// overheard is a frame, and who sent it.
type overheard struct {
	from  *simTill
	frame []byte
}

func (a *attacker) listen(from *simTill, frame []byte) {
	const most = 200
	o := overheard{from, append([]byte(nil), frame...)}
	if len(a.frames) < most {
		a.frames = append(a.frames, o)
	} else {
		a.frames[a.w.random.IntN(most)] = o
	}
}

// answered sees what a switch says to whom, and judges what only he knows who has seen all lines.
func (a *attacker) answered(from identity.Device, frame, reply []byte) {
	m := dialect.Terminal.New()
	defer m.Wipe()
	if m.Unpack(reply) != nil {
		return
	}
	code := m.Field(39).Text()
	for _, t := range a.w.tills {
		if t.wire.ID == m.Field(41).Text() && t.device != from && code != "58" && code != "97" {
			a.w.violation("device %s is answered with %s as terminal %s, which it is not", from.Serial, code, t.wire.ID)
		}
	}
	if m.MTI() != "0810" || code != "00" {
		return
	}
	if a.signIns == nil {
		a.signIns = make(map[string]bool)
	}
	if a.signIns[string(frame)] {
		a.w.violation("terminal %s: a sign-in was taken twice", m.Field(41).Text())
	}
	a.signIns[string(frame)] = true
}

// replay sends an old frame, as it was or with one byte changed, over the line that it was heard on or as another device.
func (a *attacker) replay() {
	w := a.w
	if len(a.frames) == 0 {
		return
	}
	old := a.frames[w.random.IntN(len(a.frames))]
	frame, from := append([]byte(nil), old.frame...), old.from.device
	w.fault("frame replayed")
	if w.random.IntN(3) == 0 {
		w.fault("frame from another device")
		from = w.tills[w.random.IntN(len(w.tills))].device
	}
	switch w.random.IntN(4) {
	case 0:
		w.fault("frame forged")
		frame[w.random.IntN(len(frame))] ^= byte(1 + w.random.IntN(255))
	case 1:
		if bent := a.bend(frame); bent != nil {
			w.fault("frame bent")
			frame = bent
		}
	}
	if n := w.anyNode(); n.up {
		n.take(from, frame, func([]byte) {})
	}
}

// signInBefore signs a terminal in before it does so itself, at a time that is still to come: nothing keeps him from it who
// can send in its name.
func (a *attacker) signInBefore(t *simTill, own *message.Message) {
	w := a.w
	if !w.chance(15) {
		return
	}
	forged := own.Clone()
	defer forged.Wipe()
	dialect.SetClock(forged, beginning.Add(w.now+w.between(20*time.Second, 50*time.Second)))
	if frame, err := forged.Pack(); err == nil {
		w.fault("sign-in forged")
		w.anyNode().take(t.device, frame, func([]byte) {})
	}
}

// bend changes one thing in a message, as somebody does who knows what he wants: an amount, whom it names, what it asks for;
// or it takes the code away. What it returns is well formed, and has the old code or none.
func (a *attacker) bend(frame []byte) []byte {
	m, other := dialect.Terminal.New(), dialect.Terminal.New()
	if m.Unpack(frame) != nil || other.Unpack(a.frames[a.w.random.IntN(len(a.frames))].frame) != nil {
		return nil
	}
	switch a.w.random.IntN(7) {
	case 0:
		m.SetInt(4, 1+a.w.random.Int64N(1_00))
	case 1:
		m.SetInt(11, 1+a.w.random.Int64N(400))
	case 2:
		m.Set(11, other.Field(11).Text())
		m.Set(60, other.Field(60).Text())
	case 3:
		m.SetMTI("0400")
		m.Set(39, "98")
	case 4:
		m.Set(3, "200000")
		m.Set(61, "000001"+other.Field(11).Text())
	case 5:
		m.SetMTI("0220")
		m.Set(3, "200000")
		m.Set(61, "000001"+other.Field(11).Text())
	}
	if a.w.random.IntN(3) == 0 {
		m.Unset(64)
	}
	bent, err := m.Pack()
	if err != nil {
		return nil
	}
	return bent
}

// forge sends a changed answer before the right one, or an earlier approval of the same terminal and amount.
func (a *attacker) forge(to *simTill, reply []byte, send func(forged []byte)) {
	switch {
	case a.w.chance(100):
		a.w.fault("answer forged")
		a.forged = a.change(dialect.Terminal.New(), reply)
		send(a.forged)
	case a.w.chance(20):
		if old := a.remember(reply); old != nil {
			a.w.fault("old answer")
			a.forged = old
			send(old)
		}
		return
	}
	a.remember(reply)
}

// remember keeps an approval, and returns the one before that is like it or like what this answer would be as one.
func (a *attacker) remember(reply []byte) (before []byte) {
	m := dialect.Terminal.New()
	defer m.Wipe()
	if m.Unpack(reply) != nil || m.MTI() != "0210" {
		return nil
	}
	like := approval{m.Field(41).Text(), m.Field(3).Text(), m.Field(4).Text()}
	before = a.before[like]
	if m.Field(39).Equal("00") {
		if a.before == nil {
			a.before = make(map[approval][]byte)
		}
		a.before[like] = append([]byte(nil), reply...)
	}
	return before
}

// genuine reports whether an answer is the switch's own.
func (a *attacker) genuine(reply []byte) bool { return !bytes.Equal(reply, a.forged) }

// answer changes an answer of the bank.
func (a *attacker) answer(reply *[]byte) {
	switch {
	case a.w.chance(150):
		a.w.fault("bank's answer forged")
		*reply = a.change(dialect.Bank.New(), *reply)
	case a.w.chance(150) && a.heard != nil:
		a.w.fault("bank's answers mixed up")
		*reply, a.heard = a.heard, *reply
		return
	}
	a.heard = append([]byte(nil), *reply...)
}

// walletAnswer changes an answer of the wallet: it says the opposite, or what was said about something else.
func (a *attacker) walletAnswer(reply, signed *[]byte) {
	switch {
	case a.w.chance(100):
		a.w.fault("wallet's answer forged")
		success, failed := []byte(`"`+channel.WalletSuccess+`"`), []byte(`"`+channel.WalletFailed+`"`)
		if !bytes.Contains(*reply, success) {
			success, failed = failed, success
		}
		*reply = bytes.Replace(*reply, success, failed, 1)
	case a.w.chance(100) && a.wallet != nil:
		a.w.fault("wallet's answers mixed up")
		old := *a.wallet
		*a.wallet = walletWord{*reply, *signed}
		*reply, *signed = old.reply, old.signed
		return
	}
	a.wallet = &walletWord{bytes.Clone(*reply), bytes.Clone(*signed)}
}

// walletWord is an answer of the wallet.
type walletWord struct{ reply, signed []byte }

// change turns an approval into a refusal and the other way round, or changes any byte.
func (a *attacker) change(m *message.Message, reply []byte) []byte {
	if a.w.random.IntN(2) == 0 && m.Unpack(reply) == nil && m.Has(39) {
		code := "00"
		if m.Field(39).Equal("00") {
			code = "05"
		}
		m.Set(39, code)
		if forged, err := m.Pack(); err == nil {
			return forged
		}
	}
	forged := append([]byte(nil), reply...)
	forged[a.w.random.IntN(len(forged))] ^= byte(1 + a.w.random.IntN(255))
	return forged
}
