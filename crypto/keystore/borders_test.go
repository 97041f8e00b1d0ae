package keystore_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/keystore"
)

// Files written by an earlier version open, whatever the code that writes them looks like today.
func TestFilesThatWereWritten(t *testing.T) {
	for name, secret := range map[string]keystore.Secret{
		"key": vault, "passphrase": keystore.Passphrase([]byte("correct horse")),
	} {
		file, err := os.ReadFile(filepath.Join("testdata", name+".store"))
		require.NoError(t, err)
		store, err := keystore.Decode(file, secret, keystore.Options{Home: home})
		require.NoError(t, err, name)
		require.Equal(t, []string{"tmk", "密钥"}, store.Names())
		require.EqualValues(t, 1, store.Version())
		for key, attributes := range map[string]string{"tmk": "K0TB00N", "密钥": "P0AB01E"} {
			k, err := store.Get(key)
			require.NoError(t, err)
			require.True(t, k.Equal(importKey(t, attributes)), key)
		}
		again, err := store.Append(nil)
		require.NoError(t, err)
		require.Equal(t, "posline1", string(file[:8]))
		require.Equal(t, "posline2", string(again[:8]), "the new form is written")
		require.Len(t, again, len(file)+2*2, "a length of rules with every key")
		require.Equal(t, file[8:34], again[8:34], "kind of secret, cost and salt stay")
		require.EqualValues(t, 2, binary.BigEndian.Uint64(again[34:]))
	}
}

// The header says what the key was derived with: the usual cost where none is asked for, none for a key.
func TestCostInTheHeader(t *testing.T) {
	phrase := keystore.Passphrase([]byte("correct horse"))
	for _, c := range []struct {
		secret keystore.Secret
		o      keystore.Options
		kind   byte
		want   keystore.Cost
	}{
		{phrase, keystore.Options{Home: home}, 2, keystore.Cost{Passes: 3, MemoryKiB: 65536, Lanes: 4}},
		{phrase, cheap, 2, cheap.Cost},
		{vault, cheap, 1, keystore.Cost{}},
	} {
		store, err := keystore.New(c.secret, c.o)
		require.NoError(t, err)
		file, err := store.Append(nil)
		require.NoError(t, err)
		require.Equal(t, "posline2", string(file[:8]))
		require.Equal(t, c.kind, file[8])
		require.Equal(t, c.want, keystore.Cost{
			Passes: binary.BigEndian.Uint32(file[9:]), MemoryKiB: binary.BigEndian.Uint32(file[13:]), Lanes: file[17],
		})
	}
}

// The least and the most a derivation may cost, and one step beyond.
func TestBoundsOfTheCost(t *testing.T) {
	good := keystore.Cost{Passes: 3, MemoryKiB: 64 << 10, Lanes: 4}
	for _, c := range []struct {
		cost keystore.Cost
		want bool
	}{
		{good, true}, {keystore.Cost{}, false},
		{keystore.Cost{Passes: 1, MemoryKiB: 64 << 10, Lanes: 4}, false}, {keystore.Cost{Passes: 2, MemoryKiB: 64 << 10, Lanes: 4}, true},
		{keystore.Cost{Passes: 16, MemoryKiB: 64 << 10, Lanes: 4}, true}, {keystore.Cost{Passes: 17, MemoryKiB: 64 << 10, Lanes: 4}, false},
		{keystore.Cost{Passes: 3, MemoryKiB: 19455, Lanes: 4}, false}, {keystore.Cost{Passes: 3, MemoryKiB: 19456, Lanes: 4}, true},
		{keystore.Cost{Passes: 3, MemoryKiB: 1048576, Lanes: 4}, true}, {keystore.Cost{Passes: 3, MemoryKiB: 1048577, Lanes: 4}, false},
		{keystore.Cost{Passes: 3, MemoryKiB: 64 << 10, Lanes: 0}, false}, {keystore.Cost{Passes: 3, MemoryKiB: 64 << 10, Lanes: 1}, true},
		{keystore.Cost{Passes: 3, MemoryKiB: 64 << 10, Lanes: 16}, true}, {keystore.Cost{Passes: 3, MemoryKiB: 64 << 10, Lanes: 17}, false},
	} {
		require.Equal(t, c.want, keystore.Bounded(c.cost), "%+v", c.cost)
	}
}

