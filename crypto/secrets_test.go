package crypto_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/internal/keymaterial"
	"github.com/posline/posline/internal/shown"
)

const secretHex = "0123456789abcdeffedcba9876543210"

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func importKey(t testing.TB, attributes, key string, options ...crypto.Option) crypto.Key {
	t.Helper()
	a, err := crypto.ParseAttributes(attributes)
	require.NoError(t, err)
	k, err := clearkey.Import(a, unhex(t, key), options...)
	require.NoError(t, err)
	return k
}

func TestKeysDoNotShow(t *testing.T) {
	secret := unhex(t, secretHex)
	for _, c := range []struct {
		attributes string
		view       func(crypto.Key) (any, error)
	}{
		{"P0TB00E", func(k crypto.Key) (any, error) { return crypto.NewPINKey(k) }},
		{"M3TC00E", func(k crypto.Key) (any, error) { return crypto.NewMACKey(k) }},
		{"M7HC00E", func(k crypto.Key) (any, error) { return crypto.NewMACKey(k) }},
		{"D0AB00E", func(k crypto.Key) (any, error) { return crypto.NewDataKey(k) }},
		{"K0TB00E", func(k crypto.Key) (any, error) { return crypto.NewKEK(k) }},
		{"K1AB00E", func(k crypto.Key) (any, error) { return crypto.NewKBPK(k) }},
		{"B0TX00E", func(k crypto.Key) (any, error) { return crypto.NewBDK(k) }},
		{"B1TX00E", func(k crypto.Key) (any, error) { return crypto.NewInitialKey(k) }},
		{"C0TC00E", func(k crypto.Key) (any, error) { return crypto.NewCVK(k) }},
		{"V2TC00E", func(k crypto.Key) (any, error) { return crypto.NewPVK(k) }},
		{"E0TX00E", func(k crypto.Key) (any, error) { return crypto.NewIMK(k) }},
		{"S0RN00E", func(k crypto.Key) (any, error) { return k, nil }},
	} {
		t.Run(c.attributes, func(t *testing.T) {
			k := importKey(t, c.attributes, secretHex)
			v, err := c.view(k)
			require.NoError(t, err)
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
				require.Contains(t, fmt.Sprintf(verb, v), "Key("+c.attributes)
			}
			for _, value := range []any{k, &k, v, k.Attributes()} {
				require.Empty(t, shown.Inside(value, secret), "%T", value)
			}
		})
	}
}

// A Scratch holds a schedule within a call. It shows it neither by value nor by pointer, nor inside something else.
func TestScratchDoesNotShow(t *testing.T) {
	var s crypto.Scratch
	key := [16]byte(unhex(t, secretHex))
	require.True(t, s.Init(keymaterial.Grant(), importKey(t, "E0TX00N", secretHex), &key))
	for _, v := range []any{s, &s} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%o", "%t", "%z"} {
			require.Equal(t, "Scratch(hidden)", fmt.Sprintf(verb, v))
		}
	}
	s.Wipe()
}

func TestCardDataDoesNotShow(t *testing.T) {
	card := crypto.CardData{PAN: crypto.Hide("5432101234567891"), Expiry: "3112", ServiceCode: "201", Digits: 3}
	for _, v := range []any{card, &card} {
		require.Empty(t, shown.In(v, []byte(card.PAN.Text())))
		require.Equal(t, "CardData(hidden)", fmt.Sprintf("%d", v))
	}
	b, err := card.MarshalBinary()
	require.ErrorIs(t, err, crypto.ErrExport)
	require.Nil(t, b)
}

func TestZeroKeysAreRefused(t *testing.T) {
	var k crypto.Key
	require.Equal(t, "Key(none)", fmt.Sprint(k))
	require.Equal(t, "Key(none)", fmt.Sprint(crypto.PINKey{}))
	require.Zero(t, k.Bits())
	require.Zero(t, k.Attributes())
	require.False(t, k.Equal(k))
	require.ErrorIs(t, k.Require(crypto.OpEncrypt), crypto.ErrNoKey)
	_, err := k.KCV(crypto.KCVLegacy, 3)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = clearkey.Export(k)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = crypto.NewPINKey(k)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	k.Destroy()
}

func TestKeysDoNotMarshal(t *testing.T) {
	k := importKey(t, "P0TB00E", secretHex)
	_, err := k.MarshalBinary()
	require.ErrorIs(t, err, crypto.ErrExport)
	_, err = k.MarshalText()
	require.ErrorIs(t, err, crypto.ErrExport)
	text, err := json.Marshal(k)
	require.NoError(t, err)
	require.Equal(t, `"Key(P0TB00E, KCV 08D7B4)"`, string(text))
}

// Hidden text comes out in one way, compares, and is empty where there is none.
func TestHidden(t *testing.T) {
	text := []byte("4761739001010119")
	h := crypto.Hide(text)
	text[0] = 'x'
	require.Equal(t, "4761739001010119", h.Text(), "a copy")
	require.True(t, h.Equal(crypto.Hide("4761739001010119")))
	require.False(t, h.Equal(crypto.Hide("4761739001010118")))
	require.False(t, h.Equal(crypto.Hidden{}))
	require.True(t, crypto.Hidden{}.Equal(crypto.Hide("")))
	require.Empty(t, crypto.Hidden{}.Text())
	require.Empty(t, shown.Inside(crypto.Hide("5432987654329876"), []byte("5432987654329876")))
	require.Equal(t, fmt.Sprintf("%v", crypto.Hidden{}), fmt.Sprintf("%d", h), "not even whether there is any")
	json, err := h.MarshalText()
	require.NoError(t, err)
	require.Equal(t, "(hidden)", string(json))
	_, err = h.MarshalBinary()
	require.ErrorIs(t, err, crypto.ErrExport)
	require.Equal(t, "(hidden)", h.LogValue().String())
}
