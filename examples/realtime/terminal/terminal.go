package terminal

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/tlsconn"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/terminal/engine"
)

// Config says who a terminal is and where its acquirer is.
type Config struct {
	ID       string // field 41, 8 characters
	Merchant string // field 42, 15 characters
	Folder   string // its keys and journal; see Install
	Device   keystore.Secret
	Address  string        // of the acquirer, host:port
	Timeout  time.Duration // for an answer; default 30 s
	Retry    time.Duration // first pause between two tries of a reversal, doubled with each up to eight times; default 1 s

	Keep int // lines of the journal that stay when it is opened; default 2,000

	// Dialer opens the sockets to the acquirer; default TCP. TLS goes over them, with the identity that the terminal was
	// enrolled with (Enroll), or without any where the line is Plain.
	Dialer func(ctx context.Context, network, address string) (net.Conn, error)
	Plain  bool // nobody but the acquirer can be at the other end, and nobody can listen

	// What follows is for terminals that are not there to last, such as those of a load run: a disk in the place of a file,
	// a master key and an identity in the place of the key store, and one connection for all requests in the place of one each.
	Disk     Disk
	Master   crypto.KEK
	Identity *identity.Own
	KeepLine bool
}

// Terminal takes one transaction at a time. Its methods may be called concurrently.
type Terminal struct {
	cfg     Config
	wire    Wire
	master  crypto.KEK
	line    connection.Exchanger
	disk    Disk
	journal Journal

	state   engine.State // of the goroutine that runs
	entry   Entry        // of what is open
	request *request     // that waits for its result; nil once it has it

	presses chan *request
	open    atomic.Bool // something has left and its outcome is not known
	cancel  context.CancelFunc
	gone    chan struct{}

	mu     sync.Mutex // guards what follows
	keys   *dialect.WorkKeys
	batch  string
	day    string // of the sign-in
	stale  bool   // the acquirer wants another sign-in
	signIn uint32 // number of the last one
	clock  clock
}

// request is what somebody has keyed in; without a transaction it only waits until the terminal is free.
type request struct {
	ctx     context.Context
	x       engine.Transaction
	payer   *Payer
	pressed time.Time
	err     error // why there is no answer, or none to be trusted
	done    chan outcome
}

type outcome struct {
	entry Entry
	err   error
}

// Errors of this package; test for them with errors.Is.
var (
	ErrAnswer  = errors.New("terminal: the answer cannot be trusted")
	ErrPending = errors.New("terminal: a reversal is not through yet")
	ErrSignIn  = errors.New("terminal: sign-in failed")
	ErrClosed  = errors.New("terminal: switched off")

	ErrUnwritable  = errors.New("terminal: nothing is sold, because its journal cannot be written: make space on its disk")
	ErrNotEnrolled = errors.New("terminal: it has no identity to prove to the acquirer")
)

