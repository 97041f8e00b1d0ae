package scenario

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"github.com/posline/posline/connection/tlsconn"
	"github.com/posline/posline/examples/realtime/identity"
)

// between is the one who can read and change lines that have TLS, because the authority has given it certificates of its
// own: it is the acquirer to terminals, and to the acquirer each terminal in turn. So what is behind TLS is tested against
// somebody who is through it.
type between struct {
	authority *identity.Authority
	host      tls.Certificate

	mu  sync.Mutex
	own map[identity.Device]*tls.Config // as each device
}

func newBetween(authority *identity.Authority) (*between, error) {
	host, err := authority.Host(net.IPv4(127, 0, 0, 1))
	return &between{authority: authority, host: host, own: make(map[identity.Device]*tls.Config)}, err
}

// handshakeWithin bounds both handshakes.
const handshakeWithin = 5 * time.Second

// open does the handshakes of both sides.
func (b *between) open(near, far net.Conn) (plainNear, plainFar net.Conn, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeWithin)
	defer cancel()
	server := tls.Server(near, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{b.host},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: b.authority.Pool()})
	if err := server.HandshakeContext(ctx); err != nil {
		return nil, nil, err
	}
	device, _ := identity.In(server.ConnectionState())
	config, err := b.as(device)
	if err != nil {
		return nil, nil, err
	}
	dial := tlsconn.Dialer(config, func(context.Context, string, string) (net.Conn, error) { return far, nil })
	plainFar, err = dial(ctx, "tcp", far.RemoteAddr().String())
	return server, plainFar, err
}

// as returns the configuration of a client that is that device.
func (b *between) as(device identity.Device) (*tls.Config, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if config := b.own[device]; config != nil {
		return config, nil
	}
	own, err := identity.Make(b.authority.Certificate(), func(request []byte) ([]byte, error) { return b.authority.Issue(request, device) })
	if err != nil {
		return nil, err
	}
	config, err := own.Config()
	if err == nil {
		b.own[device] = config
	}
	return config, err
}
