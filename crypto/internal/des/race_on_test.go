//go:build race

package des

// The race detector makes the differential test twenty times slower and has nothing to find in it.
const raceEnabled = true
