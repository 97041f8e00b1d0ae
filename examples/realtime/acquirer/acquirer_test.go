package acquirer

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

func TestApproval(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.pay = func(p channel.Payment) (channel.Answer, error) {
		require.Equal(t, []string{"SENT"}, h.states(), "the intent comes before the channel")
		require.Equal(t, "6217970000000042002", p.PAN)
		require.Equal(t, int64(55_88), p.Amount)
		pin, err := pinblock.Decrypt(h.zone, pinblock.ISO0, p.PINBlock, p.PAN)
		require.NoError(t, err)
		want, _ := pinblock.ParsePIN([]byte("739154"))
		require.True(t, pin.Equal(want), "the PIN has moved under the bank's key")
		return approve(p)
	}
	sale := h.sale("D-1", func(m *message.Message) {
		pin, err := pinblock.ParsePIN([]byte("739154"))
		require.NoError(t, err)
		block, err := pinblock.Encrypt(nil, h.keys.PIN, pinblock.ISO0, pin, "6217970000000042002")
		require.NoError(t, err)
		m.SetBytes(52, block)
	})
	answer := h.send(sale)
	require.Equal(t, []string{"0210", "00", "000000000001", "A00001", "000000005588"}, []string{answer.MTI(), answer.Field(39).Text(),
		answer.Field(37).Text(), answer.Field(38).Text(), answer.Field(4).Text()})
	require.False(t, answer.Has(35) || answer.Has(52))
	require.Equal(t, []string{"APPROVED"}, h.states())
	require.Equal(t, 1, h.events())

	again := h.send(sale)
	require.Equal(t, []string{"00", "000000000001", "A00001"}, []string{again.Field(39).Text(), again.Field(37).Text(), again.Field(38).Text()})
	sale.SetInt(4, 55_89)
	require.Equal(t, "94", h.code(sale), "the same STAN for something else")
	require.Equal(t, "94", h.code(h.sale("D-1", nil)), "the order is paid")
	require.Equal(t, []string{"pay 001"}, h.bank.log())

	sessions := h.keys
	h.restart()
	h.keys = sessions
	require.Equal(t, "00", h.code(h.sale("D-2", byCode)), "the session outlives the process")
	require.Equal(t, []string{"pay 002"}, h.wallet.log())
}

func TestRefusals(t *testing.T) {
	h := newHouse(t)
	before := h.sale("D-0", nil)
	frame, err := before.Pack()
	require.NoError(t, err)
	require.Equal(t, "77", h.give(frame).Field(39).Text(), "not signed in")
	h.signIn()
	require.Equal(t, "A0", h.give(frame).Field(39).Text(), "no code")
	for name, c := range map[string]struct {
		code   string
		change func(m *message.Message)
	}{
		"terminal":      {"97", func(m *message.Message) { m.Set(41, "10000002") }},
		"merchant":      {"97", func(m *message.Message) { m.Set(42, "898440354110002") }},
		"batch":         {"77", func(m *message.Message) { m.Set(60, "22000002000") }},
		"no batch":      {"77", func(m *message.Message) { m.Unset(60) }},
		"no STAN":       {"30", func(m *message.Message) { m.Unset(11) }},
		"no amount":     {"13", func(m *message.Message) { m.Unset(4) }},
		"nothing":       {"13", func(m *message.Message) { m.SetInt(4, 0) }},
		"currency":      {"30", func(m *message.Message) { m.Set(49, "840") }},
		"no order":      {"30", func(m *message.Message) { m.Unset(59) }},
		"odd order":     {"30", func(m *message.Message) { m.SetPath(dialect.Order, "440A31") }},
		"no payer":      {"40", func(m *message.Message) { m.Unset(35) }},
		"short track":   {"14", func(m *message.Message) { m.Set(35, "621797D3012") }},
		"long track":    {"14", func(m *message.Message) { m.Set(35, "62179700000000420023D3012") }},
		"no separator":  {"14", func(m *message.Message) { m.Set(35, "6217970000000042002") }},
		"Alipay":        {"40", func(m *message.Message) { byCode(m); m.SetPath("59.A3", "2812345678901234") }},
		"other service": {"12", func(m *message.Message) { m.Set(3, "310000") }},
		"other type":    {"12", func(m *message.Message) { m.SetMTI("0220") }},
		"void of none":  {"25", func(m *message.Message) { m.Set(3, "200000"); m.Set(61, "000001000999") }},
	} {
		frame, err := h.sale("D-1", c.change).AppendPackMAC(nil, h.keys.Sign)
		require.NoError(t, err, name)
		require.Equal(t, c.code, h.give(frame).Field(39).Text(), name)
	}
	require.Empty(t, h.states())
	require.Equal(t, "99", h.code(h.sale("D-2", func(m *message.Message) { m.SetBytes(52, make([]byte, 8)) })), "a PIN block that is none")
	require.Equal(t, []string{"DECLINED"}, h.states())
	require.Empty(t, h.bank.log())

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
}

