package tlsconn

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"

	"github.com/posline/posline/connection"
)

// Identity is who a peer has proved to be.
type Identity struct {
	Name        string   // the common name of the certificate's subject
	DNSNames    []string // the other names that it is good for
	Serial      string   // the serial number, in hexadecimal digits
	Fingerprint [32]byte // SHA-256 of the certificate
	Certificate *x509.Certificate
}

// PeerOf returns the identity of a connection's peer. ok is false where there is no proof: on a plain connection, when
// the peer showed no certificate, and when the configuration let one pass without verifying it.
func PeerOf(c *connection.Conn) (peer Identity, ok bool) {
	state, ok := State(c)
	if !ok || len(state.VerifiedChains) == 0 || len(state.PeerCertificates) == 0 {
		return Identity{}, false
	}
	cert := state.PeerCertificates[0]
	return Identity{
		Name:        cert.Subject.CommonName,
		DNSNames:    cert.DNSNames,
		Serial:      cert.SerialNumber.Text(16),
		Fingerprint: sha256.Sum256(cert.Raw),
		Certificate: cert,
	}, true
}

// State returns the state of a connection's TLS; ok is false for a plain one.
func State(c *connection.Conn) (state tls.ConnectionState, ok bool) {
	t, ok := c.NetConn().(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return state, false
	}
	return t.ConnectionState(), true
}
