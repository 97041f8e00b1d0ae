package acquirer

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger/model"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
)

const (
	merchant = "898440354110001"
	track    = "6217970000000042002D30122200000731"
	pan      = "6217970000000042002"
	payCode  = "135325628417000148"
)

// clock is time that passes when it is told to.
type clock struct {
	now    time.Time
	timers []timer
}

type timer struct {
	at time.Time
	f  func()
}

func (c *clock) Now() time.Time { return c.now }

func (c *clock) AfterFunc(d time.Duration, f func()) func() {
	c.timers = append(c.timers, timer{c.now.Add(d), f})
	return func() {}
}

// pass lets time pass, and what is due happen.
func (c *clock) pass(d time.Duration) {
	for end := c.now.Add(d); ; {
		slices.SortStableFunc(c.timers, func(x, y timer) int { return x.at.Compare(y.at) })
		if len(c.timers) == 0 || c.timers[0].at.After(end) {
			c.now = end
			return
		}
		next := c.timers[0]
		c.timers = c.timers[1:]
		c.now = next.at
		next.f()
	}
}

// line is a channel that answers as told, or keeps who asks waiting until the time is over.
type line struct {
	clock *clock
	asked []string
	last  channel.Ask
	do    func(a *channel.Ask) (payment.Answer, bool)
}

var verbs = map[payment.Verb]string{payment.Do: "do", payment.Query: "query", payment.Take: "take"}

func (l *line) Ask(within time.Duration, a *channel.Ask, done func(payment.Answer)) {
	l.asked, l.last = append(l.asked, verbs[a.Verb]), *a
	if answer, ok := l.do(a); ok {
		done(answer)
		return
	}
	l.clock.AfterFunc(within, func() { done(payment.Answer{}) })
}

// kind answers everything in the kindest way.
func kind(a *channel.Ask) (payment.Answer, bool) {
	if a.Verb == payment.Take {
		return payment.Answer{Outcome: payment.OutcomeUndone, Code: "00"}, true
	}
	return payment.Answer{Outcome: payment.OutcomeApproved, Code: "00", Auth: "A00001", Ref: "420000"}, true
}

func answers(outcome payment.Outcome, code string) func(*channel.Ask) (payment.Answer, bool) {
	return func(*channel.Ask) (payment.Answer, bool) { return payment.Answer{Outcome: outcome, Code: code}, true }
}

// silentTo is silent to a verb and kind to others.
func silentTo(verb payment.Verb) func(*channel.Ask) (payment.Answer, bool) {
	return func(a *channel.Ask) (payment.Answer, bool) {
		if a.Verb == verb {
			return payment.Answer{}, false
		}
		return kind(a)
	}
}

// house is a switch with one terminal, and the terminal's side of it. All of it happens in the calls of the test.
type house struct {
	t            testing.TB
	clock        *clock
	store        *model.Store
	sw           *Switch
	bank, wallet *line
	config       Config
	master       crypto.KEK
	keys         *dialect.WorkKeys
	zone         crypto.PINKey
	stan         int
	batch        string
	asked        int64 // the clock in the last sign-in
}

func key(t testing.TB, attributes string, bits int) crypto.Key {
	k, err := crypto.GenerateKey(crypto.MustAttributes(attributes), bits)
	require.NoError(t, err)
	return k
}

func newHouse(t testing.TB) *house {
	c := &clock{now: time.Date(2026, 11, 30, 4, 0, 0, 0, time.UTC)}
	h := &house{t: t, clock: c, bank: &line{clock: c, do: kind}, wallet: &line{clock: c, do: kind}, batch: "000001"}
	h.store = &model.Store{Now: func() int64 { return c.now.UnixMilli() }}
	var err error
	h.master, err = crypto.NewKEK(key(t, "K0TB00N", 128))
	require.NoError(t, err)
	h.zone, err = crypto.NewPINKey(key(t, "P0TB00N", 128))
	require.NoError(t, err)
	hashKey, err := crypto.NewMACKey(key(t, "M7HC00N", 256))
	require.NoError(t, err)
	hash, err := mac.New(hashKey, mac.Algorithm{Scheme: crypto.HMACSHA256})
	require.NoError(t, err)
	rules := payment.Rules{Patience: 5000, Ask: 5000, Pause: 500, MaxPause: 4000, FrameLife: 10_000, MaxAge: 3_600_000}
	asked := rules
	asked.Queries, asked.Ask = true, 2500
	h.config = Config{Store: h.store, Node: 1, Clock: c, Plain: true, Terminals: []Terminal{{ID: "10000001", Merchant: merchant, Master: h.master, MACBits: 64}},
		Channels: map[string]Route{Bank: {h.bank, rules}, Wallet: {h.wallet, asked}}, ZonePIN: h.zone, PayerHash: hash}
	h.restart()
	return h
}

// restart is a new process on the same store.
func (h *house) restart() {
	if h.sw != nil {
		h.sw.Close()
	}
	h.sw = h.another()
}

