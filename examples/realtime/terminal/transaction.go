package terminal

import (
	"context"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
)

// ready waits until nothing is pending: what is not undone yet goes before anything new.
func (t *Terminal) ready(ctx context.Context) (*dialect.WorkKeys, error) {
	waiting, cancel := context.WithTimeout(ctx, t.cfg.Timeout)
	defer cancel()
	if t.queue.Flush(waiting) != nil {
		return nil, ErrPending
	}
	return t.workKeys(ctx)
}

// transact sends a sale or a void, after its reversal is on the disk, and decides about the reversal by the answer.
func (t *Terminal) transact(ctx context.Context, m *message.Message, keys *dialect.WorkKeys, e Entry) (Entry, error) {
	frame, err := m.AppendPackMAC(nil, keys.Sign)
	if err != nil {
		return Entry{}, err
	}
	defer clear(frame)
	reversal, err := reversalOf(m, keys)
	if err != nil {
		return Entry{}, err
	}
	held, err := t.queue.Hold(acquirer, reversal)
	if err != nil {
		return Entry{}, err // nothing was sent, and nothing may be
	}
	e.Batch, e.STAN, e.Status, e.entry = m.Get("60.2").Text(), m.Field(11).Text(), Uncertain, m.Field(22).Text()
	entry := t.journal.add(e)
	answer, err := t.send(ctx, frame)
	if err == nil {
		t.wantsSignIn(answer)
		err = t.trusted(answer, m, keys)
	}
	status := t.decide(held, reversal, answer, err)
	return t.journal.update(entry, func(e *Entry) {
		e.Took = time.Since(e.Pressed)
		if status != Uncertain { // the reversal may already have been faster
			e.Status = status
		}
		if err == nil {
			e.Code, e.Reference, e.Authorisation = answer.Field(39).Text(), answer.Field(37).Text(), answer.Field(38).Trimmed()
		}
		if status == Approved && e.Void {
			t.takenBack(e)
		}
	}), err
}

// decide withdraws the reversal when the outcome is certain, and lets it go when it is not.
func (t *Terminal) decide(held uint64, reversal []byte, answer *message.Message, err error) Status {
	status := Uncertain
	switch {
	case connection.SafeToRetry(err):
		status = Declined
	case err == nil && answer.Field(39).Equal("00"):
		status = Approved
	case err == nil && !unknownCode(answer.Field(39).Text()):
		status = Declined
	}
	if status != Uncertain && t.queue.Withdraw(held) == nil {
		return status
	}
	if err != nil && answer != nil {
		t.replaceReversal(held, reversal)
		return Uncertain
	}
	t.queue.Release(held)
	return Uncertain
}

// unknownCode reports whether a response code says that the acquirer does not know the outcome either.
func unknownCode(code string) bool {
	switch code {
	case "09", "68", "96", "98":
		return true
	}
	return false
}
