package saf

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDamageIsKeptOnce lets every call fail in turn while a damaged store is opened: it opens only when the damaged bytes
// are kept aside, and trying again makes no more than one file of them.
func TestDamageIsKeptOnce(t *testing.T) {
	w := makeWhole(t, plain)
	w.content[headSize+30] ^= 1
	opened, refused, told := 0, 0, 0
	o := plain
	o.CompactionFailed = func(error) { told++ }
	var calls []string
	for n := 1; n == 1 || n <= len(calls)+1; n++ {
		d := newMemDisk()
		d.put(storePath, w.content)
		d.failNth(n, os.ErrPermission)
		s, err := openFile(d, storePath, o)
		calls = d.calls
		d.fail = nil
		if err != nil {
			refused++
			require.Empty(t, d.locked, "call %d", n)
			s = openMem(t, d, o)
		} else {
			opened++
			require.Len(t, s.Recovery().Damage, 1, "call %d", n)
			require.Contains(t, d.files(".damaged-"), s.Recovery().DamagedTo)
		}
		require.Len(t, d.files(".damaged-"), 1, "call %d", n)
		before := frames(t, s)
		require.Equal(t, pendingFrames[1:], before, "call %d", n)
		require.Greater(t, add(t, s, "after"), w.lastID, "call %d", n)
		require.NoError(t, s.Close())
		s = openMem(t, d, o)
		require.Equal(t, append(before, "after"), frames(t, s), "call %d", n)
		require.Len(t, d.files(".damaged-"), 1, "call %d", n)
	}
	require.NotZero(t, opened)
	require.NotZero(t, refused)
	require.NotZero(t, told, "a compaction failed and the store opened nevertheless")
	renamed := slices.Index(calls, "rename")
	require.Contains(t, calls[:renamed], "sync directory", "they are kept for certain before the file is rewritten")
}

// TestHeadOfAnEmptyStoreDamaged: the store opens although no new file can be written, since one copy of its head is good.
func TestHeadOfAnEmptyStoreDamaged(t *testing.T) {
	for name, mode := range modes {
		for _, at := range []int64{3, copySize + 100, headSize - 1} {
			o := mode(t)
			d := newMemDisk()
			require.NoError(t, openMem(t, d, o).Close())
			content := d.content(storePath)
			content[at] ^= 1
			d.put(storePath, content)
			d.failEvery("rename", syscall.EIO)
			s := openMem(t, d, o)
			require.Len(t, s.Recovery().Damage, 1, "%s, byte %d", name, at)
			add(t, s, "kept")
			require.NoError(t, s.Close())
			d.fail = nil
			require.Equal(t, []string{"kept"}, frames(t, openMem(t, d.kill(), o)))
		}
	}
}

// TestDamageThatCannotBeWrittenAnew: a damaged store that cannot be rewritten goes on as it is and tells of the damage
// until it can; without a head, or with damage at the end, it does not open and is left as it is.
func TestDamageThatCannotBeWrittenAnew(t *testing.T) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			var told error
			o := mode(t)
			o.CompactionFailed = func(err error) { told = err }
			w := makeWhole(t, o)
			last := w.records[len(w.records)-1]
			for _, at := range []int64{3, copySize + 100, headSize + 30} {
				damaged := bytes.Clone(w.content)
				damaged[at] ^= 1
				d := newMemDisk()
				d.put(storePath, damaged)
				d.failEvery("rename", syscall.EIO)
				var want []string
				for i := range 3 {
					told = nil
					s := openMem(t, d, o)
					require.ErrorIs(t, told, syscall.EIO)
					if want == nil {
						want = frames(t, s)
						require.Len(t, s.Recovery().Damage, 1)
						require.GreaterOrEqual(t, len(want), len(pendingFrames)-1)
					}
					require.Equal(t, want, frames(t, s), "byte %d, opening %d", at, i)
					require.Len(t, d.files(".damaged-"), 1)
					frame := fmt.Sprint("after ", i)
					require.Greater(t, add(t, s, frame), w.lastID, "no ID comes twice")
					oldest, err := s.Pending()
					require.NoError(t, err)
					require.NoError(t, s.End(oldest[0].ID, Withdrawn))
					want = append(want[1:], frame)
					require.NoError(t, s.Close())
				}
				d.fail = nil
				require.Equal(t, want, frames(t, openMem(t, d.kill(), o)))
				s := openMem(t, d.kill(), o)
				require.Equal(t, want, frames(t, s))
				require.Empty(t, s.Recovery().Damage)
			}
			noHead, badEnd := bytes.Clone(w.content), bytes.Clone(w.content)
			clear(noHead[len(magic):headSize])
			badEnd[last.from+40] ^= 1
			for _, content := range [][]byte{w.content[:copySize+7], noHead, badEnd} {
				d := newMemDisk()
				d.put(storePath, content)
				d.failEvery("rename", syscall.EIO)
				_, err := openFile(d, storePath, o)
				require.ErrorIs(t, err, syscall.EIO)
				require.Equal(t, content, d.content(storePath))
			}
		})
	}
}
