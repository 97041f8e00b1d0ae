package connection_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/posline/posline/connection"
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
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certFile, keyFile = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	return certFile, keyFile
}

func TestMutualTLSWithReload(t *testing.T) {
	ca, dir := newAuthority(t), t.TempDir()
	hostCert, hostKey := ca.issue(t, dir, "host", 10)
	server, err := connection.NewCertificateFiles(hostCert, hostKey, time.Nanosecond)
	require.NoError(t, err)
	terminal, err := certificateFiles(ca.issue(t, dir, "terminal", 20))
	require.NoError(t, err)

	cfg := testConfig(t)
	cfg.Handler = answer
	refused := make(chan error, 1)
	address := startServer(t, &connection.Server{Config: cfg,
		TLS:     &tls.Config{GetCertificate: server.ForServer, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool},
		Refused: func(_ net.Addr, why error) { refused <- why },
	})
	client := testConfig(t)
	client.TLS = &tls.Config{RootCAs: ca.pool, GetClientCertificate: terminal.ForClient}
	serial := func(c *connection.Conn) int64 {
		state, ok := c.TLS()
		require.True(t, ok)
		require.GreaterOrEqual(t, state.Version, uint16(tls.VersionTLS12))
		return state.PeerCertificates[0].SerialNumber.Int64()
	}
	old := dial(t, address, client)
	var wg sync.WaitGroup
	for g := range 32 {
		wg.Go(func() {
			for i := range 50 {
				if _, err := old.Exchange(context.Background(), request("0200", g*100+i, "x"), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 10, serial(old))

	ca.issue(t, dir, "host", 11)
	fresh := dial(t, address, client)
	require.EqualValues(t, 11, serial(fresh), "a new handshake uses the new certificate")
	_, err = old.Exchange(context.Background(), request("0200", 1, ""), nil)
	require.NoError(t, err, "an old connection goes on")

	require.NoError(t, os.WriteFile(hostCert, []byte("half a fi"), 0o600))
	require.EqualValues(t, 11, serial(dial(t, address, client)), "a file that does not load changes nothing")
	require.Error(t, server.Err())

	nobody := testConfig(t)
	nobody.TLS = &tls.Config{RootCAs: ca.pool}
	c, err := connection.Dial(context.Background(), "tcp", address, nobody)
	if err == nil { // in TLS 1.3 the client learns of the refusal when it reads
		<-c.Done()
	}
	require.ErrorContains(t, <-refused, "certificate")

	ancient := testConfig(t)
	ancient.TLS = &tls.Config{RootCAs: ca.pool, GetClientCertificate: terminal.ForClient, MaxVersion: tls.VersionTLS11}
	_, err = connection.Dial(context.Background(), "tcp", address, ancient)
	require.Error(t, err, "nothing older than TLS 1.2")
	require.True(t, connection.SafeToRetry(err))
}

func TestServerHandshakeTimesOut(t *testing.T) {
	ca := newAuthority(t)
	files, err := certificateFiles(ca.issue(t, t.TempDir(), "host", 1))
	require.NoError(t, err)
	cfg := testConfig(t)
	cfg.HandshakeTimeout = 50 * time.Millisecond
	refused := make(chan error, 1)
	address := startServer(t, &connection.Server{Config: cfg, TLS: &tls.Config{GetCertificate: files.ForServer},
		Refused: func(_ net.Addr, why error) { refused <- why }})
	nc, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer nc.Close()
	require.ErrorIs(t, <-refused, os.ErrDeadlineExceeded)
}

func certificateFiles(certFile, keyFile string) (*connection.CertificateFiles, error) {
	return connection.NewCertificateFiles(certFile, keyFile, 0)
}