// Authentic entries out of shape are refused like anything else, wherever they break off.
func TestEntriesOutOfShape(t *testing.T) {
	clear, err := hex.DecodeString(keyHex)
	require.NoError(t, err)
	one := append([]byte("\x03tmkK0TB00N\x00\x00\x00\x10"), clear...)
	two := append(append([]byte(nil), one...), append([]byte("\x01xP0AB00E\x00\x01C\x00\x10"), clear...)...)
	decode := func(entries []byte) (*keystore.Store, error) {
		file, err := keystore.SealEntries(vault, entries)
		require.NoError(t, err)
		return keystore.Decode(file, vault, keystore.Options{Home: home})
	}
	for n := range len(two) + 1 {
		store, err := decode(two[:n])
		switch n {
		case 0, len(one), len(two):
			require.NoError(t, err)
			require.Len(t, store.Names(), map[int]int{0: 0, len(one): 1, len(two): 2}[n])
		default:
			require.Equal(t, keystore.ErrSealed, err, "%d bytes", n)
			require.Nil(t, store)
		}
	}
	for name, entry := range map[string]string{"no name": "\x00K0TB00N\x00\x00\x00\x10", "no text": "\x01\xffK0TB00N\x00\x00\x00\x10"} {
		_, err := decode(append([]byte(entry), clear...))
		require.Equal(t, keystore.ErrSealed, err, name)
	}
	_, err = decode(append([]byte("\x01xK?TB00N\x00\x00\x00\x10"), clear...))
	require.ErrorIs(t, err, crypto.ErrAttributes)
	_, err = decode(append([]byte("\x01xK0TB00N\x00\x00\x00\x0f"), clear[1:]...))
	require.ErrorIs(t, err, crypto.ErrKeyLength)
	_, err = decode([]byte("\x01xK0TB00N\x00\x00\x00\x00"))
	require.ErrorIs(t, err, crypto.ErrKeyLength, "no key at all")
	_, err = decode(append([]byte("\x01xK0TB00N\x00\x02P?\x00\x10"), clear...))
	require.ErrorIs(t, err, crypto.ErrAttributes, "a rule that nobody knows may forbid something")
}

