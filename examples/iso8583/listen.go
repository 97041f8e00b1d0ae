package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/tlsconn"
	"github.com/posline/posline/message"
)

// stopWithin bounds the time that answers under way have once the host is told to stop.
const stopWithin = 5 * time.Second

var listenCommand = command{
	name: "listen", about: "answer messages by rules, as a host",
	more: `  iso8583 listen -on localhost:8583 -spec unionpay-pos -frame binary2 -rules rules.json

Rules are a JSON array of {"match": {"0":"0200","3":"000000"}, "reply": {"39":"51"}, "delay":"200ms"}, with "drop":true for
no answer and "garbage":"HEX" for something else in place of "reply". The first that matches counts, with "times":N for
so many messages. "state":"A" wants a terminal (field 41) in that state, "become":"B" puts it into another; all begin
in none. "then":[{"send":{...},"pause":"1s","expect":{"39":"00"}}] is what the host sends of itself afterwards, and
{"connected":true,"then":[...]} what it sends where a connection opens:
  [{"connected":true,"then":[{"send":{"0":"0820","11":"000001","70":"301"}}]},
   {"match":{"0":"0800"},"reply":{"39":"00"},"become":"signed on"},
   {"match":{"0":"0200"},"state":"signed on","reply":{"39":"00","64":"00000000"},"then":[{"send":{"0":"0800","11":"000002"}}]},
   {"reply":{"39":"58"}}]

` + stepsHelp + `

` + keysHelp,
	setup: setupListen,
}

func setupListen(c *console, flags *flag.FlagSet) func([]string) error {
	h := newHost(c)
	h.rules = newRuleBook(defaultRules)
	h.respond = h.byRules
	h.register(flags)
	h.registerMatch(flags)
	h.anew.register(flags)
	flags.StringVar(&h.on, "on", "", "`HOST:PORT` to listen on; port 0 takes a free one")
	flags.IntVar(&h.count, "count", 0, "stop after `N` messages")
	flags.StringVar(&h.file, "rules", "", "`file` with rules; without it every request is answered with 00")
	return h.listen
}

// host is the command listen at work, or replay where it answers.
type host struct {
	*console
	networkOptions
	on    string
	count int
	file  string
	anew  renewal
	rules *ruleBook // nil where a recording answers

	// respond appends to reply the answer to a request, and returns what goes out in words. An error leaves the request
	// without an answer.
	respond func(c *connection.Conn, request *message.Message, reply []byte) (out []byte, says string, err error)

	flows  sync.WaitGroup // work under way
	ending bool           // no more of it begins; guarded by console.mu
	seen   int            // messages; guarded by console.mu
	full   chan struct{}  // closed when count messages have been seen
}

func newHost(c *console) *host { return &host{console: c, full: make(chan struct{})} }

// listen is a host that answers by rules, until it is interrupted or has seen -count messages.
func (h *host) listen(files []string) error {
	switch {
	case h.on == "":
		return usageError{errors.New("listen needs -on HOST:PORT")}
	case h.count < 0:
		return usageError{errors.New("-count cannot be negative")}
	}
	if err := noMore(files); err != nil {
		return err
	}
	if err := h.check(h.console); err != nil {
		return err
	}
	if _, err := h.matching(); err != nil {
		return err
	}
	if h.file != "" {
		rules, err := readRules(h.console, h.file, h.codec, parseRule)
		if err != nil {
			return err
		}
		h.rules = newRuleBook(rules)
	}
	if err := h.anew.load(h.console, h.codec); err != nil {
		return err
	}
	return h.serveUntilEnd()
}

// serveUntilEnd is a host until it is interrupted or has seen -count messages.
func (h *host) serveUntilEnd() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return h.serve(ctx)
}

func (h *host) serve(ctx context.Context) error {
	config, err := h.serverTLS()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", h.on)
	if err != nil {
		return err
	}
	if config != nil {
		listener = tlsconn.Listener(listener, config)
	}
	settings := connection.Config{Framing: h.framing, Handler: h.handle, Hooks: connection.Hooks{
		Closed:  h.closed,
		Refused: func(peer net.Addr, why error) { h.note("%v: refused: %v", peer, why) },
	}}
	if h.rules != nil && h.rules.startSomething() {
		if settings.Key, err = h.matching(); err != nil {
			return err
		}
		h.initiate(&settings)
	}
	server := connection.Server{Config: settings}
	h.say("listening on %v", listener.Addr())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	case <-h.full:
	}
	ending, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	h.finish(ending)
	err = server.Shutdown(ending)
	<-served
	if err != nil {
		return fmt.Errorf("not everything was answered before the end: %w", err)
	}
	return nil
}

// closed tells about connections that did not end in good order.
func (h *host) closed(c *connection.Conn, err error) {
	if errors.As(err, new(*connection.LostError)) {
		h.note("%v: %v", c.RemoteAddr(), err)
	}
}

// take counts a message in; false says that the host has seen enough.
func (h *host) take() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count > 0 && h.seen == h.count {
		return false
	}
	if h.seen++; h.seen == h.count {
		close(h.full)
	}
	return true
}

// handle answers a message.
func (h *host) handle(c *connection.Conn, frame, reply []byte) ([]byte, error) {
	if !h.begin() {
		return reply, nil
	}
	defer h.flows.Done()
	if !h.take() {
		return reply, nil
	}
	request := h.codec.New()
	defer request.Wipe()
	peer := c.RemoteAddr().String()
	if err := request.Unpack(frame); err != nil {
		h.unreadable(c, frame, err)
		return reply, nil
	}
	h.say("%s in  %v", peer, request)
	out, says, err := h.respond(c, request, reply)
	if err != nil {
		says, out = "nothing", reply
		h.fault(peer, err)
	}
	h.say("%s out %s", peer, says)
	return out, nil
}

func (h *host) unreadable(c *connection.Conn, frame []byte, err error) {
	h.say("%v in  %d bytes that are no message", c.RemoteAddr(), len(frame))
	h.fault(c.RemoteAddr().String(), err)
}

// byRules answers as the first rule says that matches.
func (h *host) byRules(c *connection.Conn, request *message.Message, reply []byte) (out []byte, says string, err error) {
	i, r := h.rules.find(request)
	if i < 0 {
		return reply, "nothing, no rule matches", nil
	}
	select {
	case <-time.After(r.delay):
	case <-c.Context().Done():
		return reply, "nothing, the connection has ended", nil
	}
	if out, says, err = h.answer(i, r, request, reply); err != nil || len(r.then) == 0 {
		return out, says, err
	}
	if len(out) > len(reply) { // what follows must not come before it
		if err := c.Post(c.Context(), out[len(reply):]); err != nil {
			return reply, "", err
		}
	}
	h.follow(c, i, r, request)
	return reply, says, nil
}

// answer makes what a rule says.
func (h *host) answer(i int, r rule, request *message.Message, reply []byte) (out []byte, says string, err error) {
	switch {
	case r.drop:
		return reply, fmt.Sprintf("nothing, rule %d drops it", i+1), nil
	case len(r.garbage) > 0:
		return append(reply, r.garbage...), fmt.Sprintf("%d bytes of garbage by rule %d", len(r.garbage), i+1), nil
	}
	response, err := message.Response(request)
	if err != nil {
		return reply, "", err
	}
	for _, v := range r.reply {
		if err := v.set(response); err != nil {
			return reply, "", fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	wire, err := h.anew.packAnswer(response, request)
	if err != nil {
		return reply, "", fmt.Errorf("rule %d: %w", i+1, err)
	}
	return append(reply, wire...), response.String(), nil
}
