package saf

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCompactionsThatFail: the store goes on with the file it has, says why, leaves nothing behind, and tries again only
// after it has grown by half of CompactAt.
func TestCompactionsThatFail(t *testing.T) {
	for _, call := range []string{"create", "write", "sync", "rename"} {
		for _, closed := range []bool{false, true} {
			d := newMemDisk()
			d.closed = closed
			told := 0
			const compactAt, grow = 4000, 40_000
			s := openMem(t, d, FileOptions{CardDataInPlaintext: true, CompactAt: compactAt, chunk: 2 * grow, CompactionFailed: func(err error) {
				require.ErrorIs(t, err, syscall.EIO)
				told++
			}})
			stays := add(t, s, "stays")
			one := s.size
			require.NoError(t, s.End(add(t, s, "gone"), Delivered))
			one = s.size - one // of an entry and its end
			begun := s.size
			failing := false
			d.fail = func(what string) error {
				failing = failing && what != "read" || what == "create" // until the old file is in use again
				if failing && what == call {
					failing = false
					return syscall.EIO
				}
				return nil
			}
			for s.size < grow {
				require.NoError(t, s.End(add(t, s, "gone"), Delivered))
			}
			d.fail = nil
			tries := int64(told)
			require.LessOrEqual(t, tries, 1+(s.size-compactAt)/(compactAt/2), "%s failed", call)
			require.GreaterOrEqual(t, tries, (s.size-compactAt)/(compactAt/2+one), "%s failed", call)
			require.Less(t, begun, int64(compactAt))
			require.Empty(t, d.files(freshSuffix))
			require.Equal(t, 1, d.handles)
			require.NoError(t, s.Tried(stays))
			for range (compactAt/2 + one - 1) / one { // it works again
				require.NoError(t, s.End(add(t, s, "gone"), Delivered))
			}
			require.Less(t, s.size, int64(compactAt))
			require.Equal(t, 1, d.handles)
			require.NoError(t, s.Close())
			require.Zero(t, d.handles)
			require.Equal(t, []string{"stays"}, frames(t, openMem(t, d.kill(), plain)))
		}
	}
}

// TestEveryKindOfGarbageIsRemoved: entries that are replaced, and tries, do not make the file grow for ever.
func TestEveryKindOfGarbageIsRemoved(t *testing.T) {
	for name, one := range map[string]func(s *File, id uint64) (uint64, error){
		"replace": func(s *File, id uint64) (uint64, error) { return s.Replace(id, "host", []byte("0400"), testTime) },
		"tried":   func(s *File, id uint64) (uint64, error) { return id, s.Tried(id) },
		"end": func(s *File, id uint64) (uint64, error) {
			if err := s.End(id, Abandoned); err != nil {
				return 0, err
			}
			return s.Append("host", []byte("0400"), testTime)
		},
	} {
		s := openMem(t, newMemDisk(), FileOptions{CardDataInPlaintext: true, CompactAt: 3000, chunk: 1 << 10})
		id := add(t, s, "0400")
		for range 500 {
			var err error
			id, err = one(s, id)
			require.NoError(t, err)
			require.Less(t, s.size, int64(3200), name)
		}
	}
}

// TestOnlyWhatIsNeededIsWritten: an entry that was never sent is one record in a compacted file, one that was is two.
func TestOnlyWhatIsNeededIsWritten(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, plain)
	first := add(t, s, "0400")
	add(t, s, "0400")
	for tries, records := range []int{2, 3, 3} {
		if tries > 0 {
			require.NoError(t, s.Tried(first))
		}
		require.NoError(t, s.compact())
		require.NoError(t, s.Close())
		s = openMem(t, d, plain)
		require.Equal(t, records, s.Recovery().Records)
		all, err := s.Pending()
		require.NoError(t, err)
		require.Equal(t, tries, all[0].Tries)
	}
}

// TestLeftovers: what a compaction left that a crash broke off is removed.
func TestLeftovers(t *testing.T) {
	d := newMemDisk()
	d.put(storePath+freshSuffix, []byte("some of it"))
	openMem(t, d, plain).Close()
	require.Empty(t, d.files(freshSuffix))
	d.put(storePath+freshSuffix, []byte("some of it"))
	openMem(t, d, plain).Close()
	require.Empty(t, d.files(freshSuffix))
}

