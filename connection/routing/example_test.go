package routing_test

import (
	"context"
	"fmt"
	"log"

	"github.com/posline/posline/connection/routing"
)

// host stands for a pool of lines to one host.
type host struct{ ready bool }

func (h host) Ready() bool                { return h.ready }
func (h host) Echo(context.Context) error { return nil }
func (h host) Exchange(_ context.Context, _, dst []byte) ([]byte, error) {
	return append(dst, "0210"...), nil
}

// Two networks can clear domestic cards; the cheaper one has no line at present, and the third takes foreign cards only.
func ExampleRouter_Exchange() {
	fee := func(perMyriad int64) func(*routing.Request) int64 {
		return func(r *routing.Request) int64 { return r.Amount * perMyriad / 10_000 }
	}
	router, err := routing.New(routing.Config{Seed: 1, Routes: []routing.Route{
		{Name: "cheap", Peer: host{}, Cost: fee(35)},
		{Name: "dear", Peer: host{ready: true}, Cost: fee(45)},
		{Name: "foreign", Peer: host{ready: true}, Accepts: func(r *routing.Request) string {
			if r.Currency == "156" {
				return "foreign currencies only"
			}
			return ""
		}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer router.Close()

	var decision routing.Decision
	answer, err := router.Exchange(context.Background(), &routing.Request{
		Frame: []byte("0200"), Amount: 100_00, Currency: "156", Issuer: "622588", Method: "chip",
		Before: func(d *routing.Decision) error {
			fmt.Println("recorded before it is sent:", d.Route)
			return nil
		},
	}, nil, &decision)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(answer))
	for _, c := range decision.Candidates() {
		fmt.Println(c.Route, "-", c.Removal, c.Refusal, c.Cost)
	}
	// Output:
	// recorded before it is sent: dear
	// 0210
	// cheap - no line ready  0
	// dear - fit  45
	// foreign - refused foreign currencies only 0
}
