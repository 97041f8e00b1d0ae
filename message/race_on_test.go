//go:build race

package message

// underRace: the race detector keeps calls from being inlined, so more escapes and allocations are not counted.
const underRace = true