func TestDecline(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.pay = func(channel.Payment) (channel.Answer, error) {
		return channel.Answer{Outcome: channel.Declined, Code: "51"}, nil
	}
	sale := h.sale("D-1", nil)
	require.Equal(t, "51", h.code(sale))
	require.Equal(t, "51", h.code(sale), "the same answer again")
	require.Equal(t, "00", h.code(h.reversalOf(sale)))
	require.Equal(t, []string{"DECLINED"}, h.states())
	require.Equal(t, []string{"pay 001"}, h.bank.log())
	require.Zero(t, h.events())
}

// TestDuplicateInFlight: while the first is not decided its repeat is not answered.
func TestDuplicateInFlight(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	sale := h.sale("D-1", nil)
	h.bank.pay = func(p channel.Payment) (channel.Answer, error) {
		require.Nil(t, h.send(sale))
		return approve(p)
	}
	require.Equal(t, "00", h.code(sale))
	require.Equal(t, []string{"pay 001"}, h.bank.log())
}

// TestSilentBank: it is told to reverse until it confirms, and nobody is told of a payment.
func TestSilentBank(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.pay = silent
	tries := 0
	h.bank.undo = func(u channel.Undoing) error {
		tries++
		require.Equal(t, tries > 1, u.Again)
		require.Equal(t, int64(55_88), u.Amount)
		if tries < 3 {
			return errors.New("no answer")
		}
		return nil
	}
	sale := h.sale("D-1", nil)
	require.Equal(t, "98", h.code(sale))
	require.Equal(t, []string{"UNKNOWN"}, h.states())
	require.Nil(t, h.send(sale))
	require.Equal(t, "94", h.code(h.sale("D-1", nil)), "it may hold the money")
	h.settle()
	require.Equal(t, []string{"REVERSED"}, h.states())
	require.Equal(t, []string{"pay 001", "undo 001", "undo 001", "undo 001"}, h.bank.log())
	require.Zero(t, h.events())
	require.Equal(t, "22", h.code(sale))
	h.bank.pay = approve
	require.Equal(t, "00", h.code(h.sale("D-1", nil)), "the order can be paid")
}

// TestCopyOfARefusedRequest: what the terminal was told is declined stays declined, even if a copy of the frame comes when
// the reason has passed.
func TestCopyOfARefusedRequest(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.pay = silent
	require.Equal(t, "98", h.code(h.sale("D-1", nil)))
	h.bank.pay = approve
	second := h.sale("D-1", nil)
	require.Equal(t, "94", h.code(second), "the first may hold the money")
	h.settle()
	require.Equal(t, "22", h.code(second))
	require.Equal(t, []string{"REVERSED"}, h.states())

	unpaid := h.sale("D-2", nil)
	void := h.voidOf(unpaid)
	require.Equal(t, "25", h.code(void))
	require.Equal(t, "00", h.code(unpaid))
	require.Equal(t, "22", h.code(void))
	require.Equal(t, []string{"REVERSED", "APPROVED"}, h.states())
}

func TestWalletIsAsked(t *testing.T) {
	waiting, unheard := channel.Answer{}, channel.Answer{Outcome: channel.Absent}
	yes, _ := approve(channel.Payment{})
	for name, c := range map[string]struct {
		answers []channel.Answer // the last one again and again
		code    string
		state   string
		undone  bool
	}{
		"approved":    {[]channel.Answer{waiting, unheard, yes}, "00", "APPROVED", false},
		"declined":    {[]channel.Answer{waiting, {Outcome: channel.Declined, Code: "51"}}, "51", "DECLINED", false},
		"never says":  {[]channel.Answer{waiting}, "98", "REVERSED", true},
		"never heard": {[]channel.Answer{unheard}, "98", "REVERSED", true},
	} {
		h := newHouse(t)
		h.signIn()
		h.wallet.pay = silent
		h.wallet.query = func(string) (channel.Answer, error) {
			next := c.answers[0]
			if len(c.answers) > 1 {
				c.answers = c.answers[1:]
			}
			return next, nil
		}
		require.Equal(t, c.code, h.code(h.sale("D-1", byCode)), name)
		h.settle()
		require.Equal(t, []string{c.state}, h.states(), name)
		log := h.wallet.log()
		require.Equal(t, "query 001", log[1], name)
		require.Equal(t, c.undone, log[len(log)-1] == "undo 001", name)
	}
}

