package crypto

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/posline/posline/internal/keymaterial"
)

// AES key wrap: NIST SP 800-38F, RFC 3394 (KW) and RFC 5649 (KWP, which takes keys of any length). Unlike a key block
// it binds no attributes to the key: whoever unwraps says what the key is for, within what CarriesOnly leaves. So only a key that is Sensitive may be
// wrapped so, and a key unwrapped so may not leave again.

const (
	wrapIV      = 0xa6a6a6a6_a6a6a6a6
	wrapIVShort = 0xa65959a6 // before the length, in KWP
	semiblock   = 8
)

// AppendWrapAES appends the key wrapped under an AES key encryption key to dst: KWP when padded is set, else KW, which
// needs at least 16 bytes in multiples of 8. Errors: ErrExport for a key that is not Sensitive, ErrKeyLength, ErrWeakKey
// when the wrapping key is weaker than the key or is the key itself, ErrUnsupported, ErrUsage, ErrDestroyed. RFC 3394,
// RFC 5649.
func AppendWrapAES(dst []byte, kek KEK, key Key, padded bool) ([]byte, error) {
	outer, block, err := openAES(kek, OpEncrypt)
	if err != nil {
		return dst, err
	}
	defer outer.Release()
	inner, err := openBare(kek, key)
	if err != nil {
		return dst, err
	}
	defer inner.Release()
	return appendWrap(dst, block, inner.Bytes(), padded)
}

// UnwrapAES makes a key of the wrapped one, with the attributes the caller knows it to have; they must be NonExportable
// (ErrExport). A wrapped key that was changed, cut or made under another key is ErrVerify; other errors are those of
// making a key. RFC 3394, RFC 5649.
func UnwrapAES(kek KEK, wrapped []byte, padded bool, a Attributes, options ...Option) (Key, error) {
	if err := a.CheckBare(); err != nil {
		return Key{}, err
	}
	if err := kek.CheckCarries(a); err != nil {
		return Key{}, err
	}
	outer, block, err := openAES(kek, OpDecrypt)
	if err != nil {
		return Key{}, err
	}
	defer outer.Release()
	bytes, err := unwrap(block, wrapped, padded)
	if err != nil {
		return Key{}, err
	}
	defer clear(bytes)
	return Receive(keymaterial.Grant(), Arrival{Under: kek.Key()}, a, bytes, options...)
}

func openAES(kek KEK, op Operation) (*keymaterial.Material, cipher.Block, error) {
	m, err := kek.Open(keymaterial.Grant(), op)
	if err != nil {
		return nil, nil, err
	}
	if kek.Attributes().Algorithm != AES {
		m.Release()
		return nil, nil, fmt.Errorf("%w: AES key wrap with algorithm %s", ErrUnsupported, kek.Attributes().Algorithm)
	}
	return m, m.Block(), nil
}

// openBare opens a key that is to leave under another one, without a key block around it.
func openBare(kek KEK, key Key) (*keymaterial.Material, error) {
	if err := kek.CheckCarries(key.Attributes()); err != nil {
		return nil, err
	}
	m, err := key.OpenToLeave(keymaterial.Grant(), keymaterial.Bare)
	if err != nil {
		return nil, err
	}
	if err := key.CheckWrapping(keymaterial.Grant(), kek.Key()); err != nil {
		m.Release()
		return nil, err
	}
	return m, nil
}

// CheckCarries reports a *UsageError for a key that CarriesOnly leaves out.
func (k KEK) CheckCarries(a Attributes) error {
	if c := k.core(); c != nil && c.rules.carriesOnly && !contains(c.rules.carries, a.Usage) {
		return &UsageError{c.attributes, "carrying a key of usage " + a.Usage.String()}
	}
	return nil
}

// CheckBare returns ErrExport unless the attributes are NonExportable. A key that arrived without a key block has no
// word of its owner's on whether it may leave, and the caller cannot give it.
func (a Attributes) CheckBare() error {
	if a.Export != NonExportable {
		return fmt.Errorf("%w: a key unwrapped outside a key block is NonExportable", ErrExport)
	}
	return nil
}

