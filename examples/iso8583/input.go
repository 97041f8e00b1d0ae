package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/posline/posline/examples/iso8583/internal/dump"
)

// maxInput bounds what is read as one message: a whole input, or a line of it.
const maxInput = 64 << 20

// piece is a part of the input that is worked on alone: a whole file, a line of it, or a message in it.
type piece struct {
	file   string // "" for standard input
	line   int    // 0 for a whole file
	within string // where in a file without lines, such as "record 3 at byte 200"
	text   []byte
}

// place names the piece in messages.
func (p piece) place() string {
	var parts []string
	if p.file != "" {
		parts = append(parts, p.file)
	}
	if p.line != 0 {
		parts = append(parts, fmt.Sprintf("line %d", p.line))
	}
	if p.within != "" {
		parts = append(parts, p.within)
	}
	return strings.Join(parts, ", ")
}

func inputName(file string) string {
	if file == "" || file == "-" {
		return "standard input"
	}
	return file
}

// inputs calls use for every input: the files, or the standard input without any or for "-", whose name is "".
func (c *console) inputs(files []string, use func(name string, r io.Reader) error) error {
	if len(files) == 0 {
		files = []string{"-"}
	}
	if i := slices.Index(files, "-"); i >= 0 && (c.claimed || slices.Contains(files[i+1:], "-")) {
		return usageError{errReadOnce} // before anything is done
	}
	for _, name := range files {
		if err := c.input(name, use); err != nil {
			return err
		}
	}
	return nil
}

var errReadOnce = errors.New("the standard input, which is - or no file, can be read only once")

// standardInput is the standard input for the first who asks.
func (c *console) standardInput() (io.Reader, error) {
	if c.claimed {
		return nil, usageError{errReadOnce}
	}
	c.claimed = true
	return c.stdin, nil
}

// readFile reads all of a file, or of the standard input for "-".
func (c *console) readFile(name string) ([]byte, error) {
	if name != "-" {
		return os.ReadFile(name)
	}
	in, err := c.standardInput()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(in)
}

func (c *console) input(name string, use func(name string, r io.Reader) error) error {
	if name == "-" {
		in, err := c.standardInput()
		if err != nil {
			return err
		}
		p := c.watch("", in)
		defer p.done()
		return use("", p)
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	p := c.watch(name, file)
	defer p.done()
	return use(name, p)
}

// pieces calls use for every file, or with lines for every line, that is not blank.
func (c *console) pieces(files []string, lines bool, use func(piece) error) error {
	return c.inputs(files, func(name string, r io.Reader) error {
		err := piecesOf(name, r, lines, use)
		if errors.Is(err, errNoMessage) {
			c.fault("", err)
			return nil
		}
		return err
	})
}

func piecesOf(name string, r io.Reader, lines bool, use func(piece) error) error {
	if lines {
		return linesOf(name, r, use)
	}
	text, err := whole(name, r)
	if err != nil {
		return err
	}
	return use(piece{file: name, text: text})
}

func whole(name string, r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxInput:
		return nil, fmt.Errorf("%s: larger than %d bytes; -lines reads one message a line", inputName(name), maxInput)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, fmt.Errorf("%s: %w", inputName(name), errNoMessage)
	}
	return text, nil
}

var errNoMessage = errors.New("no message")

func linesOf(name string, r io.Reader, use func(piece) error) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxInput)
	line, used := 0, false
	for in.Scan() {
		line++
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		used = true
		if err := use(piece{file: name, line: line, text: in.Bytes()}); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("%s, line %d: %w", inputName(name), line+1, err)
	}
	if !used {
		return fmt.Errorf("%s: %w", inputName(name), errNoMessage)
	}
	return nil
}

// isJSON tells objects from dumps by the first characters.
func isJSON(head []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) }

// objects calls use for every JSON object in a piece of the input.
func (c *console) objects(p piece, use func(one piece) error) error {
	in := json.NewDecoder(bytes.NewReader(p.text))
	for {
		var text json.RawMessage
		err := in.Decode(&text)
		if err == io.EOF {
			return nil
		}
		one := piece{file: p.file, text: text}
		one.line = max(1, p.line) + bytes.Count(p.text[:in.InputOffset()-int64(len(text))], []byte("\n"))
		if err != nil {
			one.line = max(1, p.line) + bytes.Count(p.text[:in.InputOffset()], []byte("\n"))
			c.fault(one.place(), fmt.Errorf("JSON: %w", err))
			return nil // there is no telling where the next one starts
		}
		if err := use(one); err != nil {
			return err
		}
	}
}

// bytes reads the piece as a dump of any form, or a line of it as hexadecimal.
func (p piece) bytes() ([]byte, error) {
	form := dump.Auto
	if p.line != 0 {
		form = dump.Hex
	}
	in := dump.NewReader(bytes.NewReader(p.text), form)
	in.Lines = p.line != 0
	var out []byte
	for {
		part, err := in.Next()
		var fault *dump.Error
		switch {
		case err == io.EOF:
			return out, nil
		case errors.As(err, &fault) && p.line != 0:
			fault.Line = p.line
		}
		if err != nil {
			return nil, err
		}
		out = append(out, part.Bytes...)
	}
}

// placeOf is the place for an error about a piece: of a dump the error has the line itself.
func placeOf(p piece, err error) string {
	if errors.As(err, new(*dump.Error)) {
		return p.file
	}
	return p.place()
}
