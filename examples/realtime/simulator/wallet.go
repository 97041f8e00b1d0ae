package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/emv/qr"
	"github.com/posline/posline/examples/realtime/channel"
)

// Wallet takes pay codes, each once. Amounts from PasswordFrom on wait for the payer, who needs as long as two queries;
// amounts that end in 51 are refused with 51. It speaks the protocol of channel.Wallet.
type Wallet struct {
	Faults Faults

	book
	mac  *mac.MAC
	used map[[32]byte]string // hash of the pay code to the payment it was used for
}

// PasswordFrom is the amount, in minor units, from which the payer must type a password.
const PasswordFrom = 200_00

// NewWallet makes a wallet that shares the key with the acquirer.
func NewWallet(key crypto.MACKey) (*Wallet, error) {
	m, err := mac.New(key, mac.Algorithm{Scheme: crypto.HMACSHA256})
	return &Wallet{mac: m, used: make(map[[32]byte]string)}, err
}

// ServeHTTP implements http.Handler.
func (w *Wallet) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	fault, delay := w.Faults.Next()
	if fault == Deaf {
		panic(http.ErrAbortHandler) // the connection breaks
	}
	body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, 64<<10))
	signature, hexErr := hex.DecodeString(r.Header.Get(channel.WalletSignature))
	if err != nil || hexErr != nil || w.mac.Verify(body, signature) != nil {
		http.Error(out, "signature", http.StatusForbidden)
		return
	}
	var request channel.WalletRequest
	if err := json.Unmarshal(body, &request); err != nil {
		http.Error(out, "body", http.StatusBadRequest)
		return
	}
	reply := channel.WalletReply{Number: request.Number}
	switch r.URL.Path {
	case "/pay":
		w.pay(request, &reply)
	case "/query":
		w.query(&reply)
	case "/cancel":
		w.cancel(&reply)
	default:
		http.NotFound(out, r)
		return
	}
	switch fault {
	case Silent, Broken:
		panic(http.ErrAbortHandler)
	case Late:
		time.Sleep(delay)
	}
	w.answer(out, reply)
}

func (w *Wallet) answer(out http.ResponseWriter, reply channel.WalletReply) {
	body, err := json.Marshal(reply)
	if err != nil {
		http.Error(out, "reply", http.StatusInternalServerError)
		return
	}
	signature, err := w.mac.Append(nil, body)
	if err != nil {
		http.Error(out, "signature", http.StatusInternalServerError)
		return
	}
	out.Header().Set(channel.WalletSignature, hex.EncodeToString(signature))
	out.Write(body)
}

func (w *Wallet) pay(request channel.WalletRequest, reply *channel.WalletReply) {
	code, ok := qr.Recognize(request.Code, qr.Scanner)
	hash := sha256.Sum256([]byte(request.Code))
	w.with(request.Number, func(h *Holding) *Holding {
		if h == nil {
			h = &Holding{Amount: request.Amount, State: Refused, Code: "51", Name: fmt.Sprintf("W%05d", len(w.holdings)+1)}
			switch number, used := w.used[hash]; {
			case !ok || code.Wallet != qr.WeChatPay || used && number != request.Number:
				h.Code = "14"
			case request.Amount%100 == 51:
			case request.Amount >= PasswordFrom:
				h.State, h.left = Waiting, 2
			default:
				h.State = Held
			}
			w.used[hash] = request.Number
		}
		describe(h, reply)
		return h
	})
}

func (w *Wallet) query(reply *channel.WalletReply) {
	w.with(reply.Number, func(h *Holding) *Holding {
		if h != nil && h.State == Waiting {
			if h.left--; h.left <= 0 {
				h.State = Held
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
		case h.State == Held:
			h.State, h.Code = Undone, "22"
		case h.State == Waiting:
			h.State, h.Code = Refused, "22"
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
	reply.Transaction, reply.Reason = h.Name, h.Code
	reply.Status = map[HoldingState]channel.WalletStatus{
		Refused: channel.WalletFailed, Held: channel.WalletSuccess, Undone: channel.WalletClosed,
		Barred: channel.WalletClosed, Waiting: channel.WalletPaying,
	}[h.State]
}
