package main

import (
	"bytes"
	"fmt"
	"strings"
)

// mutant is one change of one place: the bytes from start to end become text.
type mutant struct {
	file       *sourceFile
	operator   string
	function   string // Type.Method, function, or the name of a package's variable or constant
	start, end int    // byte offsets
	text       string
	inBody     bool // inside a function, where coverage is counted
	funcStart  int  // the enclosing function's extent, when inBody
	funcEnd    int
}

// source returns the file with the mutant in it.
func (m *mutant) source() []byte {
	return bytes.Join([][]byte{m.file.source[:m.start], []byte(m.text), m.file.source[m.end:]}, nil)
}

// lines returns the numbers of the first and the last line that the mutant touches.
func (m *mutant) lines() (first, last int) {
	first = 1 + bytes.Count(m.file.source[:m.start], []byte("\n"))
	return first, first + bytes.Count(m.file.source[m.start:m.end], []byte("\n"))
}

// before and after return the source around the place without and with the mutant, see excerpt.
func (m *mutant) before() string {
	return excerpt(m.file.source, m.start, m.end)
}

func (m *mutant) after() string {
	return excerpt(m.source(), m.start, m.start+len(m.text))
}

// excerpt returns the whole lines that hold source[start:end], white space collapsed. Of several lines it shows the
// first and tells by an ellipsis that there are more.
func excerpt(source []byte, start, end int) string {
	from := 1 + bytes.LastIndexByte(source[:start], '\n')
	to := len(source)
	if i := bytes.IndexByte(source[end:], '\n'); i >= 0 {
		to = end + i
	}
	first, rest, more := strings.Cut(strings.TrimSpace(string(source[from:to])), "\n")
	line := strings.Join(strings.Fields(first), " ")
	if more && strings.TrimSpace(rest) != "" {
		line += " …"
	}
	return line
}

// String prints the mutant as the file of equivalents has it.
func (m *mutant) String() string {
	return fmt.Sprintf("%s %s\n- %s\n+ %s\n", m.function, m.operator, m.before(), m.after())
}
