//go:build race

package dukpt_test

// The race detector makes a test of one goroutine twenty times slower and finds nothing in it.
const raceEnabled = true
