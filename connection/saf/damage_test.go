package saf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// whole is a store with every kind of record, and where each of them is.
type whole struct {
	options FileOptions
	content []byte
	records []place64
	lastID  uint64
}

type place64 struct {
	from, to int64
	record
}

var pendingFrames = []string{"0400 first", "0400 second", "0400 fourth", "0400 instead of fifth", "0400 last"}

func makeWhole(t *testing.T, o FileOptions) whole {
	d := newMemDisk()
	s := openMem(t, d, o)
	first := add(t, s, "0400 first")
	add(t, s, "0400 second")
	third := add(t, s, "0400 third: delivered")
	require.NoError(t, s.Tried(first))
	add(t, s, "0400 fourth")
	fifth := add(t, s, "0400 fifth: replaced")
	sixth := add(t, s, "0400 sixth: withdrawn")
	require.NoError(t, s.End(third, Delivered))
	require.NoError(t, s.End(sixth, Withdrawn))
	_, err := s.Replace(fifth, "host", []byte("0400 instead of fifth"), time.Unix(1, 2))
	require.NoError(t, err)
	w := whole{options: o, lastID: add(t, s, "0400 last")}
	require.Equal(t, pendingFrames, frames(t, s))
	require.NoError(t, s.Close())
	w.content = d.content(storePath)[:s.size+600]
	in, err := newScan(bytes.NewReader(w.content), int64(len(w.content)))
	require.NoError(t, err)
	in.format, _, err = parseHead(w.content, o.Seal)
	require.NoError(t, err)
	require.NoError(t, in.run(headSize, func(r record) error {
		to := in.end
		if len(w.records) > 0 {
			w.records[len(w.records)-1].to = to
		}
		w.records = append(w.records, place64{from: to, to: in.used, record: r})
		return nil
	}))
	require.Len(t, w.records, 7+1+1+2+2)
	return w
}

// at returns the record at a place, one without a kind if there is none.
func (w *whole) at(place int64) place64 {
	for _, r := range w.records {
		if r.from <= place && place < r.to {
			return r
		}
	}
	return place64{}
}

var modes = map[string]func(testing.TB) FileOptions{
	"plain":  func(testing.TB) FileOptions { return plain },
	"sealed": func(t testing.TB) FileOptions { return FileOptions{Seal: aead(t, 1), chunk: 1 << 10} },
}

// TestEveryByteDamaged damages each byte of a file in turn: what is in other records is there, in order, nothing else
// appears, and the damage is told and kept aside.
func TestEveryByteDamaged(t *testing.T) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			w := makeWhole(t, mode(t))
			used := int64(len(bytes.TrimRight(w.content, "\x00")))
			for at := int64(0); at < min(used+600, int64(len(w.content))); at++ {
				values := []byte{w.content[at] ^ 1<<(at%8), ^w.content[at], 0}
				if testing.Short() {
					values = values[at%3:][:1]
				}
				for _, value := range values {
					if value != w.content[at] {
						w.damage(t, at, value, used)
					}
				}
			}
			t.Logf("%d bytes", used)
		})
	}
}

func (w *whole) damage(t *testing.T, at int64, value byte, used int64) {
	d := newMemDisk()
	damaged := bytes.Clone(w.content)
	damaged[at] = value
	d.put(storePath, damaged)
	s, err := openFile(d, storePath, w.options)
	require.NoError(t, err, "byte %d", at)
	want, hit := slices.Clone(pendingFrames), w.at(at)
	kind := hit.kind
	if at >= hit.to-int64(len(tail)) {
		kind = 0 // what is told there is not part of the record
	}
	switch kind {
	case kindEntry:
		e, err := parseEntry(hit.id, hit.body)
		require.NoError(t, err)
		want = slices.DeleteFunc(want, func(f string) bool { return f == string(e.Frame) })
	case kindReplace:
		want = slices.DeleteFunc(want, func(f string) bool { return f == "0400 instead of fifth" })
	case kindEnd:
		if hit.id == 3 { // the one record of its end
			want = slices.Insert(want, 2, "0400 third: delivered")
		}
	}
	require.Equal(t, want, frames(t, s), "byte %d", at)

	r := s.Recovery()
	switch {
	case at == used-1 && value == 0:
		require.EqualValues(t, len(tail)-1, r.TornBytes, "it may have been cut off; the record is whole")
	case at < used:
		require.Len(t, r.Damage, 1, "byte %d is told", at)
		require.Zero(t, r.TornBytes, "byte %d", at)
	}
	require.True(t, len(r.Damage) > 0 || r.TornBytes > 0, "byte %d is told", at)
	if len(r.Damage) > 0 {
		told := r.Damage[0]
		require.True(t, told.Offset <= at && at < told.Offset+told.Length, "byte %d", at)
		require.Error(t, told.Err)
		require.Equal(t, damaged[told.Offset:told.Offset+told.Length], d.content(r.DamagedTo), "byte %d", at)
		if told.ID != 0 {
			require.Equal(t, hit.id, told.ID)
		}
	}
	require.Greater(t, add(t, s, "after"), w.lastID, "byte %d: IDs go on", at)
	require.NoError(t, s.Close())
	s = openMem(t, d.kill(), w.options)
	require.Equal(t, append(want, "after"), frames(t, s), "byte %d", at)
	require.Empty(t, s.Recovery().Damage, "byte %d", at)
	require.Zero(t, s.Recovery().TornBytes)
}

