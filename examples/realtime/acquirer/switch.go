package acquirer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/message"
)

// Config is what a Switch works with. All but Patience and Logger is required.
type Config struct {
	Ledger    *ledger.Ledger
	Terminals []Terminal
	Bank      channel.Channel // for cards
	Wallet    channel.Channel // for pay codes; if it is a channel.Querier it is asked before it is told to cancel
	ZonePIN   crypto.PINKey   // shared with the bank
	PayerHash *mac.MAC        // the keyed hash under which payers are kept

	Patience time.Duration // how long a channel may take before the outcome counts as unknown; default 5 s
	Logger   *slog.Logger  // default: none
}

// Terminal is one that may work with the switch.
type Terminal struct {
	ID       string // field 41, 8 characters
	Merchant string // field 42, 15 characters
	Master   crypto.KEK
	MACBits  int // 64 for a DES MAC key, 128 for Triple DES
}

// Switch is safe for concurrent use.
type Switch struct {
	cfg       Config
	ctx       context.Context
	started   time.Time
	terminals map[string]*registered

	mu       sync.Mutex
	inFlight map[int64]*flight // transactions somebody is working on, by ID
	wake     chan struct{}     // tells Settle that there is something to do
}

// New makes a switch. Its requests to channels end with the context.
func New(ctx context.Context, config Config) (*Switch, error) {
	if config.Ledger == nil || config.Bank == nil || config.Wallet == nil || config.PayerHash == nil {
		return nil, errors.New("acquirer: Config is incomplete")
	}
	if config.Patience <= 0 {
		config.Patience = 5 * time.Second
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Switch{cfg: config, ctx: ctx, started: time.Now().Truncate(time.Millisecond), terminals: make(map[string]*registered),
		inFlight: make(map[int64]*flight), wake: make(chan struct{}, 1)}
	for _, t := range config.Terminals {
		s.terminals[t.ID] = &registered{Terminal: t}
	}
	return s, nil
}

// errNoAnswer makes Handle stay silent where any answer would be a guess.
var errNoAnswer = errors.New("acquirer: no answer")

// Handle is a connection.Handler.
func (s *Switch) Handle(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
	request := dialect.Terminal.New()
	defer request.Wipe()
	if err := request.Unpack(frame); err != nil {
		return nil, err
	}
	x, code := s.begin(request)
	if x == nil {
		return nil, errNoAnswer
	}
	defer x.response.Wipe()
	var err error
	if code == "" {
		code, err = s.dispatch(x)
	}
	if errors.Is(err, errNoAnswer) {
		return nil, nil
	}
	if err != nil {
		s.cfg.Logger.Warn("request failed", "mti", request.MTI(), "terminal", x.origin.Terminal, "stan", x.origin.STAN, "error", err)
	}
	return x.answer(reply, code)
}

// dispatch returns the response code. With an error the code is of those that leave the outcome open.
func (s *Switch) dispatch(x *exchange) (code string, err error) {
	processing := x.request.Field(3).Text()
	switch mti := x.request.MTI(); {
	case mti == "0800" && x.request.Get("60.3").Equal("003"):
		return s.signIn(x)
	case mti == "0820" && x.request.Get("60.3").Equal("301"):
		return "00", nil // echo
	case mti == "0200" && processing == "000000":
		return s.sale(x)
	case mti == "0200" && processing == "200000":
		return s.void(x)
	case mti == "0400":
		return s.reversal(x)
	}
	return "12", nil
}

// exchange is one request with its answer in the making.
type exchange struct {
	request, response *message.Message
	terminal          *registered
	keys              *dialect.WorkKeys // nil while the terminal is not signed in
	day               string
	origin            ledger.Origin
}

// begin looks at who is asking. A code tells that the request goes no further; no exchange, that it cannot be answered.
func (s *Switch) begin(request *message.Message) (x *exchange, code string) {
	response, err := message.Response(request)
	if err != nil {
		return nil, ""
	}
	x = &exchange{request: request, response: response, origin: ledger.Origin{
		Terminal: request.Field(41).Text(), Batch: request.Get("60.2").Text(), STAN: request.Field(11).Text()}}
	x.terminal = s.terminals[x.origin.Terminal]
	if x.terminal == nil || x.terminal.Merchant != request.Field(42).Text() {
		return x, "97"
	}
	if request.MTI()[:2] == "08" {
		return x, ""
	}
	session, keys, err := x.terminal.session(s.ctx, s.cfg.Ledger)
	if err != nil {
		return x, "77"
	}
	x.keys, x.day = keys, session.Day
	switch {
	case request.VerifyMAC(keys.Verify) != nil:
		return x, "A0"
	case request.MTI() == "0200" && x.origin.Batch != batchText(session.Batch):
		return x, "77"
	case x.origin.STAN == "" || x.origin.Batch == "":
		return x, "30"
	}
	return x, ""
}

// answer packs the response, with a code if the terminal has keys for it.
func (x *exchange) answer(reply []byte, code string) ([]byte, error) {
	now := time.Now()
	x.response.SetTime(12, now)
	x.response.SetTime(13, now)
	x.response.Set(32, channel.Institution)
	x.response.Set(39, code)
	if x.keys == nil {
		return x.response.AppendPack(reply)
	}
	return x.response.AppendPackMAC(reply, x.keys.Sign)
}
