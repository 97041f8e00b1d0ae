package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
)

// flow runs steps on a connection, one after the other.
type flow struct {
	conn  *connection.Conn
	inbox chan *message.Message // what the peer starts; nil where nothing is awaited
	anew  *renewal
	clear bool // failures show values in the clear

	malformed *atomic.Int64 // what came on the connection and is no message

	note    func(format string, args ...any)
	passed  func(m *message.Message) // is told what came and did not fit
	sending func(m *message.Message) // is told what goes out, if not nil

	sent, got *message.Message // of the step before
}

// newFlow returns a flow whose answers are unpacked into got.
func newFlow(anew *renewal, got *message.Message, clear bool) *flow {
	return &flow{anew: anew, clear: clear, sent: got.Codec().New(), got: got, malformed: &atomic.Int64{}, note: func(string, ...any) {}}
}

// unmet is a failure of a step that ran: its answer is not what it must be.
type unmet struct{ error }

// do runs a step. Its error is an unmet, or tells why there is no answer.
func (f *flow) do(ctx context.Context, s step) error {
	select {
	case <-time.After(s.pause):
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.request == nil {
		return f.await(ctx, s)
	}
	wire, err := f.request(s)
	if err != nil {
		return err
	}
	if s.silent > 0 {
		return f.silence(ctx, wire, s.silent)
	}
	f.got.Reset()
	if err := connection.Send(ctx, f.conn, packed(wire), f.got); err != nil {
		return err
	}
	if err := f.anew.keys.check(f.got); err != nil {
		return unmet{err}
	}
	if f.anew.keys.unsigned(f.sent, f.got) {
		f.note("the answer has no authentication code, and its request had one")
	}
	if err := f.met(s.expect); err != nil {
		return err
	}
	return f.anew.keys.learn(f.got)
}

// packed is a message as it goes out.
type packed []byte

// AppendBinary implements encoding.BinaryAppender.
func (p packed) AppendBinary(dst []byte) ([]byte, error) { return append(dst, p...), nil }

// request makes the message that a step sends.
func (f *flow) request(s step) ([]byte, error) {
	for _, v := range s.take {
		from, path, which := f.got, v.value, "answer"
		if rest, ok := strings.CutPrefix(path, sentBefore); ok {
			from, path, which = f.sent, rest, "request"
		}
		value := from.Get(path)
		if !value.Present() {
			return nil, fmt.Errorf("the %s before has no field %s to take", which, path)
		}
		if err := s.request.SetPath(v.path, value.Text()); err != nil {
			return nil, fmt.Errorf("take: %w", err)
		}
	}
	wire, err := f.anew.pack(s.request)
	if err != nil {
		return nil, err
	}
	if f.sending != nil {
		f.sending(s.request)
	}
	return wire, f.sent.CopyFrom(s.request)
}

// silence sends a message that must have no answer.
func (f *flow) silence(ctx context.Context, wire []byte, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	before := f.malformed.Load()
	_, err := f.conn.Exchange(ctx, wire, nil)
	var fault *connection.Error
	switch {
	case err == nil:
		return unmet{errors.New("an answer came, and none was to come")}
	case connection.SentOf(err) == connection.SentNo || !errors.As(err, &fault) || !fault.Timeout():
		return err
	case f.malformed.Load() != before:
		return unmet{errors.New("something came that is no message, and nothing was to come")}
	}
	return nil
}

// await waits for what the peer sends of itself. What does not fit is told and passed over.
func (f *flow) await(ctx context.Context, s step) error {
	timer := time.NewTimer(s.within)
	defer timer.Stop()
	for {
		var m *message.Message
		select {
		case m = <-f.inbox:
		case <-timer.C:
			return unmet{fmt.Errorf("nothing that fits came within %v", s.within)}
		case <-ctx.Done():
			return ctx.Err()
		case <-f.conn.Done():
			select {
			case m = <-f.inbox: // it came before the end
			default:
				return f.conn.Err()
			}
		}
		if !matchesAll(s.await, m) {
			f.passed(m)
			continue
		}
		if err := f.got.CopyFrom(m); err != nil {
			return err
		}
		if err := f.met(s.expect); err != nil {
			return err
		}
		return f.respond(ctx, m, s.reply)
	}
}

// respond answers a message of the peer's.
func (f *flow) respond(ctx context.Context, m *message.Message, reply fieldValues) error {
	if reply == nil {
		return nil
	}
	response, err := message.Response(m)
	if err != nil {
		return err
	}
	for _, v := range reply {
		if err := v.set(response); err != nil {
			return err
		}
	}
	wire, err := f.anew.sign(response)
	if err != nil {
		return err
	}
	return f.conn.Post(ctx, wire)
}

// met looks for what a message must have.
func (f *flow) met(expect fieldValues) error {
	var wrong []string
	for _, v := range expect {
		if !v.in(f.got) {
			wrong = append(wrong, f.mismatch(v))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return unmet{errors.New(strings.Join(wrong, "; "))}
}

// mismatch says what an answer has in place of the expected value, masked as in every output.
func (f *flow) mismatch(v fieldValue) string {
	wanted := f.got.Codec().New()
	if err := v.set(wanted); err != nil {
		return fmt.Sprintf("expected another value in field %s, got %s", v.path, f.shown(f.got, v.path))
	}
	return fmt.Sprintf("expected %s in field %s, got %s", f.shown(wanted, v.path), v.path, f.shown(f.got, v.path))
}

func (f *flow) shown(m *message.Message, path string) string {
	value := m.Get(path)
	switch {
	case path == "0":
		return m.MTI()
	case !value.Present():
		return "nothing"
	case f.clear:
		return strconv.Quote(value.Text())
	}
	return value.String()
}

func matchesAll(values []fieldValue, m *message.Message) bool {
	for _, v := range values {
		if !v.in(m) {
			return false
		}
	}
	return true
}
