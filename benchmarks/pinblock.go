package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"crypto/subtle"
	"errors"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/pinblock"
)

// pinblockCases measure what a switch and an issuer do with every PIN. The peers are the same steps by hand over
// crypto/des and crypto/aes with keys expanded beforehand, and with only the checks such code usually has.
func pinblockCases() []Case {
	return []Case{
		{"crypto/pin-iso0-tdes-to-iso4-aes", func() (Variants, error) { return translatePIN() }},
		{"crypto/pin-iso0-tdes-to-iso4-aes-table", func() (Variants, error) { return translatePIN(crypto.TableDES) }},
		{"crypto/pin-pvv", func() (Variants, error) { return verifyPVV() }},
		{"crypto/pin-pvv-table", func() (Variants, error) { return verifyPVV(crypto.TableDES) }},
	}
}

const benchPAN = "5432101234567891"

func importPINKey(attributes string, options ...crypto.Option) (crypto.PINKey, error) {
	k, err := clearkey.Import(crypto.MustAttributes(attributes), doubleKey, options...)
	if err != nil {
		return crypto.PINKey{}, err
	}
	return crypto.NewPINKey(k)
}

func translatePIN(options ...crypto.Option) (Variants, error) {
	from, err := importPINKey("P0TB00N", options...)
	if err != nil {
		return Variants{}, err
	}
	to, err := importPINKey("P0AB00N")
	if err != nil {
		return Variants{}, err
	}
	pin, err := pinblock.ParsePIN([]byte("123456"))
	if err != nil {
		return Variants{}, err
	}
	block, err := pinblock.Encrypt(nil, from, pinblock.ISO0, pin, benchPAN)
	if err != nil {
		return Variants{}, err
	}
	in := pinblock.Encrypted{Key: from, Layout: pinblock.ISO0, PAN: crypto.Hide(benchPAN), Block: block}
	out := pinblock.Target{Key: to, Layout: pinblock.ISO4, PAN: crypto.Hide(benchPAN)}
	byHand, err := translateByHand(block)
	if err != nil {
		return Variants{}, err
	}
	ctx, dst := context.Background(), make([]byte, 0, 16)
	software := pinblock.Software{Policy: pinblock.Policy{{From: pinblock.ISO0, To: pinblock.ISO4}}}
	return Variants{
		Ours: func(n int) {
			for range n {
				sinkBytes, sinkError = software.TranslatePIN(ctx, dst, in, out)
			}
		},
		Peer: byHand, PeerName: "crypto/des",
	}, nil
}

// translateByHand is format 0 under Triple DES to format 4 under AES.
func translateByHand(encrypted []byte) (Work, error) {
	c, err := des.NewTripleDESCipher(append(doubleKey[:16:16], doubleKey[:8]...))
	if err != nil {
		return nil, err
	}
	a, err := aes.NewCipher(doubleKey)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 16)
	return func(n int) {
		for range n {
			sinkError = translateSteps(c, a, out, encrypted, benchPAN)
			sinkBytes = out
		}
	}, nil
}

func translateSteps(c, a cipher.Block, out, encrypted []byte, pan string) error {
	block := make([]byte, 8)
	c.Decrypt(block, encrypted)
	digits := pan[len(pan)-13 : len(pan)-1]
	for i := range 6 {
		block[2+i] ^= (digits[2*i]-'0')<<4 | (digits[2*i+1] - '0')
	}
	length := int(block[0])
	if length < 4 || length > 12 {
		return errors.New("not a PIN block")
	}
	field := make([]byte, 16)
	field[0] = 0x40 | byte(length)
	for i := range 14 {
		v := block[1+i/2] >> (4 * (1 - i%2)) & 15
		switch {
		case i < length && v > 9 || i >= length && v != 15:
			return errors.New("not a PIN block")
		case i >= length:
			v = 10
		}
		field[1+i/2] |= v << (4 * (1 - i%2))
	}
	rand.Read(field[8:])
	a.Encrypt(out, field)
	clear(field)
	field[0] = byte(len(pan)-12) << 4
	for i := range len(pan) {
		field[(i+1)/2] |= (pan[i] - '0') << (4 * (i % 2))
	}
	subtle.XORBytes(out, out, field)
	a.Encrypt(out, out)
	return nil
}

func verifyPVV(options ...crypto.Option) (Variants, error) {
	k, err := clearkey.Import(crypto.MustAttributes("V2TC00N"), doubleKey, options...)
	if err != nil {
		return Variants{}, err
	}
	key, err := crypto.NewPVK(k)
	if err != nil {
		return Variants{}, err
	}
	pin, err := pinblock.ParsePIN([]byte("1234"))
	if err != nil {
		return Variants{}, err
	}
	data := pinblock.PVVData{PAN: crypto.Hide(benchPAN), KeyIndex: 1}
	pvv, err := pinblock.AppendPVV(nil, key, data, pin)
	if err != nil {
		return Variants{}, err
	}
	want := string(pvv)
	c, err := des.NewTripleDESCipher(append(doubleKey[:16:16], doubleKey[:8]...))
	if err != nil {
		return Variants{}, err
	}
	return Variants{
		Ours: func(n int) {
			for range n {
				sinkError = pinblock.VerifyPVV(key, data, pin, want)
			}
		},
		Peer: func(n int) {
			for range n {
				sinkError = nil
				if pvvByHand(c, benchPAN[4:15]+"11234") != want {
					sinkError = crypto.ErrVerify
				}
			}
		},
		PeerName: "crypto/des",
	}, nil
}

func pvvByHand(c cipher.Block, digits string) string {
	block := make([]byte, 8)
	for i := range block {
		block[i] = (digits[2*i]-'0')<<4 | (digits[2*i+1] - '0')
	}
	c.Encrypt(block, block)
	pvv := make([]byte, 0, 16)
	for _, letters := range []bool{false, true} {
		for i := range 16 {
			v := block[i/2] >> (4 * (1 - i%2)) & 15
			if (v > 9) != letters {
				continue
			}
			if letters {
				v -= 10
			}
			pvv = append(pvv, '0'+v)
		}
	}
	return string(pvv[:4])
}
