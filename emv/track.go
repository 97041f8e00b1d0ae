package emv

import (
	"fmt"
	"strings"
)

// Track2 is track 2 equivalent data, tag 57, and track 2 data, tag 9F6B. What a masked card leaves out is "". It prints
// masked with every verb of fmt; the fields are clear. ISO/IEC 7813, EMV Book 3 Annex A.
type Track2 struct {
	PAN           string // up to 19 digits
	Expiry        string // YYMM; ParseExpiry makes it a Date
	ServiceCode   string // 3 digits
	Discretionary string // what the issuer put behind, digits
}

// maxTrack2 is how many octets of track 2 the standard has: the 37 characters between the sentinels.
const maxTrack2 = 19

// ParseTrack2 reads the packed form: PAN, D, YYMM, service code, discretionary data, an F at the end when the number of
// digits is odd. F in place of the expiry and all that follows marks a masked card; an expiry of one to three digits is
// ErrLength. The standard ends at 19 octets; cards with more are in use, and every digit of theirs is read.
func ParseTrack2(b []byte) (Track2, error) {
	pan, rest, ok := strings.Cut(nibbles(b), "D")
	if !ok {
		return Track2{}, &ValueError{Tag: 0x57, Err: ErrSeparator}
	}
	rest = strings.TrimRight(rest, "F")
	for i, part := range []string{pan, rest} {
		if bad := strings.IndexFunc(part, notDigit); bad >= 0 {
			return Track2{}, &ValueError{Tag: 0x57, Offset: (i*(len(pan)+1) + bad) / 2, Err: ErrDigits}
		}
	}
	if len(pan) == 0 || len(pan) > maxPAN {
		return Track2{}, &ValueError{Tag: 0x57, Err: ErrLength}
	}
	t := Track2{PAN: pan}
	t.Expiry, rest = cut(rest, expiryDigits)
	if t.Expiry != "" && len(t.Expiry) < expiryDigits {
		return Track2{}, &ValueError{Tag: 0x57, Err: ErrLength}
	}
	t.ServiceCode, t.Discretionary = cut(rest, 3)
	return t, nil
}

// The digits of an expiry date and a service code.
const (
	expiryDigits  = 4
	serviceDigits = 3
)

// inPlace reports whether every part of the track stands where a reader of the track looks for it: only at the end may one
// be left out or, of the service code and what follows, be cut short.
func (t Track2) inPlace() bool {
	switch {
	case len(t.Expiry) == 0:
		return t.ServiceCode == "" && t.Discretionary == ""
	case len(t.Expiry) != expiryDigits:
		return false
	}
	return len(t.ServiceCode) == serviceDigits || len(t.ServiceCode) < serviceDigits && t.Discretionary == ""
}

// cut takes n characters off s; all of it when there are fewer.
func cut(s string, n int) (head, tail string) {
	n = min(n, len(s))
	return s[:n], s[n:]
}

// AppendTrack2 appends the track as an object. It returns dst unchanged and an error when a part holds something else
// than digits, has another length than its own (ErrLength) so that what follows would be read in its place, or when the
// whole is longer than 19 octets.
func AppendTrack2(dst []byte, tag Tag, t Track2) ([]byte, error) {
	for _, part := range []string{t.PAN, t.Expiry, t.ServiceCode, t.Discretionary} {
		if strings.IndexFunc(part, notDigit) >= 0 {
			return dst, &ValueError{Tag: tag, Err: ErrDigits}
		}
	}
	s := t.PAN + "D" + t.Expiry + t.ServiceCode + t.Discretionary
	if len(s)%2 == 1 {
		s += "F"
	}
	if t.PAN == "" || !t.inPlace() || len(t.PAN) > maxPAN || len(s) > 2*maxTrack2 {
		return dst, &ValueError{Tag: tag, Err: ErrLength}
	}
	var v [maxTrack2]byte
	for i := range len(s) {
		nibble := s[i] - '0'
		if s[i] >= 'A' {
			nibble = s[i] - 'A' + 10
		}
		v[i/2] = v[i/2]<<4 | nibble
	}
	return AppendTLV(dst, tag, v[:len(s)/2]), nil
}

// Masked returns the track with the middle of the PAN and everything behind the expiry hidden: "622622******1234=2512***".
func (t Track2) Masked() string {
	s := maskPAN(t.PAN) + "=" + shownExpiry(t.Expiry)
	if t.ServiceCode != "" || t.Discretionary != "" {
		s += "***"
	}
	return s
}

// shownExpiry returns an expiry date of four digits and nothing of anything else, which may be a name or part of a number.
func shownExpiry(s string) string {
	if len(s) != expiryDigits || strings.IndexFunc(s, notDigit) >= 0 {
		return ""
	}
	return s
}

