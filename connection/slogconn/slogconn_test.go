package slogconn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/connection/slogconn"
	"github.com/stretchr/testify/require"
)

// key reads frames of 4 digits of MTI, 6 of STAN, any text.
func key(frame []byte) (key [32]byte, kind uint8, err error) {
	if len(frame) < 10 {
		return key, connection.KindOther, errors.New("frame of less than ten bytes")
	}
	copy(key[:], frame[:2])
	key[2] = frame[2] &^ 1
	copy(key[3:], frame[4:10])
	if kind = connection.KindRequest; frame[2]&1 == 1 {
		kind = connection.KindResponse
	}
	return key, kind, nil
}

const pan = "6222020200012345678"

// TestNoCardDataInLogs sends card numbers through everything that logs or fails and looks for them.
func TestNoCardDataInLogs(t *testing.T) {
	var log lockedBuffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	framing := connection.MustNewFraming(connection.Descriptor{Width: 2})
	var failures []error
	synctest.Test(t, func(t *testing.T) {
		c, err := connection.Dial(t.Context(), "memory", "host", connection.Config{
			Framing: framing, Key: key, Timeout: 5 * time.Second, Hooks: slogconn.Hooks(logger),
			Handler: func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
				if frame[9] == '1' {
					panic(string(frame))
				}
				return nil, errors.New("refused")
			},
			Dialer: connectiontest.Dialer(framing, func(p *connectiontest.Peer) {
				frame, _ := p.Receive()
				for range 5 {
					p.Send([]byte("0110000009" + pan)) // unmatched
				}
				p.Send([]byte(pan[:6]))            // malformed
				p.Send([]byte("0800000002" + pan)) // the handler fails
				time.Sleep(6 * time.Second)        // the request times out
				frame[2]++
				p.Send(frame)                      // late
				p.Send([]byte("0800000001" + pan)) // panics, and ends the connection
				io.Copy(io.Discard, p)
			}),
		})
		require.NoError(t, err)
		_, err = c.Exchange(t.Context(), []byte("0100000001"+pan), nil)
		failures = append(failures, err)
		<-c.Done()
		failures = append(failures, c.Err())
		synctest.Wait()
	})
	text := log.String()
	for _, line := range []string{
		`level=DEBUG msg="connection opened" peer=server`,
		`level=WARN msg="answer that no request waits for" peer=server count=1`,
		`level=WARN msg="answer that no request waits for" peer=server count=2`,
		`level=WARN msg="answer that no request waits for" peer=server count=4 left_out=1`,
		`level=WARN msg="frame without a readable key" error="frame of less than ten bytes" peer=server count=1`,
		`level=WARN msg="handler failed" error=refused peer=server count=1`,
		`level=INFO msg="late answer" peer=server count=1`,
		`level=ERROR msg=panic type=string stack=`,
		`level=DEBUG msg="connection ended" reason="handler panicked" peer=server`,
	} {
		require.Contains(t, text, line)
	}
	require.NotContains(t, text, "count=3")
	require.NotContains(t, text, "count=5")
	require.NotContains(t, text, pan[:8])
	require.NotContains(t, fmt.Sprintf("%v %+v", failures, failures), pan[:8])
}

