package keystore_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/internal/shown"
)

const keyHex = "0123456789abcdeffedcba9876543210"

var (
	vaultKey = [32]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}
	vault    = keystore.Key(vaultKey)
	home     = crypto.NewHome()
	cheap    = keystore.Options{Home: home, Cost: keystore.Cost{Passes: 2, MemoryKiB: 19 << 10, Lanes: 1}}
)

func importKey(t testing.TB, attributes string, options ...crypto.Option) crypto.Key {
	t.Helper()
	bytes, err := hex.DecodeString(keyHex)
	require.NoError(t, err)
	k, err := clearkey.Import(crypto.MustAttributes(attributes), bytes, append(options, home.Storable)...)
	require.NoError(t, err)
	return k
}

// sealed is a store of two keys as bytes, at version 1.
func sealed(t testing.TB, s keystore.Secret, o keystore.Options) []byte {
	t.Helper()
	store, err := keystore.New(s, o)
	require.NoError(t, err)
	require.NoError(t, store.Put("tmk", importKey(t, "K0TB00N")))
	require.NoError(t, store.Put("密钥", importKey(t, "P0AB01E")))
	file, err := store.Append(nil)
	require.NoError(t, err)
	return file
}

func TestRoundTrip(t *testing.T) {
	for name, secret := range map[string]keystore.Secret{"key": vault, "passphrase": keystore.Passphrase([]byte("correct horse"))} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys")
			store, err := keystore.Create(path, secret, cheap)
			require.NoError(t, err)
			require.EqualValues(t, 1, store.Version())
			keys := map[string]crypto.Key{
				"tdes": importKey(t, "K0TB00N"), "aes": importKey(t, "P0AB01E"), "hmac": importKey(t, "M7HC00S"),
				"rsa": importKey(t, "S0RS00N"), "sm4": importKey(t, "D04B00E", gm.SM4), strings.Repeat("n", 255): importKey(t, "B0TX00N"),
			}
			for name, k := range keys {
				require.NoError(t, store.Put(name, k))
			}
			require.NoError(t, store.Save())
			require.NoError(t, store.Close())

			o := keystore.Options{Home: home, MinimumVersion: 2, Key: []crypto.Option{gm.SM4}}
			store, err = keystore.Open(path, secret, o)
			require.NoError(t, err)
			require.EqualValues(t, 2, store.Version())
			require.Len(t, store.Names(), len(keys))
			require.Equal(t, []string{"aes", "hmac"}, store.Names()[:2])
			for name, k := range keys {
				got, err := store.Get(name)
				require.NoError(t, err)
				require.True(t, got.Equal(k), name)
			}
			require.NoError(t, store.Delete("aes"))
			require.ErrorIs(t, store.Delete("aes"), keystore.ErrNotFound)
			require.NoError(t, store.Save())
			store, err = keystore.Open(path, secret, o)
			require.NoError(t, err)
			_, err = store.Get("aes")
			require.ErrorIs(t, err, keystore.ErrNotFound)
			_, err = keystore.Open(path, secret, keystore.Options{Home: home})
			require.ErrorIs(t, err, crypto.ErrNoCipher)
		})
	}
}

