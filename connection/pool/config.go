package pool

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"time"

	"github.com/posline/posline/connection"
)

// Config says what lines there are and how they are used. Connection and Lines are required; zero means the default
// told here. A Config is copied; later changes have no effect.
type Config struct {
	// Connection is how each line works. Its SignOn makes a line fit for requests, its MaxInFlight is the default of
	// Line.Window, its Timeout that of a request, and its Busy says whether a request waits while all windows are full.
	Connection connection.Config

	Lines []Line

	Pick Pick // which line a request takes; default PickBalanced

	// Affinity, where it says ok, ties a request to one of the usable lines: requests with equal keys take the same one
	// as long as the usable lines are the same, and few of them change when one comes or goes.
	Affinity func(frame []byte) (key uint64, ok bool)

	// SharedKeys is for hosts that answer on any line. Keys must be unique over all lines then, and
	// Connection.Duplicates must not be ContentionWait.
	SharedKeys bool

	// Wait is how long a request waits while no line is usable; default as long as its deadline, negative not at all.
	Wait time.Duration

	// Echo exchanges a network management message (0800) on a line and returns nil if it was answered well. It goes
	// where nothing has been received for EchoIdle (default 30 s, negative never) and over a suspect line. It must keep
	// to its context, which has EchoTimeout (default 5 s).
	Echo        func(ctx context.Context, c *connection.Conn) error
	EchoIdle    time.Duration
	EchoTimeout time.Duration

	// SuspectAfter is how many requests on a line run out of time, with no answer between them, before it is suspect; default 3,
	// negative never. A suspect line is closed if an echo fails. Without Echo it is retired.
	SuspectAfter int

	// SignOff is called before a line is closed in good order, once its requests have ended.
	SignOff func(ctx context.Context, c *connection.Conn) error

	IdleClose time.Duration // a line on demand without requests for this long is closed; default 1 min

	// The pause before dialling again is drawn between 0 and a limit that starts with RetryMin (default 500 ms) and
	// doubles up to RetryMax (default 30 s). The first retry has none.
	RetryMin, RetryMax time.Duration

	// Changed is told the new state of a line. It runs without locks held, several calls may run at the same time, and
	// it must be quick.
	Changed func(LineStatus)

	clock func() time.Time // in a test, instead of time.Now

	// A panic in one of the functions above is told to Connection.Hooks.Panicked, with a Conn that has ended. It counts
	// as a failure: an echo that was not answered, a request that is not tied.
}

// Line is one socket to the peer.
type Line struct {
	Name string // unique

	Network, Address string // to dial; Network defaults to "tcp"

	// Dialer opens the socket instead of Connection.Dialer: another network, a modem, a serial port.
	Dialer func(ctx context.Context, network, address string) (net.Conn, error)

	Accept   bool // the peer dials us: connections come by Pool.Adopt
	OnDemand bool // dialled when a request finds no room elsewhere, closed after Config.IdleClose
	Standby  bool // takes requests only while no other line is usable; unless OnDemand, it is signed on all the time

	Window int // requests in flight at a time; default Connection.MaxInFlight
}

// Pick is how a line is chosen among those with room.
type Pick uint8

// The ways to choose.
const (
	// PickBalanced takes the better of two at random, by requests in flight times latency. The latency rises at once
	// with a slow answer and halves every ten seconds without one, so that requests leave a line that has become slow
	// before anything fails.
	PickBalanced Pick = iota

	// PickFill takes the first line of Config.Lines that has room. Requests that share a line share writes: with 64 in
	// flight, one line that takes them all costs half of what four do that take 16 each, whoever writes to the sockets.
	PickFill
)

// checked returns the configuration with its defaults, or all that is wrong with it.
func (c Config) checked() (Config, error) {
	faults := []error{c.Connection.Check(), checkLines(c.Lines)}
	fault := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New("pool: "+text))
		}
	}
	fault(c.Pick > PickFill, "unknown Pick")
	fault(min(c.EchoTimeout, c.IdleClose, c.RetryMin, c.RetryMax) < 0, "a negative duration")
	fault(c.SharedKeys && c.Connection.Key == nil, "SharedKeys needs Connection.Key")
	fault(c.SharedKeys && c.Connection.Duplicates == connection.ContentionWait, "SharedKeys and Duplicates that wait")
	if err := errors.Join(faults...); err != nil {
		return c, err
	}
	fill(&c.EchoIdle, 30*time.Second)
	if c.EchoIdle < 0 || c.Echo == nil {
		c.EchoIdle = math.MaxInt64
	}
	fill(&c.EchoTimeout, 5*time.Second)
	fill(&c.SuspectAfter, 3)
	fill(&c.IdleClose, time.Minute)
	fill(&c.RetryMin, 500*time.Millisecond)
	fill(&c.RetryMax, 30*time.Second)
	fill(&c.Connection.Timeout, 30*time.Second)
	fill(&c.Connection.LateWindow, time.Duration(later(int64(c.Connection.Timeout), c.Connection.Timeout)))
	fill(&c.Connection.MaxInFlight, 1024)
	c.Lines = slices.Clone(c.Lines)
	for i := range c.Lines {
		fill(&c.Lines[i].Window, c.Connection.MaxInFlight)
		fill(&c.Lines[i].Network, "tcp")
	}
	return c, nil
}

func fill[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

func checkLines(lines []Line) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("pool: "+format, args...)) }
	if len(lines) == 0 {
		fault("no lines")
	}
	names := make(map[string]bool)
	for i, l := range lines {
		switch {
		case l.Name == "":
			fault("line %d has no name", i+1)
		case names[l.Name]:
			fault("line %q stands there twice", l.Name)
		case l.Accept && (l.OnDemand || l.Address != "" || l.Dialer != nil):
			fault("line %q is accepted: it cannot be dialled", l.Name)
		case !l.Accept && l.Address == "" && l.Dialer == nil:
			fault("line %q has no address", l.Name)
		case l.Window < 0:
			fault("line %q: window %d", l.Name, l.Window)
		}
		names[l.Name] = true
	}
	return errors.Join(faults...)
}

// Why a request, or a call about a line, fails; test for them with errors.Is.
var (
	ErrNoLine      = errors.New("no line takes requests")
	ErrUnknownLine = errors.New("pool: no line of this name")
	ErrDrained     = errors.New("pool: line is drained")
	ErrResumed     = errors.New("pool: line was resumed while it was drained")
	ErrNotAccepted = errors.New("pool: line is dialled, not accepted")
)
