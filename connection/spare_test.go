package connection

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSpareCallsAreBounded: a burst of callers does not keep its memory for ever.
func TestSpareCallsAreBounded(t *testing.T) {
	s := new(spareCalls)
	for range maxSpare + 10 {
		s.giveBack(&call{done: make(chan struct{}, 1)})
		s.recycle(&call{id: 7})
	}
	require.Equal(t, maxSpare, s.started.n)
	require.Zero(t, s.forStart().id)
	require.NotNil(t, s.forWait().done)
	kept := 1
	for ca := s.waited; ca != nil; ca = ca.next {
		kept++
	}
	require.Equal(t, maxSpare, kept)
	s.giveBack(&call{})
	s.drop()
	require.Nil(t, s.waited)
	require.Nil(t, s.back.Load())
	require.Zero(t, s.started.n)
	s.recycle(nil)
	require.Zero(t, s.started.n)
}

// TestSpareCallsForget: a call that is used again knows nothing of the caller before, but for its channel.
func TestSpareCallsForget(t *testing.T) {
	s := new(spareCalls)
	first := s.forWait()
	done := first.done
	first.frame, first.reply = []byte("6222"), []byte("6222")
	first.err, first.epoch, first.cork = errors.New("x"), 5, new(writer)
	s.giveBack(first)
	again := s.forWait()
	require.Same(t, first, again)
	require.Equal(t, &call{done: done}, again)
	require.NotSame(t, again, s.forWait(), "it is somebody's")
}

// TestSpareCallsHaveOneUser each, also when many give theirs back while others take some.
func TestSpareCallsHaveOneUser(t *testing.T) {
	var (
		s  spareCalls
		mu sync.Mutex
		wg sync.WaitGroup
	)
	for range 8 {
		wg.Go(func() {
			for range 5000 {
				mu.Lock()
				ca := s.forWait()
				mu.Unlock()
				if ca.epoch > 0 {
					t.Error("a call in use was given away")
					return
				}
				ca.epoch = 1
				s.giveBack(ca)
			}
		})
	}
	wg.Wait()
}
