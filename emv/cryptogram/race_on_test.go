//go:build race

package cryptogram

const raceEnabled = true
