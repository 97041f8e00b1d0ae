//go:build !race

package connection_test

const underRace = false
