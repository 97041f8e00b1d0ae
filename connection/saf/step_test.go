package saf

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/internal/stepclock"
)

// TestTheClockIsSet: a reversal is given up when it has been tried for MaxAge, not when the machine's clock jumps; nor is
// it kept for longer. What an earlier run recorded is as old as the clock says at the start, at least new.
func TestTheClockIsSet(t *testing.T) {
	for recorded, age := range map[string]time.Duration{"now": 0, "earlier": 8 * time.Second, "in the future": -time.Hour} {
		t.Run("recorded "+recorded, func(t *testing.T) {
			stepclock.Each(t, func(t *testing.T, clock *stepclock.Clock, step time.Duration) {
				require.Equal(t, 10*time.Second, givenUpAfter(t, clock, step, age))
			})
		})
	}
}

// givenUpAfter is how old an entry is that no host takes when it is given up. The clock is set before each sending.
func givenUpAfter(t *testing.T, clock *stepclock.Clock, step, age time.Duration) (gaveUp time.Duration) {
	store := new(Memory)
	if age != 0 {
		_, err := store.Append("x", []byte("reversal"), clock.Now().Round(0).Add(-age))
		require.NoError(t, err)
	}
	h := &host{answer: func(int, string) error {
		clock.Step(step)
		time.Sleep(500 * time.Millisecond)
		return lost(connection.SentYes)
	}}
	began := time.Now()
	q := newQueue(t, Config{
		Store: store, Route: to(h), RetryMin: time.Nanosecond, RetryMax: time.Nanosecond, MaxAge: 10*time.Second - 1, clock: clock.Now,
		Alert: func(a Alert) {
			if a.Kind == TooOld {
				require.Equal(t, time.Since(began)+max(age, 0), a.Age.Round(time.Millisecond))
				gaveUp = a.Age.Round(time.Millisecond)
			}
		},
	})
	defer q.Close()
	if age == 0 {
		_, err := q.Add("x", []byte("reversal"))
		require.NoError(t, err)
	}
	require.NoError(t, q.Flush(t.Context()))
	return gaveUp
}
