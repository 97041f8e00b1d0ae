package acquirer

import (
	"context"
	"encoding/hex"
	"strings"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv/paycode"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

const maxOrder = 32 // characters

// dispatch returns the response code, or codeLater.
func (s *Switch) dispatch(x *exchange) (code string) {
	switch mti := x.request.MTI(); {
	case mti == "0800" && x.request.Get("60.3").Equal("003"):
		return s.signIn(x)
	case mti == "0820" && x.request.Get("60.3").Equal("301"):
		return "00" // echo
	case mti == "0400":
		return s.reversal(x)
	}
	kind := kindOf(x.request)
	if !kind.Known() {
		return "12"
	}
	if x.batchOver {
		s.refuseBatch(x)
		return codeLater
	}
	return s.transaction(x, kind)
}

// kindOf tells what a request asks for; for a reversal, what it reverses.
func kindOf(m *message.Message) payment.Kind {
	preauthorised := m.Field(25).Equal("06")
	reversal := m.MTI() == "0400"
	switch family, processing := m.MTI()[:2], m.Field(3).Text(); {
	case m.MTI() == "0220" && processing == "200000":
		return payment.Refund
	case m.MTI()[2:] != "00":
		return 0
	case processing == "000000" && preauthorised && (family == "02" || reversal):
		return payment.Completion
	case processing == "000000" && (family == "02" || reversal):
		return payment.Sale
	case processing == "030000" && (family == "01" || reversal):
		return payment.Auth
	case processing == "200000":
		return payment.Void
	}
	return 0
}

// transaction reads a request and begins its flight. The PIN has moved, and all that can be refused without the ledger
// has been, before anything is recorded.
func (s *Switch) transaction(x *exchange, kind payment.Kind) (code string) {
	row, code := s.row(x, kind)
	if code != "" {
		return code
	}
	e := payment.Event{Kind: payment.Requested}
	if kind == payment.Sale || kind == payment.Auth {
		if code := s.payer(x, &row); code != "" {
			return code
		}
	} else {
		e.Original = payment.Origin{Acquirer: x.origin.Acquirer, Terminal: x.origin.Terminal, Batch: x.request.Get("61.1").Text(), STAN: x.request.Get("61.2").Text()}
		if e.Original.Batch == "" || e.Original.STAN == "" {
			return "30"
		}
		row.Channel = channelOf(row.Entry)
	}
	x.seedCard(&row)
	row.ID = s.nextID()
	terms := s.terms(row.Merchant)
	row.FeePPM = terms.FeePPM
	e.Ceiling, e.Row = terms.Ceiling, row
	s.launch(row.Channel, x, e)
	return codeLater
}

func (s *Switch) terms(merchant string) Terms {
	if t, ok := s.cfg.Merchants[merchant]; ok {
		return t
	}
	return Terms{FeePPM: DefaultFeePPM}
}

// row reads what every request has. A code tells what is wrong with it.
func (s *Switch) row(x *exchange, kind payment.Kind) (row payment.Row, code string) {
	amount, err := x.request.Field(4).Int64()
	if err != nil || amount <= 0 {
		return row, "13"
	}
	if !x.request.Field(49).Equal("156") {
		return row, "30"
	}
	now := s.cfg.Clock.Now()
	return payment.Row{Kind: kind, Origin: x.origin, Merchant: x.terminal.Merchant, Amount: amount, Currency: "156",
		Entry: x.request.Field(22).Text(), Day: s.cfg.Day.Of(now), At: now.UnixMilli()}, ""
}

// payer reads order and payer of a sale or pre-authorisation, and moves the PIN.
func (s *Switch) payer(x *exchange, row *payment.Row) (code string) {
	row.Order = string(x.request.Get(dialect.Order).Bytes())
	if row.Order == "" || len(row.Order) > maxOrder || strings.ContainsFunc(row.Order, notPrintable) {
		return "30"
	}
	switch track2, payCode := x.request.Field(35), x.request.Get("59.A3"); {
	case payCode.Present() && row.Kind == payment.Sale:
		return s.byCode(x, row, payCode.Text())
	case track2.Present():
		return s.byCard(x, row, track2.Text())
	}
	return "40"
}

func (s *Switch) byCode(x *exchange, row *payment.Row, code string) string {
	recognized, ok := paycode.Recognize(code, paycode.Scanner)
	if !ok || recognized.Wallet != paycode.WeChatPay || channelOf(row.Entry) != Wallet {
		return "40"
	}
	row.Channel, row.Payer, x.card.PayCode = Wallet, recognized.Masked(), recognized.Text()
	return s.hash(row, x.card.PayCode)
}

func (s *Switch) byCard(x *exchange, row *payment.Row, track2 string) string {
	pan, _, separated := strings.Cut(track2, "D")
	if !separated || len(pan) < 13 || len(pan) > 19 || channelOf(row.Entry) != Bank {
		return "14"
	}
	row.Channel, row.Payer = Bank, maskPAN(pan)
	x.card.PAN, x.card.Track2 = pan, track2
	if x.request.Has(52) {
		block, err := s.translatePIN(x, pan)
		if err != nil {
			return "99"
		}
		x.card.PINBlock = block
	}
	return s.hash(row, pan)
}

func (s *Switch) hash(row *payment.Row, payer string) (code string) {
	hash, err := s.cfg.PayerHash.Append(nil, []byte(payer))
	if err != nil {
		return "96"
	}
	row.Hash = hex.EncodeToString(hash)
	return ""
}

// translatePIN moves the PIN from the terminal's key to the bank's.
func (s *Switch) translatePIN(x *exchange, pan string) ([]byte, error) {
	in := pinblock.Encrypted{Key: x.keys.PIN, Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: x.request.Field(52).Bytes()}
	out := pinblock.Target{Key: s.cfg.ZonePIN, Layout: pinblock.ISO0, PAN: crypto.Hide(pan)}
	return pinblock.Software{}.TranslatePIN(context.Background(), nil, in, out)
}

// reversal begins the flight of a reversal: it names a request, and must agree with it in kind, amount and entry mode.
func (s *Switch) reversal(x *exchange) (code string) {
	kind := kindOf(x.request)
	row, code := s.row(x, kind)
	switch {
	case code != "":
		return code
	case !kind.Known():
		return "12"
	}
	over := channelOf(row.Entry)
	s.launch(over, x, payment.Event{Kind: payment.ReversalAsked, Row: row})
	return codeLater
}

// channelOf tells who is asked, by POS entry mode, field 22: 03 is a code that was scanned.
func channelOf(entry string) string {
	if strings.HasPrefix(entry, "03") {
		return Wallet
	}
	return Bank
}

func notPrintable(r rune) bool { return r <= ' ' || r > '~' }

// maskPAN shows the first six and the last four digits (PCI DSS 3.4.1).
func maskPAN(pan string) string {
	return pan[:6] + strings.Repeat("*", len(pan)-10) + pan[len(pan)-4:]
}
