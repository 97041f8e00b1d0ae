// Package clock reads and writes the dates and times of ISO 8583 by their notation: MMDDhhmmss, YYMM, hhmmss (ISO
// 8583:1987, 4.2.2).
package clock

import "time"

// Notation is where the parts of a date or time stand in its digits, each counted from 1; 0 is a part that is left
// out.
type Notation struct {
	century, year, month, day, hour, minute, second int
}

// Parse reads "MMDDhhmmss". It refuses one that does not name a date, a time or both without gaps.
func Parse(s string) (at Notation, ok bool) {
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

// Nearest returns the time nearest to ref that the digits may mean.
func (at Notation) Nearest(digits []byte, ref time.Time) (time.Time, bool) {
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
	inUTC := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC) // where no hour is left out
	if _, m, d := inUTC.Date(); int(m) != month || d != day {
		return
	}
	c.offer(time.Date(year, time.Month(month), day, hour, minute, second, 0, c.ref.Location()))
}

func (c *candidate) offer(t time.Time) {
	if !c.found || t.Sub(c.ref).Abs() < c.time.Sub(c.ref).Abs() {
		c.time, c.found = t, true
	}
}

// Append appends what the clock of t's location shows; notation is one that Parse takes and the year has at most four
// digits.
func Append(dst []byte, notation string, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	for ; notation != ""; notation = notation[2:] {
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
	return dst
}