// TestRecordsBehindDamage: whatever becomes of a record's length, those behind it are read.
func TestRecordsBehindDamage(t *testing.T) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			d := newMemDisk()
			s := openMem(t, d, mode(t))
			add(t, s, "0400 0")
			from := s.size
			for i := 1; i <= 100; i++ {
				add(t, s, fmt.Sprint("0400 ", i))
			}
			content := d.content(storePath)
			s.Close()
			for range 50 {
				damaged := bytes.Clone(content)
				for i := range 8 + rand.N(200) { // bytes of the head, and of some records behind
					damaged[from+int64(i)] = byte(rand.N(256))
				}
				d = newMemDisk()
				d.put(storePath, damaged)
				s = openMem(t, d, mode(t))
				got := frames(t, s)
				require.GreaterOrEqual(t, len(got), 95)
				require.Equal(t, "0400 0", got[0])
				require.Equal(t, "0400 100", got[len(got)-1])
				r := s.Recovery()
				require.NotEmpty(t, r.Damage)
				var kept []byte
				for _, one := range r.Damage {
					kept = append(kept, damaged[one.Offset:one.Offset+one.Length]...)
				}
				require.Equal(t, kept, d.content(r.DamagedTo))
				s.Close()
			}
		})
	}
}

// TestMessagesAreNoRecords: an entry that holds a copy of the store itself is damaged; what is in it stays a message.
func TestMessagesAreNoRecords(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, plain)
	require.NoError(t, s.End(add(t, s, "ended long ago"), Withdrawn))
	at := s.size
	add(t, s, string(d.content(storePath)[:s.size]))
	add(t, s, "behind")
	s.Close()
	content := d.content(storePath)
	content[at+9] ^= 1
	d.put(storePath, content)
	s = openMem(t, d, plain)
	require.Equal(t, []string{"behind"}, frames(t, s))
	require.Len(t, s.Recovery().Damage, 1)
}

// TestCutFile cuts a file off at every place behind its head, and fills the rest with zeros: what was whole but for its
// tail is there, and it is no damage.
func TestCutFile(t *testing.T) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			d := newMemDisk()
			s := openMem(t, d, mode(t))
			ends := []int64{}
			for i := range 12 {
				add(t, s, fmt.Sprint("entry ", i))
				ends = append(ends, s.size)
			}
			s.Close()
			content := d.content(storePath)
			for at := int64(headSize); at < ends[11]; at++ {
				want := 0
				for want < 12 && ends[want]-int64(len(tail)) <= at {
					want++
				}
				filled := append(bytes.Clone(content[:at]), make([]byte, 1000)...)
				for what, cut := range map[string][]byte{"cut": content[:at], "zeros": filled} {
					want := want
					if what == "zeros" && want < 12 && len(bytes.Trim(content[at:ends[want]-int64(len(tail))], "\x00")) == 0 {
						want++ // nothing but zeros was cut off
					}
					d := newMemDisk()
					d.put(storePath, cut)
					s := openMem(t, d, mode(t))
					require.Empty(t, s.Recovery().Damage, "%s at %d", what, at)
					require.Len(t, frames(t, s), want, "%s at %d", what, at)
					d = d.kill()
					s = openMem(t, d, mode(t))
					require.Zero(t, s.Recovery().TornBytes, "%s at %d: it was removed", what, at)
					add(t, s, "after")
					require.NoError(t, s.Close())
					s = openMem(t, d.kill(), mode(t))
					require.Len(t, frames(t, s), want+1)
					require.Zero(t, s.Recovery().TornBytes)
					require.Empty(t, s.Recovery().Damage)
				}
			}
		})
	}
}

