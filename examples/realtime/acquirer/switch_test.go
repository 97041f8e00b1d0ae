package acquirer

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

func TestApproval(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.do = func(a *channel.Ask) (payment.Answer, bool) {
		require.Equal(t, []string{"SENT"}, h.states(), "the intent comes before the channel")
		require.Equal(t, pan, a.Card.PAN)
		require.Equal(t, track, a.Card.Track2)
		require.Equal(t, int64(55_88), a.Row.Amount)
		pin, err := pinblock.Decrypt(h.zone, pinblock.ISO0, a.Card.PINBlock, a.Card.PAN)
		require.NoError(t, err)
		want, _ := pinblock.ParsePIN([]byte("739154"))
		require.True(t, pin.Equal(want), "the PIN has moved under the bank's key")
		return kind(a)
	}
	sale := h.sale("D-1", func(m *message.Message) {
		pin, err := pinblock.ParsePIN([]byte("739154"))
		require.NoError(t, err)
		block, err := pinblock.Encrypt(nil, h.keys.PIN, pinblock.ISO0, pin, pan)
		require.NoError(t, err)
		m.Set(22, "021")
		m.SetBytes(52, block)
	})
	answer := h.begin(sale)()
	row := h.store.Book.Rows()[0]
	require.Equal(t, []string{"0210", "00", row.Reference(), "A00001", "000000005588", "48025800"}, []string{answer.MTI(), answer.Field(39).Text(),
		answer.Field(37).Text(), answer.Field(38).Text(), answer.Field(4).Text(), answer.Field(32).Text()})
	require.Equal(t, []string{"120000", "1130"}, []string{answer.Field(12).Text(), answer.Field(13).Text()}, "in China's zone")
	require.False(t, answer.Has(35) || answer.Has(52))
	require.Equal(t, []string{"APPROVED"}, h.states())
	require.Equal(t, []string{"paid 5588"}, h.posted())
	require.Equal(t, "621797*********2002", row.Payer)
	require.Equal(t, int32(20261130), row.Day)
	require.Equal(t, int64(DefaultFeePPM), row.FeePPM)
	require.NotContains(t, row.Hash, pan)
	require.Len(t, row.Hash, 64)

	again := h.begin(sale)()
	require.Equal(t, []string{"00", row.Reference(), "A00001"}, []string{again.Field(39).Text(), again.Field(37).Text(), again.Field(38).Text()})
	sale.SetInt(4, 55_89)
	require.Equal(t, "94", h.code(sale), "the same STAN for something else")
	require.Equal(t, "94", h.code(h.sale("D-1", nil)), "the order is paid")
	require.Equal(t, []string{"do"}, h.bank.asked)

	h.restart()
	byWallet := h.begin(h.sale("D-2", byCode))()
	require.Equal(t, "00", byWallet.Field(39).Text(), "the session outlives the process")
	require.Equal(t, byWallet.Field(37).Text(), byWallet.Get("59.A4").Text())
	require.False(t, answer.Get("59.A4").Present(), "which is of wallets")
	require.Equal(t, payCode, h.wallet.last.Card.PayCode)
	require.Empty(t, h.wallet.last.Card.PAN)
}

