package routing

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

func TestExchange(t *testing.T) {
	notSent := failure(connection.SentNo, errors.New("connection refused"))
	unknown := failure(connection.SentMaybe, connection.ErrPeerClosed)
	for name, c := range map[string]struct {
		script func(a, b *scripted)
		change func(routes []Route, request *Request)
		answer string
		err    error
		sent   connection.Sent
		toA    string
		toB    string
	}{
		"the first route":         {answer: "ok A", toA: "sale"},
		"what never left":         {script: func(a, b *scripted) { a.answers = always(notSent) }, answer: "ok B", toB: "sale"},
		"what left is not routed": {script: func(a, b *scripted) { a.answers = always(unknown) }, err: connection.ErrPeerClosed, sent: connection.SentMaybe, toA: "sale"},
		"the second has an unknown outcome": {script: func(a, b *scripted) { a.answers, b.answers = always(notSent), always(unknown) },
			err: connection.ErrPeerClosed, sent: connection.SentMaybe, toB: "sale"},
		"never left anywhere": {script: func(a, b *scripted) { a.answers, b.answers = always(notSent), always(notSent) }, err: ErrNoRoute, sent: connection.SentNo},
		"nobody is ready":     {script: func(a, b *scripted) { a.down.Store(true); b.down.Store(true) }, err: ErrNoRoute, sent: connection.SentNo},
		"a refusal stands, as 91 may hold money": {script: func(a, b *scripted) { a.answers = says("91") },
			change: func(_ []Route, r *Request) { r.Renew = renew }, answer: "91", toA: "sale"},
		"91 that holds no money, without another reference": {script: func(a, b *scripted) { a.answers = says("91") },
			change: func(routes []Route, _ *Request) { routes[0].HoldsNoMoney = is91 }, answer: "91", toA: "sale"},
		"91 that holds no money": {script: func(a, b *scripted) { a.answers = says("91") },
			change: func(routes []Route, r *Request) { routes[0].HoldsNoMoney, r.Renew = is91, renew }, answer: "ok B", toA: "sale", toB: "sale'"},
		"another answer": {script: func(a, b *scripted) { a.answers = says("05") },
			change: func(routes []Route, r *Request) { routes[0].HoldsNoMoney, r.Renew = is91, renew }, answer: "05", toA: "sale"},
		"91, and nobody else is ready": {script: func(a, b *scripted) { a.answers = says("91"); b.down.Store(true) },
			change: func(routes []Route, r *Request) { routes[0].HoldsNoMoney, r.Renew = is91, renew }, answer: "91", toA: "sale"},
		"91, and the next never leaves": {script: func(a, b *scripted) { a.answers, b.answers = says("91"), always(notSent) },
			change: func(routes []Route, r *Request) { routes[0].HoldsNoMoney, r.Renew = is91, renew }, answer: "91", toA: "sale"},
		"91, and the next has an unknown outcome": {script: func(a, b *scripted) { a.answers, b.answers = says("91"), always(unknown) },
			change: func(routes []Route, r *Request) { routes[0].HoldsNoMoney, r.Renew = is91, renew }, err: connection.ErrPeerClosed, sent: connection.SentMaybe, toA: "sale", toB: "sale'"},
		"91 and no way to renew": {script: func(a, b *scripted) { a.answers = says("91") },
			change: func(routes []Route, r *Request) {
				routes[0].HoldsNoMoney, r.Renew = is91, func(*Decision) ([]byte, error) { return nil, errors.New("no STAN") }
			}, answer: "91", toA: "sale"},
		"a reversal that never left waits": {script: func(a, b *scripted) { a.answers = always(notSent) },
			change: func(_ []Route, r *Request) { r.Original = "A" }, err: ErrOriginal, sent: connection.SentNo},
		"a reversal is never renewed": {script: func(a, b *scripted) { a.answers = says("91") },
			change: func(routes []Route, r *Request) {
				routes[0].HoldsNoMoney, r.Renew, r.Original = is91, renew, "A"
			}, answer: "91", toA: "sale"},
		"no record, no sending": {change: func(_ []Route, r *Request) { r.Before = func(*Decision) error { return errRecord } },
			err: errRecord, sent: connection.SentNo},
		"no record of the second attempt": {script: func(a, b *scripted) { a.answers = always(notSent) },
			change: func(_ []Route, r *Request) {
				r.Before = func(d *Decision) error {
					if d.Attempt == 2 {
						return errRecord
					}
					return nil
				}
			}, err: errRecord, sent: connection.SentNo},
	} {
		t.Run(name, func(t *testing.T) {
			routes, peers := peersOf("A", "B")
			routes[1].Priority = 1
			request := &Request{Frame: []byte("sale")}
			if c.script != nil {
				c.script(peers[0], peers[1])
			}
			if c.change != nil {
				c.change(routes, request)
			}
			r := routerOf(t, Config{Routes: routes})
			answer, err := r.Exchange(t.Context(), request, []byte("before "), nil)
			if c.err == nil {
				require.NoError(t, err)
				require.Equal(t, "before "+c.answer, string(answer))
			} else {
				require.ErrorIs(t, err, c.err)
				require.Equal(t, c.sent == connection.SentNo, connection.SafeToRetry(err))
				require.Equal(t, "before ", string(answer))
			}
			require.Equal(t, c.toA, strings.Join(peers[0].seen(), ","))
			require.Equal(t, c.toB, strings.Join(peers[1].seen(), ","))
		})
	}
}

