package acquirer

import (
	"strings"

	"github.com/posline/posline/emv/qr"
	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/pinblock"
)

// The names of the channels in the ledger.
const (
	Bank   = "bank"
	Wallet = "wallet"
)

const maxOrder = 32 // characters

// payment reads a sale. A code tells what is wrong with it.
func (s *Switch) payment(x *exchange) (t *ledger.Transaction, p channel.Payment, code string) {
	amount, err := x.request.Field(4).Int64()
	if err != nil || amount <= 0 {
		return nil, p, "13"
	}
	order := string(x.request.Get(dialect.Order).Bytes())
	if !x.request.Field(49).Equal("156") || order == "" || len(order) > maxOrder || strings.ContainsFunc(order, notPrintable) {
		return nil, p, "30"
	}
	t = &ledger.Transaction{Origin: x.origin, Day: x.day, MTI: x.request.MTI(), Merchant: x.terminal.Merchant, Order: order,
		Amount: amount, Currency: "CNY"}
	p = channel.Payment{Amount: amount, Currency: "156", Terminal: x.terminal.ID, Merchant: x.terminal.Merchant,
		EntryMode: x.request.Field(22).Text()}
	switch track2, payCode := x.request.Field(35), x.request.Get("59.A3"); {
	case payCode.Present():
		recognized, ok := qr.Recognize(payCode.Text(), qr.Scanner)
		if !ok || recognized.Wallet != qr.WeChatPay {
			return nil, p, "40"
		}
		t.Channel, t.Payer, p.PayCode = Wallet, recognized.Masked(), recognized.Text()
		t.PayerHash, err = s.cfg.PayerHash.Append(nil, []byte(p.PayCode))
	case track2.Present():
		var separated bool
		p.Track2 = track2.Text()
		if p.PAN, _, separated = strings.Cut(p.Track2, "D"); !separated || len(p.PAN) < 13 || len(p.PAN) > 19 {
			return nil, p, "14"
		}
		t.Channel, t.Payer = Bank, maskPAN(p.PAN)
		t.PayerHash, err = s.cfg.PayerHash.Append(nil, []byte(p.PAN))
	default:
		return nil, p, "40"
	}
	if err != nil {
		return nil, p, "96"
	}
	return t, p, ""
}

func notPrintable(r rune) bool { return r <= ' ' || r > '~' }

// maskPAN shows the first six and the last four digits (PCI DSS 3.4.1).
func maskPAN(pan string) string {
	return pan[:6] + strings.Repeat("*", len(pan)-10) + pan[len(pan)-4:]
}

// translatePIN moves the PIN from the terminal's key to the bank's.
func (s *Switch) translatePIN(x *exchange, pan string) ([]byte, error) {
	in := pinblock.Encrypted{Key: x.keys.PIN, Layout: pinblock.ISO0, PAN: pan, Block: x.request.Field(52).Bytes()}
	out := pinblock.Target{Key: s.cfg.ZonePIN, Layout: pinblock.ISO0, PAN: pan}
	return pinblock.Software{}.TranslatePIN(s.ctx, nil, in, out)
}

func (s *Switch) channel(t *ledger.Transaction) channel.Channel {
	if t.Channel == Wallet {
		return s.cfg.Wallet
	}
	return s.cfg.Bank
}
