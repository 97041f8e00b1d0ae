//go:build !race

package pinblock_test

const raceEnabled = false
