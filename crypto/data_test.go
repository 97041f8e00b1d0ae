package crypto_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
)

func dataKey(t testing.TB, attributes, key string) crypto.DataKey {
	t.Helper()
	d, err := crypto.NewDataKey(importKey(t, attributes, key))
	require.NoError(t, err)
	return d
}

func TestDataModes(t *testing.T) {
	key := dataKey(t, "D0AB00N", secretHex)
	iv := unhex(t, "000102030405060708090a0b0c0d0e0f")
	plain := bytes.Repeat([]byte("0123456789abcdef"), 3)
	before := bytes.Clone(plain)
	for mode := crypto.ECB; mode <= crypto.OFB; mode++ {
		vector := iv
		if mode == crypto.ECB {
			vector = nil
		}
		out, err := key.AppendEncrypt([]byte("x"), mode, vector, plain)
		require.NoError(t, err)
		require.Equal(t, before, plain)
		require.Equal(t, unhex(t, "000102030405060708090a0b0c0d0e0f"), iv)
		require.Len(t, out, 1+len(plain))
		back, err := key.AppendDecrypt(nil, mode, vector, out[1:])
		require.NoError(t, err)
		require.Equal(t, plain, back)

		_, err = key.AppendEncrypt(nil, mode, iv[:5], plain)
		require.ErrorIs(t, err, crypto.ErrLength)
		odd, err := key.AppendEncrypt(nil, mode, vector, plain[:21])
		if mode == crypto.ECB || mode == crypto.CBC {
			require.ErrorIs(t, err, crypto.ErrLength)
			continue
		}
		require.NoError(t, err)
		back, err = key.AppendDecrypt(nil, mode, vector, odd)
		require.NoError(t, err)
		require.Equal(t, plain[:21], back)
	}
	_, err := key.AppendEncrypt(nil, 99, iv, plain)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = dataKey(t, "D0HN00N", secretHex).AppendEncrypt(nil, crypto.ECB, nil, plain)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = dataKey(t, "D0AE00N", secretHex).AppendDecrypt(nil, crypto.ECB, nil, plain)
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = crypto.DataKey{}.AppendDecrypt(nil, crypto.ECB, nil, plain)
	require.ErrorIs(t, err, crypto.ErrNoKey)
}

// TestStreamModesAgainstStandardLibrary takes crypto/cipher as the oracle.
func TestStreamModesAgainstStandardLibrary(t *testing.T) {
	key := dataKey(t, "D0AB00N", secretHex)
	block, err := aes.NewCipher(unhex(t, secretHex))
	require.NoError(t, err)
	iv := unhex(t, "000102030405060708090a0b0c0d0e0f")
	for n := range 70 {
		plain := bytes.Repeat([]byte{byte(n)}, n)
		want := make([]byte, n)
		cipher.NewCFBEncrypter(block, iv).XORKeyStream(want, plain) //lint:ignore SA1019 the oracle
		got, err := key.AppendEncrypt(nil, crypto.CFB, iv, plain)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
		cipher.NewOFB(block, iv).XORKeyStream(want, plain) //lint:ignore SA1019 the oracle
		got, err = key.AppendEncrypt(nil, crypto.OFB, iv, plain)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	}
}

func TestFF1Bounds(t *testing.T) {
	key := dataKey(t, "D0AB00N", secretHex)
	for radix, minimum := range map[int]int{2: 20, 10: 6, 26: 5, 36: 4} {
		f, err := crypto.NewFF1(key, radix)
		require.NoError(t, err)
		require.Equal(t, minimum, f.MinimumLength())
		text := bytes.Repeat([]byte("1"), minimum)
		_, err = f.AppendEncrypt(nil, nil, text)
		require.NoError(t, err)
		_, err = f.AppendEncrypt(nil, nil, text[1:])
		require.ErrorIs(t, err, crypto.ErrLength, "fewer than a million texts")
	}
	f, err := crypto.NewFF1(key, 10)
	require.NoError(t, err)
	_, err = f.AppendEncrypt(nil, nil, []byte("12345a"))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = f.AppendEncrypt(nil, make([]byte, 1025), []byte("123456"))
	require.ErrorIs(t, err, crypto.ErrLength)
	_, err = f.AppendEncrypt(nil, nil, bytes.Repeat([]byte("1"), 1025))
	require.ErrorIs(t, err, crypto.ErrLength)
	for _, radix := range []int{-1, 0, 1, 37} {
		_, err = crypto.NewFF1(key, radix)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
	_, err = crypto.NewFF1(dataKey(t, "D0TB00N", secretHex), 10)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = crypto.NewFF1(crypto.DataKey{}, 10)
	require.ErrorIs(t, err, crypto.ErrNoKey)
}

func FuzzFF1(f *testing.F) {
	f.Add([]byte("4111111111111111"), []byte("tweak"), 10)
	f.Add([]byte("0000000000000000000000"), []byte{}, 2)
	f.Fuzz(func(t *testing.T, text, tweak []byte, radix int) {
		ff1, err := crypto.NewFF1(dataKey(t, "D0AB00N", secretHex), radix)
		if err != nil {
			require.ErrorIs(t, err, crypto.ErrUnsupported)
			return
		}
		out, err := ff1.AppendEncrypt(nil, tweak, text)
		if err != nil {
			return
		}
		require.Len(t, out, len(text))
		back, err := ff1.AppendDecrypt(nil, tweak, out)
		require.NoError(t, err)
		require.Equal(t, string(text), string(back))
	})
}

func TestNamesOfCipherModes(t *testing.T) {
	for mode, want := range map[crypto.CipherMode]string{
		0: "no cipher mode", crypto.ECB: "ECB", crypto.CBC: "CBC", crypto.CFB8: "CFB8", crypto.CFB: "CFB", crypto.OFB: "OFB", 6: "unknown cipher mode",
	} {
		require.Equal(t, want, mode.String())
	}
	key, err := crypto.NewDataKey(importKey(t, "D0AB00N", secretHex))
	require.NoError(t, err)
	_, err = key.AppendEncrypt(nil, 9, nil, nil)
	require.ErrorContains(t, err, "unknown cipher mode")
}
