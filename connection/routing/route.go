package routing

import (
	"context"
	"errors"
	"fmt"

	"github.com/posline/posline/connection"
)

// MaxRoutes is how many routes a Router can have.
const MaxRoutes = 16

// Peer is one host with the lines to it. A pool is one.
type Peer interface {
	connection.Exchanger

	// Ready reports whether some line is signed on and takes requests. It is asked at every decision and must not block.
	Ready() bool

	// Echo exchanges a network management message (0800) with the host and returns nil if it answered well. That of a pool
	// does so only if it is told how (pool.Config.Echo), and returns nil otherwise: the Router then takes a host for back
	// that is not, and customers' payments find that out.
	Echo(ctx context.Context) error
}

// Route is a Peer with what is known of it beforehand.
type Route struct {
	Name string // unique; what Request.Original and decisions say
	Peer Peer

	// Priority puts routes in order: those of the lowest number that are fit are chosen from.
	Priority int

	// Weight is the share among routes that are equal in everything else, at most 1<<30; 0 means 1.
	Weight int

	// Cost is what a request costs on this route, in minor units of its currency; nil means that it costs nothing. It is
	// called with the Router's lock held and must be quick.
	Cost func(r *Request) int64

	// Accepts is the hard filter for contracts, limits, currencies and consent: it returns why the route must not be
	// taken, "" where it may. What follows an original is not asked about: it goes where that went, whatever has been
	// agreed since. It is called with the Router's lock held and must be quick; a constant text does not allocate.
	Accepts func(r *Request) (refusal string)

	// HoldsNoMoney reports whether an answer says for certain that this host holds no money for the request, so that
	// another route may be tried. It is off without it: what 91 means differs from host to host.
	HoldsNoMoney func(answer []byte) bool
}

// Request is what a decision is about.
type Request struct {
	Frame    []byte // the packed message; Decide does not look at it
	Amount   int64  // in minor units
	Currency string // ISO 4217, for Accepts and Cost; the Router does not look at it

	// Issuer is a key for who stands behind the host, such as a BIN range of the program's table, and Method one for the
	// way to pay. Outcomes are counted by them. Both may be empty.
	Issuer, Method string

	// Original is the name of the route of the original, for reversals, advices, voids and completions: they follow it.
	Original string

	// Before is called before every attempt with the decision, so that the program can record it before a byte leaves.
	// Its error ends the exchange; nothing has been sent then by this attempt.
	Before func(d *Decision) error

	// Renew returns the frame for another attempt after an answer that holds no money, with a reference of its own. The
	// request is not routed again after an answer without it.
	Renew func(d *Decision) ([]byte, error)
}

// ErrConfig is the kind of all errors of New.
var ErrConfig = errors.New("routing: configuration")

// checkRoutes reports what is wrong with the routes, all of it.
func checkRoutes(routes []Route) error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: %s", ErrConfig, fmt.Sprintf(format, args...)))
	}
	if len(routes) == 0 || len(routes) > MaxRoutes {
		fault("%d routes, of 1 to %d", len(routes), MaxRoutes)
	}
	names := map[string]bool{}
	for i, r := range routes {
		switch {
		case r.Name == "":
			fault("route %d has no name", i+1)
		case names[r.Name]:
			fault("route %q stands there twice", r.Name)
		}
		names[r.Name] = true
		if r.Peer == nil {
			fault("route %q has no peer", r.Name)
		}
		if r.Weight < 0 || r.Weight > 1<<30 { // so that no sum of them comes near the bits of a draw
			fault("route %q: weight %d", r.Name, r.Weight)
		}
	}
	return errors.Join(faults...)
}
