package saf

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNameLost: a file that is renamed over an open store, or the store's removal, is an error at the next step that is to
// be durable. What would not be found after a restart is never acknowledged, and what has the name is left alone.
func TestNameLost(t *testing.T) {
	now := time.Now()
	steps := map[string]func(s *File, id uint64) error{
		"Append":   func(s *File, _ uint64) error { _, err := s.Append("host", []byte("late"), now); return err },
		"Replace":  func(s *File, id uint64) error { _, err := s.Replace(id, "host", []byte("late"), now); return err },
		"Withdraw": func(s *File, id uint64) error { return s.End(id, Withdrawn) },
		"growing":  func(s *File, _ uint64) error { _, err := s.Append("host", make([]byte, 100_000), now); return err },
		"compaction": func(s *File, id uint64) error {
			s.limit = 1
			if err := s.End(id, Delivered); err != nil {
				return err
			}
			return s.usable()
		},
		"Close": func(s *File, _ uint64) error { return s.Close() },
	}
	for what, lose := range map[string]func(t *testing.T, path string){
		"removed": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"renamed": func(t *testing.T, path string) { require.NoError(t, os.Rename(path, path+".old")) },
		"another": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path+".backup", []byte("a backup"), 0o600))
			require.NoError(t, os.Rename(path+".backup", path))
		},
	} {
		for name, step := range steps {
			t.Run(what+" "+name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "saf")
				s, err := OpenFile(path, FileOptions{CardDataInPlaintext: true})
				require.NoError(t, err)
				defer s.Close()
				id, err := s.Append("host", []byte("early"), now)
				require.NoError(t, err)
				for range 20 { // so that a compaction is due once the first has ended
					other, err := s.Append("host", []byte("early"), now)
					require.NoError(t, err)
					require.NoError(t, s.End(other, Delivered))
				}
				lose(t, path)
				err = step(s, id)
				require.ErrorIs(t, err, ErrBroken)
				require.ErrorContains(t, err, path+": the store's file was removed, or another one has its name")
				_, err = s.Append("host", []byte("later"), now)
				require.Error(t, err)
				b, err := os.ReadFile(path)
				if what == "another" {
					require.NoError(t, err)
					require.Equal(t, "a backup", string(b))
				} else {
					require.ErrorIs(t, err, os.ErrNotExist)
				}
			})
		}
	}
}

// TestNameUnknown: where the system does not say what the name means, nothing speaks against the store.
func TestNameUnknown(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, FileOptions{CardDataInPlaintext: true})
	defer s.Close()
	d.failEvery("stat", syscall.EACCES)
	id, err := s.Append("host", []byte("a"), time.Now())
	require.NoError(t, err)
	require.NoError(t, s.End(id, Withdrawn))
	require.NoError(t, s.compact())
	require.NoError(t, s.usable())
}

// TestErrorsNameTheStore: whatever was rewritten how often, an error names the file that the program opened.
func TestErrorsNameTheStore(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "saf")
	s, err := OpenFile(path, FileOptions{CardDataInPlaintext: true})
	require.NoError(t, err)
	require.NoError(t, s.f.(systemFile).Close())
	_, err = s.Append("host", []byte("a"), time.Now())
	require.ErrorIs(t, err, os.ErrClosed)
	require.NotContains(t, err.Error(), freshSuffix)
	require.Equal(t, 2, strings.Count(err.Error(), path), "of the write and of taking it back: %v", err)
	require.Error(t, s.Close())

	require.NoError(t, os.Mkdir(path+"2"+freshSuffix, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(path+"2"+freshSuffix, "in the way"), nil, 0o600))
	_, err = OpenFile(path+"2", FileOptions{CardDataInPlaintext: true})
	require.ErrorContains(t, err, "saf: making "+path+"2: ")
	s, err = OpenFile(path, FileOptions{CardDataInPlaintext: true})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, os.Mkdir(path+freshSuffix, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(path+freshSuffix, "in the way"), nil, 0o600))
	require.ErrorContains(t, s.compact(), "saf: rewriting "+path+": ")
	require.NoError(t, s.usable())
	c, err := OpenCounters(filepath.Join(dir, "counters"))
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "counters"+freshSuffix), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "counters"+freshSuffix, "in the way"), nil, 0o600))
	n, err := c.Counter("STAN", 1, 9, 1)
	require.NoError(t, err)
	_, err = n.Next()
	require.ErrorContains(t, err, "saf: rewriting "+filepath.Join(dir, "counters")+": ")
}

// TestCountersNameLost: numbers that would come twice after a restart, since their file is not found then, are not given out.
func TestCountersNameLost(t *testing.T) {
	for what, lose := range map[string]func(t *testing.T, path string){
		"removed": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"another": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path+".backup", []byte("a backup"), 0o600))
			require.NoError(t, os.Rename(path+".backup", path))
		},
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "counters")
			c := openCounters(t, path)
			n := counter(t, c, "stan", 1)
			next(t, n)
			lose(t, path)
			for range 2 {
				_, err := n.Next()
				require.ErrorIs(t, err, ErrBroken)
				require.ErrorContains(t, err, path+": the store's file was removed, or another one has its name")
			}
			require.NoFileExists(t, path+freshSuffix)
			if b, err := os.ReadFile(path); what == "another" {
				require.NoError(t, err)
				require.Equal(t, "a backup", string(b))
			}
		})
	}
}

// TestNamesOfOthers: what another store left behind, or has as its lock, cannot be a store; and a file beside one that is
// refused stays.
func TestNamesOfOthers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"advices" + freshSuffix, "advices" + lockSuffix, "ADVICES.NEW"} {
		_, err := OpenFile(filepath.Join(dir, name), plain)
		require.ErrorContains(t, err, name+": a name that ends in")
		_, err = OpenCounters(filepath.Join(dir, name))
		require.ErrorContains(t, err, name+": a name that ends in")
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)

	config := filepath.Join(dir, "config")
	require.NoError(t, os.WriteFile(config, []byte("of another program"), 0o600))
	require.NoError(t, os.WriteFile(config+freshSuffix, []byte("of another program"), 0o600))
	_, err = OpenFile(config, plain)
	require.ErrorIs(t, err, ErrNotStore)
	require.FileExists(t, config+freshSuffix)
	_, err = OpenCounters(config)
	require.ErrorIs(t, err, ErrBadCounters)
	require.FileExists(t, config+freshSuffix)
}
