package saf

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// books is what a store was told and what it has acknowledged.
type books struct {
	order []string          // frames in the order of Append
	state map[string]*deeds // by frame
}

type deeds struct {
	id           uint64
	acknowledged bool // Append or Replace returned without an error
	doubtful     bool // it returned ErrBroken, or may be pending or not for another reason
	ended        bool // End was called: it may come back unless that is excluded
	gone         bool // withdrawn, and that was acknowledged
}

func newBooks() *books { return &books{state: map[string]*deeds{}} }

func (b *books) append(s *File, frame string) {
	id, err := s.Append("host", []byte(frame), time.Unix(1, 2))
	noIDWith(id, err)
	b.order = append(b.order, frame)
	b.state[frame] = &deeds{id: id, acknowledged: err == nil, doubtful: errors.Is(err, ErrBroken)}
}

// noIDWith is for callers that have no test at hand.
func noIDWith(id uint64, err error) {
	if err != nil && id != 0 {
		panic("an ID together with an error")
	}
}

func (b *books) end(s *File, frame string, outcome Outcome) {
	d := b.state[frame]
	d.ended = true
	if err := s.End(d.id, outcome); err == nil && outcome == Withdrawn {
		d.gone = true
	}
}

// replace withdraws one frame for another. It counts as ended even on an error: then the old or the new one is there.
func (b *books) replace(s *File, old, frame string) {
	d := b.state[old]
	id, err := s.Replace(d.id, "host", []byte(frame), time.Unix(1, 2))
	noIDWith(id, err)
	b.order = append(b.order, frame)
	b.state[frame] = &deeds{id: id, acknowledged: err == nil, doubtful: errors.Is(err, ErrBroken)}
	d.ended = d.ended || err == nil || errors.Is(err, ErrBroken)
	d.gone = d.gone || err == nil
}

// check compares a store that was opened again with the books: nothing acknowledged is lost, nothing comes that was
// not taken, nothing that was withdrawn, and all is in order.
func (b *books) check(t *testing.T, s *File, what string) {
	t.Helper()
	entries, err := s.Pending()
	require.NoError(t, err)
	b.checkEntries(t, entries, what)
}

func (b *books) checkEntries(t *testing.T, entries []Entry, what string) {
	t.Helper()
	var pending []string
	for _, e := range entries {
		frame := string(e.Frame)
		pending = append(pending, frame)
		d := b.state[frame]
		require.NotNil(t, d, "%s: %q was made up", what, frame)
		require.False(t, d.gone, "%s: %q was withdrawn", what, frame)
		require.True(t, d.acknowledged || d.doubtful, "%s: %q was refused", what, frame)
		require.Equal(t, time.Unix(1, 2), e.Created)
		require.Equal(t, "host", e.Destination)
	}
	for _, frame := range b.order {
		if d := b.state[frame]; d.acknowledged && !d.ended {
			require.Contains(t, pending, frame, "%s: lost", what)
		}
	}
	place := func(frame string) int { return slices.Index(b.order, frame) }
	require.True(t, slices.IsSortedFunc(pending, func(x, y string) int { return place(x) - place(y) }), "%s: order", what)
}

const storePath = "/store/saf"

func openMem(t *testing.T, d *memDisk, o FileOptions) *File {
	t.Helper()
	s, err := openFile(d, storePath, o)
	require.NoError(t, err)
	return s
}

// closeFile closes a store if it could be opened.
func closeFile(s *File) {
	if s != nil {
		s.Close()
	}
}

// script does everything once, with two compactions.
func script(s *File, b *books) {
	for i := range 12 {
		b.append(s, fmt.Sprint("early ", i))
	}
	s.Tried(b.state["early 3"].id)
	for i := range 7 {
		b.end(s, fmt.Sprint("early ", i), Delivered)
	}
	b.end(s, "early 8", Withdrawn)
	b.append(s, "late 1")
	b.replace(s, "early 9", "instead of early 9")
	b.end(s, "early 10", Abandoned)
	b.append(s, "late 2")
	for i := range 20 {
		b.append(s, fmt.Sprint("short ", i))
		b.end(s, fmt.Sprint("short ", i), Delivered)
	}
	b.append(s, "late 3")
	s.Tried(b.state["late 3"].id)
}

