package saf

import (
	"crypto/cipher"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var testTime = time.Unix(1, 2)

// TestSystemErrors: what the system cannot do is told.
func TestSystemErrors(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("open files have no second name here")
	}
	d := systemDisk{}
	require.True(t, d.renamesOpen())
	name := filepath.Join(t.TempDir(), "file")
	_, err := d.open(name)
	require.ErrorIs(t, err, os.ErrNotExist)
	f, err := d.create(name)
	require.NoError(t, err)
	isNamed := func(name string) bool {
		named, err := f.isNamed(name)
		require.NoError(t, err)
		return named
	}
	require.True(t, isNamed(name))
	require.NoError(t, d.rename(name, name+"2"))
	require.False(t, isNamed(name))
	other, err := d.create(name)
	require.NoError(t, err)
	require.NoError(t, other.Close())
	require.False(t, isNamed(name), "another file of that name")
	require.True(t, isNamed(name+"2"))
	named, err := f.isNamed(filepath.Join(name, "in a file"))
	require.Error(t, err, "nobody knows")
	require.False(t, named)
	require.NoError(t, f.Close())
	named, err = f.isNamed(name + "2")
	require.ErrorIs(t, err, os.ErrClosed)
	require.False(t, named)
	require.Error(t, f.SyncData())
	n, err := f.Size()
	require.ErrorIs(t, err, os.ErrClosed)
	require.Zero(t, n)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	require.Error(t, syncData(w), "a pipe cannot be synced")
	_, err = OpenFile(filepath.Join(name, "saf"), plain)
	require.Error(t, err, "a file is no directory")
	_, err = OpenCounters(filepath.Join(name, "counters"))
	require.Error(t, err)
}

// sized is an AEAD of any sizes; it hides nothing.
type sized struct {
	cipher.AEAD
	nonce, overhead int
}

func (s sized) NonceSize() int { return s.nonce }
func (s sized) Overhead() int  { return s.overhead }
func (s sized) Seal(dst, nonce, plaintext, additional []byte) []byte {
	return append(append(dst, plaintext...), make([]byte, s.overhead)...)
}
func (s sized) Open(dst, nonce, sealed, additional []byte) ([]byte, error) {
	return append(dst, sealed[:len(sealed)-s.overhead]...), nil
}

// TestSealSizes: nonces must be long enough to be random, and the proof of the key must have room in the head.
func TestSealSizes(t *testing.T) {
	for _, c := range []struct {
		nonce, overhead int
		good            bool
	}{{11, 16, false}, {12, 0, true}, {24, 16, true}, {239, 16, true}, {240, 16, false}, {12, 244, false}} {
		d := newMemDisk()
		o := FileOptions{Seal: sized{nonce: c.nonce, overhead: c.overhead}}
		s, err := openFile(d, storePath, o)
		if !c.good {
			require.Error(t, err, "%+v", c)
			require.Empty(t, d.calls)
			continue
		}
		require.NoError(t, err, "%+v", c)
		add(t, s, "kept")
		require.NoError(t, s.Close())
		require.Equal(t, []string{"kept"}, frames(t, openMem(t, d, o)), "%+v", c)
	}
}
