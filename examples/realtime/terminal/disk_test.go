package terminal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/realtime/terminal/engine"
)

func newDisk(t *testing.T) (path string, open func() (*file, []Record, error)) {
	key, err := crypto.GenerateKey(crypto.MustAttributes("D0AB00S"), 256)
	require.NoError(t, err)
	data, err := crypto.NewDataKey(key)
	require.NoError(t, err)
	seal, err := data.AEAD()
	require.NoError(t, err)
	path = filepath.Join(t.TempDir(), "journal")
	return path, func() (*file, []Record, error) { return openFile(path, seal, keepEntries) }
}

func record(n int) *Record {
	return &Record{Kept: engine.Kept{STAN: uint32(n)}, Entry: Entry{Order: fmt.Sprint("order ", n)}}
}

// TestTornRecord: a record that a power cut tore off is forgotten, wherever it was torn; one that was changed is not.
func TestTornRecord(t *testing.T) {
	path, open := newDisk(t)
	d, records, err := open()
	require.NoError(t, err)
	require.Empty(t, records)
	var ends []int64
	for n := range 3 {
		require.NoError(t, d.Append(record(n)))
		ends = append(ends, d.at)
	}
	require.NoError(t, d.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(whole), "order")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	for size := ends[1]; size <= ends[2]; size++ {
		require.NoError(t, os.WriteFile(path, whole[:size], 0o600))
		d, records, err := open()
		require.NoError(t, err)
		want := 2
		if size == ends[2] {
			want = 3
		}
		require.Len(t, records, want, "%d bytes", size)
		require.NoError(t, d.Append(record(7)))
		require.NoError(t, d.Close())
		d, records, err = open()
		require.NoError(t, err)
		require.Len(t, records, want+1)
		require.Equal(t, uint32(7), records[want].Kept.STAN)
		require.NoError(t, d.Close())
	}
	zeros := append(append([]byte{}, whole[:ends[1]]...), make([]byte, 500)...)
	require.NoError(t, os.WriteFile(path, zeros, 0o600))
	d, records, err = open()
	require.NoError(t, err)
	require.Len(t, records, 2)
	require.NoError(t, d.Close())
	last := append([]byte{}, whole...)
	last[len(last)-1] ^= 1
	require.NoError(t, os.WriteFile(path, last, 0o600))
	d, records, err = open()
	require.NoError(t, err, "of the last record all is there but what was in it")
	require.Len(t, records, 2)
	require.NoError(t, d.Close())
	require.NoError(t, os.WriteFile(path, append(last, 1), 0o600))
	_, _, err = open()
	require.ErrorIs(t, err, ErrDamaged, "another one has begun after it")
	for _, at := range []int64{4, ends[0] - 1, ends[0] + 10} {
		changed := append([]byte{}, whole...)
		changed[at] ^= 1
		require.NoError(t, os.WriteFile(path, changed, 0o600))
		_, _, err := open()
		require.ErrorIs(t, err, ErrDamaged, "byte %d", at)
	}
	swapped := append(append([]byte{}, whole[ends[0]:ends[1]]...), whole[:ends[0]]...)
	require.NoError(t, os.WriteFile(path, append(swapped, whole[ends[1]:]...), 0o600))
	_, _, err = open()
	require.ErrorIs(t, err, ErrDamaged, "records in another order")
}

