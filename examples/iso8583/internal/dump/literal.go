package dump

import (
	"bytes"
	"strconv"
)

// escaped reads a string literal, or several of them one behind the other, with or without quotation marks.
func (d *Reader) escaped(text []byte) error {
	d.buffer, d.line, d.starts = d.buffer[:0], 0, []int{0}
	quoted := bytes.IndexByte(text, '"') >= 0 || bytes.IndexByte(text, '\'') >= 0
	var quote byte // 0 outside a string
	for row := range bytes.Lines(text) {
		d.line++
		row = bytes.TrimRight(row, "\r\n")
		for i := 0; i < len(row); i++ {
			c := row[i]
			switch {
			case quoted && quote == 0:
				if c == '"' || c == '\'' {
					quote = c
				}
			case quoted && c == quote:
				quote = 0
			case c == '\\':
				size, err := d.escape(row, i)
				if err != nil {
					return err
				}
				i += size
			default:
				d.buffer = append(d.buffer, c)
			}
		}
	}
	return nil
}

// simpleEscapes are the escapes of one character.
var simpleEscapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', '\\': '\\', '\'': '\'', '"': '"', 'a': '\a', 'b': '\b', 'f': '\f', 'v': '\v'}

// escape appends the byte of the escape at row[at] and returns how many characters follow the backslash. A backslash at
// the end of a line goes on with the next one.
func (d *Reader) escape(row []byte, at int) (size int, err error) {
	rest := row[at+1:]
	switch {
	case len(rest) == 0:
		return 0, nil
	case rest[0] == 'x' && len(rest) >= 3:
		value, err := strconv.ParseUint(string(rest[1:3]), 16, 8)
		if err != nil {
			return 0, d.fault(at+1, "an escape without two hexadecimal digits")
		}
		d.buffer = append(d.buffer, byte(value))
		return 3, nil
	case rest[0] >= '0' && rest[0] <= '7':
		return d.octal(rest, at+1)
	}
	c, ok := simpleEscapes[rest[0]]
	if !ok {
		return 0, d.fault(at+1, "an escape that is not known")
	}
	d.buffer = append(d.buffer, c)
	return 1, nil
}

// octal appends the byte of up to three octal digits.
func (d *Reader) octal(digits []byte, column int) (size int, err error) {
	value := 0
	for size < min(3, len(digits)) && digits[size] >= '0' && digits[size] <= '7' {
		value = 8*value + int(digits[size]-'0')
		size++
	}
	if value > 0xFF {
		return 0, d.fault(column, "an escape beyond \\377")
	}
	d.buffer = append(d.buffer, byte(value))
	return size, nil
}
