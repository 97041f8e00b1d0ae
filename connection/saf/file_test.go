package saf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func aead(t testing.TB, key byte) cipher.AEAD {
	block, err := aes.NewCipher(bytes.Repeat([]byte{key}, 32))
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return gcm
}

func open(t testing.TB, path string, o FileOptions) *File {
	s, err := OpenFile(path, o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

var plain = FileOptions{CardDataInPlaintext: true}

func add(t testing.TB, s *File, frame string) uint64 {
	id, err := s.Append("host", []byte(frame), time.Unix(1, 2))
	require.NoError(t, err)
	return id
}

func frames(t testing.TB, s *File) (all []string) {
	entries, err := s.Pending()
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, string(e.Frame))
	}
	return all
}

func TestFileKeepsEntries(t *testing.T) {
	for name, o := range map[string]FileOptions{"plain": plain, "sealed": {Seal: aead(t, 1)}} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "saf")
			s := open(t, path, o)
			first, second := add(t, s, "one"), add(t, s, "two")
			third := add(t, s, "three")
			require.NoError(t, s.Tried(second))
			require.NoError(t, s.End(first, Delivered))
			require.ErrorIs(t, s.End(first, Delivered), ErrUnknownID)
			require.NoError(t, s.Close())
			require.ErrorIs(t, s.Tried(second), ErrClosed)

			s = open(t, path, o)
			entries, err := s.Pending()
			require.NoError(t, err)
			require.Equal(t, []Entry{
				{ID: second, Destination: "host", Frame: []byte("two"), Created: time.Unix(1, 2), Tries: 1},
				{ID: third, Destination: "host", Frame: []byte("three"), Created: time.Unix(1, 2)},
			}, entries)
			require.Greater(t, add(t, s, "four"), third)
			require.Nil(t, s.Recovery().Damage)
			require.Zero(t, s.Recovery().TornBytes)
		})
	}
}

func TestSealedFileShowsNoCardData(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saf")
	s := open(t, path, FileOptions{Seal: aead(t, 1), CompactAt: 300})
	for range 5 {
		require.NoError(t, s.End(add(t, s, "0400 6222020200012345678"), Delivered))
		add(t, s, "0400 6222020200012345678")
	}
	require.NoError(t, s.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(b), "6222")
	require.NotContains(t, string(b), "host")

	_, err = OpenFile(path, FileOptions{Seal: aead(t, 2)})
	require.ErrorIs(t, err, ErrWrongKey)
	_, err = OpenFile(path, plain)
	require.ErrorIs(t, err, ErrSealed)
	_, err = OpenFile(path, FileOptions{})
	require.ErrorIs(t, err, ErrUnsealed)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, b, after, "a wrong key changes nothing")
	require.Len(t, frames(t, open(t, path, FileOptions{Seal: aead(t, 1)})), 5)
}

func TestOpenFileRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saf")
	require.NoError(t, os.WriteFile(path, []byte("something else entirely"), 0o600))
	_, err := OpenFile(path, plain)
	require.ErrorIs(t, err, ErrNotStore)

	path += "2"
	open(t, path, plain)
	_, err = OpenFile(path, plain)
	require.ErrorIs(t, err, ErrLocked)
}

// TestTornFile cuts a file at many places: what was whole is there, and the file works on.
func TestTornFile(t *testing.T) {
	for _, o := range []FileOptions{plain, {Seal: aead(t, 1)}} {
		path := filepath.Join(t.TempDir(), "saf")
		s := open(t, path, o)
		var ends []int64
		for i := range 4 {
			add(t, s, fmt.Sprint("entry ", i))
			ends = append(ends, s.size)
		}
		require.NoError(t, s.Close())
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		for n := 0; n < len(whole); n += 3 { // each step costs several fsyncs
			require.NoError(t, os.WriteFile(path, whole[:n], 0o600))
			s, err := OpenFile(path, o)
			require.NoError(t, err, "cut at %d", n)
			want := 0
			for want < 4 && ends[want] <= int64(n) {
				want++
			}
			require.Len(t, frames(t, s), want, "cut at %d", n)
			add(t, s, "after")
			require.NoError(t, s.Close())
			s, err = OpenFile(path, o)
			require.NoError(t, err)
			require.Len(t, frames(t, s), want+1)
			require.Zero(t, s.Recovery().TornBytes)
			require.NoError(t, s.Close())
		}
	}
}

