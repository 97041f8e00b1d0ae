package terminal

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/connection/tlsconn"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
)

// TestEnroll: a terminal proves who it is, and to nobody but its acquirer.
func TestEnroll(t *testing.T) {
	k := newKit(t)
	k.config.Plain, k.config.Address = false, "127.0.0.1:5000"
	_, err := Open(k.config)
	require.ErrorIs(t, err, ErrNotEnrolled)

	authority, err := identity.NewAuthority()
	require.NoError(t, err)
	is := identity.Device{Serial: "00000402G000100001", Merchant: k.config.Merchant}
	enrol := func(a *identity.Authority) {
		require.NoError(t, Enroll(k.config.Folder, k.config.Device, a.Certificate(), func(request []byte) ([]byte, error) { return a.Issue(request, is) }))
	}
	require.ErrorIs(t, Enroll(k.config.Folder, keystore.Key([32]byte{9}), nil, nil), keystore.ErrSealed)
	enrol(authority)
	met := serveTLS(t, k, authority)
	pos := k.open()
	require.NoError(t, pos.Echo(t.Context()))
	require.Equal(t, is, <-met)
	require.NoError(t, pos.Close())

	stranger, err := identity.NewAuthority()
	require.NoError(t, err)
	enrol(stranger)
	pos = k.open()
	require.Error(t, pos.Echo(t.Context()), "another authority's host")
	require.Empty(t, met)
}

// serveTLS puts the kit's host behind TLS and returns whom it meets.
func serveTLS(t *testing.T, k *kit, a *identity.Authority) chan identity.Device {
	met := make(chan identity.Device, 10)
	own, err := a.Host(net.IPv4(127, 0, 0, 1))
	require.NoError(t, err)
	server := &connection.Server{Config: dialect.TerminalLine()}
	server.Config.Handler = func(c *connection.Conn, frame, reply []byte) ([]byte, error) {
		if d, ok := identity.Of(c); ok {
			met <- d
		}
		return k.handle(c, frame, reply)
	}
	listener := connectiontest.Listen()
	go server.Serve(tlsconn.Listener(listener, &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.Pool()}))
	t.Cleanup(func() { server.Close() })
	k.config.Dialer = listener.Dial
	return met
}

// TestIdentityIsSealed, and one that somebody has changed is none.
func TestIdentityIsSealed(t *testing.T) {
	k := newKit(t)
	k.config.Plain = false
	authority, err := identity.NewAuthority()
	require.NoError(t, err)
	var certificate []byte
	require.NoError(t, Enroll(k.config.Folder, k.config.Device, authority.Certificate(), func(request []byte) ([]byte, error) {
		certificate, err = authority.Issue(request, identity.Device{Serial: "1", Merchant: "2"})
		return certificate, err
	}))
	path := identityFile(k.config.Folder)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	sealed, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = x509.ParseCertificate(certificate)
	require.NoError(t, err)
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	for _, clear := range [][]byte{certificate[:40], block[30:80], []byte("Key"), []byte("Authority")} {
		require.NotContains(t, string(sealed), string(clear))
	}
	for _, spoilt := range [][]byte{nil, sealed[:11], sealed[:40], append(append([]byte(nil), sealed[:50]...), sealed[51:]...)} {
		require.NoError(t, os.WriteFile(path, spoilt, 0o600))
		_, err := Open(k.config)
		require.ErrorIs(t, err, ErrNotEnrolled)
		require.ErrorContains(t, err, "damaged")
	}
	require.NoFileExists(t, filepath.Join(k.config.Folder, "identity.new"))
}

// TestClock: a terminal that does not know the time learns it from the refusal, and no two sign-ins have the same second.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		acquirers := time.Now().Add(50 * time.Hour)
		var asked []time.Time
		k.asked = func(request *message.Message) {
			at, err := dialect.ClockOf(request, acquirers)
			require.NoError(t, err)
			asked = append(asked, at)
		}
		k.signIn = func(response *message.Message) {
			dialect.SetClock(response, acquirers)
			if len(asked) == 1 {
				response.Set(39, "D2")
				response.Unset(62)
			}
		}
		require.NoError(t, pos.SignIn(t.Context()))
		require.NoError(t, pos.SignIn(t.Context()))
		require.Len(t, asked, 3)
		second := acquirers.Truncate(time.Second)
		require.True(t, asked[1].Equal(second), asked[1])
		require.True(t, asked[2].Equal(second.Add(time.Second)), asked[2])
		require.Equal(t, 50*time.Hour, time.Until(acquirers).Round(time.Minute))

		k.signIn = func(response *message.Message) { response.Set(39, "D2") }
		require.ErrorIs(t, pos.SignIn(t.Context()), ErrSignIn)
		require.Len(t, asked, 5, "twice and no more")
	})
}

// TestSignInsRunAhead of the clock only so far.
func TestSignInsRunAhead(t *testing.T) {
	var c clock
	own := time.Date(2026, 11, 30, 12, 0, 0, 500, time.UTC)
	at := own.Truncate(time.Second)
	for range 10 {
		require.Equal(t, at, c.next(own))
		at = at.Add(time.Second)
	}
	require.Equal(t, own.Truncate(time.Second), c.next(own), "it was not a clock that was set back by a second")
	c.set(own.Add(time.Hour), own)
	require.Equal(t, own.Add(time.Hour).Truncate(time.Second), c.next(own))
	c.set(time.Time{}, own)
	require.Equal(t, own.Add(time.Hour+time.Second).Truncate(time.Second), c.next(own), "an answer without a time sets nothing")
}

// TestEnrollFails where the authority refuses, or the folder takes no file, and the identity before stays.
func TestEnrollFails(t *testing.T) {
	k := newKit(t)
	refused := errors.New("refused")
	enrol := func(err error) error {
		authority, failed := identity.NewAuthority()
		require.NoError(t, failed)
		return Enroll(k.config.Folder, k.config.Device, authority.Certificate(), func(request []byte) ([]byte, error) {
			if err != nil {
				return nil, err
			}
			return authority.Issue(request, identity.Device{Serial: "1", Merchant: "2"})
		})
	}
	require.ErrorIs(t, enrol(refused), refused)
	require.Error(t, Enroll(k.config.Folder, k.config.Device, nil, func([]byte) ([]byte, error) { return nil, refused }))
	require.NoFileExists(t, identityFile(k.config.Folder))
	require.NoError(t, enrol(nil))
	before, err := os.ReadFile(identityFile(k.config.Folder))
	require.NoError(t, err)
	require.ErrorIs(t, enrol(refused), refused)
	require.NoError(t, os.Mkdir(identityFile(k.config.Folder)+".new", 0o700))
	require.Error(t, enrol(nil))
	after, err := os.ReadFile(identityFile(k.config.Folder))
	require.NoError(t, err)
	require.Equal(t, before, after)
}
