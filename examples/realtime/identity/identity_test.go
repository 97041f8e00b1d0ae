package identity

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/tlsconn"
)

var device = Device{Serial: "00000402G000100001", Merchant: "898440354110001"}

// made is a device's identity from an authority.
func made(t *testing.T, a *Authority, d Device) *Own {
	own, err := Make(a.Certificate(), func(request []byte) ([]byte, error) { return a.Issue(request, d) })
	require.NoError(t, err)
	return own
}

// meet connects a client to a host that trusts an authority, and returns whom the host has met.
func meet(t *testing.T, a *Authority, client *tls.Config) (met Device, ok bool, err error) {
	host, err := a.Host(net.IPv4(127, 0, 0, 1))
	require.NoError(t, err)
	near, far, err := pipe()
	require.NoError(t, err)
	defer near.Close()
	defer far.Close()
	type side struct {
		d   Device
		ok  bool
		err error
	}
	served := make(chan side, 1)
	go func() {
		server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{host}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.Pool()})
		far.SetDeadline(time.Now().Add(10 * time.Second))
		if err := server.Handshake(); err != nil {
			far.Close()
			served <- side{err: err}
			return
		}
		d, ok := In(server.ConnectionState())
		served <- side{d, ok, nil}
	}()
	client = client.Clone()
	client.ServerName = "127.0.0.1"
	near.SetDeadline(time.Now().Add(10 * time.Second))
	err = tls.Client(near, client).Handshake()
	if err != nil {
		near.Close()
	}
	s := <-served
	if s.err != nil {
		err = s.err
	}
	return s.d, s.ok, err
}

// pipe is a connection with buffers, as tls needs them where both sides speak at once.
func pipe() (near, far net.Conn, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer listener.Close()
	if near, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		return nil, nil, err
	}
	far, err = listener.Accept()
	return near, far, err
}

func TestDevice(t *testing.T) {
	a, err := NewAuthority()
	require.NoError(t, err)
	config, err := made(t, a, device).Config()
	require.NoError(t, err)
	met, ok, err := meet(t, a, config)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, device, met)

	key, err := a.Key()
	require.NoError(t, err)
	again, err := ParseAuthority(a.Certificate(), key)
	require.NoError(t, err)
	other := Device{Serial: "00000402G000100002", Merchant: "898440354110002"}
	config, err = made(t, again, other).Config()
	require.NoError(t, err)
	met, _, err = meet(t, a, config)
	require.NoError(t, err)
	require.Equal(t, other, met, "the authority after a restart")
}

// TestStrangers are not let in, on either side.
func TestStrangers(t *testing.T) {
	a, err := NewAuthority()
	require.NoError(t, err)
	stranger, err := NewAuthority()
	require.NoError(t, err)
	own := made(t, a, device)
	config, err := own.Config()
	require.NoError(t, err)
	_, _, err = meet(t, stranger, config)
	require.Error(t, err, "a host of another authority")

	forged := made(t, stranger, device)
	forged.Authority = a.Certificate()
	config, err = forged.Config()
	require.NoError(t, err)
	_, _, err = meet(t, a, config)
	require.Error(t, err, "a device of another authority")

	host, err := a.Host(net.IPv4(127, 0, 0, 1))
	require.NoError(t, err)
	_, _, err = meet(t, a, &tls.Config{RootCAs: a.Pool(), Certificates: []tls.Certificate{host}})
	require.Error(t, err, "a host is no device")
	_, _, err = meet(t, a, &tls.Config{RootCAs: a.Pool()})
	require.Error(t, err, "nobody")
	_, ok := In(tls.ConnectionState{})
	require.False(t, ok)
}

func TestIssue(t *testing.T) {
	a, err := NewAuthority()
	require.NoError(t, err)
	for _, d := range []Device{{}, {Serial: "1"}, {Merchant: "1"}} {
		_, err := Make(a.Certificate(), func(request []byte) ([]byte, error) { return a.Issue(request, d) })
		require.Error(t, err)
	}
	_, err = Make(a.Certificate(), func(request []byte) ([]byte, error) {
		spoilt := append([]byte(nil), request...)
		spoilt[len(spoilt)-1] ^= 1
		return a.Issue(spoilt, device)
	})
	require.ErrorIs(t, err, ErrRequest)
	_, err = a.Issue([]byte("request"), device)
	require.ErrorIs(t, err, ErrRequest)
}

// TestPrinting: a private key is in no log.
func TestPrinting(t *testing.T) {
	a, err := NewAuthority()
	require.NoError(t, err)
	own := made(t, a, device)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("own", "own", own)
	for _, text := range []string{fmt.Sprint(own), fmt.Sprintf("%v %+v %#v %x", own, own, own, own), log.String()} {
		require.NotContains(t, text, fmt.Sprintf("%x", own.Key[40:60]))
		require.NotContains(t, text, fmt.Sprint(own.Key[40:50])[1:20])
		require.Less(t, len(text), 400)
	}
}

// TestOf: a plain connection proves nothing, and one with TLS whose other end is.
func TestOf(t *testing.T) {
	a, err := NewAuthority()
	require.NoError(t, err)
	host, err := a.Host(net.IPv4(127, 0, 0, 1))
	require.NoError(t, err)
	met := make(chan Device, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	framing, err := connection.FramingByName("binary2")
	require.NoError(t, err)
	server := &connection.Server{Config: connection.Config{Framing: framing, SignOn: func(_ context.Context, c *connection.Conn) error {
		d, _ := Of(c)
		met <- d
		return nil
	}}}
	defer server.Close()
	go server.Serve(tlsconn.Listener(listener, &tls.Config{Certificates: []tls.Certificate{host}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.Pool()}))
	config, err := made(t, a, device).Config()
	require.NoError(t, err)
	c, err := connection.Dial(t.Context(), "tcp", listener.Addr().String(), connection.Config{Framing: framing, Dialer: tlsconn.Dialer(config, nil)})
	require.NoError(t, err)
	defer c.Close()
	require.Equal(t, device, <-met)
	_, ok := Of(c)
	require.False(t, ok, "a host is no device")
}
