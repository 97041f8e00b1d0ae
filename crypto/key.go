package crypto

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"crypto/rand"
	"crypto/subtle"
	"hash"

	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// A Key is one key: opaque, immutable, with its attributes. Keys are made by GenerateKey, by unwrapping a key block,
// by derivation, or from clear bytes by package clearkey. A Key is a small value, passed as such; copies share the key,
// and all of it is safe for concurrent use. The zero Key is no key: whatever it is asked for is ErrNoKey. Keys are
// compared with Equal; == does not compile. Attributes are those of X9.143.
type Key struct {
	// reach is a closure, because reflection sees through pointers but not into a closure: fmt, for one, follows a
	// pointer in an unexported field when the verb is wrong for it, and so do the dumpers of test libraries.
	reach func() *core
}

type core struct {
	attributes Attributes
	traits     traits
	rules      rules
	material   keymaterial.Material

	small [32]byte   // the bytes of a symmetric key
	des   des.Cipher // the schedules of a DES or Triple DES key
}

// Limits of keys that are not of a block cipher, in bytes.
const (
	maximumHMAC = 1024
	maximumDER  = 16 << 10
	minimumFIPS = 14 // of an HMAC key where FIPS 140 mode is enforced
)

// NewKey makes a key from clear bytes, which it copies. Only packages of this module can call it; programs use
// package clearkey.
//
// It refuses invalid attributes (ErrAttributes), lengths that are not the algorithm's (ErrKeyLength), weak keys unless
// AllowWeak is given (ErrWeakKey), DES and SM4 where FIPS 140 mode is enforced (ErrFIPS), SM4 without gm.SM4
// (ErrNoCipher).
func NewKey(token keymaterial.Token, a Attributes, bytes []byte, options ...Option) (Key, error) {
	var o KeyOptions
	o.apply(options)
	if !token.Granted() {
		return Key{}, ErrUsage
	}
	return newKey(a, bytes, &o)
}

// core returns nil for the zero Key.
func (k Key) core() *core {
	if k.reach == nil {
		return nil
	}
	return k.reach()
}

func newKey(a Attributes, bytes []byte, o *KeyOptions) (Key, error) {
	if o.fault != nil {
		return Key{}, o.fault
	}
	if err := a.validate(o.anyMode); err != nil {
		return Key{}, err
	}
	if err := checkLength(a.Algorithm, len(bytes), o.weak); err != nil {
		return Key{}, err
	}
	if (a.Algorithm == DES || a.Algorithm == TDES) && !o.weak && weakDES(bytes) {
		return Key{}, ErrWeakKey
	}
	if o.parity == parityRequired && !a.oddParity(bytes) {
		return Key{}, ErrParity
	}
	c := &core{attributes: a, traits: o.traits, rules: o.rules.fitting(a.Usage)}
	own := c.small[:]
	if len(bytes) > len(own) {
		own = make([]byte, len(bytes))
	}
	own = own[:len(bytes)]
	copy(own, bytes)
	if o.parity == parityAdjusted && (a.Algorithm == DES || a.Algorithm == TDES) {
		setOddParity(own)
	}
	block, err := c.cipher(own)
	if err != nil {
		clear(own)
		return Key{}, err
	}
	c.material.Init(own, block)
	return Key{func() *core { return c }}, nil
}

// Derive makes a key from bytes computed with k: it inherits the form of DES and the cipher of SM4 that k was made
// with. Only packages of this module can call it. The errors are those of NewKey; derived keys are not tested for
// weakness.
func (k Key) Derive(token keymaterial.Token, a Attributes, bytes []byte, options ...Option) (Key, error) {
	if k.reach == nil {
		return Key{}, ErrNoKey
	}
	if !token.Granted() {
		return Key{}, ErrUsage
	}
	if len(options) > 0 {
		return k.deriveWith(a, bytes, options)
	}
	o := k.derived()
	return newKey(a, bytes, &o)
}

