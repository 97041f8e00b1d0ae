package pinblock_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/internal/shown"
	"github.com/posline/posline/pinblock"
)

const (
	desHex = "A17320C7CD1A04F4FDDCE3E5CDE5E0C4"
	aesHex = "00112233445566778899AABBCCDDEEFF"
)

var ctx = context.Background()

// Published for UnionPay terminals: a PIN under Triple DES and under SM4.
func TestUnionPay(t *testing.T) {
	key := pinKey(t, crypto.TDES, unhex(t, desHex))
	block, err := pinblock.Encrypt(nil, key, pinblock.ISO0, pin(t, "123456"), "6224242900000113")
	require.NoError(t, err)
	require.Equal(t, unhex(t, "708C9069021D0B22"), block)

	clear, err := pinblock.Encode(nil, pinblock.UnionPaySM4, pin(t, "123654"), "6230606601007726888")
	require.NoError(t, err)
	require.Equal(t, unhex(t, "06123654FFFFFFFFFFFF99FEFF88D977"), clear)
	sm4 := pinKey(t, crypto.SM4, unhex(t, "F351D490994603795C6EBEE8FAEBB481"), gm.SM4)
	block, err = pinblock.Encrypt(nil, sm4, pinblock.UnionPaySM4, pin(t, "123654"), "6230606601007726888")
	require.NoError(t, err)
	require.Equal(t, unhex(t, "CD01D6AD8F0A484C52A9364A0595AD60"), block)

	plain, err := pinblock.Encode(nil, pinblock.UnionPayPlain, pin(t, "123456"), "")
	require.NoError(t, err)
	require.Equal(t, unhex(t, "06123456FFFFFFFF"), plain)
}

// The vectors of the sources IBM and payShield for formats that the vector files lack.
func TestOtherFormats(t *testing.T) {
	for _, c := range []struct {
		format     pinblock.Format
		pin, block string
	}{
		{pinblock.VISA2.WithPad('9'), "12345", "5123450999999999"},
		{pinblock.VISA3.WithPad('0'), "123456", "123456F000000000"},
		{pinblock.VISA3, "1234", "1234FFFFFFFFFFFF"},
		{pinblock.IBM3624.WithPad('E'), "123456", "123456EEEEEEEEEE"},
		{pinblock.IBM3624, "12345", "12345FFFFFFFFFFF"},
		{pinblock.OEM1, "123456789012", "123456789012FFFF"},
	} {
		block, err := pinblock.Encode(nil, c.format, pin(t, c.pin), "")
		require.NoError(t, err)
		require.Equal(t, unhex(t, c.block), block, "%s", c.format)
		got, err := pinblock.Decode(c.format, block, "")
		require.NoError(t, err)
		require.True(t, got.Equal(pin(t, c.pin)))
	}
}

// Changes of a whole fill at once, which TestEveryNibble does not make.
func TestWrongFill(t *testing.T) {
	for _, c := range []struct {
		format pinblock.Format
		block  string
	}{
		{pinblock.VISA2, "4123400AAAAAAAAA"},
		{pinblock.VISA2.WithPad('7'), "4123400888888888"},
		{pinblock.VISA3.WithPad('7'), "1234F88888888888"},
		{pinblock.IBM3624, "1234EEEEEEEEEEEE"},
		{pinblock.OEM1, "1234EEEEEEEEEEEF"},
		{pinblock.OEM1.WithPad('F'), "1234EEEEEEEEEEEE"},
		{pinblock.OEM1, "1234567890123456"},
		{pinblock.ISO2, "2412340000000000"},
	} {
		_, err := pinblock.Decode(c.format, unhex(t, c.block), "")
		require.Equal(t, pinblock.ErrBlock, err, "%s %s", c.format, c.block)
	}
}

