package scenario

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/posline/posline/examples/realtime/books"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal"
)

// Report is what a run comes to.
type Report struct {
	Mode    string  `json:"mode"`
	Seed    uint64  `json:"seed"`
	Seconds float64 `json:"seconds"`

	// What the terminals did.
	Sales    int   `json:"sales"`
	Approved int   `json:"approved"` // and neither undone nor voided
	Declined int   `json:"declined"`
	Undone   int   `json:"undone"`
	Voided   int   `json:"voided"`
	Amount   int64 `json:"amount"` // approved, in minor units

	Postings int `json:"postings"`
	Events   int `json:"events"`
	Repeats  int `json:"webhooks_repeated"`
	Streamed int `json:"events_streamed"`

	Median time.Duration `json:"median_ns"` // from the terminal's key to its answer, of approved sales
	Slow   time.Duration `json:"p99_ns"`

	Faults map[string]int `json:"faults,omitempty"`
	Kills  int            `json:"kills"`
	Starts int            `json:"starts"`

	Violations []string `json:"violations"`
}

// report counts what is in the books and checks them.
func (w *World) report(mode string, b *books.Books, took time.Duration) Report {
	r := Report{Mode: mode, Seed: w.setup.Seed, Seconds: took.Seconds(), Postings: len(b.Postings), Events: len(b.Notices), Faults: w.faults(),
		Starts: w.starts, Violations: append([]string{}, b.Check()...)}
	r.Kills = w.kills
	for e := range entries(b) {
		r.Sales++
		switch e.Status {
		case terminal.Approved:
			r.Approved++
			r.Amount += e.Amount
		case terminal.Declined:
			r.Declined++
		case terminal.Undone:
			r.Undone++
		case terminal.Voided:
			r.Voided++
		}
	}
	r.Median, r.Slow = latency(b)
	for id, m := range w.merchants {
		_, repeats, _ := m.Count()
		r.Repeats += repeats
		r.Streamed += len(b.Streamed[id])
	}
	return r
}

// entries are the sales in the terminals' journals.
func entries(b *books.Books) iter.Seq[*terminal.Entry] {
	return func(yield func(*terminal.Entry) bool) {
		for _, list := range b.Terminals {
			for i := range list {
				if list[i].Kind == payment.Sale && !yield(&list[i]) {
					return
				}
			}
		}
	}
}

func latency(b *books.Books) (median, slow time.Duration) {
	var took []time.Duration
	for e := range entries(b) {
		if e.Status == terminal.Approved {
			took = append(took, e.Took)
		}
	}
	if len(took) == 0 {
		return 0, 0
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100]
}

// faults counts every fault by place and name.
func (w *World) faults() map[string]int {
	counts := make(map[string]int)
	for name, p := range map[string]*proxy{"terminal line: ": w.front, "bank line: ": w.back} {
		if p != nil {
			for fault, n := range p.faults.Counts() {
				counts[name+string(fault)] += n
			}
		}
	}
	for fault, n := range w.bank.Faults.Counts() {
		counts["bank: "+string(fault)] += n
	}
	for fault, n := range w.wallet.Faults.Counts() {
		counts["wallet: "+string(fault)] += n
	}
	for _, m := range w.merchants {
		for fault, n := range m.Faults.Counts() {
			counts["merchant: "+string(fault)] += n
		}
	}
	return counts
}

// Failed reports whether the books do not agree.
func (r Report) Failed() bool { return len(r.Violations) > 0 }

// Print writes the report for people.
func (r Report) Print(out io.Writer) {
	fmt.Fprintf(out, "\n%s, seed %d: %d sales in %.1f s: %d approved (%s), %d declined, %d undone, %d voided\n",
		r.Mode, r.Seed, r.Sales, r.Seconds, r.Approved, yuan(r.Amount), r.Declined, r.Undone, r.Voided)
	fmt.Fprintf(out, "from key to answer: median %s, 99 of 100 within %s\n", milliseconds(r.Median), milliseconds(r.Slow))
	fmt.Fprintf(out, "%d postings, %d events; webhooks that came again %d, events streamed %d\n", r.Postings, r.Events, r.Repeats, r.Streamed)
	if len(r.Faults) > 0 {
		total := 0
		for _, n := range r.Faults {
			total += n
		}
		fmt.Fprintf(out, "faults: %d\n", total)
		for _, name := range slices.Sorted(maps.Keys(r.Faults)) {
			fmt.Fprintf(out, "  %6d  %s\n", r.Faults[name], name)
		}
	}
	if r.Kills > 0 {
		fmt.Fprintf(out, "the switch was killed %d times\n", r.Kills)
	}
	if len(r.Violations) == 0 {
		fmt.Fprintln(out, "all books agree: ledger, terminals, bank, wallet and merchants")
		return
	}
	fmt.Fprintf(out, "THE BOOKS DO NOT AGREE, in %d places:\n  %s\n", len(r.Violations), strings.Join(r.Violations, "\n  "))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// yuan writes an amount of fen.
func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%sCNY %d.%02d", sign, fen/100, fen%100)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}
