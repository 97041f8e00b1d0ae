package saf

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/stretchr/testify/require"
)

// TestPanicsAreFailures: whatever function panics, the entry is tried again, as a repeat if it may have left.
func TestPanicsAreFailures(t *testing.T) {
	for _, where := range []string{"route", "prepare", "exchange", "judge"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				left := 4
				fault := func(here string) {
					if here == where && left > 0 {
						left--
						panic("card 6222020200012345678")
					}
				}
				h := &host{}
				var alerts []Alert
				q := newQueue(t, Config{
					Store: new(Memory),
					Route: func(context.Context, string) (connection.Exchanger, error) {
						fault("route")
						return exchangerFunc(func(ctx context.Context, frame []byte) error {
							fault("exchange")
							_, err := h.Exchange(ctx, frame, nil)
							return err
						}), nil
					},
					Prepare: func(ctx context.Context, e Entry, repeat bool) ([]byte, error) {
						fault("prepare")
						return repeated(ctx, e, repeat)
					},
					Judge: func(Entry, []byte) Verdict { fault("judge"); return Done },
					Alert: func(a Alert) { alerts = append(alerts, a) },
				})
				defer q.Close()
				_, err := q.Add("x", []byte("0420"))
				require.NoError(t, err)
				require.NoError(t, q.Flush(t.Context()))
				require.Len(t, alerts, 2, "the third and the fourth failure")
				require.ErrorIs(t, alerts[0].Err, ErrPanic)
				require.NotContains(t, fmt.Sprint(alerts), "6222")
				got := h.received()
				wantRepeat := where == "exchange" || where == "judge"
				require.Equal(t, wantRepeat, got[len(got)-1] == "again 0420")
			})
		})
	}
}

// TestAlertThatPanics: forwarding goes on.
func TestAlertThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		q := newQueue(t, Config{
			Store: new(Memory), Route: to(new(host)),
			Judge: func(e Entry, _ []byte) Verdict {
				if string(e.Frame) == "bad" {
					return Refuse
				}
				return Done
			},
			Alert: func(Alert) { told++; panic("alert") },
		})
		defer q.Close()
		for _, frame := range []string{"bad", "good", "bad"} {
			_, err := q.Add("x", []byte(frame))
			require.NoError(t, err)
		}
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, 2, told)
	})
}

// TestPausesAreBounded: whatever RetryMin is, no pause is longer than RetryMax or less than half of what it should be.
func TestPausesAreBounded(t *testing.T) {
	for _, c := range []struct{ least, most time.Duration }{
		{time.Second, 10 * time.Second},
		{time.Minute, time.Second},
		{100 * time.Hour, 1 << 60},
		{1 << 60, 1 << 61},
		{1, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(t, Config{Store: new(Memory), Route: to(new(host)), RetryMin: c.least, RetryMax: c.most})
			defer q.Close()
			for failures := 1; failures < 40; failures++ {
				if c.least>>40 > 0 && failures > 2 {
					break // the clock has not so many years
				}
				want := min(c.least, c.most)
				for range failures - 1 {
					want += min(want, c.most-want)
				}
				start := time.Now()
				require.True(t, q.pause(nil, failures))
				took := time.Since(start)
				require.GreaterOrEqual(t, took, want/2, "after %d failures", failures)
				require.LessOrEqual(t, took, want, "after %d failures", failures)
			}
		})
	}
}

// TestPausesAreSpread over the half of their time that is left to chance.
func TestPausesAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, Config{Store: new(Memory), Route: to(new(host)), RetryMin: time.Hour, RetryMax: time.Hour})
		defer q.Close()
		shortest, longest := time.Hour, time.Duration(0)
		for range 1000 {
			start := time.Now()
			require.True(t, q.pause(nil, 1))
			shortest, longest = min(shortest, time.Since(start)), max(longest, time.Since(start))
		}
		require.Less(t, shortest, 33*time.Minute)
		require.Greater(t, longest, 57*time.Minute)
	})
}

// failingStore fails End and Tried as long as it is told to.
type failingStore struct {
	Memory
	down atomic.Bool
}

func (s *failingStore) End(id uint64, o Outcome) error {
	if s.down.Load() {
		return syscall.EIO
	}
	return s.Memory.End(id, o)
}

func (s *failingStore) Tried(id uint64) error {
	if s.down.Load() {
		return syscall.EIO
	}
	return s.Memory.Tried(id)
}

// TestOutcomesAreRecordedLater: an outcome that the store could not record is recorded with the next, or in Close.
func TestOutcomesAreRecordedLater(t *testing.T) {
	for _, closing := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := new(failingStore)
			var alerts []AlertKind
			q := newQueue(t, Config{Store: s, Route: to(new(host)), Alert: func(a Alert) { alerts = append(alerts, a.Kind) }})
			s.down.Store(true)
			for range 3 {
				_, err := q.Add("x", []byte("0420"))
				require.NoError(t, err)
			}
			require.NoError(t, q.Flush(t.Context()))
			require.Len(t, alerts, 6, "each for its try and for its outcome")
			s.down.Store(false)
			if !closing {
				_, err := q.Add("x", []byte("0420"))
				require.NoError(t, err)
				require.NoError(t, q.Flush(t.Context()))
				left, _ := s.Pending()
				require.Empty(t, left)
			}
			require.NoError(t, q.Close())
			left, _ := s.Pending()
			require.Empty(t, left)
		})
	}
}

// endsFail is a store that cannot record the outcome of some entries.
type endsFail struct {
	Memory
	ids   []uint64
	calls map[uint64]int
}

