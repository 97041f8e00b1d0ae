package pool_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/connection/pool"
	"github.com/posline/posline/connection/saf"
)

// Frames of the examples: 4 digits of MTI, 6 of STAN, text. A program takes message.KeyFunc.
func key(frame []byte) (key [32]byte, kind uint8, err error) {
	if len(frame) < 10 {
		return key, connection.KindOther, errors.New("frame of less than ten bytes")
	}
	copy(key[:], frame[:10])
	key[2] &^= 1
	if kind = connection.KindRequest; frame[2]&1 == 1 {
		kind = connection.KindResponse
	}
	return key, kind, nil
}

func answerTo(frame []byte) []byte {
	answer := append([]byte(nil), frame...)
	answer[2]++
	return answer
}

// lineConfig is what all examples know of their host's lines. The host is in memory; a program leaves the Dialer out,
// or takes that of package tlsconn.
func lineConfig(play func(*connectiontest.Peer)) connection.Config {
	framing, err := connection.FramingByName("binary2")
	if err != nil {
		log.Fatal(err)
	}
	return connection.Config{Framing: framing, Key: key, Dialer: connectiontest.Dialer(framing, play)}
}

// approve answers everything.
func approve(p *connectiontest.Peer) {
	for {
		frame, err := p.Receive()
		if err != nil {
			return
		}
		p.Send(answerTo(frame))
	}
}

// Two lines to one host, each signed on with fresh keys before its first request and asked for a sign of life when
// nothing arrives; a third one stands by.
func Example() {
	var stan atomic.Int32
	network := func(function string) func(context.Context, *connection.Conn) error {
		return func(ctx context.Context, c *connection.Conn) error {
			answer, err := c.Exchange(ctx, fmt.Appendf(nil, "0800%06d%s", stan.Add(1), function), nil)
			if err == nil && function == "sign-on" {
				c.SetTag(string(answer[10:])) // here: the working keys of this line, for as long as it lives
			}
			return err
		}
	}
	config := pool.Config{
		Connection: lineConfig(approve),
		Lines: []pool.Line{
			{Name: "first", Address: "10.1.1.1:8583", Window: 100},
			{Name: "second", Address: "10.1.1.2:8583", Window: 100},
			{Name: "other town", Address: "10.2.1.1:8583", Window: 100, Standby: true},
		},
		Echo:    network("echo"),
		SignOff: network("sign-off"),
	}
	config.Connection.SignOn = network("sign-on")
	host, err := pool.New(config)
	if err != nil {
		log.Fatal(err)
	}
	defer host.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := host.WaitReady(ctx); err != nil {
		log.Fatal(err) // says what each line failed with
	}
	answer, err := host.Exchange(ctx, []byte("0200000042 sale"), nil)
	switch {
	case err == nil:
		fmt.Printf("%s\n", answer)
	case connection.SafeToRetry(err):
		fmt.Println("not sent: decline, or take another way")
	default:
		fmt.Println("unknown outcome: reverse")
	}
	host.Shutdown(ctx)
	// Output: 0210000042 sale
}

// A bank that dials us: the server finds out who has dialled, and the pool takes the connection for the line of that name.
func ExamplePool_Adopt() {
	lines := lineConfig(nil)
	bank, err := pool.New(pool.Config{Connection: lines, Lines: []pool.Line{{Name: "bank", Accept: true}}})
	if err != nil {
		log.Fatal(err)
	}
	defer bank.Close()

	accepted := lines
	accepted.SignOn = func(ctx context.Context, c *connection.Conn) error {
		c.SetTag("bank") // from its certificate, its address, or the 0800 that it answers here
		return nil
	}
	accepted.Hooks.Connected = func(c *connection.Conn) {
		if bank.Adopt(c.Tag().(string), c) != nil {
			c.Close()
		}
	}
	accepted.Elsewhere = bank.Elsewhere // needed if answers may come on any line (pool.Config.SharedKeys)
	listener := connectiontest.Listen()
	server := &connection.Server{Config: accepted}
	go server.Serve(listener)
	defer server.Close()

	go func() { // the bank dials, and answers what it is asked
		nc, err := listener.Dial(context.Background(), "", "")
		if err == nil {
			approve(connectiontest.NewPeer(nc, lines.Framing))
		}
	}()
	answer, err := bank.Exchange(context.Background(), []byte("0200000042 sale"), nil)
	fmt.Printf("%s %v\n", answer, err)
	// Output: 0210000042 sale <nil>
}

