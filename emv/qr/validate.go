package qr

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
)

// maximumCode is how many bytes a code has at most: the specification has 512 characters, and fewer where one takes
// several bytes.
const maximumCode = 512

// Validate holds a merchant-presented code against the specification and returns every fault, joined, each an *Error:
// order, duplicates, missing mandatory objects and formats, inside of templates too, and the checksum. A code that is
// too long, or whose objects cannot be told apart, has that as its only fault.
//
// It is lenient where codes in use are: names and cities may be longer than the 25 and 15 characters of the
// specification, and of any script; the checksum may have lower-case digits.
func Validate(s string) error {
	if len(s) > maximumCode {
		return &Error{Offset: maximumCode, Err: ErrTooLong}
	}
	f := Fields(s)
	if err := f.Err(); err != nil {
		return err
	}
	var faults []error
	seen, tip := map[ID]bool{}, announced(f)
	var last ID
	for at := 0; at < len(s); {
		id, from, to, _ := next(s, at)
		for _, err := range check(id, s[from:to], at == 0, to == len(s), seen[id]) {
			faults = append(faults, &Error{Path: Path{id}, Offset: at, Err: err})
		}
		if (id == TipFixed || id == TipPercent) && id != tip {
			faults = append(faults, &Error{Path: Path{id}, Offset: at, Err: ErrOrder}) // nothing announces it
		}
		if id.IsTemplate() {
			faults = append(faults, checkTemplate(Path{id}, s[from:to], from)...)
		}
		seen[id], last = true, id
		at = to
	}
	faults = append(faults, missing(seen)...)
	if tip != 0 && !seen[tip] {
		faults = append(faults, &Error{Path: Path{tip}, Offset: -1, Err: ErrMissing})
	}
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

// wellFormed reports whether a value has the format of its id; an amount of zero has not, one that ends with its dot has.
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
		return decimal(v, 13) && strings.Trim(v, "0.") != ""
	case TipPercent:
		percent, err := strconv.ParseFloat(v, 64)
		return decimal(v, 5) && err == nil && percent >= 0.01 && percent < 100
	case TipIndicator:
		return v == "01" || v == "02" || v == "03"
	case CountryCode:
		return len(v) == 2 && lettersOnly(v) && strings.ToUpper(v) == v
	case MerchantName, MerchantCity:
		return noControls(v)
	case PostalCode:
		return printable(v, 10)
	}
	return id < firstAccount || id >= firstTemplate || printable(v, 99)
}

// printable reports whether v has at most so many characters, all of them printable ASCII: format ans.
func printable(v string, most int) bool {
	return len(v) <= most && strings.IndexFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

func noControls(v string) bool { return strings.IndexFunc(v, unicode.IsControl) < 0 }

func lettersOnly(v string) bool {
	return strings.IndexFunc(v, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') }) < 0
}

func digitsOnly(v string) bool {
	return strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// decimal reports whether v is digits with at most one dot among them, and at most so many characters.
func decimal(v string, most int) bool {
	whole, rest, _ := strings.Cut(v, ".")
	return len(v) <= most && whole != "" && digitsOnly(whole) && digitsOnly(rest)
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

// announced returns the id of the value that the tip indicator announces; 0 when it announces none.
func announced(f Fields) ID {
	switch indicator, _ := f.Get(TipIndicator); indicator {
	case "02":
		return TipFixed
	case "03":
		return TipPercent
	}
	return 0
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
