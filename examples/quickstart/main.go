// Command quickstart is a card payment from end to end in one process: a terminal signs in to a host and makes a sale,
// with the messages of China UnionPay's terminals, over TCP. Both sides print what they send and receive. Card number,
// PIN and keys stay hidden: that is how messages print.
//
// With -listen it is the host alone, for other clients such as iso8583 run with the cases in the folder cases:
//
//	quickstart -listen localhost:8583 -master 0123456789ABCDEFFEDCBA9876543210
//	iso8583 run -to localhost:8583 -spec unionpay-pos -frame binary2 -new 11,12,13,52,64 -keys keys.json cases/
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

func main() {
	listen := flag.String("listen", "", "be a host alone, on `HOST:PORT`")
	master := flag.String("master", "", "its master key, hexadecimal; for tests alone")
	flag.Parse()
	var err error
	if *listen != "" {
		err = serve(*listen, *master)
	} else {
		err = demonstrate()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// demonstrate runs both sides.
func demonstrate() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	h, t, err := setUp(os.Stdout)
	if err != nil {
		return err
	}
	return run(ctx, h, t)
}

// serve is a host that runs until it is interrupted.
func serve(address, masterKey string) error {
	h, _, err := setUp(os.Stdout)
	if err != nil {
		return err
	}
	if h.master, err = knownMaster(masterKey); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("listening on", listener.Addr())
	server, err := h.server()
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}

// server answers with the host's handler, one message after another.
func (h *host) server() (*connection.Server, error) {
	config, err := configuration(h.codec)
	config.Handler, config.Order = h.handle, connection.OrderConn
	return &connection.Server{Config: config}, err
}

// configuration is what both ends have alike: two length bytes before each message, and what an answer and its request
// have in common, the message class, STAN (11) and terminal (41).
func configuration(codec *message.Codec) (connection.Config, error) {
	framing, err := connection.FramingByName("binary2")
	return connection.Config{Framing: framing, Key: message.KeyFunc(codec, 11, 41)}, err
}

// setUp makes a host and a terminal that share a master key, as if it had been loaded into the terminal in a safe room.
func setUp(out io.Writer) (*host, *terminal, error) {
	codec, err := message.Compile(spec.UnionPayPOS())
	if err != nil {
		return nil, nil, err
	}
	key, err := crypto.GenerateKey(crypto.MustAttributes("K0TB00N"), 128, workingKeys)
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
	config, err := configuration(t.codec)
	if err != nil {
		return err
	}
	server, err := h.server()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go server.Serve(listener) // until Close
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
