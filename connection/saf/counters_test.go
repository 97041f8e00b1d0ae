package saf

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func openCounters(t *testing.T, path string) *Counters {
	c, err := OpenCounters(path)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func counter(t *testing.T, c *Counters, name string, reserve uint64) *Counter {
	n, err := c.Counter(name, 1, 999, reserve)
	require.NoError(t, err)
	return n
}

func next(t *testing.T, n *Counter) uint64 {
	v, err := n.Next()
	require.NoError(t, err)
	return v
}

func TestCountersRunAndWrap(t *testing.T) {
	c := openCounters(t, filepath.Join(t.TempDir(), "counters"))
	n := counter(t, c, "stan", 100)
	require.EqualValues(t, 1, n.Current())
	for want := uint64(1); want <= 999; want++ {
		require.Equal(t, want, next(t, n))
	}
	require.EqualValues(t, 1, next(t, n))
	_, err := c.Counter("stan", 0, 5, 1)
	require.Error(t, err)
	_, err = c.Counter("batch", 5, 4, 1)
	require.Error(t, err)
}

// TestCountersAfterCrash: a crash skips what was reserved; nothing comes twice.
func TestCountersAfterCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counters")
	c := openCounters(t, path)
	n, batch := counter(t, c, "stan", 10), counter(t, c, "batch", 1)
	for range 3 {
		next(t, n)
	}
	require.EqualValues(t, 1, next(t, batch))
	c.guard.Close() // the process is gone

	c = openCounters(t, path)
	require.EqualValues(t, 11, next(t, counter(t, c, "stan", 10)))
	require.EqualValues(t, 1, counter(t, c, "batch", 1).Current())
	require.EqualValues(t, 2, next(t, counter(t, c, "batch", 1)))
	require.NoError(t, c.Close())

	c = openCounters(t, path)
	require.EqualValues(t, 12, next(t, counter(t, c, "stan", 10)), "an orderly end skips nothing")
}

func TestCountersRefuseDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counters")
	c := openCounters(t, path)
	next(t, counter(t, c, "stan", 10))
	_, err := OpenCounters(path)
	require.ErrorIs(t, err, ErrLocked)
	require.NoError(t, c.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := range b {
		damaged := append([]byte(nil), b...)
		damaged[i] ^= 4
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		_, err := OpenCounters(path)
		require.ErrorIs(t, err, ErrBadCounters, "byte %d", i)
		require.NoError(t, os.WriteFile(path, b[:i], 0o600))
		_, err = OpenCounters(path)
		require.ErrorIs(t, err, ErrBadCounters, "cut at %d", i)
	}
}

func TestCounterErrorGivesNoNumber(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	require.NoError(t, os.Mkdir(dir, 0o700))
	c := openCounters(t, filepath.Join(dir, "counters"))
	n := counter(t, c, "stan", 2)
	next(t, n)
	next(t, n)
	require.NoError(t, os.Rename(dir, dir+"2"))
	_, err := n.Next()
	require.Error(t, err)
	require.NoError(t, os.Rename(dir+"2", dir))
	require.EqualValues(t, 3, next(t, n))
}

func TestCountersConcurrently(t *testing.T) {
	c := openCounters(t, filepath.Join(t.TempDir(), "counters"))
	n := counter(t, c, "stan", 50)
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				v := next(t, n)
				mu.Lock()
				require.False(t, seen[v])
				seen[v] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}
