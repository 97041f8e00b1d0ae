package main

import (
	"math"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// Result is the line of one case. Times are nanoseconds an operation; a key is left out where the case has no such
// side. A case of memory has no times: its Bytes are those that one of the things holds.
type Result struct {
	Case    string  `json:"case"`
	OursNS  float64 `json:"ours_ns,omitempty"`
	Peer    string  `json:"peer,omitempty"`
	PeerNS  float64 `json:"peer_ns,omitempty"`
	FloorNS float64 `json:"floor_ns,omitempty"`
	VsPeer  float64 `json:"vs_peer,omitempty"`  // PeerNS / OursNS: how many times faster we are
	VsFloor float64 `json:"vs_floor,omitempty"` // OursNS / FloorNS: what we add to the work itself

	// CPUVsPeer is the processor time of this process that an operation takes, ours / the peer's: 0.5 is half of it. It
	// is there where Variants.CPU asks for it, and of the medians, which have no columns.
	CPUVsPeer float64 `json:"cpu_vs_peer,omitempty"`

	Allocs uint64 `json:"allocs"`
	Bytes  uint64 `json:"bytes"`
}

// Effort sets how long a case is measured.
type Effort struct {
	Rounds int
	Slice  time.Duration // each side's share of one round
}

var (
	full    = Effort{Rounds: 61, Slice: 5 * time.Millisecond}
	quick   = Effort{Rounds: 5, Slice: time.Millisecond}
	checked = Effort{Rounds: 15, Slice: 2 * time.Millisecond}
)

// measure runs the sides of a case in turn, round after round, so that whatever else the machine does falls on all of
// them alike, and reports the lower quartile of each: on a machine with more work than processors half of the slices
// are interrupted. A slice is long enough to hold the garbage collections that a side causes.
func measure(c Case, effort Effort) (Result, error) {
	v, err := c.Prepare()
	if err != nil {
		return Result{}, err
	}
	if v.Close != nil {
		defer v.Close()
	}
	if v.Memory != nil {
		bytes, err := v.Memory(v.Count)
		return Result{Case: c.Name, Bytes: bytes}, err
	}
	sides := []*side{{work: v.Ours}, {work: v.Peer}, {work: v.Floor}}
	for _, s := range sides {
		s.calibrate(effort.Slice * time.Duration(max(v.Slices, 1)))
	}
	for range effort.Rounds {
		for _, s := range sides {
			s.run()
		}
	}
	r := Result{Case: c.Name, Peer: v.PeerName, OursNS: sides[0].quartile(), PeerNS: sides[1].quartile(), FloorNS: sides[2].quartile()}
	if v.Peer != nil {
		r.VsPeer = round(r.PeerNS / r.OursNS)
	}
	if v.Floor != nil {
		r.VsFloor = round(r.OursNS / r.FloorNS)
	}
	if v.CPU && v.Peer != nil {
		r.CPUVsPeer = round(median(sides[0].cpu) / median(sides[1].cpu))
	}
	r.Allocs, r.Bytes = allocations(v.Ours, sides[0].n)
	return r, nil
}

func round(x float64) float64 { return math.Round(x*100) / 100 }

// side is one variant being timed.
type side struct {
	work  Work
	n     int
	times []float64
	cpu   []float64
}

// calibrate finds how many operations fill one slice. One slow run may be the machine's doing: only when several in a
// row fill the slice is the number large enough.
func (s *side) calibrate(slice time.Duration) {
	if s.work == nil {
		return
	}
	for s.n = 1; ; s.n *= 2 {
		filled := 0
		for filled < 4 && s.took() >= slice/2 {
			filled++
		}
		if filled == 4 {
			return
		}
	}
}

func (s *side) took() time.Duration {
	start := time.Now()
	s.work(s.n)
	return time.Since(start)
}

func (s *side) run() {
	if s.work == nil {
		return
	}
	start, cpu := time.Now(), processorTime()
	s.work(s.n)
	s.times = append(s.times, float64(time.Since(start))/float64(s.n))
	s.cpu = append(s.cpu, float64(processorTime()-cpu)/float64(s.n))
}

func (s *side) quartile() float64 {
	if len(s.times) == 0 {
		return 0
	}
	slices.Sort(s.times)
	return round(s.times[len(s.times)/4])
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// processorTime returns what this process has used, in user and system mode.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// allocations counts heap allocations and bytes an operation, rounded down as testing.AllocsPerRun does, so that the
// runtime's own few do not count.
func allocations(work Work, n int) (allocs, bytes uint64) {
	work(1)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	work(n)
	runtime.ReadMemStats(&after)
	return (after.Mallocs - before.Mallocs) / uint64(n), (after.TotalAlloc - before.TotalAlloc) / uint64(n)
}
