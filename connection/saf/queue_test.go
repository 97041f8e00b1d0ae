package saf

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
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

func repeated(_ context.Context, e Entry, repeat bool) ([]byte, error) {
	if !repeat {
		return e.Frame, nil
	}
	return append([]byte("again "), e.Frame...), nil
}

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
		q := newQueue(t, Config{Store: new(Memory), Route: to(h), Prepare: repeated})
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
		q = newQueue(t, Config{Store: store, Route: to(h), Prepare: repeated})
		defer q.Close()
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, []string{"again 0", "again 1", "again 2"}, h.received())
	})
}

// repeater is a host that knows repeats from first sendings.
type repeater struct{ host }

func (r *repeater) Repeat(ctx context.Context, frame, dst []byte) ([]byte, error) {
	return r.Exchange(ctx, append([]byte("repeat of "), frame...), dst)
}

// TestQueueRepeatsThroughRepeater: what may have reached the host is sent by Repeat where there is one, and only that.
func TestQueueRepeatsThroughRepeater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &repeater{host{answer: func(n int, _ string) error {
			return []error{lost(connection.SentNo), lost(connection.SentMaybe), lost(connection.SentNo), nil}[n-1]
		}}}
		q := newQueue(t, Config{Store: new(Memory), Route: to(r)})
		defer q.Close()
		_, err := q.Add("x", []byte("0420"))
		require.NoError(t, err)
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, []string{"0420", "0420", "repeat of 0420", "repeat of 0420"}, r.received())
	})
}

// TestCloseWaits: an answer that comes although its sending was broken off is recorded before the store is closed.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(Memory)
		q := newQueue(t, Config{Store: m, Route: to(exchangerFunc(func(ctx context.Context, _ []byte) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			return nil
		}))})
		_, err := q.Add("x", nil)
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, q.Close())
		left, err := m.Pending()
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

// TestCloseStartsNothing: what waits behind the last answer is not sent any more, and what was broken off is pending still.
func TestCloseStartsNothing(t *testing.T) {
	for _, answered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			sent := 0
			q := newQueue(t, Config{Store: new(Memory), Route: to(exchangerFunc(func(ctx context.Context, _ []byte) error {
				sent++
				<-ctx.Done()
				if answered {
					return nil
				}
				return ctx.Err()
			}))})
			for range 3 {
				_, err := q.Add("x", nil)
				require.NoError(t, err)
			}
			synctest.Wait()
			require.NoError(t, q.Close())
			require.Equal(t, 1, sent)
			left := 3
			if answered {
				left = 2
			}
			require.Equal(t, left, q.Pending())
		})
	}
	synctest.Test(t, func(t *testing.T) { // the same in a pause
		h := &host{answer: func(int, string) error { return lost(connection.SentNo) }}
		q := newQueue(t, Config{Store: new(Memory), Route: to(h)})
		_, err := q.Add("x", nil)
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, q.Close())
		require.Equal(t, 1, q.Pending())
		require.Len(t, h.received(), 1)
	})
}

// TestLinesThatAreDone leave nothing behind, however many destinations there were.
func TestLinesThatAreDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, Config{Store: new(Memory), Route: to(new(host))})
		defer q.Close()
		for i := range 10 {
			_, err := q.Add(fmt.Sprint(i%5), nil)
			require.NoError(t, err)
		}
		require.NoError(t, q.Flush(t.Context()))
		synctest.Wait()
		require.Empty(t, q.lines)
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
		{"one try", Config{MaxTries: 1}, TooManyTries, 1},
		{"next to no age", Config{MaxAge: 1}, TooOld, 1},
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
				if c.kind != Refused {
					require.ErrorIs(t, alerts[0].Err, connection.ErrTimeout, "what it failed with last")
				}
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

// TestFlushOfAQueueThatIsClosed says that what was pending has not been forwarded.
func TestFlushOfAQueueThatIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, Config{Store: new(Memory), Route: to(&host{answer: func(int, string) error { return lost(connection.SentYes) }})})
		_, err := q.Add("x", nil)
		require.NoError(t, err)
		var flushed error
		go func() { flushed = q.Flush(t.Context()) }()
		synctest.Wait()
		require.NoError(t, q.Close())
		synctest.Wait()
		require.ErrorIs(t, flushed, ErrClosed)
	})
}