func TestRefusals(t *testing.T) {
	h := newHouse(t)
	before := h.sale("D-0", nil)
	frame, err := before.Pack()
	require.NoError(t, err)
	require.Equal(t, "77", h.give(h.sw, frame).Field(39).Text(), "not signed in")
	h.signIn()
	h.clock.pass(2 * lookAgain)
	require.Equal(t, "A0", h.give(h.sw, frame).Field(39).Text(), "no code")
	for name, c := range map[string]struct {
		code   string
		change func(m *message.Message)
	}{
		"terminal":  {"97", func(m *message.Message) { m.Set(41, "10000002") }},
		"merchant":  {"97", func(m *message.Message) { m.Set(42, "898440354110002") }},
		"batch":     {"77", func(m *message.Message) { m.Set(60, "22000002000") }},
		"no batch":  {"30", func(m *message.Message) { m.Unset(60) }},
		"no STAN":   {"30", func(m *message.Message) { m.Unset(11) }},
		"no amount": {"13", func(m *message.Message) { m.Unset(4) }},
		"nothing":   {"13", func(m *message.Message) { m.SetInt(4, 0) }},
		"currency":  {"30", func(m *message.Message) { m.Set(49, "840") }},
		"no order":  {"30", func(m *message.Message) { m.Unset(59) }},
		"odd order": {"30", func(m *message.Message) { m.SetPath("59.B1", "440A31") }},
		"long order": {"30", func(m *message.Message) {
			m.SetPath("59.B1", "303132333435363738393031323334353637383930313233343536373839303132")
		}},
		"no payer":        {"40", func(m *message.Message) { m.Unset(35) }},
		"short track":     {"14", func(m *message.Message) { m.Set(35, "621797D3012") }},
		"long track":      {"14", func(m *message.Message) { m.Set(35, "62179700000000420023D3012") }},
		"no separator":    {"14", func(m *message.Message) { m.Set(35, pan) }},
		"card by scanner": {"14", func(m *message.Message) { m.Set(22, "032") }},
		"code by stripe":  {"40", func(m *message.Message) { byCode(m); m.Set(22, "022") }},
		"Alipay":          {"40", func(m *message.Message) { byCode(m); m.SetPath("59.A3", "2812345678901234") }},
		"code reserved":   {"40", func(m *message.Message) { byCode(m); m.SetMTI("0100"); m.Set(3, "030000"); m.Set(25, "06") }},
		"other service":   {"12", func(m *message.Message) { m.Set(3, "310000") }},
		"other type":      {"12", func(m *message.Message) { m.SetMTI("0220") }},
		"a repeat":        {"12", func(m *message.Message) { m.SetMTI("0201") }},
		"void of none":    {"25", func(m *message.Message) { m.Set(3, "200000"); m.Set(61, "000001000999") }},
		"void of what":    {"30", func(m *message.Message) { m.Set(3, "200000") }},
		"bad PIN block":   {"99", func(m *message.Message) { m.SetBytes(52, make([]byte, 8)) }},
	} {
		frame, err := h.sale("D-1", c.change).AppendPackMAC(nil, h.keys.Sign)
		require.NoError(t, err, name)
		require.Equal(t, c.code, h.give(h.sw, frame).Field(39).Text(), name)
	}
	require.Empty(t, h.states())
	require.Empty(t, h.bank.asked)

	for _, frame := range [][]byte{nil, []byte("GET / HTTP/1.1"), frame[:40]} {
		reply, err := h.sw.Handle(nil, frame, nil)
		require.Error(t, err)
		require.Empty(t, reply)
	}
	answer := h.message("0210", 1)
	frame, err = answer.Pack()
	require.NoError(t, err)
	reply, err := h.sw.Handle(nil, frame, nil)
	require.Error(t, err)
	require.Empty(t, reply, "an answer is not answered")

	echo := h.message("0820", 0)
	echo.Set(60, "00000001301")
	frame, err = echo.Pack()
	require.NoError(t, err)
	require.Equal(t, "00", h.give(h.sw, frame).Field(39).Text())
}

func TestDecline(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.do = answers(payment.OutcomeDeclined, "51")
	sale := h.sale("D-1", nil)
	require.Equal(t, "51", h.code(sale))
	require.Equal(t, "51", h.code(sale), "the same answer again")
	require.Equal(t, "00", h.code(h.reversalOf(sale)))
	require.Equal(t, []string{"DECLINED"}, h.states())
	require.Equal(t, []string{"do"}, h.bank.asked)
	require.Empty(t, h.posted())
	h.bank.do = kind
	require.Equal(t, "00", h.code(h.sale("D-1", nil)), "the order is free again")
}

