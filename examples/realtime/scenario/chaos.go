package scenario

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/posline/posline/examples/realtime/simulator"
)

// The patience of a chaos run is short, so that much can go wrong in little time.
const (
	chaosPatience = 400 * time.Millisecond  // of the switch with bank and wallet
	chaosTimeout  = 1200 * time.Millisecond // of a terminal with the switch
	tooLate       = 2 * time.Second         // after either of them, and after that of a webhook
)

// Chaos lets terminals sell for that long while lines are cut, answers are lost, late and doubled, and the switch's process
// is killed and started again; then it waits in calm weather and compares the books. The program must have called
// SwitchMain.
func Chaos(ctx context.Context, folder string, seed uint64, duration time.Duration, out io.Writer) (Report, error) {
	w, err := NewWorld(Setup{Folder: folder, Keep: true, Seed: seed, Terminals: 8, Cards: 16, Separate: true, Patience: chaosPatience, Timeout: chaosTimeout})
	if err != nil {
		return Report{}, err
	}
	r, err := w.chaos(ctx, duration, &teller{out: out})
	return r, errors.Join(err, w.Close())
}

// chaos breaks what there is and compares the books.
func (w *World) chaos(ctx context.Context, duration time.Duration, tell *teller) (Report, error) {
	if err := w.Start(); err != nil {
		return Report{}, err
	}
	began := time.Now()
	w.storm()
	selling, stop := context.WithTimeout(ctx, duration)
	defer stop()
	closed := w.trade(selling, 20*time.Millisecond)
	reported := tell.every(selling, statusEvery, w.status)
	err := w.killAndRestart(selling)
	stop()
	closed()
	reported()
	if err != nil {
		return Report{}, err
	}
	return w.conclude("chaos", began, tell)
}

// storm makes everything fail now and then.
func (w *World) storm() {
	w.front.faults.Storm(0.05, tooLate, lineFaults...)
	w.back.faults.Storm(0.03, 2*chaosPatience, lineFaults...)
	w.bank.Faults.Storm(0.05, 2*chaosPatience, simulator.Deaf, simulator.Silent, simulator.Late, simulator.Twice, simulator.Broken)
	w.wallet.Faults.Storm(0.08, 2*chaosPatience, simulator.Deaf, simulator.Silent, simulator.Late)
	for _, m := range w.merchants {
		m.Faults.Storm(0.10, tooLate+tooLate/4, simulator.Deaf, simulator.Silent, simulator.Late)
	}
}

// killAndRestart kills the switch, or stops it in good order, again and again until the context ends, and leaves it running.
func (w *World) killAndRestart(ctx context.Context) error {
	random := w.random(killer)
	upTo := func(d time.Duration) time.Duration { return time.Duration(random.Int64N(int64(d))) }
	for {
		if !pause(ctx, 500*time.Millisecond+upTo(1500*time.Millisecond)) {
			return nil
		}
		end := w.Kill
		if random.IntN(4) == 0 {
			end = w.Stop // in good order, which must lose nothing either
		}
		if err := end(); err != nil {
			return err
		}
		pause(ctx, upTo(300*time.Millisecond))
		if err := w.Start(); err != nil {
			return err
		}
	}
}

// pause reports whether the time passed before the context ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