// Format prints the masked track, whatever the verb.
func (t Track2) Format(f fmt.State, _ rune) { fmt.Fprint(f, t.Masked()) }

// MarshalText writes the masked track, so that logs and JSON hold nothing else.
func (t Track2) MarshalText() ([]byte, error) { return []byte(t.Masked()), nil }

// Track1 is track 1 data, tag 56. It prints masked with every verb of fmt; the fields are clear. ISO/IEC 7813.
type Track1 struct {
	PAN           string
	Name          string
	Expiry        string // YYMM
	ServiceCode   string
	Discretionary string
}

// ParseTrack1 reads the ASCII form of format code B: "B<PAN>^<name>^<YYMM><service code><discretionary data>". A ^ stands in
// the place of an expiry or a service code that the card does not have.
func ParseTrack1(b []byte) (Track1, error) {
	rest, ok := strings.CutPrefix(string(b), "B")
	pan, rest, ok1 := strings.Cut(rest, "^")
	name, rest, ok2 := strings.Cut(rest, "^")
	if !ok || !ok1 || !ok2 {
		return Track1{}, &ValueError{Tag: 0x56, Err: ErrSeparator}
	}
	if strings.IndexFunc(pan, notDigit) >= 0 {
		return Track1{}, &ValueError{Tag: 0x56, Offset: 1, Err: ErrDigits}
	}
	if len(b) > 76 || len(pan) == 0 || len(pan) > maxPAN {
		return Track1{}, &ValueError{Tag: 0x56, Err: ErrLength}
	}
	t := Track1{PAN: pan, Name: name}
	for _, part := range []struct {
		to     *string
		digits int
	}{{&t.Expiry, expiryDigits}, {&t.ServiceCode, serviceDigits}} {
		at := len(b) - len(rest)
		var err error
		if *part.to, rest, err = cutDigits(rest, part.digits); err != nil {
			return Track1{}, &ValueError{Tag: 0x56, Offset: at, Err: err}
		}
	}
	t.Discretionary = rest
	return t, nil
}

// cutDigits takes n digits off s, or the ^ that stands for none. The end of s is none, too.
func cutDigits(s string, n int) (digits, rest string, err error) {
	if s == "" {
		return "", "", nil
	}
	if rest, absent := strings.CutPrefix(s, "^"); absent {
		return "", rest, nil
	}
	digits, rest = cut(s, n)
	switch {
	case strings.IndexFunc(digits, notDigit) >= 0:
		return "", s, ErrDigits
	case len(digits) < n:
		return "", s, ErrLength
	}
	return digits, rest, nil
}

// Masked returns the track with the PAN masked, the expiry and nothing else.
func (t Track1) Masked() string {
	return "B" + maskPAN(t.PAN) + "^***^" + shownExpiry(t.Expiry) + "***"
}

// Format prints the masked track, whatever the verb.
func (t Track1) Format(f fmt.State, _ rune) { fmt.Fprint(f, t.Masked()) }

// MarshalText writes the masked track, so that logs and JSON hold nothing else.
func (t Track1) MarshalText() ([]byte, error) { return []byte(t.Masked()), nil }

// maxPAN is how many digits a card number has at most. ISO/IEC 7812-1.
const maxPAN = 19

// maskPAN keeps the first six and the last four digits of a card number of usual length, and nothing of a shorter one.
func maskPAN(pan string) string {
	if len(pan) < 13 {
		return strings.Repeat("*", len(pan))
	}
	return pan[:6] + strings.Repeat("*", len(pan)-10) + pan[len(pan)-4:]
}

// CardPAN returns the card number of a card's data, at any depth: that of tag 5A, or else that of the track in tag 57.
// It is ErrMismatch when both are there and differ, ErrMissing when neither is, and ErrLength for a number of no digits
// or of more than 19.
func CardPAN(d TLV) (string, error) {
	v, hasPAN := d.Lookup(0x5A)
	pan, err := ParseCN(v)
	switch {
	case err != nil:
		return "", &ValueError{Tag: 0x5A, Err: ErrDigits}
	case hasPAN && (pan == "" || len(pan) > maxPAN):
		return "", &ValueError{Tag: 0x5A, Err: ErrLength}
	}
	track, hasTrack := d.Lookup(0x57)
	if !hasTrack && !hasPAN {
		return "", &ValueError{Tag: 0x5A, Err: ErrMissing}
	}
	if !hasTrack {
		return pan, nil
	}
	t, err := ParseTrack2(track)
	if err != nil {
		return "", err
	}
	if hasPAN && pan != t.PAN {
		return "", &ValueError{Tag: 0x57, Err: ErrMismatch}
	}
	return t.PAN, nil
}
