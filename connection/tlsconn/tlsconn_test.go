package tlsconn_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/connection/tlsconn"
	"github.com/stretchr/testify/require"
)

// authority issues certificates for the tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{cert, key, pool}
}

// issue writes a certificate and its key as PEM files.
func (a *authority) issue(t *testing.T, dir, name string, serial int64) (certFile, keyFile string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name + ".example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certFile, keyFile = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	return certFile, keyFile
}

var binary2 = connection.MustNewFraming(connection.Descriptor{Width: 2})

// key reads frames of 4 digits of MTI, 6 of STAN, any text.
func key(frame []byte) (key [32]byte, kind uint8, err error) {
	copy(key[:], frame[:10])
	key[2] &^= 1
	return key, connection.KindRequest + frame[2]&1, nil
}

func answer(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
	reply = append(reply, frame...)
	reply[2]++
	return reply, nil
}

func request(stan int) []byte { return fmt.Appendf(nil, "0200%06d", stan) }

// serve runs a TLS server on loopback until the test ends.
func serve(t *testing.T, config *tls.Config, hooks connection.Hooks) (s *connection.Server, address string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s = &connection.Server{Config: connection.Config{Framing: binary2, Key: key, Handler: answer, Hooks: hooks}}
	served := make(chan error, 1)
	go func() { served <- s.Serve(tlsconn.Listener(ln, config)) }()
	t.Cleanup(func() {
		s.Close()
		require.ErrorIs(t, <-served, connection.ErrServerClosed)
	})
	return s, ln.Addr().String()
}

