// Package failing has a test that fails without a mutant.
package failing

// One returns two.
func One() int { return 2 }
