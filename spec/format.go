package spec

import (
	"fmt"
	"strconv"
	"strings"
)

// Content is the set of characters a value is made of (ISO 8583:1987, 4.2.1 "Attributes").
type Content uint8

// Text contents are bit sets of the first four; the last three stand alone.
const (
	ContentA Content = 1 << iota // letters
	ContentN                     // digits
	ContentS                     // special characters
	ContentP                     // the pad character is named
	ContentZ                     // track 2 and 3 code set
	ContentB                     // binary
	ContentH                     // hexadecimal digits

	ContentAN  = ContentA | ContentN
	ContentANS = ContentA | ContentN | ContentS
)

var contentNames = []struct {
	name    string
	content Content
}{
	{"ans", ContentANS}, {"an", ContentAN}, {"as", ContentA | ContentS}, {"ns", ContentN | ContentS},
	{"a", ContentA}, {"n", ContentN}, {"s", ContentS}, {"z", ContentZ}, {"b", ContentB}, {"h", ContentH},
}

// String returns the content in the standard's notation: "ans", "n", "b".
func (c Content) String() string {
	for _, known := range contentNames {
		if c&^ContentP == known.content {
			if c&ContentP != 0 {
				return known.name + "p"
			}
			return known.name
		}
	}
	return fmt.Sprintf("Content(%d)", uint8(c))
}

// IsText tells whether the content is a, n, s or a combination of them.
func (c Content) IsText() bool { return c&ContentANS != 0 }

// MaxLength bounds every declared length: no data element of the standard comes near it, and it keeps the memory a
// hostile spec can ask for small.
const MaxLength = 1 << 20

// Format is a parsed "n..19": what a value is made of and how long it may be.
type Format struct {
	Content Content

	// Sign is set by "x+": a sign character precedes the value and is not counted by Max.
	Sign bool

	// Max is the length of a fixed value or the longest variable one, in digits or characters; bits for a fixed b,
	// bytes for a variable b.
	Max int

	// Digits is the number of length digits: 2 for "..". 0 means fixed length.
	Digits int
}

// Fixed tells whether every value has the same length.
func (f Format) Fixed() bool { return f.Digits == 0 }

// String returns the format in the standard's notation.
func (f Format) String() string {
	var b strings.Builder
	if f.Sign {
		b.WriteString("x+")
	}
	b.WriteString(f.Content.String())
	if f.Fixed() {
		b.WriteByte(' ')
	}
	b.WriteString(strings.Repeat(".", f.Digits))
	b.WriteString(strconv.Itoa(f.Max))
	return b.String()
}

// ParseFormat reads the standard's notation. Blanks around the length are ignored: "n6" is "n 6".
func ParseFormat(s string) (Format, error) {
	var f Format
	rest, sign := strings.CutPrefix(strings.TrimSpace(s), "x+")
	f.Sign = sign
	end := strings.IndexFunc(rest, func(r rune) bool { return r == '.' || r == ' ' || r >= '0' && r <= '9' })
	if end < 0 {
		return Format{}, fmt.Errorf("format %q has no length", s)
	}
	content, err := parseContent(rest[:end])
	if err != nil {
		return Format{}, fmt.Errorf("format %q: %w", s, err)
	}
	f.Content = content
	rest = strings.TrimSpace(rest[end:])
	length := strings.TrimLeft(rest, ".")
	f.Digits = len(rest) - len(length)
	return f, f.parseLength(s, strings.TrimSpace(length))
}

func parseContent(s string) (Content, error) {
	base, pad := strings.CutSuffix(s, "p")
	for _, known := range contentNames {
		if base == known.name {
			if !pad {
				return known.content, nil
			}
			if known.content.IsText() {
				return known.content | ContentP, nil
			}
		}
	}
	return 0, fmt.Errorf("unknown content %q", s)
}

func (f *Format) parseLength(notation, length string) error {
	for _, c := range []byte(length) {
		if c < '0' || c > '9' {
			return fmt.Errorf("format %q: length %q is not a number", notation, length)
		}
	}
	n, err := strconv.Atoi(length)
	switch {
	case err != nil:
		return fmt.Errorf("format %q: length %q is not a number", notation, length)
	case f.Digits > 6:
		return fmt.Errorf("format %q has more than six length digits", notation)
	case n > MaxLength:
		return fmt.Errorf("format %q is longer than %d", notation, MaxLength)
	case f.Digits > 0 && n == 0:
		return fmt.Errorf("format %q has no room for a value", notation)
	case f.Content == ContentB && f.Fixed() && n%8 != 0:
		return fmt.Errorf("format %q: %d bits are not a number of bytes", notation, n)
	case f.Sign && f.Content != ContentN:
		return fmt.Errorf("format %q: a sign goes with n only", notation)
	}
	f.Max = n
	return nil
}
