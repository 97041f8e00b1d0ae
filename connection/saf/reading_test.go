package saf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadsThatFail: a store does not open while any part of it cannot be read, and then it opens with all that is in it.
func TestReadsThatFail(t *testing.T) {
	for _, damaged := range []bool{false, true} {
		d := newMemDisk()
		s := openMem(t, d, plain)
		for range 3 {
			add(t, s, string(make([]byte, window)))
		}
		place := s.size
		add(t, s, "may be damaged")
		add(t, s, "last")
		require.NoError(t, s.Close())
		content, entries := d.content(storePath), 5
		if damaged {
			content[place+5] ^= 1
			entries = 4
		}
		// opens fails the nth read and says how many there were
		opens := func(d *memDisk, n int) (s *File, reads int, err error) {
			d.fail = func(call string) error {
				if call == "read" {
					if reads++; reads == n {
						return syscall.EIO
					}
				}
				return nil
			}
			s, err = openFile(d, storePath, plain)
			d.fail = nil
			return s, reads, err
		}
		for n, reads := 0, 1; n <= reads; n++ {
			d := newMemDisk()
			d.put(storePath, content)
			s, done, err := opens(d, n)
			if n == 0 {
				reads = done
				require.Greater(t, reads, 5)
			} else {
				require.ErrorIs(t, err, syscall.EIO, "read %d of %d", n, reads)
				s = openMem(t, d, plain)
			}
			require.Equal(t, damaged, len(s.Recovery().Damage) == 1)
			all, err := s.Pending()
			require.NoError(t, err)
			require.Len(t, all, entries)
			require.Equal(t, "last", string(all[entries-1].Frame))
			require.NoError(t, s.Close())
		}
	}
}

// TestLongDamage: however long it is, what follows is read, and all of it is kept aside.
func TestLongDamage(t *testing.T) {
	for _, size := range []int{1, 4096, 4097, window/2 - 1, window / 2, window, 3*window + 1} {
		d := newMemDisk()
		s := openMem(t, d, plain)
		add(t, s, "first")
		from := s.size
		add(t, s, string(bytes.Repeat([]byte("x"), size)))
		to := s.size
		add(t, s, "last")
		require.NoError(t, s.Close())
		content := d.content(storePath)
		content[from] ^= 1
		d.put(storePath, content)
		s = openMem(t, d, plain)
		require.Equal(t, []string{"first", "last"}, frames(t, s))
		require.Equal(t, []Damage{{Offset: from, Length: to - from, Err: errNoRecord}}, s.Recovery().Damage)
		require.Equal(t, content[from:to], d.content(s.Recovery().DamagedTo), "%d bytes", size)
		require.NoError(t, s.Close())
	}
}

// TestDamageThatIsGone: a file that has become shorter gives what it still has, and damage without a byte makes no file.
func TestDamageThatIsGone(t *testing.T) {
	d := newMemDisk()
	d.put(storePath, make([]byte, 5000))
	f, err := d.open(storePath)
	require.NoError(t, err)
	for damage, kept := range map[Damage]int64{
		{Offset: 4000, Length: 2000}: 1000, {Offset: 5000, Length: 1}: 0, {Offset: 100, Length: 4097}: 4097,
	} {
		s := &File{place: place{disk: d, path: storePath}}
		s.recovery.Damage = []Damage{damage, {Offset: 4990, Length: 5}}
		var last int64
		size, err := s.eachDamaged(f, func(b []byte, at int64) error { last = at + int64(len(b)); return nil })
		require.NoError(t, err)
		require.Equal(t, kept+5, size)
		require.Equal(t, size, last)
	}
	d.put(storePath, nil)
	s := openMem(t, d, plain)
	require.Len(t, s.Recovery().Damage, 1)
	require.Empty(t, s.Recovery().DamagedTo)
	require.Empty(t, d.files(".damaged-"))
}

// TestLastTailDamaged: the store opens although no new file can be written, since nothing stands behind its last record.
func TestLastTailDamaged(t *testing.T) {
	w := makeWhole(t, plain)
	content := bytes.Clone(w.content)
	content[w.records[len(w.records)-1].to-1] ^= 1
	d := newMemDisk()
	d.put(storePath, content)
	d.failEvery("rename", syscall.EIO)
	s := openMem(t, d, plain)
	require.Equal(t, pendingFrames, frames(t, s))
	require.Len(t, s.Recovery().Damage, 1)
	require.ErrorIs(t, s.Recovery().Damage[0].Err, errBadTail)
}

