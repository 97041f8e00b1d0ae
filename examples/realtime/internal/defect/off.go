//go:build !seeded

package defect

// Built tells whether defects can be seeded into this program.
const Built = false

func seeded(string) bool { return false }
