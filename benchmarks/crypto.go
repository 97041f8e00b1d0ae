package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"encoding/binary"
	"math/bits"

	"github.com/emmansun/gmsm/sm4"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/mac"
)

// cryptoCases measure payment keys at work. "-table" is the form of DES that looks secret bits up in tables; without
// it, and by default, DES runs in constant time.
func cryptoCases() []Case {
	return []Case{
		{"crypto/dukpt-tdes-10-bits", func() (Variants, error) { return tdesDUKPT() }},
		{"crypto/dukpt-tdes-10-bits-table", func() (Variants, error) { return tdesDUKPT(crypto.TableDES) }},
		{"crypto/dukpt-aes128-10-bits", func() (Variants, error) { return aesDUKPT(16) }},
		{"crypto/dukpt-aes256-10-bits", func() (Variants, error) { return aesDUKPT(32) }},
		{"crypto/retail-mac-300", func() (Variants, error) { return retailMAC() }},
		{"crypto/retail-mac-300-table", func() (Variants, error) { return retailMAC(crypto.TableDES) }},
		{"crypto/aes-cmac-300", aesCMAC},
		{"crypto/sm4-cmac-300", sm4CMAC},
		{"crypto/key-tdes", func() (Variants, error) { return newKey() }},
		{"crypto/cvv", func() (Variants, error) { return cvv() }},
		{"crypto/cvv-table", func() (Variants, error) { return cvv(crypto.TableDES) }},
	}
}

var doubleKey = []byte("\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10")

// What the sides compute ends here, so that the compiler cannot leave it out.
var (
	sinkBytes []byte
	sinkWord  uint64
	sinkError error

	_ = []any{&sinkBytes, &sinkWord, &sinkError}
)

// tenBits is a key serial number whose counter has the most bits a Triple DES counter may have.
var tenBits = []byte("\xff\xff\x98\x76\x54\x32\x10\xe0\x03\xff")

func tdesDUKPT(options ...crypto.Option) (Variants, error) {
	ksn, err := dukpt.ParseKSN(tenBits)
	if err != nil {
		return Variants{}, err
	}
	k, err := clearkey.Import(crypto.MustAttributes("B1TX00N"), doubleKey, options...)
	if err != nil {
		return Variants{}, err
	}
	ik, err := crypto.NewInitialKey(k)
	if err != nil {
		return Variants{}, err
	}
	var tx dukpt.TDES
	return Variants{
		Ours: func(n int) {
			for range n {
				sinkError = tx.Derive(ik, ksn)
			}
		},
		PeerName: "crypto/des",
		Peer: func(n int) {
			for range n {
				sinkBytes = naiveDUKPT(doubleKey, tenBits)
			}
		},
	}, nil
}

// naiveDUKPT is X9.24-1's derivation as everybody writes it over crypto/des: two key schedules and two blocks a bit.
func naiveDUKPT(ik, ksn []byte) []byte {
	key := bytes.Clone(ik)
	register := bytes.Clone(ksn[2:])
	counter := binary.BigEndian.Uint32(ksn[6:]) & 0x1fffff
	binary.BigEndian.PutUint32(register[4:], binary.BigEndian.Uint32(ksn[6:])&^0x1fffff)
	for counter != 0 {
		bit := uint32(1) << (31 - bits.LeadingZeros32(counter))
		counter &^= bit
		binary.BigEndian.PutUint32(register[4:], binary.BigEndian.Uint32(register[4:])|bit)
		masked := bytes.Clone(key)
		for _, i := range []int{0, 1, 2, 3, 8, 9, 10, 11} {
			masked[i] ^= 0xc0
		}
		right := naiveStep(key, register)
		left := naiveStep(masked, register)
		key = append(left, right...)
	}
	return key
}

func naiveStep(key, register []byte) []byte {
	c, err := des.NewCipher(key[:8])
	if err != nil {
		panic(err)
	}
	out := make([]byte, 8)
	subtle.XORBytes(out, register, key[8:])
	c.Encrypt(out, out)
	subtle.XORBytes(out, out, key[8:])
	return out
}

func aesDUKPT(size int) (Variants, error) {
	key := bytes.Repeat([]byte{0x5a}, size)
	serial := []byte("\x12\x34\x56\x78\x90\x12\x34\x56\x00\x00\x03\xff")
	ksn, err := dukpt.ParseKSN(serial)
	if err != nil {
		return Variants{}, err
	}
	k, err := clearkey.Import(crypto.MustAttributes("B1AX00N"), key)
	if err != nil {
		return Variants{}, err
	}
	ik, err := crypto.NewInitialKey(k)
	if err != nil {
		return Variants{}, err
	}
	first, err := aes.NewCipher(key)
	if err != nil {
		return Variants{}, err
	}
	var tx dukpt.AES
	return Variants{
		Ours: func(n int) {
			for range n {
				sinkError = tx.Derive(ik, ksn)
			}
		},
		// The least there is: for each counter bit the blocks of one key, and a key schedule between two bits.
		Floor: func(n int) {
			data := make([]byte, 16)
			derived := make([]byte, 32)
			for range n {
				block := first
				for bit := range 10 {
					for i := 0; i < size; i += 16 {
						block.Encrypt(derived[i:], data)
					}
					if bit < 9 {
						block, _ = aes.NewCipher(derived[:size])
					}
				}
				sinkBytes = derived
			}
		},
	}, nil
}

