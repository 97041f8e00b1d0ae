package emv

import (
	"fmt"
	"time"
)

// Date is a day of the calendar as cards give it. The zero value is no date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date of format n 6, YYMMDD in 3 octets: tags 9A, 5F24, 5F25. Years 00 to 49 are 2000 to 2049, years
// 50 to 99 are 1950 to 1999 (EMV Book 4 section 6.7.3).
func ParseDate(b []byte) (Date, error) {
	if len(b) != 3 {
		return Date{}, &ValueError{Err: ErrLength}
	}
	n, err := ParseN(b)
	if err != nil {
		return Date{}, err
	}
	return newDate(int(n/10000), int(n/100%100), int(n%100))
}

// ParseExpiry reads the YYMM of a track: the last day of that month.
func ParseExpiry(yymm string) (Date, error) {
	if len(yymm) != 4 {
		return Date{}, &ValueError{Err: ErrLength}
	}
	var n [2]int
	for i := range 4 {
		if notDigit(rune(yymm[i])) {
			return Date{}, &ValueError{Offset: i, Err: ErrDigits}
		}
		n[i/2] = 10*n[i/2] + int(yymm[i]-'0')
	}
	first, err := newDate(n[0], n[1], 1)
	if err != nil {
		return Date{}, err
	}
	last := time.Date(first.Year, first.Month+1, 0, 0, 0, 0, 0, time.UTC)
	return Date{first.Year, first.Month, last.Day()}, nil
}

func newDate(yy, month, day int) (Date, error) {
	year := 2000 + yy
	if yy >= 50 {
		year = 1900 + yy
	}
	d := Date{year, time.Month(month), day}
	if !d.valid() {
		return Date{}, &ValueError{Err: ErrDate}
	}
	return d, nil
}

func (d Date) valid() bool {
	y, m, day := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Date()
	return Date{y, m, day} == d
}

// DateOf returns the day of t in t's own time zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Time returns the start of the day in the given time zone.
func (d Date) Time(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

// Compare returns -1 when d is before e, 0 when they are the same day and 1 when d is after e.
func (d Date) Compare(e Date) int { return d.Time(time.UTC).Compare(e.Time(time.UTC)) }

// String returns the date as 2026-01-31.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// AppendDate appends an object with the date as YYMMDD. It returns dst unchanged and ErrDate when d is no date or lies
// outside 1950 to 2049.
func AppendDate(dst []byte, t Tag, d Date) ([]byte, error) {
	if !d.valid() || d.Year < 1950 || d.Year > 2049 {
		return dst, &ValueError{Tag: t, Err: ErrDate}
	}
	return AppendN(dst, t, uint64(d.Year%100*10000+int(d.Month)*100+d.Day), 3)
}

// clockTime reads HHMMSS in 3 octets, tag 9F21; "" when it is no time of day.
func clockTime(b []byte) string {
	n, err := ParseN(b)
	h, m, s := n/10000, n/100%100, n%100
	if err != nil || len(b) != 3 || h > 23 || m > 59 || s > 59 {
		return ""
	}
	return fmt.Sprintf("%02d:%02d:%02d", h, m, s)
}