var errRecord = errors.New("disk full")

func says(code string) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return []byte(code), nil }
}

func is91(answer []byte) bool { return string(answer) == "91" }

func renew(*Decision) ([]byte, error) { return []byte("sale'"), nil }

// Before runs before each attempt, with the route that is about to get the request.
func TestBeforeSeesEachAttempt(t *testing.T) {
	routes, peers := peersOf("A", "B")
	routes[1].Priority = 1
	peers[0].answers = always(failure(connection.SentNo, connection.ErrTimeout))
	r := routerOf(t, Config{Routes: routes})
	var recorded []string
	var d Decision
	_, err := r.Exchange(t.Context(), &Request{Before: func(d *Decision) error {
		recorded = append(recorded, fmt.Sprintf("%s %d %d", d.Route, d.Attempt, len(peers[1].seen())))
		return nil
	}}, nil, &d)
	require.NoError(t, err)
	require.Equal(t, []string{"A 1 0", "B 2 0"}, recorded)
	require.Equal(t, "A:tried before B:fit", removals(&d))
}

// A request whose time is over is not tried elsewhere.
func TestExchangeStopsWithItsContext(t *testing.T) {
	routes, peers := peersOf("A", "B")
	routes[1].Priority = 1
	ctx, cancel := context.WithCancel(t.Context())
	peers[0].answers = func([]byte) ([]byte, error) {
		cancel()
		return nil, failure(connection.SentNo, context.Canceled)
	}
	r := routerOf(t, Config{Routes: routes})
	_, err := r.Exchange(ctx, &Request{}, nil, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, connection.SafeToRetry(err))
	require.Empty(t, peers[1].seen())
}

// Outcomes are classified by the program where it says how.
func TestClassify(t *testing.T) {
	routes, peers := peersOf("A", "B")
	routes[1].Priority = 1
	peers[0].answers = says("96")
	r := routerOf(t, Config{Routes: routes, Classify: func(answer []byte, err error) Health {
		if string(answer) == "96" {
			return HostFault
		}
		return OfError(err)
	}})
	for range 5 {
		answer, err := r.Exchange(t.Context(), &Request{}, nil, nil)
		require.NoError(t, err)
		require.Equal(t, "96", string(answer))
	}
	answer, err := r.Exchange(t.Context(), &Request{}, nil, nil)
	require.NoError(t, err)
	require.Equal(t, "ok B", string(answer))
}

// A route that was tried and did not get the request is not one that is missing.
func TestTriedIsNotScarce(t *testing.T) {
	routes, peers := peersOf("A", "B")
	routes[1].Priority = 1
	peers[0].answers = always(failure(connection.SentNo, connection.ErrTimeout))
	r := routerOf(t, Config{Routes: routes, MinFit: 1})
	answer, err := r.Exchange(t.Context(), &Request{}, nil, nil)
	require.NoError(t, err)
	require.Equal(t, "ok B", string(answer))
}

// A panic of the program's code on the way leaves no request behind that a host in slow start would wait for.
func TestPanicsLeaveNothingInFlight(t *testing.T) {
	fault := func() { panic("of the program") }
	for name, request := range map[string]Request{
		"before":   {Before: func(*Decision) error { fault(); return nil }},
		"exchange": {Frame: []byte("panic")},
		"classify": {Frame: []byte("sale")},
	} {
		bubble(t, Config{Classify: func(answer []byte, _ error) Health {
			if string(answer) == "ok A" {
				fault()
			}
			return Good
		}}, func(t *testing.T, r *Router, a *scripted, told *changes) {
			a.answers = func(frame []byte) ([]byte, error) {
				if string(frame) == "panic" {
					fault()
				}
				return []byte("ok A"), nil
			}
			tell(t, r, "A", Request{}, HostFault, 5)
			time.Sleep(time.Minute)
			require.Equal(t, []string{"A open", "A half open"}, told.list())
			require.Panics(t, func() { r.Exchange(t.Context(), &request, nil, nil) }, name)
			require.Equal(t, Fit, onA(t, r), name)
		})
	}
}

