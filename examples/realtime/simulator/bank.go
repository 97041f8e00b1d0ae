package simulator

import (
	"context"
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

// Bank authorises card payments and keeps what it holds. It declines a wrong PIN with 55, a card it does not know with
// 14 and amounts that end in 51 with 51, not enough funds. A request that it has seen before gets the same answer and
// moves nothing.
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

// Server returns what serves the bank's line.
func (b *Bank) Server() *connection.Server { return &b.server }

// handle is the connection.Handler.
func (b *Bank) handle(c *connection.Conn, frame, reply []byte) ([]byte, error) {
	fault, delay := b.Faults.Next()
	if fault == Deaf {
		return nil, nil
	}
	request := dialect.Bank.New()
	defer request.Wipe()
	if err := request.Unpack(frame); err != nil {
		return nil, err
	}
	response, err := message.Response(request)
	if err != nil {
		return nil, err
	}
	if err := request.VerifyMAC(b.mac.Verify); err != nil {
		response.Set(39, "A0")
	} else if strings.HasPrefix(request.MTI(), "04") {
		response.Set(39, b.undo(request))
	} else {
		b.pay(request, response)
	}
	reply, err = response.AppendPackMAC(reply, func(data []byte) ([]byte, error) { return b.mac.Append(nil, data) })
	if err != nil {
		return nil, err
	}
	return b.spoil(c, reply, fault, delay)
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

// pay authorises a sale.
func (b *Bank) pay(request, response *message.Message) {
	amount, _ := request.Field(4).Int64()
	code := b.check(request, amount)
	b.with(request.Field(37).Text(), func(h *Holding) *Holding {
		switch {
		case h != nil && h.State == Barred:
			h.Code = "22"
		case h != nil: // seen before
		case code != "00":
			h = &Holding{Amount: amount, State: Refused, Code: code}
		default:
			h = &Holding{Amount: amount, State: Held, Code: code, Name: fmt.Sprintf("A%05d", len(b.holdings)+1)}
		}
		response.Set(39, h.Code)
		if h.State == Held {
			response.Set(38, h.Name)
		}
		return h
	})
}

func (b *Bank) check(request *message.Message, amount int64) string {
	account, known := b.accounts[request.Field(2).Text()]
	switch {
	case !known:
		return "14"
	case amount%100 == 51:
		return "51"
	case !request.Has(52):
		return "00"
	}
	pin := pinblock.Encrypted{Key: b.keys.PIN, Layout: pinblock.ISO0, PAN: account.PAN, Block: request.Field(52).Bytes()}
	data := pinblock.PVVData{PAN: account.PAN, KeyIndex: 1, FirstFour: true}
	if (pinblock.Software{}).VerifyPVV(context.Background(), pin, b.keys.Verification, data, account.PVV) != nil {
		return "55"
	}
	return "00"
}

// undo gives back what a sale holds, and bars one that has not come yet.
func (b *Bank) undo(request *message.Message) (code string) {
	amount, _ := request.Field(4).Int64()
	b.with(request.Field(37).Text(), func(h *Holding) *Holding {
		code = "00"
		switch {
		case h == nil:
			code = "25"
			return &Holding{Amount: amount, State: Barred}
		case h.Amount != amount:
			code = "64"
		case h.State == Held:
			h.State = Undone
		}
		return h
	})
	return code
}
