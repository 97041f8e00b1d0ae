//go:build !race

package dukpt_test

const raceEnabled = false
