package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/posline/posline/examples/realtime/ledger/sqlite"
)

// calm ends all bad weather.
func (w *World) calm() {
	for _, p := range []*proxy{w.front, w.back} {
		if p != nil {
			p.faults.Calm()
		}
	}
	w.bank.Faults.Calm()
	w.wallet.Faults.Calm()
	for _, m := range w.merchants {
		m.Faults.Calm()
	}
}

// settle waits, in calm weather and with the switch running, until nothing is on its way any more. An error says what
// did not come to an end; the books will say more.
func (w *World) settle(ctx context.Context) error {
	for _, t := range w.terminals {
		if err := t.Flush(ctx); err != nil {
			return fmt.Errorf("scenario: a terminal's reversals: %w", err)
		}
	}
	select {
	case <-w.linesEmpty():
	case <-ctx.Done():
		return fmt.Errorf("scenario: frames are still late: %w", ctx.Err())
	}
	l, err := sqlite.OpenReader(w.config.Database)
	if err != nil {
		return err
	}
	defer l.Close()
	for {
		quiet, err := w.quiet(ctx, l)
		if quiet || err != nil {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("scenario: not everything is settled: %w", ctx.Err())
		}
	}
}

// linesEmpty is closed when no terminal's connection is open and no frame to the switch is late.
func (w *World) linesEmpty() <-chan struct{} {
	empty := make(chan struct{})
	go func() {
		if w.front != nil {
			w.front.running.Wait()
		}
		close(empty)
	}()
	return empty
}

// quiet reports whether every payment is settled, every notice delivered and streamed.
func (w *World) quiet(ctx context.Context, l *sqlite.Reader) (bool, error) {
	rows, waiting, notices, err := l.Open(ctx)
	if err != nil || rows+waiting > 0 {
		return false, err
	}
	streamed := 0
	for _, m := range w.merchants {
		streamed += len(m.Stream())
	}
	return w.setup.Direct || streamed >= notices, nil
}
