package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/terminal"
)

// LoadSetup says what load is wanted.
type LoadSetup struct {
	Terminals int
	Rate      float64       // payments a second; 0 for a closed loop: each terminal sells as fast as it is answered
	Duration  time.Duration // of the part that is measured
	Idle      int           // merchants that sell nothing and wait on their streams, before the load
	Seed      uint64
}

// LoadReport is what a load run comes to. Payments are sales by card with PIN: codes both ways, PIN moved, two commits, notice.
type LoadReport struct {
	Mode       string   `json:"mode"`
	Seed       uint64   `json:"seed"`
	Terminals  int      `json:"terminals"`
	Rate       float64  `json:"rate"` // that was asked for
	Seconds    float64  `json:"seconds"`
	Idle       int      `json:"idle_merchants,omitempty"`
	IdleCPU    float64  `json:"idle_cpu_percent"` // of a core, of all there is, while nobody sells
	Payments   int      `json:"payments"`
	PerSecond  float64  `json:"payments_per_s"`
	AnswerP50  float64  `json:"answer_p50_ms"` // from when it was to be keyed in
	AnswerP99  float64  `json:"answer_p99_ms"`
	NoticeP99  float64  `json:"notice_p99_ms"`
	CPU        float64  `json:"cpu_us_per_payment"` // of all there is: terminals, switch, bank, merchants
	FsyncP99   float64  `json:"fsync_p99_ms"`       // of a small file in the same folder, meanwhile
	Books      bool     `json:"books"`
	Violations []string `json:"violations"`
}

// Load lets terminals sell in fair weather and measures it, all in one process; then it compares the books.
func Load(ctx context.Context, folder string, l LoadSetup, out io.Writer) (LoadReport, error) {
	w, err := NewWorld(Setup{Folder: folder, Seed: l.Seed, Terminals: l.Terminals, Cards: 64, Idle: l.Idle, Direct: true, Patience: 5 * time.Second, Timeout: 30 * time.Second})
	if err != nil {
		return LoadReport{}, err
	}
	r, err := w.load(ctx, l, &teller{out: out})
	return r, errors.Join(err, w.Close())
}

// loading is a load run.
type loading struct {
	*World
	mu      sync.Mutex
	pressed map[string]time.Time // by order, until its notice has come
	answers []time.Duration
	notices []time.Duration
	failed  int
}

func (w *World) load(ctx context.Context, l LoadSetup, tell *teller) (LoadReport, error) {
	run := &loading{World: w, pressed: make(map[string]time.Time)}
	for _, m := range w.merchants {
		m.Heard = run.heard
	}
	if err := w.Start(); err != nil {
		return LoadReport{}, err
	}
	if err := run.signIn(ctx); err != nil {
		return LoadReport{}, err
	}
	idle := l.Duration
	if l.Idle == 0 {
		idle = min(idle, time.Second)
	}
	tell.say("%d merchants wait on their streams; nobody sells for %v", l.Idle, idle)
	idleCPU, err := w.idle(ctx, w.config.Merchants[len(merchantIDs):], idle)
	if err != nil {
		return LoadReport{}, err
	}
	tell.say("%d terminals have signed in; selling for %v", l.Terminals, l.Duration)
	syncs := measureFsync(ctx, filepath.Join(w.setup.Folder, "fsync"))
	cpu, began := cpuTime(), time.Now()
	selling, stop := context.WithTimeout(ctx, l.Duration)
	run.sell(selling, l)
	stop()
	took := time.Since(began)
	tell.say("no more sales; waiting for notices")
	settling, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	unsettled := w.settle(settling)
	used := cpuTime() - cpu
	r := LoadReport{Mode: "load", Seed: l.Seed, Terminals: l.Terminals, Rate: l.Rate, Seconds: took.Seconds(), Idle: l.Idle, IdleCPU: idleCPU, Violations: []string{}}
	r.FsyncP99 = inMilliseconds(percentile(syncs(), 99))
	run.measure(&r, used)
	if err := w.Stop(); err != nil {
		return r, err
	}
	b, err := w.collect(context.Background())
	if err != nil {
		return r, err
	}
	if unsettled != nil {
		r.Violations = append(r.Violations, unsettled.Error())
	}
	r.Violations = append(r.Violations, b.Check()...)
	if run.failed > 0 {
		r.Violations = append(r.Violations, fmt.Sprintf("%d sales were not approved", run.failed))
	}
	r.Books = len(r.Violations) == 0
	return r, nil
}

