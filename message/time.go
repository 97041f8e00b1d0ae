package message

import (
	"time"

	"github.com/posline/posline/spec"
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
	t, err := v.time(ref)
	if err != nil {
		return time.Time{}, err
	}
	return t, nil
}

func (v Value) time(ref time.Time) (time.Time, *Error) {
	if v.wire == nil {
		return time.Time{}, v.error(ErrMissing)
	}
	clock, ok := parseNotation(v.node.field.Time)
	if !ok {
		return time.Time{}, fault(ErrType, v.node.path, -1, detail("is not a date or time in the spec"))
	}
	var buf [64]byte
	text := v.AppendText(buf[:0])
	if len(text) != len(v.node.field.Time) || !allDigits(text) {
		return time.Time{}, v.error(ErrValue)
	}
	t, ok := clock.nearest(text, ref)
	if !ok {
		return time.Time{}, v.error(ErrValue)
	}
	return t, nil
}

// SetTime sets a date or time element to what the clock of t's location shows, by the notation that the spec gives the
// field: convert t with In or UTC first. The error is an *Error: ErrUnknown for a field that the spec does not have,
// ErrType for one that is not a date or time in it, ErrValue for a year beyond 9999.
func (m *Message) SetTime(number int, t time.Time) error {
	n := m.node(number)
	if n == nil {
		return m.fail(m.undefined(number))
	}
	var buf [64]byte
	value, err := n.appendTime(buf[:0], t)
	if err != nil {
		return m.fail(err)
	}
	return m.set(n, number, value)
}

// appendTime appends the value of a date or time field.
func (n *node) appendTime(dst []byte, t time.Time) ([]byte, *Error) {
	if _, ok := parseNotation(n.field.Time); !ok {
		return dst, fault(ErrType, n.path, -1, detail("is not a date or time in the spec"))
	}
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if year < 0 || year > 9999 {
		return dst, fault(ErrValue, n.path, -1, detail("the year has more than four digits"))
	}
	from := len(dst)
	for notation := n.field.Time; notation != ""; notation = notation[2:] {
		var x int
		switch notation[:2] {
		case "CC":
			x = year / 100
		case "YY":
			x = year % 100
		case "MM":
			x = int(month)
		case "DD":
			x = day
		case "hh":
			x = hour
		case "mm":
			x = minute
		case "ss":
			x = second
		}
		dst = append(dst, '0'+byte(x/10), '0'+byte(x%10))
	}
	if n.content == spec.ContentB {
		packed, _ := appendHex(dst[:from], dst[from:]) // in place: a byte is written after its two digits were read
		return packed, nil
	}
	return dst, nil
}

// notation is where the parts of a date or time stand in its digits, each counted from 1; 0 is a part that is left
// out.
type notation struct {
	century, year, month, day, hour, minute, second int
}

// parseNotation reads "MMDDhhmmss". It refuses one that does not name a date, a time or both without gaps.
func parseNotation(s string) (at notation, ok bool) {
	if s == "" || len(s)%2 != 0 {
		return at, false
	}
	for i := 0; i < len(s); i += 2 {
		var part *int
		switch s[i : i+2] {
		case "CC":
			part = &at.century
		case "YY":
			part = &at.year
		case "MM":
			part = &at.month
		case "DD":
			part = &at.day
		case "hh":
			part = &at.hour
		case "mm":
			part = &at.minute
		case "ss":
			part = &at.second
		default:
			return at, false
		}
		if *part != 0 {
			return at, false
		}
		*part = i + 1
	}
	gap := at.century != 0 && at.year == 0 || at.year != 0 && at.month == 0 || at.day != 0 && at.month == 0 ||
		at.month != 0 && at.day == 0 && (at.year == 0 || at.hour != 0) ||
		at.minute != 0 && at.hour == 0 || at.second != 0 && at.minute == 0
	return at, !gap
}

// nearest returns the time nearest to ref that the digits may mean.
func (at notation) nearest(digits []byte, ref time.Time) (time.Time, bool) {
	two := func(position, absent int) int {
		if position == 0 {
			return absent
		}
		return int(digits[position-1]-'0')*10 + int(digits[position]-'0')
	}
	month, day := two(at.month, 1), two(at.day, 1)
	hour, minute, second := two(at.hour, 0), two(at.minute, 0), two(at.second, 0)
	if hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	best := candidate{ref: ref}
	year := ref.Year()
	switch {
	case at.month == 0:
		for offset := -1; offset <= 1; offset++ {
			y, m, d := ref.Date()
			best.offer(time.Date(y, m, d+offset, hour, minute, second, 0, ref.Location()))
		}
		return best.time, best.found
	case at.century != 0:
		best.year(two(at.century, 0)*100+two(at.year, 0), month, day, hour, minute, second)
	case at.year != 0:
		for century := year/100 - 1; century <= year/100+1; century++ {
			best.year(century*100+two(at.year, 0), month, day, hour, minute, second)
		}
	default:
		for y := year - 8; y <= year+8; y++ { // leap years are at most eight years apart
			best.year(y, month, day, hour, minute, second)
		}
	}
	return best.time, best.found
}

// candidate is the nearest time to ref so far.
type candidate struct {
	ref, time time.Time
	found     bool
}

// year offers a date of a year, unless the calendar has no such day.
func (c *candidate) year(year, month, day, hour, minute, second int) {
	noon := time.Date(year, time.Month(month), day, 12, 0, 0, 0, time.UTC)
	if y, m, d := noon.Date(); y != year || int(m) != month || d != day {
		return
	}
	c.offer(time.Date(year, time.Month(month), day, hour, minute, second, 0, c.ref.Location()))
}

func (c *candidate) offer(t time.Time) {
	if !c.found || t.Sub(c.ref).Abs() < c.time.Sub(c.ref).Abs() {
		c.time, c.found = t, true
	}
}