// Any bit changed, any truncation and any other secret are the same error, and cost no more memory than allowed.
func TestOneError(t *testing.T) {
	file := sealed(t, vault, keystore.Options{Home: home})
	for bit := range 8 * len(file) {
		changed := bytes.Clone(file)
		changed[bit/8] ^= 1 << (bit % 8)
		_, err := keystore.Decode(changed, vault, keystore.Options{Home: home})
		require.Equal(t, keystore.ErrSealed, err, "bit %d", bit)
	}
	for n := range len(file) {
		_, err := keystore.Decode(file[:n], vault, keystore.Options{Home: home})
		require.Equal(t, keystore.ErrSealed, err)
	}
	_, err := keystore.Decode(append(bytes.Clone(file), 0), vault, keystore.Options{Home: home})
	require.Equal(t, keystore.ErrSealed, err)
	_, err = keystore.Decode(file, keystore.Key([32]byte{1}), keystore.Options{Home: home})
	require.Equal(t, keystore.ErrSealed, err)
	_, err = keystore.Decode(file, keystore.Passphrase([]byte("x")), keystore.Options{Home: home})
	require.Equal(t, keystore.ErrSealed, err)

	secret := keystore.Passphrase([]byte("correct horse"))
	file = sealed(t, secret, cheap)
	_, err = keystore.Decode(file, secret, keystore.Options{Home: home})
	require.NoError(t, err)
	_, err = keystore.Decode(file, keystore.Passphrase([]byte("correct horsf")), keystore.Options{Home: home})
	require.Equal(t, keystore.ErrSealed, err)
	_, err = keystore.Decode(file, vault, keystore.Options{Home: home})
	require.Equal(t, keystore.ErrSealed, err)
	for at := range 8 + 1 + 4 + 4 + 1 { // the cost a forged header asks for is refused or bounded, and never opens
		for _, b := range []byte{0xff, 0x80} {
			changed := bytes.Clone(file)
			if changed[at] ^= b; at == 8 { // the kind of secret
				changed[at] = 1
			}
			_, err := keystore.Decode(changed, secret, keystore.Options{Home: home})
			require.Equal(t, keystore.ErrSealed, err)
		}
	}
}

// The bounds hold before memory is spent: deriving with a terabyte would not come back.
func TestForgedCost(t *testing.T) {
	secret := keystore.Passphrase([]byte("correct horse"))
	file := sealed(t, secret, cheap)
	for _, cost := range [][3]uint32{{1 << 31, 19 << 10, 1}, {2, 1<<32 - 1, 1}, {2, 1<<20 + 1, 1}, {2, 19 << 10, 0}, {2, 19 << 10, 255}, {0, 0, 0}, {1, 19 << 10, 1}} {
		changed := bytes.Clone(file)
		binary.BigEndian.PutUint32(changed[9:], cost[0])
		binary.BigEndian.PutUint32(changed[13:], cost[1])
		changed[17] = byte(cost[2])
		_, err := keystore.Decode(changed, secret, keystore.Options{Home: home})
		require.Equal(t, keystore.ErrSealed, err)
	}
	for _, cost := range []keystore.Cost{{Passes: 1, MemoryKiB: 64 << 10, Lanes: 1}, {Passes: 3, MemoryKiB: 1 << 10, Lanes: 1}, {Passes: 3, MemoryKiB: 64 << 10}} {
		_, err := keystore.New(secret, keystore.Options{Home: home, Cost: cost})
		require.ErrorIs(t, err, keystore.ErrCost)
	}
}

func TestRollback(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	store, err := keystore.Create(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, store.Put("new", importKey(t, "K0TB00N")))
	require.NoError(t, store.Save())
	require.NoError(t, os.WriteFile(path, old, 0o600))
	_, err = keystore.Open(path, vault, keystore.Options{Home: home, MinimumVersion: store.Version()})
	require.ErrorIs(t, err, keystore.ErrRollback)
	_, err = keystore.Open(path, vault, keystore.Options{Home: home, MinimumVersion: 1})
	require.NoError(t, err)
	require.ErrorIs(t, store.Save(), keystore.ErrChanged, "the file is not the one this store wrote")
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, old, now)

	forged := bytes.Clone(old) // a higher version written into the header is not authentic
	forged[41] = 9
	_, err = keystore.Decode(forged, vault, keystore.Options{Home: home, MinimumVersion: 2})
	require.Equal(t, keystore.ErrSealed, err)
}

func TestTwoWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	a, err := keystore.Create(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	b, err := keystore.Open(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	require.NoError(t, b.Put("b", importKey(t, "K0TB00N")))
	require.NoError(t, b.Save())
	require.NoError(t, a.Put("a", importKey(t, "K0TB00N")))
	require.ErrorIs(t, a.Save(), keystore.ErrChanged)
	store, err := keystore.Open(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	require.Equal(t, []string{"b"}, store.Names())
}

// A Save that cannot finish leaves the old file and nothing beside it.
func TestAtomicReplace(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "keys")
	store, err := keystore.Create(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	_, err = keystore.Create(path, vault, keystore.Options{Home: home})
	require.ErrorIs(t, err, fs.ErrExist)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	k := importKey(t, "K0TB00N")
	require.NoError(t, store.Put("gone", k))
	k.Destroy()
	require.ErrorIs(t, store.Save(), crypto.ErrDestroyed)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.NoError(t, store.Delete("gone"))
	require.NoError(t, store.Save())
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no file is left beside the store")
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode())
	}
	_, err = keystore.Open(filepath.Join(folder, "none"), vault, keystore.Options{Home: home})
	require.ErrorIs(t, err, fs.ErrNotExist)
	large := filepath.Join(folder, "large")
	require.NoError(t, os.WriteFile(large, nil, 0o600))
	require.NoError(t, os.Truncate(large, 1<<30))
	_, err = keystore.Open(large, vault, keystore.Options{Home: home})
	require.ErrorIs(t, err, keystore.ErrSealed)
}

func TestChangeSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	store, err := keystore.Create(path, vault, cheap)
	require.NoError(t, err)
	require.NoError(t, store.Put("k", importKey(t, "K0TB00N")))
	secret := keystore.Passphrase([]byte("correct horse"))
	require.NoError(t, store.ChangeSecret(vault, secret))
	require.NoError(t, store.Save())
	_, err = keystore.Open(path, vault, keystore.Options{Home: home})
	require.Equal(t, keystore.ErrSealed, err)
	store, err = keystore.Open(path, secret, keystore.Options{Home: home})
	require.NoError(t, err)
	require.Equal(t, []string{"k"}, store.Names())
	require.ErrorIs(t, store.ChangeSecret(secret, keystore.Secret{}), keystore.ErrSecret)
}

// Whoever holds a store and not its secret cannot choose one: with it he would read keys that leave in no way.
func TestChangeSecretAsksForTheCurrentOne(t *testing.T) {
	phrase := keystore.Passphrase([]byte("correct horse"))
	mine := keystore.Passphrase([]byte("somebody else's words"))
	for _, current := range []keystore.Secret{vault, phrase} {
		store, err := keystore.New(current, cheap)
		require.NoError(t, err)
		require.NoError(t, store.Put("k", importKey(t, "K0TB00N")))
		before := *keystore.SealingKey(store)
		for _, wrong := range []keystore.Secret{mine, keystore.Key([32]byte{7}), keystore.Passphrase(vaultKey[:]), keystore.Key([32]byte([]byte("correct horse" + strings.Repeat("\x00", 19))))} {
			require.ErrorIs(t, store.ChangeSecret(wrong, mine), keystore.ErrSealed)
		}
		require.ErrorIs(t, store.ChangeSecret(keystore.Secret{}, mine), keystore.ErrSecret)
		require.Equal(t, before, *keystore.SealingKey(store))
		file, err := store.Append(nil)
		require.NoError(t, err)
		_, err = keystore.Decode(file, mine, cheap)
		require.ErrorIs(t, err, keystore.ErrSealed)
		require.NoError(t, store.ChangeSecret(current, mine))
		file, err = store.Append(nil)
		require.NoError(t, err)
		_, err = keystore.Decode(file, mine, cheap)
		require.NoError(t, err)
	}
}

func TestSecrets(t *testing.T) {
	for _, s := range []keystore.Secret{{}, keystore.Passphrase(nil)} {
		_, err := keystore.New(s, cheap)
		require.ErrorIs(t, err, keystore.ErrSecret)
		_, err = keystore.Decode(nil, s, cheap)
		require.ErrorIs(t, err, keystore.ErrSecret)
	}
	text := []byte("correct horse")
	s := keystore.Passphrase(text)
	file := sealed(t, s, cheap)
	clear(text)
	_, err := keystore.Decode(file, s, cheap)
	require.NoError(t, err, "the passphrase was copied")
	s.Wipe()
	_, err = keystore.Decode(file, s, cheap)
	require.ErrorIs(t, err, keystore.ErrSecret)
	keystore.Secret{}.Wipe()
}

