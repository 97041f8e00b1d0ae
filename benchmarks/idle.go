package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/posline/posline/connection"
)

// settled is longer than a Server takes to slim a connection that has gone idle.
const settled = 5 * time.Second

// idleConnections measures what a connection that waits costs a Server in a process of its own: resident memory once
// garbage is gone, after each connection has carried a message. What the kernel holds for the socket is not in it.
func idleConnections(n int) (bytes uint64, err error) {
	server, err := startChild("idle")
	if err != nil {
		return 0, err
	}
	defer server.stop()
	before, err := residentOf(server)
	if err != nil {
		return 0, err
	}
	conns, err := openAll(server.address, n)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	if err != nil {
		return 0, err
	}
	time.Sleep(settled)
	after, err := residentOf(server)
	return uint64(max(0, after-before) / n), err
}

// openAll opens n connections and exchanges a message over each.
func openAll(address string, n int) ([]net.Conn, error) {
	message := repeated(make([]byte, frameSize), 1)
	var conns []net.Conn
	for range n {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return conns, err
		}
		conns = append(conns, c)
		if _, err := c.Write(message); err != nil {
			return conns, err
		}
		if _, err := io.ReadFull(c, message); err != nil {
			return conns, err
		}
	}
	return conns, nil
}

// residentOf asks the child.
func residentOf(server *child) (int, error) {
	if _, err := fmt.Fprintln(server.stdin); err != nil {
		return 0, err
	}
	line, err := server.stdout.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("idle server: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(line))
}

// serveIdle is the child: a Server that answers with what it is sent, and tells its resident memory for each line on its
// standard input.
func serveIdle() {
	framing, err := connection.FramingByName("binary2")
	if err != nil {
		panic(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := &connection.Server{Config: connection.Config{Framing: framing, IdleTimeout: time.Hour,
		Handler: func(_ *connection.Conn, frame, reply []byte) ([]byte, error) { return append(reply, frame...), nil }}}
	go s.Serve(ln)
	fmt.Println(ln.Addr())
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		fmt.Println(resident())
	}
}

// resident returns the resident memory of this process in bytes once garbage is gone; 0 where /proc does not tell.
func resident() int {
	debug.FreeOSMemory() // what pools hold is garbage from the second collection on
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(fields[1])
	return pages * os.Getpagesize()
}
