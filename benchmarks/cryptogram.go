package main

import (
	"crypto/des"
	"encoding/hex"
	"math/bits"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
)

func cryptogramCases() []Case {
	return []Case{
		{"emv/arqc-verify", arqcVerify(func(*crypto.KeyOptions) {})},
		{"emv/arqc-verify-table", arqcVerify(crypto.TableDES)},
		{"crypto/card-payment-table", cardPayment},
	}
}

var (
	arqcCard = cryptogram.Card{PAN: crypto.Hide("1234567890123456"), Sequence: "00"}
	arqcKey  = mustHex("0123456789ABCDEFFEDCBA9876543210")
	arqcData = mustHex("9F02060000000040009F03060000000000009F1A0201249505800004800" +
		"05F2A0201249A031911059C01019F370452BF45858202180" +
		"09F3602001C9F100706011203A0B8009F26087A788EA6B8A3E733")
)

func mustHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// arqcVerify verifies a Visa cryptogram of version 18 from the issuer's master key: card key, session key, MAC. The
// peer is the same by hand on crypto/des, over data already taken out of field 55.
func arqcVerify(option crypto.Option) func() (Variants, error) {
	return func() (Variants, error) {
		key, err := clearkey.Import(crypto.MustAttributes("E0TX00N"), arqcKey, option)
		if err != nil {
			return Variants{}, err
		}
		imk, err := crypto.NewIMK(key)
		if err != nil {
			return Variants{}, err
		}
		profile := cryptogram.VisaCVN18()
		field55 := emv.TLV(arqcData)
		if err := profile.Verify(imk, arqcCard, field55); err != nil {
			return Variants{}, err
		}
		contents, err := profile.AppendContents(nil, field55)
		if err != nil {
			return Variants{}, err
		}
		if !handARQC(contents) {
			return Variants{}, errFloor
		}
		return Variants{
			Ours: func(n int) {
				for range n {
					if profile.Verify(imk, arqcCard, field55) == nil {
						emvSink++
					}
				}
			},
			Peer: func(n int) {
				for range n {
					if handARQC(contents) {
						emvSink++
					}
				}
			},
			PeerName: "crypto/des",
		}, nil
	}
}

// handARQC verifies with crypto/des what arqcVerify verifies: the issuer's key is expanded, the card's and the
// session's derived, the retail MAC computed.
func handARQC(contents []byte) bool {
	var card, session [16]byte
	handDerive(card[:], arqcKey, [8]byte{0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x00}, func(b []byte) {
		for i := range b {
			b[i] = ^b[i]
		}
	})
	handDerive(session[:], card[:], [8]byte{0x00, 0x1C, 0xF0}, func(b []byte) { b[2] = 0x0F })
	left, _ := des.NewCipher(session[:8])
	right, _ := des.NewCipher(session[8:])
	padded := append(append(make([]byte, 0, 48), contents...), 0x80)
	for len(padded)%8 != 0 {
		padded = append(padded, 0)
	}
	var mac [8]byte
	for ; len(padded) > 0; padded = padded[8:] {
		for i := range mac {
			mac[i] ^= padded[i]
		}
		left.Encrypt(mac[:], mac[:])
	}
	right.Decrypt(mac[:], mac[:])
	left.Encrypt(mac[:], mac[:])
	return string(mac[:]) == "\x7A\x78\x8E\xA6\xB8\xA3\xE7\x33"
}

// handDerive makes a key of two blocks, the second of them changed, under another key.
func handDerive(dst, key []byte, block [8]byte, change func([]byte)) {
	cipher, _ := des.NewTripleDESCipher(append(append(make([]byte, 0, 24), key...), key[:8]...))
	cipher.Encrypt(dst[:8], block[:])
	change(block[:])
	cipher.Encrypt(dst[8:], block[:])
	for i, b := range dst {
		dst[i] = b&0xFE | byte(bits.OnesCount8(b&0xFE)&1^1)
	}
}
