// Command idle measures what idle connections cost a server. It serves in this process, opens the connections from a
// child process, and prints goroutines and resident memory a connection: once fresh, once after each connection has
// carried a message. With -bare it accepts sockets and does nothing with them: what the sockets alone cost.
//
//	go run ./connection/internal/idle [-bare] -n 10000
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/posline/posline/connection"
)

func main() {
	n := flag.Int("n", 10_000, "connections")
	clients := flag.String("clients", "", "be the child that opens the connections to this address")
	bare := flag.Bool("bare", false, "accept sockets only")
	flag.Parse()
	run := func(n int) error { return measure(n, *bare) }
	if *clients != "" {
		run = func(n int) error { return open(*clients, n) }
	}
	if err := run(*n); err != nil {
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(1)
	}
}

// measure is the server's side.
func measure(n int, bare bool) error {
	framing, err := connection.FramingByName("binary2")
	if err != nil {
		return err
	}
	s := &connection.Server{Config: connection.Config{
		Framing:     framing,
		IdleTimeout: time.Hour,
		Handler:     func(_ *connection.Conn, frame, reply []byte) ([]byte, error) { return append(reply, frame...), nil },
	}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	count := func() int { return len(s.Conns()) }
	states := []string{"fresh", "after one message each"}
	if bare {
		count, states = acceptOnly(ln), []string{"bare sockets"}
	} else {
		go s.Serve(ln)
		defer s.Close()
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.Command(self, "-clients", ln.Addr().String(), "-n", strconv.Itoa(n))
	child.Stderr = os.Stderr
	stdin, err := child.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	goroutines, memory := runtime.NumGoroutine(), resident()
	if err := child.Start(); err != nil {
		return err
	}
	told := bufio.NewScanner(stdout)
	for _, state := range states {
		if !told.Scan() {
			return fmt.Errorf("the child has gone")
		}
		for count() < n {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(5 * time.Second) // long enough for the sweeper to have passed
		report(state, n, runtime.NumGoroutine()-goroutines, resident()-memory)
		fmt.Fprintln(stdin, "go on")
	}
	stdin.Close()
	if bare {
		child.Process.Kill()
		return nil
	}
	return child.Wait()
}

// acceptOnly holds what it accepts and returns how to count it.
func acceptOnly(ln net.Listener) (count func() int) {
	var mu sync.Mutex
	var held []net.Conn
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			held = append(held, c)
			mu.Unlock()
		}
	}()
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(held)
	}
}

func report(state string, n, goroutines, memory int) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Printf("%d idle connections, %s: %.2f goroutines and %d bytes resident each (heap %d, stacks %d in use)\n",
		n, state, float64(goroutines)/float64(n), memory/n, m.HeapInuse/uint64(n), m.StackInuse/uint64(n))
}

// resident returns the resident memory of this process in bytes once garbage is gone; 0 where /proc does not tell.
func resident() int {
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

// open is the child: it opens the connections, tells, then sends a message over each, tells, and waits.
func open(address string, n int) error {
	told := bufio.NewScanner(os.Stdin)
	var conns []net.Conn
	for range n {
		c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", address)
		if err != nil {
			return err
		}
		conns = append(conns, c)
	}
	fmt.Println("open")
	told.Scan()
	message := append([]byte{1, 44}, make([]byte, 300)...)
	for _, c := range conns {
		if _, err := c.Write(message); err != nil {
			return err
		}
		for left := len(message); left > 0; {
			got, err := c.Read(make([]byte, left))
			if err != nil {
				return err
			}
			left -= got
		}
	}
	fmt.Println("sent")
	told.Scan()
	return nil
}
