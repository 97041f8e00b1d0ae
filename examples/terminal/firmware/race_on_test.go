//go:build race

package firmware

// raceEnabled: the race detector allocates on its own.
const raceEnabled = true
