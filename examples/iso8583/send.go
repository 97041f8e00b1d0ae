package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/tlsconn"
	"github.com/posline/posline/message"
)

var sendCommand = command{
	name: "send", args: "[FILE...]", about: "send messages to a host and show its answers",
	more: `  iso8583 send -to localhost:8583 -spec unionpay-pos -frame binary2 -expect 39=00 sale.json

The messages are JSON as encode reads it, or one a line or packet in any form that decode reads, with their length headers
or without. Nothing is sent unless all of them can be read. An answer without an expected value, and none at all, give exit status 1.

Among the JSON objects may be steps: {"send":{...},"take":{"37":"37"},"expect":{"39":"00"}}.
` + stepsHelp + `

` + keysHelp,
	setup: setupSend,
}

func setupSend(c *console, flags *flag.FlagSet) func([]string) error {
	s := &sender{console: c}
	s.register(flags)
	s.registerSend(flags)
	flags.BoolVar(&s.json, "json", false, "write one JSON object for each answer")
	flags.IntVar(&s.repeat, "repeat", 1, "send everything `N` times, as it is")
	flags.Float64Var(&s.rate, "rate", 0, "send at most `N` messages a second")
	flags.Func("expect", "`FIELD=VALUE` that every answer must have, such as 39=00 or 60.3=001; may be repeated", func(text string) error {
		s.expectations = append(s.expectations, text) // an error of a flag would repeat it, and it may be a card number
		return nil
	})
	return s.send
}

// registerSend adds the flags of everything that sends requests.
func (s *sender) registerSend(flags *flag.FlagSet) {
	flags.StringVar(&s.to, "to", "", "`HOST:PORT` to connect to")
	flags.DurationVar(&s.timeout, "timeout", 30*time.Second, "how long to wait for an answer")
	s.registerMatch(flags)
	s.registerClear(flags)
	s.anew.register(flags)
}

// sender is the command send at work.
type sender struct {
	*console
	networkOptions
	to      string
	timeout time.Duration
	repeat  int
	rate    float64 // messages a second, at most; 0 for no limit
	expect  []fieldValue

	expectations []string // as -expect has them
	key          connection.KeyFunc

	anew     renewal
	requests []request
	conn     *connection.Conn
	answer   *decoder
	flow     *flow
	inbox    chan *message.Message

	malformed atomic.Int64 // what came and is no message
}

// request is a message to be sent, or a step, with its place in the input.
type request struct {
	piece
	step step
}

// send sends messages to a host, one after the other, and shows its answers.
func (s *sender) send(files []string) error {
	if err := s.prepare(); err != nil {
		return err
	}
	if err := s.inputs(files, s.read); err != nil {
		return err
	}
	if len(s.requests) == 0 && s.faults == 0 {
		s.fault("", errNoMessage)
	}
	if s.faults > 0 {
		s.note("nothing was sent")
		return nil
	}
	return s.run()
}

func (s *sender) prepare() error {
	if s.to == "" {
		return usageError{fmt.Errorf("%s needs -to HOST:PORT", s.command)}
	}
	return s.prepareOffline()
}

// prepareOffline does all but for the host.
func (s *sender) prepareOffline() error {
	switch {
	case s.repeat < 1 || s.timeout <= 0:
		return usageError{errors.New("-repeat and -timeout must be positive")}
	case s.rate != 0 && !isRate(s.rate):
		return usageError{errNoRate}
	}
	if err := s.check(s.console); err != nil {
		return err
	}
	if err := s.readExpectations(); err != nil {
		return err
	}
	s.answer = newDecoder(s.console, &s.options)
	s.inbox = make(chan *message.Message, maxInbox)
	s.flow = s.newFlow()
	if err := s.anew.load(s.console, s.codec); err != nil {
		return err
	}
	var err error
	s.key, err = s.matching()
	return err
}

var errNoRate = errors.New("-rate: from one message in a million seconds to a billion in one")