// TestEveryCallFails lets every call to the system fail in turn, while the store is opened, filled and compacted, once
// or from then on; after it the process is killed, the power fails, or the store is closed.
func TestEveryCallFails(t *testing.T) {
	ends := map[string]func(*memDisk, *File, *rand.Rand) *memDisk{
		"kill":                func(d *memDisk, _ *File, _ *rand.Rand) *memDisk { return d.kill() },
		"power cut":           func(d *memDisk, _ *File, r *rand.Rand) *memDisk { return d.powerCut(r, false) },
		"close":               func(d *memDisk, s *File, _ *rand.Rand) *memDisk { closeFile(s); return d.kill() },
		"power cut, in order": func(d *memDisk, _ *File, r *rand.Rand) *memDisk { return d.powerCut(r, true) },
		"close, power cut":    func(d *memDisk, s *File, r *rand.Rand) *memDisk { closeFile(s); return d.powerCut(r, true) },
	}
	all, some, one := slices.Sorted(maps.Keys(ends)), []string{"kill", "power cut, in order"}, []string{"kill"}
	f := faults{kinds: map[string]int{}, r: rand.New(rand.NewPCG(1, 2))}
	for _, c := range []struct {
		errno  syscall.Errno
		ends   []string
		closed bool // only closed files can be renamed
	}{{syscall.EIO, all, false}, {syscall.EMFILE, some, false}, {syscall.ENOSPC, some, false}, {syscall.EIO, one, true}} {
		if testing.Short() {
			c.ends = one
		}
		for _, forever := range []bool{false, true} {
			for _, end := range c.ends {
				n := 1
				for f.nth(t, n, c.errno, forever, c.closed, end, ends[end]) {
					n++
				}
				require.Greater(t, n, 120, "calls of the script")
			}
		}
	}
	for _, kind := range []string{"open", "create", "read", "write", "sync", "sync data", "rename", "sync directory", "truncate", "lock", "open directory", "size", "stat", "close"} {
		require.NotZero(t, f.kinds[kind], kind)
	}
	t.Log("failed calls: ", f.kinds)
}

type faults struct {
	kinds map[string]int // calls that failed
	r     *rand.Rand
}

// nth lets the nth call fail, and those after it; false if there are not so many.
func (f *faults) nth(t *testing.T, n int, errno error, forever, closed bool, name string, end func(*memDisk, *File, *rand.Rand) *memDisk) bool {
	o := FileOptions{CardDataInPlaintext: true, CompactAt: 2000, chunk: 1 << 10}
	d, b := newMemDisk(), newBooks()
	d.closed = closed
	s := openMem(t, d, o)
	b.append(s, "from before")
	s.Close()
	count, failed := 0, ""
	d.fail = func(call string) error {
		if count++; count == n || forever && count > n {
			failed = call
			return errno
		}
		return nil
	}
	s, err := openFile(d, storePath, o)
	if err == nil {
		script(s, b)
	}
	if failed == "" {
		return false
	}
	f.kinds[failed]++
	d.fail = nil
	what := fmt.Sprintf("call %d (%s): %v, forever %v, %s", n, failed, errno, forever, name)
	for again := range 2 {
		d = end(d, s, f.r)
		s = openMem(t, d, o)
		b.check(t, s, fmt.Sprint(what, ", ", again))
		if name != "power cut" { // in any order: a hole before what was written is no torn end
			require.Empty(t, s.Recovery().Damage, what)
		}
	}
	b.append(s, "at the end")
	require.True(t, b.state["at the end"].acknowledged, what)
	b.check(t, s, what)
	require.NoError(t, s.Close())
	return true
}

