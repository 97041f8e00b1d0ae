//go:build unix

package connection

import (
	"io"
	"net"
	"syscall"
)

// rawReader reads a plain socket through the runtime's poller: reading needs a buffer only once there is something to
// read. It is for one goroutine.
type rawReader struct {
	rc     syscall.RawConn
	onRead func(fd uintptr) bool
	in     *buffer // nil while nothing is to be read
	got    int
	err    syscall.Errno
}

// newRawReader returns nil where the socket is not a plain one.
func newRawReader(nc net.Conn) *rawReader {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return nil
	}
	rc, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return nil
	}
	r := &rawReader{rc: rc}
	r.onRead = r.try
	return r
}

// read appends to in, or to a buffer of its own if in is nil, what one read returns, and waits for it if need be.
func (r *rawReader) read(in *buffer) (*buffer, int, error) {
	r.in, r.got, r.err = in, 0, 0
	err := r.rc.Read(r.onRead)
	in, r.in = r.in, nil
	switch {
	case err != nil:
	case r.err != 0:
		err = r.err
	case r.got == 0:
		err = io.EOF
	}
	return in, r.got, err
}

func (r *rawReader) try(fd uintptr) (done bool) {
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
		r.err, _ = err.(syscall.Errno)
	default:
		r.got = n
		r.in.b = r.in.b[:len(r.in.b)+n]
	}
	return true
}

// rawWriter writes to a plain socket without waiting. It is for one goroutine at a time.
type rawWriter struct {
	rc      syscall.RawConn
	onWrite func(fd uintptr) bool
	out     []byte
	put     int
	err     error
}

// newRawWriter returns nil where the socket is not a plain one.
func newRawWriter(r *rawReader) *rawWriter {
	if r == nil {
		return nil
	}
	w := &rawWriter{rc: r.rc}
	w.onWrite = w.try
	return w
}

// write gives the system what it takes of b at once.
func (w *rawWriter) write(b []byte) (int, error) {
	w.out, w.put, w.err = b, 0, nil
	err := w.rc.Write(w.onWrite)
	if err == nil {
		err = w.err
	}
	w.out = nil
	return w.put, err
}

func (w *rawWriter) try(fd uintptr) (done bool) {
	for w.put < len(w.out) {
		n, err := syscall.Write(int(fd), w.out[w.put:])
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return true
		case err != nil:
			w.err = err
			return true
		default:
			w.put += n
		}
	}
	return true
}
