package main

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posline/posline/connection"
)

// prepareStart puts requests without goroutines, each started when the one before it is answered, next to the same
// number of senders that wait.
func prepareStart(inFlight int) (Variants, error) {
	echo, frame, stan, cfg, err := startEcho()
	if err != nil {
		return Variants{}, err
	}
	var conns [2]*connection.Conn
	for i := range conns {
		conns[i], err = connection.Dial(context.Background(), "tcp", echo.address, cfg)
		if err != nil {
			return Variants{}, err
		}
	}
	raw, err := net.Dial("tcp", echo.address)
	if err != nil {
		return Variants{}, err
	}
	live := make([]byte, liveHeap)
	blocking, begin := spread(inFlight, frameSender(conns[1], frame, stan))
	return Variants{
		Ours:     started(conns[0], inFlight, frame, stan),
		Peer:     blocking,
		PeerName: "Exchange",
		Floor:    pipelined(raw, inFlight, frame),
		Slices:   4,
		CPU:      true,
		Close: func() {
			runtime.KeepAlive(live)
			close(begin)
			for _, c := range conns {
				c.Close()
			}
			raw.Close()
			echo.stop()
		},
	}, nil
}

// starter is one of the requests in flight: its answer starts the next.
type starter struct {
	conn  *connection.Conn
	turns *turns
	frame []byte
	at    int // where the STAN lies
	dst   []byte
}

// turns are the requests that are left to start, shared by all starters.
type turns struct {
	stan atomic.Uint32
	left atomic.Int64
	all  sync.WaitGroup
}

// Complete implements connection.Completion.
func (s *starter) Complete(reply []byte, err error) {
	if err != nil || len(reply) != frameSize {
		panic(fmt.Sprint("start: ", err))
	}
	s.next()
}

func (s *starter) next() {
	if s.turns.left.Add(-1) < 0 {
		s.turns.all.Done()
		return
	}
	putStan(s.frame[s.at:], s.turns.stan.Add(1)%1_000_000)
	if _, err := s.conn.Start(s.frame, s.dst, time.Time{}, s); err != nil {
		panic(fmt.Sprint("start: ", err))
	}
}

func started(c *connection.Conn, inFlight int, frame []byte, stan int) Work {
	t := new(turns)
	all := make([]*starter, inFlight)
	for i := range all {
		all[i] = &starter{conn: c, turns: t, frame: append([]byte(nil), frame...), at: stan, dst: make([]byte, 0, 2*frameSize)}
	}
	return func(n int) {
		t.left.Store(int64(n))
		t.all.Add(inFlight)
		for _, s := range all {
			s.next()
		}
		t.all.Wait()
	}
}
