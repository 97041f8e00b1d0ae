package acquirer

import (
	"time"

	"github.com/posline/posline/examples/realtime/internal/dialect"
)

// Clock is the switch's time. The simulation has one of its own.
type Clock interface {
	Now() time.Time
	AfterFunc(d time.Duration, f func()) (stop func())
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) AfterFunc(d time.Duration, f func()) (stop func()) {
	timer := time.AfterFunc(d, f)
	return func() { timer.Stop() }
}

// Day is how business days are told: they begin at CutOver after midnight in Zone.
type Day struct {
	Zone    *time.Location // default China's
	CutOver time.Duration
}

// Of returns the business day of a moment, as YYYYMMDD.
func (d Day) Of(t time.Time) int32 {
	year, month, day := d.in(t).Add(-d.CutOver).Date()
	return int32(year*10_000 + int(month)*100 + day)
}

func (d Day) in(t time.Time) time.Time {
	if d.Zone == nil {
		return t.In(dialect.China)
	}
	return t.In(d.Zone)
}
