package firmware

import (
	"context"
	"errors"

	"github.com/posline/posline/connection/saf"
	"github.com/posline/posline/message"
)

// tries is how often a reversal is sent before the terminal gives it up and tells its operator to call the acquirer.
const tries = 3

// ErrReversal is the error of a reversal that the host has not answered. No payment is taken until it has.
var ErrReversal = errors.New("firmware: a reversal is waiting for the host")

// ErrReversalFailed is the error of a reversal that was sent as often as it may be. It is told once, and again after a
// power cut until the terminal is used again: the operator must call the acquirer about the STAN that the log names.
var ErrReversalFailed = errors.New("firmware: a reversal has failed, call the acquirer")

// keepReversal puts the reversal of t.request on disk. It has the same STAN and no card data: field 35 is left out, and
// stripe sales have no field 2.
func (t *Terminal) keepReversal(reason string) (uint64, error) {
	if err := t.buildReversal(reason); err != nil {
		return 0, err
	}
	return t.journal.keep(t.undo)
}

func (t *Terminal) buildReversal(reason string) error {
	m := t.reversal
	if err := message.ReversalInto(m, t.request); err != nil {
		return err
	}
	m.Set(39, reason)
	undo, err := m.AppendPackMAC(t.undo[:0], t.config.PINPad.AppendMAC)
	if err == nil {
		t.undo = undo
	}
	return err
}

// settle does what the end of a sale asks of its reversal: a sale that stands or never left needs none.
func (t *Terminal) settle(id uint64, outcome error) error {
	unknown, open := errors.AsType[*Unknown](outcome)
	stan, _ := t.request.Field(11).Int64()
	if !open {
		if err := t.journal.drop(id); err != nil {
			return &Unknown{err} // it may come back after a restart, so the sale must not stand
		}
		if outcome == nil {
			t.log("approved", stan)
		} else {
			t.log("not approved", stan)
		}
		return outcome
	}
	t.log("outcome unknown", stan)
	if reason := reasonOf(unknown.Cause); reason != "98" && t.buildReversal(reason) == nil {
		if _, err := t.journal.change(id, t.undo); err != nil {
			t.log("reason of a reversal not kept", stan)
		}
	}
	return outcome
}

// reasonOf is field 39 of a reversal.
func reasonOf(cause error) string {
	switch {
	case errors.Is(cause, ErrMAC):
		return "A0"
	case errors.Is(cause, ErrPartial):
		return "06"
	}
	return "98"
}

// undoAll sends the reversals that wait, the oldest first. It returns ErrReversal when one is still there afterwards.
func (t *Terminal) undoAll(ctx context.Context) error {
	if t.journal.pending == 0 {
		return nil
	}
	entries, err := t.journal.file.Pending()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := t.undoOne(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (t *Terminal) undoOne(ctx context.Context, e saf.Entry) error {
	m := t.request
	if err := m.Unpack(e.Frame); err != nil {
		return err
	}
	stan, _ := m.Field(11).Int64()
	if e.Tries >= tries {
		if t.toldOf == e.ID { // who goes on has seen it
			return t.journal.end(e.ID, saf.Abandoned)
		}
		t.toldOf = e.ID
		t.log("reversal given up", stan)
		return ErrReversalFailed
	}
	frame, err := m.AppendPackMAC(t.frame[:0], t.config.PINPad.AppendMAC) // the keys may have changed since
	if err != nil {
		return err
	}
	t.frame = frame
	if _, err := t.link.open(ctx); err != nil {
		return errors.Join(ErrReversal, err) // no line, so it counts for no try
	}
	if err := t.journal.file.Tried(e.ID); err != nil {
		return err
	}
	if err := t.exchange(ctx); err != nil {
		t.log("reversal not answered", stan)
		return errors.Join(ErrReversal, err)
	}
	return t.undone(e, stan)
}

// undone takes the answer to a reversal. 25 says that the host has never seen the sale, 12 that there is nothing to
// reverse.
func (t *Terminal) undone(e saf.Entry, stan int64) error {
	code := t.response.Field(39)
	if signInAgain(code) {
		t.signedIn = false
	}
	if t.response.VerifyMAC(t.config.PINPad.VerifyMAC) != nil || !(code.Equal("00") || code.Equal("12") || code.Equal("25")) {
		t.log("reversal refused", stan)
		return ErrReversal
	}
	t.log("reversed", stan)
	return t.journal.end(e.ID, saf.Delivered)
}
