package message

import (
	"time"

	"github.com/posline/posline/message/internal/fault"
)

// Time returns the date or time that the value holds, read by the notation that the spec gives the field: MMDDhhmmss,
// MMDD, hhmmss, YYMM, YYMMDD, YYMMDDhhmmss, CCYYMMDD and the like (ISO 8583:1987, 4.2.2).
//
// The notations leave out what both sides know, and ref, usually the present, supplies it. The result is in ref's
// location: give a time in UTC for field 7, which is Greenwich time, and one in the terminal's zone for fields 12 and
// 13. Of the times that the digits may mean, the one nearest to ref is taken, the earlier of two that are equally
// near:
//
//   - without a year, that of the years around ref's; so 1231 is last December in January. 0229 takes the nearest
//     leap year;
//   - with two digits of the year, that of the centuries around ref's;
//   - without a date, that of the days around ref's.
//
// A notation without a day means the first of the month, one without a time midnight. YYMM of an expiry date is
// therefore its month's first day; the card is good until AddDate(0, 1, 0).
//
// The error is an *Error of kind ErrMissing for an absent field, ErrType for one that is not a date or time in the
// spec, and ErrValue for digits that no calendar or clock shows.
func (v Value) Time(ref time.Time) (time.Time, error) {
	if !v.Present() {
		return time.Time{}, errorOf(v.fault(fault.Missing))
	}
	t, err := v.part.Time(ref)
	if err != nil {
		return time.Time{}, errorOf(err)
	}
	return t, nil
}

// SetTime sets a date or time element to what the clock of t's location shows, by the notation that the spec gives the
// field: convert t with In or UTC first. The error is an *Error: ErrUnknown for a field that the spec does not have,
// ErrType for one that is not a date or time in it, ErrValue for a year beyond 9999.
func (m *Message) SetTime(number int, t time.Time) error {
	if m.codec == nil {
		return errNoCodec
	}
	return m.kept(m.setTime(number, t))
}

func (m *Message) setTime(number int, t time.Time) *fault.Fault {
	n := m.node(number)
	if n == nil {
		return m.undefined(number)
	}
	var buf [64]byte
	value, err := n.AppendFromTime(buf[:0], t)
	if err != nil {
		return err
	}
	return m.set(n, number, value)
}