func appendWrap(dst []byte, block cipher.Block, key []byte, padded bool) ([]byte, error) {
	iv := uint64(wrapIV)
	if padded {
		iv = wrapIVShort<<32 | uint64(len(key))
	}
	switch {
	case padded && (len(key) == 0 || len(key) > maximumDER), !padded && (len(key) < 2*semiblock || len(key)%semiblock != 0):
		return dst, ErrKeyLength
	}
	n, size := len(dst), (semiblock+len(key)+semiblock-1)/semiblock*semiblock
	dst = slices.Grow(dst, size)[:n+size] // all at once: growing later would leave the clear key behind in the old memory
	out := dst[n:]
	binary.BigEndian.PutUint64(out, iv)
	clear(out[semiblock+copy(out[semiblock:], key):])
	if len(out) == 2*semiblock {
		block.Encrypt(out, out)
		return dst, nil
	}
	var work [16]byte
	copy(work[:semiblock], out)
	count := len(out)/semiblock - 1
	for step := 1; step <= 6*count; step++ {
		r := out[semiblock*((step-1)%count+1):][:semiblock]
		copy(work[semiblock:], r)
		block.Encrypt(work[:], work[:])
		binary.BigEndian.PutUint64(work[:], binary.BigEndian.Uint64(work[:])^uint64(step))
		copy(r, work[semiblock:])
	}
	copy(out, work[:semiblock])
	return dst, nil
}

// unwrap undoes appendWrap. Whatever is wrong is one error.
func unwrap(block cipher.Block, wrapped []byte, padded bool) ([]byte, error) {
	least := 3 * semiblock
	if padded {
		least = 2 * semiblock
	}
	if len(wrapped) < least || len(wrapped)%semiblock != 0 || len(wrapped) > maximumDER+2*semiblock {
		return nil, ErrVerify
	}
	out := append([]byte(nil), wrapped...)
	if len(out) == 2*semiblock {
		block.Decrypt(out, out)
	} else {
		unwrapSteps(block, out)
	}
	n, ok := len(out)-semiblock, 1
	if padded {
		n, ok = checkPadding(out)
	} else {
		ok = subtle.ConstantTimeCompare(out[:semiblock], binary.BigEndian.AppendUint64(nil, wrapIV))
	}
	if ok != 1 {
		clear(out)
		return nil, ErrVerify
	}
	return out[semiblock : semiblock+n], nil
}

func unwrapSteps(block cipher.Block, out []byte) {
	var work [16]byte
	copy(work[:semiblock], out)
	count := len(out)/semiblock - 1
	for step := 6 * count; step > 0; step-- {
		r := out[semiblock*((step-1)%count+1):][:semiblock]
		binary.BigEndian.PutUint64(work[:], binary.BigEndian.Uint64(work[:])^uint64(step))
		copy(work[semiblock:], r)
		block.Decrypt(work[:], work[:])
		copy(r, work[semiblock:])
	}
	copy(out, work[:semiblock])
}

// checkPadding reads what KWP has in front of the key, its length n, and checks the zeros behind it, in constant time.
func checkPadding(out []byte) (n, ok int) {
	ok = subtle.ConstantTimeCompare(out[:4], []byte{0xa6, 0x59, 0x59, 0xa6})
	ok &= subtle.ConstantTimeByteEq(out[4]&0x80, 0)
	length := int(binary.BigEndian.Uint32(out[4:]) & 0x7fffffff)
	body := out[semiblock:]
	ok &= subtle.ConstantTimeLessOrEq(length, len(body)) & subtle.ConstantTimeLessOrEq(len(body)-semiblock+1, length)
	var behind byte
	for i := range semiblock {
		at := len(body) - semiblock + i
		isPadding := subtle.ConstantTimeLessOrEq(length, at)
		behind |= body[at] & byte(-isPadding)
	}
	ok &= subtle.ConstantTimeByteEq(behind, 0)
	return length, ok
}