// growOld makes the store one that has seen more entries than its file has bytes.
func (w *whole) growOld(t *testing.T) {
	d := newMemDisk()
	d.put(storePath, w.content)
	s := openMem(t, d, w.options)
	s.next = 1 << 40
	require.NoError(t, s.compact())
	require.NoError(t, s.Close())
	w.content, w.lastID = d.content(storePath), s.next-1
}

func TestHeads(t *testing.T) {
	w := makeWhole(t, FileOptions{Seal: aead(t, 1)})
	w.growOld(t)
	damaged := func(places ...int) []byte {
		b := bytes.Clone(w.content)
		for _, at := range places {
			b[at] ^= 0x40
		}
		return b
	}
	for _, c := range []struct {
		name    string
		content []byte
		options FileOptions
		err     error
		pending int
		damage  int64 // bytes
	}{
		{"other file", []byte("something else entirely"), plain, ErrNotStore, 0, 0},
		{"longer other file", bytes.Repeat([]byte("x"), 5000), plain, ErrNotStore, 0, 0},
		{"wrong key", w.content, FileOptions{Seal: aead(t, 2)}, ErrWrongKey, 0, 0},
		{"wrong key, first head damaged", damaged(3), FileOptions{Seal: aead(t, 2)}, ErrWrongKey, 0, 0},
		{"no key", damaged(3), plain, ErrSealed, 0, 0},
		{"not sealed", makeWhole(t, plain).content, w.options, ErrNotSealed, 0, 0},
		{"first head", damaged(3), w.options, nil, 5, copySize},
		{"second head", damaged(copySize + 100), w.options, nil, 5, copySize},
		{"first sector", append(make([]byte, sector), w.content[sector:]...), w.options, nil, 5, copySize},
		{"second sector", slices.Concat(w.content[:sector], make([]byte, sector), w.content[2*sector:]), w.options, nil, 5, copySize},
		{"both heads", damaged(20, copySize+100), w.options, nil, 0, int64(len(w.content))},
		{"both heads, one mark", damaged(3, copySize+100), w.options, nil, 0, int64(len(w.content))},
		{"cut in the first head", w.content[:70], w.options, nil, 0, 70},
		{"cut in the mark", w.content[:5], w.options, nil, 0, 5},
		{"cut in the second head", w.content[:copySize+7], w.options, nil, 0, 7},
		{"empty", nil, w.options, nil, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newMemDisk()
			d.put(storePath, c.content)
			s, err := openFile(d, storePath, c.options)
			require.ErrorIs(t, err, c.err)
			if c.err != nil {
				require.Equal(t, c.content, d.content(storePath), "it is left as it is")
				require.Empty(t, d.locked)
				return
			}
			r := s.Recovery()
			require.Equal(t, c.pending, r.Pending)
			require.Len(t, r.Damage, 1)
			require.Equal(t, c.damage, r.Damage[0].Length)
			if c.damage > 0 {
				require.Equal(t, c.content[r.Damage[0].Offset:][:c.damage], d.content(r.DamagedTo))
			}
			require.Greater(t, add(t, s, "after"), w.lastID, "no ID comes twice")
		})
	}
}

// TestFileStaysSmall: many short lives with nothing left pending, and the file is small.
func TestFileStaysSmall(t *testing.T) {
	d := newMemDisk()
	o := FileOptions{CardDataInPlaintext: true}
	for range 100 {
		s := openMem(t, d, o)
		for range 50 {
			require.NoError(t, s.End(add(t, s, string(make([]byte, 200))), Delivered))
		}
		require.NoError(t, s.Close())
		require.Less(t, len(d.content(storePath)), 3*chunkSize)
	}
}

// TestPendingOnlyIsNotRewritten: a large file that is all pending is not rewritten at every start.
func TestPendingOnlyIsNotRewritten(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, plain)
	for range 1000 {
		add(t, s, string(make([]byte, 200)))
	}
	require.NoError(t, s.Close())
	d.calls = nil
	openMem(t, d, plain)
	require.NotContains(t, d.calls, "rename")
}

// TestLargeFileNeedsLittleMemory: what a store takes to open depends on what is pending, not on the file.
func TestLargeFileNeedsLittleMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saf")
	s := open(t, path, plain)
	add(t, s, "pending")
	require.NoError(t, s.Close())
	require.NoError(t, os.Truncate(path, 64<<20))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("x"), 32<<20)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s = open(t, path, plain)
	runtime.ReadMemStats(&after)
	require.Len(t, s.Recovery().Damage, 1)
	require.Equal(t, []string{"pending"}, frames(t, s))
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

