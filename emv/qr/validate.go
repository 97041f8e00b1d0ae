package qr

import (
	"errors"
	"strconv"
	"strings"
)

// Validate holds a merchant-presented code against the specification and returns every fault, joined, each an *Error:
// objects that cannot be read, order, duplicates, missing mandatory objects, formats, templates and the checksum.
func Validate(s string) error {
	f := Fields(s)
	if err := f.Err(); err != nil {
		return err
	}
	var faults []error
	seen := map[ID]bool{}
	var last ID
	for at := 0; at < len(s); {
		id, from, to, _ := next(s, at)
		for _, err := range check(id, s[from:to], at == 0, to == len(s), seen[id]) {
			faults = append(faults, &Error{Path: Path{id}, Offset: at, Err: err})
		}
		if fault := checkTemplate(id, s[from:to], from); fault != nil {
			faults = append(faults, fault)
		}
		seen[id], last = true, id
		at = to
	}
	faults = append(faults, missing(seen)...)
	faults = append(faults, checkTip(f)...)
	if last == Checksum {
		faults = append(faults, checkCRC(s))
	}
	return errors.Join(faults...)
}

// check returns what is wrong with an object by itself.
func check(id ID, v string, first, last, again bool) []error {
	var faults []error
	if again {
		faults = append(faults, ErrDuplicate)
	}
	if (id == PayloadFormat) != first || id == Checksum && !last {
		faults = append(faults, ErrOrder)
	}
	if !wellFormed(id, v) {
		faults = append(faults, ErrFormat)
	}
	return faults
}

// wellFormed reports whether a value has the format of its id. Names and cities may be longer than the specification
// has them: such codes are in use.
func wellFormed(id ID, v string) bool {
	switch id {
	case PayloadFormat:
		return v == "01"
	case Initiation:
		return v == "11" || v == "12"
	case CategoryCode:
		return len(v) == 4 && digitsOnly(v)
	case CurrencyCode:
		return len(v) == 3 && digitsOnly(v)
	case Amount, TipFixed:
		return decimal(v, 13)
	case TipPercent:
		percent, err := strconv.ParseFloat(v, 64)
		return decimal(v, 5) && err == nil && percent > 0 && percent <= 100
	case TipIndicator:
		return v == "01" || v == "02" || v == "03"
	case CountryCode:
		return len(v) == 2 && strings.IndexFunc(v, func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
	}
	return true
}

func digitsOnly(v string) bool {
	return strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// decimal reports whether v is digits with at most one dot among them, and at most so many characters.
func decimal(v string, most int) bool {
	whole, rest, _ := strings.Cut(v, ".")
	return len(v) <= most && whole != "" && digitsOnly(whole) && digitsOnly(rest)
}

// checkTemplate reports what is wrong inside a template.
func checkTemplate(id ID, v string, offset int) error {
	if !id.IsTemplate() {
		return nil
	}
	var fault *Error
	if err := Fields(v).Err(); errors.As(err, &fault) {
		fault.Path = append(Path{id}, fault.Path...)
		fault.Offset += offset
		return fault
	}
	return nil
}

// missing returns the mandatory objects that are not there.
func missing(seen map[ID]bool) []error {
	var faults []error
	lack := func(id ID) { faults = append(faults, &Error{Path: Path{id}, Offset: -1, Err: ErrMissing}) }
	if !seen[PayloadFormat] {
		lack(PayloadFormat)
	}
	account := false
	for id := firstAccount; id <= lastAccount; id++ {
		account = account || seen[id]
	}
	if !account {
		lack(firstTemplate)
	}
	for _, id := range []ID{CategoryCode, CurrencyCode, CountryCode, MerchantName, MerchantCity, Checksum} {
		if !seen[id] {
			lack(id)
		}
	}
	return faults
}

// checkTip reports a tip indicator without the value it announces.
func checkTip(f Fields) []error {
	indicator, _ := f.Get(TipIndicator)
	id, announces := map[string]ID{"02": TipFixed, "03": TipPercent}[indicator]
	if _, ok := f.Get(id); ok || !announces {
		return nil
	}
	return []error{&Error{Path: Path{id}, Offset: -1, Err: ErrMissing}}
}

// checkCRC compares the checksum at the end of the code. Lower-case digits count too.
func checkCRC(s string) error {
	at := len(s) - 8
	if at < 0 || s[at:at+4] != "6304" {
		return &Error{Path: Path{Checksum}, Offset: max(at, 0), Err: ErrCRC}
	}
	have, err := strconv.ParseUint(s[at+4:], 16, 16)
	if err != nil || uint16(have) != CRC(s[:at+4]) {
		return &Error{Path: Path{Checksum}, Offset: at, Err: ErrCRC}
	}
	return nil
}