func TestReversal(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	sale := h.sale("D-1", nil)
	require.Equal(t, "00", h.code(sale))
	for range 2 {
		require.Equal(t, "00", h.code(h.reversalOf(sale)))
	}
	require.Nil(t, h.send(sale), "it is being undone")
	h.settle()
	require.Equal(t, "00", h.code(h.reversalOf(sale)))
	require.Equal(t, []string{"REVERSED"}, h.states())
	require.Equal(t, []string{"pay 001", "undo 001"}, h.bank.log())
	require.Equal(t, 2, h.events())

	late := h.sale("D-2", nil)
	require.Equal(t, "25", h.code(h.reversalOf(late)))
	require.Equal(t, "22", h.code(late), "its reversal was here first")
	require.Equal(t, []string{"pay 001", "undo 001"}, h.bank.log())

	overtaken := h.sale("D-3", nil)
	h.bank.pay = func(p channel.Payment) (channel.Answer, error) {
		require.Equal(t, "00", h.code(h.reversalOf(overtaken)))
		return approve(p)
	}
	require.Equal(t, "98", h.code(overtaken), "reversed while the bank was asked")
	h.settle()
	require.Equal(t, []string{"REVERSED", "REVERSED"}, h.states())
	require.Equal(t, 2, h.events(), "what was never posted is not told")
}

func TestVoid(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	sale := h.sale("D-1", byCode)
	require.Equal(t, "00", h.code(sale))
	void := h.voidOf(sale)
	answer := h.send(void)
	require.Equal(t, []string{"00", "000000000002"}, []string{answer.Field(39).Text(), answer.Field(37).Text()})
	require.Equal(t, "00", h.code(void), "the same answer again")
	require.Equal(t, "22", h.code(h.reversalOf(void)), "a void stands")
	require.Equal(t, "12", h.code(h.voidOf(sale)))
	require.Equal(t, []string{"REVERSED", "APPROVED"}, h.states())
	require.Equal(t, []string{"pay 001", "undo 001"}, h.wallet.log())
	require.Equal(t, 2, h.events())

	sale = h.sale("D-2", byCode)
	require.Equal(t, "00", h.code(sale))
	early := h.voidOf(sale)
	require.Equal(t, "25", h.code(h.reversalOf(early)))
	require.Equal(t, "22", h.code(early), "its reversal was here first")
	require.Equal(t, "APPROVED", h.states()[2])

	refuse := true
	h.wallet.undo = func(channel.Undoing) error {
		if refuse {
			return errors.New("no answer")
		}
		return nil
	}
	void = h.voidOf(sale)
	require.Equal(t, "98", h.code(void))
	require.Nil(t, h.send(void))
	require.Equal(t, "98", h.code(h.reversalOf(void)), "it is being carried through")
	refuse = false
	require.Equal(t, "22", h.code(h.reversalOf(void)))
	require.Equal(t, []string{"REVERSED", "APPROVED", "REVERSED", "APPROVED"}, h.states())
}

// TestRecovery finds what a killed process left in every state.
func TestRecovery(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	add := func(n int, over string, sent, unknown bool) {
		s := &ledger.Transaction{Channel: over, Origin: ledger.Origin{Terminal: "10000001", Batch: "000001", STAN: fmt.Sprintf("%06d", n)},
			Merchant: merchant, Order: fmt.Sprint(n), Amount: 100, Currency: "CNY", PayerHash: []byte{}}
		require.NoError(t, h.ledger.Create(t.Context(), s))
		if sent {
			require.NoError(t, h.ledger.MarkSent(t.Context(), s.ID))
		}
		if unknown {
			require.NoError(t, h.ledger.MarkUnknown(t.Context(), s.ID))
		}
	}
	add(1, Bank, false, false)
	add(2, Bank, true, false)
	add(3, Wallet, false, false)
	add(4, Wallet, true, false)
	add(5, Wallet, true, true)
	add(6, Wallet, true, false)
	h.wallet.query = func(reference string) (channel.Answer, error) {
		if reference == "000000000006" {
			return channel.Answer{Outcome: channel.Absent}, nil
		}
		return approve(channel.Payment{})
	}
	h.bank.undo = func(u channel.Undoing) error {
		require.Equal(t, "000000000002", u.Reference)
		return nil
	}
	h.restart()
	h.settle()
	require.Equal(t, []string{"DECLINED", "REVERSED", "DECLINED", "APPROVED", "APPROVED", "REVERSED"}, h.states())
	require.Equal(t, []string{"undo 002"}, h.bank.log())
	log := h.wallet.log()
	require.Subset(t, log, []string{"query 004", "query 005", "query 006"})
	require.Equal(t, "undo 006", log[len(log)-1])
	require.Equal(t, 2, h.events())
}

// TestSettleLeavesHandlersAlone: looking for what to settle takes no transaction that its handler has just made.
func TestSettleLeavesHandlersAlone(t *testing.T) {
	h := newHouse(t)
	s := &ledger.Transaction{Channel: "bank", Origin: ledger.Origin{Terminal: "10000001", Batch: "000001", STAN: "000001"},
		Merchant: merchant, Order: "D-1", Amount: 100, Currency: "CNY", PayerHash: []byte{}}
	require.NoError(t, h.ledger.Create(t.Context(), s))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	h.sw.Settle(ctx)
	require.Nil(t, h.sw.inFlight[s.ID])
	require.Equal(t, []string{"CREATED"}, h.states())
}