func TestRandomFill(t *testing.T) {
	seen := map[pinblock.Format]map[byte]bool{}
	for _, f := range []pinblock.Format{pinblock.ISO1, pinblock.ISO3, pinblock.ECI2, pinblock.ECI3} {
		seen[f] = map[byte]bool{}
		for range 200 {
			block, err := pinblock.Encode(nil, f, pin(t, "1234"), testPAN)
			require.NoError(t, err)
			for _, b := range mixPAN(f, block, testPAN)[4:] {
				seen[f][b>>4], seen[f][b&15] = true, true
			}
		}
	}
	require.Len(t, seen[pinblock.ISO3], 6, "A to F")
	require.Len(t, seen[pinblock.ISO1], 16)
	require.Len(t, seen[pinblock.ECI2], 16)
	require.Len(t, seen[pinblock.ECI3], 16)
}

func TestFormatFaults(t *testing.T) {
	for _, f := range []pinblock.Format{
		0, 200, pinblock.ISO0.WithPad('F'), pinblock.VISA2.WithPad('A'), pinblock.VISA3.WithPad('a'),
		pinblock.VISA3.WithPad('x'), pinblock.IBM3624.WithPad('0'), pinblock.IBM3624.WithLength(3), pinblock.IBM3624.WithLength(13), pinblock.OEM1.WithPad('9'),
		pinblock.OEM1.WithLength(-1), pinblock.OEM1.WithLength(1 << 20), pinblock.VISA3.WithLength(5), pinblock.VISA2.WithLength(4),
		pinblock.ISO0.WithLength(4), pinblock.ISO1.WithLength(4), pinblock.ISO3.WithLength(4), pinblock.ECI3.WithLength(4), pinblock.ECI2.WithLength(4), 1<<24 + pinblock.ISO0<<8,
	} {
		_, err := pinblock.Encode(nil, f, pin(t, "1234"), testPAN)
		require.ErrorIs(t, err, pinblock.ErrFormat, "%s", f)
		_, err = pinblock.Decode(f, make([]byte, 8), testPAN)
		require.ErrorIs(t, err, pinblock.ErrFormat, "%s", f)
		_, err = pinblock.Encrypt(nil, pinKey(t, crypto.TDES, unhex(t, desHex)), f, pin(t, "1234"), testPAN)
		require.ErrorIs(t, err, pinblock.ErrFormat, "%s", f)
	}
	_, err := pinblock.Encode(nil, pinblock.ISO4, pin(t, "1234"), testPAN)
	require.ErrorIs(t, err, pinblock.ErrFormat)
	_, err = pinblock.Decode(pinblock.ISO4, make([]byte, 16), testPAN)
	require.ErrorIs(t, err, pinblock.ErrFormat)
	require.Equal(t, "IBM 3624, pad 0, 4 digits", pinblock.IBM3624.WithPad('0').WithLength(4).String())
	require.Equal(t, "no PIN block format", pinblock.Format(0).String())
	require.Zero(t, pinblock.Format(99).Size())
}

