package channel

import (
	"fmt"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
)

// BankCodec makes and reads the messages of a bank's line: ISO 8583:1987 with MACs (X9.19) under the zone's key. A payment
// is named by its reference, field 37, and by STAN and transmission time, which a reversal repeats in field 90.
type BankCodec struct{ mac *mac.MAC }

// NewBankCodec makes one with the zone's key.
func NewBankCodec(zone crypto.MACKey) (*BankCodec, error) {
	m, err := mac.New(zone, mac.X919())
	return &BankCodec{m}, err
}

// form is how a kind of payment looks on the line.
type form struct{ mti, processing, condition string }

var forms = map[payment.Kind]form{
	payment.Sale:       {"0200", "000000", "00"},
	payment.Auth:       {"0100", "030000", "06"},
	payment.Completion: {"0200", "000000", "06"},
	payment.Refund:     {"0200", "200000", "00"},
}

// BankSTAN is the number of a row's messages, field 11.
func BankSTAN(row *payment.Row) int64 { return row.ID%999_999 + 1 }

// sentAt is the transmission time of a row's first message, field 7, which field 90 repeats.
func sentAt(row *payment.Row) time.Time { return time.UnixMilli(row.At).UTC() }

// AppendRequest appends the message of Do or Take; a bank cannot be asked how a payment went.
func (b *BankCodec) AppendRequest(dst []byte, a *Ask) ([]byte, error) {
	f, ok := forms[a.Row.Kind]
	if !ok || a.Verb == payment.Query {
		return dst, ErrUnsupported
	}
	m := dialect.Bank.New()
	defer m.Wipe()
	row := &a.Row
	m.Set(3, f.processing)
	m.SetInt(4, row.Amount)
	m.SetTime(7, sentAt(row))
	m.SetInt(11, BankSTAN(row))
	m.Set(32, Institution)
	m.Set(37, row.Reference())
	m.Set(41, row.Origin.Terminal)
	m.Set(42, row.Merchant)
	m.Set(49, row.Currency)
	if a.Verb == payment.Take {
		m.SetMTI(repeat("0400", a.Again))
		m.Set(90, original(row, f.mti))
		seedRequest(m, a)
		return m.AppendPackMAC(dst, b.mac.Append)
	}
	m.SetMTI(repeat(f.mti, a.Again))
	m.Set(22, row.Entry)
	m.Set(25, f.condition)
	if a.Parent.ID != 0 {
		m.Set(48, a.Parent.Reference())
		m.Set(90, original(&a.Parent, forms[a.Parent.Kind].mti))
	}
	setCard(m, &a.Card)
	return m.AppendPackMAC(dst, b.mac.Append)
}

func setCard(m *message.Message, c *Card) {
	if c.PAN != "" {
		m.Set(2, c.PAN)
	}
	if c.Track2 != "" {
		m.Set(35, c.Track2)
	}
	if c.PINBlock != nil {
		m.Set(26, "12")
		m.SetBytes(52, c.PINBlock)
	}
}

func repeat(mti string, again bool) string {
	if again {
		return mti[:3] + "1"
	}
	return mti
}

// original is field 90: type, STAN, transmission time and acquirer of the message that another is about.
func original(row *payment.Row, mti string) string {
	return fmt.Sprintf("%s%06d%s%011s%011d", mti, BankSTAN(row), sentAt(row).Format("0102150405"), Institution, 0)
}

// Judge reads the answer to a request. With an error there is none, and the outcome is unknown.
func (b *BankCodec) Judge(a *Ask, reply []byte) (payment.Answer, error) {
	m := dialect.Bank.New()
	defer m.Wipe()
	if err := m.Unpack(reply); err != nil {
		return payment.Answer{}, err
	}
	if err := m.VerifyMAC(b.mac.Verify); err != nil && !seedTrusted() {
		return payment.Answer{}, err
	}
	if err := matches(a, m); err != nil && !seedUnmatched() {
		return payment.Answer{}, err
	}
	code := m.Field(39).Text()
	if a.Verb == payment.Take {
		return payment.Answer{Outcome: takeOutcome(code), Code: code}, nil
	}
	answer := payment.Answer{Code: code, Auth: m.Field(38).Trimmed(), Ref: m.Field(37).Text()}
	switch payment.ClassOf(code) {
	case payment.ClassApproved:
		answer.Outcome = payment.OutcomeApproved
	case payment.ClassPartial:
		if answer.Amount, _ = m.Field(4).Int64(); answer.Amount > 0 && answer.Amount <= a.Row.Amount {
			answer.Outcome = payment.OutcomeApproved
		}
	case payment.ClassDeclined:
		answer.Outcome = payment.OutcomeDeclined
	}
	seedJudged(&answer)
	return answer, nil
}

// matches compares an answer with its request. After a partial approval the amount is another.
func matches(a *Ask, m *message.Message) error {
	mti := forms[a.Row.Kind].mti
	if a.Verb == payment.Take {
		mti = "0400"
	}
	if got := m.MTI(); got != mti[:2]+"10" {
		return fmt.Errorf("%w: type", ErrMismatch)
	}
	row := &a.Row
	want := map[int]string{3: forms[row.Kind].processing, 7: sentAt(row).Format("0102150405"), 11: fmt.Sprintf("%06d", BankSTAN(row)),
		37: row.Reference(), 41: row.Origin.Terminal, 42: row.Merchant}
	if payment.ClassOf(m.Field(39).Text()) != payment.ClassPartial {
		want[4] = fmt.Sprintf("%012d", row.Amount)
	}
	for number, text := range want {
		if m.Field(number).Text() != text {
			return fmt.Errorf("%w: field %d", ErrMismatch, number)
		}
	}
	return nil
}

// takeOutcome reads the code of an answer to a reversal: 25 is the bank's that has never heard of the original, and which
// would still do it.
func takeOutcome(code string) payment.Outcome {
	switch code {
	case "00", "12":
		return payment.OutcomeUndone
	case "25":
		return payment.OutcomeAbsent
	}
	return payment.OutcomeUnknown
}
