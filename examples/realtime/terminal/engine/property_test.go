package engine

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/payment"
)

// life is a terminal with a disk, a host that may say anything, and somebody who pulls the plug.
type life struct {
	t      *testing.T
	random *rand.Rand
	state  State
	disk   Kept
	todo   []Command // commanded, and nothing has come of it yet

	last      uint32            // number of the last one that left
	left      map[uint32]int    // how often a transaction was sent
	shown     map[uint32]Result // the last result that was shown
	finals    map[uint32]int
	known     map[uint32]bool // approved or declined by an answer that can be trusted
	powerCuts int
}

// TestLives lets terminals live through anything and checks what must hold at every command.
func TestLives(t *testing.T) {
	for seed := range uint64(80) {
		l := &life{t: t, random: rand.New(rand.NewPCG(seed, 3)), left: make(map[uint32]int), shown: make(map[uint32]Result), finals: make(map[uint32]int),
			known: make(map[uint32]bool)}
		for range 400 {
			l.live()
		}
		l.calm()
		require.NotEmpty(t, l.finals)
		for stan := range l.left {
			require.Contains(t, l.shown, stan, "a transaction that left has an end, seed %d", seed)
			require.NotEqual(t, Uncertain, l.shown[stan].Status)
		}
	}
}

func (l *life) step(e Event) {
	var commands []Command
	l.state, commands = Step(l.state, &e, nil)
	require.LessOrEqual(l.t, len(commands), 2)
	for i := range commands {
		l.command(&commands[i])
	}
}

// command checks a command against what is on the disk and what was shown.
func (l *life) command(c *Command) {
	stan := c.Transaction.STAN
	switch c.Kind {
	case Save:
		require.Empty(l.t, l.todo, "one thing at a time")
		require.NotEqual(l.t, Approved, l.shown[c.Kept.STAN].Status, "what was shown as approved is over")
	case Send:
		require.Equal(l.t, l.disk.Open, c.Transaction, "it is on the disk before it leaves")
		require.True(l.t, stan > l.last || stan == l.last && c.Again && c.Transaction.Kind == payment.Refund, "a number is used once")
		l.last = stan
		l.left[stan]++
	case Reverse:
		require.Equal(l.t, l.disk.Open, c.Transaction)
		require.NotEqual(l.t, payment.Refund, c.Transaction.Kind, "nobody reverses a refund")
		require.NotEqual(l.t, Approved, l.shown[stan].Status, "what was shown as approved is never reversed")
		require.Contains(l.t, []string{NoAnswer, WrongMAC}, c.Reason)
		l.left[stan] += 0
	case Pause:
		require.Positive(l.t, c.Tries)
	case Show:
		l.show(c)
		return
	}
	l.todo = append(l.todo, *c)
	require.Len(l.t, l.todo, 1)
}

func (l *life) show(c *Command) {
	stan := c.Transaction.STAN
	l.shown[stan] = c.Result
	if c.Result.Status == Uncertain {
		require.Equal(l.t, c.Transaction, l.disk.Open)
		return
	}
	require.Zero(l.t, l.disk.Open, "the result is on the disk before it is shown")
	require.LessOrEqual(l.t, c.Result.Amount, c.Transaction.Amount)
	l.finals[stan]++
	require.Equal(l.t, 1, l.finals[stan])
}

// live lets one thing happen.
func (l *life) live() {
	switch n := l.random.IntN(100); {
	case n < 4:
		l.powerCut()
	case n < 8: // something that it does not wait for
		l.step(Event{Kind: 1 + EventKind(l.random.IntN(int(eventKinds))), ID: l.state.ID + 1 + l.random.Uint32N(5), Transaction: Transaction{}})
	case len(l.todo) > 0:
		c := l.todo[0]
		l.todo = nil
		l.comes(&c, l.answer(c.Kind == Reverse))
	default:
		l.step(Event{Kind: Pressed, Transaction: wish(kinds[l.random.IntN(len(kinds))])})
	}
}

// comes is what comes of a command.
func (l *life) comes(c *Command, a Answer) {
	switch c.Kind {
	case Save:
		l.disk = c.Kept
		l.step(Event{Kind: Saved, ID: c.ID})
	case Send, Reverse:
		l.step(Event{Kind: Answered, ID: c.ID, Answer: a})
	case Pause:
		l.step(Event{Kind: Fired, ID: c.ID})
	}
}

// powerCut leaves what is on the disk; what was being saved may be there.
func (l *life) powerCut() {
	if len(l.todo) > 0 && l.todo[0].Kind == Save && l.random.IntN(2) == 0 {
		saved := &l.todo[0]
		l.disk = saved.Kept
		if saved.Kept.Open.Kind == 0 { // the journal has the result, which nobody was shown
			l.shown[saved.Transaction.STAN] = saved.Result
		}
	}
	l.todo, l.state = nil, State{Kept: l.disk}
	l.powerCuts++
	l.step(Event{Kind: PoweredOn})
}

func (l *life) answer(reversal bool) Answer {
	codes := []string{"00", "00", "00", "10", "11", "51", "94", "77", "A0", "96", "98", "Z9", "22", "25", ""}
	if reversal {
		codes = []string{"00", "25", "40", "96", "A0", "22", ""}
	}
	a := Answer{Code: codes[l.random.IntN(len(codes))], Amount: l.random.Int64N(60_00)}
	switch l.random.IntN(8) {
	case 0:
		a = Answer{}
	case 1:
		a.Bad = true
	case 2:
		a = Answer{Unsent: true}
	}
	return a
}

// calm lets what is open come to its end.
func (l *life) calm() {
	for range 50 {
		if len(l.todo) == 0 {
			break
		}
		c := l.todo[0]
		l.todo = nil
		l.comes(&c, Answer{Code: "00"})
	}
	require.Equal(l.t, Idle, l.state.Phase)
	require.Empty(l.t, l.todo)
	require.Zero(l.t, l.disk.Open)
}