// TestRenameThatSaysItFailed: when the name has changed although the system says it has not, or nobody knows, nothing
// more is acknowledged, and what was is there when the store is opened again.
func TestRenameThatSaysItFailed(t *testing.T) {
	for _, closed := range []bool{false, true} {
		d := newMemDisk()
		d.closed, d.late = closed, true
		s := openMem(t, d, FileOptions{CardDataInPlaintext: true, CompactAt: 1})
		add(t, s, "stays")
		ended := add(t, s, string(make([]byte, 5000)))
		d.failEvery("rename", syscall.EIO)
		require.NoError(t, s.End(ended, Delivered))
		_, err := s.Append("host", nil, testTime)
		require.ErrorIs(t, err, ErrBroken)
		require.ErrorIs(t, s.Close(), ErrBroken)
		require.Equal(t, []string{"stays"}, frames(t, openMem(t, d.kill(), plain)))
	}
}

// TestNobodyKnowsWhetherItWasRenamed: where a rename failed and the system does not say what the name means, nothing more is
// acknowledged.
func TestNobodyKnowsWhetherItWasRenamed(t *testing.T) {
	for _, done := range []bool{false, true} {
		d := newMemDisk()
		d.late = done
		breaksCompacting(t, d, "stat")
	}
}

// breaksCompacting compacts a store while renames and another call fail: it is broken, and what was acknowledged is there
// when it is opened again.
func breaksCompacting(t *testing.T, d *memDisk, call string) {
	t.Helper()
	s := openMem(t, d, FileOptions{CardDataInPlaintext: true, CompactAt: 1})
	add(t, s, "stays")
	ended := add(t, s, string(make([]byte, 5000)))
	d.fail = func(c string) error {
		if c == "rename" || c == call {
			return syscall.EIO
		}
		return nil
	}
	require.NoError(t, s.End(ended, Delivered))
	_, err := s.Append("host", nil, testTime)
	require.ErrorIs(t, err, ErrBroken)
	require.Equal(t, []string{"stays"}, frames(t, openMem(t, d.kill(), plain)))
}

// TestCompactionFailedThatPanics: who is told of a compaction that failed can end neither the program nor the call.
func TestCompactionFailedThatPanics(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, FileOptions{CardDataInPlaintext: true, CompactAt: 1, CompactionFailed: func(error) { panic("6222020200012345678") }})
	add(t, s, "stays")
	ended := add(t, s, string(make([]byte, 5000)))
	d.failEvery("create", syscall.EMFILE)
	require.NoError(t, s.End(ended, Delivered))
	require.Equal(t, []string{"stays"}, frames(t, s))
	add(t, s, "goes on")
}

// TestHalfMustHaveEnded before a file is rewritten, and what it comes down to is known beforehand.
func TestHalfMustHaveEnded(t *testing.T) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			o := mode(t)
			o.CompactAt = 1
			d := newMemDisk()
			s := openMem(t, d, o)
			var ids []uint64
			for range 10 {
				id := add(t, s, string(make([]byte, 5000)))
				require.NoError(t, s.Tried(id))
				ids = append(ids, id)
			}
			d.calls = nil
			for n, id := range ids[:6] {
				require.Equal(t, n == 6, slices.Contains(d.calls, "rename"), "%d of 10 have ended", n)
				require.NoError(t, s.End(id, Delivered))
			}
			require.Contains(t, d.calls, "rename")
			require.Equal(t, s.live, s.size)
		})
	}
}

// TestNobodyKnowsWhichFile: where a rename failed and the file that has the name cannot be read, the store is broken.
func TestNobodyKnowsWhichFile(t *testing.T) {
	d := newMemDisk()
	d.closed = true
	breaksCompacting(t, d, "read")
}

