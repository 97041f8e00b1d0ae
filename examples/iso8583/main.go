// Command iso8583 reads, writes, sends and answers ISO 8583 messages at the command line. It is made of the public
// packages alone: spec for formats, message for the codec, connection for length headers and networks, emv for chip data
// and QR codes.
//
//	iso8583 decode -spec unionpay-pos -frame binary2 capture.hex
//	iso8583 decode -spec iso8583-1987-ascii -clear -json < in.hex | iso8583 encode -spec iso8583-1987-ascii -json
//	iso8583 listen -on localhost:8583 -spec unionpay-pos -frame binary2 -rules rules.json
//	iso8583 send -to localhost:8583 -spec unionpay-pos -frame binary2 -expect 39=00 sale.json
//	iso8583 emv tvr < tvr.hex
//	iso8583 diff -spec acquirer.xml sent.hex received.hex
//	iso8583 guess -spec acquirer.xml -spec iso8583-1987-ascii capture.hex
//	iso8583 spec convert acquirer.xml > acquirer.json
//
// Without -clear nothing sensitive is shown.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
)

const usage = `usage:
  iso8583 decode -spec NAME|FILE [-frame NAME] [-clear] [-json] [-lines] [FILE...]
      read messages in hexadecimal, white space ignored, and show them
  iso8583 encode -spec NAME|FILE [-frame NAME] [-json] [-lines] [FILE...]
      read messages as JSON, as decode -clear -json writes them, and write one line of hexadecimal for each
  iso8583 send -to HOST:PORT -spec NAME|FILE -frame NAME [-tls] [-cert FILE -key FILE] [-ca FILE] [-timeout 30s]
      [-match 11,41] [-expect FIELD=VALUE]... [-repeat N] [-rate PER_SECOND] [-clear] [-json] [FILE...]
      send messages, JSON as encode reads it or lines of hexadecimal, and show the answers; an answer without an expected
      value gives exit status 1
  iso8583 listen -on HOST:PORT -spec NAME|FILE -frame NAME [-tls -cert FILE -key FILE] [-ca FILE] [-rules FILE] [-count N]
      answer messages by rules, the first that matches: a JSON array of
      {"match": {"0":"0200","3":"000000"}, "reply": {"39":"51"}, "delay":"200ms"}, with "drop":true for no answer and
      "garbage":"HEX" for something else in place of "reply"
  iso8583 emv [-lang en|zh] [-clear] [-lines] [KIND [FILE...]]
      show chip data: tlv (field 55, the default) and response (a card's, with its status word) from hexadecimal; qr (a
      merchant's or consumer's QR code, or a pay code) from text; or a value alone, by its tag or as tvr, tsi, aip, afl,
      arc, auc, cid, ctq, cvm, cvm-results, dol, iad, terminal-capabilities, terminal-type, track2, ttq
  iso8583 diff -spec NAME|FILE [-frame NAME] [-clear] [-lines] FILE FILE
      compare messages, in hexadecimal or JSON, field by field; exit status 0 for equal ones, 1 for others, 2 for trouble
  iso8583 guess [-spec NAME|FILE]... [-frame NAME] [-lines] [FILE...]
      rank specs, all built-in ones when none is given, by how well they read messages in hexadecimal, with the reason why
      one does not
  iso8583 spec list
      list the built-in specs with their variants: NAME+VARIANT+VARIANT is a spec too, and unionpay-pos+header-N has a
      header of N bytes
  iso8583 spec show [-json] NAME|FILE
      show the fields of a spec, or the file form of it
  iso8583 spec convert [-name NAME] NAME|FILE
      write the file form of a spec, and on the error output what it cannot express
  iso8583 spec check FILE...
      check spec files
A spec FILE is JSON as spec show -json writes it, a packager file of jPOS (XML) or a spec file of moov-io/iso8583 (JSON).
Without FILE the input is the standard input. iso8583 COMMAND -help tells about the flags.
`

// The exit statuses.
const (
	exitGood  = 0
	exitBad   = 1 // a message or file is wrong
	exitUsage = 2 // the command line is wrong
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs a command and returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	c := &console{stdin: stdin, stdout: stdout, stderr: stderr}
	var err error
	switch args[0] {
	case "decode":
		err = c.decode(args[1:])
	case "encode":
		err = c.encode(args[1:])
	case "send":
		err = c.send(args[1:])
	case "listen":
		err = c.listen(args[1:])
	case "diff":
		return c.diffStatus(c.diff(args[1:]))
	case "guess":
		err = c.guess(args[1:])
	case "emv":
		err = c.emv(args[1:])
	case "spec":
		err = c.spec(args[1:])
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
	default:
		err = usageError{fmt.Errorf("no command %q", args[0])}
	}
	return c.status(err)
}

// console is where a command reads and writes.
type console struct {
	stdin          io.Reader
	stdout, stderr io.Writer

	mu     sync.Mutex // guards what the commands on a network do from several goroutines
	faults int        // messages and files that were wrong
}

// usageError is a fault of the command line.
type usageError struct{ error }

// status reports err and returns the exit status.
func (c *console) status(err error) int {
	var wrong usageError
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitGood
	case errors.As(err, &wrong):
		fmt.Fprintf(c.stderr, "iso8583: %v\n%s", err, usage)
		return exitUsage
	case err != nil:
		c.fault("", err)
	}
	if c.faults > 0 {
		return exitBad
	}
	return exitGood
}

// fault reports something wrong at a place in the input.
func (c *console) fault(place string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults++
	if place != "" {
		place += ": "
	}
	fmt.Fprintf(c.stderr, "iso8583: %s%v\n", place, err)
}

// note reports something that is worth knowing and no fault.
func (c *console) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.stderr, "iso8583: "+format+"\n", args...)
}

// say writes a line to the output.
func (c *console) say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.stdout, format+"\n", args...)
}
