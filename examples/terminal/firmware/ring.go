package firmware

import (
	"io"
	"time"
)

// Ring keeps the last lines of a log in memory that never grows, to be read after something went wrong. Lines say what
// happened and to which STAN; they hold no card data, because nothing that does is ever given to Add.
type Ring struct {
	lines [64]line80
	next  int
	full  bool
}

// line80 is one line, cut to what fits.
type line80 struct {
	text [80]byte
	size int
}

// Add appends a line: the time of day, an event, and a number that goes with it unless negative, such as a STAN.
func (r *Ring) Add(now time.Time, event string, number int64) {
	l := &r.lines[r.next]
	text := now.AppendFormat(l.text[:0], "15:04:05 ")
	text = append(text, event[:min(len(event), 48)]...)
	if number >= 0 {
		text = appendNumber(append(text, ' '), number)
	}
	l.size = len(text)
	r.next++
	if r.next == len(r.lines) {
		r.next, r.full = 0, true
	}
}

func appendNumber(dst []byte, n int64) []byte {
	if n >= 10 {
		dst = appendNumber(dst, n/10)
	}
	return append(dst, byte('0'+n%10))
}

// WriteTo writes the lines, the oldest first.
func (r *Ring) WriteTo(w io.Writer) (int64, error) {
	count, first := r.next, 0
	if r.full {
		count, first = len(r.lines), r.next
	}
	total := int64(0)
	for i := range count {
		l := &r.lines[(first+i)%len(r.lines)]
		n, err := w.Write(append(l.text[:l.size:l.size], '\n'))
		total += int64(n)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}
