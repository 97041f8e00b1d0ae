package dump

import "io"

// hexLine returns the bytes of a line of digits.
func (d *Reader) hexLine() (Part, error) {
	err := d.scan()
	d.buffer = d.buffer[:0]
	if err == io.EOF && d.half {
		return Part{}, d.fault(d.column, oddDigits)
	}
	if err != nil {
		return Part{}, err
	}
	d.column = len(d.text)
	if err := d.digits(d.text, 0); err != nil {
		return Part{}, err
	}
	if d.Lines && d.half {
		return Part{}, d.fault(len(d.text), oddDigits)
	}
	return Part{Line: d.line, Start: true, Bytes: d.buffer}, nil
}

const (
	noDigit   = "not a hexadecimal digit"
	oddDigits = "an odd number of hexadecimal digits"
)

// digits appends to d.buffer the bytes that text has in hexadecimal; before is the column in front of it. A digit without
// its other half is kept for the text that follows.
func (d *Reader) digits(text []byte, before int) error {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if isSeparator(c) {
			continue
		}
		if !d.half && isPrefix(text[i:]) {
			i++
			continue
		}
		digit, ok := hexDigit(c)
		switch {
		case !ok:
			return d.fault(before+i+1, noDigit)
		case d.half:
			d.buffer = append(d.buffer, d.high|digit)
		default:
			d.high = digit << 4
		}
		d.half = !d.half
	}
	return nil
}

// even reads text that has whole bytes.
func (d *Reader) even(text []byte, before int) error {
	err := d.digits(text, before)
	if err == nil && d.half {
		err = d.fault(before+len(text), oddDigits)
	}
	return err
}

// isPrefix tells 0x with digits behind it.
func isPrefix(text []byte) bool {
	if len(text) < 3 || text[0] != '0' || text[1] != 'x' && text[1] != 'X' {
		return false
	}
	_, ok := hexDigit(text[2])
	return ok
}

// isSeparator tells what may stand between digits.
func isSeparator(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\f', '\v', ',', ':', ';', '-':
		return true
	}
	return false
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
