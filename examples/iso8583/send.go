package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
)

// send sends messages to a host, one after the other, and shows its answers.
func (c *console) send(args []string) error {
	s, err := c.parseSend(args)
	if err != nil {
		return err
	}
	if err := c.pieces(&s.options, s.read); err != nil {
		return err
	}
	if c.faults > 0 {
		return errors.New("nothing was sent")
	}
	return s.run()
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
	key     connection.KeyFunc

	requests []request
	conn     *connection.Conn
	answer   decoder
}

// request is a message to be sent with its place in the input.
type request struct {
	piece
	message *message.Message
}

func (c *console) parseSend(args []string) (*sender, error) {
	s := &sender{console: c}
	flags := c.flagSet("send")
	s.register(flags)
	flags.StringVar(&s.to, "to", "", "`HOST:PORT` to connect to")
	flags.DurationVar(&s.timeout, "timeout", 30*time.Second, "how long to wait for an answer")
	flags.BoolVar(&s.json, "json", false, "write one JSON object for each answer")
	flags.BoolVar(&s.clear, "clear", false, "show card data in the clear")
	flags.IntVar(&s.repeat, "repeat", 1, "send everything `N` times, as it is")
	flags.Float64Var(&s.rate, "rate", 0, "send at most `N` messages a second")
	match := flags.String("match", "", "`fields` that an answer has in common with its request (default 11,41)")
	flags.Func("expect", "`FIELD=VALUE` that every answer must have, such as 39=00 or 60.3=001; may be repeated", s.addExpectation)
	if err := parse(flags, args); err != nil {
		return nil, err
	}
	s.files = flags.Args()
	switch {
	case s.to == "":
		return nil, usageError{errors.New("send needs -to HOST:PORT")}
	case s.repeat < 1 || s.rate < 0 || s.timeout <= 0:
		return nil, usageError{errors.New("-repeat and -timeout must be positive, and -rate not negative")}
	}
	if err := s.check(c, "send"); err != nil {
		return nil, err
	}
	for _, e := range s.expect {
		if err := e.known(s.codec); err != nil {
			return nil, usageError{fmt.Errorf("-expect: %w", err)}
		}
	}
	s.answer = decoder{console: c, options: &s.options, message: s.codec.New(), form: s.form()}
	return s, s.matchBy(*match)
}

// addExpectation reads a flag. Its errors repeat no value: it may be a card number.
func (s *sender) addExpectation(text string) error {
	path, value, ok := strings.Cut(text, "=")
	if !ok || path == "" {
		return errors.New("not FIELD=VALUE")
	}
	s.expect = append(s.expect, fieldValue{path, value})
	return nil
}

// matchBy makes the function that matches answers with requests: by the given fields, or those of 11 and 41 that the
// spec has.
func (s *sender) matchBy(list string) error {
	given := list != ""
	if !given {
		list = "11,41"
	}
	var numbers []int
	for text := range strings.SplitSeq(list, ",") {
		number, err := strconv.Atoi(text)
		if err == nil {
			err = fieldValue{path: text}.known(s.codec)
		}
		if err != nil && given {
			return usageError{fmt.Errorf("-match: %w", err)}
		}
		if err == nil {
			numbers = append(numbers, number)
		}
	}
	s.key = message.KeyFunc(s.codec, numbers...)
	return nil
}

// read takes the messages of a piece of the input: JSON objects, or lines of hexadecimal.
func (s *sender) read(p piece) error {
	if bytes.HasPrefix(bytes.TrimSpace(p.text), []byte("{")) {
		return s.objects(p, func(one piece) error {
			m := s.codec.New()
			s.add(one, m, s.answer.form.ReadJSON(m, one.text))
			return nil
		})
	}
	line := 0
	for text := range bytes.Lines(p.text) {
		line++
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		one := piece{file: p.file, line: line, text: text}
		m := s.codec.New()
		wire, err := one.bytes()
		if err == nil {
			err = m.Unpack(wire)
		}
		s.add(one, m, err)
	}
	return nil
}

func (s *sender) add(p piece, m *message.Message, err error) {
	switch {
	case errors.As(err, new(*hexError)):
		s.fault(p.file, err) // the error has the line
	case err != nil:
		s.fault(p.place(), err)
	default:
		s.requests = append(s.requests, request{p, m})
	}
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
			if err := s.exchange(sending, r); err != nil {
				return err
			}
		}
	}
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
	config, err := s.clientTLS()
	if err != nil {
		return err
	}
	s.conn, err = connection.Dial(context.Background(), "tcp", s.to, connection.Config{
		Framing: s.framing, Key: s.key, Timeout: s.timeout, TLS: config,
		Hooks: connection.Hooks{
			Unmatched: func(*connection.Conn, connection.Unmatched) { s.note("an answer came that belongs to no request") },
			Malformed: func(_ *connection.Conn, _ []byte, err error) { s.note("something came that is no message: %v", err) },
		},
	})
	if err != nil {
		return unanswered(err)
	}
	return nil
}

// exchange sends one message and shows its answer. The error is one of writing.
func (s *sender) exchange(sending int, r request) error {
	failed := func(err error) error {
		if s.repeat > 1 {
			err = fmt.Errorf("sending %d: %w", sending+1, err)
		}
		return err
	}
	err := connection.Send(context.Background(), s.conn, r.message, s.answer.message)
	var fault *connection.Error
	switch {
	case errors.As(err, &fault) && fault.Op == "unpack":
		return s.answer.print(r.piece, failed(unanswered(err)))
	case err != nil:
		return s.answer.refused(r.piece, failed(unanswered(err)))
	}
	if err := s.answer.print(r.piece, nil); err != nil {
		return err
	}
	for _, e := range s.expect {
		if !e.in(s.answer.message) {
			s.fault(r.place(), failed(s.mismatch(e)))
		}
	}
	return nil
}

// mismatch says what an answer has in place of the expected value, masked as in every output.
func (s *sender) mismatch(e fieldValue) error {
	wanted := s.codec.New()
	if err := e.set(wanted); err != nil {
		return fmt.Errorf("expected another value in field %s, got %s", e.path, s.shown(s.answer.message, e.path))
	}
	return fmt.Errorf("expected %s in field %s, got %s", s.shown(wanted, e.path), e.path, s.shown(s.answer.message, e.path))
}

func (s *sender) shown(m *message.Message, path string) string {
	value := m.Get(path)
	switch {
	case path == "0":
		return m.MTI()
	case !value.Present():
		return "nothing"
	case s.clear:
		return strconv.Quote(value.Text())
	}
	return value.String()
}

// unanswered adds to an error of package connection whether the message may be sent again.
func unanswered(err error) error {
	if connection.SafeToRetry(err) {
		return fmt.Errorf("%w; it is safe to send again", err)
	}
	return fmt.Errorf("%w; it is not safe to send again: the host may have acted on it, so reverse it", err)
}