// TestNothingFloods: whatever comes a thousand times, on connections of their own, is ten lines of its kind in a minute, and
// the next one says how many were left out.
func TestNothingFloods(t *testing.T) {
	c := new(connection.Conn)
	peer := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 7}
	bad := errors.New("bad")
	for text, call := range map[string]func(h connection.Hooks){
		`level=INFO msg="late answer" peer=<nil>`:                            func(h connection.Hooks) { h.Late(c, [32]byte{}, nil) },
		`level=WARN msg="answer that no request waits for" peer=<nil>`:       func(h connection.Hooks) { h.Unmatched(c, connection.Unmatched{}) },
		`level=WARN msg="frame without a readable key" error=bad peer=<nil>`: func(h connection.Hooks) { h.Malformed(c, nil, bad) },
		`level=WARN msg="handler failed" error=bad peer=<nil>`:               func(h connection.Hooks) { h.HandlerError(c, bad) },
		`level=ERROR msg=panic type=string stack=x peer=<nil>`:               func(h connection.Hooks) { h.Panicked(c, connection.Panic{Type: "string", Stack: []byte("x")}) },
		`level=WARN msg="answer not sent" error=bad peer=<nil>`:              func(h connection.Hooks) { h.AnswerLost(c, bad) },
		`level=WARN msg="connection refused" peer=192.0.2.1:7 reason=bad`:    func(h connection.Hooks) { h.Refused(peer, bad) },
		`level=ERROR msg="accept failed" error=bad retry=1s`:                 func(h connection.Hooks) { h.AcceptFailed(bad, time.Second) },
	} {
		synctest.Test(t, func(t *testing.T) {
			var log lockedBuffer
			hooks := slogconn.Hooks(slog.New(slog.NewTextHandler(&log, nil)))
			want := []string{text + " count=1", text + " count=2", text + " count=4 left_out=1"}
			for count := 8; count < 1000; count *= 2 {
				want = append(want, fmt.Sprintf("%s count=%d left_out=%d", text, count, count/2-1))
			}
			for range 1000 {
				call(hooks)
			}
			time.Sleep(time.Minute - time.Nanosecond)
			call(hooks) // of the same minute still
			time.Sleep(time.Nanosecond)
			call(hooks)
			want = append(want, text+" count=1 left_out=489")
			var got []string
			for line := range strings.Lines(log.String()) {
				_, line, _ = strings.Cut(line, " ") // without its time
				got = append(got, strings.TrimSuffix(line, "\n"))
			}
			require.Equal(t, want, got)
		})
	}
}

// TestKindsAreLimitedApart, and what the logger does not want is not counted.
func TestKindsAreLimitedApart(t *testing.T) {
	var log lockedBuffer
	hooks := slogconn.Hooks(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})))
	c := new(connection.Conn)
	for range 3 {
		hooks.HandlerError(c, errors.New("bad"))
		hooks.Late(c, [32]byte{}, nil)
	}
	hooks.Unmatched(c, connection.Unmatched{})
	text := log.String()
	require.Equal(t, 3, strings.Count(text, "\n"))
	require.Contains(t, text, `no request waits for" peer=<nil> count=1`)
}

// TestLostAnswer: an answer that could not be sent is a warning.
func TestLostAnswer(t *testing.T) {
	var log lockedBuffer
	framing := connection.MustNewFraming(connection.Descriptor{Width: 2, Max: 20})
	client, server := connectiontest.Pipe()
	c, err := connection.NewConn(server, connection.Config{
		Framing: framing, Hooks: slogconn.Hooks(slog.New(slog.NewTextHandler(&log, nil))),
		Handler: func(_ *connection.Conn, _, reply []byte) ([]byte, error) { return append(reply, pan+pan...), nil },
	})
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, connectiontest.NewPeer(client, framing).Send([]byte("0800000001")))
	require.Eventually(t, func() bool { return log.String() != "" }, 5*time.Second, time.Millisecond)
	require.Contains(t, log.String(), `level=WARN msg="answer not sent" error="framing: frame longer than the limit, length 38, limit 20" peer=`)
	require.NotContains(t, log.String(), "connection opened", "below the logger's level")
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func Example() {
	framing := connection.MustNewFraming(connection.Descriptor{Width: 2})
	logger := slog.New(slog.DiscardHandler) // slog.Default(), in a program
	_, err := connection.Dial(context.Background(), "memory", "host", connection.Config{
		Framing: framing,
		Hooks:   slogconn.Hooks(logger).With(connection.Hooks{Closed: func(_ *connection.Conn, err error) { fmt.Println(err) }}),
		Dialer:  func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") },
	})
	fmt.Println(err)
	// Output: dial: no route (not sent)
}
