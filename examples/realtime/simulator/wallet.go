package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/posline/posline/emv/paycode"
	"github.com/posline/posline/examples/realtime/channel"
)

// Wallet takes pay codes, each once. Amounts from PasswordFrom on wait for the payer, who needs as long as two queries;
// amounts that end in 51 are refused with 51. Its transaction numbers have 28 digits, as WeChat Pay's. It speaks the
// protocol of channel.WalletCodec.
type Wallet struct {
	Faults Faults

	book
	codec *channel.WalletCodec
	used  map[string]string // hash of the pay code to the payment it was used for
}

// PasswordFrom is the amount, in minor units, from which the payer must type a password.
const PasswordFrom = 200_00

// NewWallet makes a wallet.
func NewWallet(codec *channel.WalletCodec) *Wallet {
	return &Wallet{codec: codec, used: make(map[string]string)}
}

// Keep keeps the wallet's books in a file, and takes from it what an earlier process wrote.
func (w *Wallet) Keep(path string) error {
	return w.keep(path, func(h *Holding) {
		if h.payer != "" {
			w.used[h.payer] = h.Reference
		}
	})
}

// ServeHTTP implements http.Handler.
func (w *Wallet) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	fault, delay := w.Faults.Next()
	if fault == Deaf {
		panic(http.ErrAbortHandler) // the connection breaks
	}
	body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, 64<<10))
	signature, hexErr := hex.DecodeString(r.Header.Get(channel.WalletSignature))
	if err != nil || hexErr != nil {
		http.Error(out, "signature", http.StatusForbidden)
		return
	}
	reply, signed, err := w.Serve(r.URL.Path, body, signature)
	if err != nil {
		http.Error(out, "refused", http.StatusForbidden)
		return
	}
	switch fault {
	case Silent, Broken:
		panic(http.ErrAbortHandler)
	case Late:
		time.Sleep(delay)
	}
	out.Header().Set(channel.WalletSignature, hex.EncodeToString(signed))
	out.Write(reply)
}

// Serve answers one request in fair weather.
func (w *Wallet) Serve(path string, body, signature []byte) (reply, signed []byte, err error) {
	request, err := w.codec.Open(body, signature)
	if err != nil {
		return nil, nil, err
	}
	answer := channel.WalletReply{Number: request.Number}
	switch path {
	case "/pay":
		w.pay(request, &answer)
	case "/query":
		w.query(&answer)
	case "/cancel":
		w.cancel(&answer)
	case "/refund":
		w.refund(request, &answer)
	default:
		return nil, nil, fmt.Errorf("simulator: no %q", path)
	}
	return w.codec.Seal(&answer)
}

func (w *Wallet) name() string { return fmt.Sprintf("4200%024d", len(w.holdings)+1) }

func (w *Wallet) pay(request channel.WalletRequest, reply *channel.WalletReply) {
	code, ok := paycode.Recognize(request.Code, paycode.Scanner)
	sum := sha256.Sum256([]byte(request.Code))
	hash := hex.EncodeToString(sum[:])
	w.with(request.Number, func(h *Holding) *Holding {
		if h != nil && h.State != Barred && h.Amount != request.Amount {
			reply.Status, reply.Reason = channel.WalletFailed, "94"
			return nil
		}
		if h == nil {
			h = &Holding{Amount: request.Amount, State: Refused, Code: "51", Name: w.name(), Merchant: request.Merchant}
			switch number, used := w.used[hash]; {
			case !ok || code.Wallet != paycode.WeChatPay || used && number != request.Number:
				h.Code = "14"
			case request.Amount%100 == 51:
			case request.Amount >= PasswordFrom:
				h.State, h.left = Waiting, 2
			default:
				h.State, h.Held = Held, request.Amount
			}
			w.used[hash], h.payer = request.Number, hash
		}
		describe(h, reply)
		return h
	})
}

func (w *Wallet) query(reply *channel.WalletReply) {
	w.with(reply.Number, func(h *Holding) *Holding {
		if h != nil && h.State == Waiting {
			if h.left--; h.left <= 0 {
				h.State, h.Held = Held, h.Amount
			}
		}
		describe(h, reply)
		return h
	})
}

func (w *Wallet) cancel(reply *channel.WalletReply) {
	w.with(reply.Number, func(h *Holding) *Holding {
		switch {
		case h == nil:
			h = &Holding{State: Barred, Code: "22"}
		case h.Kind == HoldRefund || h.Refunded > 0:
		case h.State == Held:
			h.State, h.Code = Undone, "22"
		case h.State == Waiting:
			h.State, h.Code = Refused, "22"
		}
		describe(h, reply)
		return h
	})
}

func (w *Wallet) refund(request channel.WalletRequest, reply *channel.WalletReply) {
	w.with(request.Number, func(h *Holding) *Holding {
		if h == nil {
			h = &Holding{Amount: request.Amount, Kind: HoldRefund, Code: "12", Name: w.name(), Original: request.Original, Merchant: request.Merchant}
			if w.giveBack(request.Original, request.Amount) {
				h.State, h.Held = Held, request.Amount
			}
		}
		describe(h, reply)
		return h
	})
}

func describe(h *Holding, reply *channel.WalletReply) {
	if h == nil {
		reply.Status = channel.WalletNotFound
		return
	}
	reply.Amount, reply.Transaction, reply.Reason = h.Amount, h.Name, h.Code
	reply.Status = map[HoldingState]channel.WalletStatus{
		Refused: channel.WalletFailed, Held: channel.WalletSuccess, Undone: channel.WalletClosed,
		Barred: channel.WalletClosed, Waiting: channel.WalletPaying,
	}[h.State]
}