// isRate tells a number of messages a second that can be.
func isRate(rate float64) bool { return rate >= 1e-6 && rate <= 1e9 }

// newFlow returns a flow for the steps of a case, or of all inputs.
func (s *sender) newFlow() *flow {
	f := newFlow(&s.anew, s.answer.message, s.clear)
	f.malformed, f.note = &s.malformed, s.note
	f.inbox, f.passed = s.inbox, func(m *message.Message) { s.unexpected("", m) }
	return f
}

// maxInbox is how many messages of the host's may wait to be awaited.
const maxInbox = 256

// receive keeps what the host starts for the step that awaits it.
func (s *sender) receive(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
	m := s.codec.New()
	if err := m.Unpack(frame); err != nil {
		s.note("something came that is no message: %v", err)
		return reply, nil
	}
	select {
	case s.inbox <- m:
	default:
		s.note("more came from the host than is kept: %v", m)
	}
	return reply, nil
}

func (s *sender) unexpected(by string, m *message.Message) {
	s.note("%sthe host sent %v, and nothing awaited it", by, m)
}

// unawaited tells what the host has sent and no step awaited.
func (s *sender) unawaited(by string) {
	for {
		select {
		case m := <-s.inbox:
			s.unexpected(by, m)
		default:
			return
		}
	}
}

// readExpectations reads what -expect has. Its errors repeat no value: it may be a card number.
func (s *sender) readExpectations() error {
	for _, text := range s.expectations {
		path, value, ok := strings.Cut(text, "=")
		if !ok || path == "" {
			return usageError{errors.New("-expect: not FIELD=VALUE")}
		}
		one := fieldValue{path, value}
		if err := one.known(s.codec); err != nil {
			return usageError{fmt.Errorf("-expect: %w", err)}
		}
		s.expect = append(s.expect, one)
	}
	return nil
}

// read takes the messages of an input: JSON objects, or a dump with one a line or packet.
func (s *sender) read(name string, r io.Reader) error {
	in := bufio.NewReader(r)
	if head, _ := in.Peek(16); isJSON(head) {
		text, err := whole(name, in)
		if err != nil {
			return err
		}
		return s.objects(piece{file: name, text: text}, func(one piece) error {
			if isStep(one.text) {
				read, err := readStep(one.text, s.codec, s.answer.form)
				return s.add(one, read, err)
			}
			m := s.codec.New()
			return s.add(one, step{request: m}, s.answer.form.ReadJSON(m, one.text))
		})
	}
	text, err := whole(name, in)
	if errors.Is(err, errNoMessage) {
		s.fault("", err)
		return nil
	}
	if err != nil {
		return err
	}
	return s.dumped(name, text)
}

// dumped takes the messages of a dump: one a line or packet or, if they do not read as they are and the input has them as
// they come on the line, the frames in it.
func (s *sender) dumped(name string, text []byte) error {
	plain := s.options
	plain.lines, plain.framing = true, nil
	all, err := s.taken(name, text, plain)
	if err != nil {
		return err
	}
	if all.faults > 0 {
		framed := s.options
		framed.lines = false
		found, err := s.taken(name, text, framed)
		if err != nil {
			return err
		}
		if found.faults < all.faults && len(found.requests) > 0 {
			s.note("%s: the messages have the length header %s, which is taken off them", inputName(name), s.frame)
			all = found
		}
	}
	for _, r := range all.requests {
		if err := s.add(r.piece, r.step, r.err); err != nil {
			return err
		}
	}
	return nil
}

// taken is what a dump has of messages, by one way to read it.
type taken struct {
	requests []attempt
	faults   int
}

// attempt is a message, or why it is none.
type attempt struct {
	request
	err error
}

