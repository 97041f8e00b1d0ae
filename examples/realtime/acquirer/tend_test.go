package acquirer

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/ledger/model"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
)

// noting is a store that notes what a switch asks of it now and then.
type noting struct {
	*model.Store
	renewed, looked int
	pruned          []int64 // before
	limit           int
	held            []func() // operations that the disk has not done yet, where it is slow
	slow            bool
	fault           error // of Prune
}

func (n *noting) Renew(ctx context.Context, node int32, epoch int64) error {
	n.renewed++
	return n.Store.Renew(ctx, node, epoch)
}

func (n *noting) Prune(ctx context.Context, before int64) (int, error) {
	n.pruned = append(n.pruned, before)
	if n.fault != nil {
		return 0, n.fault
	}
	return n.Store.Prune(ctx, before)
}

func (n *noting) Open(ctx context.Context, node int32, epoch, now int64, limit int) ([]payment.Row, error) {
	n.limit = limit
	return n.Store.Open(ctx, node, epoch, now, limit)
}

func (n *noting) Session(ctx context.Context, terminal string) (ledger.TerminalSession, error) {
	n.looked++
	return n.Store.Session(ctx, terminal)
}

func (n *noting) Submit(op payment.Op, done func(payment.Result)) {
	do := func() { n.Store.Submit(op, done) }
	if n.slow {
		n.held = append(n.held, do)
	} else {
		do()
	}
}

func newNoting(t *testing.T) (*house, *noting) {
	h := newHouse(t)
	n := &noting{Store: h.store}
	h.config.Store = n
	h.restart()
	return h, n
}

// TestTends: the lease is renewed three times in its time, marks without a row go after a week, once an hour; a clock that
// was set back delays neither.
func TestTends(t *testing.T) {
	h, n := newNoting(t)
	tend := func() { require.NoError(t, h.sw.Tend(t.Context())) }
	start := h.clock.now.UnixMilli()
	tend()
	tend()
	require.Equal(t, 1, n.renewed)
	h.clock.pass(1999 * time.Millisecond)
	tend()
	require.Equal(t, 1, n.renewed)
	h.clock.pass(time.Millisecond)
	tend()
	tend()
	require.Equal(t, 2, n.renewed)
	h.clock.pass(time.Hour - 2*time.Second - time.Millisecond)
	tend()
	require.Equal(t, []int64{start - 7*24*3_600_000}, n.pruned)
	h.clock.pass(time.Millisecond)
	tend()
	tend()
	require.Equal(t, []int64{start - 7*24*3_600_000, start - (7*24-1)*3_600_000}, n.pruned)
	renewed := n.renewed
	h.clock.now = h.clock.now.Add(-time.Minute)
	tend()
	tend()
	require.Len(t, n.pruned, 3)
	require.Equal(t, renewed+1, n.renewed)
	n.fault = errors.New("the disk is on fire")
	h.clock.pass(time.Hour)
	for range 2 {
		require.ErrorIs(t, h.sw.Tend(t.Context()), n.fault)
	}
	require.Len(t, n.pruned, 5, "it is tried again")
}

// TestWorkInHand: what a flight works on is not taken up a second time, from its admission on; a reversal that looks has
// nothing in hand. What flies is looked up besides what may be taken up.
func TestWorkInHand(t *testing.T) {
	h, n := newNoting(t)
	h.signIn()
	n.slow = true
	sale := h.sale("D-1", nil)
	h.begin(h.reversalOf(sale))
	require.Empty(t, h.sw.flying)
	h.begin(h.sale("D-2", nil))
	h.begin(h.sale("D-3", nil))
	require.Len(t, h.sw.flying, 2)
	require.NoError(t, h.sw.Tend(t.Context()))
	require.Equal(t, 1002, n.limit)
	n.slow = false
	for _, do := range n.held {
		do()
	}
	require.Empty(t, h.sw.flying)
	require.Equal(t, []string{"APPROVED", "APPROVED"}, h.states())
	require.Equal(t, "22", h.code(sale), "its reversal was here first")
}

// TestClosed: a switch that is closed does no more, whatever comes.
func TestClosed(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.bank.do = silentTo(payment.Do)
	answered := h.begin(h.sale("D-1", nil))
	h.sw.Close()
	h.clock.pass(time.Minute)
	require.Nil(t, answered())
	require.Equal(t, []string{"do"}, h.bank.asked)
	require.Equal(t, []string{"SENT"}, h.states())
}

