package saf

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/stretchr/testify/require"
)

// TestReleaseGoesBeforeLater: a message that is released goes before those that were recorded after it and wait.
func TestReleaseGoesBeforeLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{answer: func(int, string) error { time.Sleep(time.Second); return nil }}
		q := newQueue(t, Config{Store: new(Memory), Route: to(h)})
		defer q.Close()
		q.Add("x", []byte("1"))
		held, err := q.Hold("x", []byte("2"))
		require.NoError(t, err)
		q.Add("x", []byte("3"))
		q.Add("x", []byte("4"))
		require.NoError(t, q.Release(held))
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, []string{"1", "2", "3", "4"}, h.received())
	})
}

// TestReleaseGoesBeforeThoseThatWait for another try, too: nothing of them is under way.
func TestReleaseGoesBeforeThoseThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := false
		h := &host{answer: func(int, string) error {
			if up {
				return nil
			}
			return lost(connection.SentNo)
		}}
		q := newQueue(t, Config{Store: new(Memory), Route: to(h), RetryMin: time.Hour, RetryMax: time.Hour})
		defer q.Close()
		held, err := q.Hold("x", []byte("1"))
		require.NoError(t, err)
		q.Add("x", []byte("2"))
		q.Add("x", []byte("3"))
		time.Sleep(time.Minute)
		require.Equal(t, []string{"2"}, h.received())
		require.NoError(t, q.Release(held))
		synctest.Wait()
		require.Equal(t, []string{"2", "1"}, h.received())
		up = true
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, []string{"2", "1", "1", "2", "3"}, h.received())
	})
}

// slowHost takes a second for each answer, and counts.
type slowHost struct {
	mu          sync.Mutex
	begun       []string
	under, most int
	fails       func(frame string, n int) error // at once; n counts from 1
}

func (h *slowHost) Exchange(_ context.Context, frame, dst []byte) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begun = append(h.begun, string(frame))
	if err := h.fails(string(frame), len(h.begun)); err != nil {
		return dst, err
	}
	h.under++
	h.most = max(h.most, h.under)
	h.mu.Unlock()
	time.Sleep(time.Second)
	h.mu.Lock()
	h.under--
	return dst, nil
}

func (h *slowHost) received() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.begun)
}

// TestReleaseWhileALaterOneIsSent: it goes next, whether the other one is answered or has to be tried again.
func TestReleaseWhileALaterOneIsSent(t *testing.T) {
	for answered, want := range map[bool][]string{true: {"2", "1", "3"}, false: {"2", "1", "2", "3"}} {
		synctest.Test(t, func(t *testing.T) {
			sent := 0
			var begun []string
			q := newQueue(t, Config{Store: new(Memory), Route: to(exchangerFunc(func(_ context.Context, frame []byte) error {
				begun = append(begun, string(frame))
				sent++
				time.Sleep(time.Second)
				if sent == 1 && !answered {
					return lost(connection.SentYes)
				}
				return nil
			}))})
			defer q.Close()
			held, err := q.Hold("x", []byte("1"))
			require.NoError(t, err)
			q.Add("x", []byte("2"))
			q.Add("x", []byte("3"))
			synctest.Wait()
			require.NoError(t, q.Release(held))
			synctest.Wait()
			require.Equal(t, []string{"2"}, begun, "one at a time")
			require.NoError(t, q.Flush(t.Context()))
			require.Equal(t, want, begun)
		})
	}
}

// TestWindowOfThoseThatFail: one that has failed keeps its place before those that are being sent, so that no other
// overtakes it by more than the window, and one that is released has its turn among them.
func TestWindowOfThoseThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &slowHost{fails: func(frame string, n int) error {
			if frame == "0" && n <= 3 {
				return lost(connection.SentNo)
			}
			return nil
		}}
		q := newQueue(t, Config{Store: new(Memory), Route: to(h), Window: 3, RetryMin: time.Hour, RetryMax: time.Hour})
		defer q.Close()
		held, err := q.Hold("x", []byte("held"))
		require.NoError(t, err)
		for i := range 7 {
			_, err := q.Add("x", []byte(fmt.Sprint(i)))
			require.NoError(t, err)
		}
		time.Sleep(time.Minute)
		require.ElementsMatch(t, []string{"0", "1", "2"}, h.received(), "the fourth waits for the first")
		require.NoError(t, q.Release(held))
		time.Sleep(time.Minute)
		require.Equal(t, "held", h.received()[3])
		require.Len(t, h.received(), 4)
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, "0", h.received()[4])
		require.ElementsMatch(t, []string{"3", "4", "5", "6"}, h.received()[5:])
		require.Equal(t, 3, h.most)
	})
}
