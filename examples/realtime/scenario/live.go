package scenario

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/simulator"
)

const (
	statusEvery = 5 * time.Second
	settleTime  = time.Minute // for what is on its way when a run ends
)

// Live runs steady traffic until the context ends, and tells of each payment that arrives.
func Live(ctx context.Context, folder string, seed uint64, out io.Writer) (Report, error) {
	w, err := NewWorld(Setup{Folder: folder, Keep: true, Seed: seed, Terminals: 4, Cards: 8, Patience: time.Second, Timeout: 3 * time.Second})
	if err != nil {
		return Report{}, err
	}
	r, err := w.live(ctx, &teller{out: out})
	return r, errors.Join(err, w.Close())
}

func (w *World) live(ctx context.Context, tell *teller) (Report, error) {
	for _, m := range w.merchants {
		m.Heard = func(n ledger.Tell) {
			verb := map[string]string{"paid": "ARRIVED", "reversed": "taken back", "refunded": "refunded"}[n.Type]
			tell.say("%s  %-10s %10s  by %-6s  order %s, merchant %s, payer %s", time.Now().Format(time.TimeOnly), verb,
				yuan(n.Amount), n.Channel, n.Order, n.Merchant, n.Payer)
		}
	}
	if err := w.Start(); err != nil {
		return Report{}, err
	}
	began := time.Now()
	w.front.faults.Storm(0.02, 4*time.Second, lostAnswer, lateAnswer, lostRequest)
	w.bank.Faults.Storm(0.01, 2*time.Second, simulator.Silent, simulator.Late)
	closed := w.trade(ctx, 1500*time.Millisecond)
	reported := tell.every(ctx, statusEvery, w.status)
	<-ctx.Done()
	closed()
	reported()
	return w.conclude("live", began, tell)
}

// conclude ends a run: calm, until nothing is on its way, and then the books. What does not come to an end is the first
// of the violations.
func (w *World) conclude(mode string, began time.Time, tell *teller) (Report, error) {
	took := time.Since(began)
	w.calm()
	tell.say("%s", w.status())
	tell.say("no more sales; waiting for what is on its way")
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	unsettled := w.settle(ctx)
	if err := w.Stop(); err != nil {
		return Report{}, err
	}
	b, err := w.collect(context.Background())
	if err != nil {
		return Report{}, err
	}
	r := w.report(mode, b, took)
	if unsettled != nil {
		r.Violations = append([]string{unsettled.Error()}, r.Violations...)
	}
	return r, nil
}