// TestRewrittenAtOpen: a file larger than a chunk of which more than half has ended.
func TestRewrittenAtOpen(t *testing.T) {
	for _, c := range []struct {
		ended, pending int // bytes of an entry that has and of one that has not
		rewritten      bool
	}{{300, 100, false}, {100_000, 120_000, false}, {120_000, 2000, true}} {
		d := newMemDisk()
		s := openMem(t, d, FileOptions{CardDataInPlaintext: true})
		require.Equal(t, int64(64<<10), s.chunk)
		ended := add(t, s, string(make([]byte, c.ended)))
		add(t, s, string(make([]byte, c.pending)))
		require.NoError(t, s.End(ended, Delivered))
		require.NoError(t, s.Close())
		d.calls = nil
		s = openMem(t, d, FileOptions{CardDataInPlaintext: true})
		require.Equal(t, c.rewritten, slices.Contains(d.calls, "rename"), "%+v", c)
		require.Len(t, frames(t, s), 1)
	}
}

// TestZerosHoldNoMark: records are looked for by the start of the salt, and files are full of zeros.
func TestZerosHoldNoMark(t *testing.T) {
	for range 50 {
		require.NotZero(t, newFormat(nil).salt[0]&0x80)
	}
}

// TestSpaceIsMadeReadyAhead: few of many appends cost more than a sync of their data.
func TestSpaceIsMadeReadyAhead(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, FileOptions{CardDataInPlaintext: true})
	d.calls = nil
	for range 1000 {
		add(t, s, "0400")
	}
	full := slices.DeleteFunc(d.calls, func(call string) bool { return call != "sync" })
	require.NotEmpty(t, full)
	require.LessOrEqual(t, int64(len(full)), 1+(s.size+s.reserve(1000))/(64<<10))
}

// TestBeginAsksForExactly what is needed: for what is written and for ending each entry that is pending then.
func TestBeginAsksForExactly(t *testing.T) {
	end := func(s *File, entries int64) int64 { return 2 * entries * s.recordSize(1) }
	body := entryHead + len("host0400")
	for name, c := range map[string]struct {
		need func(s *File) int64
		do   func(s *File, id uint64) error
	}{
		"Append": {func(s *File) int64 { return s.recordSize(body) + end(s, 3) },
			func(s *File, _ uint64) error { _, err := s.Append("host", []byte("0400"), testTime); return err }},
		"Replace": {func(s *File) int64 { return s.recordSize(8+body) + s.recordSize(1) + end(s, 2) },
			func(s *File, id uint64) error { _, err := s.Replace(id, "host", []byte("0400"), testTime); return err }},
		"Tried": {func(s *File) int64 { return s.recordSize(4) + end(s, 2) },
			func(s *File, id uint64) error { return s.Tried(id) }},
		"End": {func(s *File) int64 { return s.recordSize(1) },
			func(s *File, id uint64) error { return s.End(id, Delivered) }},
	} {
		for _, missing := range []int64{0, 1} {
			d := newMemDisk()
			s := openMem(t, d, plain)
			id := add(t, s, "0400")
			add(t, s, "0400")
			require.NoError(t, s.f.Truncate(s.size))
			require.NoError(t, writeZeros(s.f, s.size, s.size+c.need(s)-missing))
			s.room = s.size + c.need(s) - missing
			d.calls = nil
			require.NoError(t, c.do(s, id))
			grown := missing > 0 && name != "End" // that needs no room of its own
			require.Equal(t, grown, slices.Contains(d.calls, "sync"), name)
		}
	}
}

// TestNamesThatAreTaken: a directory stands where the new file should go.
func TestNamesThatAreTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saf")
	require.NoError(t, os.MkdirAll(filepath.Join(path+freshSuffix, "full"), 0o700))
	_, err := OpenFile(path, plain)
	require.Error(t, err)
	require.NoError(t, os.RemoveAll(path+freshSuffix))
	told := 0
	s := open(t, path, FileOptions{CardDataInPlaintext: true, CompactAt: 1, CompactionFailed: func(error) { told++ }})
	require.NoError(t, os.MkdirAll(filepath.Join(path+freshSuffix, "full"), 0o700))
	require.NoError(t, s.End(add(t, s, string(make([]byte, 5000))), Delivered))
	require.Equal(t, 1, told)
	add(t, s, "goes on")
	require.NoError(t, s.Close())
	require.Equal(t, []string{"goes on"}, frames(t, open(t, path, plain)))
}
