package saf

import (
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{}
		store := new(Memory)
		q := newQueue(t, Config{Store: store, Route: to(h), MaxPending: 3})
		defer q.Close()
		hold := func(frame string) uint64 {
			id, err := q.Hold("a", []byte(frame))
			require.NoError(t, err)
			return id
		}
		needed, unneeded := hold("reversal 1"), hold("reversal 2")
		undecided := hold("reversal 3")
		_, err := q.Add("a", []byte("advice"))
		require.ErrorIs(t, err, ErrFull, "messages on hold take room")
		synctest.Wait()
		require.Empty(t, h.received(), "nothing goes before it is released")
		require.Zero(t, q.Pending())
		require.NoError(t, q.Flush(t.Context()))

		require.NoError(t, q.Withdraw(unneeded))
		require.NoError(t, q.Release(needed))
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, []string{"reversal 1"}, h.received())
		for _, decided := range []uint64{needed, unneeded, 99} {
			require.ErrorIs(t, q.Release(decided), ErrUnknownID)
			require.ErrorIs(t, q.Withdraw(decided), ErrUnknownID)
		}

		q.Close()
		require.ErrorIs(t, q.Release(undecided), ErrClosed)
		require.ErrorIs(t, q.Withdraw(undecided), ErrClosed)
		q = newQueue(t, Config{Store: store, Route: to(h)})
		require.NoError(t, q.Flush(t.Context()))
		require.Equal(t, []string{"reversal 1", "reversal 3"}, h.received(), "what nobody decided goes after a restart")
	})
}

// TestWithdrawnStaysWithdrawn: the file holds the withdrawal when Withdraw returns, not only when it is closed.
func TestWithdrawnStaysWithdrawn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saf")
	f, err := OpenFile(path, FileOptions{CardDataInPlaintext: true})
	require.NoError(t, err)
	synced := &countingFile{file: f.f}
	f.f = synced
	h := &host{}
	q := newQueue(t, Config{Store: f, Route: to(h)})
	id, err := q.Hold("a", []byte("reversal"))
	require.NoError(t, err)
	before := synced.syncs
	require.NoError(t, q.Withdraw(id))
	require.Equal(t, before+1, synced.syncs)
	require.NoError(t, q.Close())

	f, err = OpenFile(path, FileOptions{CardDataInPlaintext: true})
	require.NoError(t, err)
	defer f.Close()
	require.Zero(t, f.Recovery().Pending)
	require.Empty(t, h.received())
}

type countingFile struct {
	file
	syncs int
}

func (c *countingFile) Sync() error {
	c.syncs++
	return c.file.Sync()
}
