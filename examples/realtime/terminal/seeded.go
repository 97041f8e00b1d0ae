//go:build seeded

package terminal

import "github.com/posline/posline/examples/realtime/internal/defect"

// seedTrusted believes an answer without its code.
func seedTrusted() bool { return defect.Is("answer-unverified") }
