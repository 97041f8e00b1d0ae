//go:build !seeded

package defect

// Built tells whether defects can be seeded into this program.
const Built = false

// Is reports whether the defect of that name is active.
func Is(string) bool { return false }
