package routing

import (
	"errors"
	"math"
	"time"
)

// Why there is no route; test for them with errors.Is. Nothing was sent then by this attempt.
var (
	ErrNoRoute  = errors.New("routing: no route is fit")
	ErrOriginal = errors.New("routing: the original's route is not fit: what follows an original waits for it")
	ErrScarce   = errors.New("routing: too few routes are fit")
	ErrClosed   = errors.New("routing: router is closed")
)

// Decide chooses a route for the request and writes the record to d. It does not allocate for issuers it knows and does
// not block. Who calls it sends the request and calls Report with the same d when the outcome is known. Its error is
// ErrNoRoute, ErrOriginal, ErrScarce or ErrClosed; the record then says what removed each route, which were fit but too few,
// or nothing where the Router is closed.
//
// A d that was used for the request before keeps the routes tried; Reset begins anew. One that was not reported is given
// up: its outcome counts nowhere.
func (r *Router) Decide(request *Request, d *Decision) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.running {
		d.Reset()
		return ErrClosed
	}
	at := r.config.clock()
	r.begin(request, d, at)
	now := r.steady(at)
	fit := r.filter(request, d, now)
	switch {
	case request.Original != "" && fit == 0:
		return ErrOriginal
	case fit == 0:
		return ErrNoRoute
	case request.Original == "" && r.scarce(d, fit):
		return ErrScarce
	}
	r.choose(request, d)
	r.take(d, now)
	return nil
}

// Reset makes d ready for another request.
func (d *Decision) Reset() { *d = Decision{} }

func (r *Router) begin(request *Request, d *Decision, at time.Time) {
	r.giveBack(d) // the program has given the one before up
	if d.epoch != r.epoch {
		d.tried, d.index = 0, 0 // routes of another configuration
	}
	if d.index > 0 {
		d.tried |= 1 << (d.index - 1)
	}
	d.open = false
	d.At, d.Attempt, d.Route, d.Explored, d.Seed, d.Draw = at, d.Attempt+1, "", false, r.seed, 0
	d.count, d.index, d.counted, d.epoch = len(r.routes), 0, false, r.epoch
	d.issuer, d.method = request.Issuer, request.Method
}

// filter removes what must not be taken and returns how many routes are left. Fit ones get score and cost.
func (r *Router) filter(request *Request, d *Decision, now time.Time) (fit int) {
	fine := r.segments.find(request.Issuer, request.Method)
	coarse := fine
	if request.Method != "" {
		coarse = r.segments.find(request.Issuer, "")
	}
	reachable := 0
	for i := range r.routes {
		c := &d.candidates[i]
		*c = Candidate{Route: r.routes[i].Name, Priority: r.routes[i].Priority, Weight: max(1, r.routes[i].Weight), Score: 1}
		if c.Removal, c.Refusal = r.obstacle(request, d, i, now); c.Removal != Fit {
			continue
		}
		fit++
		if request.Original != "" {
			continue // it has no choice to make
		}
		r.score(c, i, now, fine, coarse)
		if c.Removal = r.reaches(coarse, i, now); c.Removal == Fit {
			reachable++
		}
	}
	if reachable > 0 {
		return reachable
	}
	for i := range d.candidates[:d.count] { // the issuer is out of reach on all of them: none is better for that
		switch d.candidates[i].Removal {
		case IssuerOpen, IssuerSlowStart:
			d.candidates[i].Removal = Fit
		}
	}
	return fit
}

// reaches says what keeps a route from an issuer.
func (r *Router) reaches(coarse *segment, i int, now time.Time) Removal {
	if coarse == nil {
		return Fit
	}
	issuer := &coarse.breaker[i]
	issuer.lapse(&r.config.Issuer, now)
	switch {
	case issuer.admits(&r.config.Issuer, now):
		return Fit
	case issuer.state == open:
		return IssuerOpen
	}
	return IssuerSlowStart
}

// obstacle is what forbids a route, in the order in which it is asked.
func (r *Router) obstacle(request *Request, d *Decision, i int, now time.Time) (Removal, string) {
	route := &r.routes[i]
	if request.Original != "" && request.Original != route.Name {
		return NotOriginal, ""
	}
	if d.tried>>i&1 == 1 {
		return Tried, ""
	}
	if route.Accepts != nil && request.Original == "" {
		if refusal := route.Accepts(request); refusal != "" {
			return Refused, refusal
		}
	}
	if !route.Peer.Ready() {
		return NotReady, ""
	}
	if !route.breaker.admits(&r.config.Host, now) {
		if route.breaker.state == open {
			return HostOpen, ""
		}
		return HostSlowStart, ""
	}
	return Fit, ""
}

