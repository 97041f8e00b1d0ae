package routing

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Removal is why a route was not taken.
type Removal uint8

// The zero value is a route that was fit and stood to be chosen.
const (
	Fit             Removal = iota
	NotOriginal             // the request follows its original, which went elsewhere
	Refused                 // by Route.Accepts; Candidate.Refusal says why
	Tried                   // an earlier attempt of this request
	NotReady                // no line that is signed on and takes requests
	HostOpen                // the host's breaker is open
	HostSlowStart           // the host comes back and has as many requests as it may
	IssuerOpen              // the host cannot reach the issuer at present, others can
	IssuerSlowStart         // the host reaches the issuer again and has as many of its requests as it may; others can
	LowerPriority           // a route of a better priority was fit
	WorseScore              // by more than the margin
	DearerRoute             // a route as good costs less
	NotDrawn                // equal to the chosen one; the draw fell on that
)

var removalNames = [...]string{"fit", "not the original's route", "refused", "tried before", "no line ready", "host's breaker open",
	"host in slow start", "issuer's breaker open", "issuer in slow start", "lower priority", "worse score", "dearer", "not drawn"}

// String returns the reason in words.
func (r Removal) String() string {
	if int(r) < len(removalNames) {
		return removalNames[r]
	}
	return "unknown removal"
}

// Basis is what a score was made of.
type Basis uint8

// From nothing to the finest.
const (
	NoBasis         Basis = iota // too few outcomes: the score is 1
	RouteBasis                   // all outcomes of the route
	IssuerBasis                  // those of the issuer on the route
	IssuerAndMethod              // those of the issuer and the method on the route
)

var basisNames = [...]string{"nothing", "route", "issuer", "issuer and method"}

// String returns the name in words.
func (b Basis) String() string {
	if int(b) < len(basisNames) {
		return basisNames[b]
	}
	return "unknown basis"
}

// Candidate is a route as a decision saw it.
type Candidate struct {
	Route    string
	Removal  Removal
	Refusal  string // of Route.Accepts
	Score    float64
	Basis    Basis
	Samples  int   // outcomes that the score was made of
	Cost     int64 // in minor units; of routes that were fit and had the best priority
	Priority int
	Weight   int
}

// Decision is the record of one choice. It holds no card data. The zero value is ready for Router.Decide and may be used
// again; a copy is a record to keep: only one of them is reported.
type Decision struct {
	At       time.Time
	Attempt  int    // 1 for the first route of a request
	Route    string // the chosen one; "" if none was fit
	Explored bool   // chosen to learn about it, not for its score
	Seed     uint64 // of the Router's draws
	Draw     uint64 // the draw that this decision used

	count      int
	candidates [MaxRoutes]Candidate

	tried      uint32 // routes of earlier attempts, a bit each
	index      int    // of the chosen route, from 1
	open       bool   // chosen and not reported yet
	counted    bool   // in flight at the host's breaker, which is half open
	generation uint32 // of that breaker

	countedIssuer bool // the same for the issuer's
	ofIssuer      uint32

	epoch  uint32 // of the Router's configuration
	issuer string
	method string

	peer         Peer
	holdsNoMoney func([]byte) bool
	classify     func([]byte, error) Health
}

// Candidates returns all routes of the Router, in its order. It is valid until the Decision is used again.
func (d *Decision) Candidates() []Candidate { return d.candidates[:d.count] }

// AppendTo appends the decision in words.
func (d *Decision) AppendTo(dst []byte) []byte {
	switch {
	case d.count == 0:
		dst = append(dst, "nothing was decided"...)
	case d.Route == "" && d.anyFit():
		dst = append(dst, "too few routes are fit"...)
	case d.Route == "":
		dst = append(dst, "no route is fit"...)
	case d.Explored:
		dst = fmt.Appendf(dst, "%s, to learn about it", d.Route)
	default:
		dst = append(dst, d.Route...)
	}
	if d.Attempt > 1 {
		dst = fmt.Appendf(dst, " (attempt %d)", d.Attempt)
	}
	for i := range d.candidates[:d.count] {
		dst = append(dst, "; "...)
		dst = d.candidates[i].appendTo(dst)
	}
	return fmt.Appendf(dst, "; draw %d of seed %d", d.Draw, d.Seed)
}

func (d *Decision) anyFit() bool {
	return slices.ContainsFunc(d.Candidates(), func(c Candidate) bool { return c.Removal == Fit })
}

func (c *Candidate) appendTo(dst []byte) []byte {
	dst = fmt.Appendf(dst, "%s: %s", c.Route, c.Removal)
	if c.Refusal != "" {
		dst = fmt.Appendf(dst, " (%s)", c.Refusal)
	}
	switch c.Removal {
	case Fit, WorseScore, DearerRoute, NotDrawn:
		dst = append(dst, ", score "...)
		dst = strconv.AppendFloat(dst, c.Score, 'f', 3, 64)
		dst = fmt.Appendf(dst, " of %d by %s, cost %d, weight %d", c.Samples, c.Basis, c.Cost, c.Weight)
	case LowerPriority:
		dst = fmt.Appendf(dst, " %d", c.Priority)
	}
	return dst
}

// String returns the decision in words.
func (d *Decision) String() string { return string(d.AppendTo(nil)) }