// A store takes what a file of 16 MiB has room for, to the byte.
func TestFullStores(t *testing.T) {
	require.Equal(t, 16<<20, keystore.MaximumFile)
	room := keystore.MaximumFile - keystore.HeaderSize - 16 // the seal's tag
	blob := bytes.Repeat([]byte{1}, 16<<10)
	put := func(store *keystore.Store, n, size int) {
		k, err := clearkey.Import(crypto.MustAttributes("S0RS00N"), blob[:size], home.Storable)
		require.NoError(t, err)
		name := "k" + string(rune('a'+n/26/26)) + string(rune('a'+n/26%26)) + string(rune('a'+n%26))
		require.NoError(t, store.Put(name, k))
		room -= 1 + len(name) + 7 + 2 + 2 + size
	}
	store, err := keystore.New(vault, keystore.Options{Home: home})
	require.NoError(t, err)
	n := 0
	for ; room > 2*len(blob); n++ {
		put(store, n, len(blob))
	}
	const overhead, last = 16, 1000
	put(store, n, (room-3*overhead)/2)
	put(store, n+1, room-2*overhead-last)
	put(store, n+2, last)
	require.Zero(t, room)
	file, err := store.Append(nil)
	require.NoError(t, err)
	require.Len(t, file, keystore.MaximumFile)
	again, err := keystore.Decode(file, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	require.Len(t, again.Names(), n+3)
	put(store, n+2, last+1)
	dst, err := store.Append([]byte("x"))
	require.ErrorIs(t, err, keystore.ErrFull)
	require.Equal(t, "x", string(dst))
	require.EqualValues(t, 1, store.Version(), "nothing was written")
	_, err = keystore.Decode(append(file, 0), vault, keystore.Options{Home: home})
	require.Equal(t, keystore.ErrSealed, err)

	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	_, err = keystore.Open(path, vault, keystore.Options{Home: home})
	require.NoError(t, err, "the largest file there is")
}

// The last version is the last: counting on would begin anew, and an old file would count as the newest.
func TestVersionsRunOut(t *testing.T) {
	store, err := keystore.New(vault, keystore.Options{Home: home})
	require.NoError(t, err)
	keystore.SetVersion(store, math.MaxUint64-1)
	file, err := store.Append(nil)
	require.NoError(t, err)
	require.EqualValues(t, uint64(math.MaxUint64), store.Version())
	_, err = store.Append(nil)
	require.ErrorIs(t, err, keystore.ErrFull)
	require.EqualValues(t, uint64(math.MaxUint64), store.Version())
	again, err := keystore.Decode(file, vault, keystore.Options{Home: home, MinimumVersion: math.MaxUint64})
	require.NoError(t, err)
	require.EqualValues(t, uint64(math.MaxUint64), again.Version())
}

// Save overwrites only the file that this store read or wrote last.
func TestSaveLooksBeforeItWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	store, err := keystore.Create(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	own, err := os.ReadFile(path)
	require.NoError(t, err)
	other := bytes.Clone(own)
	other[42] ^= 1 // the nonce of another Save, of the same version
	newer := bytes.Clone(own)
	newer[41]++
	for name, file := range map[string][]byte{"nothing": {}, "something else": []byte("a file of another kind"), "another nonce": other, "a newer one": newer} {
		require.NoError(t, os.WriteFile(path, file, 0o600))
		require.ErrorIs(t, store.Save(), keystore.ErrChanged, name)
		now, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(file, now), name)
	}
	require.EqualValues(t, 1, store.Version())
	require.NoError(t, os.Remove(path))
	require.ErrorIs(t, store.Save(), fs.ErrNotExist)
	require.NoError(t, os.WriteFile(path, own, 0o600))
	require.NoError(t, store.Save())
	require.EqualValues(t, 2, store.Version())
	saved, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotEqual(t, own, saved)
}

// A Save that fails leaves the file, and the version, as they were.
func TestSaveFails(t *testing.T) {
	folder := t.TempDir()
	long := filepath.Join(folder, strings.Repeat("k", 250)) // no room for the name of the new file beside it
	store, err := keystore.Create(long, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	before, err := os.ReadFile(long)
	require.NoError(t, err)
	require.Error(t, store.Save())
	after, err := os.ReadFile(long)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.EqualValues(t, 1, store.Version())

	path := filepath.Join(folder, "keys")
	store, err = keystore.Create(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	own, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(own, make([]byte, keystore.MaximumFile)...), 0o600))
	require.ErrorIs(t, store.Save(), keystore.ErrSealed, "what is larger than any store is somebody else's")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, len(own)+keystore.MaximumFile, info.Size())
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 2)
}

func TestCreateFails(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Chmod(folder, 0o700))
	_, err := keystore.Open(folder, vault, keystore.Options{Home: home})
	require.Error(t, err)
	require.NotErrorIs(t, err, keystore.ErrSealed, "a folder is no damaged file")
	_, err = keystore.Create(filepath.Join(folder, "none", "keys"), vault, keystore.Options{Home: home})
	require.ErrorIs(t, err, fs.ErrNotExist)
	store, err := keystore.Create(filepath.Join(folder, "keys"), keystore.Secret{}, keystore.Options{Home: home})
	require.ErrorIs(t, err, keystore.ErrSecret)
	require.Nil(t, store)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, entries, "no file without a store")
}