// score gives a candidate the share of good outcomes in the finest window that has enough of them.
func (r *Router) score(c *Candidate, i int, now time.Time, fine, coarse *segment) {
	slot := slotNumber(now, r.config.ScoreWindow)
	if fine != nil && fine.method != "" && c.from(&fine.score[i], slot, r.config.Minimum, IssuerAndMethod) {
		return
	}
	if coarse != nil && c.from(&coarse.score[i], slot, r.config.Minimum, IssuerBasis) {
		return
	}
	c.from(&r.routes[i].score, slot, r.config.Minimum, RouteBasis)
}

func (c *Candidate) from(w *window, slot int64, minimum int, basis Basis) bool {
	good, bad := w.sum(slot)
	if good+bad < minimum {
		return false
	}
	c.Score, c.Samples, c.Basis = float64(good)/float64(good+bad), good+bad, basis
	return true
}

// scarce reports whether so few of the routes that accept the request are fit that Config.MinFit forbids to go on. Those
// that were tried have had their turn.
func (r *Router) scarce(d *Decision, fit int) bool {
	accepting := 0
	for i := range d.candidates[:d.count] {
		if c := &d.candidates[i]; c.Removal != Refused && c.Removal != Tried {
			accepting++
		}
	}
	return float64(fit) < r.config.MinFit*float64(accepting)
}

// choose picks one of the fit candidates and says of the others why not.
func (r *Router) choose(request *Request, d *Decision) {
	d.Draw = r.random.Uint64()
	all := d.candidates[:d.count]
	best, equals := bestPriority(all), 0
	for i := range all {
		switch {
		case all[i].Removal != Fit:
		case all[i].Priority != best:
			all[i].Removal = LowerPriority
		default:
			if equals++; r.routes[i].Cost != nil {
				all[i].Cost = r.routes[i].Cost(request)
			}
		}
	}
	if equals > 1 && r.explores(request, d) {
		d.Explored = true
	} else {
		r.compare(all)
	}
	drawOne(all, d.Draw>>16)
	for i := range all {
		if all[i].Removal == Fit {
			d.index, d.Route, d.open = i+1, all[i].Route, true
		}
	}
}

func bestPriority(all []Candidate) int {
	best := math.MaxInt
	for i := range all {
		if c := &all[i]; c.Removal == Fit {
			best = min(best, c.Priority)
		}
	}
	return best
}

// explores reports whether this request is one of the share that learns about routes.
func (r *Router) explores(request *Request, d *Decision) bool {
	if request.Original != "" || request.Amount > r.config.ExploreLimit {
		return false
	}
	return float64(d.Draw&0xFFFF) < r.config.Explore*0x10000
}

// compare removes what has a worse score, then what is dearer.
func (r *Router) compare(all []Candidate) {
	top := 0.0
	for i := range all {
		if all[i].Removal == Fit {
			top = max(top, all[i].Score)
		}
	}
	cheapest := int64(math.MaxInt64)
	for i := range all {
		c := &all[i]
		switch {
		case c.Removal != Fit:
		case c.Score < top-r.config.Margin:
			c.Removal = WorseScore
		default:
			cheapest = min(cheapest, c.Cost)
		}
	}
	for i := range all {
		if c := &all[i]; c.Removal == Fit && c.Cost > cheapest {
			c.Removal = DearerRoute
		}
	}
}

// drawOne leaves one candidate fit, each with the chance that its weight gives it.
func drawOne(all []Candidate, draw uint64) {
	total := uint64(0)
	for i := range all {
		if all[i].Removal == Fit {
			total += uint64(all[i].Weight)
		}
	}
	at := draw % max(total, 1)
	for i := range all {
		c := &all[i]
		switch {
		case c.Removal != Fit:
		case at < uint64(c.Weight):
			at = total // no other one
		default:
			if at < total {
				at -= uint64(c.Weight)
			}
			c.Removal = NotDrawn
		}
	}
}