func TestFaults(t *testing.T) {
	store, err := keystore.New(vault, keystore.Options{Home: home})
	require.NoError(t, err)
	k := importKey(t, "K0TB00N")
	for _, name := range []string{"", strings.Repeat("n", 256), "\xff"} {
		require.ErrorIs(t, store.Put(name, k), keystore.ErrName)
	}
	require.ErrorIs(t, store.Put("k", crypto.Key{}), crypto.ErrNoKey)
	require.ErrorIs(t, store.Save(), fs.ErrInvalid)
	require.NoError(t, store.Close())
	require.NoError(t, store.Close())
	for _, closed := range []*keystore.Store{store, new(keystore.Store)} {
		require.ErrorIs(t, closed.Put("k", k), keystore.ErrClosed)
		_, err = closed.Get("k")
		require.ErrorIs(t, err, keystore.ErrClosed)
		require.ErrorIs(t, closed.Delete("k"), keystore.ErrClosed)
		require.ErrorIs(t, closed.Save(), keystore.ErrClosed)
		require.ErrorIs(t, closed.ChangeSecret(vault, vault), keystore.ErrClosed)
		_, err = closed.Append(nil)
		require.ErrorIs(t, err, keystore.ErrClosed)
		require.Empty(t, closed.Names())
	}
}

func TestNothingSecretShows(t *testing.T) {
	const phrase = "correct horse battery"
	secret := keystore.Passphrase([]byte(phrase))
	store, err := keystore.New(secret, cheap)
	require.NoError(t, err)
	require.NoError(t, store.Put("k", importKey(t, "K0TB00N")))
	key, err := hex.DecodeString(keyHex)
	require.NoError(t, err)
	for _, v := range []any{secret, &secret, store, struct{ S keystore.Secret }{secret}, vault} {
		require.Empty(t, shown.Inside(v, []byte(phrase), key, vaultKey[:20]), "%T", v)
	}
	require.Equal(t, "Store(1 keys, version 0)", fmt.Sprintf("%d", store))
	file, err := store.Append(nil)
	require.NoError(t, err)
	raw, err := hex.DecodeString(keyHex)
	require.NoError(t, err)
	require.NotContains(t, string(file), string(raw))
	require.NotContains(t, string(file), "K0TB")
}

// Saving the same keys twice gives different files, and the nonce is never the same.
func TestFreshNonce(t *testing.T) {
	store, err := keystore.New(vault, keystore.Options{Home: home})
	require.NoError(t, err)
	seen := map[string]bool{}
	for range 100 {
		file, err := store.Append(nil)
		require.NoError(t, err)
		nonce := string(file[42:66])
		require.False(t, seen[nonce])
		seen[nonce] = true
	}
}

func TestConcurrentUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	store, err := keystore.Create(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	k := importKey(t, "K0TB00N")
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			name := fmt.Sprint(i)
			for range 10 {
				if err := store.Put(name, k); err != nil {
					t.Error(err)
				}
				if err := store.Save(); err != nil {
					t.Error(err)
				}
				if _, err := store.Get(name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	store, err = keystore.Open(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	require.Len(t, store.Names(), 8)
	require.EqualValues(t, 81, store.Version())
}

func FuzzDecode(f *testing.F) {
	file := sealed(f, vault, keystore.Options{Home: home})
	f.Add(file)
	f.Add(file[:len(file)-1])
	f.Add([]byte("posline1"))
	f.Fuzz(func(t *testing.T, file []byte) {
		before := bytes.Clone(file)
		store, err := keystore.Decode(file, vault, keystore.Options{Home: home})
		require.True(t, bytes.Equal(before, file))
		if err != nil {
			require.Equal(t, keystore.ErrSealed, err)
			return
		}
		require.Equal(t, []string{"tmk", "密钥"}, store.Names(), "only the seed opens")
	})
}

// FuzzEntries seals what the fuzzer gives under the right key: nothing authentic makes the parser panic.
func FuzzEntries(f *testing.F) {
	f.Add([]byte("\x03tmkK0TB00N\x00\x100123456789abcdef"))
	f.Add([]byte{255})
	f.Fuzz(func(t *testing.T, entries []byte) {
		file, err := keystore.SealEntries(vault, entries)
		require.NoError(t, err)
		store, err := keystore.Decode(file, vault, keystore.Options{Home: home})
		if err != nil {
			return
		}
		again, err := store.Append(nil)
		require.NoError(t, err)
		twin, err := keystore.Decode(again, vault, keystore.Options{Home: home})
		require.NoError(t, err)
		require.Equal(t, store.Names(), twin.Names())
	})
}