// TestPartial: the terminal is told what was approved.
func TestPartial(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.do = func(a *channel.Ask) (payment.Answer, bool) {
		return payment.Answer{Outcome: payment.OutcomeApproved, Code: "10", Amount: 20_00}, true
	}
	answer := h.begin(h.sale("D-1", nil))()
	require.Equal(t, []string{"10", "000000002000"}, []string{answer.Field(39).Text(), answer.Field(4).Text()})
	require.Equal(t, []string{"paid 2000"}, h.posted())
}

// TestDuplicateInFlight: while the first is not decided its repeat is not answered.
func TestDuplicateInFlight(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.do = silentTo(payment.Do)
	sale := h.sale("D-1", nil)
	first := h.begin(sale)
	require.Empty(t, h.code(sale))
	require.Nil(t, first())
	require.Equal(t, []string{"do"}, h.bank.asked)
	h.clock.pass(5 * time.Second)
	require.Equal(t, "98", first().Field(39).Text())
	require.Equal(t, []string{"do", "take"}, h.bank.asked, "what is not known is taken back")
	require.Equal(t, []string{"REVERSED given up"}, h.states())
	require.Equal(t, "22", h.code(sale))
}

func TestWalletIsAsked(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.wallet.do = silentTo(payment.Do)
	first := h.begin(h.sale("D-1", byCode))
	h.clock.pass(2500*time.Millisecond + 500*time.Millisecond)
	require.Equal(t, "00", first().Field(39).Text())
	require.Equal(t, []string{"do", "query"}, h.wallet.asked)
	require.Equal(t, "420000", h.store.Book.Rows()[0].ChannelRef)
}

func TestVoidAndRefund(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	sale := h.sale("D-1", nil)
	require.Equal(t, "00", h.code(sale))
	void := h.about(sale, nil)
	require.Equal(t, "00", h.code(void))
	require.Equal(t, "00", h.code(void), "the same answer again")
	require.Equal(t, "22", h.code(h.reversalOf(void)), "a void stands")
	require.Equal(t, "12", h.code(h.about(sale, nil)), "once is enough")
	require.Equal(t, []string{"paid 5588", "reversed 5588"}, h.posted())
	require.Equal(t, []string{"do", "take"}, h.bank.asked)

	sale = h.sale("D-2", nil)
	require.Equal(t, "00", h.code(sale))
	refund := func(amount int64) *message.Message {
		return h.about(sale, func(m *message.Message) { m.SetMTI("0220"); m.SetInt(4, amount) })
	}
	require.Equal(t, "00", h.code(refund(50_00)))
	require.Equal(t, "64", h.code(refund(5_89)), "more than is left")
	require.Equal(t, "00", h.code(refund(5_88)))
	require.Equal(t, "40", h.code(h.reversalOf(sale)), "what was refunded is not reversed")
	require.Equal(t, []string{"paid 5588", "refunded 5000", "refunded 588"}, h.posted()[2:])
}

func TestPreauthorisation(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	auth := h.sale("D-1", func(m *message.Message) { m.SetMTI("0100"); m.Set(3, "030000"); m.Set(25, "06") })
	require.Equal(t, "00", h.code(auth))
	require.Empty(t, h.posted())
	completion := func(amount int64) *message.Message {
		return h.about(auth, func(m *message.Message) { m.Set(3, "000000"); m.Set(25, "06"); m.SetInt(4, amount) })
	}
	require.Equal(t, "64", h.code(completion(55_88*115/100+1)), "more than 115 of 100")
	require.Equal(t, "00", h.code(completion(55_88*115/100)))
	require.Equal(t, "12", h.code(completion(1)), "once")
	require.Equal(t, []string{"paid 6426"}, h.posted())
}

