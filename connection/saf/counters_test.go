package saf

import (
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
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
	c.leave() // the process is gone

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

// TestCounterNames: a name that would not come back from the file is refused, and no other can harm it.
func TestCounterNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counters")
	c := openCounters(t, path)
	for _, name := range []string{"", " ", "a b", "a\tb", "a\r", "\ra", "a\nb", "a\x00", "a\u00a0b", "a\u2028", "\xff", "a\u200bb", strings.Repeat("a", maxName+1)} {
		_, err := c.Counter(name, 1, 9, 1)
		require.Error(t, err, "%q", name)
	}
	good := []string{"stan", "批次", "a:b/c%d\"'\\", strings.Repeat("a", 255)}
	for _, name := range good {
		require.EqualValues(t, 1, next(t, counter(t, c, name, 1)))
	}
	require.NoError(t, c.Close())
	c = openCounters(t, path)
	for _, name := range good {
		require.EqualValues(t, 2, next(t, counter(t, c, name, 1)), name)
	}
	_, err := c.Counter("stan", 1, 999, 2)
	require.Error(t, err, "another reserve")
	_, err = c.Counter("stan", 1, 998, 1)
	require.Error(t, err, "another range")
	same, err := c.Counter("stan", 1, 999, 1)
	require.NoError(t, err)
	require.EqualValues(t, 3, next(t, same))
}

// TestCloseWritesWhatIsGivenBack, and nothing where every number was used.
func TestCloseWritesWhatIsGivenBack(t *testing.T) {
	for reserve, writes := range map[uint64]bool{1: false, 2: true} {
		d := newMemDisk()
		c, err := openCountersOn(d, storePath)
		require.NoError(t, err)
		next(t, counter(t, c, "stan", reserve))
		d.calls = nil
		require.NoError(t, c.Close())
		require.Equal(t, writes, slices.Contains(d.calls, "rename"))
	}
}

// TestCountersTellWhatFailed: no call of the disk fails without an error, and none with a number.
func TestCountersTellWhatFailed(t *testing.T) {
	require.Equal(t, 1<<20, maxCounters)
	d := newMemDisk()
	c, err := openCountersOn(d, storePath)
	require.NoError(t, err)
	stan := counter(t, c, "stan", 1)
	next(t, stan)
	for _, call := range []string{"create", "write", "sync", "rename"} {
		d.failEvery(call, syscall.EIO)
		_, err := stan.Next()
		require.ErrorIs(t, err, syscall.EIO, call)
	}
	d.fail = nil
	require.NoError(t, c.Close())
	for _, call := range []string{"open", "lock", "size", "read", "rename"} {
		d.failEvery(call, syscall.EIO)
		_, err := openCountersOn(d, storePath)
		require.ErrorIs(t, err, syscall.EIO, call)
	}
	d.fail = nil
	c, err = openCountersOn(d, storePath)
	require.NoError(t, err)
	require.EqualValues(t, 2, next(t, counter(t, c, "stan", 1)))
}

// TestCountersThatDoNotFit: a file that could not be read again is not written, and the counters in it go on.
func TestCountersThatDoNotFit(t *testing.T) {
	d := newMemDisk()
	c, err := openCountersOn(d, storePath)
	require.NoError(t, err)
	stan := counter(t, c, "stan", 1)
	next(t, stan)
	longest := func(n int) string { return fmt.Sprintf("%0*d", maxName, n) }
	const most = (maxCounters - len("stan 1\n00000000\n")) / (maxName + len(" 1\n"))
	for n := range most - 1 {
		c.limits[longest(n)] = 1 // as if it had been used: writing a file for each would take long
	}
	require.EqualValues(t, 1, next(t, counter(t, c, longest(most), 1)))
	_, err = counter(t, c, longest(most+1), 1).Next()
	require.Error(t, err)
	require.EqualValues(t, 2, next(t, stan))
	require.NoError(t, c.Close())
	c, err = openCountersOn(d.kill(), storePath)
	require.NoError(t, err)
	require.EqualValues(t, 3, next(t, counter(t, c, "stan", 1)))
	require.Len(t, c.limits, most+1)
}

