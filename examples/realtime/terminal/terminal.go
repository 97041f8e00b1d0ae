package terminal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/saf"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
)

// Config says who a terminal is and where its acquirer is.
type Config struct {
	ID       string // field 41, 8 characters
	Merchant string // field 42, 15 characters
	Folder   string // its keys, counters and reversals; see Install
	Device   keystore.Secret
	Address  string        // of the acquirer, host:port
	Timeout  time.Duration // for an answer; default 30 s
	Retry    time.Duration // first pause between two tries of a reversal, doubled with each; default 1 s

	// Dialer opens the sockets to the acquirer; default TCP.
	Dialer func(ctx context.Context, network, address string) (net.Conn, error)
}

// Terminal takes one transaction at a time. Its methods may be called concurrently.
type Terminal struct {
	cfg      Config
	master   crypto.KEK
	line     connection.Once
	counters *saf.Counters
	stan     *saf.Counter
	queue    *saf.Queue
	journal  journal

	busy sync.Mutex // one transaction at a time

	mu    sync.Mutex // guards what follows
	keys  *dialect.WorkKeys
	batch string
	stale bool // the acquirer wants another sign-in
}

// Errors of this package; test for them with errors.Is.
var (
	ErrAnswer  = errors.New("terminal: the answer cannot be trusted")
	ErrPending = errors.New("terminal: a reversal is not through yet")
	ErrSignIn  = errors.New("terminal: sign-in failed")
)

// stanReserve is how many STANs one write to the disk covers.
const stanReserve = 16

// Open starts a terminal that was installed. Reversals that an earlier run left behind go out at once.
func Open(config Config) (*Terminal, error) {
	if config.Timeout <= 0 {
		config.Timeout = 30 * time.Second
	}
	t := &Terminal{cfg: config}
	t.line = connection.Once{Network: "tcp", Address: config.Address, Config: dialect.TerminalLine()}
	t.line.Config.Dialer = config.Dialer
	master, seal, err := loadKeys(config.Folder, config.Device)
	if err != nil {
		return nil, err
	}
	t.master = master
	if t.counters, err = saf.OpenCounters(filepath.Join(config.Folder, "counters")); err != nil {
		return nil, err
	}
	if t.stan, err = t.counters.Counter("stan", 1, 999_999, stanReserve); err == nil {
		t.queue, err = t.openQueue(seal)
	}
	if err != nil {
		t.counters.Close()
		return nil, err
	}
	return t, nil
}

// Close ends the terminal. Reversals that are not through stay recorded.
func (t *Terminal) Close() error { return errors.Join(t.queue.Close(), t.counters.Close()) }

// Journal returns all transactions since Open, as they are now.
func (t *Terminal) Journal() []Entry { return t.journal.entries() }

// Flush waits until no reversal is pending.
func (t *Terminal) Flush(ctx context.Context) error { return t.queue.Flush(ctx) }

// Pending returns how many reversals are not through yet.
func (t *Terminal) Pending() int { return t.queue.Pending() }

// Echo asks the acquirer for a sign of life.
func (t *Terminal) Echo(ctx context.Context) error {
	m := t.start("0820")
	m.Set(60, "00"+t.batchNow()+"301")
	answer, err := t.exchange(ctx, m)
	if err == nil && !answer.Field(39).Equal("00") {
		err = fmt.Errorf("%w: response code %v", ErrAnswer, answer.Field(39))
	}
	return err
}

// SignIn gets the work keys and the batch of the day. Keys whose check values are wrong are not taken; the old ones
// stay.
func (t *Terminal) SignIn(ctx context.Context) error {
	m := t.start("0800")
	if err := t.number(m); err != nil {
		return err
	}
	m.Set(60, "00"+t.batchNow()+"003") // double-length keys
	m.SetBytes(62, []byte("Sequence No123100"+t.cfg.ID))
	m.Set(63, "001") // operator
	answer, err := t.exchange(ctx, m)
	if err != nil {
		return err
	}
	if !answer.Field(39).Equal("00") {
		return fmt.Errorf("%w: response code %v", ErrSignIn, answer.Field(39))
	}
	keys, err := dialect.OpenWorkKeys(t.master, answer.Field(62).Bytes())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSignIn, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys, t.batch, t.stale = keys, answer.Get("60.2").Text(), false
	return nil
}

// workKeys returns the keys, after a sign-in if there are none or the acquirer asked for one.
func (t *Terminal) workKeys(ctx context.Context) (*dialect.WorkKeys, error) {
	t.mu.Lock()
	keys, stale := t.keys, t.stale
	t.mu.Unlock()
	if keys != nil && !stale {
		return keys, nil
	}
	if err := t.SignIn(ctx); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.keys, nil
}

func (t *Terminal) batchNow() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.batch == "" {
		return "000001"
	}
	return t.batch
}

// start begins a message: TPDU and header, type, and who the terminal is.
func (t *Terminal) start(mti string) *message.Message {
	m := dialect.Terminal.New()
	m.SetHeader([]byte("\x60\x00\x03\x00\x00" + "\x60\x31\x00\x31\x00\x00"))
	m.SetMTI(mti)
	m.Set(41, t.cfg.ID)
	m.Set(42, t.cfg.Merchant)
	return m
}

// number gives a message the next STAN.
func (t *Terminal) number(m *message.Message) error {
	stan, err := t.stan.Next()
	if err != nil {
		return err
	}
	return m.SetInt(11, int64(stan))
}
