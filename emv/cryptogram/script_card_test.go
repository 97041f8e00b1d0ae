package cryptogram

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
)

// scriptKeys are a card's keys for scripts.
func scriptKeys(t testing.TB, a crypto.Algorithm) ScriptKeys {
	key := func(usage string, first byte) CardKey {
		b := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
		b[0] = first
		return cardKey(t, usage, a, b)
	}
	return ScriptKeys{Integrity: key("E2", 0x10), Confidentiality: key("E1", 0x20), Cryptogram: key("E0", 0x40)}
}

// scriptProfiles are one of each way to secure a script.
func scriptProfiles(t testing.TB) []Profile {
	mchip, err := MChip(0x14)
	require.NoError(t, err)
	return []Profile{VisaCVN10(), VisaCVN22(), mchip, CCD(), Interac133(), UnionPay(), UnionPaySM4()}
}

// TestScriptGoesThere holds that a card takes the commands its issuer secured, in their order, and no others.
func TestScriptGoesThere(t *testing.T) {
	for _, p := range scriptProfiles(t) {
		t.Run(p.Name, func(t *testing.T) {
			keys := scriptKeys(t, p.Algorithm)
			begin := func() *Script { return p.NewScript(keys, 0x1234, [8]byte{1, 2, 3, 4, 5, 6, 7, 8}) }
			issuer, card := begin(), begin()
			for i, want := range []Command{
				{CLA: 0x84, INS: 0x1E, MACSize: 8},
				{CLA: 0x84, INS: 0xDA, P1: 0x9F, P2: 0x14, Data: []byte{5}, MACSize: 4},
				{CLA: 0x8C, INS: 0xDC, P1: 1, P2: 0x0C, Data: bytes.Repeat([]byte{0xA5}, 239), MACSize: 8},
			} {
				apdu, err := issuer.AppendCommand(nil, want)
				require.NoError(t, err)
				for at := range apdu { // another octet anywhere is another command
					apdu[at] ^= 0x10
					_, err := card.OpenCommand(apdu, want.MACSize, false)
					require.Error(t, err, "command %d octet %d", i, at)
					if at > 4 {
						require.ErrorIs(t, err, crypto.ErrVerify)
					}
					apdu[at] ^= 0x10
				}
				got, err := card.OpenCommand(apdu, want.MACSize, false)
				require.NoError(t, err)
				want.Data = append([]byte{}, want.Data...)
				require.Equal(t, want, got)
			}
		})
	}
	short := make([]byte, 12)
	s := VisaCVN10().NewScript(scriptKeys(t, crypto.TDES), 1, [8]byte{})
	for _, apdu := range [][]byte{nil, short[:5], short} {
		_, err := s.OpenCommand(apdu, 8, false)
		require.ErrorIs(t, err, ErrCommand)
	}
	for _, size := range []int{-1, 3, 9} {
		_, err := s.OpenCommand(append([]byte{0x84, 0x1E, 0, 0, 9}, make([]byte, 9)...), size, false)
		require.ErrorIs(t, err, ErrCommand)
	}
	good, err := VisaCVN10().NewScript(scriptKeys(t, crypto.TDES), 1, [8]byte{}).AppendCommand(nil, Command{CLA: 0x84, INS: 0x1E})
	require.NoError(t, err)
	_, err = s.OpenCommand(good, 0, false)
	require.NoError(t, err, "a MAC of 8 bytes is the usual")
	_, err = s.OpenCommand(append(good, 0), 0, false)
	require.ErrorIs(t, err, ErrCommand, "Lc counts all that follows")
	_, err = (&Script{rules: s.rules}).OpenCommand(good, 0, false)
	require.Error(t, err, "no keys")
}