// TestFlippedBit flips one bit at many places: the entries before it are recovered, the rest is kept aside, and it is
// reported. Nothing that was not appended ever appears.
func TestFlippedBit(t *testing.T) {
	for _, o := range []FileOptions{plain, {Seal: aead(t, 1)}} {
		dir := t.TempDir()
		path := filepath.Join(dir, "saf")
		s := open(t, path, o)
		var starts []int64
		valid := map[string]bool{}
		for i := range 3 {
			starts = append(starts, s.size)
			add(t, s, fmt.Sprint("entry ", i))
			valid[fmt.Sprint("entry ", i)] = true
		}
		require.NoError(t, s.Close())
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		for at := headSize; at < len(whole); at += 3 {
			damaged := bytes.Clone(whole)
			damaged[at] ^= 1 << rand.N(8)
			require.NoError(t, os.WriteFile(path, damaged, 0o600))
			s, err := OpenFile(path, o)
			require.NoError(t, err, "bit at %d", at)
			want := 0
			for want < 2 && starts[want+1] <= int64(at) {
				want++
			}
			if int64(at) < starts[0] {
				want = 0
			}
			got := frames(t, s)
			require.Len(t, got, want, "bit at %d", at)
			for _, frame := range got {
				require.True(t, valid[frame])
			}
			r := s.Recovery()
			require.True(t, r.Damage != nil || r.TornBytes > 0, "bit at %d is reported", at)
			if r.Damage != nil {
				kept, err := os.ReadFile(r.DamagedTo)
				require.NoError(t, err)
				require.Equal(t, damaged[r.DamageOffset:], kept)
			}
			add(t, s, "after")
			require.NoError(t, s.Close())
		}
	}
}

func TestCompaction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saf")
	s := open(t, path, FileOptions{CardDataInPlaintext: true, CompactAt: 2000})
	kept := add(t, s, "kept")
	require.NoError(t, s.Tried(kept))
	for range 120 {
		require.NoError(t, s.End(add(t, s, "gone"), Delivered))
		require.Less(t, s.size, int64(4100))
	}
	last := add(t, s, "last")
	require.NoError(t, s.Close())
	s = open(t, path, plain)
	require.Equal(t, []string{"kept", "last"}, frames(t, s))
	entries, _ := s.Pending()
	require.Equal(t, 1, entries[0].Tries)
	require.Greater(t, add(t, s, "next"), last, "IDs go on after a compaction")
}

// fullDisk takes so many bytes and no more.
type fullDisk struct {
	file
	room int
}

func (d *fullDisk) WriteAt(b []byte, at int64) (int, error) {
	if len(b) <= d.room {
		d.room -= len(b)
		return d.file.WriteAt(b, at)
	}
	n, err := d.file.WriteAt(b[:d.room], at)
	if d.room = 0; err == nil {
		err = syscall.ENOSPC
	}
	return n, err
}

func TestDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saf")
	s := open(t, path, plain)
	add(t, s, "one")
	s.f = &fullDisk{s.f, 20}
	_, err := s.Append("host", []byte("two"), time.Now())
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.Equal(t, []string{"one"}, frames(t, s))
	s.f = s.f.(*fullDisk).file
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, s.size, info.Size(), "what was written halfway is taken back")
	add(t, s, "three")
	require.NoError(t, s.Close())
	s = open(t, path, plain)
	require.Equal(t, []string{"one", "three"}, frames(t, s))
	require.Zero(t, s.Recovery().TornBytes)
}

type brokenSync struct{ file }

func (brokenSync) Sync() error { return syscall.EIO }

func TestFailedSyncBreaksTheStore(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "saf"), plain)
	s.f = brokenSync{s.f}
	_, err := s.Append("host", []byte("one"), time.Now())
	require.ErrorIs(t, err, ErrBroken)
	require.ErrorIs(t, err, syscall.EIO)
	_, err = s.Append("host", []byte("two"), time.Now())
	require.ErrorIs(t, err, ErrBroken, "nobody knows what is on the disk")
}

type countingSync struct {
	file
	mu sync.Mutex
	n  int
}

func (c *countingSync) Sync() error {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
	time.Sleep(time.Millisecond)
	return c.file.Sync()
}

func TestAppendsShareSyncs(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "saf"), plain)
	counting := &countingSync{file: s.f}
	s.f = counting
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 10 {
				add(t, s, "x")
			}
		})
	}
	wg.Wait()
	require.Len(t, frames(t, s), 160)
	require.Less(t, counting.n, 80)
}

// FuzzReplay opens any bytes as a store: no panic, and what comes out can be written and read again.
func FuzzReplay(f *testing.F) {
	whole := []byte(magic + "P")
	whole = appendRecord(whole, nil, record{kind: kindBase, id: 7})
	whole = appendRecord(whole, nil, record{kindEntry, 7, entryBody("host", []byte("frame"), time.Unix(1, 2))})
	whole = appendRecord(whole, nil, record{kind: kindTried, id: 7})
	f.Add(whole)
	f.Add(appendRecord(whole, nil, record{kindEnd, 7, []byte{1}}))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &File{next: 1, pending: map[uint64]*Entry{}}
		if len(b) < headSize {
			return
		}
		good, err := s.replay(b)
		require.NoError(t, err)
		require.LessOrEqual(t, good, int64(len(b)))
		again := &File{next: 1, pending: map[uint64]*Entry{}}
		sameGood, err := again.replay(b[:good])
		require.NoError(t, err)
		require.Equal(t, good, sameGood)
		require.Equal(t, s.pending, again.pending)
		require.Nil(t, again.recovery.Damage)
	})
}