// Emptied makes a key of zeros with the length and all options of k, where it may be kept among them, to stand for k when
// its bytes are forgotten. Only packages of this module can call it. The errors are those of NewKey.
func (k Key) Emptied(token keymaterial.Token, a Attributes) (Key, error) {
	if k.reach == nil {
		return Key{}, ErrNoKey
	}
	if !token.Granted() {
		return Key{}, ErrUsage
	}
	o := KeyOptions{weak: true, traits: k.core().traits, rules: k.core().rules}
	return newKey(a, make([]byte, k.Bits()/8), &o)
}

// derived are the options of a key derived from k: it computes as k does, and what k permits below it goes on; where k is
// kept, what it carries and confers is its own.
func (k Key) derived() KeyOptions {
	c := k.core()
	return KeyOptions{weak: true, traits: c.traits, rules: rules{permissions: c.rules.permissions}}
}

// deriveWith is Derive with options, which cost an allocation.
func (k Key) deriveWith(a Attributes, bytes []byte, options []Option) (Key, error) {
	o := k.derived()
	o.apply(options)
	return newKey(a, bytes, &o)
}

// GenerateKey makes a random key of the given number of bits: 64 for DES, 128 or 192 for Triple DES, 128, 192 or 256
// for AES, 128 for SM4, any multiple of 8 up to 8192 for HMAC. DES keys get odd parity. Asymmetric algorithms are
// ErrUnsupported. X9.24-1 section 7.
func GenerateKey(a Attributes, bits int, options ...Option) (Key, error) {
	var o KeyOptions
	o.apply(options)
	if !a.Algorithm.Symmetric() && a.Algorithm != HMAC {
		return Key{}, ErrUnsupported
	}
	if bits <= 0 || bits%8 != 0 || bits > 8*maximumHMAC {
		return Key{}, ErrKeyLength
	}
	o.parity = parityAdjusted
	bytes := make([]byte, bits/8)
	defer clear(bytes)
	for {
		rand.Read(bytes)
		k, err := newKey(a, bytes, &o)
		if err != ErrWeakKey {
			return k, err
		}
	}
}

func checkLength(a Algorithm, n int, allowSingle bool) error {
	ok := false
	switch a {
	case DES:
		ok = n == 8
	case TDES:
		ok = n == 16 || n == 24 || n == 8 && allowSingle
	case AES:
		ok = n == 16 || n == 24 || n == 32
	case SM4:
		ok = n == 16
	case HMAC:
		ok = 0 < n && n <= maximumHMAC
	case RSA, EC, DSA:
		ok = 0 < n && n <= maximumDER
	}
	if !ok {
		return ErrKeyLength
	}
	return nil
}

// cipher expands the key; asymmetric and HMAC keys have none.
func (c *core) cipher(key []byte) (cipher.Block, error) {
	switch c.attributes.Algorithm {
	case AES:
		return aes.NewCipher(key)
	case DES, TDES:
		if fips140.Enforced() {
			return nil, ErrFIPS
		}
		form := des.ConstantTime
		if c.traits.tableDES {
			form = des.Table
		}
		c.des.Init(key, form)
		if c.traits.whitening && len(key) == des.BlockSize {
			return newWhitened(&c.des, key), nil
		}
		return &c.des, nil
	case HMAC:
		if fips140.Enforced() && len(key) < minimumFIPS {
			return nil, ErrFIPS
		}
	case SM4:
		if fips140.Enforced() {
			return nil, ErrFIPS
		}
		if c.traits.sm4 == nil {
			return nil, ErrNoCipher
		}
		return c.traits.sm4(key)
	}
	return nil, nil
}

// Attributes returns what the key is for; the zero Attributes for no key.
func (k Key) Attributes() Attributes {
	if k.reach == nil {
		return Attributes{}
	}
	return k.core().attributes
}

// Bits returns the length of the key's bytes in bits, the parity bits of DES included; 0 for no key.
func (k Key) Bits() int {
	if k.reach == nil {
		return 0
	}
	return 8 * len(k.core().material.Bytes())
}

