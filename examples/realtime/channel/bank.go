package channel

import (
	"context"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/payment"
)

// Bank is the line to a card network's host. What it does not answer is reversed: it cannot be asked.
type Bank struct {
	link   *link
	codec  *BankCodec
	ctx    context.Context
	cancel context.CancelFunc
}

var _ Channel = (*Bank)(nil)

// NewBank makes a channel to a bank; it dials when it is first needed.
func NewBank(address string, codec *BankCodec) *Bank {
	config := dialect.BankLine()
	config.HandshakeTimeout = time.Second
	b := &Bank{link: newLink(address, config), codec: codec}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// Close ends the line; who waits for an answer gets none.
func (b *Bank) Close() {
	b.cancel()
	b.link.close()
}

// Ask implements Channel.
func (b *Bank) Ask(within time.Duration, a *Ask, done func(payment.Answer)) {
	frame, err := b.codec.AppendRequest(nil, a)
	a.Card = Card{}
	if err != nil {
		go done(unsent(a))
		return
	}
	go func() {
		defer clear(frame)
		done(b.exchange(within, a, frame))
	}()
}

func (b *Bank) exchange(within time.Duration, a *Ask, frame []byte) payment.Answer {
	ctx, cancel := context.WithTimeout(b.ctx, within)
	defer cancel()
	send := b.link.Exchange
	if a.Again || a.Verb == payment.Take { // an earlier sending may have timed out
		send = b.link.Repeat
	}
	reply, err := send(ctx, frame, nil)
	if err != nil {
		if connection.SafeToRetry(err) {
			return unsent(a)
		}
		return payment.Answer{}
	}
	defer clear(reply)
	answer, _ := b.codec.Judge(a, reply)
	return answer
}
