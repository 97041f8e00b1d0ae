package scenario

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/posline/posline/examples/realtime/terminal"
)

// Report is what a run comes to.
type Report struct {
	Mode    string  `json:"mode"`
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
func (w *World) report(mode string, b *books, took time.Duration) Report {
	r := Report{Mode: mode, Seconds: took.Seconds(), Postings: len(b.postings), Events: len(b.events), Faults: w.faults(),
		Starts: w.starts, Violations: append([]string{}, b.check()...)}
	r.Kills = w.kills
	for _, e := range b.terminals {
		if e.Void {
			continue
		}
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
	r.Median, r.Slow = b.latency()
	for id, m := range w.merchants {
		_, repeats, _ := m.Count()
		r.Repeats += repeats
		r.Streamed += len(b.streams[id])
	}
	return r
}

func (b *books) latency() (median, slow time.Duration) {
	var took []time.Duration
	for _, e := range b.terminals {
		if e.Status == terminal.Approved && !e.Void {
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
	for fault, n := range w.front.faults.Counts() {
		counts["terminal line: "+string(fault)] += n
	}
	for fault, n := range w.back.faults.Counts() {
		counts["bank line: "+string(fault)] += n
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

// Print writes the report for people.
func (r Report) Print(out io.Writer) {
	fmt.Fprintf(out, "\n%s: %d sales in %.1f s: %d approved (%s), %d declined, %d undone, %d voided\n",
		r.Mode, r.Sales, r.Seconds, r.Approved, yuan(r.Amount), r.Declined, r.Undone, r.Voided)
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
