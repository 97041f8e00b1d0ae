package acquirer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
)

// The names of the channels in the ledger.
const (
	Bank   = "bank"   // for cards
	Wallet = "wallet" // for pay codes
)

// Config is what a Switch works with. What has no default is required.
type Config struct {
	Store     ledger.Store
	Node      int32 // of this process: 1 to payment.MaxNode
	Terminals []Terminal
	Plain     bool             // lines prove nothing: whoever reaches them may say that he is a terminal
	Merchants map[string]Terms // default: none has limits, all pay the same fee
	Channels  map[string]Route // Bank and Wallet
	ZonePIN   crypto.PINKey    // shared with the bank
	PayerHash *mac.MAC         // the keyed hash under which payers are kept
	Day       Day
	PerSecond float64 // requests that a terminal may make, after a burst of four times as many; default 25

	Clock  Clock        // default: the system's
	Logger *slog.Logger // default: none
}

// Route is a channel with what a payment must know about it.
type Route struct {
	Channel channel.Channel
	Rules   payment.Rules
}

// Terms are what was agreed with a merchant.
type Terms struct {
	FeePPM  int64 // of each payment, in millionths
	Ceiling int64 // the most that it may take in a business day, minor units; 0 for no limit
}

// DefaultFeePPM is the fee of merchants without terms: six tenths of a per cent.
const DefaultFeePPM = 6_000

// Terminal is one that may work with the switch.
type Terminal struct {
	ID       string // field 41, 8 characters
	Merchant string // field 42, 15 characters
	Serial   string // of the device that may be this terminal, as its certificate has it
	Master   crypto.KEK
	MACBits  int // 64 for a DES MAC key, 128 for Triple DES
}

// Switch is safe for concurrent use. It does no work in a goroutine of its own but Run's: flights go on in the calls of
// the store, of channels and of the clock.
type Switch struct {
	cfg       Config
	epoch     int64
	terminals map[string]*registered
	tended    tended // by Tend alone

	closed  atomic.Bool
	mu      sync.Mutex
	lastID  int64
	flying  map[int64]int // rows by how many flights work on them
	asking  int           // terminals that wait for an answer
	stopped bool
	landed  chan struct{} // closed when the last terminal that waited has its answer, after Drain
}

// New makes a switch and joins the store as its node: an earlier process of the node is fenced from then on.
func New(ctx context.Context, config Config) (*Switch, error) {
	if config.Store == nil || config.Channels[Bank].Channel == nil || config.Channels[Wallet].Channel == nil || config.PayerHash == nil ||
		config.Node < 1 || config.Node > payment.MaxNode {
		return nil, errors.New("acquirer: Config is incomplete")
	}
	for i := range config.Terminals {
		if config.Terminals[i].Serial == "" && !config.Plain {
			return nil, errors.New("acquirer: a terminal without a device")
		}
	}
	if !(config.PerSecond > 0) {
		config.PerSecond = 25
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Clock == nil {
		config.Clock = systemClock{}
	}
	s := &Switch{cfg: config, terminals: make(map[string]*registered), flying: make(map[int64]int)}
	for _, t := range config.Terminals {
		s.terminals[t.ID] = &registered{Terminal: t}
	}
	var err error
	if s.lastID, err = config.Store.LastID(ctx, config.Node); err != nil {
		return nil, err
	}
	s.epoch, err = config.Store.Join(ctx, config.Node)
	return s, err
}

func (s *Switch) now() int64 { return s.cfg.Clock.Now().UnixMilli() }

func (s *Switch) nextID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID = payment.NextID(s.lastID, s.now(), s.cfg.Node)
	return s.seedID(s.lastID)
}

// SignOn is a connection.Config.SignOn for the terminals' lines: it notes who has proved to be at the other end, and
// refuses a line whose other end has not. On plain lines nobody has, and none is refused.
func (s *Switch) SignOn(_ context.Context, c *connection.Conn) error {
	device, ok := identity.Of(c)
	if !ok && !s.cfg.Plain {
		return errNobody
	}
	c.SetTag(device)
	return nil
}

// errNobody is the error of a line whose other end has not proved to be a device.
var errNobody = errors.New("acquirer: not a device of this acquirer")

// Handle is a connection.Handler. It waits for what Take tells.
func (s *Switch) Handle(c *connection.Conn, frame, reply []byte) ([]byte, error) {
	from, known := identity.Device{}, c == nil
	if !known {
		from, known = c.Tag().(identity.Device)
	}
	if !known { // a frame may be here before SignOn is done
		from, _ = identity.Of(c)
	}
	answered := make(chan []byte, 1)
	if err := s.Take(from, frame, func(answer []byte) { answered <- answer }); err != nil {
		return nil, err
	}
	return append(reply, <-answered...), nil
}

// Take takes a terminal's frame from a device and tells answer, once, what goes back: nothing where any answer would be a guess. It
// keeps no part of the frame. An error means that the frame is none, and that answer is not called.
func (s *Switch) Take(from identity.Device, frame []byte, answer func(reply []byte)) error {
	request := dialect.Terminal.New()
	if err := request.Unpack(frame); err != nil {
		request.Wipe()
		return err
	}
	x, code := s.begin(from, request)
	if x == nil {
		request.Wipe()
		return errNoAnswer
	}
	x.tell = answer
	if code == "" && s.enter() {
		x.entered = true
		code = s.dispatch(x)
	} else if code == "" {
		x.end("") // stopped: as if the line had been cut
		return nil
	}
	if code != codeLater {
		x.end(code)
	}
	return nil
}

// errNoAnswer is the error of a frame that cannot be answered.
var errNoAnswer = errors.New("acquirer: not a request")

// codeLater stands for the response code of a flight, which comes later.
const codeLater = "later"

// enter counts a terminal that waits, unless the switch has been stopped.
func (s *Switch) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.asking++
	return true
}

func (s *Switch) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking--
	if s.stopped && s.asking == 0 && s.landed != nil {
		close(s.landed)
		s.landed = nil
	}
}

// Drain takes no new requests and waits until each terminal has its answer, or the context ends. What is not at an end
// then is the next process's.
func (s *Switch) Drain(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	landed := make(chan struct{})
	if s.asking == 0 {
		close(landed)
	} else {
		s.landed = landed
	}
	s.mu.Unlock()
	select {
	case <-landed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the flights where they are; what is not at an end is the next process's.
func (s *Switch) Close() { s.closed.Store(true) }

// Run keeps the node's lease and takes up what is left behind, until the context ends or another process has joined as
// the node: ledger.ErrFenced.
func (s *Switch) Run(ctx context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := s.Tend(ctx); err != nil && ctx.Err() == nil {
			if errors.Is(err, ledger.ErrFenced) {
				return err
			}
			s.cfg.Logger.Error("looking for what to settle", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}
