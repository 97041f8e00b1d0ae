//go:build !unix

package connection

import "net"

// rawIO exists where sockets can be read and written without waiting.
type rawIO struct{}

func newRawIO(net.Conn) *rawIO { return nil }

func (*rawIO) read(*buffer) (*buffer, int, error) { panic("bug: no raw sockets on this system") }

func (*rawIO) write([]byte) (int, error) { panic("bug: no raw sockets on this system") }