// A host with several sockets that answers on whichever it likes: one STAN space for all lines, and no key is used again
// while its answer may still come, on any line.
func Example_hostAnsweringOnAnyLine() {
	var open [2]atomic.Pointer[connectiontest.Peer]
	var dialed atomic.Int32
	lines := lineConfig(func(p *connectiontest.Peer) {
		n := int(dialed.Add(1)) - 1
		open[n].Store(p)
		for {
			frame, err := p.Receive()
			if err != nil {
				return
			}
			open[1-n].Load().Send(answerTo(frame)) // always on the other one
		}
	})
	host, err := pool.New(pool.Config{
		Connection: lines,
		Lines:      []pool.Line{{Name: "A", Address: "10.1.1.1:8583"}, {Name: "B", Address: "10.1.1.1:8583"}},
		SharedKeys: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer host.Close()
	for open[0].Load() == nil || open[1].Load() == nil {
		time.Sleep(time.Millisecond)
	}
	answer, err := host.Exchange(context.Background(), []byte("0200000042 sale"), nil)
	fmt.Printf("%s %v\n", answer, err)
	// Output: 0210000042 sale <nil>
}

// A terminal's two ways out: the network, and a modem that is dialled when the network fails. Both are dialled by the
// first sale and hung up after a while.
func Example_dialBackup() {
	lines := lineConfig(approve)
	modem := lines.Dialer
	lines.Dialer = nil // the network, out of order here: nobody listens on that port
	host, err := pool.New(pool.Config{
		Connection: lines,
		Lines: []pool.Line{
			{Name: "network", Address: "127.0.0.1:1", OnDemand: true},
			{Name: "modem", Address: "0,057188881234", OnDemand: true, Standby: true, Dialer: modem},
		},
		Wait:      30 * time.Second, // for either of them
		IdleClose: 30 * time.Second,
		Changed: func(s pool.LineStatus) {
			if s.State == pool.Online {
				fmt.Println("online:", s.Name)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer host.Close()
	answer, err := host.Exchange(context.Background(), []byte("0200000042 sale"), nil)
	fmt.Printf("%s %v\n", answer, err)
	// Output:
	// online: modem
	// 0210000042 sale <nil>
}

// Reversals go over the pool from store-and-forward: an entry is tried when a line is ready, and not counted before.
func Example_storeAndForward() {
	dir, err := os.MkdirTemp("", "pool")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	host, err := pool.New(pool.Config{Connection: lineConfig(approve), Lines: []pool.Line{{Name: "host", Address: "10.1.1.1:8583"}}})
	if err != nil {
		log.Fatal(err)
	}
	defer host.Close()
	store, err := saf.OpenFile(filepath.Join(dir, "reversals"), saf.FileOptions{CardDataInPlaintext: true}) // a program gives Seal
	if err != nil {
		log.Fatal(err)
	}
	queue, err := saf.New(saf.Config{
		Store: store,
		Route: func(ctx context.Context, _ string) (connection.Exchanger, error) { return host, host.WaitReady(ctx) },
		Judge: func(_ saf.Entry, answer []byte) saf.Verdict {
			fmt.Printf("%s\n", answer)
			return saf.Done
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer queue.Close()
	if _, err := queue.Add("host", []byte("0420000042 reversal")); err != nil {
		log.Fatal(err)
	}
	queue.Flush(context.Background())
	// Output: 0430000042 reversal
}
