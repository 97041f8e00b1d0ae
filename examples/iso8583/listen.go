package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
)

// stopWithin bounds the time that answers under way have once the host is told to stop.
const stopWithin = 5 * time.Second

// listen is a host that answers by rules, until it is interrupted or has seen -count messages.
func (c *console) listen(args []string) error {
	h, err := c.parseListen(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return h.serve(ctx)
}

// host is the command listen at work.
type host struct {
	*console
	networkOptions
	on    string
	count int
	rules []rule

	seen int           // messages; guarded by console.mu
	full chan struct{} // closed when count messages have been seen
}

func (c *console) parseListen(args []string) (*host, error) {
	h := &host{console: c, rules: defaultRules, full: make(chan struct{})}
	flags := c.flagSet("listen")
	h.register(flags)
	flags.StringVar(&h.on, "on", "", "`HOST:PORT` to listen on; port 0 takes a free one")
	flags.IntVar(&h.count, "count", 0, "stop after `N` messages")
	file := flags.String("rules", "", "`file` with rules; without it every request is answered with 00")
	if err := parse(flags, args); err != nil {
		return nil, err
	}
	switch {
	case h.on == "":
		return nil, usageError{errors.New("listen needs -on HOST:PORT")}
	case h.count < 0:
		return nil, usageError{errors.New("-count cannot be negative")}
	case flags.NArg() > 0:
		return nil, usageError{errors.New("listen takes no files")}
	}
	if err := h.check(c, "listen"); err != nil {
		return nil, err
	}
	if *file == "" {
		return h, nil
	}
	var err error
	h.rules, err = readRules(*file, h.codec)
	return h, err
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
	server := connection.Server{
		Config:  connection.Config{Framing: h.framing, Handler: h.handle, Hooks: connection.Hooks{Closed: h.closed}},
		TLS:     config,
		Refused: func(peer net.Addr, why error) { h.note("%v: refused: %v", peer, why) },
	}
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
	if !h.take() {
		return reply, nil
	}
	request := h.codec.New()
	defer request.Wipe()
	peer := c.RemoteAddr().String()
	if err := request.Unpack(frame); err != nil {
		h.say("%s in  %d bytes that are no message", peer, len(frame))
		h.fault(peer, err)
		return reply, nil
	}
	h.say("%s in  %v", peer, request)
	out, says, err := h.answer(c.Context(), request, reply)
	if err != nil {
		says = "nothing"
		h.fault(peer, err)
	}
	h.say("%s out %s", peer, says)
	return out, nil
}

// answer appends to reply what the first rule that matches says, and returns what goes out in words. An error leaves
// the request without an answer.
func (h *host) answer(ctx context.Context, request *message.Message, reply []byte) (out []byte, says string, err error) {
	i := slices.IndexFunc(h.rules, func(r rule) bool { return r.matches(request) })
	if i < 0 {
		return reply, "nothing, no rule matches", nil
	}
	r := h.rules[i]
	select {
	case <-time.After(r.delay):
	case <-ctx.Done():
		return reply, "nothing, the connection has ended", nil
	}
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
	if out, err = response.AppendPack(reply); err != nil {
		return reply, "", fmt.Errorf("rule %d: %w", i+1, err)
	}
	return out, response.String(), nil
}
