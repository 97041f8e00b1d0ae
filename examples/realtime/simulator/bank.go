package simulator

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

// Account is a card of the bank. The PIN is kept as its verification value.
type Account struct {
	PAN, PVV string
}

// BankKeys are what the bank shares with the acquirer, and its own key for PINs.
type BankKeys struct {
	PIN          crypto.PINKey // the zone's, for PIN blocks
	MAC          crypto.MACKey // the zone's, for X9.19
	Verification crypto.PVK
}

// Bank authorises card payments and keeps what it holds. It declines a wrong PIN with 55 and a card it does not know with
// 14. A request that it has seen before gets the same answer and moves nothing; another one under the same reference is
// refused with 94. What an amount ends in decides the rest: 51 is declined for want of funds, 10 approved in part, 11 and
// 16 approved with those codes, 96 and 99 held but answered with 96 and with a code that no table has, 68 not held and
// answered with 68. A reversal of what it has never heard of is answered with 25, and the payment is taken when it comes
// all the same, as real banks do.
type Bank struct {
	Faults Faults

	book
	keys     BankKeys
	mac      *mac.MAC
	accounts map[string]Account
	server   connection.Server
}

// NewBank makes a bank with its accounts.
func NewBank(keys BankKeys, accounts []Account) (*Bank, error) {
	m, err := mac.New(keys.MAC, mac.X919())
	if err != nil {
		return nil, err
	}
	b := &Bank{keys: keys, mac: m, accounts: make(map[string]Account)}
	for _, a := range accounts {
		b.accounts[a.PAN] = a
	}
	b.server.Config = dialect.BankLine()
	b.server.Config.Handler = b.handle
	return b, nil
}

// Keep keeps the bank's books in a file, and takes from it what an earlier process wrote.
func (b *Bank) Keep(path string) error { return b.keep(path, func(*Holding) {}) }

// Server returns what serves the bank's line.
func (b *Bank) Server() *connection.Server { return &b.server }

// handle is the connection.Handler.
func (b *Bank) handle(c *connection.Conn, frame, reply []byte) ([]byte, error) {
	fault, delay := b.Faults.Next()
	if fault == Deaf {
		return nil, nil
	}
	reply, err := b.Serve(frame, reply)
	if err != nil {
		return nil, err
	}
	return b.spoil(c, reply, fault, delay)
}

// Serve answers one message in fair weather.
func (b *Bank) Serve(frame, reply []byte) ([]byte, error) {
	request := dialect.Bank.New()
	defer request.Wipe()
	if err := request.Unpack(frame); err != nil {
		return nil, err
	}
	response, err := message.Response(request)
	if err != nil {
		return nil, err
	}
	defer response.Wipe()
	if err := request.VerifyMAC(b.mac.Verify); err != nil {
		response.Set(39, "A0")
	} else if strings.HasPrefix(request.MTI(), "04") {
		response.Set(39, b.undo(request))
	} else {
		b.pay(request, response)
	}
	return response.AppendPackMAC(reply, b.mac.Append)
}

// spoil lets a fault happen to the answer.
func (b *Bank) spoil(c *connection.Conn, reply []byte, fault Fault, delay time.Duration) ([]byte, error) {
	switch fault {
	case Silent:
		return nil, nil
	case Late:
		frame := append([]byte(nil), reply...)
		time.AfterFunc(delay, func() { c.Post(context.Background(), frame) })
		return nil, nil
	case Twice:
		c.Post(c.Context(), append([]byte(nil), reply...))
	case Broken:
		c.Close()
		return nil, nil
	}
	return reply, nil
}

// number is what names a message besides its reference: STAN and transmission time.
func number(request *message.Message) string {
	return request.Field(11).Text() + request.Field(7).Text()
}

// asked is a holding as a request asks for it.
func (b *Bank) asked(request *message.Message) Holding {
	amount, _ := request.Field(4).Int64()
	h := Holding{Amount: amount, Merchant: request.Field(42).Text(), Terminal: request.Field(41).Text(), number: number(request),
		payer: b.payer(request.Field(2).Text()), Original: request.Field(48).Text()}
	switch {
	case request.MTI()[:2] == "01":
		h.Kind = HoldAuth
	case request.Field(3).Equal("200000"):
		h.Kind = HoldRefund
	case h.Original != "":
		h.Kind = HoldCompletion
	}
	return h
}

