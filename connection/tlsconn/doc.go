// Package tlsconn puts connections on TLS, both ways: Dialer is for connection.Config.Dialer, Listener for
// connection.Server.Serve, ClientConfig and ServerConfig say who must show a certificate and who may have issued it,
// CertificateFiles follows files that are replaced, and PeerOf tells who the other side has proved to be.
//
// It is a package of its own so that a program with plain connections does not link crypto/tls.
//
// # Security
//
// Nothing older than TLS 1.2 is spoken. A client verifies the host's certificate against the name or address that it
// dialed, unless the configuration says otherwise. An Identity comes only from a certificate that was verified.
package tlsconn
