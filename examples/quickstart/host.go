package main

import (
	"errors"
	"sync"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

// host is the acquirer's side, for one terminal. It hands out work keys and approves sales whose code and PIN are right.
type host struct {
	codec   *message.Codec
	master  crypto.KEK
	printer printer

	mu        sync.Mutex // guards what follows: connections of a Server run at the same time
	pin, code crypto.Key
	keys      *workKeys
}

// handle is the connection.Handler: it answers one frame.
func (h *host) handle(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	request := h.codec.New()
	defer request.Wipe()
	if err := request.Unpack(frame); err != nil {
		return nil, err // it says what is wrong and where, without card data
	}
	h.printer.received(request, frame)
	response, err := message.Response(request)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	response.SetTime(12, now)
	response.SetTime(13, now)
	response.Set(32, "00085500")
	response.Set(37, now.Format("060102150405"))
	switch {
	case request.MTI() == "0800":
		reply, err = h.signIn(response, reply)
	case request.MTI() == "0200" && h.keys != nil:
		reply, err = h.sale(request, response, reply)
	default:
		err = errors.New("no such service, or not signed in")
	}
	if err == nil {
		h.printer.sent(response, reply)
	}
	return reply, err
}

// signIn makes new work keys. Field 62 holds them under the master key, a single-length MAC key with zeros behind it.
func (h *host) signIn(response *message.Message, reply []byte) (_ []byte, err error) {
	if h.pin, err = crypto.GenerateKey(crypto.MustAttributes("P0TB00S"), 128); err != nil {
		return nil, err
	}
	if h.code, err = crypto.GenerateKey(crypto.MustAttributes("M1DC00S"), 64); err != nil {
		return nil, err
	}
	if h.keys, err = newWorkKeys(h.pin, h.code); err != nil {
		return nil, err
	}
	block, err := appendWrapped(nil, h.master, crypto.SchemeX, h.pin, 0)
	if err != nil {
		return nil, err
	}
	if block, err = appendWrapped(block, h.master, crypto.SchemeZ, h.code, 8); err != nil {
		return nil, err
	}
	response.Set(39, "00")
	response.SetBytes(62, block)
	return response.AppendPack(reply)
}

func (h *host) sale(request, response *message.Message, reply []byte) ([]byte, error) {
	code := h.authorise(request)
	response.Set(39, code)
	if code == "00" {
		response.Set(38, "A00001")
	}
	return response.AppendPackMAC(reply, h.keys.sign)
}

// authorise returns the response code. An issuer would also look at the account and the chip's cryptogram.
func (h *host) authorise(request *message.Message) string {
	if request.VerifyMAC(h.keys.mac.Verify) != nil {
		return "A0" // MAC error
	}
	entered, err := pinblock.Decrypt(h.keys.pin, pinblock.ISO0, request.Field(52).Bytes(), request.Field(2).Text())
	if err != nil {
		return "55" // wrong PIN
	}
	defer entered.Wipe()
	known, err := pinblock.ParsePIN([]byte(card.pin))
	if err != nil || !entered.Equal(known) {
		return "55"
	}
	return "00"
}