// TestLongJournal is written anew when it is opened; the youngest lines stay.
func TestLongJournal(t *testing.T) {
	path, open := newDisk(t)
	d, _, err := open()
	require.NoError(t, err)
	var wire []byte
	const total = 2*keepEntries + 1
	for n := range total {
		if n == total-1 {
			require.NoError(t, os.WriteFile(path, wire, 0o600))
			d, records, err := open()
			require.NoError(t, err)
			require.Len(t, records, 2*keepEntries, "twice what is kept")
			require.NoError(t, d.Close())
		}
		sealed, err := d.sealed(record(n))
		require.NoError(t, err)
		wire = append(wire, sealed...)
		d.next++
	}
	require.NoError(t, d.Close())
	require.NoError(t, os.WriteFile(path, wire, 0o600))
	for range 2 {
		d, records, err := open()
		require.NoError(t, err)
		require.Len(t, records, keepEntries)
		require.Equal(t, uint32(total-1), records[keepEntries-1].Kept.STAN)
		require.NoError(t, d.Close())
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	require.NoError(t, os.WriteFile(path, wire, 0o600))
	require.NoError(t, os.Mkdir(path+".new", 0o700))
	_, _, err = open()
	require.Error(t, err, "the new file has no place")
}

// TestOddRecords: what was written is read, however long; what cannot be written as JSON is told, and nothing of it written.
func TestOddRecords(t *testing.T) {
	path, open := newDisk(t)
	d, _, err := open()
	require.NoError(t, err)
	sealed, err := d.sealed(&Record{})
	require.NoError(t, err)
	empty := len(sealed) - 4
	require.NoError(t, d.Append(&Record{Entry: Entry{Order: strings.Repeat("o", 1<<20-empty)}}))
	require.EqualValues(t, 4+(1<<20), d.at)
	require.Error(t, d.Append(&Record{Entry: Entry{Pressed: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}}))
	require.NoError(t, d.Close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 4+(1<<20), info.Size())
	d, records, err := open()
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.NoError(t, d.Close())
	require.Error(t, syncFolder(filepath.Join(path, "none", "file")))
}

// noted is a file that notes what is done to it, and fails where it is told to.
type noted struct {
	onDisk
	did  []string
	fail string
}

func (n *noted) note(what string) error {
	n.did = append(n.did, what)
	if what == n.fail {
		return errors.New("no space")
	}
	return nil
}

func (n *noted) WriteAt(b []byte, at int64) (int, error) {
	if err := n.note("write"); err != nil {
		n.onDisk.WriteAt(b[:len(b)/2], at)
		return len(b) / 2, err
	}
	return n.onDisk.WriteAt(b, at)
}

func (n *noted) Sync() error { return errors.Join(n.note("sync"), n.onDisk.Sync()) }

// TestSynced: a record is where a power cut does not reach it when Append returns; one that is not is taken away.
func TestSynced(t *testing.T) {
	_, open := newDisk(t)
	d, _, err := open()
	require.NoError(t, err)
	n := &noted{onDisk: d.f}
	d.f = n
	require.NoError(t, d.Append(record(1)))
	require.Equal(t, []string{"write", "sync"}, n.did)
	for _, n.fail = range []string{"write", "sync"} {
		require.Error(t, d.Append(record(2)), n.fail)
	}
	n.fail = ""
	require.NoError(t, d.Append(record(3)))
	require.NoError(t, d.Close())
	d, records, err := open()
	require.NoError(t, err)
	defer d.Close()
	require.Len(t, records, 2)
	require.EqualValues(t, 3, records[1].Kept.STAN)
}

// TestNewFile takes the old one's place only when all is in it and synced.
func TestNewFile(t *testing.T) {
	path, open := newDisk(t)
	d, _, err := open()
	require.NoError(t, err)
	require.NoError(t, d.Append(record(1)))
	n := &noted{onDisk: d.f}
	d.f = n
	for _, n.fail = range []string{"write", "sync"} {
		d.at = 0
		require.Error(t, d.fill([]Record{*record(2)}), n.fail)
	}
	n.fail = ""
	require.Error(t, d.fill([]Record{{Entry: Entry{Pressed: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}}}))
	require.NoError(t, d.Close())
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, _, err = (&file{seal: d.seal}).rewrite(path, []Record{*record(3), {Entry: Entry{Pressed: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}}})
	require.Error(t, err)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)

	require.NoError(t, os.Remove(path))
	require.NoError(t, os.MkdirAll(filepath.Join(path, "full"), 0o700))
	_, _, err = open()
	require.Error(t, err, "a folder is no journal")
	_, _, err = (&file{seal: d.seal}).rewrite(path, []Record{*record(2)})
	require.Error(t, err)
	require.DirExists(t, filepath.Join(path, "full"))
}

// TestNonces are another for each record, in all their bytes: a nonce that comes twice would give the key away.
func TestNonces(t *testing.T) {
	_, open := newDisk(t)
	d, _, err := open()
	require.NoError(t, err)
	defer d.Close()
	seen := make([]map[byte]bool, d.seal.NonceSize())
	for range 64 {
		wire, err := d.sealed(record(1))
		require.NoError(t, err)
		for i := range seen {
			if seen[i] == nil {
				seen[i] = make(map[byte]bool)
			}
			seen[i][wire[4+i]] = true
		}
	}
	for i := range seen {
		require.Greater(t, len(seen[i]), 1, "byte %d", i)
	}
}

// TestLengths of records that are not there: what a power cut has left is forgotten.
func TestLengths(t *testing.T) {
	path, open := newDisk(t)
	d, _, err := open()
	require.NoError(t, err)
	require.NoError(t, d.Append(record(1)))
	require.NoError(t, d.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, torn := range []string{"\x00", "\x00\x00\x00\x00", "\x00\x00\x00\x05abcd", "\xff\xff\xff\xffabcd", "\x80\x00\x00\x00abcd", "\x7f\xff\xff\xff"} {
		require.NoError(t, os.WriteFile(path, append(whole[:len(whole):len(whole)], torn...), 0o600))
		d, records, err := open()
		require.NoError(t, err, "%x", torn)
		require.Len(t, records, 1)
		require.NoError(t, d.Append(record(2)))
		require.NoError(t, d.Close())
		d, records, err = open()
		require.NoError(t, err)
		require.Len(t, records, 2)
		require.NoError(t, d.Close())
	}
}
