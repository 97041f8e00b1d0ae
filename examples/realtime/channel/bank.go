package channel

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
)

// Bank is a card network's host, over ISO 8583:1987 with MACs (X9.19) under the zone's key. What it does not answer is
// reversed: it cannot be asked.
type Bank struct {
	link *link
	mac  *mac.MAC
}

var _ Channel = (*Bank)(nil)

// Institution is the acquirer's identification code, field 32.
const Institution = "48025800"

// NewBank makes a channel to a bank; it dials when it is first needed. A request waits for its answer as long as its
// context says.
func NewBank(address string, zone crypto.MACKey) (*Bank, error) {
	m, err := mac.New(zone, mac.X919())
	if err != nil {
		return nil, err
	}
	config := dialect.BankLine()
	config.HandshakeTimeout = time.Second
	return &Bank{link: &link{address: address, config: config}, mac: m}, nil
}

// Close ends the line.
func (b *Bank) Close() { b.link.close() }

// Pay implements Channel. What did not leave this machine is declined with 92.
func (b *Bank) Pay(ctx context.Context, p Payment) (Answer, error) {
	m, err := b.start("0200", p.Reference)
	if err != nil {
		return Answer{Outcome: Declined, Code: "96"}, err
	}
	defer m.Wipe()
	m.Set(2, p.PAN)
	m.Set(3, "000000")
	m.SetInt(4, p.Amount)
	m.Set(22, p.EntryMode)
	m.Set(25, "00")
	m.Set(35, p.Track2)
	m.Set(41, p.Terminal)
	m.Set(42, p.Merchant)
	m.Set(49, p.Currency)
	if p.PINBlock != nil {
		m.Set(26, "12")
		m.SetBytes(52, p.PINBlock)
	}
	answer, err := b.exchange(ctx, m, b.link.Exchange)
	switch {
	case err != nil && connection.SafeToRetry(err):
		return Answer{Outcome: Declined, Code: "92"}, err
	case err != nil:
		return Answer{}, err
	}
	defer answer.Wipe()
	return judge(answer), nil
}

func judge(answer *message.Message) Answer {
	switch code := answer.Field(39).Text(); code {
	case "00":
		return Answer{Outcome: Approved, Code: code, Authorisation: answer.Field(38).Trimmed()}
	case "09", "68", "96", "98", "":
		return Answer{Code: code} // the bank itself does not know
	default:
		return Answer{Outcome: Declined, Code: code}
	}
}

// Undo implements Channel with a reversal, which names the payment by its reference alone: the card number is not kept.
func (b *Bank) Undo(ctx context.Context, u Undoing) error {
	mti := "0400"
	if u.Again {
		mti = "0401"
	}
	m, err := b.start(mti, u.Reference)
	if err != nil {
		return err
	}
	m.Set(3, "000000")
	m.SetInt(4, u.Amount)
	m.Set(41, u.Terminal)
	m.Set(42, u.Merchant)
	m.Set(49, u.Currency)
	m.Set(90, "0200"+m.Field(11).Text()+fmt.Sprintf("%032d", 0))
	answer, err := b.exchange(ctx, m, b.link.Repeat) // an earlier sending may have timed out
	if err != nil {
		return err
	}
	switch answer.Field(39).Text() {
	case "00", "12", "25":
		return nil
	}
	return fmt.Errorf("%w: response code %v", ErrRefused, answer.Field(39))
}

// start begins a message with what every one has.
func (b *Bank) start(mti, reference string) (*message.Message, error) {
	number, err := strconv.ParseInt(reference, 10, 64)
	if err != nil || len(reference) != 12 {
		return nil, errors.New("channel: a reference is 12 digits")
	}
	m := dialect.Bank.New()
	m.SetMTI(mti)
	m.SetTime(7, time.Now().UTC())
	m.SetInt(11, (number-1)%999_999+1)
	m.Set(32, Institution)
	m.Set(37, reference)
	return m, nil
}

// exchange sends a message and returns the answer, whose code is right.
func (b *Bank) exchange(ctx context.Context, m *message.Message, send func(context.Context, []byte, []byte) ([]byte, error)) (*message.Message, error) {
	frame, err := m.AppendPackMAC(nil, func(data []byte) ([]byte, error) { return b.mac.Append(nil, data) })
	if err != nil {
		return nil, &connection.Error{Op: "pack", Sent: connection.SentNo, Err: err}
	}
	defer clear(frame)
	reply, err := send(ctx, frame, nil)
	if err != nil {
		return nil, err
	}
	defer clear(reply)
	answer := dialect.Bank.New()
	if err := answer.Unpack(reply); err != nil {
		return nil, err
	}
	return answer, answer.VerifyMAC(b.mac.Verify)
}
