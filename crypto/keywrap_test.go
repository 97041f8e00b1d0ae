package crypto_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/internal/keymaterial"
)

func TestWycheproof(t *testing.T) {
	for file, padded := range map[string]bool{"aes_wrap_test.json": false, "aes_kwp_test.json": true} {
		text, err := os.ReadFile("testdata/wycheproof/" + file)
		require.NoError(t, err)
		var vectors struct {
			NumberOfTests int
			TestGroups    []struct {
				Tests []struct {
					TcID                  int
					Comment, Key, Msg, Ct string
					Result                string
				}
			}
		}
		require.NoError(t, json.Unmarshal(text, &vectors))
		count := 0
		for _, group := range vectors.TestGroups {
			for _, test := range group.Tests {
				count++
				checkWrap(t, test.Key, test.Msg, test.Ct, test.Result, padded, test.TcID)
			}
		}
		require.Equal(t, vectors.NumberOfTests, count)
		t.Logf("%s: %d cases, 0 skipped", file, count)
	}
}

func checkWrap(t *testing.T, kek, message, wrapped, result string, padded bool, id int) {
	k, m, w := unhex(t, kek), unhex(t, message), unhex(t, wrapped)
	got, err := crypto.UnwrapBytes(k, w, padded)
	switch result {
	case "valid":
		require.NoError(t, err, id)
		require.Equal(t, message, hex.EncodeToString(got), id)
		again, err := crypto.AppendWrapBytes(k, m, padded)
		require.NoError(t, err, id)
		require.Equal(t, w, again, id)
	case "invalid":
		require.ErrorIs(t, err, crypto.ErrVerify, id)
	default: // acceptable: refused here, because the input is too short to be a key or is unusual
		if err == nil {
			require.Equal(t, message, hex.EncodeToString(got), id)
		}
	}
}

func TestKeyWrap(t *testing.T) {
	wrapping, err := crypto.NewKEK(importKey(t, "K0AB00N", "000102030405060708090a0b0c0d0e0f"))
	require.NoError(t, err)
	for _, padded := range []bool{false, true} {
		key, attributes := importKey(t, "P0TB00S", secretHex), crypto.MustAttributes("P0TB00N")
		wrapped, err := crypto.AppendWrapAES([]byte("x"), wrapping, key, padded)
		require.NoError(t, err)
		require.Equal(t, byte('x'), wrapped[0])
		back, err := crypto.UnwrapAES(wrapping, wrapped[1:], padded, attributes)
		require.NoError(t, err)
		require.True(t, importKey(t, "P0TB00N", secretHex).Equal(back))
		_, err = crypto.UnwrapAES(wrapping, wrapped[1:], !padded, attributes)
		require.ErrorIs(t, err, crypto.ErrVerify)
		for i := 1; i < len(wrapped); i++ {
			wrapped[i] ^= 0x80
			_, err = crypto.UnwrapAES(wrapping, wrapped[1:], padded, attributes)
			require.ErrorIs(t, err, crypto.ErrVerify)
			wrapped[i] ^= 0x80
		}
	}
	_, err = crypto.AppendWrapAES(nil, wrapping, importKey(t, "P0TB00N", secretHex), false)
	require.ErrorIs(t, err, crypto.ErrExport)
	_, err = crypto.AppendWrapAES(nil, wrapping, importKey(t, "P0AB00S", secretHex+secretHex), false)
	require.ErrorIs(t, err, crypto.ErrWeakKey)
	_, err = crypto.AppendWrapAES(nil, wrapping, importKey(t, "M1DC00S", secretHex[:16]), false)
	require.ErrorIs(t, err, crypto.ErrKeyLength)
	tdes, err := crypto.NewKEK(importKey(t, "K0TB00N", secretHex))
	require.NoError(t, err)
	_, err = crypto.AppendWrapAES(nil, tdes, importKey(t, "P0TB00S", secretHex), false)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	decryptOnly, err := crypto.NewKEK(importKey(t, "K0AD00N", secretHex))
	require.NoError(t, err)
	_, err = crypto.AppendWrapAES(nil, decryptOnly, importKey(t, "P0TB00S", secretHex), false)
	require.ErrorIs(t, err, crypto.ErrUsage)
}

