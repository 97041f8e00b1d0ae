//go:build !seeded

package engine

// The hooks for seeded defects: see internal/defect.

func seedEvent(*State, *Event) {}

func seedCommands(_ *State, commands []Command) []Command { return commands }
