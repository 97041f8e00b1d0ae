package acquirer

import (
	"context"
	"errors"
	"time"

	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/ledger"
)

// void takes back a sale of the batch, whole. Once it is recorded it will be carried through, whoever reverses it.
func (s *Switch) void(x *exchange) (code string, err error) {
	amount, err := x.request.Field(4).Int64()
	if err != nil || amount <= 0 {
		return "13", nil
	}
	original := ledger.Origin{Terminal: x.origin.Terminal, Batch: x.request.Get("61.1").Text(), STAN: x.request.Get("61.2").Text()}
	t := &ledger.Transaction{Origin: x.origin, Day: x.day, MTI: x.request.MTI(), Merchant: x.terminal.Merchant, Amount: amount, Currency: "CNY"}
	switch err := s.cfg.Ledger.CreateVoid(s.ctx, t, original); {
	case errors.Is(err, ledger.ErrDuplicate):
		return s.repeatedVoid(x)
	case errors.Is(err, ledger.ErrReversed):
		return "22", nil
	case errors.Is(err, ledger.ErrNotFound):
		return "25", nil
	case errors.Is(err, ledger.ErrState):
		return "12", nil
	case err != nil:
		return "96", err
	}
	x.response.Set(37, t.Reference())
	return s.finishVoid(t)
}

// finishVoid undoes the sale of a void, if that takes no longer than a channel may take.
func (s *Switch) finishVoid(t *ledger.Transaction) (code string, err error) {
	sale, err := s.cfg.Ledger.Get(s.ctx, t.Original)
	if err != nil {
		return "96", err
	}
	done, ok := s.fly(sale.ID)
	if !ok {
		return "98", nil
	}
	defer done()
	if err := s.undo(sale, time.Since(t.Created) > s.cfg.Patience); err != nil {
		s.kick()
		return "98", err
	}
	return "00", nil
}

func (s *Switch) repeatedVoid(x *exchange) (code string, err error) {
	old, err := s.cfg.Ledger.Find(s.ctx, x.origin)
	switch {
	case err != nil:
		return "96", err
	case old.Kind != ledger.Void:
		return "94", nil
	case old.State == ledger.Approved:
		x.response.Set(37, old.Reference())
		return "00", nil
	}
	return "", errNoAnswer
}

// reversal answers a terminal that does not know how its request went. The answer promises: what was asked for holds no
// money, or soon will not. A void is not undone any more: 22 says that it stands.
func (s *Switch) reversal(x *exchange) (code string, err error) {
	t, err := s.cfg.Ledger.RequestReversal(s.ctx, x.origin)
	switch {
	case err != nil:
		return "96", err
	case t == nil:
		return "25", nil
	case t.Kind == ledger.Void && t.State == ledger.Approved:
		return "22", nil
	case t.Kind == ledger.Void:
		if code, err := s.finishVoid(t); code != "00" {
			return code, err
		}
		return "22", nil
	}
	s.kick()
	return "00", nil
}

// undo asks the channel until it confirms or patience ends, and records it. Whoever calls it flies the transaction.
func (s *Switch) undo(t *ledger.Transaction, again bool) error {
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.Patience)
	defer cancel()
	err := s.channel(t).Undo(ctx, channel.Undoing{Reference: t.Reference(), Amount: t.Amount, Currency: "156",
		Terminal: t.Origin.Terminal, Merchant: t.Merchant, Again: again})
	if err != nil {
		return err
	}
	return s.cfg.Ledger.Reverse(s.ctx, t.ID)
}