// What leaves in the caller's memory is the wrapped key alone: neither behind the result nor in memory that became too
// small is there a byte of the clear one.
func TestNothingClearInTheCallersMemory(t *testing.T) {
	aesKEK, err := crypto.NewKEK(importKey(t, "K0AB00N", wrappingHex))
	require.NoError(t, err)
	desKEK, err := crypto.NewKEK(importKey(t, "K0TB00N", wrappingHex))
	require.NoError(t, err)
	kbpk, err := crypto.NewKBPK(importKey(t, "K1AB00N", wrappingHex))
	require.NoError(t, err)
	const odd = secretHex + "1122334455" // 21 bytes
	for name, wrap := range map[string]func(dst []byte) ([]byte, error){
		"KWP": func(dst []byte) ([]byte, error) {
			return crypto.AppendWrapAES(dst, aesKEK, importKey(t, "M7HC00S", odd), true)
		},
		"KWP, short": func(dst []byte) ([]byte, error) {
			return crypto.AppendWrapAES(dst, aesKEK, importKey(t, "M1DC00S", secretHex[:16]), true)
		},
		"KW": func(dst []byte) ([]byte, error) {
			return crypto.AppendWrapAES(dst, aesKEK, importKey(t, "P0TB00S", secretHex), false)
		},
		"X9.17": func(dst []byte) ([]byte, error) {
			return crypto.AppendWrapVariant(dst, desKEK, crypto.SchemeX, 0, importKey(t, "P0TB00S", secretHex))
		},
		"X9.17 of a wrong length": func(dst []byte) ([]byte, error) {
			return crypto.AppendWrapVariant(dst, desKEK, crypto.SchemeY, 0, importKey(t, "P0TB00S", secretHex))
		},
		"key block": func(dst []byte) ([]byte, error) {
			return keyblock.Wrap(dst, kbpk, importKey(t, "P0TB00S", secretHex), keyblock.Wrapping{})
		},
	} {
		for spare := range 64 {
			memory := make([]byte, 256)
			dst, _ := wrap(memory[: 3 : 3+spare])
			require.NotContains(t, hex.EncodeToString(memory), secretHex[:8], "%s with room for %d", name, spare)
			require.NotContains(t, hex.EncodeToString(dst[:cap(dst)]), secretHex[:8], "%s with room for %d", name, spare)
			require.NotContains(t, hex.EncodeToString(memory), secretHex[16:24], "%s with room for %d", name, spare)
			require.Equal(t, make([]byte, 256-3-spare), memory[3+spare:], "no further than the caller gave")
		}
	}
}

func FuzzUnwrap(f *testing.F) {
	kek := make([]byte, 16)
	for _, padded := range []bool{false, true} {
		wrapped, err := crypto.AppendWrapBytes(kek, make([]byte, 24), padded)
		require.NoError(f, err)
		f.Add(wrapped, padded)
	}
	f.Fuzz(func(t *testing.T, wrapped []byte, padded bool) {
		got, err := crypto.UnwrapBytes(kek, wrapped, padded)
		if err != nil {
			require.ErrorIs(t, err, crypto.ErrVerify)
			return
		}
		again, err := crypto.AppendWrapBytes(kek, got, padded)
		require.NoError(t, err)
		require.Equal(t, wrapped, again)
	})
}

// clearBytes reads a key past its rules.
func clearBytes(t testing.TB, k crypto.Key) []byte {
	t.Helper()
	m, err := k.Unguarded(keymaterial.Grant())
	require.NoError(t, err)
	defer m.Release()
	return bytes.Clone(m.Bytes())
}

