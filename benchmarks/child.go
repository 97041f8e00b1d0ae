package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// childVariable, when set, makes the process another end instead of what it was built for: the name of a role. The
// benchmark starts itself again with it, be it the program or the test binary.
const childVariable = "POSLINE_BENCHMARKS_CHILD"

// roles are what a child may be. A child prints its address, and ends when its standard input does.
var roles = map[string]func(){"echo": serveEcho, "idle": serveIdle}

func init() {
	if role := roles[os.Getenv(childVariable)]; role != nil {
		role()
		os.Exit(0)
	}
}

// child is the process on the other end.
type child struct {
	address string
	stdin   io.WriteCloser
	stdout  *bufio.Reader
	cmd     *exec.Cmd
}

func startChild(role string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+role)
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
	c := &child{stdin: stdin, stdout: bufio.NewReader(stdout), cmd: cmd}
	address, err := c.stdout.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s server: %w", role, err)
	}
	c.address = strings.TrimSpace(address)
	return c, nil
}

func (c *child) stop() {
	c.stdin.Close()
	c.cmd.Wait()
}
