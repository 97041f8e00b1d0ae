package clearing

import (
	"fmt"
	"iter"
)

const (
	maxField  = 999                 // characters of a field that holds a list
	tagSize   = 4                   // digits
	headSize  = tagSize + 3         // tag and length
	maxValue  = maxField - headSize // characters of an element that fits a field
	maxTag    = 9999
	listCount = 5
)

// Element is one entry of a PDS list: "0105" and a length of three digits before its value on the wire.
type Element struct {
	Tag   int // 0 to 9999
	Value string
}

// Fields returns the numbers of the data elements that hold a record's PDS list, in the order in which they fill up: 48,
// 62, 123, 124, 125. No element goes over the end of a field.
func Fields() [listCount]int { return [listCount]int{48, 62, 123, 124, 125} }

// Elements yields the elements of a list, of which each content is the text of one field; an absent one is empty. A
// fault, a *ListError, comes last. The order and elements of equal tags stay.
func Elements(contents ...string) iter.Seq2[Element, error] {
	return func(yield func(Element, error) bool) {
		for i, content := range contents {
			for at := 0; at < len(content); {
				e, size, err := element(content[at:])
				if err != nil {
					yield(Element{}, &ListError{Field: i, Offset: at, Err: err})
					return
				}
				if !yield(e, nil) {
					return
				}
				at += size
			}
		}
	}
}

// element reads the element at the start of text.
func element(text string) (e Element, size int, err error) {
	if len(text) < headSize {
		return Element{}, 0, ErrTruncated
	}
	tag, ok := number(text[:tagSize])
	if !ok {
		return Element{}, 0, ErrTag
	}
	length, ok := number(text[tagSize:headSize])
	if !ok {
		return Element{}, 0, ErrLength
	}
	if length > len(text)-headSize {
		return Element{}, 0, ErrTruncated
	}
	size = headSize + length
	return Element{Tag: tag, Value: text[headSize:size]}, size, nil
}

// number reads digits, and nothing but digits.
func number(digits string) (n int, ok bool) {
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// Spread puts elements into the contents of the fields that Fields names, in their order, each field as full as whole
// elements make it. Fields that are not needed stay empty. The error is ErrTag, or ErrTooLong for a value of more than
// 992 characters or for more elements than the fields can hold.
func Spread(elements []Element) (contents [listCount]string, err error) {
	field := 0
	for _, e := range elements {
		switch {
		case e.Tag < 0 || e.Tag > maxTag:
			return [listCount]string{}, fmt.Errorf("PDS element %d: %w", e.Tag, ErrTag)
		case len(e.Value) > maxValue:
			return [listCount]string{}, fmt.Errorf("PDS element %04d: %w: %d characters, the limit is %d", e.Tag, ErrTooLong, len(e.Value), maxValue)
		}
		if len(contents[field])+headSize+len(e.Value) > maxField {
			field++
		}
		if field == listCount {
			return [listCount]string{}, fmt.Errorf("PDS element %04d: %w: the elements before it fill all %d fields", e.Tag, ErrTooLong, listCount)
		}
		contents[field] += fmt.Sprintf("%04d%03d%s", e.Tag, len(e.Value), e.Value)
	}
	return contents, nil
}
