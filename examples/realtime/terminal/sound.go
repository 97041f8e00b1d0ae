//go:build !seeded

package terminal

// seedTrusted is a hook for seeded defects: see internal/defect.
func seedTrusted() bool { return false }

func seedUnmatched() bool { return false }