// Require reports whether the key is for one of the usages and its mode allows the operation: nil, a *UsageError,
// ErrNoKey or ErrDestroyed. Without usages only the mode counts. A component of a key is for nothing.
func (k Key) Require(op Operation, usages ...Usage) error {
	if k.reach == nil {
		return ErrNoKey
	}
	c := k.reach()
	switch {
	case len(usages) > 0 && !contains(usages, c.attributes.Usage):
		return &UsageError{c.attributes, "usage " + list(usages)}
	case c.attributes.Component():
		return &UsageError{c.attributes, "use as a whole key"}
	case c.material.Destroyed():
		return ErrDestroyed
	case !c.allows(op):
		return &UsageError{c.attributes, op.String()}
	}
	return nil
}

// allows is the mode of use's word on an operation; a key that Confers wraps nothing.
func (c *core) allows(op Operation) bool {
	return c.attributes.Mode.Allows(op) && (op != OpEncrypt || c.rules.confers == nil)
}

// Open gives the packages of this module the key's bytes and cipher for one operation; Release must follow. The error
// is that of Require.
func (k Key) Open(token keymaterial.Token, op Operation) (*keymaterial.Material, error) {
	if k.reach == nil {
		return nil, ErrNoKey
	}
	c := k.reach()
	if !c.allows(op) || c.attributes.Component() {
		return nil, k.Require(op)
	}
	return c.open(token)
}

// Unguarded is Open whatever the mode of use: for what shows nothing of the key, such as a check value. What leaves by it
// goes through OpenToLeave.
func (k Key) Unguarded(token keymaterial.Token) (*keymaterial.Material, error) {
	if k.reach == nil {
		return nil, ErrNoKey
	}
	return k.reach().open(token)
}

func (c *core) open(token keymaterial.Token) (*keymaterial.Material, error) {
	if !token.Granted() {
		return nil, ErrUsage
	}
	if !c.material.Acquire() {
		return nil, ErrDestroyed
	}
	return &c.material, nil
}

// TableDES reports whether the key uses the table form of DES.
func (k Key) TableDES() bool { return k.reach != nil && k.core().traits.tableDES }

// Permits reports whether the key was made with a permission.
func (k Key) Permits(p keymaterial.Permission) bool {
	return k.reach != nil && k.core().rules.permissions&p == p
}

// Method returns the text that BindMethod tied keys of the key's usage to, "" for none.
func (k Key) Method() string {
	if k.reach == nil {
		return ""
	}
	text, _ := k.core().rules.method(k.core().attributes.Usage)
	return text
}

// SM3 returns the hash that gm.SM3 gave the key, nil without it.
func (k Key) SM3() func() hash.Hash {
	if k.reach == nil {
		return nil
	}
	return k.core().traits.sm3
}

// Equal reports whether both keys have the same attributes and bytes. The bytes are compared in constant time.
// A destroyed key equals none, no key equals none.
func (k Key) Equal(other Key) bool {
	if k.reach == nil || other.reach == nil {
		return false
	}
	if !k.core().material.Acquire() {
		return false
	}
	defer k.core().material.Release()
	if !other.core().material.Acquire() {
		return false
	}
	defer other.core().material.Release()
	same := subtle.ConstantTimeCompare(k.core().material.Bytes(), other.core().material.Bytes()) == 1
	return same && k.core().attributes.same(other.core().attributes)
}

// Destroy overwrites the key's bytes and, for DES, its schedule, as soon as no operation is using them; every later
// use is ErrDestroyed. Keys derived from it, and DUKPT transactions and terminals made of it, are keys of their own and go on:
// destroy or wipe them themselves. It is best effort: the garbage collector may have left copies, and the schedules of AES and
// SM4 are out of reach.
func (k Key) Destroy() {
	if k.reach != nil {
		k.core().material.Destroy()
	}
}

func contains(usages []Usage, u Usage) bool {
	for _, x := range usages {
		if x == u {
			return true
		}
	}
	return false
}

func list(usages []Usage) string {
	text := usages[0].String()
	for _, u := range usages[1:] {
		text += ", " + u.String()
	}
	return text
}
