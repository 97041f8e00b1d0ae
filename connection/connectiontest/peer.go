package connectiontest

import (
	"context"
	"net"

	"github.com/posline/posline/connection"
)

// Peer plays the other side of a connection, frame by frame, as the code of a test tells it:
//
//	dialer := connectiontest.Dialer(framing, func(p *connectiontest.Peer) {
//		request, _ := p.Receive()
//		p.Send(answerTo(request)[:7]) // half an answer, then silence
//	})
//
// Its methods are for one goroutine.
type Peer struct {
	net.Conn
	framing connection.Framing
	in      []byte
}

// NewPeer plays on a socket that is already open.
func NewPeer(nc net.Conn, framing connection.Framing) *Peer {
	return &Peer{Conn: nc, framing: framing}
}

// Receive returns the next frame; keep-alives are dropped and not answered.
func (p *Peer) Receive() ([]byte, error) {
	buf := make([]byte, 4096)
	for {
		cut, err := p.framing.Next(p.in)
		if err != nil {
			return nil, err
		}
		if cut.Size > 0 {
			frame := append([]byte(nil), cut.Frame...)
			p.in = p.in[cut.Size:]
			if cut.Frame != nil {
				return frame, nil
			}
			continue
		}
		n, err := p.Read(buf)
		p.in = append(p.in, buf[:n]...)
		if err != nil {
			return nil, err
		}
	}
}

// Send sends one frame.
func (p *Peer) Send(frame []byte) error {
	wire, err := p.framing.AppendFrame(nil, nil, frame)
	if err != nil {
		return err
	}
	_, err = p.Write(wire)
	return err
}

// SendRaw sends bytes as they are: half a frame, a wrong length, anything.
func (p *Peer) SendRaw(b []byte) error {
	_, err := p.Write(b)
	return err
}

// CloseWrite ends the direction to the other side.
func (p *Peer) CloseWrite() error {
	return p.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

// Reset breaks the connection, as a crashed machine or a firewall does.
func (p *Peer) Reset() {
	switch c := p.Conn.(type) {
	case *Stream:
		c.Reset()
	case *net.TCPConn:
		c.SetLinger(0)
		c.Close()
	default:
		c.Close()
	}
}

// Dialer is for connection.Config.Dialer: every dial gives a connection in memory whose other side play plays, in a
// goroutine of its own. The connection is closed when play returns.
func Dialer(framing connection.Framing, play func(p *Peer)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := Pipe()
		go func() {
			defer server.Close()
			play(NewPeer(server, framing))
		}()
		return client, nil
	}
}