// TestCardIsForgotten: once the channel has been told of a card, nobody here has it any more.
func TestCardIsForgotten(t *testing.T) {
	h := newHouse(t)
	f := &flight{s: h.sw, card: channel.Card{PAN: pan, Track2: track, PINBlock: []byte("12345678")}}
	f.ask(&payment.Command{Kind: payment.Ask, Verb: payment.Take, Row: payment.Row{Channel: Bank}})
	require.Zero(t, h.bank.last.Card, "what is taken back needs no card")
	f.ask(&payment.Command{Kind: payment.Ask, Verb: payment.Do, Row: payment.Row{Channel: Bank}})
	require.Equal(t, pan, h.bank.last.Card.PAN)
	require.Zero(t, f.card)
}

// TestForgedFramesCostLittle: the store is asked for a terminal's keys once a second at most, however many codes are wrong.
func TestForgedFramesCostLittle(t *testing.T) {
	h, n := newNoting(t)
	h.signIn()
	require.Equal(t, "00", h.code(h.sale("D-1", nil)))
	forged, err := h.sale("D-2", nil).AppendPackMAC(nil, func(dst, _ []byte) ([]byte, error) { return append(dst, "12345678"...), nil })
	require.NoError(t, err)
	n.looked = 0
	for range 10 {
		require.Equal(t, "A0", h.give(h.sw, forged).Field(39).Text())
	}
	require.Equal(t, 1, n.looked)
	h.clock.pass(999 * time.Millisecond)
	h.give(h.sw, forged)
	require.Equal(t, 1, n.looked)
	h.clock.pass(time.Millisecond)
	h.give(h.sw, forged)
	h.give(h.sw, forged)
	require.Equal(t, 2, n.looked)
	h.clock.now = h.clock.now.Add(-time.Minute)
	h.give(h.sw, forged)
	require.Equal(t, 3, n.looked, "a clock that was set back")
}

// TestOneAnswer: an exchange is answered once, and silence is an answer for who waits.
func TestOneAnswer(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	answers := 0
	response, err := message.Response(h.sale("D-1", nil))
	require.NoError(t, err)
	x := &exchange{s: h.sw, request: h.sale("D-1", nil), response: response, tell: func([]byte) { answers++ }}
	x.end("")
	x.end("00")
	x.end("")
	require.Equal(t, 1, answers)

	h.bank.do = silentTo(payment.Do)
	sale := h.sale("D-1", nil)
	h.begin(sale)
	frame, err := sale.AppendPackMAC(nil, h.keys.Sign)
	require.NoError(t, err)
	require.Nil(t, h.give(h.sw, frame), "a repeat of what is not decided")
}

// TestAnswersToWhatIsGone: who asks again for what was taken back is told no authorisation code.
func TestAnswersToWhatIsGone(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	sale := h.sale("D-1", nil)
	require.True(t, h.begin(sale)().Has(38))
	require.Equal(t, "00", h.code(h.reversalOf(sale)))
	require.Equal(t, []string{"REVERSED asked"}, h.states())
	for _, m := range []*message.Message{sale, h.reversalOf(sale)} {
		answer := h.begin(m)()
		require.True(t, answer.Has(37))
		require.False(t, answer.Has(38))
	}
}

// TestPayers: card numbers of 13 to 19 digits, and orders of all characters that can be seen. The whole number counts for
// who has paid: a repeat with another card of the same issuer is another request.
func TestPayers(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	for track2, code := range map[string]string{"621797000000D30122200000731": "14", "6217970000002D30122200000731": "00", track: "00"} {
		require.Equal(t, code, h.code(h.sale("D-"+track2[:13], func(m *message.Message) { m.Set(35, track2) })), track2)
	}
	for order, code := range map[string]string{"21": "00", "7E": "00", "20": "30", "7F": "30", "1F": "30"} {
		require.Equal(t, code, h.code(h.sale("", func(m *message.Message) { m.SetPath("59.B1", order) })), order)
	}
	sale := h.sale("D-9", nil)
	require.Equal(t, "00", h.code(sale))
	sale.Set(35, "6217970000000032002D30122200000731")
	require.Equal(t, "94", h.code(sale))
}
