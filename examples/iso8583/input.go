package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/posline/posline/connection"
)

// maxInput bounds what is read as one message: a whole input, or a line of it.
const maxInput = 64 << 20

// piece is a part of the input that is worked on alone: a whole file, or a line of it with -lines.
type piece struct {
	file string // "" for standard input
	line int    // 0 for a whole file
	text []byte
}

// place names the piece in messages.
func (p piece) place() string {
	switch {
	case p.line == 0:
		return p.file
	case p.file == "":
		return fmt.Sprintf("line %d", p.line)
	default:
		return fmt.Sprintf("%s, line %d", p.file, p.line)
	}
}

// pieces calls use for every piece of the input that is not blank.
func (c *console) pieces(o *options, use func(piece) error) error {
	if len(o.files) == 0 {
		return piecesOf("", c.stdin, o.lines, use)
	}
	for _, name := range o.files {
		if err := piecesOfFile(name, o.lines, use); err != nil {
			return err
		}
	}
	return nil
}

func piecesOfFile(name string, lines bool, use func(piece) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return piecesOf(name, file, lines, use)
}

func piecesOf(name string, r io.Reader, lines bool, use func(piece) error) error {
	if !lines {
		text, err := io.ReadAll(io.LimitReader(r, maxInput+1))
		switch {
		case err != nil:
			return err
		case len(text) > maxInput:
			return fmt.Errorf("%s: larger than %d bytes; -lines reads one message a line", inputName(name), maxInput)
		case len(bytes.TrimSpace(text)) == 0:
			return fmt.Errorf("%s: no message", inputName(name))
		}
		return use(piece{file: name, text: text})
	}
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxInput)
	line := 0
	for in.Scan() {
		line++
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		if err := use(piece{file: name, line: line, text: in.Bytes()}); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("%s, line %d: %w", inputName(name), line+1, err)
	}
	return nil
}

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

func inputName(file string) string {
	if file == "" {
		return "standard input"
	}
	return file
}

// hexError is text that is not hexadecimal; offset counts the bytes before it.
type hexError struct {
	line, column, offset int
	says                 string
}

func (e *hexError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.line, e.column, e.says)
}

// bytes reads the piece as hexadecimal, white space ignored.
func (p piece) bytes() ([]byte, error) {
	out := make([]byte, 0, len(p.text)/2)
	line, column, digits := max(1, p.line), 0, 0
	var high byte
	for _, c := range p.text {
		column++
		switch c {
		case '\n':
			line, column = line+1, 0
			continue
		case ' ', '\t', '\r', '\f', '\v':
			continue
		}
		digit, ok := hexDigit(c)
		if !ok {
			return nil, &hexError{line, column, len(out), "not a hexadecimal digit"}
		}
		if digits++; digits%2 == 1 {
			high = digit << 4
		} else {
			out = append(out, high|digit)
		}
	}
	if digits%2 == 1 {
		return nil, &hexError{line, column, len(out), "an odd number of hexadecimal digits"}
	}
	return out, nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

var errIncomplete = errors.New("the input ends inside a frame")

// frames calls use for every message in bytes: all of it, or the content of each frame where there is a framing.
func frames(framing connection.Framing, bytes []byte, use func(wire []byte) error) error {
	if framing == nil {
		return use(bytes)
	}
	for at := 0; at < len(bytes); {
		cut, err := framing.Next(bytes[at:])
		if err != nil {
			return &frameError{at, err}
		}
		if cut.Size == 0 {
			return &frameError{at, errIncomplete}
		}
		at += cut.Size
		if cut.Frame == nil {
			continue // a keep-alive
		}
		if err := use(cut.Frame); err != nil {
			return err
		}
	}
	return nil
}

// frameError is a fault in the length headers; offset is that of the frame in the input.
type frameError struct {
	offset int
	err    error
}

func (e *frameError) Error() string { return fmt.Sprintf("frame at byte %d: %v", e.offset, e.err) }
func (e *frameError) Unwrap() error { return e.err }
