package scenario

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/simulator"
)

const (
	statusEvery = 5 * time.Second
	settleTime  = time.Minute // for what is on its way when a run ends
)

// Live runs steady traffic until the context ends, and tells of each payment that arrives.
func Live(ctx context.Context, folder string, out io.Writer) (Report, error) {
	w, err := NewWorld(Setup{Folder: folder, Terminals: 4, Cards: 8, Patience: time.Second, Timeout: 3 * time.Second})
	if err != nil {
		return Report{}, err
	}
	defer w.Close()
	var printing sync.Mutex
	say := func(format string, args ...any) {
		printing.Lock()
		defer printing.Unlock()
		fmt.Fprintf(out, format+"\n", args...)
	}
	for _, m := range w.merchants {
		m.Heard = func(n ledger.Notice) {
			verb := map[string]string{"paid": "ARRIVED", "reversed": "taken back"}[n.Type]
			say("%s  %-10s %12s  by %-6s  order %s, merchant %s, payer %s", time.Now().Format(time.TimeOnly), verb,
				yuan(n.Amount), n.Channel, n.Order, n.Merchant, n.Payer)
		}
	}
	if err := w.Start(); err != nil {
		return Report{}, err
	}
	began := time.Now()
	w.front.faults.Storm(0.02, 4*time.Second, lostAnswer, lateAnswer, lostRequest)
	w.bank.Faults.Storm(0.01, 2*time.Second, simulator.Silent, simulator.Late)
	closed := w.open(ctx, 1500*time.Millisecond)
	ticker := time.NewTicker(statusEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ticker.C:
			say("%s", w.status())
		case <-ctx.Done():
		}
	}
	closed()
	return w.conclude("live", began, say)
}

// conclude ends a run: calm, until nothing is on its way, and then the books. What does not come to an end is the first
// of the violations.
func (w *World) conclude(mode string, began time.Time, say func(format string, args ...any)) (Report, error) {
	took := time.Since(began)
	w.calm()
	say("%s", w.status())
	say("no more sales; waiting for what is on its way")
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
