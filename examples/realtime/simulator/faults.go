// Package simulator plays those on the other side of the acquirer: a bank, a wallet and a merchant's receiver of
// notices. Each keeps books of its own, in memory, which are an independent record of what happened, and each can be
// told to misbehave.
package simulator

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Fault is one way to misbehave.
type Fault string

// The faults.
const (
	None   Fault = ""
	Deaf   Fault = "deaf"   // the request is lost before anything is done
	Silent Fault = "silent" // the work is done, the answer is lost
	Late   Fault = "late"   // the answer comes when nobody waits for it any more
	Twice  Fault = "twice"  // the answer comes twice
	Broken Fault = "broken" // the work is done, and the connection breaks instead of an answer
)

// Faults says what goes wrong next. The zero value is fair weather. Its methods may be called concurrently.
type Faults struct {
	mu      sync.Mutex
	planned []Fault
	chance  float64
	kinds   []Fault
	counts  map[Fault]int
	delay   time.Duration
	random  *rand.Rand
}

// Seed makes what happens by chance follow from these numbers.
func (f *Faults) Seed(random *rand.Rand) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.random = random
}

// Plan makes the next requests meet these faults, one each, None included.
func (f *Faults) Plan(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planned = append(f.planned, faults...)
}

// Storm makes that share of the requests, 0 to 1, meet one of the kinds. Late answers come after the delay.
func (f *Faults) Storm(chance float64, delay time.Duration, kinds ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.chance, f.delay, f.kinds = chance, delay, kinds
}

// Calm ends the storm and forgets what was planned.
func (f *Faults) Calm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.chance, f.planned = 0, nil
}

// Next returns the fault of one request, and what late means.
func (f *Faults) Next() (Fault, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.random == nil {
		f.random = rand.New(rand.NewPCG(rand.Uint64(), 0))
	}
	fault := None
	switch {
	case len(f.planned) > 0:
		fault, f.planned = f.planned[0], f.planned[1:]
	case f.chance > 0 && f.random.Float64() < f.chance:
		fault = f.kinds[f.random.IntN(len(f.kinds))]
	}
	if fault != None {
		if f.counts == nil {
			f.counts = make(map[Fault]int)
		}
		f.counts[fault]++
	}
	return fault, f.delay
}

// Counts returns how often each fault was met.
func (f *Faults) Counts() map[Fault]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := make(map[Fault]int)
	for k, n := range f.counts {
		counts[k] = n
	}
	return counts
}
