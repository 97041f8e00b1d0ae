package transport_test

import (
	stdcrypto "crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha512"
	"encoding/hex"
	"io"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/transport"
	"github.com/posline/posline/internal/fipstest"
	"github.com/posline/posline/internal/released"
)

const keyHex = "0123456789ABCDEFFEDCBA9876543210"

func importKey(t *testing.T, attributes, key string) crypto.Key {
	t.Helper()
	bytes, err := hex.DecodeString(key)
	require.NoError(t, err)
	k, err := clearkey.Import(crypto.MustAttributes(attributes), bytes)
	require.NoError(t, err)
	return k
}

// rsaKey is one key for all tests: making one takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return private
})

func TestRSA(t *testing.T) {
	private := rsaKey()
	key := importKey(t, "K0TB00S", keyHex)
	wrapped, err := transport.AppendWrap([]byte("x"), &private.PublicKey, stdcrypto.SHA256, key)
	require.NoError(t, err)
	require.Len(t, wrapped, 257)
	back, err := transport.Unwrap(private, stdcrypto.SHA256, wrapped[1:], crypto.MustAttributes("K0TB00N"))
	require.NoError(t, err)
	require.True(t, importKey(t, "K0TB00N", keyHex).Equal(back))

	n := crypto.MustAttributes("K0TB00N")
	wrapped[7] ^= 1
	_, err = transport.Unwrap(private, stdcrypto.SHA256, wrapped[1:], n)
	require.ErrorIs(t, err, crypto.ErrVerify)
	_, err = transport.Unwrap(private, stdcrypto.SHA256, nil, n)
	require.ErrorIs(t, err, crypto.ErrVerify)
	_, err = transport.Unwrap(private, 0, nil, n)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	dst, err := transport.AppendWrap([]byte("x"), &private.PublicKey, stdcrypto.MD4, key)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	require.Equal(t, "x", string(dst))
	_, err = transport.AppendWrap(nil, nil, stdcrypto.SHA256, key)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = transport.AppendWrap(nil, &rsa.PublicKey{}, stdcrypto.SHA256, key)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = transport.AppendWrap(nil, &private.PublicKey, stdcrypto.SHA256, crypto.Key{})
	require.ErrorIs(t, err, crypto.ErrNoKey)
}

// Under RSA a key leaves without its attributes: only a Sensitive one may, and none leaves twice.
func TestRSAExportability(t *testing.T) {
	private := rsaKey()
	for _, export := range []string{"E", "N"} {
		_, err := transport.AppendWrap(nil, &private.PublicKey, stdcrypto.SHA256, importKey(t, "P0TB00"+export, keyHex))
		require.ErrorIs(t, err, crypto.ErrExport)
	}
	wrapped, err := transport.AppendWrap(nil, &private.PublicKey, stdcrypto.SHA256, importKey(t, "P0TB00S", keyHex))
	require.NoError(t, err)
	for _, attributes := range []string{"D0TB00S", "P0TB00E"} {
		_, err = transport.Unwrap(private, stdcrypto.SHA256, wrapped, crypto.MustAttributes(attributes))
		require.ErrorIs(t, err, crypto.ErrExport)
	}
}

// SHA-1 is for those who still need it, where FIPS 140 mode is not enforced; both sides take the same hash.
func TestHashes(t *testing.T) {
	key := importKey(t, "P0TB00S", keyHex)
	for _, hash := range []stdcrypto.Hash{stdcrypto.SHA1, stdcrypto.SHA256, stdcrypto.SHA512} {
		wrapped, err := transport.AppendWrap(nil, &rsaKey().PublicKey, hash, key)
		require.NoError(t, err, hash)
		for _, other := range []stdcrypto.Hash{stdcrypto.SHA1, stdcrypto.SHA256, stdcrypto.SHA512} {
			k, err := transport.Unwrap(rsaKey(), other, wrapped, crypto.MustAttributes("P0TB00N"))
			if other != hash {
				require.ErrorIs(t, err, crypto.ErrVerify)
				continue
			}
			require.NoError(t, err)
			require.True(t, k.Equal(importKey(t, "P0TB00N", keyHex)))
		}
	}
}

