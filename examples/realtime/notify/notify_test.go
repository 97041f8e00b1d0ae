package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/notify"
)

func hmac(t *testing.T, secret string) *mac.MAC {
	k, err := clearkey.Import(crypto.MustAttributes("M7HC00N"), []byte(secret))
	require.NoError(t, err)
	key, err := crypto.NewMACKey(k)
	require.NoError(t, err)
	m, err := mac.New(key, mac.Algorithm{Scheme: crypto.HMACSHA256})
	require.NoError(t, err)
	return m
}

func TestSignature(t *testing.T) {
	m, at, body := hmac(t, "secret"), time.Unix(1_700_000_000, 0), []byte(`{"type":"paid"}`)
	header, err := notify.Sign(m, at, body)
	require.NoError(t, err)
	// python3 -c 'import hmac;print(hmac.new(b"secret",b"1700000000."+b"{\"type\":\"paid\"}","sha256").hexdigest())'
	require.Equal(t, "t=1700000000,v1="+pythonSays, header)
	require.NoError(t, notify.Verify(m, at.Add(notify.Tolerance), header, body))
	require.NoError(t, notify.Verify(m, at.Add(-notify.Tolerance), header, body))
	for name, wrong := range map[string]error{
		"body":      notify.Verify(m, at, header, []byte(`{"type":"reversed"}`)),
		"key":       notify.Verify(hmac(t, "another"), at, header, body),
		"too late":  notify.Verify(m, at.Add(notify.Tolerance+time.Second), header, body),
		"too early": notify.Verify(m, at.Add(-notify.Tolerance-time.Second), header, body),
		"time":      notify.Verify(m, at, strings.Replace(header, "1700000000", "1700000001", 1), body),
		"nothing":   notify.Verify(m, at, "", body),
		"no time":   notify.Verify(m, at, "t=,v1="+pythonSays, body),
		"no hex":    notify.Verify(m, at, "t=1700000000,v1=xy", body),
		"no code":   notify.Verify(m, at, "t=1700000000,v1=", body),
	} {
		require.ErrorIs(t, wrong, notify.ErrSignature, name)
	}
}

const pythonSays = "35fae6103485b3d584e694cbcc5909014545fb5a0cee66f26ee7acc72846159b"