func (s *sender) taken(name string, text []byte, o options) (all taken, err error) {
	add := func(p piece, one step, err error) error {
		if err != nil {
			all.faults++
		}
		all.requests = append(all.requests, attempt{request{p, one}, err})
		return nil
	}
	err = wireReader{console: s.console, options: &o, refused: func(p piece, err error) error { return add(p, step{}, err) },
		use: func(p piece, wire []byte) error {
			m := s.codec.New()
			return add(p, step{request: m}, m.Unpack(wire))
		}}.read(name, bytes.NewReader(text))
	return all, err
}

func (s *sender) add(p piece, one step, err error) error {
	if err != nil {
		s.fault(placeOf(p, err), err)
		return nil
	}
	s.requests = append(s.requests, request{p, one})
	return nil
}

// run sends what was read. Only an answer that cannot be shown, or a host that cannot be reached, ends it early.
func (s *sender) run() error {
	next := time.Now()
	for sending := range s.repeat {
		for _, r := range s.requests {
			if s.rate > 0 {
				time.Sleep(time.Until(next))
				next = later(next, time.Now()).Add(time.Duration(float64(time.Second) / s.rate))
			}
			if err := s.connect(); err != nil {
				return err
			}
			s.flow.conn = s.conn
			if err := s.exchange(sending, r); err != nil {
				return err
			}
		}
	}
	s.unawaited("")
	ending, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	return s.conn.Shutdown(ending)
}

// later keeps a sender that fell behind its rate from catching up in a burst.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// connect dials, for the first time or because the connection has ended.
func (s *sender) connect() error {
	if s.conn != nil && s.conn.Err() == nil {
		return nil
	}
	hooks := connection.Hooks{
		Unmatched: func(*connection.Conn, connection.Unmatched) { s.note("an answer came that belongs to no request") },
		Malformed: func(_ *connection.Conn, _ []byte, err error) {
			s.malformed.Add(1)
			s.note("something came that is no message: %v", err)
		},
	}
	conn, err := s.dial(hooks, s.receive)
	if err != nil {
		return unanswered(err)
	}
	s.conn = conn
	return nil
}

// dial opens a connection to the host.
func (s *sender) dial(hooks connection.Hooks, receive connection.Handler) (*connection.Conn, error) {
	config, err := s.clientTLS()
	if err != nil {
		return nil, err
	}
	var dialer tlsconn.DialFunc
	if config != nil {
		dialer = tlsconn.Dialer(config, nil)
	}
	return connection.Dial(context.Background(), "tcp", s.to, connection.Config{
		Framing: s.framing, Key: s.key, Timeout: s.timeout, Dialer: dialer, Handler: receive, Order: connection.OrderConn, Hooks: hooks,
	})
}

// exchange runs one step and shows what came. The error is one of writing.
func (s *sender) exchange(sending int, r request) error {
	failed := func(err error) error {
		if s.repeat > 1 {
			err = fmt.Errorf("sending %d: %w", sending+1, err)
		}
		return err
	}
	one := r.step
	one.expect = nil
	err := s.flow.do(context.Background(), one)
	var fault *connection.Error
	switch {
	case errors.As(err, &fault) && fault.Op == "unpack":
		return s.answer.print(r.piece, failed(unanswered(err)))
	case err != nil:
		return s.answer.refused(r.piece, failed(unanswered(err)))
	case one.silent > 0:
		return nil
	}
	if err := s.answer.print(r.piece, nil); err != nil {
		return err
	}
	for _, v := range slices.Concat(s.expect, r.step.expect) {
		if !v.in(s.answer.message) {
			s.fault(r.place(), failed(errors.New(s.flow.mismatch(v))))
		}
	}
	return nil
}

// unanswered adds to an error of package connection whether the message may be sent again.
func unanswered(err error) error {
	switch {
	case !errors.As(err, new(*connection.Error)):
		return err
	case connection.SafeToRetry(err):
		return fmt.Errorf("%w; it is safe to send again", err)
	}
	return fmt.Errorf("%w; it is not safe to send again: the host may have acted on it, so reverse it", err)
}
