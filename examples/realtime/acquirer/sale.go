package acquirer

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/internal/defect"
	"github.com/posline/posline/examples/realtime/ledger"
)

// sale takes a payment from record to answer.
func (s *Switch) sale(x *exchange) (code string, err error) {
	t, payment, code := s.payment(x)
	if code != "" {
		return code, nil
	}
	switch err := s.cfg.Ledger.Create(s.ctx, t); {
	case errors.Is(err, ledger.ErrDuplicate):
		return s.repeated(x, t)
	case errors.Is(err, ledger.ErrReversed):
		return "22", nil
	case errors.Is(err, ledger.ErrOrderPaid):
		return "94", nil
	case err != nil:
		return "96", err
	}
	done, ok := s.fly(t.ID)
	if !ok {
		return "98", nil // settling was faster
	}
	defer done()
	payment.Reference = t.Reference()
	if x.request.Has(52) {
		if payment.PINBlock, err = s.translatePIN(x, payment.PAN); err != nil {
			return "99", errors.Join(err, s.cfg.Ledger.Decline(s.ctx, t.ID, "99"))
		}
	}
	if !defect.IntentAfterWrite() {
		if err := s.cfg.Ledger.MarkSent(s.ctx, t.ID); err != nil {
			return "98", err
		}
	}
	answer := s.pay(t, payment)
	if defect.IntentAfterWrite() {
		s.cfg.Ledger.MarkSent(s.ctx, t.ID)
	}
	return s.conclude(x, t, answer)
}

// pay asks the channel. When its answer leaves the outcome open and it can be queried, it is, for the rest of the time.
func (s *Switch) pay(t *ledger.Transaction, payment channel.Payment) channel.Answer {
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.Patience)
	defer cancel()
	over := s.channel(t)
	_, query := over.(channel.Querier)
	first, stop := ctx, context.CancelFunc(func() {})
	if query { // leave time to ask
		first, stop = context.WithTimeout(ctx, s.cfg.Patience/2)
	}
	defer stop()
	answer, err := over.Pay(first, payment)
	if err != nil {
		s.cfg.Logger.Info("payment", "reference", payment.Reference, "channel", t.Channel, "error", err)
	}
	if answer.Outcome != channel.Unknown || !query {
		return answer
	}
	if s.cfg.Ledger.MarkUnknown(s.ctx, t.ID) != nil {
		return answer
	}
	for pause := s.cfg.Patience / 32; ; pause += pause / 2 {
		select {
		case <-ctx.Done():
			return channel.Answer{}
		case <-time.After(pause):
		}
		if answer, _ = over.(channel.Querier).Query(ctx, payment.Reference); final(answer) {
			return answer
		}
	}
}

// final reports whether an answer to a query ends the matter. A payment the channel has not heard of may still be on its
// way to it.
func final(a channel.Answer) bool {
	return a.Outcome == channel.Approved || a.Outcome == channel.Declined
}

// conclude records an outcome and returns the response code.
func (s *Switch) conclude(x *exchange, t *ledger.Transaction, answer channel.Answer) (code string, err error) {
	if defect.GuessDeclined() && !final(answer) {
		answer = channel.Answer{Outcome: channel.Declined, Code: "91"}
	}
	switch answer.Outcome {
	case channel.Approved:
		err = s.cfg.Ledger.Approve(s.ctx, t.ID, answer.Authorisation)
		if err == nil {
			t.Authorisation = answer.Authorisation
			return x.approved(t), nil
		}
	case channel.Declined:
		if err = s.cfg.Ledger.Decline(s.ctx, t.ID, answer.Code); err == nil {
			return answer.Code, nil
		}
	default:
		err = s.cfg.Ledger.GiveUp(s.ctx, t.ID)
		s.kick()
	}
	if errors.Is(err, ledger.ErrState) {
		err = nil // reversed in the meantime
	}
	return "98", err
}

// approved sets what an approval carries besides its code.
func (x *exchange) approved(t *ledger.Transaction) (code string) {
	x.response.Set(37, t.Reference())
	if t.Authorisation != "" {
		x.response.Set(38, t.Authorisation)
	}
	if t.Channel == Wallet {
		x.response.SetPath("59.A4", t.Reference())
	}
	return "00"
}

// repeated answers a request that has been here before as it was answered then; while it is not decided, not at all:
// the first will be answered.
func (s *Switch) repeated(x *exchange, t *ledger.Transaction) (code string, err error) {
	old, err := s.cfg.Ledger.Find(s.ctx, t.Origin)
	switch {
	case err != nil:
		return "96", err
	case old.Kind != ledger.Sale || old.Amount != t.Amount || old.Order != t.Order || !bytes.Equal(old.PayerHash, t.PayerHash):
		return "94", nil // the same STAN for something else
	case old.State == ledger.Approved && old.Undo == ledger.Keep:
		return x.approved(old), nil
	case old.State == ledger.Declined:
		return old.Code, nil
	case old.State == ledger.Reversed:
		return "22", nil
	}
	return "", errNoAnswer
}
