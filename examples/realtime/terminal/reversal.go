package terminal

import (
	"context"
	"path/filepath"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/saf"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
)

// acquirer is the one destination of the queue.
const acquirer = "acquirer"

// voiding is the processing code, field 3, of a void.
const voiding = "200000"

// The reasons of a reversal, field 39.
const (
	noAnswer = "98"
	wrongMAC = "A0"
)

// reversalOf makes the reversal of a sale or void. It carries no card data; the frame's code is made anew when it is sent.
func reversalOf(m *message.Message, keys *dialect.WorkKeys) ([]byte, error) {
	r, err := message.Reversal(m)
	if err != nil {
		return nil, err
	}
	r.Set(39, noAnswer)
	return r.AppendPackMAC(nil, keys.Sign)
}

// replaceReversal puts one with the reason of a wrong code in the place of the one on hold. Between the two steps there
// are both, which does no harm.
func (t *Terminal) replaceReversal(held uint64, frame []byte) {
	r := dialect.Terminal.New()
	if r.Unpack(frame) == nil && r.Set(39, wrongMAC) == nil {
		if changed, err := r.Pack(); err == nil {
			if _, err := t.queue.Add(acquirer, changed); err == nil && t.queue.Withdraw(held) == nil {
				return
			}
		}
	}
	t.queue.Release(held)
}

func (t *Terminal) openQueue(key crypto.DataKey) (*saf.Queue, error) {
	seal, err := key.AEAD()
	if err != nil {
		return nil, err
	}
	store, err := saf.OpenFile(filepath.Join(t.cfg.Folder, "reversals"), saf.FileOptions{Seal: seal})
	if err != nil {
		return nil, err
	}
	queue, err := saf.New(saf.Config{
		Store:    store,
		Route:    func(context.Context, string) (connection.Exchanger, error) { return reversalLine{t}, nil },
		Judge:    t.judge,
		Timeout:  3 * t.cfg.Timeout, // a sign-in may come before
		RetryMin: t.cfg.Retry,
		RetryMax: 8 * t.cfg.Retry,
	})
	if err != nil {
		store.Close()
	}
	return queue, err
}

// reversalLine sends a recorded reversal with a code under the keys of now: those it was recorded under may have changed.
type reversalLine struct{ t *Terminal }

func (l reversalLine) Exchange(ctx context.Context, frame, dst []byte) ([]byte, error) {
	keys, err := l.t.workKeys(ctx)
	if err != nil {
		return dst, &connection.Error{Op: "sign-in", Sent: connection.SentNo, Err: err}
	}
	m := dialect.Terminal.New()
	if err := m.Unpack(frame); err != nil {
		return dst, &connection.Error{Op: "unpack", Sent: connection.SentNo, Err: err}
	}
	signed, err := m.AppendPackMAC(nil, keys.Sign)
	if err != nil {
		return dst, &connection.Error{Op: "pack", Sent: connection.SentNo, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, l.t.cfg.Timeout)
	defer cancel()
	return l.t.line.Exchange(ctx, signed, dst)
}

// judge reads the answer to a reversal: undone with 00, 12 and 25; with 22 it was a void, and stands.
func (t *Terminal) judge(sent saf.Entry, reply []byte) saf.Verdict {
	request, answer := dialect.Terminal.New(), dialect.Terminal.New()
	if request.Unpack(sent.Frame) != nil || answer.Unpack(reply) != nil {
		return saf.Again
	}
	t.wantsSignIn(answer)
	t.mu.Lock()
	keys := t.keys
	t.mu.Unlock()
	if t.trusted(answer, request, keys) != nil {
		return saf.Again
	}
	status := Undone
	switch code := answer.Field(39).Text(); {
	case code == "00" || code == "12" || code == "25":
	case code == "22" && request.Field(3).Equal(voiding):
		status = Approved
	default:
		return saf.Again
	}
	if entry := t.journal.find(request.Get("60.2").Text(), request.Field(11).Text()); entry != nil {
		t.journal.update(entry, func(e *Entry) {
			e.Status = status
			if status == Approved {
				t.takenBack(e)
			}
		})
	}
	return saf.Done
}
