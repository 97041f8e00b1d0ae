// Command cmd serves a simulated payShield-like device with the published test keys, for tests and for work without a
// device:
//
//	go run ./examples/payshield/cmd -listen 127.0.0.1:1500
//
// It is no security module. Clients of package payshield want Options.AllowTestLMK for it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/examples/payshield/simulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(2)
	}
}

// run serves until the context ends. It writes one line when it listens, and nothing of what it is asked.
func run(ctx context.Context, args []string, out, usage io.Writer) error {
	config, address, err := parse(args, usage)
	if err != nil {
		return err
	}
	sim, err := simulator.New(config)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "simulated device on %s with the published test keys: for tests only\n", listener.Addr())
	server := sim.Server()
	stopped := context.AfterFunc(ctx, func() {
		short, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		server.Shutdown(short)
	})
	defer stopped()
	if err := server.Serve(listener); !errors.Is(err, connection.ErrServerClosed) {
		return err
	}
	return nil
}

func parse(args []string, usage io.Writer) (c simulator.Config, address string, err error) {
	flags := flag.NewFlagSet("payshield", flag.ContinueOnError)
	flags.SetOutput(usage)
	var o payshield.Options
	flags.StringVar(&address, "listen", "127.0.0.1:1500", "address to listen on")
	flags.IntVar(&o.Header, "header", 4, "bytes of the message header, 0 for none")
	flags.BoolVar(&o.EBCDIC, "ebcdic", false, "text is in EBCDIC")
	flags.BoolVar(&o.MACLength, "mac-length", false, "a MAC comes with its length in front (M7)")
	flags.BoolVar(&o.LegacyKCV, "legacy-kcv", false, "check values of new keys have 16 digits")
	flags.BoolVar(&c.UnknownZZ, "zz", false, "an unknown command is answered with code ZZ")
	if err := flags.Parse(args); err != nil {
		return c, "", err
	}
	if flags.NArg() != 0 {
		return c, "", fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	o.NoHeader = o.Header == 0
	c.LMK, c.Device = simulator.TestLMK(), o
	return c, address, nil
}