func (s *endsFail) End(id uint64, o Outcome) error {
	s.calls[id]++
	if slices.Contains(s.ids, id) {
		return syscall.EIO
	}
	return s.Memory.End(id, o)
}

// TestOutcomesAreTriedAgainInOrder: with each outcome that is recorded the first of those is tried that were not, and the
// others only once that one is.
func TestOutcomesAreTriedAgainInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &endsFail{ids: []uint64{1, 2}, calls: map[uint64]int{}}
		q := newQueue(t, Config{Store: s, Route: to(new(host))})
		add := func() {
			_, err := q.Add("x", nil)
			require.NoError(t, err)
			require.NoError(t, q.Flush(t.Context()))
		}
		for range 6 {
			add()
		}
		require.Equal(t, map[uint64]int{1: 1 + 4, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1}, s.calls)
		s.ids = nil
		add()
		require.Equal(t, map[uint64]int{1: 6, 2: 2, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1}, s.calls)
		require.NoError(t, q.Close())
	})
}

// TestKickTwice: each kick cuts the pause short that is under way, and a kick of nobody does nothing.
func TestKickTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{answer: func(n int, _ string) error {
			if n < 3 {
				return lost(connection.SentNo)
			}
			return nil
		}}
		q := newQueue(t, Config{Store: new(Memory), Route: to(h), RetryMin: time.Hour, RetryMax: time.Hour})
		defer q.Close()
		start := time.Now()
		_, err := q.Add("x", nil)
		require.NoError(t, err)
		for i := range 2 {
			synctest.Wait()
			require.Len(t, h.received(), i+1)
			q.Kick("x")
			q.Kick("nobody")
		}
		require.NoError(t, q.Flush(t.Context()))
		require.Len(t, h.received(), 3)
		require.Zero(t, time.Since(start))
	})
}

// TestTriesThatAreNotRecordedAreToldOnce: a store that fails does not flood whoever is told.
func TestTriesThatAreNotRecordedAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(failingStore)
		s.down.Store(true)
		told := 0
		q := newQueue(t, Config{Store: s, MaxTries: 20, Route: to(&host{answer: func(int, string) error { return lost(connection.SentNo) }}),
			Alert: func(a Alert) {
				if a.Kind == StoreError {
					told++
				}
			}})
		defer q.Close()
		q.Add("x", nil)
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, 2, told, "once for the tries, once for the outcome")
	})
}

// TestFailingIsToldOfTheOldest: with a window, the destination's trouble is told by one entry.
func TestFailingIsToldOfTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []uint64
		q := newQueue(t, Config{Store: new(Memory), Window: 8, MaxTries: 5, Route: to(&host{answer: func(int, string) error { return lost(connection.SentYes) }}),
			Alert: func(a Alert) {
				mu.Lock()
				defer mu.Unlock()
				if a.Kind == Failing {
					told = append(told, a.ID)
				}
			}})
		defer q.Close()
		for range 8 {
			q.Add("x", nil)
		}
		time.Sleep(3200 * time.Millisecond) // the third failure comes after 3 s at most, the fourth after 3.5 at least
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, []uint64{1}, told)
	})
}

// TestFramesAreCleared: a message that is not needed any more does not stay in memory.
func TestFramesAreCleared(t *testing.T) {
	inStore := func(s Store, id uint64) []byte {
		if f, ok := s.(*File); ok {
			return f.pending[id].Frame
		}
		return s.(*Memory).pending[id].Frame
	}
	for _, store := range []Store{openMem(t, newMemDisk(), plain), new(Memory)} {
		sent := make(chan []byte, 1)
		q := newQueue(t, Config{Store: store, Route: to(new(host)), Prepare: func(_ context.Context, e Entry, _ bool) ([]byte, error) {
			sent <- e.Frame
			return []byte("0420 made of it"), nil
		}})
		var kept [][]byte
		hold := func() uint64 {
			id, err := q.Hold("x", []byte("6222020200012345678"))
			require.NoError(t, err)
			q.mu.Lock()
			kept = append(kept, q.held[id].Frame, inStore(store, id))
			q.mu.Unlock()
			return id
		}
		require.NoError(t, q.Withdraw(hold()))
		second, err := q.Replace(hold(), "x", []byte("0420"))
		require.NoError(t, err)
		require.NoError(t, q.Withdraw(second))
		require.NoError(t, q.Release(hold()))
		kept = append(kept, <-sent)
		require.NoError(t, q.Flush(t.Context()))
		require.NoError(t, q.Close())
		for i, frame := range kept {
			require.Equal(t, make([]byte, len("6222020200012345678")), frame, "%d", i)
		}
	}
}

// TestFailingTellsWhy: an alert has what the destination fails with, wherever that is.
func TestFailingTellsWhy(t *testing.T) {
	none := errors.New("no route")
	for name, set := range map[string]func(c *Config){
		"Route": func(c *Config) {
			c.Route = func(context.Context, string) (connection.Exchanger, error) { return nil, none }
		},
		"Prepare": func(c *Config) { c.Prepare = func(context.Context, Entry, bool) ([]byte, error) { return nil, none } },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []Alert
				c := Config{Store: new(Memory), Route: to(new(host)), Alert: func(a Alert) { told = append(told, a) }}
				set(&c)
				q := newQueue(t, c)
				defer q.Close()
				_, err := q.Add("x", nil)
				require.NoError(t, err)
				time.Sleep(time.Minute)
				synctest.Wait()
				require.NotEmpty(t, told)
				require.Equal(t, Failing, told[0].Kind)
				require.Equal(t, none, told[0].Err)
			})
		})
	}
}
