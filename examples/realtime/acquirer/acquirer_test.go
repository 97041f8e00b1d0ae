package acquirer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

const (
	merchant = "898440354110001"
	track    = "6217970000000042002D30122200000731"
	payCode  = "135325628417000148"
)

// line is a channel that does as it is told and remembers what it was asked.
type line struct {
	mu    sync.Mutex
	asked []string
	pay   func(p channel.Payment) (channel.Answer, error)
	query func(reference string) (channel.Answer, error)
	undo  func(u channel.Undoing) error
}

func (l *line) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, what)
}

func (l *line) log() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.asked...)
}

func (l *line) Pay(_ context.Context, p channel.Payment) (channel.Answer, error) {
	l.note("pay " + p.Reference[9:])
	return l.pay(p)
}

func (l *line) Undo(_ context.Context, u channel.Undoing) error {
	l.note("undo " + u.Reference[9:])
	if l.undo == nil {
		return nil
	}
	return l.undo(u)
}

// asking is a line that can be queried.
type asking struct{ *line }

func (a asking) Query(_ context.Context, reference string) (channel.Answer, error) {
	a.note("query " + reference[9:])
	return a.query(reference)
}

// house is a switch with one terminal, and the terminal's side of it.
type house struct {
	t            testing.TB
	ledger       *ledger.Ledger
	sw           *Switch
	bank, wallet *line
	config       Config
	master       crypto.KEK
	keys         *dialect.WorkKeys
	zone         crypto.PINKey
	stan         int
}

func approve(channel.Payment) (channel.Answer, error) {
	return channel.Answer{Outcome: channel.Approved, Code: "00", Authorisation: "A00001"}, nil
}

func silent(channel.Payment) (channel.Answer, error) {
	return channel.Answer{}, errors.New("no answer")
}

func key(t testing.TB, attributes string, bits int) crypto.Key {
	k, err := crypto.GenerateKey(crypto.MustAttributes(attributes), bits)
	require.NoError(t, err)
	return k
}

func newHouse(t testing.TB) *house {
	h := &house{t: t, bank: &line{pay: approve}, wallet: &line{pay: approve}}
	var err error
	h.ledger, err = ledger.Open(filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { h.ledger.Close() })
	h.master, err = crypto.NewKEK(key(t, "K0TB00N", 128))
	require.NoError(t, err)
	h.zone, err = crypto.NewPINKey(key(t, "P0TB00N", 128))
	require.NoError(t, err)
	hashKey, err := crypto.NewMACKey(key(t, "M7HC00N", 256))
	require.NoError(t, err)
	hash, err := mac.New(hashKey, mac.Algorithm{Scheme: crypto.HMACSHA256})
	require.NoError(t, err)
	h.config = Config{Ledger: h.ledger, Terminals: []Terminal{{ID: "10000001", Merchant: merchant, Master: h.master, MACBits: 64}},
		Bank: h.bank, Wallet: asking{h.wallet}, ZonePIN: h.zone, PayerHash: hash, Patience: 200 * time.Millisecond}
	h.restart()
	return h
}

// restart is a new process on the same ledger.
func (h *house) restart() {
	var err error
	h.sw, err = New(h.t.Context(), h.config)
	require.NoError(h.t, err)
}

// settle runs Settle until nothing is left to do.
func (h *house) settle() {
	ctx, cancel := context.WithCancel(h.t.Context())
	var running sync.WaitGroup
	running.Go(func() { h.sw.Settle(ctx) })
	require.Eventually(h.t, func() bool {
		list, err := h.ledger.Unsettled(h.t.Context())
		return err == nil && len(list) == 0
	}, 10*time.Second, 5*time.Millisecond)
	cancel()
	running.Wait()
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

func (h *house) signIn() {
	m := h.message("0800", 900_000)
	m.Set(60, "00000001003")
	frame, err := m.Pack()
	require.NoError(h.t, err)
	answer := h.give(frame)
	require.Equal(h.t, "00", answer.Field(39).Text())
	require.Equal(h.t, "000001", answer.Get("60.2").Text())
	h.keys, err = dialect.OpenWorkKeys(h.master, answer.Field(62).Bytes())
	require.NoError(h.t, err)
}

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
	m.Set(60, "22000001000")
	if change != nil {
		change(m)
	}
	return m
}

func byCode(m *message.Message) {
	m.Unset(35)
	m.SetPath("59.A3", payCode)
}

func (h *house) voidOf(m *message.Message) *message.Message {
	return h.sale("", func(v *message.Message) {
		v.Unset(35)
		v.Unset(59)
		v.Set(3, "200000")
		v.Set(60, "23000001000")
		v.Set(61, "000001"+m.Field(11).Text())
	})
}

func (h *house) reversalOf(m *message.Message) *message.Message {
	r, err := message.Reversal(m)
	require.NoError(h.t, err)
	r.Set(39, "98")
	return r
}

// send signs a message, hands it to the switch and returns the answer, whose code must be right; nil without one.
func (h *house) send(m *message.Message) *message.Message {
	frame, err := m.AppendPackMAC(nil, h.keys.Sign)
	require.NoError(h.t, err)
	answer := h.give(frame)
	if answer != nil {
		require.NoError(h.t, answer.VerifyMAC(h.keys.Verify))
	}
	return answer
}

func (h *house) give(frame []byte) *message.Message {
	reply, err := h.sw.Handle(nil, frame, nil)
	require.NoError(h.t, err)
	if len(reply) == 0 {
		return nil
	}
	answer := dialect.Terminal.New()
	require.NoError(h.t, answer.Unpack(reply))
	return answer
}

func (h *house) code(m *message.Message) string { return h.send(m).Field(39).Text() }

// states are the transactions by ID, with what is to be undone.
func (h *house) states() (list []string) {
	all, err := h.ledger.All(h.t.Context())
	require.NoError(h.t, err)
	for _, s := range all {
		list = append(list, string(s.State))
	}
	return list
}

func (h *house) events() int {
	events, err := h.ledger.Events(h.t.Context())
	require.NoError(h.t, err)
	return len(events)
}

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