// Closing a store, and giving it another secret, overwrites the key that it was sealed with; wiping a secret its bytes.
func TestSealingKeysAreOverwritten(t *testing.T) {
	store, err := keystore.New(vault, keystore.Options{Home: home})
	require.NoError(t, err)
	first := keystore.SealingKey(store)
	require.Equal(t, vaultKey, *first)
	require.NoError(t, store.ChangeSecret(vault, keystore.Key([32]byte{9})))
	require.Zero(t, *first)
	second := keystore.SealingKey(store)
	require.Equal(t, [32]byte{9}, *second)
	require.NoError(t, store.Close())
	require.Zero(t, *second)
	for _, s := range []keystore.Secret{keystore.Key([32]byte{9}), keystore.Passphrase([]byte("correct horse"))} {
		bytes := keystore.Bytes(s)
		s.Wipe()
		require.Equal(t, strings.Repeat("\x00", len(bytes)), string(bytes))
		_, err = keystore.New(s, cheap)
		require.ErrorIs(t, err, keystore.ErrSecret)
	}
}

// Two secrets alike, and two stores of one passphrase, have sealing keys of their own.
func TestEverySaltIsAnother(t *testing.T) {
	phrase := keystore.Passphrase([]byte("correct horse"))
	a, err := keystore.New(phrase, cheap)
	require.NoError(t, err)
	b, err := keystore.New(phrase, cheap)
	require.NoError(t, err)
	require.NotEqual(t, *keystore.SealingKey(a), *keystore.SealingKey(b))
	before := *keystore.SealingKey(a)
	require.NoError(t, a.ChangeSecret(phrase, phrase))
	require.NotEqual(t, before, *keystore.SealingKey(a))
}

// An entry takes the room it is given, rules and all: growing would leave keys behind. Rules longer than their length can
// tell do not fit.
func TestRoomOfEntries(t *testing.T) {
	for _, options := range [][]crypto.Option{nil, {crypto.CarriesOnly(crypto.UsagePIN, crypto.UsageMAC1)}, {home.Keeper, crypto.CarriesOnly()}} {
		room, taken, err := keystore.Sizes("name", importKey(t, "K0TB00N", options...), home)
		require.NoError(t, err)
		require.Equal(t, room, taken)
	}
	for n, want := range map[int]error{32767: nil, 32768: keystore.ErrFull, -32765: nil, -32766: keystore.ErrFull} {
		var options []crypto.Option
		if n < 0 { // three characters more
			n, options = -n, append(options, home.Keeper)
		}
		options = append(options, crypto.CarriesOnly(slices.Repeat([]crypto.Usage{crypto.UsagePIN}, n)...))
		k := importKey(t, "K0TB00N", options...)
		store, err := keystore.New(vault, keystore.Options{Home: home})
		require.NoError(t, err)
		require.NoError(t, store.Put("k", k))
		file, err := store.Append([]byte("x"))
		require.ErrorIs(t, err, want)
		if want != nil {
			require.Equal(t, "x", string(file))
			continue
		}
		store, err = keystore.Decode(file[1:], vault, keystore.Options{Home: home})
		require.NoError(t, err)
		again, err := store.Get("k")
		require.NoError(t, err)
		require.True(t, again.SameRules(k))
	}
}

// What goes wrong on the way to the disk is told, and the file stays as it was.
func TestSavesThatFail(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("k", 250)) // a name to which nothing can be added
	store, err := keystore.Create(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, store.Put("k", importKey(t, "K0TB00N")))
	require.Error(t, store.Save())
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.EqualValues(t, 1, store.Version(), "nothing was written")

	path = filepath.Join(t.TempDir(), "keys")
	store, err = keystore.Create(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	k := importKey(t, "K0TB00N")
	require.NoError(t, store.Put("k", k))
	k.Destroy()
	require.ErrorIs(t, store.Save(), crypto.ErrDestroyed)
	if runtime.GOOS != "windows" && runtime.GOOS != "wasip1" {
		require.ErrorIs(t, keystore.SyncFolder(filepath.Join(path, "no folder", "keys")), syscall.ENOTDIR)
	}
}
