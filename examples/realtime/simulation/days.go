package simulation

import (
	"fmt"
	"time"

	"github.com/posline/posline/examples/realtime/payment"
)

// days checks that each row has the day that it was in China when its request came, reckoned without a calendar's help, and
// that all that a terminal did in a batch is of one day. Refunds may be of the batch before.
func days(rows []payment.Row) (faults []string) {
	const ahead, day = 8 * time.Hour, 24 * time.Hour
	batches := make(map[string]int32)
	for i := range rows {
		r := &rows[i]
		number := time.Duration(r.At)*time.Millisecond + ahead
		date := time.Unix(int64(number/day*day/time.Second), 0).UTC().Format("20060102")
		if fmt.Sprint(r.Day) != date {
			faults = append(faults, fmt.Sprintf("%v %s is of the business day %d and came on %s", r.Kind, r.Reference(), r.Day, date))
		}
		batch := r.Origin.Terminal + " " + r.Origin.Batch
		if was, known := batches[batch]; known && was != r.Day && r.Kind != payment.Refund {
			faults = append(faults, fmt.Sprintf("terminal and batch %s are of the business days %d and %d", batch, was, r.Day))
		}
		if r.Kind != payment.Refund {
			batches[batch] = r.Day
		}
	}
	return faults
}
