package main

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"time"

	moov "github.com/moov-io/iso8583-connection"
	"github.com/moov-io/iso8583/specs"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/pool"
)

// poolCases measure what a pool costs: with one sender next to a bare connection; with 64 on four lines that are filled
// one after another next to one connection that takes as many; on four lines in balance next to four connections with a
// quarter of the senders each, and to moov's pool.
//
// Four lines in balance are slower than one because a system call then takes 16 frames and not 64: the floor, which for
// them is four raw sockets with a quarter of the window each, is about three times that of one socket, and as high as all
// that one Conn costs. A program whose lines are there for throughput takes PickFill.
func poolCases() []Case {
	return []Case{
		{Name: "pool/1-sender", Prepare: func() (Variants, error) {
			return preparePool(1, pool.Config{Lines: linesOf(1, 64)}, "one Conn")
		}},
		{Name: "pool/4-lines", Prepare: func() (Variants, error) {
			return preparePool(64, pool.Config{Lines: linesOf(4, 64), Pick: pool.PickFill}, "one Conn")
		}},
		{Name: "pool/4-lines-balanced", Prepare: func() (Variants, error) {
			return preparePool(64, pool.Config{Lines: linesOf(4, 16)}, "four Conns")
		}},
		{Name: "pool/4-lines-moov", Prepare: func() (Variants, error) {
			return preparePool(64, pool.Config{Lines: linesOf(4, 16)}, "moov")
		}},
	}
}

func linesOf(n, window int) (lines []pool.Line) {
	for i := range n {
		lines = append(lines, pool.Line{Name: fmt.Sprint("line ", i+1), Window: window})
	}
	return lines
}

// preparePool puts a pool next to what a program could have in its place.
func preparePool(senders int, config pool.Config, peer string) (Variants, error) {
	echo, frame, stan, cfg, err := startEcho()
	if err != nil {
		return Variants{}, err
	}
	config.Connection = cfg
	ours, err := openPool(config, echo.address)
	if err != nil {
		return Variants{}, err
	}
	sockets := 1
	if config.Pick == pool.PickBalanced {
		sockets = len(config.Lines)
	}
	floor, closeFloor, err := rawSockets(sockets, echo.address, senders, frame)
	if err != nil {
		return Variants{}, err
	}
	var send func() func(uint32)
	var closePeer func()
	switch peer {
	case "moov":
		send, closePeer, err = moovPool(len(config.Lines), echo.address)
	case "one Conn":
		send, closePeer, err = bareConns(1, echo.address, cfg, frame, stan)
	default:
		send, closePeer, err = bareConns(len(config.Lines), echo.address, cfg, frame, stan)
	}
	if err != nil {
		return Variants{}, err
	}
	workOurs, beginOurs := spread(senders, frameSender(ours, frame, stan))
	workPeer, beginPeer := spread(senders, send)
	live := make([]byte, liveHeap)
	return Variants{
		Ours:     workOurs,
		Peer:     workPeer,
		PeerName: peer,
		Floor:    floor,
		Slices:   4,
		Close: func() {
			runtime.KeepAlive(live)
			close(beginOurs)
			close(beginPeer)
			ours.Close()
			closePeer()
			closeFloor()
			echo.stop()
		},
	}, nil
}

// rawSockets keeps a window of frames under way over n sockets.
func rawSockets(n int, address string, window int, frame []byte) (work Work, closeAll func(), err error) {
	var sockets []net.Conn
	var each []Work
	for range n {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return nil, nil, err
		}
		sockets, each = append(sockets, c), append(each, pipelined(c, window/n, frame))
	}
	work = func(frames int) {
		var all sync.WaitGroup
		for i, one := range each {
			share := frames / n
			if i == 0 {
				share += frames % n
			}
			all.Go(func() { one(share) })
		}
		all.Wait()
	}
	return work, func() {
		for _, c := range sockets {
			c.Close()
		}
	}, nil
}

// bareConns shares the senders among connections.
func bareConns(n int, address string, cfg connection.Config, frame []byte, stan int) (send func() func(uint32), closeAll func(), err error) {
	var conns []*connection.Conn
	for range n {
		c, err := connection.Dial(context.Background(), "tcp", address, cfg)
		if err != nil {
			return nil, nil, err
		}
		conns = append(conns, c)
	}
	next := 0
	send = func() func(uint32) {
		next++
		return frameSender(conns[next%n], frame, stan)()
	}
	return send, func() {
		for _, c := range conns {
			c.Close()
		}
	}, nil
}

// openPool is a pool whose lines are all online.
func openPool(config pool.Config, address string) (*pool.Pool, error) {
	for i := range config.Lines {
		config.Lines[i].Address = address
	}
	p, err := pool.New(config)
	if err != nil {
		return nil, err
	}
	for online := 0; online < len(config.Lines); {
		time.Sleep(time.Millisecond)
		online = 0
		for _, l := range p.Lines() {
			if l.State == pool.Online {
				online++
			}
		}
	}
	return p, nil
}

// moovPool takes a connection from moov's pool for each request, as its documentation has it.
func moovPool(lines int, address string) (send func() func(uint32), closeAll func(), err error) {
	addresses := make([]string, lines)
	for i := range addresses {
		addresses[i] = address
	}
	p, err := moov.NewPool(func(address string) (*moov.Connection, error) {
		return moov.New(address, specs.Spec87ASCII, readLength, writeLength, moov.IdleTime(time.Hour), moov.SendTimeout(time.Minute))
	}, addresses)
	if err != nil {
		return nil, nil, err
	}
	send = func() func(uint32) {
		m, digits := requestMessage(), make([]byte, 6)
		return func(n uint32) {
			putStan(digits, n)
			if err := m.Field(11, string(digits)); err != nil {
				panic(err)
			}
			c, err := p.Get()
			if err != nil {
				panic(err)
			}
			if _, err := c.Send(m); err != nil {
				panic(err)
			}
		}
	}
	return send, func() { p.Close() }, p.Connect()
}
