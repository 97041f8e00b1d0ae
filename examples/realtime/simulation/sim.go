package simulation

import (
	"fmt"
	"slices"
	"time"

	"github.com/posline/posline/examples/realtime/books"
)

// Simulation says what is simulated. The zero value is an hour.
type Simulation struct {
	Seed  uint64
	Hours float64 // of virtual time; default 1

	Progress func(done time.Duration) // is told how much virtual time has passed; default: nobody is
}

// Simulated is what a simulation came to.
type Simulated struct {
	Mode       string         `json:"mode"`
	Seed       uint64         `json:"seed"`
	Hours      float64        `json:"virtual_hours"`
	Payments   int            `json:"payments"` // transactions that terminals asked for
	Approved   int            `json:"approved"`
	Postings   int            `json:"postings"`
	Crashes    int            `json:"crashes"` // of nodes, stores and terminals
	Faults     int            `json:"faults"`
	Kinds      map[string]int `json:"faults_by_kind"`
	Violations []string       `json:"violations"`
	Trace      []string       `json:"trace,omitempty"` // that leads to the first violation
}

// Simulate runs the whole system in one queue of events and virtual time: terminals, switches, a model of the store,
// channels and merchants, with faults of every kind. The switch, the engine of the terminals and all that makes and reads
// messages are the code that runs in production; sockets, SQL and the disk are not there. The same seed at the same commit
// is the same run.
func Simulate(s Simulation) (Simulated, error) {
	if s.Hours == 0 {
		s.Hours = 1
	}
	w, err := newWorld(s.Seed)
	if err != nil {
		return Simulated{}, err
	}
	w.begin()
	if s.Progress == nil {
		s.Progress = func(time.Duration) {}
	}
	for end := time.Duration(s.Hours * float64(time.Hour)); w.now < end; {
		w.until(min(w.now+time.Minute, end))
		s.Progress(w.now)
	}
	w.calm()
	out := Simulated{Mode: "sim", Seed: s.Seed, Hours: s.Hours, Crashes: w.crashes, Kinds: w.faults, Violations: []string{}}
	for _, n := range w.faults {
		out.Faults += n
	}
	b := w.books()
	out.Postings = len(b.Postings)
	for _, list := range b.Terminals {
		out.Payments += len(list)
		for _, e := range list {
			if e.Status == "approved" {
				out.Approved++
			}
		}
	}
	out.Violations = append(out.Violations, w.check(b)...)
	if len(out.Violations) > 0 {
		out.Trace = w.trace(out.Violations[0])
	}
	return out, nil
}

// check compares the books, and adds what was wrong on the way.
func (w *world) check(b *books.Books) []string {
	found := append(slices.Clone(w.violations), b.Check()...)
	found = append(found, w.limits(b)...)
	return append(found, days(b.Rows)...)
}

func (w *world) violation(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.log("VIOLATION %s", text)
	w.violations = append(w.violations, text)
}
