package scenario

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Variable is the environment variable that makes this program the switch's process. It is set for no other use; see
// SwitchMain.
const Variable = "REALTIME_SWITCH"

const listening = "listening"

// SwitchMain is main in the switch's process: a program that calls Chaos calls it first. It returns false in any other.
// The configuration comes through standard input; when that ends, so does the process: it cannot outlive its parent.
func SwitchMain() bool {
	if os.Getenv(Variable) == "" {
		return false
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	input := bufio.NewReader(os.Stdin)
	line, err := input.ReadBytes('\n')
	var c SwitchConfig
	if err == nil {
		err = json.Unmarshal(line, &c)
	}
	clear(line)
	if err == nil {
		go func() {
			io.Copy(io.Discard, input)
			cancel()
		}()
		err = RunSwitch(ctx, c, func() { fmt.Println(listening) })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "switch:", err)
		os.Exit(1)
	}
	return true
}

// process is a switch that runs.
type process interface {
	Stop() error // in good order
	Kill() error // as a power cut does, where that is possible
}

// inside runs the switch in this process.
type inside struct {
	cancel context.CancelFunc
	done   chan error
}

func startInside(c SwitchConfig) (process, error) {
	ctx, cancel := context.WithCancel(context.Background())
	p := &inside{cancel, make(chan error, 1)}
	ready := make(chan struct{})
	go func() { p.done <- RunSwitch(ctx, c, func() { close(ready) }) }()
	select {
	case <-ready:
		return p, nil
	case err := <-p.done:
		cancel()
		return nil, err
	}
}

func (p *inside) Stop() error {
	p.cancel()
	return <-p.done
}

func (p *inside) Kill() error {
	return errors.New("scenario: a switch in this process cannot be killed")
}

// child runs the switch in a process of its own.
type child struct {
	command *exec.Cmd
	input   io.WriteCloser
}

// startWithin is how long a switch may take until it listens.
const startWithin = 30 * time.Second

func startChild(c SwitchConfig) (process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &child{command: exec.Command(program)}
	p.command.Env = append(os.Environ(), Variable+"=1")
	p.command.Stderr = os.Stderr
	if p.input, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	if _, err = p.input.Write(append(config, '\n')); err == nil {
		err = waitFor(output, listening)
	}
	if err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// waitFor reads until that line comes.
func waitFor(r io.Reader, line string) error {
	found := make(chan error, 1)
	go func() {
		for lines := bufio.NewScanner(r); lines.Scan(); {
			if lines.Text() == line {
				found <- nil
				io.Copy(io.Discard, r)
				return
			}
		}
		found <- errors.New("scenario: the switch did not start")
	}()
	select {
	case err := <-found:
		return err
	case <-time.After(startWithin):
		return errors.New("scenario: the switch took too long to start")
	}
}

func (p *child) Stop() error {
	p.input.Close()
	return p.command.Wait()
}

// Kill ends the process with SIGKILL and waits until it is gone.
func (p *child) Kill() error {
	err := p.command.Process.Kill()
	p.command.Wait()
	p.input.Close()
	return err
}
