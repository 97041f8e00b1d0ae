package firmware

import (
	"context"
	"errors"
	"strings"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
)

// Sale is what the cashier and the reader give.
type Sale struct {
	Amount int64  // in fen
	Track2 string // as read from the stripe, with = or D for the separator, without sentinels
}

// Receipt is what an approved sale prints.
type Receipt struct {
	Amount        int64
	STAN          int64
	Batch         string
	Reference     string // field 37
	Authorisation string // field 38
	Card          string // masked
}

// Declined is the error of a request that the host has refused; no money has moved.
type Declined struct {
	Code string // field 39
}

func (e *Declined) Error() string { return "firmware: declined with code " + e.Code }

// Unknown is the error of a sale whose outcome the terminal does not know. Its reversal is on disk and is sent before
// anything else; the customer has not paid.
type Unknown struct {
	Cause error
}

func (e *Unknown) Error() string {
	return "firmware: outcome unknown, being reversed: " + e.Cause.Error()
}
func (e *Unknown) Unwrap() error { return e.Cause }

// Errors of Sale, before anything has been sent.
var (
	ErrAmount = errors.New("firmware: amount is not between 0.01 and 99,999,999.99")
	ErrTrack2 = errors.New("firmware: track 2 cannot be read")
)

// Causes of an Unknown, beside network errors and ErrAnswer.
var (
	ErrMAC     = errors.New("firmware: the answer's authentication code is wrong or missing")
	ErrCode    = errors.New("firmware: the answer's code does not tell whether the sale was made")
	ErrPartial = errors.New("firmware: approved for another amount")
)

// maxAmount is the most that a terminal takes, 99,999,999.99.
const maxAmount = 9_999_999_999

// Sale takes a payment. It has succeeded only if the error is nil. *Declined and *Unknown say how it ended otherwise; any
// other error means that nothing was sent.
func (t *Terminal) Sale(ctx context.Context, s Sale) (Receipt, error) {
	if s.Amount <= 0 || s.Amount > maxAmount {
		return Receipt{}, ErrAmount
	}
	separator := strings.IndexAny(s.Track2, "=D")
	if separator < 12 || separator > 19 {
		return Receipt{}, ErrTrack2
	}
	pan := s.Track2[:separator]
	if err := t.ready(ctx); err != nil {
		return Receipt{}, err
	}
	if err := t.buildSale(s, pan); err != nil {
		return Receipt{}, err
	}
	id, err := t.keepReversal("98") // no answer
	if err != nil {
		return Receipt{}, err
	}
	err = t.settle(id, t.exchangeSale(ctx))
	if err != nil {
		return Receipt{}, err
	}
	return t.receipt(pan)
}

// buildSale packs a sale into t.frame.
func (t *Terminal) buildSale(s Sale, pan string) error {
	m := t.begin("0200")
	if err := t.number(m); err != nil {
		return err
	}
	block, err := t.config.PINPad.AppendPINBlock(t.block[:0], pan)
	if err != nil {
		return err
	}
	m.Set(3, "000000")
	m.SetInt(4, s.Amount)
	m.Set(22, "021") // stripe, PIN entered
	m.Set(25, "00")
	m.Set(26, "12")
	if m.Set(35, s.Track2) != nil {
		return ErrTrack2
	}
	m.Set(49, "156")
	m.SetBytes(52, block)
	m.Set(53, "2600000000000000")   // block made with the PAN, Triple DES
	m.Set(60, "22"+t.batch+"00060") // sale, batch, chip reader present
	frame, err := m.AppendPackMAC(t.frame[:0], t.config.PINPad.AppendMAC)
	if err == nil {
		t.frame = frame
	}
	return err
}

// exchangeSale sends t.frame and tells by its error how the sale ended, see Sale.
func (t *Terminal) exchangeSale(ctx context.Context) error {
	err := t.exchange(ctx)
	if connection.SafeToRetry(err) {
		return err
	}
	if err != nil {
		return &Unknown{err}
	}
	code := t.response.Field(39)
	t.signedIn = !signInAgain(code) // what comes next signs in first
	if t.response.VerifyMAC(t.config.PINPad.VerifyMAC) != nil {
		return &Unknown{ErrMAC}
	}
	return verdict(code)
}

// verdict sorts the response codes: approved, declined, and those that leave open whether money was moved, to which
// every unknown one belongs.
func verdict(code message.Value) error {
	for _, approved := range [...]string{"00", "11", "16", "A2", "A4", "A5", "A6"} {
		if code.Equal(approved) {
			return nil
		}
	}
	switch text := code.Text(); {
	case text == "10":
		return &Unknown{ErrPartial}
	case strings.Contains(declined, " "+text+" "):
		return &Declined{text}
	}
	return &Unknown{ErrCode}
}

// declined are the codes after which the host certainly holds no money.
const declined = " 01 02 03 04 05 06 07 12 13 14 15 21 22 25 30 34 38 40 41 43 45 46 51 54 55 56 57 58 59 61 62 64 65" +
	" 75 76 77 81 82 83 90 91 92 94 97 99 A0 "

// signInAgain are the codes that ask for other work keys.
func signInAgain(code message.Value) bool {
	return code.Equal("77") || code.Equal("99") || code.Equal("A0")
}

// receipt reads what is printed from the answer.
func (t *Terminal) receipt(pan string) (Receipt, error) {
	amount, err := t.request.Field(4).Int64()
	if err != nil {
		return Receipt{}, err
	}
	stan, err := t.request.Field(11).Int64()
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{
		Amount: amount, STAN: stan, Batch: t.batch, Card: message.MaskPAN(pan),
		Reference: t.response.Field(37).Trimmed(), Authorisation: t.response.Field(38).Trimmed(),
	}, nil
}
