package channel

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/posline/posline/examples/realtime/payment"
)

// Wallet is the line to a wallet that takes pay codes, over HTTP.
type Wallet struct {
	url    string
	client *http.Client
	codec  *WalletCodec
	ctx    context.Context
	cancel context.CancelFunc
}

var _ Channel = (*Wallet)(nil)

// NewWallet makes a channel to the wallet at that URL.
func NewWallet(url string, codec *WalletCodec) *Wallet {
	w := &Wallet{url: url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}, codec: codec}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

// Close ends the line; who waits for an answer gets none.
func (w *Wallet) Close() {
	w.cancel()
	w.client.CloseIdleConnections()
}

// Ask implements Channel.
func (w *Wallet) Ask(within time.Duration, a *Ask, done func(payment.Answer)) {
	path, body, signature, err := w.codec.Request(a)
	a.Card = Card{}
	if err != nil {
		go done(unsent(a))
		return
	}
	go func() {
		reply, signed, err := w.post(within, path, body, signature)
		var op *net.OpError
		if err != nil {
			if errors.As(err, &op) && op.Op == "dial" {
				done(unsent(a))
			} else {
				done(payment.Answer{})
			}
			return
		}
		answer, _ := w.codec.Judge(a, reply, signed)
		done(answer)
	}()
}

const maxWalletReply = 64 << 10

func (w *Wallet) post(within time.Duration, path string, body, signature []byte) (reply, signed []byte, err error) {
	ctx, cancel := context.WithTimeout(w.ctx, within)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(WalletSignature, hex.EncodeToString(signature))
	response, err := w.client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if reply, err = io.ReadAll(io.LimitReader(response.Body, maxWalletReply)); err != nil {
		return nil, nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("channel: wallet answered %s", response.Status)
	}
	signed, err = hex.DecodeString(response.Header.Get(WalletSignature))
	return reply, signed, err
}
