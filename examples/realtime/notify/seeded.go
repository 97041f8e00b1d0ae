//go:build seeded

package notify

import (
	"fmt"

	"github.com/posline/posline/examples/realtime/internal/defect"
	"github.com/posline/posline/examples/realtime/ledger"
)

// seedNotice gives a notice that is sent again another key.
func seedNotice(n *ledger.Outgoing) {
	if defect.Is("new-key-on-retry") && n.Tries > 0 {
		n.Tell.Key += fmt.Sprintf("-%d", n.Tries)
	}
}

// seedFailed takes a failure for a confirmation.
func seedFailed(err error) bool { return defect.Is("notice-tried-once") }

// seedSkip loses an event of a stream that is resumed.
func seedSkip(seq int64) int64 {
	if defect.Is("stream-skips") && seq > 0 {
		return seq + 1
	}
	return seq
}
