package saf

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestConcurrentFaults does random things to a store from many goroutines, with random faults, and cuts the power or
// kills the process, over and over.
func TestConcurrentFaults(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for range rounds {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { concurrentFaults(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func concurrentFaults(t *testing.T, r *rand.Rand) {
	o := FileOptions{CardDataInPlaintext: true, CompactAt: 4000, chunk: 1 << 10}
	d := newMemDisk()
	writers := make([]*books, 6)
	for i := range writers {
		writers[i] = newBooks()
	}
	for life := range 6 {
		rate := []int{1 << 30, 300, 60}[r.IntN(3)]
		faults := rand.New(rand.NewPCG(r.Uint64(), 0)) // used by the disk, one call at a time
		d.fail = func(string) error {
			if faults.IntN(rate) == 0 {
				return syscall.EIO
			}
			return nil
		}
		if s, err := openFile(d, storePath, o); err == nil {
			var wg sync.WaitGroup
			for i, b := range writers {
				own := rand.New(rand.NewPCG(r.Uint64(), 0))
				wg.Go(func() {
					for k := range 40 {
						randomDeed(s, b, own, (i+1)*1_000_000+100*life+k)
					}
				})
			}
			wg.Wait()
		}
		d.fail = nil
		if r.IntN(3) == 0 {
			d = d.kill()
		} else {
			d = d.powerCut(r, r.IntN(2) == 0)
		}
		s := openMem(t, d, o)
		if life == 3 { // a file that has lost its first sector is read by its second head
			require.NoError(t, s.Close())
			content := d.content(storePath)
			clear(content[:sector])
			d.put(storePath, content)
			s = openMem(t, d, o)
		}
		entries, err := s.Pending()
		require.NoError(t, err)
		for i, b := range writers {
			own := slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool {
				return !strings.HasPrefix(string(e.Frame), fmt.Sprint("frame ", i+1))
			})
			b.checkEntries(t, own, fmt.Sprint("life ", life))
		}
		require.NoError(t, s.Close())
	}
}

// gate is a file whose data syncs wait until they are let go.
type gate struct {
	file
	reached, letGo chan struct{}
}

func (g *gate) SyncData() error {
	g.reached <- struct{}{}
	<-g.letGo
	return g.file.SyncData()
}

// TestCloseWhileAnAppendWaits: an entry that is on the disk when the store is closed is acknowledged, since it will be
// forwarded; when nobody knows, that is what Append says.
func TestCloseWhileAnAppendWaits(t *testing.T) {
	for _, failed := range []bool{false, true} {
		d := newMemDisk()
		s := openMem(t, d, plain)
		g := &gate{s.f, make(chan struct{}), make(chan struct{})}
		s.f = g
		var wg sync.WaitGroup
		var err, closeErr error
		wg.Go(func() { s.Append("host", []byte("synced"), time.Unix(1, 2)) })
		<-g.reached
		wg.Go(func() { _, err = s.Append("host", []byte("waits"), time.Unix(1, 2)) })
		s.waitUntil(func() bool { return len(s.pending) == 2 })
		if failed {
			d.failEvery("sync", syscall.EIO)
		}
		wg.Go(func() { closeErr = s.Close() })
		s.waitUntil(func() bool { return s.alone })
		g.letGo <- struct{}{}
		wg.Wait()
		if failed {
			require.ErrorIs(t, err, ErrBroken)
			require.ErrorIs(t, closeErr, ErrBroken)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, closeErr)
		require.Equal(t, []string{"synced", "waits"}, frames(t, openMem(t, d.powerCut(rand.New(rand.NewPCG(1, 0)), false), plain)))
	}
}

// waitUntil waits for something that is guarded by the lock.
func (s *File) waitUntil(is func() bool) {
	for done := false; !done; runtime.Gosched() {
		s.mu.Lock()
		done = is()
		s.mu.Unlock()
	}
}

// TestCompactionWhoseNameIsInDoubt: an entry that waits for its sync while a compaction fails to make its name durable is
// not acknowledged, since the old file, which does not hold it for certain, may be the one that is left.
func TestCompactionWhoseNameIsInDoubt(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, FileOptions{CardDataInPlaintext: true, CompactAt: 1})
	ended := add(t, s, string(make([]byte, 5000)))
	g := &gate{s.f, make(chan struct{}), make(chan struct{})}
	s.f = g
	var wg sync.WaitGroup
	var first, second error
	wg.Go(func() { _, first = s.Append("host", []byte("synced"), time.Unix(1, 2)) })
	<-g.reached
	wg.Go(func() { _, second = s.Append("host", []byte("waits"), time.Unix(1, 2)) })
	s.waitUntil(func() bool { return len(s.pending) == 3 })
	d.failEvery("sync directory", syscall.EIO)
	wg.Go(func() { s.End(ended, Delivered) })
	s.waitUntil(func() bool { return s.alone })
	g.letGo <- struct{}{}
	wg.Wait()
	require.NoError(t, first)
	require.ErrorIs(t, second, ErrBroken)
	for seed := range uint64(4) { // the old name or the new one
		s = openMem(t, d.powerCut(rand.New(rand.NewPCG(seed, 0)), true), plain)
		require.Contains(t, frames(t, s), "synced")
	}
}