// TestLengthsNobodyWrote: a record's length is bounded even where its checksum is right, on 32 bits too.
func TestLengthsNobodyWrote(t *testing.T) {
	d := newMemDisk()
	s := openMem(t, d, plain)
	add(t, s, "before")
	content := d.content(storePath)[:s.size]
	for _, length := range []uint32{maxBody, maxBody + 1, math.MaxInt32 - recordHead, math.MaxInt32, 1 << 31, math.MaxUint32} {
		b := append(bytes.Clone(content), s.salt[:markSize]...)
		b = append(b, byte(kindEntry), 0, 0, 0, 0, 0, 0, 0, 2)
		b = binary.BigEndian.AppendUint32(b, length)
		seed := crc32.Checksum(s.context(s.size), castagnoli)
		b = binary.BigEndian.AppendUint32(b, crc32.Update(seed, castagnoli, b[s.size:]))
		b = append(b, bytes.Repeat([]byte{'x'}, 100)...)
		_, size, ok := s.parseRecordHead(b[s.size:], s.size)
		require.Equal(t, length <= maxBody, ok, "%x", length)
		require.Equal(t, ok, size == recordHead+maxBody+recordTail)
		d := newMemDisk()
		d.put(storePath, b)
		after := openMem(t, d, plain)
		require.Equal(t, []string{"before"}, frames(t, after), "%x", length)
		if r := after.Recovery(); length > maxBody {
			require.Len(t, r.Damage, 1, "%x", length)
		} else {
			require.EqualValues(t, recordHead+100, r.TornBytes, "as long as the file may yet become")
		}
	}
}

// TestRecordsNobodyWrote: what is no record of ours although its checksum is right is told as damage, and left out.
func TestRecordsNobodyWrote(t *testing.T) {
	entry := entryBody(nil, "host", []byte("once"), time.Unix(1, 2))
	for name, r := range map[string]record{
		"kind":              {'?', 9, entry},
		"entry twice":       {kindEntry, 1, entry},
		"short entry":       {kindEntry, 9, entry[:entryHead-1]},
		"short destination": {kindEntry, 9, entry[:entryHead+3]},
		"short replacement": {kindReplace, 9, make([]byte, 7)},
		"replaces by short": {kindReplace, 9, append([]byte{0, 0, 0, 0, 0, 0, 0, 1}, entry[:entryHead-1]...)},
		"tries":             {kindTried, 1, make([]byte, 3)},
		"more tries":        {kindTried, 1, make([]byte, 5)},
	} {
		d := newMemDisk()
		s := openMem(t, d, plain)
		add(t, s, "before")
		b := s.append(d.content(storePath)[:s.size], s.size, r)
		b = s.append(b, int64(len(b)), record{kindEntry, 20, entry})
		d = newMemDisk()
		d.put(storePath, b)
		after := openMem(t, d, plain)
		require.Equal(t, []string{"before", "once"}, frames(t, after), name)
		require.Len(t, after.Recovery().Damage, 1, name)
		require.Equal(t, r.id, after.Recovery().Damage[0].ID, name)
		require.Equal(t, s.recordSize(len(r.body)), after.Recovery().Damage[0].Length, name)
	}
}

// FuzzOpen opens any bytes as a store: no panic, and what comes out can be opened again and is the same.
func FuzzOpen(f *testing.F) {
	w := format{}
	copy(w.salt[:], "a salt, 16 bytes")
	whole := w.head(7)
	for _, r := range []record{
		{kindEntry, 7, entryBody(nil, "host", []byte("frame"), time.Unix(1, 2))},
		{kindEntry, 8, entryBody(nil, "host", []byte("frame"), time.Unix(1, 2))},
		triedRecord(7, 3),
		{kindEnd, 8, []byte{1}},
		{kindReplace, 9, entryBody([]byte{0, 0, 0, 0, 0, 0, 0, 7}, "host", []byte("frame"), time.Unix(1, 2))},
		{kindReplace, 10, []byte{1}},
		{kindTried, 9, []byte{1}},
		{kindEntry, 11, []byte{1}},
		{'?', 12, nil},
	} {
		whole = w.append(whole, int64(len(whole)), r)
		f.Add(whole)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newMemDisk()
		d.put(storePath, b)
		s, err := openFile(d, storePath, plain)
		if err != nil {
			require.Equal(t, b, d.content(storePath))
			return
		}
		entries, err := s.Pending()
		require.NoError(t, err)
		require.NoError(t, s.Close())
		s, err = openFile(d, storePath, plain)
		require.NoError(t, err)
		again, err := s.Pending()
		require.NoError(t, err)
		require.Equal(t, entries, again)
		require.Empty(t, s.Recovery().Damage)
		require.Zero(t, s.Recovery().TornBytes)
	})
}
