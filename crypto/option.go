package crypto

import "crypto/cipher"

// An Option changes how a key is made from its bytes. Options are functions passed by name: AllowWeak, TableDES,
// OddParity, gm.SM4.
type Option func(*KeyOptions)

// KeyOptions collects what Options ask for.
type KeyOptions struct {
	weak   bool
	parity parityRule
	traits
}

// traits go over from a key to the keys derived from it.
type traits struct {
	tableDES bool
	sm4      func(key []byte) (cipher.Block, error)
}

type parityRule uint8

const (
	parityIgnored parityRule = iota
	parityRequired
	parityAdjusted
)

// TableDES makes a DES or Triple DES key, and the keys derived from it, use the table form of DES: two to three times
// faster, but its memory accesses depend on key and data, which an attacker on the same processor may observe.
func TableDES(o *KeyOptions) { o.tableDES = true }

// AllowWeak admits what is refused otherwise: weak and semi-weak DES keys, Triple DES keys with equal parts, and
// single-length keys declared as Triple DES. For test keys and old key blocks.
func AllowWeak(o *KeyOptions) { o.weak = true }

// RequireParity refuses DES and Triple DES keys that do not have odd parity in every byte.
func RequireParity(o *KeyOptions) { o.parity = parityRequired }

// OddParity sets odd parity in every byte of a DES or Triple DES key. Without it and RequireParity the bits stay as
// they are.
func OddParity(o *KeyOptions) { o.parity = parityAdjusted }

// UseSM4 gives the block cipher for keys of algorithm SM4. Programs pass gm.SM4, which calls it.
func (o *KeyOptions) UseSM4(newCipher func(key []byte) (cipher.Block, error)) { o.sm4 = newCipher }
