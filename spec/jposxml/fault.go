package jposxml

import "fmt"

// Warning is something that a file says and the spec does not do in the same way.
type Warning struct {
	Line    int    // of the element in the file, from 1
	Path    string // of the field: "48.1"; empty for the file as a whole
	Problem string
}

// String returns the warning on one line: "line 12: field 48: …".
func (w Warning) String() string { return at(w.Line, w.Path) + w.Problem }

// Error is a fault of a file: where, and what is wrong.
type Error struct {
	Line    int    // of the element in the file, from 1; 0 when the fault has no line
	Path    string // of the field: "48.1"; empty for the file as a whole
	Problem string
}

// Error implements error.
func (e *Error) Error() string { return at(e.Line, e.Path) + e.Problem }

func at(line int, path string) string {
	place := ""
	if line > 0 {
		place = fmt.Sprintf("line %d: ", line)
	}
	if path != "" {
		place += "field " + path + ": "
	}
	return place
}
