//go:build unix

package connection

import (
	"io"
	"net"
	"syscall"
)

// rawIO reads and writes a plain socket through the runtime's poller: reading needs a buffer only once there is
// something to read, and writing never waits.
type rawIO struct {
	rc      syscall.RawConn
	onRead  func(fd uintptr) bool
	onWrite func(fd uintptr) bool

	in      *buffer // of the reader; nil while nothing is to be read
	got     int
	readErr error

	out      []byte // of the writer
	put      int
	writeErr error
}

// newRawIO returns nil where the socket is not a plain one.
func newRawIO(nc net.Conn) *rawIO {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return nil
	}
	rc, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return nil
	}
	r := &rawIO{rc: rc}
	r.onRead, r.onWrite = r.tryRead, r.tryWrite
	return r
}

// read appends to in, or to a buffer of its own if in is nil, what one read returns, and waits for it if need be.
func (r *rawIO) read(in *buffer) (*buffer, int, error) {
	r.in, r.got, r.readErr = in, 0, nil
	if err := r.rc.Read(r.onRead); err != nil {
		in = r.in
		r.in = nil
		return in, 0, err
	}
	in, r.in = r.in, nil
	return in, r.got, r.readErr
}

func (r *rawIO) tryRead(fd uintptr) (done bool) {
	if r.in == nil {
		r.in = newLargeBuffer()
	}
	free := r.in.b[len(r.in.b):cap(r.in.b)]
	n, err := syscall.Read(int(fd), free)
	for err == syscall.EINTR {
		n, err = syscall.Read(int(fd), free)
	}
	switch {
	case err == syscall.EAGAIN:
		if len(r.in.b) == 0 {
			r.in.release()
			r.in = nil
		}
		return false
	case err != nil:
		r.readErr = err
	case n == 0:
		r.readErr = io.EOF
	default:
		r.got = n
		r.in.b = r.in.b[:len(r.in.b)+n]
	}
	return true
}

// write gives the system what it takes of b at once.
func (r *rawIO) write(b []byte) (int, error) {
	r.out, r.put, r.writeErr = b, 0, nil
	if err := r.rc.Write(r.onWrite); err != nil {
		return r.put, err
	}
	r.out = nil
	return r.put, r.writeErr
}

func (r *rawIO) tryWrite(fd uintptr) (done bool) {
	for r.put < len(r.out) {
		n, err := syscall.Write(int(fd), r.out[r.put:])
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return true
		case err != nil:
			r.writeErr = err
			return true
		default:
			r.put += n
		}
	}
	return true
}
