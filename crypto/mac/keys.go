package mac

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// keys are a MAC's keys opened for one operation.
type keys struct {
	material, second *keymaterial.Material
	derived          [2]crypto.Key // computed from the MAC's own, for MacDES and LMAC

	first unit // chains: K; of LMAC the first derived key
	other unit // K' of the schemes with two keys; of LMAC the second derived key
	third unit // K'' of MacDES
	last  unit // encrypts after K' in a retail MAC
	size  int  // of a block
}

// unit is a block cipher, or single DES under one part of a Triple DES key.
type unit struct {
	block  cipher.Block
	des    *des.Cipher // block when it is the module's DES, for its faster chaining
	part   int
	single bool
}

func (k *keys) open(m *MAC, op crypto.Operation) (err error) {
	if k.material, err = m.key.Open(keymaterial.Grant(), op); err != nil {
		return err
	}
	if m.paired {
		if k.second, err = m.second.Open(keymaterial.Grant(), op); err != nil {
			k.material.Release()
			return err
		}
	}
	k.first = newUnit(k.material)
	k.size = k.first.block.BlockSize()
	switch m.algorithm.Scheme {
	case crypto.EMAC, crypto.RetailMAC, crypto.MacDES:
		k.split()
	}
	switch m.algorithm.Scheme {
	case crypto.MacDES:
		err = k.complement(m)
	case crypto.LMAC:
		err = k.deriveLMAC(m)
	}
	if err != nil {
		k.release()
	}
	return err
}

// split sets the keys of a scheme with two: a pair, or the parts of a Triple DES key.
func (k *keys) split() {
	if k.second != nil {
		k.other, k.last = newUnit(k.second), k.first
		return
	}
	k.first.single = true
	k.other, k.last = k.first, k.first
	k.other.part = 1
	if k.first.des.Parts() == 3 {
		k.last.part = 2
	}
}

// complement derives the third key of MacDES: K' with every other group of four bits complemented.
func (k *keys) complement(m *MAC) error {
	a := m.key.Attributes()
	var bytes [32]byte
	third := bytes[:0]
	if k.second != nil {
		third = append(third, k.second.Bytes()...)
	} else {
		third = append(third, k.material.Bytes()[8:16]...)
		a.Algorithm = crypto.DES
	}
	for i := range third {
		third[i] ^= 0xf0
	}
	return k.derive(0, m, a, third, &k.third)
}

// deriveLMAC derives both keys of LMAC: a one and a two encrypted.
func (k *keys) deriveLMAC(m *MAC) error {
	var first, second [maximumBlock]byte
	first[k.size-1], second[k.size-1] = 1, 2
	k.first.encrypt(first[:k.size])
	k.first.encrypt(second[:k.size])
	if err := k.derive(0, m, m.key.Attributes(), first[:k.size], &k.first); err != nil {
		return err
	}
	return k.derive(1, m, m.key.Attributes(), second[:k.size], &k.other)
}

func (k *keys) derive(n int, m *MAC, a crypto.Attributes, bytes []byte, u *unit) error {
	defer clear(bytes)
	key, err := m.key.Key().Derive(keymaterial.Grant(), a, bytes)
	if err != nil {
		return err
	}
	k.derived[n] = key
	opened, err := key.Unguarded(keymaterial.Grant())
	if err != nil {
		return err
	}
	defer opened.Release() // the key is ours alone until release destroys it
	*u = newUnit(opened)
	return nil
}

func (k *keys) release() {
	k.derived[0].Destroy()
	k.derived[1].Destroy()
	k.material.Release()
	if k.second != nil {
		k.second.Release()
	}
}

func newUnit(m *keymaterial.Material) unit {
	d, _ := m.Block().(*des.Cipher)
	return unit{block: m.Block(), des: d}
}

// chain runs whole blocks through CBC, starting from and ending in value.
func (u *unit) chain(value, blocks []byte) {
	switch {
	case u.des == nil:
		chain16(u.block, (*[16]byte)(value), blocks)
	case u.single:
		binary.BigEndian.PutUint64(value, u.des.CBCPart(u.part, binary.BigEndian.Uint64(value), blocks))
	default:
		binary.BigEndian.PutUint64(value, u.des.CBC(binary.BigEndian.Uint64(value), blocks))
	}
}

// chain16 is chain for AES and SM4. The xor of a block has to be one store of 16 bytes, as subtle.XORBytes makes it: the
// cipher would wait for two of 8.
func chain16(block cipher.Block, value *[16]byte, blocks []byte) {
	for ; len(blocks) >= 16; blocks = blocks[16:] {
		subtle.XORBytes(value[:], value[:], blocks[:16])
		block.Encrypt(value[:], value[:])
	}
}

func (u *unit) encrypt(value []byte) {
	if u.single {
		binary.BigEndian.PutUint64(value, u.des.EncryptPart(u.part, binary.BigEndian.Uint64(value)))
		return
	}
	u.block.Encrypt(value, value)
}

func (u *unit) decrypt(value []byte) {
	if u.single {
		binary.BigEndian.PutUint64(value, u.des.DecryptPart(u.part, binary.BigEndian.Uint64(value)))
		return
	}
	u.block.Decrypt(value, value)
}

// xorBlock xors a block of 8 or 16 bytes into value.
func xorBlock(value, block []byte) {
	for i := 0; i < len(value); i += 8 {
		v, b := value[i:i+8], block[i:i+8]
		binary.NativeEndian.PutUint64(v, binary.NativeEndian.Uint64(v)^binary.NativeEndian.Uint64(b))
	}
}