// TestRandomFaults does random things to a store, with random faults, and cuts the power at random places, over and over.
func TestRandomFaults(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 40
	}
	for range rounds {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { randomFaults(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func randomFaults(t *testing.T, r *rand.Rand) {
	o := FileOptions{CardDataInPlaintext: true, CompactAt: 3000, chunk: 4 << 10}
	if r.IntN(2) == 0 {
		o = FileOptions{Seal: aead(t, 1), CompactAt: 4000}
	}
	d, b := newMemDisk(), newBooks()
	errnos := []error{syscall.EIO, syscall.ENOSPC, syscall.EMFILE}
	n, holes, failed := 0, false, false
	o.CompactionFailed = func(error) { failed = true }
	for life := range 8 {
		d.free = 1 << 30
		if r.IntN(3) == 0 {
			d.free = r.IntN(200_000)
		}
		rate := []int{1 << 30, 300, 60, 20}[r.IntN(4)]
		d.fail = func(string) error {
			if r.IntN(rate) == 0 {
				return errnos[r.IntN(3)]
			}
			return nil
		}
		failed = false
		s, err := openFile(d, storePath, o)
		if err == nil {
			if !holes {
				require.Empty(t, s.Recovery().Damage)
			}
			holes = failed && len(s.Recovery().Damage) > 0 // they are there still
			b.check(t, s, fmt.Sprint("life ", life))
			for range r.IntN(150) {
				n++
				randomDeed(s, b, r, n)
			}
		}
		d.fail = nil
		switch r.IntN(4) {
		case 0:
			d = d.kill()
		case 1:
			holes = true
			d = d.powerCut(r, false)
		case 3:
			d = d.powerCut(r, true)
		case 2:
			closeFile(s)
			d = d.kill()
		}
	}
	s := openMem(t, d, o)
	b.check(t, s, "at the end")
	require.Len(t, frames(t, s), s.Recovery().Pending)
}

// randomDeed does one thing, mostly to an entry that is pending still.
func randomDeed(s *File, b *books, r *rand.Rand, n int) {
	var open []string
	for _, frame := range b.order {
		if d := b.state[frame]; d.acknowledged && !d.ended {
			open = append(open, frame)
		}
	}
	frame := fmt.Sprint("frame ", n, string(make([]byte, r.IntN(300)*r.IntN(2))))
	if len(open) == 0 || len(open) < 20 && r.IntN(2) == 0 {
		b.append(s, frame)
		return
	}
	victim := open[r.IntN(len(open))]
	switch r.IntN(5) {
	case 0:
		s.Tried(b.state[victim].id)
	case 1:
		b.end(s, victim, Withdrawn)
	case 2:
		b.replace(s, victim, frame)
	default:
		b.end(s, victim, Delivered)
	}
}

// TestFullDiskEnds: on a full disk nothing more is taken, but everything that is pending can be ended or withdrawn, and
// does not come back.
func TestFullDiskEnds(t *testing.T) {
	for name, o := range map[string]FileOptions{"plain": plain, "sealed": {Seal: aead(t, 1)}} {
		t.Run(name, func(t *testing.T) {
			d := newMemDisk()
			s := openMem(t, d, o)
			d.free = 100_000
			var ids []uint64
			for {
				id, err := s.Append("host", make([]byte, 150), time.Now())
				if err != nil {
					require.ErrorIs(t, err, syscall.ENOSPC)
					require.NotErrorIs(t, err, ErrBroken)
					break
				}
				ids = append(ids, id)
			}
			require.Greater(t, len(ids), 250)
			d.free = 0
			s.Close()
			s = openMem(t, d, o) // on the full disk
			d.free = 0
			for i, id := range ids[1:] {
				require.NoError(t, s.End(id, []Outcome{Delivered, Withdrawn}[i%2]), "end %d of %d", i, len(ids))
			}
			require.NoError(t, s.Close())
			s = openMem(t, d.kill(), o)
			require.Equal(t, 1, s.Recovery().Pending)
			require.Empty(t, s.Recovery().Damage)
		})
	}
}

// TestRoomOfACutFile: a file that has no space ready gets it when it is opened.
func TestRoomOfACutFile(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, plain)
	var ids []uint64
	for range 50 {
		ids = append(ids, add(t, s, "0400"))
	}
	require.NoError(t, s.Close())
	d.put(storePath, d.content(storePath)[:s.size])
	s = openMem(t, d, plain)
	d.free = 0
	for _, id := range ids {
		require.NoError(t, s.End(id, Withdrawn))
	}
}

// TestRoomAfterAFailedWrite: a write that fails does not cost the space that ends need when the disk is full.
func TestRoomAfterAFailedWrite(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, plain)
	var ids []uint64
	for range 300 {
		ids = append(ids, add(t, s, "0400"))
	}
	d.failNth(1, syscall.EIO)
	_, err := s.Append("host", []byte("not written"), time.Now())
	require.ErrorIs(t, err, syscall.EIO)
	require.NotErrorIs(t, err, ErrBroken)
	d.fail, d.free = nil, 0
	for _, id := range ids {
		require.NoError(t, s.End(id, Withdrawn))
	}
	require.NoError(t, s.Close())
	s = openMem(t, d.kill(), plain)
	require.Zero(t, s.Recovery().Pending)
	require.Empty(t, s.Recovery().Damage)
}

// TestRefusedStaysRefused: what was written before a write failed, all of the record at times, is gone for certain.
func TestRefusedStaysRefused(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, plain)
	d.failEvery("write", syscall.EIO)
	size := s.recordSize(entryHead + len("host") + len("refused"))
	for range size + 1 { // every part of it once
		_, err := s.Append("host", []byte("refused"), time.Now())
		require.ErrorIs(t, err, syscall.EIO)
		require.NotErrorIs(t, err, ErrBroken)
		for seed := range uint64(2) {
			after := openMem(t, d.powerCut(rand.New(rand.NewPCG(seed, 0)), false), plain)
			require.Equal(t, Recovery{}, after.Recovery())
		}
	}
}

