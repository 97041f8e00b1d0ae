package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/posline/posline/examples/realtime/internal/defect"
	"github.com/posline/posline/examples/realtime/simulation"
)

// defectList is what -defects prints.
type defectList struct {
	Mode       string          `json:"mode"`
	Seed       uint64          `json:"seed"` // nothing is drawn: it is here because every mode has one
	Defects    []defect.Defect `json:"defects"`
	Violations []string        `json:"violations"`
}

func newDefectList(seed uint64) defectList {
	return defectList{Mode: "defects", Seed: seed, Defects: defect.All, Violations: []string{}}
}

// Print implements result.
func (l defectList) Print(out io.Writer) {
	for _, d := range l.Defects {
		fmt.Fprintf(out, "%-28s %-8s %s\n", d.Name, d.By, d.What)
	}
}

// Failed implements result.
func (defectList) Failed() bool { return false }

// simulated is what -sim prints.
type simulated struct{ simulation.Simulated }

func (o *options) simulate(story io.Writer, p *progress) (result, error) {
	fmt.Fprintf(story, "simulating %g hours with seed %d\n", o.hours, o.seed)
	s, err := simulation.Simulate(simulation.Simulation{Seed: o.seed, Hours: o.hours, Progress: func(done time.Duration) {
		p.say("%v of %g hours", done.Truncate(time.Minute), o.hours)
	}})
	return simulated{s}, err
}

// Print implements result.
func (s simulated) Print(out io.Writer) {
	fmt.Fprintf(out, "%d payments (%d stand), %d postings, %d faults, %d crashes in %g virtual hours\n", s.Payments, s.Approved, s.Postings,
		s.Faults, s.Crashes, s.Hours)
	for _, kind := range slices.Sorted(maps.Keys(s.Kinds)) {
		fmt.Fprintf(out, "  %6d  %s\n", s.Kinds[kind], kind)
	}
	printViolations(out, s.Violations, s.Trace)
}

// Failed implements result.
func (s simulated) Failed() bool { return len(s.Violations) > 0 }

// explored is what -explore prints.
type explored struct {
	simulation.Exploration
	Seed uint64 `json:"seed"` // nothing is drawn: it is here because every mode has one
}

func (o *options) exploration(p *progress) result {
	return explored{simulation.Explore(0, func(states int) { p.say("%d states", states) }), o.seed}
}

// Print implements result.
func (x explored) Print(out io.Writer) {
	fmt.Fprintf(out, "%d states, %d transitions, all there are: %t\n  of %s\n", x.States, x.Transitions, x.Complete, simulation.Bounds)
	for _, outcome := range x.Outcomes {
		fmt.Fprintln(out, "  ends as", outcome)
	}
	for _, u := range x.Unseen {
		fmt.Fprintf(out, "  never met: %s, %s: %s\n", u.Phase, u.Event, u.Reason)
	}
	printViolations(out, x.Violations, x.Trace)
}

// Failed implements result.
func (x explored) Failed() bool { return len(x.Violations) > 0 }

func printViolations(out io.Writer, violations, trace []string) {
	for _, line := range trace {
		fmt.Fprintln(out, line)
	}
	for _, text := range violations {
		fmt.Fprintln(out, "VIOLATION", text)
	}
	if len(violations) == 0 {
		fmt.Fprintln(out, "no violation")
	}
}
