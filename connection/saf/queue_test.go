package saf

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/stretchr/testify/require"
)

// host is a destination that remembers what it got and answers as told.
type host struct {
	mu     sync.Mutex
	got    []string
	answer func(n int, frame string) error // nil error: answered; n counts from 1
}

func (h *host) Exchange(_ context.Context, frame, dst []byte) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, string(frame))
	if h.answer != nil {
		if err := h.answer(len(h.got), string(frame)); err != nil {
			return nil, err
		}
	}
	return append(dst, "ok"...), nil
}

func (h *host) received() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.got...)
}

func to(h connection.Exchanger) func(context.Context, string) (connection.Exchanger, error) {
	return func(context.Context, string) (connection.Exchanger, error) { return h, nil }
}

func repeated(frame []byte) ([]byte, error) { return append([]byte("again "), frame...), nil }

func lost(sent connection.Sent) error {
	return &connection.Error{Op: "exchange", Sent: sent, Err: connection.ErrTimeout}
}

func newQueue(t *testing.T, c Config) *Queue {
	q, err := New(c)
	require.NoError(t, err)
	return q
}

func TestQueueForwardsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := map[string]*host{"a": {}, "b": {answer: func(n int, _ string) error { time.Sleep(time.Second); return nil }}}
		q := newQueue(t, Config{Store: new(Memory), Route: func(_ context.Context, d string) (connection.Exchanger, error) { return hosts[d], nil }})
		defer q.Close()
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprint(i))
			for d := range hosts {
				_, err := q.Add(d, []byte(fmt.Sprint(i)))
				require.NoError(t, err)
			}
		}
		start := time.Now()
		synctest.Wait()
		require.Equal(t, want, hosts["a"].received(), "a slow destination holds no other up")
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, want, hosts["b"].received())
		require.Equal(t, 20*time.Second, time.Since(start))
		require.Zero(t, q.Pending())
	})
}

// TestQueueRepeats: what has certainly not left is sent as it was, what may have left as a repeat.
func TestQueueRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{answer: func(n int, _ string) error {
			switch n {
			case 1:
				return lost(connection.SentNo)
			case 2:
				return lost(connection.SentMaybe)
			case 3:
				return lost(connection.SentNo)
			}
			return nil
		}}
		q := newQueue(t, Config{Store: new(Memory), Route: to(h), Repeat: repeated})
		defer q.Close()
		_, err := q.Add("x", []byte("0420"))
		require.NoError(t, err)
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, []string{"0420", "0420", "again 0420", "again 0420"}, h.received())
	})
}

func TestQueueAfterRestartSendsRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(Memory)
		deaf := &host{answer: func(int, string) error { return lost(connection.SentYes) }}
		q := newQueue(t, Config{Store: store, Route: to(deaf)})
		for i := range 3 {
			_, err := q.Add("x", []byte(fmt.Sprint(i)))
			require.NoError(t, err)
		}
		synctest.Wait()
		require.NoError(t, q.Close())
		_, err := q.Add("x", nil)
		require.ErrorIs(t, err, ErrClosed)

		h := new(host)
		q = newQueue(t, Config{Store: store, Route: to(h), Repeat: repeated})
		defer q.Close()
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, []string{"again 0", "again 1", "again 2"}, h.received())
	})
}

func TestQueueGivesUp(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		kind   AlertKind
		tries  int
	}{
		{"tries", Config{MaxTries: 3}, TooManyTries, 3},
		{"age", Config{MaxAge: 10 * time.Second, RetryMin: 6 * time.Second, RetryMax: 6 * time.Second}, TooOld, 2},
		{"refused", Config{Judge: func(e Entry, answer []byte) Verdict {
			if string(e.Frame) == "bad" {
				return Refuse
			}
			return Done
		}}, Refused, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &host{answer: func(_ int, frame string) error {
					if frame == "bad" && c.kind != Refused {
						return lost(connection.SentYes)
					}
					return nil
				}}
				var alerts []Alert
				c.config.Store, c.config.Route = new(Memory), to(h)
				c.config.Alert = func(a Alert) {
					if a.Kind != Failing {
						alerts = append(alerts, a)
					}
				}
				q := newQueue(t, c.config)
				defer q.Close()
				q.Add("x", []byte("bad"))
				time.Sleep(9 * time.Second)
				q.Add("x", []byte("good"))
				require.NoError(t, q.Flush(t.Context()))
				require.Len(t, alerts, 1)
				require.Equal(t, c.kind, alerts[0].Kind)
				require.GreaterOrEqual(t, alerts[0].Tries, c.tries)
				require.Equal(t, "good", h.received()[len(h.received())-1], "what comes after is not held up")
			})
		})
	}
}

func TestQueuePausesGrowAndKick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{answer: func(n int, _ string) error {
			if n < 8 {
				return errors.New("down")
			}
			return nil
		}}
		var failing []int
		q := newQueue(t, Config{Store: new(Memory), Route: to(h), RetryMax: time.Hour, Alert: func(a Alert) { failing = append(failing, a.Tries) }})
		defer q.Close()
		start := time.Now()
		q.Add("x", []byte("0420"))
		for n := 1; n < 8; n++ {
			synctest.Wait()
			require.Len(t, h.received(), n)
			time.Sleep(time.Second << (n - 1))
		}
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, []int{3, 4}, failing)
		require.LessOrEqual(t, time.Since(start), 127*time.Second)

		h.mu.Lock()
		h.got = nil
		h.mu.Unlock()
		q.Add("x", []byte("0420"))
		for range 8 {
			synctest.Wait()
			q.Kick("x")
		}
		start = time.Now()
		require.NoError(t, q.Flush(t.Context()))
		require.Zero(t, time.Since(start), "a kick cuts the pause short")
	})
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deaf := &host{answer: func(int, string) error { return lost(connection.SentYes) }}
		q := newQueue(t, Config{Store: new(Memory), Route: to(deaf), MaxPending: 2})
		defer q.Close()
		q.Add("x", nil)
		q.Add("x", nil)
		_, err := q.Add("x", nil)
		require.ErrorIs(t, err, ErrFull)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, q.Flush(ctx), context.DeadlineExceeded)
	})
}

func TestZeroValuesRefuse(t *testing.T) {
	var q Queue
	_, err := q.Add("x", nil)
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, q.Close())
	var f File
	_, err = f.Append("x", nil, time.Now())
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, f.Close())
	var c Counters
	_, err = c.Counter("stan", 1, 9, 1)
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, c.Close())
}

// TestNothingIsSentUnrecorded: when the store fails, the host hears nothing.
func TestNothingIsSentUnrecorded(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "saf"), plain)
	s.f = &fullDisk{s.f, 0}
	h := new(host)
	q := newQueue(t, Config{Store: s, Route: to(h)})
	defer q.Close()
	_, err := q.Add("x", []byte("0420"))
	require.Error(t, err)
	require.Zero(t, q.Pending())
	require.Empty(t, h.received())
}
