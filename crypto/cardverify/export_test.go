package cardverify

// Seed returns the 16 digits a card key is derived from.
func Seed(d Dynamic) (uint64, error) { return d.seed() }
