package dump

import (
	"bytes"
	"io"
	"strconv"
	"strings"
)

// maxRepeat bounds what a * in a listing may stand for, in bytes.
const maxRepeat = 1 << 20

// row is a line of a listing.
type row struct {
	number int    // of the line
	stream string // white space before the offset: Wireshark sets the other direction off by it
	offset string // digits
	colon  bool
	group  int // characters of a group of digits
	bytes  []byte
	chars  string // what stands behind them
	char   bool   // a cell is a character or an escape, not three digits
	pad    int    // blanks among the bytes that may have been cut off, or may never have been
}

// listing is the state of reading one.
type listing struct {
	held    *row // read and not yet returned: the next one tells how many bytes it has
	ahead   *row
	repeat  bool           // a * stands between held and ahead
	heading int            // the line of text between held and ahead; 0 for none
	width   map[string]int // of the rows of a stream
	base    int            // of the offsets; 0 while both fit
	end     error

	notation notation
}

// listed returns the bytes of one row.
func (d *Reader) listed() (Part, error) {
	l := &d.listing
	if l.width == nil {
		l.width = map[string]int{}
		if err := d.advance(); err != nil {
			return Part{}, err
		}
		l.held, l.ahead, l.heading = l.ahead, nil, 0
	}
	if l.held == nil {
		return Part{}, io.EOF
	}
	if err := d.advance(); err != nil {
		return Part{}, err
	}
	r := l.held
	fill, err := d.settle(r)
	if err != nil {
		return Part{}, err
	}
	start := zero(r.offset)
	d.buffer = append(d.buffer[:0], r.bytes...)
	for range fill {
		d.buffer = append(d.buffer, d.buffer[len(d.buffer)-len(r.bytes)])
	}
	l.held, l.ahead, l.repeat, l.heading = l.ahead, nil, false, 0
	return Part{Stream: r.stream, Line: r.number, Start: start, Bytes: d.buffer}, nil
}

// advance reads up to the next row.
func (d *Reader) advance() error {
	l := &d.listing
	for l.end == nil {
		if l.end = d.scan(); l.end != nil {
			break
		}
		text := bytes.TrimSpace(d.text)
		if len(text) == 0 {
			continue
		}
		if string(text) == "*" && l.held != nil {
			l.repeat = true
			continue
		}
		if r, ok := l.notation.parse(string(d.text)); ok {
			r.number = d.line
			l.ahead = &r
			return nil
		}
		l.heading = d.line
	}
	if l.end != io.EOF {
		return l.end
	}
	return nil
}

// settle finds out how many bytes a row has, by the one that follows. fill is how many a * adds.
func (d *Reader) settle(r *row) (fill int, err error) {
	l := &d.listing
	follows := l.ahead != nil && l.ahead.stream == r.stream && !zero(l.ahead.offset)
	fault := func(line int, says string) error {
		return &Error{Line: line, Column: 1, Offset: d.offset + int64(len(r.bytes)), Says: says}
	}
	switch {
	case len(r.bytes) == 0 && follows:
		return 0, fault(r.number, "an offset without bytes")
	case l.heading != 0 && follows:
		return 0, fault(l.heading, "neither part of the listing nor a heading")
	case l.repeat && !follows:
		return 0, fault(r.number+1, "a * and no offset behind it")
	case !follows:
		r.bytes = r.bytes[:len(r.bytes)-r.pad]
		if width := l.width[r.stream]; width > 0 && len(r.bytes) > width {
			r.bytes = r.bytes[:width]
		}
		return 0, nil
	}
	size, ok := l.distance(*r, *l.ahead)
	switch {
	case !ok, size > len(r.bytes) && !l.repeat, size > maxRepeat:
		return 0, fault(l.ahead.number, "an offset that does not follow from the line before")
	case size > len(r.bytes):
		if width := l.width[r.stream]; width > 0 {
			r.bytes = r.bytes[:min(len(r.bytes), width)]
		}
		return size - len(r.bytes), nil
	}
	r.bytes = r.bytes[:size]
	l.width[r.stream] = max(l.width[r.stream], size)
	return 0, nil
}

