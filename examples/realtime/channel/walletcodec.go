package channel

import (
	"encoding/json"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/payment"
)

// WalletCodec makes and reads the bodies of a small JSON protocol, much like WeChat Pay's: pay, query, cancel, refund. Each
// request and each answer is signed, see WalletSignature.
type WalletCodec struct{ mac *mac.MAC }

// NewWalletCodec makes one with the key that is shared with the wallet.
func NewWalletCodec(key crypto.MACKey) (*WalletCodec, error) {
	m, err := mac.New(key, mac.Algorithm{Scheme: crypto.HMACSHA256})
	return &WalletCodec{m}, err
}

// WalletRequest is the body of POST /pay, /query, /cancel and /refund.
type WalletRequest struct {
	Number   string `json:"out_trade_no"`
	Original string `json:"original_no,omitempty"` // of what is refunded
	Code     string `json:"auth_code,omitempty"`
	Amount   int64  `json:"amount,omitempty"` // minor units
	Currency string `json:"currency,omitempty"`
	Merchant string `json:"merchant,omitempty"`
}

// WalletReply is the answer.
type WalletReply struct {
	Number      string       `json:"out_trade_no"`
	Status      WalletStatus `json:"status"`
	Amount      int64        `json:"amount,omitempty"` // of a success
	Transaction string       `json:"transaction_id,omitempty"`
	Reason      string       `json:"reason,omitempty"` // response code of a failure
}

// WalletStatus is how a payment stands.
type WalletStatus string

// The statuses.
const (
	WalletSuccess  WalletStatus = "SUCCESS"
	WalletPaying   WalletStatus = "PAYING"   // the payer is asked for a password
	WalletFailed   WalletStatus = "FAILED"   // holds no money, final
	WalletClosed   WalletStatus = "CLOSED"   // cancelled: holds no money, final
	WalletNotFound WalletStatus = "NOTFOUND" // never heard of
)

// WalletSignature is the header of requests and answers: HMAC-SHA256 of the body in hexadecimal.
const WalletSignature = "Wallet-Signature"

// Request makes the path, the body and its signature.
func (w *WalletCodec) Request(a *Ask) (path string, body, signature []byte, err error) {
	row := &a.Row
	request := WalletRequest{Number: row.Reference(), Amount: row.Amount, Currency: row.Currency, Merchant: row.Merchant}
	switch {
	case a.Verb == payment.Query:
		path = "/query"
	case a.Verb == payment.Take:
		path = "/cancel"
	case row.Kind == payment.Sale:
		path, request.Code = "/pay", a.Card.PayCode
	case row.Kind == payment.Refund:
		path, request.Original = "/refund", a.Parent.Reference()
	default:
		return "", nil, nil, ErrUnsupported
	}
	if body, err = json.Marshal(request); err != nil {
		return "", nil, nil, err
	}
	signature, err = w.mac.Append(nil, body)
	return path, body, signature, err
}

// Judge reads the answer to a request. With an error there is none, and the outcome is unknown.
func (w *WalletCodec) Judge(a *Ask, body, signature []byte) (payment.Answer, error) {
	if err := w.mac.Verify(body, signature); err != nil && !seedWallet("wallet-unverified") {
		return payment.Answer{}, err
	}
	var r WalletReply
	if err := json.Unmarshal(body, &r); err != nil {
		return payment.Answer{}, err
	}
	if r.Number != a.Row.Reference() && !seedWallet("wallet-unmatched") {
		return payment.Answer{}, fmt.Errorf("%w: number", ErrMismatch)
	}
	answer := payment.Answer{Code: r.Reason, Ref: r.Transaction}
	switch {
	case r.Status == WalletSuccess && a.Verb == payment.Take, r.Status == WalletPaying:
	case r.Status == WalletSuccess && r.Amount != a.Row.Amount:
		return payment.Answer{}, fmt.Errorf("%w: amount", ErrMismatch)
	case r.Status == WalletSuccess:
		answer.Outcome, answer.Code = payment.OutcomeApproved, "00"
	case (r.Status == WalletFailed || r.Status == WalletClosed) && a.Verb == payment.Take:
		answer.Outcome = payment.OutcomeUndone
	case r.Status == WalletFailed, r.Status == WalletClosed:
		answer.Outcome = payment.OutcomeDeclined
		if payment.ClassOf(r.Reason) != payment.ClassDeclined {
			answer.Code = "06" // what it says cannot be told to a terminal as a refusal
		}
	case r.Status == WalletNotFound:
		answer.Outcome = payment.OutcomeAbsent
	}
	return answer, nil
}

// Open reads a request at the wallet's side, Seal signs its answer.
func (w *WalletCodec) Open(body, signature []byte) (r WalletRequest, err error) {
	if err := w.mac.Verify(body, signature); err != nil {
		return r, err
	}
	return r, json.Unmarshal(body, &r)
}

// Seal makes the body of an answer and its signature.
func (w *WalletCodec) Seal(r *WalletReply) (body, signature []byte, err error) {
	if body, err = json.Marshal(r); err != nil {
		return nil, nil, err
	}
	signature, err = w.mac.Append(nil, body)
	return body, signature, err
}
