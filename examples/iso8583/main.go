// Command iso8583 reads, writes, sends and answers ISO 8583 messages at the command line. It is made of the public
// packages alone: spec for formats, message for the codec, connection for length headers and networks, emv for chip data
// and QR codes.
//
//	iso8583 guess capture.hex
//	iso8583 decode -spec unionpay-pos -frame binary2 capture.hex
//	iso8583 decode -spec iso8583-1987-ascii -clear -json < in.hex | iso8583 encode -spec iso8583-1987-ascii
//	iso8583 diff -spec acquirer.xml sent.hex received.hex
//	iso8583 listen -on localhost:8583 -spec unionpay-pos -frame binary2 -rules rules.json
//	iso8583 send -to localhost:8583 -spec unionpay-pos -frame binary2 -expect 39=00 sale.json
//	iso8583 proxy -on localhost:8583 -to host:8583 -spec unionpay-pos -frame binary2 -record session.jsonl
//	iso8583 replay -to localhost:8583 -spec unionpay-pos -frame binary2 -ignore 37 session.jsonl
//	iso8583 run -to localhost:8583 -spec unionpay-pos -frame binary2 -junit report.xml cases/
//	iso8583 load -to localhost:8583 -spec unionpay-pos -frame binary2 -rate 500 -for 30s sale.json
//	iso8583 spec convert acquirer.xml > acquirer.json
//
// Without -clear nothing sensitive is shown. iso8583 help says the rest.
package main

import (
	"bufio"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
)

// The exit statuses.
const (
	exitGood    = 0 // done, and everything is as it should be
	exitBad     = 1 // done, and something is not: a message is wrong, messages differ, an expectation is not met
	exitUsage   = 2 // the command line is wrong, and nothing was done
	exitTrouble = 3 // not done: a file cannot be read or written, a host not be reached
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs a command and returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &console{stdin: stdin, stdout: stdout, stderr: stderr, colour: isTerminal(stdout), watched: isTerminal(stderr)}
	return c.status(c.run(args))
}

func (c *console) run(args []string) error {
	if len(args) > 0 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help") {
		args = append([]string{"help"}, args[1:]...)
	}
	if len(args) > 0 && (args[0] == "-version" || args[0] == "--version") {
		args = append([]string{"version"}, args[1:]...)
	}
	cmd, args, err := findCommand(args)
	if err != nil {
		return err
	}
	c.command = cmd.name
	flags := newFlagSet()
	act := cmd.setup(c, flags)
	files, err := parseFlags(flags, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return c.commandHelp(cmd)
	case err != nil:
		return usageError{err}
	}
	return act(files)
}

// console is where a command reads and writes.
type console struct {
	stdin           io.Reader
	claimed         bool // stdin, by what reads it
	stdout, stderr  io.Writer
	command         string
	colour, watched bool          // a person looks at the output, at the errors
	buffer          *bufio.Writer // of stdout; nil where there is none

	mu     sync.Mutex // guards what the commands on a network do from several goroutines
	faults int        // messages and expectations that were wrong
	unsaid error      // why say could not write
}

// buffered gathers what goes to stdout until more input is read, or something goes to stderr. The caller flushes the rest.
func (c *console) buffered() {
	c.buffer = bufio.NewWriterSize(c.stdout, 64<<10)
	c.stdout = c.buffer
}

func (c *console) flush() error {
	if c.buffer == nil {
		return nil
	}
	return c.buffer.Flush()
}

// flushed is err, or that of writing what is left; a fault of writing stays, and is told once.
func (c *console) flushed(err error) error { return cmp.Or(err, c.flush()) }

// usageError is a fault of the command line.
type usageError struct{ error }

// status reports err and returns the exit status.
func (c *console) status(err error) int {
	err = cmp.Or(err, c.unsaid)
	var wrong usageError
	switch {
	case errors.As(err, &wrong):
		help := "iso8583 help"
		if c.command != "" {
			help += " " + c.command
		}
		fmt.Fprintf(c.stderr, "iso8583: %v; %s tells more\n", err, help)
		return exitUsage
	case err != nil:
		c.fault("", err)
		return exitTrouble
	case c.faults > 0:
		return exitBad
	}
	return exitGood
}

// fault reports something wrong at a place in the input.
func (c *console) fault(place string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults++
	c.flush() // a fault of it stays, and comes again
	if place != "" {
		place += ": "
	}
	fmt.Fprintf(c.stderr, "iso8583: %s%v\n", place, err)
}

// note reports something that is worth knowing and no fault.
func (c *console) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flush()
	fmt.Fprintf(c.stderr, "iso8583: "+format+"\n", args...)
}

// say writes a line to the output.
func (c *console) say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := fmt.Fprintf(c.stdout, format+"\n", args...); err != nil && c.unsaid == nil {
		c.unsaid = err
	}
}
