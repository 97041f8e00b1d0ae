package crypto

import (
	"crypto/cipher"
	"fmt"
	"hash"
	"slices"

	"github.com/posline/posline/internal/keymaterial"
)

// An Option changes how a key is made from its bytes, a notion of this library's and no standard's. Options are functions passed by name: AllowWeak, TableDES,
// OddParity, gm.SM4. A nil one makes no key: ErrUnsupported.
type Option func(*KeyOptions)

// KeyOptions collects what Options ask for; no standard has it.
type KeyOptions struct {
	weak    bool
	anyMode bool
	parity  parityRule
	fault   error // of an option whose value makes no sense

	traits
	rules
}

// traits are how a key computes. They go over from a key to the keys derived from it.
type traits struct {
	tableDES  bool
	sm4       func(key []byte) (cipher.Block, error)
	sm3       func() hash.Hash
	whitening bool
}

// apply does what the options ask for, in their order. One that is nil makes no key.
func (o *KeyOptions) apply(options []Option) {
	if slices.ContainsFunc(options, func(option Option) bool { return option == nil }) {
		o.fault = errNilOption
		return
	}
	for _, option := range options {
		option(o)
	}
}

var errNilOption = fmt.Errorf("%w: a nil option", ErrUnsupported)

type parityRule uint8

const (
	parityIgnored parityRule = iota
	parityRequired
	parityAdjusted
)

// TableDES makes a DES or Triple DES key, and the keys derived from it, use the table form of DES: two to three times
// faster, but its memory accesses depend on key and data, which an attacker on the same processor may observe. A whole
// card payment (DUKPT, PIN translation, two MACs of 300 bytes, ARQC and ARPC) takes about 38 µs of a server's core in
// constant time and 15 µs with tables, as crypto/card-payment-table of the benchmarks measures it: choose tables where
// nobody else runs on the machine and thousands of payments a second need it. SP
// 800-67.
func TableDES(o *KeyOptions) { o.tableDES = true }

// AllowWeak admits what is refused otherwise: weak and semi-weak DES keys, Triple DES keys with equal parts, and
// single-length keys declared as Triple DES. For test keys and old key blocks. SP 800-67 section 3.3.2.
func AllowWeak(o *KeyOptions) { o.weak = true }

// AnyMode admits a mode of use that does not go with the usage, as key blocks of some systems have it. Such a key can be
// kept and passed on; it does no more than its mode allows. X9.143 section 6.2.
func AnyMode(o *KeyOptions) { o.anyMode = true }

// RequireParity refuses DES and Triple DES keys that do not have odd parity in every byte. FIPS 46-3.
func RequireParity(o *KeyOptions) { o.parity = parityRequired }

// OddParity sets odd parity in every byte of a DES or Triple DES key. Without it and RequireParity the bits stay as
// they are. FIPS 46-3.
func OddParity(o *KeyOptions) { o.parity = parityAdjusted }

// CarriesOnly is an option of a key encryption key: outside key blocks it wraps and unwraps keys of these usages and no
// others (crypto.ErrUsage), initial keys in the sealed states of DUKPT terminals among them. X9.17 and AES key wrap say nothing of what a key is for, so that whoever unwraps says it: a PIN
// key unwrapped as a data key decrypts PIN blocks. A key encryption key made with this option carries PIN keys only, say, or
// all keys of a terminal but data keys. Several times, the last counts; on a key that arrives with a list of its own, what is in
// both.
func CarriesOnly(usages ...Usage) Option {
	usages = slices.Clone(usages)
	return func(o *KeyOptions) { o.carries, o.carriesOnly = usages, true }
}

// Permit gives the key a permission. Only packages of this module can call it, for options of their own.
func (o *KeyOptions) Permit(token keymaterial.Token, p keymaterial.Permission) {
	if token.Granted() {
		o.permissions |= p
	}
}

// UseSM4 gives the block cipher for keys of algorithm SM4. Programs pass gm.SM4, which alone can call it: the cipher sees
// clear keys.
func (o *KeyOptions) UseSM4(token keymaterial.Token, newCipher func(key []byte) (cipher.Block, error)) {
	if token.Granted() {
		o.sm4 = newCipher
	}
}

// UseSM3 gives the hash for HMAC-SM3 with a key of algorithm HMAC. Programs pass gm.SM3, which alone can call it: the
// hash sees clear keys.
func (o *KeyOptions) UseSM3(token keymaterial.Token, newHash func() hash.Hash) {
	if token.Granted() {
		o.sm3 = newHash
	}
}

// BindMethod ties PIN verification keys of a usage to the method they serve, a printable text without spaces; a fault
// refuses the key. Package pinblock calls it for pinblock.OffsetMethod and pinblock.PVVMethod.
func (o *KeyOptions) BindMethod(token keymaterial.Token, usage Usage, text string, fault error) {
	if !token.Granted() {
		return
	}
	if fault != nil {
		o.fault = fault
	}
	o.methods = slices.DeleteFunc(o.methods, func(m method) bool { return m.usage == usage })
	o.methods = append(o.methods, method{usage, text})
}

// Whiten makes a DES key xor itself into every block before and after the cipher, as DUKPT of X9.24-1:1992 encrypts PIN
// blocks. Package dukpt calls it.
func (o *KeyOptions) Whiten(token keymaterial.Token) {
	if token.Granted() {
		o.whitening = true
	}
}
