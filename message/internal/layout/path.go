package layout

import (
	"strconv"
	"strings"

	"github.com/posline/posline/spec"
)

// Number reads the number of a field, of a header part or of an occurrence in a path. Each has one way to be written:
// no sign and no leading zeros.
func Number(key string) (number int, ok bool) {
	for i := range len(key) {
		if key[i] < '0' || key[i] > '9' || i == 0 && key[0] == '0' && len(key) > 1 {
			return 0, false
		}
	}
	number, err := strconv.Atoi(key)
	return number, err == nil
}

// SplitIndex splits "72[2]" into "72" and 2; a key without an index has 1. What only resembles an index is part of the
// key.
func SplitIndex(key string) (string, int) {
	name, index, ok := strings.Cut(key, "[")
	if !ok {
		return key, 1
	}
	digits, closed := strings.CutSuffix(index, "]")
	n, ok := Number(digits)
	if !closed || !ok || n < 1 {
		return key, 1
	}
	return name, n
}

// Name is a key as the part it names has it: hexadecimal tags in either case are the same tag.
func (l *Layout) Name(key string) string {
	if l != nil && l.HasTags() && l.binaryTags() {
		return strings.ToUpper(key)
	}
	return key
}

// Occurs tells whether a part may be there that often: tags may be repeated, and the fields of records are.
func (l *Layout) Occurs(key string, times int) bool {
	if l.Kind == spec.Repeated || times <= 1 {
		return true
	}
	return l.HasTags() && (l.Lead == nil || key != "0")
}