func (h *house) another() *Switch {
	sw, err := New(h.t.Context(), h.config)
	require.NoError(h.t, err)
	return sw
}

// tend lets time pass as Run does.
func (h *house) tend(d time.Duration) {
	for end := h.clock.now.Add(d); h.clock.now.Before(end); h.clock.pass(lookEvery) {
		require.NoError(h.t, h.sw.Tend(context.Background()))
	}
}

func (h *house) message(mti string, stan int) *message.Message {
	m := dialect.Terminal.New()
	m.SetHeader([]byte("\x60\x00\x03\x00\x00" + "\x60\x31\x00\x31\x00\x00"))
	m.SetMTI(mti)
	m.SetInt(11, int64(stan))
	m.Set(41, "10000001")
	m.Set(42, merchant)
	return m
}

// signInAt signs the terminal in and returns the code.
func (h *house) signInAt(sw *Switch) string {
	m := h.message("0800", 900_000)
	h.asked = max(h.asked+1000, h.clock.now.UnixMilli())
	dialect.SetClock(m, time.UnixMilli(h.asked))
	m.Set(60, "00"+h.batch+"003")
	frame, err := m.Pack()
	require.NoError(h.t, err)
	answer := h.give(sw, frame)
	if code := answer.Field(39).Text(); code != "00" {
		return code
	}
	h.batch = answer.Get("60.2").Text()
	h.keys, err = dialect.OpenWorkKeys(h.master, answer.Field(62).Bytes())
	require.NoError(h.t, err)
	return "00"
}

func (h *house) signIn() { require.Equal(h.t, "00", h.signInAt(h.sw)) }

// sale is a sale by card without PIN; change makes it another one.
func (h *house) sale(order string, change func(m *message.Message)) *message.Message {
	h.stan++
	m := h.message("0200", h.stan)
	m.Set(3, "000000")
	m.SetInt(4, 55_88)
	m.Set(22, "022")
	m.Set(25, "00")
	m.Set(35, track)
	m.Set(49, "156")
	m.SetPath(dialect.Order, hex.EncodeToString([]byte(order)))
	m.Set(60, "22"+h.batch+"000")
	if change != nil {
		change(m)
	}
	return m
}

func byCode(m *message.Message) {
	m.Unset(35)
	m.Set(22, "032")
	m.SetPath("59.A3", payCode)
}

// about is a request about another one: a void, unless change makes it something else.
func (h *house) about(m *message.Message, change func(m *message.Message)) *message.Message {
	return h.sale("", func(v *message.Message) {
		v.Unset(35)
		v.Unset(59)
		v.Set(22, m.Field(22).Text())
		v.Set(3, "200000")
		v.SetInt(4, 55_88)
		v.Set(60, "23"+h.batch+"000")
		v.Set(61, m.Get("60.2").Text()+m.Field(11).Text())
		if change != nil {
			change(v)
		}
	})
}

func (h *house) reversalOf(m *message.Message) *message.Message {
	r, err := message.Reversal(m)
	require.NoError(h.t, err)
	r.Set(39, "98")
	return r
}

// begin sends a message; answered returns what has come back, or nil.
func (h *house) begin(m *message.Message) (answered func() *message.Message) {
	frame, err := m.AppendPackMAC(nil, h.keys.Sign)
	require.NoError(h.t, err)
	var answer *message.Message
	keys := h.keys
	require.NoError(h.t, h.sw.Take(identity.Device{}, frame, func(reply []byte) {
		if len(reply) > 0 {
			require.Nil(h.t, answer, "one answer")
			answer = dialect.Terminal.New()
			require.NoError(h.t, answer.Unpack(reply))
			require.NoError(h.t, answer.VerifyMAC(keys.Verify))
		}
	}))
	return func() *message.Message { return answer }
}

// code sends a message and returns the code it is answered with at once; "" for silence.
func (h *house) code(m *message.Message) string {
	if answer := h.begin(m)(); answer != nil {
		return answer.Field(39).Text()
	}
	return ""
}

func (h *house) give(sw *Switch, frame []byte) *message.Message {
	reply, err := sw.Handle(nil, frame, nil)
	require.NoError(h.t, err)
	if len(reply) == 0 {
		return nil
	}
	answer := dialect.Terminal.New()
	require.NoError(h.t, answer.Unpack(reply))
	return answer
}

// states are those of the rows, oldest first, with what is to be undone.
func (h *house) states() (list []string) {
	for _, r := range h.store.Book.Rows() {
		text := r.State.String()
		if r.Undo != payment.Keep {
			text += " " + r.Undo.String()
		}
		list = append(list, text)
	}
	return list
}

// posted are the postings, such as "paid 5588".
func (h *house) posted() (list []string) {
	for _, p := range h.store.Book.Postings() {
		list = append(list, fmt.Sprintf("%v %d", p.Kind, p.Amount))
	}
	return list
}