// TestReversal: what a reversal names must be what was asked for; what was approved is taken back, what has not come never
// will.
func TestReversal(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	sale := h.sale("D-1", nil)
	require.Equal(t, "00", h.code(sale))
	for name, change := range map[string]func(m *message.Message){
		"amount": func(m *message.Message) { m.SetInt(4, 1) },
		"kind":   func(m *message.Message) { m.Set(3, "030000") },
		"entry":  func(m *message.Message) { m.Set(22, "021") },
	} {
		r := h.reversalOf(sale)
		change(r)
		require.Equal(t, "64", h.code(r), name)
	}
	r := h.reversalOf(sale)
	r.Set(3, "310000")
	require.Equal(t, "12", h.code(r))
	require.Equal(t, []string{"do"}, h.bank.asked)
	require.Equal(t, "00", h.code(h.reversalOf(sale)))
	require.Equal(t, []string{"do", "take"}, h.bank.asked)
	require.Equal(t, []string{"paid 5588", "reversed 5588"}, h.posted())

	early := h.sale("D-2", nil)
	require.Equal(t, "25", h.code(h.reversalOf(early)))
	require.Equal(t, "22", h.code(early), "its reversal was first")

	old := h.sale("D-3", nil)
	require.Equal(t, "00", h.code(old))
	h.clock.pass(time.Hour + time.Second)
	require.Equal(t, "40", h.code(h.reversalOf(old)), "too old")
}

func TestLimit(t *testing.T) {
	h := newHouse(t)
	h.config.Merchants = map[string]Terms{merchant: {FeePPM: 10_000, Ceiling: 100_00}}
	h.restart()
	h.signIn()
	require.Equal(t, "00", h.code(h.sale("D-1", nil)))
	require.Equal(t, "61", h.code(h.sale("D-2", nil)))
	require.Equal(t, int64(56), h.store.Book.Postings()[0].Fee)
}

// TestTakenUp: what a dead process has left is taken up, and what flies is left alone.
func TestTakenUp(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.do = silentTo(payment.Do)
	h.begin(h.sale("D-1", nil))
	h.tend(3 * time.Second)
	require.Equal(t, []string{"do"}, h.bank.asked)
	old := h.sw
	h.restart()
	h.bank.do = kind
	h.tend(time.Second)
	require.Equal(t, []string{"do", "take"}, h.bank.asked)
	require.Equal(t, []string{"REVERSED given up"}, h.states())
	require.Error(t, old.Tend(context.Background()), "another process has its place")
	require.Empty(t, h.sw.flying)
}

// TestUndoIsRepeated until the channel confirms it.
func TestUndoIsRepeated(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.do = func(*channel.Ask) (payment.Answer, bool) { return payment.Answer{}, true }
	require.Equal(t, "98", h.code(h.sale("D-1", nil)))
	h.tend(8 * time.Second)
	require.Equal(t, []string{"UNKNOWN given up"}, h.states())
	require.Greater(t, len(h.bank.asked), 3)
	require.True(t, h.bank.last.Again)
	h.bank.do = answers(payment.OutcomeAbsent, "25")
	h.tend(5 * time.Second)
	require.Equal(t, []string{"UNKNOWN given up"}, h.states(), "it may still be on its way")
	h.tend(15 * time.Second)
	require.Equal(t, []string{"REVERSED given up"}, h.states())
}

func TestDrain(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	require.NoError(t, h.sw.Drain(t.Context()), "nobody waits")
	h.restart()
	h.bank.do = silentTo(payment.Do)
	first := h.begin(h.sale("D-1", nil))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, h.sw.Drain(ended), context.Canceled)
	require.Empty(t, h.code(h.sale("D-2", nil)), "nothing new")
	require.Equal(t, []string{"SENT"}, h.states())
	h.clock.pass(5 * time.Second)
	require.Equal(t, "98", first().Field(39).Text(), "who waits is answered")
	require.NoError(t, h.sw.Drain(t.Context()))
}

