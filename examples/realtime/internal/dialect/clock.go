package dialect

import (
	"time"

	"github.com/posline/posline/message"
)

// SetClock sets the local time and date of a message, fields 12 and 13.
func SetClock(m *message.Message, at time.Time) {
	at = at.In(China)
	m.SetTime(12, at)
	m.SetTime(13, at)
}

// ClockOf reads them; the year is the one that brings them nearest to the given time.
func ClockOf(m *message.Message, near time.Time) (time.Time, error) {
	near = near.In(China)
	date, err := m.Field(13).Time(near)
	if err != nil {
		return time.Time{}, err
	}
	clock, err := m.Field(12).Time(near)
	if err != nil {
		return time.Time{}, err
	}
	return time.Date(date.Year(), date.Month(), date.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, China), nil
}
