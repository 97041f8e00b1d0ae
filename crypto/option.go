package crypto

import (
	"crypto/cipher"
	"hash"
)

// An Option changes how a key is made from its bytes. Options are functions passed by name: AllowWeak, TableDES,
// OddParity, gm.SM4.
type Option func(*KeyOptions)

// KeyOptions collects what Options ask for.
type KeyOptions struct {
	weak    bool
	anyMode bool
	parity  parityRule
	traits
}

// traits go over from a key to the keys derived from it.
type traits struct {
	tableDES bool
	sm4      func(key []byte) (cipher.Block, error)
	sm3      func() hash.Hash
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

// AnyMode admits a mode of use that does not go with the usage, as key blocks of some systems have it. Such a key can be
// kept and passed on; it does no more than its mode allows.
func AnyMode(o *KeyOptions) { o.anyMode = true }

// RequireParity refuses DES and Triple DES keys that do not have odd parity in every byte.
func RequireParity(o *KeyOptions) { o.parity = parityRequired }

// OddParity sets odd parity in every byte of a DES or Triple DES key. Without it and RequireParity the bits stay as
// they are.
func OddParity(o *KeyOptions) { o.parity = parityAdjusted }

// SM4 makes a block cipher the way keys of algorithm SM4 do; ErrNoCipher without UseSM4.
func (o *KeyOptions) SM4(key []byte) (cipher.Block, error) {
	if o.sm4 == nil {
		return nil, ErrNoCipher
	}
	return o.sm4(key)
}

// UseSM4 gives the block cipher for keys of algorithm SM4. Programs pass gm.SM4, which calls it.
func (o *KeyOptions) UseSM4(newCipher func(key []byte) (cipher.Block, error)) { o.sm4 = newCipher }

// UseSM3 gives the hash for HMAC-SM3 with a key of algorithm HMAC. Programs pass gm.SM3, which calls it.
func (o *KeyOptions) UseSM3(newHash func() hash.Hash) { o.sm3 = newHash }