func TestFaultsOfTheCaller(t *testing.T) {
	des, aes := pinKey(t, crypto.TDES, unhex(t, desHex)), pinKey(t, crypto.AES, unhex(t, aesHex))
	p := pin(t, "1234")
	_, err := pinblock.Encrypt(nil, des, pinblock.ISO4, p, testPAN)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = pinblock.Encrypt(nil, aes, pinblock.ISO0, p, testPAN)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = pinblock.Decrypt(aes, pinblock.ISO0, make([]byte, 8), testPAN)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = pinblock.Encrypt(nil, crypto.PINKey{}, pinblock.ISO0, p, testPAN)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = pinblock.Encrypt(nil, des, pinblock.ISO0, pinblock.PIN{}, testPAN)
	require.ErrorIs(t, err, pinblock.ErrPIN)
	_, err = pinblock.Encode(nil, pinblock.VISA2, pin(t, "1234567"), "")
	require.ErrorIs(t, err, pinblock.ErrPIN)
	_, err = pinblock.Encode(nil, pinblock.IBM3624.WithLength(5), p, testPAN)
	require.ErrorIs(t, err, pinblock.ErrPIN)
	for _, pan := range []string{"", "123456789012", "12345678901234567890", "543210123456789A"} {
		for _, f := range []pinblock.Format{pinblock.ISO0, pinblock.ISO3, pinblock.VISA4, pinblock.UnionPaySM4} {
			_, err = pinblock.Encode(nil, f, p, pan)
			require.ErrorIs(t, err, pinblock.ErrPAN)
		}
	}
	for _, size := range []int{0, 7, 9, 15, 17} {
		_, err = pinblock.Decrypt(aes, pinblock.ISO4, make([]byte, size), testPAN)
		require.Equal(t, pinblock.ErrBlock, err)
		_, err = pinblock.Decode(pinblock.ISO0, make([]byte, size), testPAN)
		require.Equal(t, pinblock.ErrBlock, err)
	}
	onlyEncrypt, err := crypto.NewPINKey(importKey(t, "P0TE00N", unhex(t, desHex)))
	require.NoError(t, err)
	_, err = pinblock.Decrypt(onlyEncrypt, pinblock.ISO0, make([]byte, 8), testPAN)
	require.ErrorIs(t, err, crypto.ErrUsage)
}

// A block of format 4 is bound to its PAN: none of the other PANs decodes.
func TestFormat4IsBoundToThePAN(t *testing.T) {
	key := pinKey(t, crypto.AES, unhex(t, aesHex))
	block, err := pinblock.Encrypt(nil, key, pinblock.ISO4, pin(t, "1234"), testPAN)
	require.NoError(t, err)
	for _, pan := range []string{"5432101234567890", "54321012345678920", "1"} {
		_, err := pinblock.Decrypt(key, pinblock.ISO4, block, pan)
		require.Equal(t, pinblock.ErrBlock, err)
	}
	for bit := range 128 {
		changed := bytes.Clone(block)
		changed[bit/8] ^= 1 << (bit % 8)
		_, err := pinblock.Decrypt(key, pinblock.ISO4, changed, testPAN)
		require.Equal(t, pinblock.ErrBlock, err)
	}
}

func TestPIN(t *testing.T) {
	for _, text := range []string{"", "123", "1234567890123", "12a4", "１２３４", "12 4"} {
		_, err := pinblock.ParsePIN([]byte(text))
		require.ErrorIs(t, err, pinblock.ErrPIN)
	}
	p := pin(t, "123456789012")
	copied := p
	require.Equal(t, 12, p.Len())
	require.Equal(t, "x123456789012", string(p.AppendClear([]byte("x"))))
	require.True(t, p.Equal(pin(t, "123456789012")))
	require.False(t, p.Equal(pin(t, "12345678901")))
	require.False(t, p.Equal(pin(t, "123456789013")))
	require.False(t, pin(t, "1230").Equal(pin(t, "12300")))
	require.False(t, p.Equal(pinblock.PIN{}))
	require.False(t, pinblock.PIN{}.Equal(pinblock.PIN{}))
	p.Wipe()
	require.Zero(t, copied.Len())
	require.Empty(t, copied.AppendClear(nil))
	pinblock.PIN{}.Wipe()
}

func TestGeneratedPINs(t *testing.T) {
	for _, weak := range []string{"0000", "99999", "1234", "23456", "9876", "43210"} {
		require.True(t, pin(t, weak).Weak(), weak)
	}
	for _, good := range []string{"1235", "0001", "1010", "9875", "1357"} {
		require.False(t, pin(t, good).Weak(), good)
	}
	counts := [10]int{}
	for range 2000 {
		p, err := pinblock.GeneratePIN(6)
		require.NoError(t, err)
		require.False(t, p.Weak())
		for _, c := range p.AppendClear(nil) {
			counts[c-'0']++
		}
	}
	for digit, n := range counts {
		require.InDelta(t, 1200, n, 250, "digit %d", digit) // seven standard deviations
	}
	for _, n := range []int{-1, 0, 3, 13} {
		_, err := pinblock.GeneratePIN(n)
		require.ErrorIs(t, err, pinblock.ErrPIN)
	}
}

