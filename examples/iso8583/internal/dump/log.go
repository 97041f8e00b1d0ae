package dump

import (
	"bytes"
	"fmt"
)

// leastRun is the least number of digits that a line of a log must have in a row: a message type and a bitmap.
const leastRun = shortest

// logLine returns the run of hexadecimal digits that a line has among other things. Lines without one are passed over.
func (d *Reader) logLine() (Part, error) {
	for {
		if err := d.scan(); err != nil {
			return Part{}, err
		}
		d.buffer = d.buffer[:0]
		runs := runsOf(d.text, d.pairsAt)
		switch {
		case len(runs) == 0:
			if len(bytes.TrimSpace(d.text)) > 0 {
				d.passed++
			}
			continue
		case len(runs) > 1:
			return Part{}, d.fault(runs[1].from+1, fmt.Sprintf("a second run of hexadecimal digits besides that at column %d: cut out one of them", runs[0].from+1))
		case runs[0].pairs && behindOffset(d.text[:runs[0].from]):
			return Part{}, d.fault(1, "a listing with something before its offsets: cut that off")
		}
		run := runs[0]
		if run.pairs {
			d.pairsAt = run.from + 1
		}
		if err := d.even(d.text[run.from:run.to], run.from); err != nil {
			return Part{}, err
		}
		return Part{Line: d.line, Start: true, Bytes: d.buffer}, nil
	}
}

// run is digits in a line: one word of them, or words of two digits each.
type run struct {
	from, to int
	pairs    bool
}

// runsOf finds the runs of a line. pairsAt is the column where those of a line before began that were pairs, 0 for none:
// there they may be few.
func runsOf(line []byte, pairsAt int) (runs []run) {
	for at := 0; at < len(line); {
		if isBetween(line, at) {
			at++
			continue
		}
		from, to := word(line, at)
		digits := digitsIn(line[from:to])
		switch {
		case digits >= leastRun:
			runs = append(runs, run{from: from, to: to})
		case digits == 2 && to-from == 2:
			pairs := 1
			end := to
			for end+3 <= len(line) && line[end] == ' ' && digitsIn(line[end+1:end+3]) == 2 && (end+3 == len(line) || isBetween(line, end+3)) {
				end += 3
				pairs++
			}
			if 2*pairs >= leastRun || from+1 == pairsAt {
				runs = append(runs, run{from, end, true})
			}
			to = end
		}
		at = to
	}
	return runs
}

// word finds the digits of the word that begins at a place, and where it ends. Before them may stand names with a colon, and
// 0x or the \x of PostgreSQL.
func word(line []byte, at int) (from, to int) {
	to = at
	for to < len(line) && !isBetween(line, to) {
		to++
	}
	from = at
	if colon := bytes.LastIndexByte(line[at:to], ':'); colon >= 0 && digitsIn(line[at:to]) == 0 && digitsIn(line[at+colon+1:to]) >= leastRun {
		from = at + colon + 1
	}
	if isPrefix(line[from:to]) {
		from += 2
	}
	if digits := bytes.TrimLeft(line[from:to], `\`); len(digits) < to-from && bytes.HasPrefix(digits, []byte("x")) {
		from = to - len(digits) + 1
	}
	return from, to
}

// isBetween tells what stands between the words of a line.
func isBetween(line []byte, at int) bool {
	switch line[at] {
	case ' ', '\t', '"', '\'', '`', '(', ')', '[', ']', '{', '}', '<', '>', '=', ',', ';', '|':
		return true
	case ':':
		return at+1 == len(line) || line[at+1] == ' ' || line[at+1] == '"'
	}
	return false
}

// digitsIn counts the digits of a word that has nothing else but colons or dashes between pairs of them; 0 for another one.
func digitsIn(text []byte) (digits int) {
	mark := byte(0)
	for i, c := range text {
		if _, ok := hexDigit(c); ok {
			digits++
			continue
		}
		if c != ':' && c != '-' || i%3 != 2 || mark != 0 && mark != c {
			return 0
		}
		mark = c
	}
	if mark != 0 && len(text)%3 != 2 {
		return 0
	}
	return digits
}

// behindOffset tells the offset of a listing at the end of what stands before its digits.
func behindOffset(before []byte) bool {
	words := bytes.Fields(before)
	if len(words) == 0 {
		return false
	}
	last := bytes.TrimSuffix(words[len(words)-1], []byte(":"))
	return len(last) >= 4 && len(last) <= 16 && digitsIn(last) == len(last)
}

// isLog tells lines of which one has a run of digits among other things.
func isLog(text []byte) bool {
	for line := range bytes.Lines(text) {
		if len(runsOf(bytes.TrimRight(line, "\r\n"), 0)) > 0 {
			return true
		}
	}
	return false
}
