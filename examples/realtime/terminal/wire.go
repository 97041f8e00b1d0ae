package terminal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv/paycode"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal/engine"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

// Wire makes and reads the messages of a terminal.
type Wire struct {
	ID       string // field 41, 8 characters
	Merchant string // field 42, 15 characters
}

// Payer is what a terminal learns of who pays. It is never kept.
type Payer struct {
	Track2  string // of a card that was swiped: PAN, D, expiry and so on
	PIN     pinblock.PIN
	PayCode paycode.Code // of a wallet, in the place of a card
}

// Entry returns the POS entry mode, field 22.
func (p *Payer) Entry() string {
	switch {
	case p.Track2 == "":
		return "032" // code, no PIN
	case p.PIN.Len() == 0:
		return "022" // stripe, no PIN
	}
	return "021"
}

// form is how a kind of transaction looks on the line; kind60 is field 60.1.
type form struct{ mti, processing, condition, kind60 string }

var forms = map[payment.Kind]form{
	payment.Sale:       {"0200", "000000", "00", "22"},
	payment.Auth:       {"0100", "030000", "06", "10"},
	payment.Completion: {"0200", "000000", "06", "20"},
	payment.Void:       {"0200", "200000", "00", "23"},
	payment.Refund:     {"0220", "200000", "00", "25"},
}

// Request makes the message of a transaction; payer is nil where the card is not needed. Wipe it when it has been sent.
func (w *Wire) Request(x *engine.Transaction, payer *Payer, keys *dialect.WorkKeys) (*message.Message, error) {
	f, ok := forms[x.Kind]
	if !ok {
		return nil, errors.New("terminal: no such transaction")
	}
	m := w.start(f.mti)
	m.Set(3, f.processing)
	m.SetInt(4, x.Amount)
	m.SetInt(11, int64(x.STAN))
	m.Set(22, x.Entry)
	m.Set(25, f.condition)
	m.Set(49, "156")
	m.Set(60, f.kind60+x.Batch+"000")
	if x.Original.STAN == "" && !x.Code {
		m.Set(60, f.kind60+x.Batch+"00060") // reads stripes and chips
	}
	if x.Order != "" {
		m.SetPath(dialect.Order, hex.EncodeToString([]byte(x.Order)))
	}
	if x.Original.STAN != "" {
		m.Set(37, x.Ref)
		if x.Auth != "" {
			m.Set(38, x.Auth)
		}
		if x.Code {
			m.SetPath("59.A4", x.Ref)
		}
		m.Set(61, x.Original.Batch+x.Original.STAN)
	}
	if payer != nil {
		if err := setPayer(m, payer, keys); err != nil {
			m.Wipe()
			return nil, err
		}
	}
	return m, m.Err()
}

func setPayer(m *message.Message, p *Payer, keys *dialect.WorkKeys) error {
	if p.Track2 == "" {
		return m.SetPath("59.A3", p.PayCode.Text())
	}
	m.Set(35, p.Track2)
	if p.PIN.Len() == 0 {
		return nil
	}
	pan, _, _ := strings.Cut(p.Track2, "D")
	block, err := pinblock.Encrypt(nil, keys.PIN, pinblock.ISO0, p.PIN, pan)
	if err != nil {
		return err
	}
	m.Set(26, "12")
	m.SetBytes(52, block)
	return m.Set(53, "2600000000000000") // block made with the PAN, Triple DES
}

// Reversal makes the message that reverses a transaction, for a reason, field 39. It has no card data.
func (w *Wire) Reversal(x *engine.Transaction, reason string) (*message.Message, error) {
	m, err := w.Request(x, nil, nil)
	if err != nil {
		return nil, err
	}
	r, err := message.Reversal(m)
	if err != nil {
		return nil, err
	}
	r.Set(39, reason)
	return r, r.Err()
}

// SignIn makes a request for work keys. The batch is the last one that the terminal knows; at is the time: a sign-in
// that is not of now is refused, so that nobody sends one again that he has heard.
func (w *Wire) SignIn(stan uint32, batch string, at time.Time) *message.Message {
	m := w.start("0800")
	m.SetInt(11, int64(stan))
	dialect.SetClock(m, at)
	m.Set(60, "00"+batch+"003") // double-length keys
	m.SetBytes(62, []byte("Sequence No123100"+w.ID))
	m.Set(63, "001") // operator
	return m
}