// An Echo that panics is one that failed.
func TestEchoThatPanics(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, a *scripted, told *changes) {
		a.mad.Store(true)
		tell(t, r, "A", Request{}, HostFault, 1)
		time.Sleep(10 * time.Second)
		require.Equal(t, []string{"A open"}, told.list())
		a.mad.Store(false)
		time.Sleep(10 * time.Second)
		require.Equal(t, []string{"A open", "A half open"}, told.list())
	})
}

// A Changed that panics ends neither the program nor the echoes, and Report has counted.
func TestChangedThatPanics(t *testing.T) {
	var told atomic.Int32
	synctest.Test(t, func(t *testing.T) {
		routes, peers := peersOf("A")
		peers[0].deaf.Store(true)
		r := routerOf(t, Config{Routes: routes, Changed: func(string, string) { told.Add(1); panic("hook") }})
		tell(t, r, "A", Request{}, HostFault, 1)
		time.Sleep(10 * time.Second) // the echoes open it
		require.EqualValues(t, 1, told.Load())
		peers[0].deaf.Store(false)
		time.Sleep(10 * time.Second)
		require.EqualValues(t, 2, told.Load())
		tell(t, r, "A", Request{}, HostFault, 1)
		require.EqualValues(t, 3, told.Load(), "by Report")
	})
}

// Two lines of one peer: if one of them may have sent the request, no other peer gets it.
func TestJoinedErrorsAreNotRoutedAgain(t *testing.T) {
	routes, peers := peersOf("A", "B")
	routes[1].Priority = 1
	peers[0].answers = always(errors.Join(failure(connection.SentNo, connection.ErrPeerClosed), failure(connection.SentYes, connection.ErrTimeout)))
	r := routerOf(t, Config{Routes: routes})
	_, err := r.Exchange(t.Context(), &Request{Frame: []byte("sale")}, nil, nil)
	require.ErrorIs(t, err, connection.ErrTimeout)
	require.Empty(t, peers[1].seen())
}

// Whatever fails: no request that may have left one peer appears at another, and no caller gets another's answer.
func TestNoRequestAtTwoPeers(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var mu sync.Mutex
	draw := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	routes, peers := peersOf("A", "B", "C", "D")
	for i, p := range peers {
		routes[i].Priority = i / 2
		routes[i].HoldsNoMoney = func(answer []byte) bool { return strings.HasPrefix(string(answer), "91") }
		p.answers = func(frame []byte) ([]byte, error) {
			switch draw(8) {
			case 0, 1:
				return nil, failure(connection.SentNo, errors.New("refused"))
			case 2:
				return nil, failure(connection.SentMaybe, connection.ErrTimeout)
			case 3:
				return nil, failure(connection.SentYes, connection.ErrPeerClosed)
			case 4:
				return fmt.Appendf(nil, "91 %s", frame), nil
			}
			return fmt.Appendf(nil, "00 %s", frame), nil
		}
	}
	r := routerOf(t, Config{Routes: routes, Host: BreakerConfig{Failures: 1000, Share: 1}})
	var callers sync.WaitGroup
	for caller := range 8 {
		callers.Go(func() {
			for i := range 500 {
				frame := fmt.Sprintf("%d-%d", caller, i)
				sent := frame
				answer, err := r.Exchange(t.Context(), &Request{Frame: []byte(frame), Renew: func(d *Decision) ([]byte, error) {
					sent += "'"
					return []byte(sent), nil
				}}, nil, nil)
				if err == nil && !strings.HasPrefix(string(answer[3:]), frame) {
					t.Errorf("%s got %s", frame, answer)
				}
				peers[draw(4)].down.Store(draw(3) == 0)
			}
		})
	}
	callers.Wait()
	reached := map[string]string{}
	for _, p := range peers {
		for _, frame := range p.seen() {
			require.Empty(t, reached[frame], "%s reached %s and %s", frame, reached[frame], p.name)
			reached[frame] = p.name
		}
	}
	require.Greater(t, len(reached), 2000)
}