func TestNothingSecretShows(t *testing.T) {
	const text, pan = "73916458", "5432101234567892"
	p := pin(t, text)
	key := pinKey(t, crypto.TDES, unhex(t, desHex))
	e := pinblock.Encrypted{Key: key, Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: []byte(text)}
	target := pinblock.Target{Key: key, Layout: pinblock.ISO0, PAN: crypto.Hide(pan)}
	offset, pvv := pinblock.OffsetData{PAN: crypto.Hide(pan)}, pinblock.PVVData{PAN: crypto.Hide(pan)}
	values := []byte{7, 3, 9, 1, 6, 4, 5, 8}
	for _, v := range []any{p, &p, struct{ P pinblock.PIN }{p}, e, &e, target, &target, offset, &offset, pvv, &pvv} {
		require.Empty(t, shown.In(v, []byte(text), []byte(pan), values), "%T", v)
		require.Contains(t, fmt.Sprintf("%v %d", v, v), "hidden")
	}
	require.Empty(t, shown.Inside(p, []byte(text), values))

	_, err := pinblock.Encode(nil, pinblock.ECI2, p, pan)
	require.NotContains(t, err.Error(), text)
	_, err = pinblock.Encode(nil, pinblock.ISO0, p, pan+pan)
	require.NotContains(t, err.Error(), pan)
	err = pinblock.VerifyPVV(pvk(t, "V2", unhex(t, desHex)), pinblock.PVVData{PAN: crypto.Hide(pan)}, p, "0000")
	require.NotContains(t, err.Error(), pan)
}

// Keys, scratch memory and inputs are shared by many goroutines; run it under -race.
func TestConcurrentUse(t *testing.T) {
	des, aes := pinKey(t, crypto.TDES, unhex(t, desHex)), pinKey(t, crypto.AES, unhex(t, aesHex))
	block, err := pinblock.Encrypt(nil, des, pinblock.ISO0, pin(t, "4321"), testPAN)
	require.NoError(t, err)
	before := bytes.Clone(block)
	s := pinblock.Software{Policy: pinblock.Policy{{From: pinblock.ISO0, To: pinblock.ISO4}}}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				out, err := s.TranslatePIN(ctx, nil,
					pinblock.Encrypted{Key: des, Layout: pinblock.ISO0, PAN: crypto.Hide(testPAN), Block: block},
					pinblock.Target{Key: aes, Layout: pinblock.ISO4, PAN: crypto.Hide(testPAN)})
				if err != nil {
					t.Error(err)
					return
				}
				p, err := pinblock.Decrypt(aes, pinblock.ISO4, out, testPAN)
				if err != nil || string(p.AppendClear(nil)) != "4321" {
					t.Error("another PIN", err)
				}
			}
		})
	}
	wait.Wait()
	require.Equal(t, before, block)
}

// TestSetUsesMemoryAgain holds that one PIN after another goes into the memory of the first, and that nothing is left of a
// PIN when the next is refused.
func TestSetUsesMemoryAgain(t *testing.T) {
	var p pinblock.PIN
	require.NoError(t, p.Set([]byte("123456789012")))
	copied := p
	require.NoError(t, p.Set([]byte("4524")))
	require.Equal(t, "4524", string(p.AppendClear(nil)))
	require.True(t, copied.Equal(p))
	for _, text := range []string{"", "123", "1234567890123", "12a4"} {
		require.NoError(t, p.Set([]byte("4524")))
		require.ErrorIs(t, p.Set([]byte(text)), pinblock.ErrPIN)
		require.Zero(t, p.Len())
		require.Empty(t, p.AppendClear(nil))
	}
	digits := []byte("4524")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if p.Set(digits) != nil {
			t.Fatal("refused")
		}
		p.Wipe()
	}))
}