// TestFailedSyncIsNotForgiven: the next sync succeeds, and proves nothing.
func TestFailedSyncIsNotForgiven(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, plain)
	add(t, s, "one")
	d.failEvery("sync data", syscall.EIO)
	_, err := s.Append("host", []byte("two"), time.Now())
	require.ErrorIs(t, err, ErrBroken)
	require.ErrorIs(t, err, syscall.EIO)
	require.Equal(t, []string{"one"}, frames(t, s), "what was refused is not forwarded")
	d.fail = nil
	_, err = s.Append("host", []byte("three"), time.Now())
	require.ErrorIs(t, err, ErrBroken, "nobody knows what is on the disk")
	require.ErrorIs(t, s.Tried(1), ErrBroken)
	require.ErrorIs(t, s.End(1, Delivered), ErrBroken)
	_, err = s.Replace(1, "host", []byte("four"), time.Now())
	require.ErrorIs(t, err, ErrBroken)
	require.ErrorIs(t, s.Close(), ErrBroken)
	require.NoError(t, s.Close())
	_, err = s.Append("host", nil, time.Now())
	require.ErrorIs(t, err, ErrClosed)

	// What the system shows after it is not on the disk yet: opening writes it again.
	d = d.kill()
	s = openMem(t, d, plain)
	require.Equal(t, []string{"one", "two"}, frames(t, s))
	d = d.powerCut(rand.New(rand.NewPCG(1, 1)), false)
	require.Equal(t, []string{"one", "two"}, frames(t, openMem(t, d, plain)))
}

// TestOpeningIsCertain: what was read is on the disk for certain when the store opens, name and all, or it does not open.
func TestOpeningIsCertain(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, plain)
	add(t, s, "stays")
	require.NoError(t, s.Close())
	for _, call := range []string{"sync", "sync directory"} {
		d.failEvery(call, syscall.EIO)
		_, err := openFile(d, storePath, plain)
		require.ErrorIs(t, err, syscall.EIO, call)
		d.fail = nil
	}
	require.Equal(t, []string{"stays"}, frames(t, openMem(t, d, plain)))
}
