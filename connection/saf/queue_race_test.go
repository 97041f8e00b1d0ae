package saf

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/posline/posline/connection"
	"github.com/stretchr/testify/require"
)

// fate is what became of a frame that a Queue was given.
type fate uint8

const (
	refusedFate   fate = iota // the call returned an error
	forwardedFate             // it must arrive
	heldFate                  // on Hold: it arrives after a restart
	withdrawnFate             // it must never arrive
)

// fates is what many goroutines have done to one Queue.
type fates struct {
	mu      sync.Mutex
	of      map[string]fate
	held    map[uint64]string // frames on Hold, by ID
	decided map[uint64]int    // how often an ID was taken off Hold
	next    int
}

// offer enters a frame with what becomes of it if the call succeeds.
func (f *fates) offer(call func(frame []byte) (uint64, error), success fate) (id uint64, err error) {
	f.mu.Lock()
	f.next++
	frame := fmt.Sprint("frame ", f.next)
	f.of[frame] = refusedFate
	f.mu.Unlock()
	id, err = call([]byte(frame))
	noIDWith(id, err)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.of[frame] = success
		if success == heldFate {
			f.held[id] = frame
		}
	}
	return id, err
}

// decide does something to a message that may be on Hold, which others may be about to do at the same time.
func (f *fates) decide(call func(id uint64) error, success fate) error {
	f.mu.Lock()
	var id uint64
	for id = range f.held {
		break
	}
	frame := f.held[id]
	f.mu.Unlock()
	err := call(id)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		delete(f.held, id)
		f.decided[id]++
		f.of[frame] = success
	}
	return err
}

func (f *fates) deed(q *Queue, r *rand.Rand) error {
	host := fmt.Sprint("host", r.IntN(2))
	switch r.IntN(7) {
	case 0:
		_, err := f.offer(func(frame []byte) (uint64, error) { return q.Add(host, frame) }, forwardedFate)
		return err
	case 1, 2:
		_, err := f.offer(func(frame []byte) (uint64, error) { return q.Hold(host, frame) }, heldFate)
		return err
	case 3:
		return f.decide(q.Release, forwardedFate)
	case 4:
		return f.decide(q.Withdraw, withdrawnFate)
	case 5:
		return f.decide(func(id uint64) error {
			_, err := f.offer(func(frame []byte) (uint64, error) { return q.Replace(id, host, frame) }, heldFate)
			return err
		}, withdrawnFate)
	}
	return f.decide(func(id uint64) error {
		_, err := f.offer(func(frame []byte) (uint64, error) { return q.WithdrawAndAdd(id, host, frame) }, forwardedFate)
		return err
	}, withdrawnFate)
}

// TestQueueUnderRaces holds, releases, withdraws and replaces the same messages from many goroutines, over a host that
// fails, and closes the queue meanwhile: each message has one fate, and that one.
func TestQueueUnderRaces(t *testing.T) {
	for range 10 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { queueRaces(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func queueRaces(t *testing.T, r *rand.Rand) {
	d := newMemDisk()
	f := &fates{of: map[string]fate{}, decided: map[uint64]int{}}
	var mu sync.Mutex
	arrived, chance := map[string]int{}, rand.New(rand.NewPCG(r.Uint64(), 0))
	h := exchangerFunc(func(_ context.Context, frame []byte) error {
		mu.Lock()
		defer mu.Unlock()
		switch chance.IntN(8) {
		case 0:
			return lost(connection.SentNo)
		case 1:
			arrived[string(frame)]++
			return lost(connection.SentMaybe)
		}
		arrived[string(frame)]++
		return nil
	})
	for range 4 {
		f.held = map[uint64]string{}
		s := openMem(t, d, FileOptions{CardDataInPlaintext: true, CompactAt: 4000, chunk: 1 << 10})
		q := newQueue(t, Config{Store: s, Route: to(h), Window: 1 + r.IntN(3), RetryMin: time.Microsecond, RetryMax: 50 * time.Microsecond})
		var wg sync.WaitGroup
		for range 4 {
			own := rand.New(rand.NewPCG(r.Uint64(), 0))
			wg.Go(func() {
				for range 60 {
					if err := f.deed(q, own); err != nil && !errors.Is(err, ErrUnknownID) && !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
				}
			})
		}
		if r.IntN(2) == 0 {
			wg.Wait()
			require.NoError(t, q.Flush(t.Context()))
			require.Zero(t, q.Pending())
			f.mu.Lock()
			require.Len(t, frames(t, s), len(f.held), "what is on Hold is all there is")
			f.mu.Unlock()
		}
		require.NoError(t, q.Close())
		wg.Wait()
		d = d.kill()
	}
	s := openMem(t, d, plain)
	q := newQueue(t, Config{Store: s, Route: to(h), RetryMin: time.Microsecond, RetryMax: 50 * time.Microsecond})
	require.NoError(t, q.Flush(t.Context()))
	require.Empty(t, frames(t, s))
	require.NoError(t, q.Close())
	for id, times := range f.decided {
		require.Equal(t, 1, times, "entry %d", id)
	}
	for frame, fate := range f.of {
		if fate == forwardedFate || fate == heldFate {
			require.NotZero(t, arrived[frame], "%s is lost", frame)
		} else {
			require.Zero(t, arrived[frame], "%s was refused or withdrawn: %d", frame, fate)
		}
		delete(arrived, frame)
	}
	require.Empty(t, arrived, "made up")
}
