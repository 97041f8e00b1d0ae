//go:build seeded

package sqlite

import (
	"time"

	"github.com/posline/posline/examples/realtime/internal/defect"
	"github.com/posline/posline/examples/realtime/payment"
)

// seedNotice leaves out the notice of some postings.
func seedNotice(p *payment.Posting) bool {
	return defect.Is("notice-missing") && p.Kind == payment.TakenBack
}

// seedTell tells results before they are on the disk.
func seedTell(group []task) {
	if !defect.Is("told-before-commit") {
		return
	}
	for i := range group {
		if group[i].done != nil {
			group[i].tell()
			group[i].done = func(payment.Result) {}
		}
	}
	time.Sleep(10 * time.Millisecond)
}
