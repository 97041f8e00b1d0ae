package firmware

import (
	"context"
	"errors"
	"time"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// Config says who the terminal is and what the device gives it. Terminal, Merchant, Dials, PINPad and Dir are required.
type Config struct {
	Terminal string // field 41, 8 characters
	Merchant string // field 42, 15 characters
	TPDU     [5]byte
	Header   [6]byte // the acquirer's; zero means 60 31 00 31 00 00

	Dials   []Dial        // ways to the host, tried in this order: the usual line, then the backup
	Timeout time.Duration // for one answer; default 30 s

	PINPad PINPad
	Dir    string // a folder that survives power cuts; one process at a time

	Watchdog func() // called at least once a second while the terminal waits for the host; may be nil
	Log      *Ring  // may be nil
}

var errConfig = errors.New("firmware: Terminal (8), Merchant (15), Dials, PINPad and Dir are required, Timeout not below 0")

// Terminal is one terminal. Open makes it.
type Terminal struct {
	config  Config
	codec   *message.Codec
	link    *link
	journal *journal

	request, response, reversal *message.Message
	frame, undo, reply          []byte // memory that is used again for every transaction
	block                       [8]byte
	header                      [11]byte
	batch                       string
	signedIn                    bool
	toldOf                      uint64 // the reversal that the operator was told of as failed
}

// Open opens the folder, where reversals of a run before may be waiting: SignIn and Sale send them first.
func Open(config Config) (*Terminal, error) {
	if len(config.Terminal) != 8 || len(config.Merchant) != 15 || len(config.Dials) == 0 || config.PINPad == nil ||
		config.Dir == "" || config.Timeout < 0 {
		return nil, errConfig
	}
	config = config.withDefaults()
	codec, err := message.Compile(spec.UnionPayPOS())
	if err != nil {
		return nil, err
	}
	t := &Terminal{config: config, codec: codec, request: codec.New(), response: codec.New(), reversal: codec.New(), batch: "000001"}
	copy(t.header[:], config.TPDU[:])
	copy(t.header[5:], config.Header[:])
	if t.link, err = newLink(&t.config, codec); err != nil {
		return nil, err
	}
	if t.journal, err = openJournal(config.Dir); err != nil {
		return nil, err
	}
	return t, nil
}

func (c Config) withDefaults() Config {
	if c.Header == [6]byte{} {
		c.Header = [6]byte{0x60, 0x31, 0x00, 0x31}
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Watchdog == nil {
		c.Watchdog = func() {}
	}
	if c.Log == nil {
		c.Log = new(Ring)
	}
	return c
}

// Close ends the line and closes the folder.
func (t *Terminal) Close() error {
	t.link.close()
	return t.journal.close()
}

// SignIn fetches the day's work keys into the PIN pad, and the batch number, and then sends the reversals that wait. A
// host that refuses is a *Declined, a reversal that is still there afterwards ErrReversal.
func (t *Terminal) SignIn(ctx context.Context) error {
	t.signedIn = false
	return t.ready(ctx)
}

func (t *Terminal) signIn(ctx context.Context) error {
	m := t.begin("0800")
	if err := t.number(m); err != nil {
		return err
	}
	m.Set(60, "00"+t.batch+"003") // sign-in with Triple DES keys
	m.SetBytes(62, []byte("Sequence No12"+"000000000000"))
	m.Set(63, "001") // operator
	frame, err := m.AppendPack(t.frame[:0])
	if err != nil {
		return err
	}
	t.frame = frame
	if err := t.exchange(ctx); err != nil {
		return err
	}
	if code := t.response.Field(39).Text(); code != "00" {
		return &Declined{Code: code}
	}
	if err := t.config.PINPad.LoadWorkKeys(t.response.Field(62).Bytes()); err != nil {
		t.log("work keys refused", -1)
		return err
	}
	if batch := t.response.Get("60.2"); batch.Present() {
		t.batch = batch.Text()
	}
	t.signedIn = true
	t.log("signed in", -1)
	return nil
}

// ready brings the terminal to where it may start a payment: signed in, nothing left to reverse.
func (t *Terminal) ready(ctx context.Context) error {
	if !t.signedIn {
		if err := t.signIn(ctx); err != nil {
			return err
		}
	}
	return t.undoAll(ctx)
}

// begin starts a request: header, message type and who the terminal is.
func (t *Terminal) begin(mti string) *message.Message {
	m := t.request
	m.Reset()
	m.SetHeader(t.header[:])
	m.SetMTI(mti)
	m.Set(41, t.config.Terminal)
	m.Set(42, t.config.Merchant)
	return m // a Set that failed is remembered: such a message does not pack
}

// number gives a request the next STAN, which never comes twice, power cuts or not, until all have been used.
func (t *Terminal) number(m *message.Message) error {
	stan, err := t.journal.stan.Next()
	if err != nil {
		return err
	}
	return m.SetInt(11, int64(stan))
}

// exchange sends t.frame, which t.request was packed to, and reads the answer into t.response.
func (t *Terminal) exchange(ctx context.Context) error {
	t.config.Watchdog()
	reply, err := t.link.exchange(ctx, t.frame, t.reply[:0])
	if err != nil {
		return err
	}
	t.reply = reply
	if err := t.response.Unpack(reply); err != nil {
		return err
	}
	if !message.Answers(t.request, t.response, 3, 4, 11, 41, 42) || !t.response.Has(39) {
		return ErrAnswer
	}
	return nil
}

// ErrAnswer is the error of an answer that is to something else, or that has no response code.
var ErrAnswer = errors.New("firmware: the answer does not fit the request")

func (t *Terminal) log(event string, number int64) { t.config.Log.Add(time.Now(), event, number) }
