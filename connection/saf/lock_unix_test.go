//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package saf

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLockOfTheFileItself: who removes the lock file, or opens the store by another name, does not get it, before a
// compaction and after it, and leaves no trace; when it has been closed he does.
func TestLockOfTheFileItself(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saf")
	o := FileOptions{CardDataInPlaintext: true, CompactAt: 1}
	s := open(t, path, o)
	refused := func() {
		t.Helper()
		require.NoError(t, os.Remove(path+".lock"))
		require.NoError(t, os.WriteFile(path+freshSuffix, []byte("under way"), 0o600))
		_, err := OpenFile(path, o)
		require.ErrorIs(t, err, ErrLocked)
		require.FileExists(t, path+freshSuffix, "the compaction of who has it goes on")
		os.Remove(path + "2")
		require.NoError(t, os.Link(path, path+"2"))
		_, err = OpenFile(path+"2", o)
		require.ErrorIs(t, err, ErrLocked)
	}
	refused()
	for range 2 {
		salt := s.salt
		require.NoError(t, s.End(add(t, s, string(make([]byte, 5000))), Delivered))
		require.NotEqual(t, salt, s.salt, "rewritten")
		refused()
	}
	add(t, s, "kept")
	require.NoError(t, s.Close())
	require.Equal(t, []string{"kept"}, frames(t, open(t, path, o)))
}

// TestLockOfTheCountersThemselves: the same of counters, before a number is given out and after.
func TestLockOfTheCountersThemselves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counters")
	c := openCounters(t, path)
	n := counter(t, c, "stan", 1)
	for want := uint64(1); want < 4; want++ {
		require.NoError(t, os.Remove(path+lockSuffix))
		_, err := OpenCounters(path)
		require.ErrorIs(t, err, ErrLocked)
		os.Remove(path + "2")
		require.NoError(t, os.Link(path, path+"2"))
		_, err = OpenCounters(path + "2")
		require.ErrorIs(t, err, ErrLocked)
		require.Equal(t, want, next(t, n))
	}
	require.NoError(t, c.Close())
	require.EqualValues(t, 4, next(t, counter(t, openCounters(t, path), "stan", 1)))
}

// lateDisk lets something happen between the opening of a file and its locking.
type lateDisk struct {
	systemDisk
	meanwhile func()
}

func (d lateDisk) open(name string) (file, error) {
	f, err := d.systemDisk.open(name)
	d.meanwhile()
	return f, err
}

// TestLockOfAFileThatLostItsName: a file that a compaction replaces just before it is locked is nobody's any more, and
// must not be taken for the store.
func TestLockOfAFileThatLostItsName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saf")
	o := FileOptions{CardDataInPlaintext: true, CompactAt: 1}
	s := open(t, path, o)
	require.NoError(t, os.Remove(path+".lock"))
	_, err := openFile(lateDisk{meanwhile: func() {
		salt := s.salt
		require.NoError(t, s.End(add(t, s, string(make([]byte, 5000))), Delivered))
		require.NotEqual(t, salt, s.salt, "rewritten")
	}}, path, o)
	require.ErrorIs(t, err, ErrLocked)
	add(t, s, "kept")
}

// TestLinkToNoFileYet: through links that lead to nothing yet the file is made where they lead, and they stay.
func TestLinkToNoFileYet(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	path, direct, relative := filepath.Join(dir, "saf"), filepath.Join(elsewhere, "direct"), filepath.Join(elsewhere, "relative")
	require.NoError(t, os.Symlink(path, direct))
	require.NoError(t, os.Symlink("direct", relative))
	s := open(t, relative, plain)
	for _, name := range []string{path, direct, relative} {
		_, err := OpenFile(name, plain)
		require.ErrorIs(t, err, ErrLocked, name)
	}
	add(t, s, "kept")
	require.NoError(t, s.Close())
	for _, name := range []string{direct, relative} {
		info, err := os.Lstat(name)
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&os.ModeSymlink, name)
	}
	files, err := os.ReadDir(elsewhere)
	require.NoError(t, err)
	require.Len(t, files, 2, "nothing beside the links")
	require.Equal(t, []string{"kept"}, frames(t, open(t, path, plain)))

	circle := filepath.Join(elsewhere, "circle")
	require.NoError(t, os.Symlink("circle", circle))
	_, err = OpenFile(circle, plain)
	require.ErrorContains(t, err, "too many links")
}