func dial(t *testing.T, address string, config *tls.Config) (*connection.Conn, error) {
	c, err := connection.Dial(context.Background(), "tcp", address, connection.Config{
		Framing: binary2, Key: key, Timeout: 5 * time.Second, Dialer: tlsconn.Dialer(config, nil),
	})
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

func mustDial(t *testing.T, address string, config *tls.Config) *connection.Conn {
	c, err := dial(t, address, config)
	require.NoError(t, err)
	return c
}

func certificateFiles(t *testing.T, certFile, keyFile string, every time.Duration) *tlsconn.CertificateFiles {
	files, err := tlsconn.NewCertificateFiles(certFile, keyFile, every)
	require.NoError(t, err)
	return files
}

func serverConfig(t *testing.T, own *tlsconn.CertificateFiles, clients *x509.CertPool) *tls.Config {
	config, err := tlsconn.ServerConfig(own, clients)
	require.NoError(t, err)
	return config
}

// TestMutualTLS: both sides prove who they are, learn it of each other, and many senders share the connection.
func TestMutualTLS(t *testing.T) {
	ca, dir := newAuthority(t), t.TempDir()
	hostCert, hostKey := ca.issue(t, dir, "host", 10)
	terminalCert, terminalKey := ca.issue(t, dir, "terminal", 0xAB)
	terminals := make(chan tlsconn.Identity, 1)
	_, address := serve(t, serverConfig(t, certificateFiles(t, hostCert, hostKey, 0), ca.pool), connection.Hooks{
		Connected: func(c *connection.Conn) {
			if peer, ok := tlsconn.PeerOf(c); ok {
				terminals <- peer
			}
		},
	})
	c := mustDial(t, address, tlsconn.ClientConfig(certificateFiles(t, terminalCert, terminalKey, 0), ca.pool))
	var wg sync.WaitGroup
	for g := range 32 {
		wg.Go(func() {
			for i := range 50 {
				if _, err := c.Exchange(context.Background(), request(g*100+i), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	state, ok := tlsconn.State(c)
	require.True(t, ok)
	require.GreaterOrEqual(t, state.Version, uint16(tls.VersionTLS12))
	host, ok := tlsconn.PeerOf(c)
	require.True(t, ok)
	require.Equal(t, "host", host.Name)
	terminal := <-terminals
	require.Equal(t, "terminal", terminal.Name)
	require.Equal(t, []string{"terminal.example"}, terminal.DNSNames)
	require.Equal(t, "ab", terminal.Serial)
	require.Equal(t, sha256.Sum256(terminal.Certificate.Raw), terminal.Fingerprint)
}

// TestStrangersAreRefused: who shows no certificate, one from somebody else, or speaks an old version.
func TestStrangersAreRefused(t *testing.T) {
	ca, dir := newAuthority(t), t.TempDir()
	hostCert, hostKey := ca.issue(t, dir, "host", 10)
	cert, key := ca.issue(t, dir, "terminal", 20)
	terminal := certificateFiles(t, cert, key, 0)
	cert, key = newAuthority(t).issue(t, dir, "stranger", 30)
	stranger := certificateFiles(t, cert, key, 0)
	refused := make(chan error, 1)
	_, address := serve(t, serverConfig(t, certificateFiles(t, hostCert, hostKey, 0), ca.pool), connection.Hooks{
		Refused: func(_ net.Addr, why error) { refused <- why },
	})
	for _, own := range []*tlsconn.CertificateFiles{nil, stranger} {
		c, err := dial(t, address, tlsconn.ClientConfig(own, ca.pool))
		if err == nil { // in TLS 1.3 the client learns of the refusal when it reads
			<-c.Done()
		}
		require.ErrorContains(t, <-refused, "certificate")
	}

	old := tlsconn.ClientConfig(terminal, ca.pool)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	_, err := dial(t, address, old)
	require.Error(t, err)
	require.True(t, connection.SafeToRetry(err))
	nc, err := tls.Dial("tcp", address, old)
	require.Error(t, err, "the host speaks nothing old either")
	require.Nil(t, nc)

	_, err = dial(t, address, tlsconn.ClientConfig(terminal, newAuthority(t).pool))
	require.ErrorContains(t, err, "unknown authority")
	named := tlsconn.ClientConfig(terminal, ca.pool)
	named.ServerName = "another.example"
	_, err = dial(t, address, named)
	require.ErrorContains(t, err, "another.example")
	named.ServerName = "host.example"
	mustDial(t, address, named)
}

// TestUnverifiedIsNobody: a certificate that was not verified proves nothing, and a plain connection has none.
func TestUnverifiedIsNobody(t *testing.T) {
	ca, dir := newAuthority(t), t.TempDir()
	cert, key := ca.issue(t, dir, "host", 10)
	config := serverConfig(t, certificateFiles(t, cert, key, 0), nil)
	s, address := serve(t, config, connection.Hooks{})
	c := mustDial(t, address, &tls.Config{InsecureSkipVerify: true})
	state, ok := tlsconn.State(c)
	require.True(t, ok)
	require.Len(t, state.PeerCertificates, 1)
	_, ok = tlsconn.PeerOf(c)
	require.False(t, ok)
	require.Eventually(t, func() bool { return len(s.Conns()) == 1 }, 5*time.Second, time.Millisecond)
	_, ok = tlsconn.PeerOf(s.Conns()[0])
	require.False(t, ok, "a client that was not asked")

	client, _ := connectiontest.Pipe()
	plain, err := connection.NewConn(client, connection.Config{Framing: binary2})
	require.NoError(t, err)
	defer plain.Close()
	_, ok = tlsconn.State(plain)
	require.False(t, ok)
	_, ok = tlsconn.PeerOf(plain)
	require.False(t, ok)
}

func TestReload(t *testing.T) {
	ca, dir := newAuthority(t), t.TempDir()
	hostCert, hostKey := ca.issue(t, dir, "host", 10)
	files := certificateFiles(t, hostCert, hostKey, time.Nanosecond)
	_, address := serve(t, serverConfig(t, files, nil), connection.Hooks{})
	client := tlsconn.ClientConfig(nil, ca.pool)
	serial := func(c *connection.Conn) string {
		host, ok := tlsconn.PeerOf(c)
		require.True(t, ok)
		return host.Serial
	}
	old := mustDial(t, address, client)
	require.Equal(t, "a", serial(old))

	ca.issue(t, dir, "host", 11)
	require.Equal(t, "b", serial(mustDial(t, address, client)), "a new handshake uses the new certificate")
	_, err := old.Exchange(context.Background(), request(1), nil)
	require.NoError(t, err, "an old connection goes on")

	require.NoError(t, os.WriteFile(hostCert, []byte("half a fi"), 0o600))
	require.Equal(t, "b", serial(mustDial(t, address, client)), "a file that does not load changes nothing")
	require.Error(t, files.Err())
	require.Error(t, files.Reload())

	ca.issue(t, dir, "host", 12)
	require.Equal(t, "c", serial(mustDial(t, address, client)), "and is tried again")
	require.NoError(t, files.Err())
}

// TestReloadOnlyWhenAsked: without an interval the files are looked at when the program says so.
func TestReloadOnlyWhenAsked(t *testing.T) {
	ca, dir := newAuthority(t), t.TempDir()
	cert, key := ca.issue(t, dir, "host", 10)
	files := certificateFiles(t, cert, key, 0)
	serial := func() int64 {
		c, err := files.ForServer(nil)
		require.NoError(t, err)
		same, err := files.ForClient(nil)
		require.NoError(t, err)
		require.Same(t, c, same)
		return c.Leaf.SerialNumber.Int64()
	}
	ca.issue(t, dir, "host", 11)
	require.EqualValues(t, 10, serial())
	require.NoError(t, files.Reload())
	require.EqualValues(t, 11, serial())

	_, err := tlsconn.NewCertificateFiles(cert, filepath.Join(dir, "nothing"), 0)
	require.Error(t, err)
	_, err = tlsconn.ServerConfig(nil, nil)
	require.Error(t, err)
}

// TestReloadInterval: files are looked at again once the interval has passed, and not before.
func TestReloadInterval(t *testing.T) {
	ca, dir := newAuthority(t), t.TempDir()
	cert, key := ca.issue(t, dir, "host", 10)
	synctest.Test(t, func(t *testing.T) {
		files := certificateFiles(t, cert, key, time.Minute)
		serial := func() int64 {
			c, err := files.ForServer(nil)
			require.NoError(t, err)
			return c.Leaf.SerialNumber.Int64()
		}
		ca.issue(t, dir, "host", 11)
		time.Sleep(time.Minute - time.Nanosecond)
		require.EqualValues(t, 10, serial())
		time.Sleep(time.Nanosecond)
		require.EqualValues(t, 11, serial())
		ca.issue(t, dir, "host", 12)
		time.Sleep(time.Minute - time.Nanosecond)
		require.EqualValues(t, 11, serial(), "the interval begins again")
		time.Sleep(time.Nanosecond)
		require.EqualValues(t, 12, serial())
	})
}

// TestSilentPeerIsRefused: who connects and says nothing holds a place for the time of a handshake only, both ways.
func TestSilentPeerIsRefused(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.issue(t, t.TempDir(), "host", 1)
	config := serverConfig(t, certificateFiles(t, cert, key, 0), nil)
	synctest.Test(t, func(t *testing.T) {
		listener := connectiontest.Listen()
		var refused error
		s := &connection.Server{Config: connection.Config{
			Framing: binary2, HandshakeTimeout: 3 * time.Second,
			Hooks: connection.Hooks{Refused: func(_ net.Addr, why error) { refused = why }},
		}}
		go s.Serve(tlsconn.Listener(listener, config))
		defer s.Close()
		nc, err := listener.Dial(t.Context(), "", "")
		require.NoError(t, err)
		start := time.Now()
		_, err = nc.Read(make([]byte, 1))
		require.Error(t, err)
		require.Equal(t, 3*time.Second, time.Since(start))
		synctest.Wait()
		require.ErrorIs(t, refused, context.DeadlineExceeded)

		start = time.Now()
		_, err = connection.Dial(t.Context(), "memory", "host", connection.Config{
			Framing: binary2, HandshakeTimeout: 2 * time.Second,
			Dialer: tlsconn.Dialer(tlsconn.ClientConfig(nil, ca.pool), connectiontest.Dialer(binary2, func(p *connectiontest.Peer) { io.Copy(io.Discard, p) })),
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, connection.SafeToRetry(err))
		require.Equal(t, 2*time.Second, time.Since(start))
	})
	_, err := tlsconn.Dialer(new(tls.Config), func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no route")
	})(t.Context(), "tcp", "host:1")
	require.EqualError(t, err, "no route")
}

// TestNothingGiven: without a config that of crypto/tls counts, and without files there is no certificate.
func TestNothingGiven(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.issue(t, t.TempDir(), "host", 1)
	_, address := serve(t, serverConfig(t, certificateFiles(t, cert, key, 0), nil), connection.Hooks{})
	_, err := dial(t, address, nil)
	require.ErrorContains(t, err, "unknown authority", "those of the system")

	refused := make(chan error, 1)
	_, address = serve(t, nil, connection.Hooks{Refused: func(_ net.Addr, why error) { refused <- why }})
	_, err = dial(t, address, &tls.Config{InsecureSkipVerify: true})
	require.Error(t, err)
	require.ErrorContains(t, <-refused, "no certificates configured")

	none := new(tlsconn.CertificateFiles)
	_, err = none.ForClient(nil)
	require.Error(t, err)
	_, err = none.ForServer(nil)
	require.Error(t, err)
}
