package main

import (
	"context"
	"errors"

	"github.com/posline/posline/connection/routing"
)

func routingCases() []Case {
	return []Case{{"routing/decide", routingDecide}}
}

// routingPeer is always ready and is never asked for anything.
type routingPeer struct{}

func (routingPeer) Ready() bool                { return true }
func (routingPeer) Echo(context.Context) error { return nil }
func (routingPeer) Exchange(context.Context, []byte, []byte) ([]byte, error) {
	return nil, errors.New("benchmarks: nothing is sent")
}

// routingDecide chooses among four routes with costs and a contract, for an issuer and a method of which enough is known
// to score, and reports the outcome.
func routingDecide() (Variants, error) {
	var routes []routing.Route
	for i, name := range []string{"first", "second", "third", "foreign"} {
		routes = append(routes, routing.Route{Name: name, Peer: routingPeer{}, Priority: i / 3,
			Cost:    func(r *routing.Request) int64 { return r.Amount * int64(38+i) / 10_000 },
			Accepts: func(r *routing.Request) string { return "" }})
	}
	router, err := routing.New(routing.Config{Routes: routes, Seed: 1, Explore: 0.02, ExploreLimit: 100_000})
	if err != nil {
		return Variants{}, err
	}
	request := routing.Request{Issuer: "622588", Method: "chip", Amount: 19_99, Currency: "156"}
	var decision routing.Decision
	ours := func(n int) {
		for range n {
			decision.Reset()
			if router.Decide(&request, &decision) == nil {
				router.Report(&decision, routing.Good)
			}
		}
	}
	ours(100)
	return Variants{Ours: ours, Close: func() { router.Close() }}, nil
}
