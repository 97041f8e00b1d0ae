package tlsconn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
)

// DialFunc opens a socket, as connection.Config.Dialer does.
type DialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// Dialer returns a connection.Config.Dialer that opens a socket with dial, a net.Dialer's if it is nil, and does the
// handshake on it within the context. Without a ServerName in config the host of the address is verified.
func Dialer(config *tls.Config, dial DialFunc) DialFunc {
	config = atLeastTLS12(config)
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		t := tls.Client(nc, named(config, address))
		if err := t.HandshakeContext(ctx); err != nil {
			nc.Close()
			return nil, fmt.Errorf("TLS handshake: %w", err)
		}
		return t, nil
	}
}

// named returns a config that knows the name to verify.
func named(config *tls.Config, address string) *tls.Config {
	if config.ServerName != "" || config.InsecureSkipVerify {
		return config
	}
	config = config.Clone()
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	config.ServerName = host
	return config
}

// Listener returns a listener for connection.Server.Serve that accepts TLS on ln. It does no handshake itself: the
// server does, off its accept loop and within Config.HandshakeTimeout.
func Listener(ln net.Listener, config *tls.Config) net.Listener {
	return tls.NewListener(ln, atLeastTLS12(config))
}

// atLeastTLS12 returns a copy of config, of the zero one if it is nil, that speaks nothing older than TLS 1.2.
func atLeastTLS12(config *tls.Config) *tls.Config {
	if config = config.Clone(); config == nil {
		config = new(tls.Config)
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	return config
}

// ClientConfig is the configuration of a client that trusts the given authorities, those of the system if nil, and
// shows its own certificate to hosts that ask for one, unless own is nil.
func ClientConfig(own *CertificateFiles, authorities *x509.CertPool) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities}
	if own != nil {
		config.GetClientCertificate = own.ForClient
	}
	return config
}

// ServerConfig is the configuration of a host with its own certificate. Where clients is not nil, every client must
// show a certificate that one of these authorities issued; where it is nil, clients stay unknown.
func ServerConfig(own *CertificateFiles, clients *x509.CertPool) (*tls.Config, error) {
	if own == nil {
		return nil, errors.New("tlsconn: a host needs a certificate")
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: own.ForServer}
	if clients != nil {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, clients
	}
	return config, nil
}
