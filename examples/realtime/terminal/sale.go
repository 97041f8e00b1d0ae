package terminal

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/posline/posline/emv/qr"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

// Sale is what the cashier keys in: an order, an amount, and a card or a pay code.
type Sale struct {
	Order  string // the merchant's number for what is paid, up to 32 characters
	Amount int64  // fen

	Track2 string // of a card that was swiped: PAN, D, expiry and so on
	PIN    pinblock.PIN

	PayCode qr.Code // of a wallet
}

// Sale takes a payment. The entry tells how it went; Uncertain means that the terminal does not know and is undoing it. An
// error comes with an entry that is not Approved, or with none when nothing was sent.
func (t *Terminal) Sale(ctx context.Context, s Sale) (Entry, error) {
	t.busy.Lock()
	defer t.busy.Unlock()
	pressed := time.Now()
	keys, err := t.ready(ctx)
	if err != nil {
		return Entry{}, err
	}
	m, err := t.build(s, keys)
	if err != nil {
		return Entry{}, err
	}
	defer m.Wipe()
	e := Entry{Order: s.Order, Method: "card", Amount: s.Amount, Pressed: pressed}
	if s.Track2 == "" {
		e.Method = "pay code"
	}
	return t.transact(ctx, m, keys, e)
}

func (t *Terminal) build(s Sale, keys *dialect.WorkKeys) (*message.Message, error) {
	m := t.start("0200")
	if err := t.number(m); err != nil {
		return nil, err
	}
	m.Set(3, "000000")
	m.SetInt(4, s.Amount)
	m.Set(25, "00")
	m.Set(49, "156")
	m.SetPath(dialect.Order, hex.EncodeToString([]byte(s.Order)))
	switch {
	case s.Track2 == "":
		m.Set(22, "032") // code, no PIN
		m.SetPath("59.A3", s.PayCode.Text())
		m.Set(60, "22"+t.batchNow()+"000")
		return m, m.Err()
	case s.PIN.Len() == 0:
		m.Set(22, "022") // stripe, no PIN
	default:
		m.Set(22, "021")
		if err := setPIN(m, s, keys); err != nil {
			return nil, err
		}
	}
	m.Set(35, s.Track2)
	m.Set(60, "22"+t.batchNow()+"00060")
	return m, m.Err()
}

func setPIN(m *message.Message, s Sale, keys *dialect.WorkKeys) error {
	pan, _, _ := strings.Cut(s.Track2, "D")
	block, err := pinblock.Encrypt(nil, keys.PIN, pinblock.ISO0, s.PIN, pan)
	if err != nil {
		return err
	}
	m.Set(26, "12")
	m.SetBytes(52, block)
	m.Set(53, "2600000000000000") // block made with the PAN, Triple DES
	return m.Err()
}
