package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
)

// serveEcho answers frames with themselves, their MTI made an answer's, until its standard input ends.
func serveEcho() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(ln.Addr())
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go echoFrames(c)
		}
	}()
	io.Copy(io.Discard, os.Stdin)
}

// echoFrames does one write for each read.
func echoFrames(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 0, 256*wireFrame)
	for {
		n, err := c.Read(buf[len(buf):cap(buf)])
		if err != nil {
			return
		}
		buf = buf[:len(buf)+n]
		whole := len(buf) / wireFrame * wireFrame
		for at := 0; at < whole; at += wireFrame {
			buf[at+4] |= 1
		}
		if whole > 0 {
			if _, err := c.Write(buf[:whole]); err != nil {
				return
			}
		}
		buf = buf[:copy(buf, buf[whole:])]
	}
}

// pipelined is the floor: frames on a bare socket, so many in flight at a time. One goroutine reads and cuts frames,
// and another writes one for each that was answered, as many as there are in one write.
func pipelined(c net.Conn, window int, frame []byte) Work {
	batch := repeated(frame, window)
	in := make([]byte, len(batch))
	return func(n int) {
		answered := make(chan int, window)
		answered <- window
		go func() {
			for left := n; left > 0; {
				due := min(allOf(answered), left)
				if _, err := c.Write(batch[:due*wireFrame]); err != nil {
					panic(err)
				}
				left -= due
			}
		}()
		for held, left := 0, n; left > 0; {
			size, err := c.Read(in[held:])
			if err != nil {
				panic(err)
			}
			frames, used := countFrames(in[:held+size])
			held = copy(in, in[used:held+size])
			left -= frames
			answered <- frames
		}
	}
}

// allOf waits for one number and returns the sum of it and of all that have come since.
func allOf(numbers <-chan int) int {
	sum := <-numbers
	for {
		select {
		case n := <-numbers:
			sum += n
		default:
			return sum
		}
	}
}

// countFrames returns how many whole frames b starts with, and their size.
func countFrames(b []byte) (frames, used int) {
	for used+2 <= len(b) {
		size := 2 + int(binary.BigEndian.Uint16(b[used:]))
		if used+size > len(b) {
			break
		}
		used += size
		frames++
	}
	return frames, used
}

// batched is the least work there is: a window of frames in one write, then reads until all of them are back. It
// loads the servers.
func batched(c net.Conn, window int, frame []byte) Work {
	batch := repeated(frame, window)
	in := make([]byte, len(batch))
	return func(n int) {
		for n > 0 {
			size := min(n, window) * wireFrame
			if _, err := c.Write(batch[:size]); err != nil {
				panic(err)
			}
			if _, err := io.ReadFull(c, in[:size]); err != nil {
				panic(err)
			}
			n -= window
		}
	}
}

// repeated returns a frame with its length header, so many times.
func repeated(frame []byte, times int) []byte {
	var batch []byte
	for range times {
		batch = binary.BigEndian.AppendUint16(batch, uint16(len(frame)))
		batch = append(batch, frame...)
	}
	return batch
}

func readLength(r io.Reader) (int, error) {
	var b [2]byte
	_, err := io.ReadFull(r, b[:])
	return int(binary.BigEndian.Uint16(b[:])), err
}

func writeLength(w io.Writer, n int) (int, error) {
	return w.Write(binary.BigEndian.AppendUint16(nil, uint16(n)))
}