func macOver(attributes string, key []byte, a mac.Algorithm, options ...crypto.Option) (*mac.MAC, error) {
	k, err := clearkey.Import(crypto.MustAttributes(attributes), key, options...)
	if err != nil {
		return nil, err
	}
	m, err := crypto.NewMACKey(k)
	if err != nil {
		return nil, err
	}
	return mac.New(m, a)
}

func appendMAC(m *mac.MAC, message []byte) Work {
	buffer := make([]byte, 0, 64)
	return func(n int) {
		for range n {
			sinkBytes, sinkError = m.Append(buffer, message)
		}
	}
}

func retailMAC(options ...crypto.Option) (Variants, error) {
	message := make([]byte, 300)
	m, err := macOver("M3TC00N", doubleKey, mac.X919(), options...)
	if err != nil {
		return Variants{}, err
	}
	first, err := des.NewCipher(doubleKey[:8])
	if err != nil {
		return Variants{}, err
	}
	second, err := des.NewCipher(doubleKey[8:])
	if err != nil {
		return Variants{}, err
	}
	return Variants{
		Ours:     appendMAC(m, message),
		PeerName: "crypto/des",
		Peer: func(n int) {
			padded := make([]byte, 304)
			copy(padded, message)
			for range n {
				tag := make([]byte, 8)
				for i := 0; i < len(padded); i += 8 {
					subtle.XORBytes(tag, tag, padded[i:i+8])
					first.Encrypt(tag, tag)
				}
				second.Decrypt(tag, tag)
				first.Encrypt(tag, tag)
				sinkBytes = tag
			}
		},
	}, nil
}

func aesCMAC() (Variants, error) {
	m, err := macOver("M6AC00N", doubleKey, mac.Algorithm{Scheme: crypto.CMAC})
	if err != nil {
		return Variants{}, err
	}
	block, err := aes.NewCipher(doubleKey)
	if err != nil {
		return Variants{}, err
	}
	return Variants{Ours: appendMAC(m, make([]byte, 300)), Floor: chainedBlocks(block, 300)}, nil
}

func sm4CMAC() (Variants, error) {
	m, err := macOver("M64C00N", doubleKey, mac.Algorithm{Scheme: crypto.CMAC}, gm.SM4)
	if err != nil {
		return Variants{}, err
	}
	block, err := sm4.NewCipher(doubleKey)
	if err != nil {
		return Variants{}, err
	}
	return Variants{Ours: appendMAC(m, make([]byte, 300)), Floor: chainedBlocks(block, 300)}, nil
}

// chainedBlocks is what is left of a CMAC written straight out, with the subkeys known: for each block of the message an
// xor and a block of the cipher.
func chainedBlocks(block cipher.Block, n int) Work {
	size := block.BlockSize()
	value := make([]byte, size)
	message := make([]byte, (n+size-1)/size*size)
	return func(n int) {
		for range n {
			for i := 0; i < len(message); i += size {
				subtle.XORBytes(value, value, message[i:i+size])
				block.Encrypt(value, value)
			}
		}
		sinkBytes = value
	}
}

// newKey makes a key that changes with every transaction, schedules and all.
func newKey() (Variants, error) {
	a := crypto.MustAttributes("P0TB00N")
	tripleKey := append(doubleKey[:16:16], doubleKey[:8]...)
	return Variants{
		Ours: func(n int) {
			for range n {
				var k crypto.Key
				k, sinkError = clearkey.Import(a, doubleKey)
				sinkWord += uint64(k.Bits())
			}
		},
		PeerName: "crypto/des",
		Peer: func(n int) {
			for range n {
				c, _ := des.NewTripleDESCipher(tripleKey)
				sinkWord += uint64(c.BlockSize())
			}
		},
	}, nil
}

func cvv(options ...crypto.Option) (Variants, error) {
	k, err := clearkey.Import(crypto.MustAttributes("C0TC00N"), doubleKey, options...)
	if err != nil {
		return Variants{}, err
	}
	key, err := crypto.NewCVK(k)
	if err != nil {
		return Variants{}, err
	}
	card := cardverify.Card{PAN: crypto.Hide("4111111111111111"), Expiry: "2512", ServiceCode: "101"}
	buffer := make([]byte, 0, 8)
	a, err := des.NewCipher(doubleKey[:8])
	if err != nil {
		return Variants{}, err
	}
	both, err := des.NewTripleDESCipher(append(doubleKey[:16:16], doubleKey[:8]...))
	if err != nil {
		return Variants{}, err
	}
	return Variants{
		Ours: func(n int) {
			for range n {
				sinkBytes, sinkError = cardverify.Append(buffer, key, card)
			}
		},
		Floor: func(n int) {
			block := make([]byte, 8)
			for range n {
				a.Encrypt(block, block)
				both.Encrypt(block, block)
			}
			sinkBytes = block
		},
	}, nil
}