// Echo makes a request for a sign of life.
func (w *Wire) Echo(batch string) *message.Message {
	m := w.start("0820")
	m.Set(60, "00"+batch+"301")
	return m
}

// start begins a message: TPDU and header, type, and who the terminal is.
func (w *Wire) start(mti string) *message.Message {
	m := dialect.Terminal.New()
	m.SetHeader([]byte("\x60\x00\x03\x00\x00" + "\x60\x31\x00\x31\x00\x00"))
	m.SetMTI(mti)
	m.Set(41, w.ID)
	m.Set(42, w.Merchant)
	return m
}

// Answer reads what came back for a transaction or a reversal. newKeys tells that the acquirer wants another sign-in; it
// is believed without a code: a sign-in does no harm.
func (w *Wire) Answer(request *message.Message, reply []byte, keys *dialect.WorkKeys) (a engine.Answer, newKeys bool, err error) {
	m := dialect.Terminal.New()
	defer m.Wipe()
	if err := m.Unpack(reply); err != nil {
		return engine.Answer{Bad: true}, false, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	code := m.Field(39).Text()
	newKeys = wantsSignIn(code)
	if err := belongs(m, request); err != nil && !seedUnmatched() {
		return engine.Answer{Bad: true, Code: code}, newKeys, err
	}
	if err := m.VerifyMAC(keys.Verify); err != nil && !seedTrusted() {
		return engine.Answer{Bad: true, Code: code}, newKeys, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	a = engine.Answer{Code: code, Ref: m.Field(37).Text(), Auth: m.Field(38).Trimmed()}
	a.Amount, _ = m.Field(4).Int64()
	return a, newKeys, nil
}

// Session is what the answer to a sign-in brings.
type Session struct {
	Keys  *dialect.WorkKeys // nil where they were refused
	Batch string
	Clock time.Time // the acquirer's; zero where the answer has none
	Date  bool      // refused for the date: with Clock it may go well
}

// Session reads the answer to a sign-in that came now. Keys whose check values are wrong are not taken.
func (w *Wire) Session(request *message.Message, reply []byte, master crypto.KEK, now time.Time) (s Session, err error) {
	m := dialect.Terminal.New()
	if err := m.Unpack(reply); err != nil {
		return s, fmt.Errorf("%w: %w", ErrSignIn, err)
	}
	if err := belongs(m, request); err != nil {
		return s, err
	}
	if clock, err := dialect.ClockOf(m, now); err == nil {
		s.Clock = clock
	}
	if !m.Field(39).Equal("00") {
		s.Date = m.Field(39).Equal("D2")
		return s, fmt.Errorf("%w: response code %v", ErrSignIn, m.Field(39))
	}
	keys, err := dialect.OpenWorkKeys(master, m.Field(62).Bytes())
	if err != nil {
		return s, fmt.Errorf("%w: %w", ErrSignIn, err)
	}
	s.Keys, s.Batch = keys, m.Get("60.2").Text()
	return s, nil
}

// belongs checks that an answer is one to the request: the type, and what the acquirer must repeat. After a partial
// approval the amount is another.
func belongs(answer, request *message.Message) error {
	mti := []byte(request.MTI())
	mti[2]++
	if answer.MTI() != string(mti) || !answer.Has(39) {
		return fmt.Errorf("%w: it is of another type", ErrAnswer)
	}
	partial := payment.ClassOf(answer.Field(39).Text()) == payment.ClassPartial
	for _, number := range []int{3, 4, 11, 41, 42} {
		if v := request.Field(number); v.Present() && answer.Field(number).Text() != v.Text() && (number != 4 || !partial) {
			return fmt.Errorf("%w: field %d differs", ErrAnswer, number)
		}
	}
	return nil
}

func wantsSignIn(code string) bool {
	switch code {
	case "77", "97", "99", "A0":
		return true
	}
	return false
}
