package main

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/moov-io/iso8583"
	moov "github.com/moov-io/iso8583-connection"
	"github.com/moov-io/iso8583/specs"
	"github.com/posline/posline/connection"
)

// connectionCases measure requests and answers over loopback, frames of 300 bytes behind a two-byte length. The peer
// on the other end is a child process, the same for all sides. Time is wall time a request with all senders at work.
func connectionCases() []Case {
	var all []Case
	for _, senders := range []int{1, 16, 64, 256} {
		name := fmt.Sprintf("connection/%d-senders", senders)
		if senders == 1 {
			name = "connection/1-sender"
		}
		all = append(all, Case{Name: name, Prepare: func() (Variants, error) { return prepareClients(senders, false) }})
	}
	for _, inFlight := range []int{64, 256} {
		all = append(all, Case{Name: fmt.Sprintf("connection/%d-in-flight-start", inFlight), Prepare: func() (Variants, error) {
			return prepareStart(inFlight)
		}})
	}
	return append(all,
		Case{Name: "connection/64-senders-moov-codec", Prepare: func() (Variants, error) { return prepareClients(64, true) }},
		Case{Name: "server/window-64", Prepare: prepareServers},
		Case{Name: "server/idle-10000", Prepare: func() (Variants, error) {
			return Variants{Memory: idleConnections, Count: 10_000}, nil
		}},
	)
}

const (
	frameSize = 300
	wireFrame = frameSize + 2
)

// liveHeap is how much memory the process holds, as one that keeps orders and sessions does. With the 4 MB that a Go
// program starts from, all sides collect garbage every few milliseconds.
const liveHeap = 64 << 20

// requestMessage is the message behind the frames: an MTI and 15 data elements that pack to 300 bytes.
func requestMessage() *iso8583.Message {
	m := iso8583.NewMessage(specs.Spec87ASCII)
	m.MTI("0200")
	for number, value := range map[int]string{
		2: "6222020200012345678", 3: "000000", 4: "000000001999", 7: "1123053116", 11: "000000", 12: "053116",
		13: "1123", 18: "5411", 22: "051", 25: "00", 37: "632705000001", 41: "TERM0001", 42: "MERCHANT0000001",
		49: "156", 48: strings.Repeat("x", 149),
	} {
		if err := m.Field(number, value); err != nil {
			panic(err)
		}
	}
	return m
}

// requestFrame returns the packed message and where its STAN lies.
func requestFrame() (frame []byte, stan int, err error) {
	m := requestMessage()
	m.Field(11, "987654")
	if frame, err = m.Pack(); err != nil {
		return nil, 0, err
	}
	if len(frame) != frameSize {
		return nil, 0, fmt.Errorf("frame of %d bytes", len(frame))
	}
	return frame, strings.Index(string(frame), "987654"), nil
}

// keyAt is a key function over fixed places, the least a key function can do.
func keyAt(stan int) connection.KeyFunc {
	return func(frame []byte) (key [32]byte, kind uint8, err error) {
		copy(key[:], frame[:2])
		key[2] = frame[2] &^ 1
		copy(key[3:], frame[stan:stan+6])
		if kind = connection.KindRequest; frame[2]&1 == 1 {
			kind = connection.KindResponse
		}
		return key, kind, nil
	}
}

func putStan(b []byte, n uint32) {
	for i := 5; i >= 0; i-- {
		b[i] = '0' + byte(n%10)
		n /= 10
	}
}

// startEcho starts a process that answers each request with its bytes, and gives the request, where its STAN lies, and how
// to connect.
func startEcho() (echo *child, frame []byte, stan int, cfg connection.Config, err error) {
	if frame, stan, err = requestFrame(); err != nil {
		return nil, nil, 0, cfg, err
	}
	framing, err := connection.FramingByName("binary2")
	if err != nil {
		return nil, nil, 0, cfg, err
	}
	echo, err = startChild("echo")
	return echo, frame, stan, connection.Config{Framing: framing, Key: keyAt(stan)}, err
}

