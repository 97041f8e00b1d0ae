package saf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
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

var plain = FileOptions{CardDataInPlaintext: true, chunk: 1 << 10}

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
			require.Empty(t, s.Recovery().Damage)
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

// TestUnknownIDs are an error of every store, and change nothing.
func TestUnknownIDs(t *testing.T) {
	for name, s := range map[string]Store{"memory": new(Memory), "file": openMem(t, newMemDisk(), plain)} {
		t.Run(name, func(t *testing.T) {
			id, err := s.Append("host", []byte("stays"), testTime)
			require.NoError(t, err)
			_, err = s.Replace(id+1, "host", []byte("other"), testTime)
			require.ErrorIs(t, err, ErrUnknownID)
			require.ErrorIs(t, s.Tried(id+1), ErrUnknownID)
			require.ErrorIs(t, s.End(id+1, Delivered), ErrUnknownID)
			left, err := s.Pending()
			require.NoError(t, err)
			require.Len(t, left, 1)
			require.Equal(t, "stays", string(left[0].Frame))
			require.Zero(t, left[0].Tries)
		})
	}
}

// TestEmptyEntry: an entry without destination and frame is one.
func TestEmptyEntry(t *testing.T) {
	d := newMemDisk()
	_, err := openMem(t, d, plain).Append("", nil, testTime)
	require.NoError(t, err)
	s := openMem(t, d.kill(), plain)
	require.Equal(t, []string{""}, frames(t, s))
	require.Empty(t, s.Recovery().Damage)
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

type countingSync struct {
	file
	mu sync.Mutex
	n  int
}

func (c *countingSync) SyncData() error {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
	time.Sleep(time.Millisecond)
	return c.file.SyncData()
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

// TestNamesOfOneFile: whatever name a store is opened by, it is locked for all of them, and what is written goes where the
// name led to when it was opened, under nobody's eyes but the owner's.
func TestNamesOfOneFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links and modes are not for everybody there")
	}
	dir, elsewhere := t.TempDir(), t.TempDir()
	path, link := filepath.Join(dir, "saf"), filepath.Join(elsewhere, "link")
	require.NoError(t, open(t, path, plain).Close())
	require.NoError(t, os.Symlink(path, link))
	for _, c := range []struct{ in, name, later string }{{elsewhere, "link", dir}, {dir, "saf", elsewhere}} {
		t.Chdir(c.in)
		s := open(t, c.name, FileOptions{CardDataInPlaintext: true, CompactAt: 1})
		_, err := OpenFile(path, plain)
		require.ErrorIs(t, err, ErrLocked)
		t.Chdir(c.later)
		salt := s.salt
		require.NoError(t, s.End(add(t, s, string(make([]byte, 5000))), Delivered))
		require.NotEqual(t, salt, s.salt, "rewritten")
		add(t, s, c.name)
		require.NoError(t, s.Close())
	}
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
	s := open(t, path, plain)
	require.Equal(t, []string{"link", "saf"}, frames(t, s))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, one := range files {
		info, err := one.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), one.Name())
	}
}

// TestLargestEntries: what is taken comes back; what is larger by a byte is refused.
func TestLargestEntries(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, plain)
	const most = 512 << 10
	for _, c := range []struct {
		destination, frame int
		err                error
	}{{0, most, nil}, {0, most + 1, ErrTooLarge}, {1<<16 - 1, 0, nil}, {1 << 16, 0, ErrTooLarge}, {100, most - 100, nil}, {100, most - 99, ErrTooLarge}} {
		_, err := s.Append(string(make([]byte, c.destination)), make([]byte, c.frame), time.Now())
		require.ErrorIs(t, err, c.err)
		_, err = s.Replace(1, string(make([]byte, c.destination)), make([]byte, c.frame), time.Now())
		if c.err != nil {
			require.ErrorIs(t, err, c.err)
		}
	}
	before := frames(t, s)
	require.Len(t, before, 3)
	require.NoError(t, s.Close())
	require.True(t, slices.Equal(before, frames(t, openMem(t, d.kill(), plain))))
}