func (run *loading) signIn(ctx context.Context) error {
	errs := make(chan error, len(run.terminals))
	for _, t := range run.terminals {
		go func() { errs <- t.SignIn(ctx) }()
	}
	var all []error
	for range run.terminals {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// sell has every terminal sell until the context ends. With a rate, sales are due at even times whether or not a terminal
// is free; what is due waits for one, and that counts.
func (run *loading) sell(ctx context.Context, l LoadSetup) {
	due := make(chan time.Time, 1_000_000)
	if l.Rate > 0 {
		go func() {
			defer close(due)
			gap := time.Duration(float64(time.Second) / l.Rate)
			for next := time.Now(); ; next = next.Add(gap) {
				if pause := time.Until(next); pause > 0 {
					time.Sleep(pause)
				}
				if ctx.Err() != nil {
					return
				}
				due <- next
			}
		}()
	}
	var running sync.WaitGroup
	for i, t := range run.terminals {
		running.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				at := time.Now()
				if l.Rate > 0 {
					next, more := <-due
					if !more {
						return
					}
					at = next
				}
				run.sale(t, i, n, at)
			}
		})
	}
	running.Wait()
}

func (run *loading) sale(t *terminal.Terminal, i, n int, at time.Time) {
	c := run.cards[(i+n)%len(run.cards)]
	order := fmt.Sprintf("L%04d-%06d", i, n)
	run.mu.Lock()
	run.pressed[order] = at
	run.mu.Unlock()
	e, _ := t.Sale(context.Background(), terminal.Sale{Order: order, Amount: 20_00, Track2: c.track2, PIN: c.pin})
	took := time.Since(at)
	run.mu.Lock()
	defer run.mu.Unlock()
	if e.Status != terminal.Approved {
		run.failed++
		return
	}
	run.answers = append(run.answers, took)
}

func (run *loading) heard(n ledger.Tell) {
	run.mu.Lock()
	defer run.mu.Unlock()
	if at, ok := run.pressed[n.Order]; ok {
		run.notices = append(run.notices, time.Since(at))
		delete(run.pressed, n.Order)
	}
}

func (run *loading) measure(r *LoadReport, cpu time.Duration) {
	run.mu.Lock()
	defer run.mu.Unlock()
	r.Payments = len(run.answers)
	r.PerSecond = float64(r.Payments) / r.Seconds
	r.AnswerP50, r.AnswerP99 = inMilliseconds(percentile(run.answers, 50)), inMilliseconds(percentile(run.answers, 99))
	r.NoticeP99 = inMilliseconds(percentile(run.notices, 99))
	if r.Payments > 0 {
		r.CPU = float64(cpu.Microseconds()) / float64(r.Payments)
	}
}

func percentile(list []time.Duration, of int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return list[min(len(list)*of/100, len(list)-1)]
}

func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// measureFsync writes and syncs a little again and again; done ends it and returns how long each took.
func measureFsync(ctx context.Context, path string) (done func() []time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	result := make(chan []time.Duration, 1)
	go func() {
		var took []time.Duration
		defer func() { result <- took }()
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return
		}
		defer f.Close()
		for ctx.Err() == nil {
			began := time.Now()
			if _, err := f.Write(make([]byte, 300)); err != nil || f.Sync() != nil {
				return
			}
			took = append(took, time.Since(began))
			pause(ctx, 50*time.Millisecond)
		}
	}()
	return func() []time.Duration {
		cancel()
		return <-result
	}
}

// Failed reports whether the books do not agree.
func (r LoadReport) Failed() bool { return !r.Books }

// Print writes the report for people.
func (r LoadReport) Print(out io.Writer) {
	fmt.Fprintf(out, "%d payments in %.1f s by %d terminals: %.0f a second\n", r.Payments, r.Seconds, r.Terminals, r.PerSecond)
	fmt.Fprintf(out, "answer: median %.1f ms, 99 of 100 within %.1f ms; notice: 99 of 100 within %.1f ms\n", r.AnswerP50, r.AnswerP99, r.NoticeP99)
	fmt.Fprintf(out, "CPU: %.0f µs a payment; fsync beside it: 99 of 100 within %.1f ms\n", r.CPU, r.FsyncP99)
	fmt.Fprintf(out, "while nobody sold: %.2f %% of a core, with %d merchants waiting on their streams\n", r.IdleCPU, r.Idle)
	if r.Books {
		fmt.Fprintln(out, "all books agree: ledger, terminals, bank, wallet and merchants")
		return
	}
	fmt.Fprintf(out, "THE BOOKS DO NOT AGREE, in %d places:\n  %s\n", len(r.Violations), strings.Join(r.Violations, "\n  "))
}