// A key that is not too strong may still be too long, and every key is given back.
func TestKeysTooLong(t *testing.T) {
	long := importKey(t, "S0RS00S", "02820100"+strings.Repeat("81", 256)) // the length of a modulus of 2048 bits
	released.After(t, long, "too long", func() {
		dst, err := transport.AppendWrap([]byte("x"), &rsaKey().PublicKey, stdcrypto.SHA256, long)
		require.ErrorIs(t, err, crypto.ErrKeyLength)
		require.Equal(t, "x", string(dst))
	})
	strong := importKey(t, "K0AB00S", keyHex)
	released.After(t, strong, "too strong", func() {
		_, err := transport.AppendWrap(nil, &rsaKey().PublicKey, stdcrypto.SHA256, strong)
		require.ErrorIs(t, err, crypto.ErrWeakKey)
	})
	key := importKey(t, "P0TB00S", keyHex)
	released.After(t, key, "wrapped", func() {
		_, err := transport.AppendWrap(nil, &rsaKey().PublicKey, stdcrypto.SHA256, key)
		require.NoError(t, err)
	})
}

// A modulus carries no key stronger than itself (SP 800-57 part 1 table 2).
func TestRSAStrength(t *testing.T) {
	modulus := func(bits int) *rsa.PublicKey {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}
	}
	const third = "1122334455667788"
	for _, c := range []struct {
		bits       int
		attributes string
		key        string
		refused    bool
	}{
		{2047, "K0TB00S", keyHex, true}, {2048, "K0TB00S", keyHex, false}, {2048, "K0TB00S", keyHex + third, false},
		{2048, "K0AB00S", keyHex, true}, {3071, "K0AB00S", keyHex, true}, {3072, "K0AB00S", keyHex, false},
		{4096, "K0AB00S", keyHex + third, true}, {7680, "K0AB00S", keyHex + third, false}, {7680, "K0AB00S", keyHex + keyHex, true},
		{2048, "M7HC00S", keyHex + keyHex, true},
	} {
		_, err := transport.AppendWrap(nil, modulus(c.bits), stdcrypto.SHA256, importKey(t, c.attributes, c.key))
		if c.refused {
			require.ErrorIs(t, err, crypto.ErrWeakKey, c)
		} else {
			require.NoError(t, err, c)
		}
	}
}

func TestFIPS(t *testing.T) {
	if !fipstest.Enforced(t) {
		return
	}
	private := rsaKey()
	key, n := importKey(t, "M7HC00S", keyHex[:28]), crypto.MustAttributes("M7HC00N")
	_, err := transport.AppendWrap(nil, &private.PublicKey, stdcrypto.SHA1, key)
	require.ErrorIs(t, err, crypto.ErrFIPS)
	_, err = transport.Unwrap(private, stdcrypto.SHA1, make([]byte, 256), n)
	require.ErrorIs(t, err, crypto.ErrFIPS)
	wrapped, err := transport.AppendWrap(nil, &private.PublicKey, stdcrypto.SHA256, key)
	require.NoError(t, err)
	_, err = transport.Unwrap(private, stdcrypto.SHA256, wrapped, n)
	require.NoError(t, err)
}

// Nothing where a private key or an option should be is an error and no panic.
func TestNothingToUnwrapWith(t *testing.T) {
	private, n := rsaKey(), crypto.MustAttributes("K0TB00N")
	wrapped, err := transport.AppendWrap(nil, &private.PublicKey, stdcrypto.SHA256, importKey(t, "K0TB00S", keyHex))
	require.NoError(t, err)
	for _, none := range []stdcrypto.Decrypter{nil, (*rsa.PrivateKey)(nil)} {
		_, err = transport.Unwrap(none, stdcrypto.SHA256, wrapped, n)
		require.ErrorIs(t, err, crypto.ErrNoKey)
	}
	k, err := transport.Unwrap(private, stdcrypto.SHA256, wrapped, n, nil)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	require.Equal(t, crypto.Key{}.String(), k.String())
}

func TestBrokenHashes(t *testing.T) {
	for hash := stdcrypto.MD4; hash <= stdcrypto.BLAKE2b_512; hash++ {
		require.Equal(t, hash == stdcrypto.MD5 || hash == stdcrypto.SHA1, transport.Broken(hash), hash)
	}
}

// vault is a private key in hardware, which remembers what it gave out.
type vault struct{ given []byte }

func (*vault) Public() stdcrypto.PublicKey { return nil }

func (v *vault) Decrypt(io.Reader, []byte, stdcrypto.DecrypterOpts) ([]byte, error) {
	v.given = []byte("0123456789abcdef")
	return v.given, nil
}

// The clear key is overwritten where it lay, whether a key becomes of it or not.
func TestClearKeysAreOverwritten(t *testing.T) {
	for attributes, want := range map[string]error{"P0AB00N": nil, "P0TB00N": nil, "P0DB00N": crypto.ErrKeyLength} {
		var v vault
		k, err := transport.Unwrap(&v, stdcrypto.SHA256, nil, crypto.MustAttributes(attributes))
		require.ErrorIs(t, err, want)
		require.Equal(t, make([]byte, 16), v.given)
		require.Equal(t, err == nil, k.Bits() == 128)
	}
}
