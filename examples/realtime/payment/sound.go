//go:build !seeded

package payment

// The hooks for seeded defects: see internal/defect.

func seedEvent(*Flight, *Event) {}

func seedCommands(_ *Flight, commands []Command) []Command { return commands }

func seedOp(View, *Op) {}

func seedWrite(*Op, *Result, *Write) {}

func seedUnmatched(string) bool { return false }
