package crypto_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
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

// requireNoSecret fails when text holds any four bytes of the key in hex, decimal or raw form.
func requireNoSecret(t *testing.T, text string, secret []byte) {
	t.Helper()
	lower := strings.ToLower(text)
	for i := 0; i+4 <= len(secret); i++ {
		part := secret[i : i+4]
		for _, form := range []string{
			hex.EncodeToString(part), string(part), strings.Trim(fmt.Sprint(part), "[]"),
			strings.Trim(fmt.Sprintf("%#v", part), "[]byte{}"), fmt.Sprintf("% x", part),
		} {
			require.NotContains(t, lower, strings.ToLower(form), "the secret shows")
		}
	}
}

// everyForm prints a value in every way a program might.
func everyForm(t *testing.T, v any) []string {
	t.Helper()
	var forms []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d"} {
		forms = append(forms, fmt.Sprintf(verb, v), fmt.Sprintf(verb, []any{v}), fmt.Sprintf(verb, struct{ inner any }{v}))
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", v)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", v)
	forms = append(forms, log.String())
	if text, err := json.Marshal(map[string]any{"key": v}); err == nil {
		forms = append(forms, string(text))
	}
	if text, err := xml.Marshal(v); err == nil {
		forms = append(forms, string(text))
	}
	var stream bytes.Buffer
	if err := gob.NewEncoder(&stream).Encode(v); err == nil {
		forms = append(forms, stream.String())
	}
	return forms
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
				for _, form := range everyForm(t, value) {
					requireNoSecret(t, form, secret)
				}
			}
		})
	}
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