func TestConfig(t *testing.T) {
	h := newHouse(t)
	for name, spoil := range map[string]func(c *Config){
		"store":  func(c *Config) { c.Store = nil },
		"node":   func(c *Config) { c.Node = 0 },
		"nodes":  func(c *Config) { c.Node = payment.MaxNode + 1 },
		"hash":   func(c *Config) { c.PayerHash = nil },
		"bank":   func(c *Config) { c.Channels = map[string]Route{Wallet: c.Channels[Wallet]} },
		"wallet": func(c *Config) { c.Channels = map[string]Route{Bank: c.Channels[Bank]} },
	} {
		c := h.config
		spoil(&c)
		_, err := New(t.Context(), c)
		require.Error(t, err, name)
	}
	c := h.config
	c.Clock, c.PerSecond = nil, 0
	sw, err := New(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, 25.0, sw.cfg.PerSecond)
	require.WithinDuration(t, time.Now(), sw.cfg.Clock.Now(), time.Minute)
	c.PerSecond = 0.5
	sw, err = New(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, 0.5, sw.cfg.PerSecond)
}

func TestDay(t *testing.T) {
	at := time.Date(2026, 12, 31, 15, 59, 59, 0, time.UTC)
	require.Equal(t, int32(20261231), Day{}.Of(at))
	require.Equal(t, int32(20270101), Day{}.Of(at.Add(time.Second)))
	require.Equal(t, int32(20261231), Day{CutOver: time.Hour}.Of(at.Add(time.Hour)))
	require.Equal(t, int32(20270101), Day{CutOver: time.Hour}.Of(at.Add(time.Hour+time.Second)))
	require.Equal(t, int32(20261231), Day{Zone: time.UTC}.Of(at.Add(time.Second)))
}

// TestAfterSettlement: what is settled, and may have been paid out, is not reversed or voided any more, by card or by code;
// it can be given back.
func TestAfterSettlement(t *testing.T) {
	for name, change := range map[string]func(m *message.Message){"card": nil, "code": byCode} {
		h := newHouse(t)
		h.signIn()
		sale := h.sale("D-1", change)
		require.Equal(t, "00", h.code(sale), name)
		row := h.store.Book.Rows()[0]
		row.Settled = 20261201
		settled := payment.Result{}
		h.store.Submit(payment.Op{Kind: payment.Change, Row: row, Node: row.Owner, Epoch: row.Epoch}, func(r payment.Result) { settled = r })
		require.Equal(t, payment.Done, settled.Kind)
		asked := len(h.bank.asked) + len(h.wallet.asked)

		require.Equal(t, "40", h.code(h.reversalOf(sale)), name)
		require.Equal(t, "12", h.code(h.about(sale, nil)), name)
		require.Len(t, append(h.bank.asked, h.wallet.asked...), asked, "nobody hears of it")
		require.Equal(t, []string{"APPROVED"}, h.states(), name)
		require.Equal(t, []string{"paid 5588"}, h.posted(), name)

		refund := h.about(sale, func(m *message.Message) {
			m.SetMTI("0220")
			m.Set(60, "25"+h.batch+"000")
			m.SetInt(4, 10_00)
		})
		require.Equal(t, "00", h.code(refund), name)
		require.Equal(t, []string{"paid 5588", "refunded 1000"}, h.posted(), name)
	}
}

// TestReversalOfPart: what was approved in part is reversed as it was asked for, and the answer agrees with the reversal.
func TestReversalOfPart(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.do = func(a *channel.Ask) (payment.Answer, bool) {
		if a.Verb == payment.Take {
			return payment.Answer{}, false // so that the row is approved still when the terminal is answered
		}
		return payment.Answer{Outcome: payment.OutcomeApproved, Code: "10", Amount: 20_00}, true
	}
	sale := h.sale("D-1", nil)
	answer := h.begin(sale)()
	require.Equal(t, []string{"10", "000000002000"}, []string{answer.Field(39).Text(), answer.Field(4).Text()})
	answer = h.begin(sale)()
	require.Equal(t, []string{"10", "000000002000"}, []string{answer.Field(39).Text(), answer.Field(4).Text()}, "a copy")
	answer = h.begin(h.reversalOf(sale))()
	require.Equal(t, []string{"00", "000000005588"}, []string{answer.Field(39).Text(), answer.Field(4).Text()})
}
