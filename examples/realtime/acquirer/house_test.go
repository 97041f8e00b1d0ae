package acquirer

import (
	"context"
	"encoding/hex"
	"errors"
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