// TestScriptCountsCommands: where session keys count commands, one that was refused does not count.
func TestScriptCountsCommands(t *testing.T) {
	p, err := MChip(0x14)
	require.NoError(t, err)
	keys := scriptKeys(t, crypto.TDES)
	issuer, card := p.NewScript(keys, 1, [8]byte{7: 0xFF}), p.NewScript(keys, 1, [8]byte{7: 0xFF})
	first, err := issuer.AppendCommand(nil, Command{CLA: 0x84, INS: 0x18})
	require.NoError(t, err)
	second, err := issuer.AppendCommand(nil, Command{CLA: 0x84, INS: 0x18})
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	_, err = card.OpenCommand(second, 8, false)
	require.ErrorIs(t, err, crypto.ErrVerify)
	_, err = card.OpenCommand(first, 8, false)
	require.NoError(t, err)
	_, err = card.OpenCommand(first, 8, false)
	require.ErrorIs(t, err, crypto.ErrVerify)
	_, err = card.OpenCommand(second, 8, false)
	require.NoError(t, err)
}

// TestScriptDataGoThere holds that data of every length come out of the encryption as they went in.
func TestScriptDataGoThere(t *testing.T) {
	for _, a := range []crypto.Algorithm{crypto.TDES, crypto.AES, crypto.SM4} {
		k, err := NewSessionKey(importKey(t, "D0", a, "B", unhex(t, "0123456789ABCDEFFEDCBA9876543210")))
		require.NoError(t, err)
		for _, e := range []ScriptEncryption{EncryptVisa, EncryptEMV, EncryptMChip} {
			for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 17, 200} {
				data := append(bytes.Repeat([]byte{0}, n/2), bytes.Repeat([]byte{0x80}, n-n/2)...)
				encrypted, err := EncryptScriptData(nil, k, e, data)
				require.NoError(t, err)
				if e == EncryptMChip && n == 0 {
					continue // nothing is encrypted to nothing
				}
				got, err := DecryptScriptData([]byte{9}, k, e, encrypted)
				require.NoError(t, err, "%v %v %d", a, e, n)
				require.Equal(t, byte(9), got[0])
				if e == EncryptMChip { // the padding stays
					require.Equal(t, data, got[1:1+n])
					require.True(t, n%len(encrypted) == 0 || padding(got[1+n:]))
					continue
				}
				require.Equal(t, append([]byte{}, data...), append([]byte{}, got[1:]...), fmt.Sprint(a, e, n))
			}
		}
		for _, n := range []int{0, 7, 9} {
			_, err := DecryptScriptData(nil, k, EncryptEMV, make([]byte, n))
			require.ErrorIs(t, err, ErrCommand)
		}
		for _, e := range []ScriptEncryption{0, EncryptMChip + 1} {
			_, err := DecryptScriptData(nil, k, e, make([]byte, 16))
			require.ErrorIs(t, err, ErrCommand)
		}
	}
	_, err := DecryptScriptData(nil, sessionKey(t, crypto.TDES, unhex(t, "0123456789ABCDEFFEDCBA9876543210")), EncryptEMV, make([]byte, 8))
	require.ErrorIs(t, err, crypto.ErrUsage)
}

func TestPaddingIsTakenOff(t *testing.T) {
	for _, c := range []struct {
		plain string
		e     ScriptEncryption
		want  string // "-" for none
	}{
		{"0102800000000000", EncryptEMV, "0102"},
		{"8000000000000000", EncryptEMV, ""},
		{"0000000000000000", EncryptEMV, "-"},
		{"0102030405060708", EncryptEMV, "-"},
		{"01020304050607088000000000000000", EncryptEMV, "0102030405060708"},
		{"01020304050607800000000000000000", EncryptEMV, "-"}, // a whole block of zeros behind
		{"0201028000000000", EncryptVisa, "0102"},
		{"0701020304050607", EncryptVisa, "01020304050607"},
		{"0601020304050680", EncryptVisa, "010203040506"},
		{"0601020304050600", EncryptVisa, "-"},
		{"0501020304058001", EncryptVisa, "-"},
		{"0801020304050607", EncryptVisa, "-"},
		{"0080000000000000", EncryptVisa, ""},
		{"0701020304050607" + "8000000000000000", EncryptVisa, "-"},
		{"0801020304050607" + "0880000000000000", EncryptVisa, "0102030405060708"},
	} {
		got, ok := withoutPadding(unhex(t, c.plain), c.e, 8)
		require.Equal(t, c.want != "-", ok, c.plain)
		if ok {
			require.Equal(t, c.want, fmt.Sprintf("%X", got))
		}
	}
}

