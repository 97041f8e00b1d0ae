package terminal

import (
	"context"
	"fmt"

	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
)

// exchange sends a message without a code, such as a sign-in, and returns the answer that belongs to it.
func (t *Terminal) exchange(ctx context.Context, m *message.Message) (*message.Message, error) {
	frame, err := m.Pack()
	if err != nil {
		return nil, err
	}
	answer, err := t.send(ctx, frame)
	if err != nil {
		return nil, err
	}
	return answer, belongs(answer, m)
}

// send exchanges a frame on a connection of its own.
func (t *Terminal) send(ctx context.Context, frame []byte) (*message.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, t.cfg.Timeout)
	defer cancel()
	reply, err := t.line.Exchange(ctx, frame, nil)
	if err != nil {
		return nil, err
	}
	answer := dialect.Terminal.New()
	if err := answer.Unpack(reply); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return answer, nil
}

// belongs checks that an answer is one to the request: the type, and what the acquirer must repeat.
func belongs(answer, request *message.Message) error {
	mti := []byte(request.MTI())
	mti[2]++
	if answer.MTI() != string(mti) || !answer.Has(39) {
		return fmt.Errorf("%w: it is of another type", ErrAnswer)
	}
	for _, number := range []int{3, 4, 11, 41, 42} {
		if v := request.Field(number); v.Present() && answer.Field(number).Text() != v.Text() {
			return fmt.Errorf("%w: field %d differs", ErrAnswer, number)
		}
	}
	return nil
}

// trusted checks the answer to a transaction, whose code must be right too.
func (t *Terminal) trusted(answer, request *message.Message, keys *dialect.WorkKeys) error {
	if err := belongs(answer, request); err != nil {
		return err
	}
	if err := answer.VerifyMAC(keys.Verify); err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return nil
}

// wantsSignIn notes an answer that asks for new keys. It is believed without a code: a sign-in does no harm.
func (t *Terminal) wantsSignIn(answer *message.Message) {
	switch answer.Field(39).Text() {
	case "77", "97", "99", "A0":
		t.mu.Lock()
		defer t.mu.Unlock()
		t.stale = true
	}
}
