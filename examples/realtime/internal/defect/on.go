//go:build seeded

package defect

import "os"

// Built tells whether defects can be seeded into this program.
const Built = true

var active = os.Getenv(Variable)

// Is reports whether the defect of that name is active.
func Is(name string) bool { return name == active }