func TestVariantSchemes(t *testing.T) {
	kek, err := crypto.NewKEK(importKey(t, "K0TB00N", "404142434445464748494A4B4C4D4E4F5051525354555657"))
	require.NoError(t, err)
	const third = "1122334455667788"
	keys := map[int]crypto.Key{
		8: importKey(t, "M1DC00S", secretHex[:16]), 16: importKey(t, "P0TB00S", "1122334455667788aabbccddeeff0011"),
		24: importKey(t, "P0TB00S", secretHex+third),
	}
	seen := map[string]bool{}
	for scheme, lengths := range map[crypto.VariantScheme][]int{
		'Z': {8}, 'U': {16}, 'T': {24}, 'X': {16}, 'Y': {24}, 'F': {8, 16, 24}, 'Q': nil,
	} {
		for n, key := range keys {
			allowed := false
			for _, length := range lengths {
				allowed = allowed || length == n
			}
			wrapped, err := crypto.AppendWrapVariant(nil, kek, scheme, 0, key)
			if !allowed {
				require.Error(t, err)
				continue
			}
			require.NoError(t, err)
			a := key.Attributes()
			a.Export = crypto.NonExportable
			back, err := crypto.UnwrapVariant(kek, scheme, 0, wrapped, a)
			require.NoError(t, err)
			require.Equal(t, clearBytes(t, key), clearBytes(t, back))
			seen[string(wrapped)] = true
		}
	}
	require.Len(t, seen, 5, "without variant and modifier Z, X and Y are what F is at their lengths")
	for _, variant := range []int{-1, 10} {
		_, err = crypto.AppendWrapVariant(nil, kek, crypto.SchemeU, variant, keys[16])
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
	_, err = crypto.AppendWrapVariant(nil, kek, crypto.SchemeX, 1, keys[16])
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = crypto.AppendWrapVariant(nil, kek, crypto.SchemeX, 0, importKey(t, "P0TB00N", secretHex))
	require.ErrorIs(t, err, crypto.ErrExport)
	single, err := crypto.NewKEK(importKey(t, "K0DB00N", secretHex[:16]))
	require.NoError(t, err)
	_, err = crypto.AppendWrapVariant(nil, single, crypto.SchemeU, 0, keys[16])
	require.ErrorIs(t, err, crypto.ErrWeakKey)
	_, err = crypto.UnwrapVariant(single, crypto.SchemeU, 0, make([]byte, 16), crypto.MustAttributes("P0TB00N"))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	aes, err := crypto.NewKEK(importKey(t, "K0AB00N", secretHex))
	require.NoError(t, err)
	_, err = crypto.UnwrapVariant(aes, crypto.SchemeU, 0, make([]byte, 16), crypto.MustAttributes("P0TB00N"))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
}

// TestUnionPayWorkingKeys reads the sign-in answer of a UnionPay terminal: keys under the terminal's master key, each
// with the first four bytes of its check value.
func TestUnionPayWorkingKeys(t *testing.T) {
	tmk, err := crypto.NewKEK(importKey(t, "K0TD00N", "F415DA6DC7E507491973A72C7649EF94"))
	require.NoError(t, err)
	pik, err := crypto.UnwrapVariant(tmk, crypto.SchemeX, 0, unhex(t, "9986E1550F53AB2D0FC9AB73B03773DE"), crypto.MustAttributes("P0TE00N"))
	require.NoError(t, err)
	require.NoError(t, pik.CheckKCV(crypto.KCVLegacy, unhex(t, "7A502096")))
	mak, err := crypto.UnwrapVariant(tmk, crypto.SchemeZ, 0, unhex(t, "426C5EBE02544AAE"), crypto.MustAttributes("M1DC00N"))
	require.NoError(t, err)
	require.NoError(t, mak.CheckKCV(crypto.KCVLegacy, unhex(t, "51F4E614")))
	require.ErrorIs(t, mak.CheckKCV(crypto.KCVLegacy, unhex(t, "51F4E615")), crypto.ErrKCV)
}
