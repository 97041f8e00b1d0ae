package dump

import (
	"bytes"
	"encoding/base64"
)

const noBase64 = "not base64"

// base64Line returns the bytes of a line of base64.
func (d *Reader) base64Line() (Part, error) {
	if err := d.scan(); err != nil {
		return Part{}, err
	}
	d.buffer = d.buffer[:0]
	text := bytes.TrimSpace(d.text)
	decoded, err := fromBase64(text)
	if err != nil {
		column := 1 + bytes.Index(d.text, text)
		if at, ok := err.(base64.CorruptInputError); ok {
			column += int(at)
		}
		return Part{}, d.fault(column, noBase64)
	}
	d.buffer = decoded
	return Part{Line: d.line, Start: true, Bytes: d.buffer}, nil
}

// fromBase64 decodes both alphabets, with fill characters and without.
func fromBase64(text []byte) ([]byte, error) {
	encoding := base64.RawStdEncoding
	if bytes.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	if n := len(text); n%4 == 0 {
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("=")), []byte("="))
	}
	return encoding.AppendDecode(nil, text)
}

// isBase64 tells base64 from the characters of a message, which begins with digits.
func isBase64(line string) bool {
	decoded, err := fromBase64([]byte(line))
	return err == nil && len(decoded) >= shortest/2 && !beginsMessage(line)
}
