package dump

import (
	"bytes"
	"slices"
	"strings"
)

// columns is how the lines of tshark are written.
type columns struct {
	separator byte
	payload   int  // which column; -1 for the last
	heading   bool // the line has the names
}

// payloads are the names of the columns that hold what a packet carries.
var payloads = []string{"tcp.payload", "data.data", "data", "udp.payload", "tcp.segment_data"}

// separators are what may stand between columns, the first by itself and the others by -E separator.
const separators = "\t,;|"

// columnsOf tells the lines of tshark -T fields: a number first and digits of a payload last, or the names of both, with a
// tab, or what -E names, between them.
func columnsOf(text string) (c columns, ok bool) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		for _, separator := range []byte(separators) {
			c := columns{separator: separator, payload: -1}
			words := c.split([]byte(line))
			if len(words) < 2 {
				continue
			}
			at := slices.IndexFunc(words, func(word []byte) bool { return slices.Contains(payloads, string(word)) })
			if at >= 0 {
				c.heading, c.payload = true, at
				return c, true
			}
			if c.isRow(words) {
				return c, true
			}
		}
		if strings.Trim(line, "0123456789\t,;|\"' ") != "" {
			return columns{}, false // neither a row nor one without a payload
		}
	}
	return columns{}, false
}

// isRow tells a number and a payload. With another mark than a tab the payload must be long: commas may stand between bytes.
func (c columns) isRow(words [][]byte) bool {
	first, last := string(words[0]), string(words[len(words)-1])
	if first == "" || strings.Trim(first, "0123456789") != "" || strings.Trim(last, "0123456789abcdefABCDEF:") != "" {
		return false
	}
	return c.separator == '\t' || len(last) >= shortest && len(first) < shortest
}

// split takes a line apart, and quotation marks off its columns.
func (c columns) split(line []byte) [][]byte {
	words := bytes.Split(line, []byte{c.separator})
	for i, word := range words {
		words[i] = unquoted(word)
	}
	return words
}

func unquoted(word []byte) []byte {
	if n := len(word); n >= 2 && word[0] == word[n-1] && (word[0] == '"' || word[0] == '\'') {
		return word[1 : n-1]
	}
	return word
}

// fieldsLine returns the payload of a line of tshark. The other columns are the stream.
func (d *Reader) fieldsLine() (Part, error) {
	if err := d.scan(); err != nil {
		return Part{}, err
	}
	d.buffer = d.buffer[:0]
	if len(bytes.TrimSpace(d.text)) == 0 {
		return Part{}, nil
	}
	if d.columns.separator == 0 {
		d.columns, _ = columnsOf(string(d.text))
		if d.columns.heading {
			return Part{}, nil
		}
	}
	c := d.columns
	if c.separator == 0 { // with no payload yet, or a wrong one
		c = columns{separator: '\t', payload: -1}
		if at := bytes.IndexAny(d.text, separators); at >= 0 {
			c.separator = d.text[at]
		}
	}
	words := c.split(d.text)
	at := len(words) - 1
	if c.payload >= 0 {
		at = c.payload
	}
	if len(words) < 2 || at >= len(words) {
		return Part{}, d.fault(1, "no payload beside a stream")
	}
	payload := words[at]
	before := 0
	for i, word := range bytes.Split(d.text, []byte{c.separator})[:at+1] {
		if i < at {
			before += len(word) + 1
		} else if len(word) > len(payload) {
			before++ // a quotation mark
		}
	}
	if err := d.even(payload, before); err != nil {
		return Part{}, err
	}
	stream := bytes.Join(slices.Delete(words, at, at+1), []byte{' '})
	return Part{Stream: string(stream), Line: d.line, Start: true, Bytes: d.buffer}, nil
}

// isFields tells what tshark prints of fields.
func isFields(text string) bool {
	_, ok := columnsOf(text)
	return ok
}
