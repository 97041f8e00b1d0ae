package channel

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
)

// Wallet is a wallet that takes pay codes, as WeChat Pay does, over a small JSON protocol: pay, query, cancel. Each
// request and each answer is signed, see WalletSignature.
type Wallet struct {
	url    string
	client *http.Client
	mac    *mac.MAC
}

var (
	_ Channel = (*Wallet)(nil)
	_ Querier = (*Wallet)(nil)
)

// WalletRequest is the body of POST /pay, /query and /cancel. The last two have the number only.
type WalletRequest struct {
	Number   string `json:"out_trade_no"`
	Code     string `json:"auth_code,omitempty"`
	Amount   int64  `json:"amount,omitempty"` // minor units
	Currency string `json:"currency,omitempty"`
	Merchant string `json:"merchant,omitempty"`
}

// WalletReply is the answer.
type WalletReply struct {
	Number      string       `json:"out_trade_no"`
	Status      WalletStatus `json:"status"`
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

// NewWallet makes a channel to the wallet at that URL.
func NewWallet(url string, key crypto.MACKey) (*Wallet, error) {
	m, err := mac.New(key, mac.Algorithm{Scheme: crypto.HMACSHA256})
	return &Wallet{url: url, client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}, mac: m}, err
}

// Close ends the idle connections.
func (w *Wallet) Close() { w.client.CloseIdleConnections() }

// Pay implements Channel.
func (w *Wallet) Pay(ctx context.Context, p Payment) (Answer, error) {
	reply, err := w.post(ctx, "/pay", WalletRequest{p.Reference, p.PayCode, p.Amount, p.Currency, p.Merchant})
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return Answer{Outcome: Declined, Code: "92"}, err
		}
		return Answer{}, err
	}
	return reply.answer(), nil
}

// Query implements Querier.
func (w *Wallet) Query(ctx context.Context, reference string) (Answer, error) {
	reply, err := w.post(ctx, "/query", WalletRequest{Number: reference})
	if err != nil {
		return Answer{}, err
	}
	return reply.answer(), nil
}

// Undo implements Channel: what was paid is refunded, what comes later is refused.
func (w *Wallet) Undo(ctx context.Context, u Undoing) error {
	reply, err := w.post(ctx, "/cancel", WalletRequest{Number: u.Reference})
	if err == nil && reply.Status != WalletClosed && reply.Status != WalletFailed {
		err = fmt.Errorf("%w: %s", ErrRefused, reply.Status)
	}
	return err
}

func (r WalletReply) answer() Answer {
	switch r.Status {
	case WalletSuccess:
		return Answer{Outcome: Approved, Code: "00", Authorisation: r.Transaction}
	case WalletFailed, WalletClosed:
		return Answer{Outcome: Declined, Code: r.Reason}
	case WalletNotFound:
		return Answer{Outcome: Absent}
	}
	return Answer{}
}

const maxWalletReply = 64 << 10

func (w *Wallet) post(ctx context.Context, path string, request WalletRequest) (reply WalletReply, err error) {
	body, err := json.Marshal(request)
	if err != nil {
		return reply, err
	}
	signature, err := w.mac.Append(nil, body)
	if err != nil {
		return reply, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+path, bytes.NewReader(body))
	if err != nil {
		return reply, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(WalletSignature, hex.EncodeToString(signature))
	response, err := w.client.Do(r)
	if err != nil {
		return reply, err
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(response.Body, maxWalletReply)); err != nil {
		return reply, err
	}
	if response.StatusCode != http.StatusOK {
		return reply, fmt.Errorf("channel: wallet answered %s", response.Status)
	}
	if signature, err = hex.DecodeString(response.Header.Get(WalletSignature)); err != nil {
		return reply, err
	}
	if err := w.mac.Verify(body, signature); err != nil {
		return reply, err
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return reply, err
	}
	if reply.Number != request.Number {
		return reply, errors.New("channel: wallet answered for another payment")
	}
	return reply, nil
}
