package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
)

// echoVariable, when set, makes the process an echo server instead of what it was built for. The benchmark starts
// itself again with it, be it the program or the test binary.
const echoVariable = "POSLINE_BENCHMARKS_ECHO"

func init() {
	if os.Getenv(echoVariable) != "" {
		serveEcho()
		os.Exit(0)
	}
}

// echo is the child process on the other end.
type echo struct {
	address string
	stdin   io.Closer
	cmd     *exec.Cmd
}

func startEcho() (*echo, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), echoVariable+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("echo server: %w", err)
	}
	return &echo{strings.TrimSpace(address), stdin, cmd}, nil
}

func (e *echo) stop() {
	e.stdin.Close()
	e.cmd.Wait()
}

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

// pipelined is the floor: a window of frames in one write, then reads until all of them are back.
func pipelined(c net.Conn, window int, frame []byte) Work {
	var batch []byte
	for range window {
		batch = binary.BigEndian.AppendUint16(batch, uint16(len(frame)))
		batch = append(batch, frame...)
	}
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

func readLength(r io.Reader) (int, error) {
	var b [2]byte
	_, err := io.ReadFull(r, b[:])
	return int(binary.BigEndian.Uint16(b[:])), err
}

func writeLength(w io.Writer, n int) (int, error) {
	return w.Write(binary.BigEndian.AppendUint16(nil, uint16(n)))
}