// payer is what the books have in the place of a card number.
func (b *Bank) payer(pan string) string {
	code, err := b.mac.Append(nil, []byte(pan))
	if err != nil {
		return ""
	}
	return hex.EncodeToString(code)
}

// same reports whether a request asks for what is held already.
func (h *Holding) same(o *Holding) bool {
	return h.Amount == o.Amount && h.Kind == o.Kind && h.number == o.number && h.Merchant == o.Merchant && h.Terminal == o.Terminal &&
		h.payer == o.payer && h.Original == o.Original
}

// pay authorises a payment, or a refund.
func (b *Bank) pay(request, response *message.Message) {
	fresh := b.asked(request)
	code := b.check(request, &fresh)
	b.with(request.Field(37).Text(), func(h *Holding) *Holding {
		if h != nil && !h.same(&fresh) {
			response.Set(39, "94")
			return nil
		}
		if h == nil {
			h = &fresh
			b.authorise(h, code)
		}
		response.Set(39, h.Code)
		if h.Code == "10" {
			response.SetInt(4, h.Held)
		}
		if h.State == Held {
			response.Set(38, h.Name)
		}
		return h
	})
}

// authorise decides what the amount decides. The book is locked.
func (b *Bank) authorise(h *Holding, code string) {
	if h.Code = code; code != "00" {
		return
	}
	if h.Kind == HoldRefund && !b.giveBack(h.Original, h.Amount) {
		h.Code = "12"
		return
	}
	h.State, h.Held, h.Name = Held, h.Amount, fmt.Sprintf("A%05d", len(b.holdings)+1)
	if h.Kind == HoldRefund {
		return
	}
	switch h.Amount % 100 {
	case 10:
		h.Code, h.Held = "10", max(h.Amount/2, 1)
	case 11:
		h.Code = "11"
	case 16:
		h.Code = "16"
	case 96:
		h.Code = "96"
	case 99:
		h.Code = "Z9"
	case 68:
		h.State, h.Held, h.Code = Refused, 0, "68"
	}
}

func (b *Bank) check(request *message.Message, h *Holding) string {
	if h.Kind == HoldCompletion {
		return b.checkOriginal(h)
	}
	if h.Kind == HoldRefund {
		return "00"
	}
	account, known := b.accounts[request.Field(2).Text()]
	switch {
	case !known:
		return "14"
	case h.Amount%100 == 51:
		return "51"
	case !request.Has(52):
		return "00"
	}
	pin := pinblock.Encrypted{Key: b.keys.PIN, Layout: pinblock.ISO0, PAN: crypto.Hide(account.PAN), Block: request.Field(52).Bytes()}
	data := pinblock.PVVData{PAN: crypto.Hide(account.PAN), KeyIndex: 1}
	if (pinblock.Software{}).VerifyPVV(context.Background(), pin, b.keys.Verification, data, account.PVV) != nil {
		return "55"
	}
	return "00"
}

// checkOriginal looks for the pre-authorisation that a completion takes from.
func (b *Bank) checkOriginal(h *Holding) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if auth := b.holdings[h.Original]; auth == nil || auth.Kind != HoldAuth || auth.State != Held || h.Amount*100 > auth.Held*115 {
		return "12"
	}
	return "00"
}

// undo gives back what a payment holds. Field 90 must name the message that the payment came in.
func (b *Bank) undo(request *message.Message) (code string) {
	amount, _ := request.Field(4).Int64()
	b.with(request.Field(37).Text(), func(h *Holding) *Holding {
		code = "00"
		switch {
		case h == nil:
			code = "25"
		case h.Amount != amount:
			code = "64"
		case len(request.Field(90).Text()) < 20 || request.Field(90).Text()[4:20] != h.number:
			code = "30"
		case h.Kind == HoldRefund || h.Refunded > 0:
			code = "40"
		case h.State == Held:
			h.State = Undone
		}
		return h
	})
	return code
}