func TestCountersRefuseWhatTheyCannotHaveWritten(t *testing.T) {
	for _, lines := range []string{"a 1\na 2\n", "a\n", "a x\n", "a -1\n", "a b 1\n", "\n", "a 18446744073709551616\n", " 1\n"} {
		b := fmt.Appendf([]byte(lines), "%08x\n", crc32.Checksum([]byte(lines), castagnoli))
		_, err := parseCounters(b)
		require.ErrorIs(t, err, ErrBadCounters, "%q", lines)
	}
	d, limits := newMemDisk(), map[string]uint64{}
	for n := range maxCounters / maxName {
		limits[fmt.Sprintf("%0*d", maxName, n)] = 1
	}
	d.put(storePath, appendCounters(nil, limits)) // larger than any that is written
	_, err := openCountersOn(d, storePath)
	require.ErrorIs(t, err, ErrBadCounters)
	require.Empty(t, d.locked)
}

// TestCounterRunsOut: past the last position of 64 bits there is no number rather than one that comes twice.
func TestCounterRunsOut(t *testing.T) {
	c := openCounters(t, filepath.Join(t.TempDir(), "counters"))
	n, err := c.Counter("all", 0, math.MaxUint64, math.MaxUint64)
	require.NoError(t, err)
	n.next, n.limit = math.MaxUint64, math.MaxUint64
	_, err = n.Next()
	require.Error(t, err)
	_, err = new(Counter).Next()
	require.ErrorIs(t, err, ErrClosed)
	require.Zero(t, new(Counter).Current())
}

// TestCountersNeverRepeat lets every call to the system fail in turn, and the power fail after it: no number comes twice.
func TestCountersNeverRepeat(t *testing.T) {
	for _, forever := range []bool{false, true} {
		for nth := 1; ; nth++ {
			r := rand.New(rand.NewPCG(uint64(nth), 0))
			d := newMemDisk()
			seen := map[uint64]bool{}
			run := func(numbers int) {
				c, err := openCountersOn(d, storePath)
				if err != nil {
					return
				}
				n, err := c.Counter("stan", 1, 999_999, 3)
				require.NoError(t, err)
				for range numbers {
					if v, err := n.Next(); err == nil {
						require.False(t, seen[v], "call %d, forever %v: %d twice", nth, forever, v)
						seen[v] = true
					}
				}
				if r.IntN(2) == 0 {
					c.Close()
				}
			}
			run(5)
			d = d.powerCut(r, true)
			count, failed := 0, false
			d.fail = func(string) error {
				count++
				if count != nth && !(forever && count > nth) {
					return nil
				}
				failed = true
				return syscall.EIO
			}
			run(10)
			d.fail = nil
			d = d.powerCut(r, r.IntN(2) == 0)
			before := len(seen)
			run(5)
			require.Len(t, seen, before+5, "it works again")
			if !failed {
				require.Greater(t, nth, 20)
				break
			}
		}
	}
}

// TestCountersStopWhenTheirNameIsInDoubt: when the directory cannot be synced, a later success proves nothing.
func TestCountersStopWhenTheirNameIsInDoubt(t *testing.T) {
	d := newMemDisk()
	c, err := openCountersOn(d, storePath)
	require.NoError(t, err)
	n := counter(t, c, "stan", 1)
	next(t, n)
	d.failEvery("sync directory", syscall.EIO)
	_, err = n.Next()
	require.ErrorIs(t, err, ErrBroken)
	require.ErrorIs(t, err, syscall.EIO)
	d.fail = nil
	_, err = n.Next()
	require.ErrorIs(t, err, ErrBroken)
	require.NoError(t, c.Close(), "there is nothing to give back")
	_, err = n.Next()
	require.ErrorIs(t, err, ErrClosed)
	c, err = openCountersOn(d, storePath)
	require.NoError(t, err)
	require.GreaterOrEqual(t, next(t, counter(t, c, "stan", 1)), uint64(2))
}
