// Package defect holds the faults that can be seeded into the switch, so that a test can see the chaos run catch them.
// Without the build tag seeded none of them exists: every function returns false and the compiler drops its caller's
// branch. With it, the environment variable REALTIME_DEFECT names the one that is active.
package defect

// Variable is the environment variable that names the active defect.
const Variable = "REALTIME_DEFECT"

// The names of the defects.
const (
	intentAfterWrite    = "intent-after-write"
	noticeOutside       = "notice-outside"
	newKeyOnRetry       = "new-key-on-retry"
	guessDeclined       = "guess-declined"
	forgetEarlyReversal = "forget-early-reversal"
)

// Quick returns the names of the defects that show within seconds of chaos.
func Quick() []string { return []string{intentAfterWrite, newKeyOnRetry, guessDeclined} }

// Names returns the names of all defects.
func Names() []string { return append(Quick(), noticeOutside, forgetEarlyReversal) }

// IntentAfterWrite records that a payment is sent only when its channel has answered.
func IntentAfterWrite() bool { return seeded(intentAfterWrite) }

// NoticeOutside writes the notice of a payment in a database transaction of its own, after the posting.
func NoticeOutside() bool { return seeded(noticeOutside) }

// NewKeyOnRetry delivers a notice again under another idempotency key.
func NewKeyOnRetry() bool { return seeded(newKeyOnRetry) }

// GuessDeclined takes a bank that does not answer for one that has declined.
func GuessDeclined() bool { return seeded(guessDeclined) }

// ForgetEarlyReversal does not remember the reversal of a sale that has not come yet.
func ForgetEarlyReversal() bool { return seeded(forgetEarlyReversal) }