// TestPINChangeGoesThere holds that the card finds the new PIN in what the issuer sent, with and without the current one.
func TestPINChangeGoesThere(t *testing.T) {
	next, current, other := pinBlock2(t, "987654321012"), pinBlock2(t, "1234"), pinBlock2(t, "1235")
	for _, p := range scriptProfiles(t) {
		for _, with := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, current %v", p.Name, with), func(t *testing.T) {
				keys := scriptKeys(t, p.Algorithm)
				begin := func() *Script { return p.NewScript(keys, 7, [8]byte{1}) }
				change := PINChange{New: pinOf(t, "987654321012")}
				if with {
					change.Current = pinOf(t, "1234")
				}
				apdu, err := begin().AppendPINChange(nil, change)
				require.NoError(t, err)
				got, err := begin().OpenPINChange(apdu, 8, current)
				require.NoError(t, err)
				require.Equal(t, next, got)
				got, err = begin().OpenPINChange(apdu, 8, other)
				if !with {
					require.NoError(t, err, "it does not count")
					require.Equal(t, next, got)
				} else {
					require.True(t, err != nil || got != next)
				}
				_, err = begin().OpenPINChange(apdu, 8, [8]byte{0x2F})
				require.Equal(t, with, err != nil, "a current PIN that is none")
				_, err = begin().OpenPINChange(apdu, 4, current)
				require.Error(t, err)
			})
		}
	}
	p, keys := VisaCVN10(), scriptKeys(t, crypto.TDES)
	begin := func() *Script { return p.NewScript(keys, 7, [8]byte{1}) }
	for name, c := range map[string]struct {
		command Command
		want    error
	}{
		"another command":   {Command{CLA: 0x84, INS: 0xDA, P2: 2, Data: next[:], Encrypt: true}, ErrCommand},
		"P2 of an unblock":  {Command{CLA: 0x84, INS: 0x24, P2: 0, Data: next[:], Encrypt: true}, ErrCommand},
		"P2 3":              {Command{CLA: 0x84, INS: 0x24, P2: 3, Data: next[:], Encrypt: true}, ErrCommand},
		"no block":          {Command{CLA: 0x84, INS: 0x24, P2: 2, Data: next[1:], Encrypt: true}, ErrPINBlock},
		"not in VIS's form": {Command{CLA: 0x84, INS: 0x24, P2: 2, Data: next[:], Encrypt: true}, ErrPINBlock},
		"not encrypted":     {Command{CLA: 0x84, INS: 0x24, P2: 2, Data: next[1:]}, ErrCommand},
	} {
		apdu, err := begin().AppendCommand(nil, c.command)
		require.NoError(t, err)
		_, err = begin().OpenPINChange(apdu, 8, current)
		require.ErrorIs(t, err, c.want, name)
	}
	noKey := begin()
	noKey.keys.Cryptogram = CardKey{}
	apdu, err := begin().AppendPINChange(nil, PINChange{New: pinOf(t, "987654321012")})
	require.NoError(t, err)
	_, err = noKey.OpenPINChange(apdu, 8, current)
	require.Error(t, err)
	noKey.keys.Confidentiality = CardKey{}
	_, err = noKey.OpenPINChange(apdu, 8, current)
	require.Error(t, err)
}

// TestVisaLimitedUseKeyDigits holds how many digits there may be, and that each counts.
func TestVisaLimitedUseKeyDigits(t *testing.T) {
	k := cardKey(t, "E0", crypto.TDES, unhex(t, "0123456789ABCDEFFEDCBA9876543210"))
	seen := map[string]bool{}
	for n := 1; n <= 14; n++ {
		limited, err := VisaLimitedUseKey(k, "12345678901234"[:n])
		require.NoError(t, err, "%d digits", n)
		kcv, err := limited.KCV(crypto.KCVLegacy, 3)
		require.NoError(t, err)
		require.False(t, seen[fmt.Sprint(kcv)])
		seen[fmt.Sprint(kcv)] = true
	}
	for _, digits := range []string{"", "123456789012345", "12:4", "1/34"} {
		_, err := VisaLimitedUseKey(k, digits)
		require.ErrorIs(t, err, crypto.ErrUnsupported, digits)
	}
}