// distance is how many bytes lie between two offsets. Their base is the one in which it is what the first row has, or
// else the highest in which it is not more: digits of the row may be characters.
func (l *listing) distance(from, to row) (size int, ok bool) {
	bases := offsetBases
	switch {
	case l.base != 0:
		bases = []int{l.base}
	case l.repeat && from.seemsOctal():
		bases = []int{8, 16} // of which the second reads what decimal digits there may be
	}
	best := -1
	for _, base := range bases {
		a, errA := strconv.ParseInt(from.offset, base, 64)
		b, errB := strconv.ParseInt(to.offset, base, 64)
		n := b - a
		if errA != nil || errB != nil || n <= 0 || n > maxRepeat {
			continue
		}
		if int(n) == len(from.bytes) {
			l.base = base
			return int(n), true
		}
		if best < 0 && (int(n) < len(from.bytes) || l.repeat) {
			best, size = base, int(n)
		}
	}
	if best < 0 {
		return 0, false
	}
	l.base = best
	return size, true
}

// seemsOctal tells a row of od, whose offsets are octal without -A: it has seven digits of them, and nothing behind the bytes.
// hexdump writes hexadecimal ones, in words alone.
func (r row) seemsOctal() bool {
	return len(r.offset) == 7 && !r.colon && r.group != 4 && strings.TrimSpace(r.chars) == ""
}

func zero(offset string) bool { return strings.Trim(offset, "0") == "" }

// offsetBases are those in which offsets are written.
var offsetBases = []int{16, 8, 10}

// splitOffset reads the offset at the start of a line. ok is false where there is none.
func splitOffset(text string) (r row, rest string, ok bool) {
	rest = strings.TrimLeft(text, " \t")
	r.stream = text[:len(text)-len(rest)]
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "0x"), "0X")
	end := 0
	for end < len(rest) {
		if _, ok := hexDigit(rest[end]); !ok {
			break
		}
		end++
	}
	r.offset, rest = rest[:end], rest[end:]
	if len(r.offset) < 4 || len(r.offset) > 16 {
		return row{}, "", false
	}
	if r.colon = strings.HasPrefix(rest, ":"); r.colon {
		rest = rest[1:]
	}
	if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return row{}, "", false
	}
	return r, rest, true
}

// parseRow reads a line of a usual listing: an offset, then groups of digits, then perhaps the characters.
func parseRow(text string) (row, bool) {
	r, rest, ok := splitOffset(text)
	if !ok {
		return row{}, false
	}
	r.groups(rest)
	return r, r.group > 0 || strings.TrimSpace(rest) == ""
}

// groups reads the digits. They end where three blanks, or a group of another size or of other characters, follow; two
// blanks may stand in the middle of sixteen bytes alone.
func (r *row) groups(text string) {
	for {
		rest := strings.TrimLeft(text, " \t")
		blanks := len(text) - len(rest)
		if r.group > 0 && (blanks > 2 || blanks == 2 && (r.group != 2 || len(r.bytes) != 8)) {
			return
		}
		if strings.HasPrefix(rest, "-") && len(r.bytes) == 8 {
			rest = strings.TrimLeft(rest[1:], " ")
		}
		end := strings.IndexAny(rest, " \t-")
		if end < 0 {
			end = len(rest)
		}
		decoded, ok := r.decode(rest[:end])
		if !ok {
			return
		}
		r.bytes = append(r.bytes, decoded...)
		text = rest[end:]
		r.chars = text
		if end > 0 && end < r.group {
			return // the last group of xxd may be a short one
		}
	}
}

// decode reads a group of digits. Without a colon behind the offset, groups of more than a byte are numbers of the
// machine that made the listing, little-endian ones; groups of three and six digits are octal.
func (r *row) decode(digits string) (decoded []byte, ok bool) {
	size := len(digits)
	if r.group == 0 {
		switch {
		case size == 2, size == 3 && !r.colon, size == 6 && !r.colon, size == 4, size == 8, size == 16 && !r.colon:
		case r.colon && size%2 == 0 && size > 0 && size <= 64:
		default:
			return nil, false
		}
		defer func() {
			if ok {
				r.group = size
			}
		}()
	} else if size != r.group && (!r.colon || size > r.group || size%2 != 0 || size == 0) {
		return nil, false
	}
	if size%3 == 0 && !r.colon {
		value, err := strconv.ParseUint(digits, 8, 16)
		if err != nil || size == 3 && value > 0xFF {
			return nil, false
		}
		return []byte{byte(value), byte(value >> 8)}[:size/3], true
	}
	for i := 0; i+1 < size; i += 2 {
		high, ok1 := hexDigit(digits[i])
		low, ok2 := hexDigit(digits[i+1])
		if !ok1 || !ok2 {
			return nil, false
		}
		decoded = append(decoded, high<<4|low)
	}
	if !r.colon {
		reverse(decoded)
	}
	return decoded, true
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}
