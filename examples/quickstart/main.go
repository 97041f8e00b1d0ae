// Command quickstart is a card payment from end to end in one process: a terminal signs in to a host and makes a sale,
// with the messages of China UnionPay's terminals, over TCP. Both sides print what they send and receive. Card number,
// PIN and keys stay hidden: that is how messages print.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	h, t, err := setUp(os.Stdout)
	if err == nil {
		err = run(ctx, h, t)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// setUp makes a host and a terminal that share a master key, as if it had been loaded into the terminal in a safe room.
func setUp(out io.Writer) (*host, *terminal, error) {
	codec, err := message.Compile(spec.UnionPayPOS())
	if err != nil {
		return nil, nil, err
	}
	key, err := crypto.GenerateKey(crypto.MustAttributes("K0TB00N"), 128)
	if err != nil {
		return nil, nil, err
	}
	master, err := crypto.NewKEK(key)
	if err != nil {
		return nil, nil, err
	}
	return &host{codec: codec, master: master, printer: printer{out, "host    "}},
		&terminal{codec: codec, master: master, printer: printer{out, "terminal"}}, nil
}

// run listens on a free port, connects the terminal to it, signs in and sells.
func run(ctx context.Context, h *host, t *terminal) error {
	framing, err := connection.FramingByName("binary2") // two length bytes before each message
	if err != nil {
		return err
	}
	// An answer belongs to the request with its message class, STAN (11) and terminal (41).
	config := connection.Config{Framing: framing, Key: message.KeyFunc(h.codec, 11, 41)}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &connection.Server{Config: config}
	server.Config.Handler, server.Config.Order = h.handle, connection.OrderConn // one message after another
	go server.Serve(listener)                                                   // until Close
	defer server.Close()

	conn, err := connection.Dial(ctx, "tcp", listener.Addr().String(), config)
	if err != nil {
		return err
	}
	defer conn.Close()
	t.conn = conn
	if err := t.signIn(ctx); err != nil {
		return err
	}
	return t.sale(ctx, 55_88)
}
