package saf

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lockVariable makes the test binary a process that fights for a store. Its value is "directory opens".
const lockVariable = "POSLINE_SAF_LOCK"

// TestLockAfterRename lets two processes fight for a store while compactions rename its file, and the file is another
// one whenever somebody has had it: never do both hold it.
func TestLockAfterRename(t *testing.T) {
	opens := 60
	if testing.Short() {
		opens = 20
	}
	dir := t.TempDir()
	fighters := make([]*exec.Cmd, 2)
	for i := range fighters {
		fighters[i] = exec.Command(os.Args[0])
		fighters[i].Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", lockVariable, dir, opens))
		fighters[i].Stderr = os.Stderr
		require.NoError(t, fighters[i].Start())
	}
	for _, f := range fighters {
		require.NoError(t, f.Wait())
	}
	s := open(t, filepath.Join(dir, "saf"), plain)
	require.Empty(t, s.Recovery().Damage)
	require.Len(t, frames(t, s), 2*opens, "an entry of each who had it")
}

// fight opens the store so many times. Whoever has it makes a file of which there can be only one.
func fight(args string) {
	var dir string
	var opens int
	fmt.Sscan(args, &dir, &opens)
	must := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	held := filepath.Join(dir, "held")
	for opens > 0 {
		s, err := OpenFile(filepath.Join(dir, "saf"), FileOptions{CardDataInPlaintext: true, CompactAt: 100})
		if errors.Is(err, ErrLocked) {
			continue
		}
		must(err)
		f, err := os.OpenFile(held, os.O_CREATE|os.O_EXCL, 0o600)
		must(err)
		must(f.Close())
		_, err = s.Append("host", []byte("stays"), time.Unix(1, 2))
		must(err)
		for range 2 {
			id, err := s.Append("host", make([]byte, 20_000), time.Unix(1, 2))
			must(err)
			salt := s.salt
			must(s.End(id, Delivered))
			if s.salt == salt {
				must(errors.New("the file was not renamed"))
			}
		}
		must(os.Remove(held))
		must(s.Close())
		opens--
	}
}
