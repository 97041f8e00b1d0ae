package payshield_test

import (
	"context"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/examples/payshield/simulator"
)

var ctx = context.Background()

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// newSimulator has the published test keys.
func newSimulator(t testing.TB, o payshield.Options) *simulator.Simulator {
	t.Helper()
	s, err := simulator.New(simulator.Config{LMK: simulator.TestLMK(), Device: o})
	require.NoError(t, err)
	return s
}

// connect returns a client of a simulator behind a connection in memory.
func connect(t testing.TB, o payshield.Options) *payshield.Client {
	t.Helper()
	o.AllowTestLMK = true
	listener := connectiontest.Listen()
	server := newSimulator(t, o).Server()
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(listener)
	}()
	config := o.Connection()
	config.Dialer = listener.Dial
	conn, err := connection.Dial(ctx, "tcp", "simulator", config)
	require.NoError(t, err)
	t.Cleanup(func() {
		conn.Close()
		server.Close()
		<-served
	})
	client, err := payshield.New(conn, o)
	require.NoError(t, err)
	return client
}

// local returns a clear key under the test keys.
func local(t testing.TB, kind payshield.KeyType, attributes string, clear []byte) payshield.Key {
	t.Helper()
	scheme := map[int]byte{8: 'Z', 16: 'U', 24: 'T'}[len(clear)]
	own := append([]byte(nil), clear...)
	require.NoError(t, simulator.TestLMK().Wrap(kind, scheme, own))
	text := string(rune(scheme)) + upper(own)
	k, err := payshield.NewKey(kind, crypto.MustAttributes(attributes), text)
	require.NoError(t, err)
	return k
}

func key(t testing.TB, kind payshield.KeyType, attributes, text string) payshield.Key {
	t.Helper()
	k, err := payshield.NewKey(kind, crypto.MustAttributes(attributes), text)
	require.NoError(t, err)
	return k
}

func software(t testing.TB, attributes string, clear []byte, options ...crypto.Option) crypto.Key {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes(attributes), clear, append(options, crypto.AllowWeak)...)
	require.NoError(t, err)
	return k
}

func upper(b []byte) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}
