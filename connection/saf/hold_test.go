package saf

import (
	"path/filepath"
	"syscall"
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

func (c *countingFile) SyncData() error {
	c.syncs++
	return c.file.SyncData()
}

// TestReplaceOnHold: one sync puts one message in the place of another, on Hold or to be sent; a crash finds one of them.
func TestReplaceOnHold(t *testing.T) {
	d := newMemDisk()
	h := &host{}
	f := openMem(t, d, plain)
	q := newQueue(t, Config{Store: f, Route: to(h), MaxPending: 1})
	old, err := q.Hold("a", []byte("reason 98"))
	require.NoError(t, err)
	d.calls = nil
	id, err := q.Replace(old, "a", []byte("reason A0"))
	require.NoError(t, err)
	require.Equal(t, []string{"write", "sync data", "stat"}, d.calls)
	require.ErrorIs(t, q.Withdraw(old), ErrUnknownID)
	_, err = q.Replace(old, "a", nil)
	require.ErrorIs(t, err, ErrUnknownID)
	_, err = q.WithdrawAndAdd(old, "a", nil)
	require.ErrorIs(t, err, ErrUnknownID)
	require.Zero(t, q.Pending())
	require.Empty(t, h.received())
	require.Equal(t, []string{"reason A0"}, frames(t, f))

	d.failEvery("write", syscall.EIO)
	_, err = q.Replace(id, "a", []byte("not recorded"))
	require.ErrorIs(t, err, syscall.EIO)
	require.ErrorIs(t, q.Withdraw(id), syscall.EIO)
	d.fail = nil
	require.Equal(t, []string{"reason A0"}, frames(t, f), "it is on Hold still")

	added, err := q.WithdrawAndAdd(id, "b", []byte("advice"))
	require.NoError(t, err)
	require.Greater(t, added, id)
	require.NoError(t, q.Flush(t.Context()))
	require.Equal(t, []string{"advice"}, h.received())
	require.NoError(t, q.Close())
	_, err = q.Replace(id, "a", nil)
	require.ErrorIs(t, err, ErrClosed)
	require.Zero(t, openMem(t, d, plain).Recovery().Pending)
}

// TestWithdrawUnknownToTheStore: a message that the store does not know is not on Hold any more.
func TestWithdrawUnknownToTheStore(t *testing.T) {
	m := new(Memory)
	q := newQueue(t, Config{Store: m, Route: to(&host{})})
	defer q.Close()
	id, err := q.Hold("a", []byte("x"))
	require.NoError(t, err)
	require.NoError(t, m.End(id, Delivered))
	require.ErrorIs(t, q.Withdraw(id), ErrUnknownID)
	require.ErrorIs(t, q.Release(id), ErrUnknownID)
}
