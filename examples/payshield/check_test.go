package payshield_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/connection/pool"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/examples/payshield/simulator"
)

// dial connects to a simulator with a local master key.
func dial(t *testing.T, lmk simulator.LMK, o payshield.Options) error {
	t.Helper()
	listener := connectiontest.Listen()
	s, err := simulator.New(simulator.Config{LMK: lmk})
	require.NoError(t, err)
	server := s.Server()
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	config := o.Connection()
	config.Dialer = listener.Dial
	conn, err := connection.Dial(ctx, "tcp", "device", config)
	if err == nil {
		conn.Close()
	}
	return err
}

func TestTestKeysAreRefused(t *testing.T) {
	require.ErrorIs(t, dial(t, simulator.TestLMK(), payshield.Options{}), payshield.ErrTestLMK)
	require.ErrorIs(t, dial(t, simulator.TestLMK(), payshield.Options{LMK: "00"}), payshield.ErrTestLMK)
	require.NoError(t, dial(t, simulator.TestLMK(), payshield.Options{AllowTestLMK: true}))

	var keys [][]byte
	for range 20 {
		keys = append(keys, unhex(t, firstHex))
	}
	own, err := simulator.NewLMK(keys)
	require.NoError(t, err)
	require.NoError(t, dial(t, own, payshield.Options{}))
	_, err = simulator.NewLMK(keys[1:])
	require.ErrorIs(t, err, crypto.ErrKeyLength)
	keys[7] = keys[7][:8]
	_, err = simulator.NewLMK(keys)
	require.ErrorIs(t, err, crypto.ErrKeyLength)
}

// commandByCommand answers each command with a text of its own.
type commandByCommand map[string]string

func (d commandByCommand) Exchange(_ context.Context, frame, dst []byte) ([]byte, error) {
	return append(append(dst, frame[:4]...), d[string(frame[4:6])]...), nil
}

// A device that does not say which keys it has is not taken for one with keys of its own.
func TestCheckOfTheDeviceDoesNotGuess(t *testing.T) {
	const works = "ND00F4EDC8DEB67F6E280007-E000"
	for answer, ok := range map[string]bool{
		"BV10": true, "BVA1": true, "BV26": true, "BV00123456": true, "BV15": true,
		"BV68": false, "BV17": false, "BV99": false, "BV01": false, "": false, "BV00": false, "BV006F1E3F": false,
	} {
		c, err := payshield.New(commandByCommand{"NC": works, "BU": answer}, payshield.Options{})
		require.NoError(t, err)
		require.Equal(t, ok, c.CheckDevice(ctx) == nil, answer)
	}
	c, err := payshield.New(commandByCommand{"NC": "ND13"}, payshield.Options{AllowTestLMK: true})
	require.NoError(t, err)
	require.True(t, payshield.Failover(c.CheckDevice(ctx)))
}

func TestOptionsOutOfShape(t *testing.T) {
	for _, o := range []payshield.Options{
		{Header: -1}, {Header: 33}, {Header: 1, NoHeader: true}, {LMK: "1"}, {LMK: "0a"}, {LMK: "001"},
		{Trailer: strings.Repeat("x", 33)}, {Trailer: "\x19"}, {Trailer: "[", EBCDIC: true},
	} {
		require.ErrorIs(t, o.Check(), payshield.ErrOptions)
		_, err := payshield.New(fixed(""), o)
		require.ErrorIs(t, err, payshield.ErrOptions)
		_, err = simulator.New(simulator.Config{LMK: simulator.TestLMK(), Device: o})
		require.ErrorIs(t, err, payshield.ErrOptions)
	}
	require.ErrorIs(t, dial(t, simulator.TestLMK(), payshield.Options{LMK: "x", AllowTestLMK: true}), payshield.ErrOptions)
	require.Equal(t, 0xFFFF, payshield.Options{}.Framing().Max())
	require.NoError(t, payshield.Options{Header: 32, Trailer: strings.Repeat("x", 32), LMK: "99"}.Check())
	for _, c := range []simulator.Config{{}, {LMK: simulator.TestLMK(), Firmware: "short"}, {LMK: simulator.TestLMK(), PINLength: 13}, {LMK: simulator.TestLMK(), PINLength: 3}, {LMK: simulator.TestLMK(), PINLength: -1}} {
		_, err := simulator.New(c)
		require.ErrorIs(t, err, simulator.ErrConfig)
	}
}

func TestPoolOfTwoLines(t *testing.T) {
	o := payshield.Options{AllowTestLMK: true}
	listener := connectiontest.Listen()
	server := newSimulator(t, o).Server()
	go server.Serve(listener)
	defer server.Close()
	config := o.Connection()
	config.Dialer = listener.Dial
	p, err := pool.New(pool.Config{Connection: config, Lines: []pool.Line{{Name: "a", Address: "a"}, {Name: "b", Address: "b"}}})
	require.NoError(t, err)
	defer p.Close()
	client, err := payshield.New(p, o)
	require.NoError(t, err)
	patient, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for range 100 {
		require.NoError(t, client.Echo(patient, "there"))
	}
}

func TestStatus(t *testing.T) {
	status, err := connect(t, payshield.Options{}).Status(ctx)
	require.NoError(t, err)
	require.Equal(t, payshield.Status{Buffer: 32, TCP: true, Sockets: 64, Firmware: "1234-5678"}, status)
	status, err = connect(t, payshield.Options{Trailer: "END"}).Status(ctx)
	require.NoError(t, err)
	require.Equal(t, 64, status.Sockets)
	for reply, want := range map[string]payshield.Status{
		"NP0000021234-567800000":   {Buffer: 2, Sockets: 2, Firmware: "1234-5678"},
		"NP0011641234-567800000":   {Buffer: 8, TCP: true, Sockets: 64, Firmware: "1234-5678"},
		"NP002100641234-567800000": {Buffer: 16, TCP: true, Sockets: 64, Firmware: "1234-5678"},
	} {
		got, err := answering(t, reply).Status(ctx)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, reply := range []string{"NP0041641234-567800000", "NP0032641234-567800000"} {
		_, err := answering(t, reply).Status(ctx)
		require.ErrorIs(t, err, payshield.ErrReply)
	}
}

func TestEchoOfOtherText(t *testing.T) {
	require.ErrorIs(t, answering(t, "B300abd").Echo(ctx, "abc"), payshield.ErrReply)
	require.ErrorIs(t, answering(t, "B300").Echo(ctx, strings.Repeat("x", 1025)), payshield.ErrData)
	require.ErrorIs(t, answering(t, "B300").Echo(ctx, "\n"), payshield.ErrData)
	require.NoError(t, connect(t, payshield.Options{}).Echo(ctx, strings.Repeat("x", 1024)))
	require.NoError(t, connect(t, payshield.Options{}).Echo(ctx, ""))
}
