//go:build race

package pinblock_test

// Under the race detector sync.Pool drops what it holds at random, so allocations mean nothing.
const raceEnabled = true
