package connectiontest

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// Faults says what goes wrong on a connection. The zero value is a healthy one.
type Faults struct {
	ReadChunk  int           // bytes one read returns at most; 0 means any number
	WriteChunk int           // bytes one write passes on at a time; 0 means all
	WritePause time.Duration // before each of those

	FailWriteAfter int64 // writing fails with EPIPE once so many bytes have passed; 0 means never
	FailReadAfter  int64 // reading fails with ECONNRESET once so many bytes have passed; 0 means never

	// Alter changes what is read, in place: at is the offset of b in the stream.
	Alter func(at int64, b []byte)
}

// Inject returns nc with faults. Both directions may be used concurrently.
func Inject(nc net.Conn, f Faults) net.Conn { return &faulty{Conn: nc, f: f} }

type faulty struct {
	net.Conn
	f Faults

	reading, writing sync.Mutex
	read, written    int64
}

func (c *faulty) Read(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.f.ReadChunk > 0 && len(p) > c.f.ReadChunk {
		p = p[:c.f.ReadChunk]
	}
	if left := c.f.FailReadAfter - c.read; c.f.FailReadAfter > 0 {
		if left <= 0 {
			return 0, syscall.ECONNRESET
		}
		p = p[:min(int64(len(p)), left)]
	}
	n, err := c.Conn.Read(p)
	if c.f.Alter != nil {
		c.f.Alter(c.read, p[:n])
	}
	c.read += int64(n)
	return n, err
}

func (c *faulty) Write(p []byte) (n int, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	for len(p) > 0 && err == nil {
		part := p
		if c.f.WriteChunk > 0 {
			part = p[:min(len(p), c.f.WriteChunk)]
		}
		if left := c.f.FailWriteAfter - c.written; c.f.FailWriteAfter > 0 {
			if left <= 0 {
				return n, syscall.EPIPE
			}
			part = part[:min(int64(len(part)), left)]
		}
		time.Sleep(c.f.WritePause)
		var put int
		put, err = c.Conn.Write(part)
		n, c.written, p = n+put, c.written+int64(put), p[put:]
	}
	return n, err
}