// TestDefaults: what is zero or makes no sense is set, what is given stays.
func TestDefaults(t *testing.T) {
	c := Config{Store: new(Memory), Route: to(nil)}
	for _, given := range []time.Duration{0, -1} {
		c.Timeout, c.RetryMin, c.RetryMax, c.MaxPending, c.Window = given, given, given, int(given), int(given)
		d, err := c.withDefaults()
		require.NoError(t, err)
		require.Equal(t, []any{30 * time.Second, time.Second, time.Minute, 10_000, 1}, []any{d.Timeout, d.RetryMin, d.RetryMax, d.MaxPending, d.Window})
	}
	c.Timeout, c.RetryMin, c.RetryMax, c.MaxPending, c.Window = 1, 2, 3, 4, 5
	d, err := c.withDefaults()
	require.NoError(t, err)
	require.Equal(t, []any{time.Duration(1), time.Duration(2), time.Duration(3), 4, 5}, []any{d.Timeout, d.RetryMin, d.RetryMax, d.MaxPending, d.Window})
	c.MaxPending = 1
	d, err = c.withDefaults()
	require.NoError(t, err)
	require.Equal(t, 1, d.MaxPending)
	for _, bad := range []Config{{Store: c.Store}, {Route: c.Route}} {
		_, err := New(bad)
		require.Error(t, err)
	}
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
	d := newMemDisk()
	s := openMem(t, d, plain)
	d.failEvery("write", syscall.EIO)
	h := new(host)
	q := newQueue(t, Config{Store: s, Route: to(h)})
	defer q.Close()
	_, err := q.Add("x", []byte("0420"))
	require.ErrorIs(t, err, syscall.EIO)
	require.Zero(t, q.Pending())
	require.Empty(t, h.received())
}

// TestWindow: as many are under way as the window is wide, and none overtakes by more.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan struct{})
		var mu sync.Mutex
		var begun []string
		under, most := 0, 0
		h := exchangerFunc(func(ctx context.Context, frame []byte) error {
			mu.Lock()
			begun = append(begun, string(frame))
			under++
			most = max(most, under)
			mu.Unlock()
			if string(frame) == "0" {
				<-slow
			} else {
				time.Sleep(time.Second)
			}
			mu.Lock()
			under--
			mu.Unlock()
			return nil
		})
		q := newQueue(t, Config{Store: new(Memory), Route: to(h), Window: 4})
		defer q.Close()
		for i := range 10 {
			_, err := q.Add("x", []byte(fmt.Sprint(i)))
			require.NoError(t, err)
		}
		time.Sleep(time.Minute)
		mu.Lock()
		require.ElementsMatch(t, []string{"0", "1", "2", "3"}, begun, "the fifth waits for the first")
		require.Equal(t, 4, most)
		mu.Unlock()
		require.Equal(t, 7, q.Pending())
		close(slow)
		require.NoError(t, q.Flush(t.Context()))
		mu.Lock()
		defer mu.Unlock()
		require.Len(t, begun, 10)
		require.Equal(t, 4, most)
		q.mu.Lock()
		defer q.mu.Unlock()
		require.Empty(t, q.lines, "a line that is empty is forgotten")
	})
}

type exchangerFunc func(ctx context.Context, frame []byte) error

func (f exchangerFunc) Exchange(ctx context.Context, frame, dst []byte) ([]byte, error) {
	return dst, f(ctx, frame)
}

// TestPrepare: what is sent is made anew for every sending, from the entry as it was recorded.
func TestPrepare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{answer: func(n int, _ string) error {
			if n < 3 {
				return lost([]connection.Sent{0, connection.SentNo, connection.SentMaybe}[n])
			}
			return nil
		}}
		calls := 0
		q := newQueue(t, Config{Store: new(Memory), Route: to(h), MaxTries: 5, Prepare: func(ctx context.Context, e Entry, repeat bool) ([]byte, error) {
			deadline, _ := ctx.Deadline()
			require.Equal(t, 30*time.Second, time.Until(deadline))
			if calls++; calls == 2 {
				return nil, errors.New("no key")
			}
			return fmt.Appendf(nil, "%s tries %d repeat %v", e.Frame, e.Tries, repeat), nil
		}})
		defer q.Close()
		_, err := q.Add("x", []byte("0420"))
		require.NoError(t, err)
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, []string{"0420 tries 0 repeat false", "0420 tries 1 repeat false", "0420 tries 2 repeat true"}, h.received())
		require.Equal(t, 4, calls)
	})
}
