package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/pinblock"
)

func TestQuickstart(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var out bytes.Buffer
	h, pos, err := setUp(&out)
	require.NoError(t, err)
	require.NoError(t, run(ctx, h, pos))
	text := out.String()

	for _, line := range []string{
		"terminal -> 0800 sign-in request", "host     <- 0800 sign-in request",
		"host     -> 0810 sign-in answer", "terminal <- 0810 sign-in answer",
		"terminal -> 0200 sale request", "host     <- 0200 sale request",
		"host     -> 0210 sale answer", "terminal <- 0210 sale answer",
		"terminal paid: CNY 55.88, authorisation A00001", "621797*********0422",
	} {
		require.Contains(t, text, line)
	}
	require.Equal(t, 4, strings.Count(text, "->"))
	require.Equal(t, 4, strings.Count(text, "<-"))

	pin, err := pinblock.ParsePIN([]byte(card.pin))
	require.NoError(t, err)
	block, err := pinblock.Encrypt(nil, pos.keys.pin, pinblock.ISO0, pin, card.pan)
	require.NoError(t, err)
	secrets := []string{card.pan, card.track2, hex.EncodeToString(block)}
	for _, key := range []crypto.Key{h.pin, h.code} {
		clear, err := clearkey.Export(key)
		require.NoError(t, err)
		secrets = append(secrets, hex.EncodeToString(clear))
	}
	for i, secret := range secrets {
		require.False(t, strings.Contains(strings.ToLower(text), strings.ToLower(secret)), "secret %d is in the output", i)
	}
}

// TestHostRefuses shows that the host looks at code and PIN.
func TestHostRefuses(t *testing.T) {
	for want, spoil := range map[string]func(keys, other *workKeys){
		"declined with code A0": func(keys, other *workKeys) { keys.mac = other.mac },
		"declined with code 55": func(keys, other *workKeys) { keys.pin = other.pin },
	} {
		t.Run(want, func(t *testing.T) {
			h, pos, err := setUp(io.Discard)
			require.NoError(t, err)
			pos.conn = direct{h}
			require.NoError(t, pos.signIn(t.Context()))
			first := pos.keys
			require.NoError(t, pos.signIn(t.Context()))
			spoil(pos.keys, first)
			require.ErrorContains(t, pos.sale(t.Context(), 1), want)
		})
	}
}

// direct takes frames to the host without a connection.
type direct struct{ *host }

func (d direct) Exchange(_ context.Context, frame, dst []byte) ([]byte, error) {
	return d.handle(nil, frame, dst)
}
