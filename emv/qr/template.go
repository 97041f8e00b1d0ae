package qr

import (
	"errors"
	"slices"
)

// globalID names whose template it is: in accounts from 26 on, in 80 to 99, and in 50 to 99 of the additional data.
const globalID ID = 0

// The ids inside LanguageTemplate.
const (
	languageCode ID = 0
	languageName ID = 1
	languageCity ID = 2
)

// firstNetwork is the first id inside AdditionalData that is a template of a payment system.
const firstNetwork ID = 50

// checkTemplate returns what is wrong inside a template, whose value starts at the offset.
func checkTemplate(path Path, v string, offset int) []error {
	var fault *Error
	if errors.As(Fields(v).Err(), &fault) {
		fault.Path = append(slices.Clone(path), fault.Path...)
		fault.Offset += offset
		return []error{fault}
	}
	var faults []error
	seen := map[ID]bool{}
	for at := 0; at < len(v); {
		id, from, to, _ := next(v, at)
		inner := append(slices.Clone(path), id)
		if seen[id] {
			faults = append(faults, &Error{Path: inner, Offset: offset + at, Err: ErrDuplicate})
		}
		if !wellFormedInside(inner, v[from:to]) {
			faults = append(faults, &Error{Path: inner, Offset: offset + at, Err: ErrFormat})
		}
		if len(path) == 1 && path[0] == AdditionalData && id >= firstNetwork {
			faults = append(faults, checkTemplate(inner, v[from:to], offset+from)...)
		}
		seen[id] = true
		at = to
	}
	for _, id := range mandatoryInside(path) {
		if !seen[id] {
			faults = append(faults, &Error{Path: append(slices.Clone(path), id), Offset: -1, Err: ErrMissing})
		}
	}
	return faults
}

// mandatoryInside returns the objects that a template must have. Of the additional data all are optional (table 3.7), of
// the language template the city is (table 3.8).
func mandatoryInside(path Path) []ID {
	switch {
	case len(path) > 1:
		return []ID{globalID}
	case path[0] == AdditionalData:
		return nil
	case path[0] == LanguageTemplate:
		return []ID{languageCode, languageName}
	}
	return []ID{globalID}
}

// wellFormedInside reports whether an object inside of a template has its format; the path ends with it. Names and
// cities are not held to their length here either.
func wellFormedInside(path Path, v string) bool {
	id := path[len(path)-1]
	switch {
	case len(path) == 2 && path[0] == AdditionalData:
		switch {
		case id >= BillNumber && id <= Purpose:
			return printable(v, 25)
		case id == ConsumerDataAsks:
			return printable(v, 3)
		}
	case path[0] == LanguageTemplate:
		switch id {
		case languageCode:
			return len(v) == 2 && lettersOnly(v)
		case languageName, languageCity:
			return noControls(v)
		}
	case id == globalID:
		return printable(v, 32)
	}
	return true
}