// TestTailCutAndDamaged: what is left of the last tail is damage if it is not the start of one.
func TestTailCutAndDamaged(t *testing.T) {
	w := makeWhole(t, plain)
	for there := 1; there < len(tail); there++ {
		for _, bad := range []bool{false, true} {
			content := bytes.Clone(w.content[:w.records[len(w.records)-1].to-int64(len(tail)-there)])
			if bad {
				content[len(content)-1] ^= 1
			}
			d := newMemDisk()
			d.put(storePath, content)
			s := openMem(t, d, plain)
			require.Equal(t, pendingFrames, frames(t, s))
			if bad {
				require.Len(t, s.Recovery().Damage, 1)
				require.ErrorIs(t, s.Recovery().Damage[0].Err, errBadTail)
				require.Zero(t, s.Recovery().TornBytes)
			} else {
				require.Empty(t, s.Recovery().Damage)
				require.EqualValues(t, there, s.Recovery().TornBytes)
			}
		}
	}
}

// TestKeyOfAnotherKind is a wrong key as any other.
func TestKeyOfAnotherKind(t *testing.T) {
	d := newMemDisk()
	require.NoError(t, openMem(t, d, FileOptions{Seal: aead(t, 1)}).Close())
	block, err := aes.NewCipher(make([]byte, 16))
	require.NoError(t, err)
	long, err := cipher.NewGCMWithNonceSize(block, 24)
	require.NoError(t, err)
	_, err = openFile(d, storePath, FileOptions{Seal: long})
	require.ErrorIs(t, err, ErrWrongKey)
}

// TestBodyThatDoesNotOpen: checksums can be made by anybody, the seal only with the key. What it does not open is damage,
// and what follows is read.
func TestBodyThatDoesNotOpen(t *testing.T) {
	d := newMemDisk()
	o := FileOptions{Seal: aead(t, 1), chunk: 1 << 10}
	s := openMem(t, d, o)
	add(t, s, "genuine")
	forger := s.format
	forger.seal = aead(t, 2)
	at, size := s.size, forger.recordSize(entryHead+len("hostforged"))
	add(t, s, "forged")
	add(t, s, "last")
	require.NoError(t, s.Close())
	content := d.content(storePath)
	copy(content[at:], forger.append(nil, at, record{kindEntry, 2, entryBody(nil, "host", []byte("forged"), testTime)}))
	d.put(storePath, content)
	s = openMem(t, d, o)
	require.Equal(t, []string{"genuine", "last"}, frames(t, s))
	require.Len(t, s.Recovery().Damage, 1)
	require.Equal(t, Damage{Offset: at, Length: size, ID: 2, Err: s.Recovery().Damage[0].Err}, s.Recovery().Damage[0])
	require.EqualError(t, s.Recovery().Damage[0].Err, "body does not open")
}

// TestFormatStays: files on the disks of terminals are read by later versions.
func TestFormatStays(t *testing.T) {
	f := format{}
	copy(f.salt[:], "\x81 salt of a file")
	file := f.head(7)
	for _, r := range []record{
		{kindEntry, 7, entryBody(nil, "host", []byte("0400"), testTime)}, {kindTried, 7, []byte{0, 0, 0, 1}},
		{kindReplace, 8, entryBody(make([]byte, 8), "host", []byte("0420"), testTime)}, {kindEnd, 7, []byte{byte(Withdrawn)}},
	} {
		file = f.append(file, int64(len(file)), r)
	}
	require.Equal(t, "2fb803b24aa63668ddf77bd4631127b6ec6ace1e0de86f6094c9e24282293ac8", fmt.Sprintf("%x", sha256.Sum256(file)))
	sealed := FileOptions{Seal: aead(t, 1)}
	d := newMemDisk()
	require.NoError(t, openMem(t, d, sealed).Close())
	require.Equal(t, "posline saf 3\nS", string(d.content(storePath)[:15]))
}
