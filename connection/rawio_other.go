//go:build !unix

package connection

import "net"

// rawReader and rawWriter exist where sockets can be read and written without waiting.
type (
	rawReader struct{}
	rawWriter struct{}
)

func newRawReader(net.Conn) *rawReader { return nil }

func newRawWriter(*rawReader) *rawWriter { return nil }

func (*rawReader) read(*buffer) (*buffer, int, error) { panic("bug: no raw sockets on this system") }

func (*rawWriter) write([]byte) (int, error) { panic("bug: no raw sockets on this system") }
