package payshield_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/examples/payshield"
)

type peer = connectiontest.Peer

// play returns a client of a device that a function plays.
func play(t testing.TB, o payshield.Options, device func(p *peer)) *payshield.Client {
	t.Helper()
	config := o.Connection()
	config.SignOn = nil
	config.Dialer = connectiontest.Dialer(o.Framing(), device)
	conn, err := connection.Dial(ctx, "tcp", "device", config)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	client, err := payshield.New(conn, o)
	require.NoError(t, err)
	return client
}