func prepareClients(senders int, moovCodec bool) (Variants, error) {
	echo, frame, stan, cfg, err := startEcho()
	if err != nil {
		return Variants{}, err
	}
	ours, err := connection.Dial(context.Background(), "tcp", echo.address, cfg)
	if err != nil {
		return Variants{}, err
	}
	theirs, err := dialMoov(echo.address)
	if err != nil {
		return Variants{}, err
	}
	raw, err := net.Dial("tcp", echo.address)
	if err != nil {
		return Variants{}, err
	}
	send := frameSender(ours, frame, stan)
	if moovCodec {
		send = codecSender(ours)
	}
	live := make([]byte, liveHeap)
	workOurs, beginOurs := spread(senders, send)
	workTheirs, beginTheirs := spread(senders, moovSender(theirs))
	return Variants{
		Ours:     workOurs,
		Peer:     workTheirs,
		PeerName: "moov",
		Floor:    pipelined(raw, senders, frame),
		Slices:   4,
		Close: func() {
			runtime.KeepAlive(live)
			close(beginOurs)
			close(beginTheirs)
			ours.Close()
			theirs.Close()
			raw.Close()
			echo.stop()
		},
	}, nil
}

// spread shares n requests among senders. Each calls newSend once and what it returns for each request, with a STAN
// that is unique among the requests in flight. Closing begin ends the senders.
func spread(senders int, newSend func() func(stan uint32)) (work Work, begin chan struct{}) {
	var stan atomic.Uint32
	var left atomic.Int64
	var wg sync.WaitGroup
	begin = make(chan struct{}, senders)
	for range senders {
		send := newSend()
		go func() {
			for range begin {
				for left.Add(-1) >= 0 {
					send(stan.Add(1) % 1_000_000)
				}
				wg.Done()
			}
		}()
	}
	return func(n int) {
		left.Store(int64(n))
		wg.Add(senders)
		for range senders {
			begin <- struct{}{}
		}
		wg.Wait()
	}, begin
}

func frameSender(c connection.Exchanger, frame []byte, stan int) func() func(uint32) {
	return func() func(uint32) {
		request, reply := append([]byte(nil), frame...), make([]byte, 0, 2*frameSize)
		return func(n uint32) {
			putStan(request[stan:], n)
			answer, err := c.Exchange(context.Background(), request, reply)
			if err != nil || len(answer) != frameSize {
				panic(fmt.Sprint("exchange: ", err))
			}
		}
	}
}

// codecSender puts moov's codec, unchanged, on our connection.
func codecSender(c *connection.Conn) func() func(uint32) {
	return func() func(uint32) {
		m, reply, digits := requestMessage(), make([]byte, 0, 2*frameSize), make([]byte, 6)
		return func(n uint32) {
			putStan(digits, n)
			if err := m.Field(11, string(digits)); err != nil {
				panic(err)
			}
			request, err := m.Pack()
			if err != nil {
				panic(err)
			}
			answer, err := c.Exchange(context.Background(), request, reply)
			if err != nil {
				panic(err)
			}
			if err := iso8583.NewMessage(specs.Spec87ASCII).Unpack(answer); err != nil {
				panic(err)
			}
		}
	}
}

func dialMoov(address string) (*moov.Connection, error) {
	c, err := moov.New(address, specs.Spec87ASCII, readLength, writeLength, moov.IdleTime(time.Hour), moov.SendTimeout(time.Minute))
	if err != nil {
		return nil, err
	}
	return c, c.Connect()
}

func moovSender(c *moov.Connection) func() func(uint32) {
	return func() func(uint32) {
		m, digits := requestMessage(), make([]byte, 6)
		return func(n uint32) {
			putStan(digits, n)
			if err := m.Field(11, string(digits)); err != nil {
				panic(err)
			}
			if _, err := c.Send(m); err != nil {
				panic(err)
			}
		}
	}
}
