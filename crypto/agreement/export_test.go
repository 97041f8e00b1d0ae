package agreement

// Derive derives bytes of a secret, to the tests.
func Derive(p Parties, secret []byte, n int) []byte { return p.derive(secret, n) }