// Open starts a terminal that was installed. What an earlier run left open is reversed at once.
func Open(config Config) (*Terminal, error) {
	if config.Timeout <= 0 {
		config.Timeout = 30 * time.Second
	}
	if config.Retry <= 0 {
		config.Retry = time.Second
	}
	if config.Keep <= 0 {
		config.Keep = keepEntries
	}
	t := &Terminal{cfg: config, wire: Wire{config.ID, config.Merchant}, presses: make(chan *request), gone: make(chan struct{}), disk: config.Disk}
	own := config.Identity
	if t.disk != nil {
		t.master = config.Master
	} else {
		master, seal, err := loadKeys(config.Folder, config.Device)
		if err != nil {
			return nil, err
		}
		t.master = master
		if !config.Plain {
			if own, err = loadIdentity(config.Folder, seal); err != nil {
				return nil, err
			}
		}
		if err := t.load(seal); err != nil {
			return nil, err
		}
	}
	if err := t.openLine(own); err != nil {
		return nil, errors.Join(err, t.disk.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.cancel = cancel
	go t.run(ctx)
	return t, nil
}

// openLine prepares the way to the acquirer, which is opened when it is needed.
func (t *Terminal) openLine(own *identity.Own) error {
	once := connection.Once{Network: "tcp", Address: t.cfg.Address, Config: dialect.TerminalLine()}
	once.Config.Dialer = t.cfg.Dialer
	if !t.cfg.Plain {
		if own == nil {
			return ErrNotEnrolled
		}
		config, err := own.Config()
		if err != nil {
			return err
		}
		once.Config.Dialer = tlsconn.Dialer(config, t.cfg.Dialer)
	}
	t.line = &once
	if t.cfg.KeepLine {
		t.line = &keptLine{Once: once}
	}
	return nil
}

// load opens the journal and takes from it how things stood.
func (t *Terminal) load(seal cipher.AEAD) error {
	disk, records, err := openFile(filepath.Join(t.cfg.Folder, "journal"), seal, t.cfg.Keep)
	if err != nil {
		return err
	}
	t.disk = disk
	for i := range records {
		t.journal.Put(records[i].Entry)
		t.state.Kept, t.entry = records[i].Kept, records[i].Entry
	}
	t.open.Store(t.state.Open.Kind != 0)
	return nil
}

// Close switches the terminal off. What is open stays recorded.
func (t *Terminal) Close() error {
	t.cancel()
	<-t.gone
	if kept, ok := t.line.(*keptLine); ok {
		kept.close()
	}
	return t.disk.Close()
}

// Journal returns the transactions, oldest first, as they are now.
func (t *Terminal) Journal() []Entry { return t.journal.Entries() }

// Last returns the youngest n entries of the journal.
func (t *Terminal) Last(n int) []Entry { return t.journal.Last(n) }

// Find returns the entry of a batch and STAN.
func (t *Terminal) Find(batch, stan string) (Entry, bool) { return t.journal.Find(batch, stan) }

// Flush waits until nothing is pending.
func (t *Terminal) Flush(ctx context.Context) error {
	r := &request{done: make(chan outcome, 1)}
	select {
	case t.presses <- r:
		<-r.done
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-t.gone:
		return ErrClosed
	}
}

// Pending returns how many transactions have left and are not decided.
func (t *Terminal) Pending() int {
	if t.open.Load() {
		return 1
	}
	return 0
}

// Echo asks the acquirer for a sign of life.
func (t *Terminal) Echo(ctx context.Context) error {
	t.mu.Lock()
	batch := t.batchNow()
	t.mu.Unlock()
	m := t.wire.Echo(batch)
	frame, err := m.Pack()
	if err != nil {
		return err
	}
	reply, err := t.exchange(ctx, frame)
	if err != nil {
		return err
	}
	answer := dialect.Terminal.New()
	if err := answer.Unpack(reply); err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if err := belongs(answer, m); err != nil {
		return err
	}
	if !answer.Field(39).Equal("00") {
		return fmt.Errorf("%w: response code %v", ErrAnswer, answer.Field(39))
	}
	return nil
}

// SignIn gets the work keys and the batch of the day. Keys whose check values are wrong are not taken; the old ones
// stay.
func (t *Terminal) SignIn(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, err := t.signInOnce(ctx)
	if s.Date { // now it knows the time
		s, err = t.signInOnce(ctx)
	}
	if err != nil {
		return err
	}
	t.keys, t.batch, t.day, t.stale = s.Keys, s.Batch, today(), false
	return nil
}

// signInOnce asks once, and sets the clock by the answer.
func (t *Terminal) signInOnce(ctx context.Context) (Session, error) {
	t.signIn = t.signIn%engine.LastSTAN + 1
	m := t.wire.SignIn(t.signIn, t.batchNow(), t.clock.next(time.Now()))
	frame, err := m.Pack()
	if err != nil {
		return Session{}, err
	}
	reply, err := t.exchange(ctx, frame)
	if err != nil {
		return Session{}, err
	}
	s, err := t.wire.Session(m, reply, t.master, time.Now())
	t.clock.set(s.Clock, time.Now())
	return s, err
}

// today is the terminal's calendar day; with a new one it signs in anew.
func today() string { return time.Now().Format(time.DateOnly) }

// workKeys returns keys and batch, after a sign-in if there are none, on a new day, or when the acquirer asked for one.
func (t *Terminal) workKeys(ctx context.Context) (*dialect.WorkKeys, string, error) {
	t.mu.Lock()
	good := t.keys != nil && !t.stale && t.day == today()
	t.mu.Unlock()
	if !good {
		if err := t.SignIn(ctx); err != nil {
			return nil, "", err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.keys, t.batch, nil
}

// batchNow is called under the lock.
func (t *Terminal) batchNow() string {
	if t.batch == "" {
		return "000001"
	}
	return t.batch
}

// exchange sends a frame on a connection of its own.
func (t *Terminal) exchange(ctx context.Context, frame []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, t.cfg.Timeout)
	defer cancel()
	return t.line.Exchange(ctx, frame, nil)
}
