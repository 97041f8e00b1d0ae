package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

var proxyCommand = command{
	name: "proxy", about: "stand between a terminal and a host, show and record what they say",
	more: `  iso8583 proxy -on localhost:8583 -to host:8583 -spec unionpay-pos -frame binary2 -record session.jsonl

Every byte goes on as it came, also of what is no message, but for what -rules change: a JSON array of
{"from":"host","match":{"0":"0210"},"set":{"39":"51"},"times":1}, or with "drop":true, "delay":"2s" or "twice":true. The
first that matches counts. -new 64 with -keys makes the authentication codes of changed messages anew.

A recording is one JSON object a line, of what came and not of what it was changed to. Where it cannot be written any
more, as on a full disk, that is told, the sessions go on, and the exit status is 3. It holds the messages in the clear,
so only its owner may read it; iso8583 replay sends it again. -tls and its files are for the way to the host, -on-cert and
-on-key for that of the terminals.

` + keysHelp,
	setup: setupProxy,
}

func setupProxy(c *console, flags *flag.FlagSet) func([]string) error {
	p := &proxy{console: c}
	p.register(flags)
	flags.StringVar(&p.on, "on", "", "`HOST:PORT` to listen on; port 0 takes a free one")
	flags.StringVar(&p.inner.cert, "on-cert", "", "`file` with the certificate for terminals, PEM; with it they speak TLS")
	flags.StringVar(&p.inner.private, "on-key", "", "`file` with its private key, PEM")
	flags.StringVar(&p.inner.ca, "on-ca", "", "`file` with the authorities that terminals' certificates must come from, PEM")
	flags.StringVar(&p.to, "to", "", "`HOST:PORT` of the host")
	flags.StringVar(&p.rules, "rules", "", "`file` with rules for what is changed on its way")
	p.anew.register(flags)
	flags.StringVar(&p.record, "record", "", "new `file` for the recording")
	flags.IntVar(&p.sessions, "sessions", 0, "stop after `N` connections")
	return p.run
}

// proxy is the command proxy at work.
type proxy struct {
	*console
	networkOptions
	inner          networkOptions // of the terminals' side: certificates alone
	on, to, record string
	rules          string
	sessions       int
	anew           renewal
	changes        *alterations // nil for none

	config   *tls.Config
	recorder *recorder
	stopped  error // why the recording is not whole; guarded by console.mu
	open     sync.WaitGroup
}

func (p *proxy) run(files []string) error {
	if p.on == "" || p.to == "" {
		return usageError{errors.New("proxy needs -on HOST:PORT and -to HOST:PORT")}
	}
	if _, _, err := net.SplitHostPort(p.to); err != nil {
		return usageError{fmt.Errorf("-to: %w", err)}
	}
	if p.sessions < 0 {
		return usageError{errors.New("-sessions cannot be negative")}
	}
	if p.record == "-" {
		return usageError{errors.New("-record takes the name of a file")} // the output is taken
	}
	if err := noMore(files); err != nil {
		return err
	}
	if err := p.check(p.console); err != nil {
		return err
	}
	if err := p.prepare(); err != nil {
		return err
	}
	listener, err := p.listen()
	if err != nil {
		return err
	}
	defer listener.Close()
	if p.recorder, err = newRecorder(p.record); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() { listener.Close(); stop() }) // a second interrupt waits for nothing
	p.say("listening on %v", listener.Addr())
	err = p.accept(ctx, listener)
	p.open.Wait()
	return errors.Join(err, p.recorder.close(), p.stopped)
}

// prepare reads what the flags name.
func (p *proxy) prepare() (err error) {
	if p.config, err = p.clientTLS(); err != nil {
		return err
	}
	if err := p.anew.load(p.console, p.codec); err != nil || p.rules == "" {
		return err
	}
	rules, err := readRules(p.console, p.rules, p.codec, parseAlteration)
	p.changes = &alterations{rules: rules, used: make([]int, len(rules))}
	return err
}

// listen listens for terminals, with TLS where there is a certificate for them.
func (p *proxy) listen() (net.Listener, error) {
	o := &p.inner
	o.tls = o.cert != ""
	if o.tls != (o.private != "") || !o.tls && o.ca != "" {
		return nil, usageError{errors.New("-on-cert and -on-key go together, and -on-ca with both")}
	}
	config, err := o.serverTLS()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", p.on)
	if err != nil || config == nil {
		return listener, err
	}
	return tls.NewListener(listener, config), nil
}

func (p *proxy) accept(ctx context.Context, listener net.Listener) error {
	for session := 1; p.sessions == 0 || session <= p.sessions; session++ {
		client, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		p.open.Go(func() { p.serve(ctx, session, client) })
	}
	return nil
}

// serve carries one connection until both sides have closed it.
func (p *proxy) serve(ctx context.Context, session int, client net.Conn) {
	defer client.Close()
	if secured, ok := client.(*tls.Conn); ok {
		if err := shakeHands(ctx, secured); err != nil {
			p.fault(fmt.Sprintf("session %d, %s", session, fromClient), err)
			return
		}
	}
	host, err := p.dial(ctx)
	if err != nil {
		p.fault(fmt.Sprintf("session %d", session), err)
		return
	}
	defer host.Close()
	defer context.AfterFunc(ctx, func() { client.Close(); host.Close() })()
	done := make(chan struct{})
	go func() { p.carry(ctx, session, fromHost, host, client); close(done) }()
	p.carry(ctx, session, fromClient, client, host)
	<-done
}

// reachWithin bounds the time that a handshake, or the way to the host, may take.
const reachWithin = 10 * time.Second

func shakeHands(ctx context.Context, client *tls.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	return client.HandshakeContext(ctx)
}

func (p *proxy) dial(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{Timeout: reachWithin}
	if p.config != nil {
		return (&tls.Dialer{NetDialer: &dialer, Config: p.config}).DialContext(ctx, "tcp", p.to)
	}
	return dialer.DialContext(ctx, "tcp", p.to)
}

// carry takes the bytes of one direction on, and shows the messages among them.
func (p *proxy) carry(ctx context.Context, session int, from string, in, out net.Conn) {
	defer func() {
		if half, ok := out.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
	}()
	way := &passage{proxy: p, session: session, from: from, out: out, ended: ctx.Done(), message: p.codec.New()}
	buffer := make([]byte, 32<<10)
	for {
		n, err := in.Read(buffer)
		if n > 0 && !way.pass(buffer[:n]) {
			return
		}
		if err != nil {
			way.rest()
			return
		}
	}
}
