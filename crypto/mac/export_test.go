package mac

import "github.com/posline/posline/crypto"

// Destroy destroys the keys of a MAC.
func Destroy(m *MAC) { m.key.Destroy() }

// KeyOf is the key that a MAC computes with.
func KeyOf(m *MAC) crypto.MACKey { return m.key }
