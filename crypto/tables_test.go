package crypto_test

import (
	"fmt"
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
)

// usages is X9.143-2022 table 3 once more, with the modes of use that go with each besides 'N' and the digits.
var usages = map[crypto.Usage][2]string{
	crypto.UsageBDK: {"B0", "XY"}, crypto.UsageInitialKey: {"B1", "XY"}, crypto.UsageBaseVariant: {"B2", "XY"}, crypto.UsageDerivation: {"B3", "XY"},
	crypto.UsageCVK:  {"C0", "CGV"},
	crypto.UsageData: {"D0", "BDE"}, crypto.UsageAsymmetricData: {"D1", "BDE"}, crypto.UsageDecimalization: {"D2", "BDE"}, crypto.UsageSensitiveData: {"D3", "BDE"},
	crypto.UsageEMVCryptogram: {"E0", "XYCGV"}, crypto.UsageEMVEncryption: {"E1", "XYBDE"}, crypto.UsageEMVIntegrity: {"E2", "XYCGV"},
	crypto.UsageEMVDataCode: {"E3", "XYCGV"}, crypto.UsageEMVDynamic: {"E4", "XYCGV"}, crypto.UsageEMVPerso: {"E5", "XYBDE"},
	crypto.UsageEMVOther: {"E6", "BCDEGSTVXY"}, crypto.UsageEMVKeyPair: {"E7", "BCDEGSTVXY"},
	crypto.UsageIV:  {"I0", ""},
	crypto.UsageKEK: {"K0", "BDE"}, crypto.UsageKBPK: {"K1", "BDE"}, crypto.UsageTR34: {"K2", "BDE"}, crypto.UsageKeyAgreement: {"K3", "BDEXY"}, crypto.UsageKBPK20038: {"K4", "BDE"},
	crypto.UsageMACISO16609: {"M0", "CGV"}, crypto.UsageMAC1: {"M1", "CGV"}, crypto.UsageMAC2: {"M2", "CGV"}, crypto.UsageMAC3: {"M3", "CGV"}, crypto.UsageMAC4: {"M4", "CGV"},
	crypto.UsageMAC5Legacy: {"M5", "CGV"}, crypto.UsageCMAC: {"M6", "CGV"}, crypto.UsageHMAC: {"M7", "CGV"}, crypto.UsageMAC6: {"M8", "CGV"},
	crypto.UsagePIN: {"P0", "BDE"}, crypto.UsagePINGeneration: {"P1", "CGV"},
	crypto.UsageSignature: {"S0", "SV"}, crypto.UsageCA: {"S1", "SV"}, crypto.UsageAsymmetric: {"S2", "BCDEGSTVXY"},
	crypto.UsagePVKOther: {"V0", "CGV"}, crypto.UsagePVK3624: {"V1", "CGV"}, crypto.UsagePVKVisa: {"V2", "CGV"}, crypto.UsagePVKX9132A1: {"V3", "CGV"},
	crypto.UsagePVKX9132A2: {"V4", "CGV"}, crypto.UsagePVKX9132A3: {"V5", "CGV"},
}

// Every two characters there are: the known usages, the proprietary numbers, nothing else; each with every mode.
func TestEveryUsageWithEveryMode(t *testing.T) {
	require.Len(t, usages, 43)
	byText := map[string]string{}
	for u, row := range usages {
		require.Equal(t, row[0], u.String())
		byText[row[0]] = row[1]
	}
	for n := 10; n <= 99; n++ {
		byText[fmt.Sprint(n)] = "BCDEGSTVXY"
	}
	const characters = "/0123456789:@ABCDEFGHIJKLMNOPQRSTUVWXYZ[`abcdefghijklmnopqrstuvwxyz{ ~"
	for _, a := range characters {
		for _, b := range characters {
			text := string(a) + string(b)
			modes, known := byText[text]
			u, err := crypto.ParseUsage(text)
			require.Equal(t, known, err == nil, "%q", text)
			if !known {
				require.Zero(t, u)
				_, err = crypto.ParseAttributes(text + "TN00N")
				require.ErrorIs(t, err, crypto.ErrAttributes)
				continue
			}
			require.Equal(t, text, u.String())
			for mode := byte(' '); mode <= '~'; mode++ {
				_, err := crypto.ParseAttributes(text + "T" + string(rune(mode)) + "00N")
				goes := strings.ContainsRune(modes+"N0123456789", rune(mode))
				require.Equal(t, goes, err == nil, "%s with mode %c", text, mode)
			}
		}
	}
}

// Every character of algorithm, exportability and version, to both sides of every border.
func TestEveryCharacterOfAttributes(t *testing.T) {
	for c := range 256 {
		letter := string([]byte{byte(c)})
		parses := func(text string) bool { _, err := crypto.ParseAttributes(text); return err == nil }
		require.Equal(t, c != 0 && strings.Contains("ADEHRST4", letter), parses("P0"+letter+"N00N"), "algorithm %q", letter)
		require.Equal(t, c != 0 && strings.Contains("ENS", letter), parses("P0TN00"+letter), "exportability %q", letter)
		alphanumeric := '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		require.Equal(t, alphanumeric, parses("P0TN"+letter+"0N"), "version %q", letter)
		require.Equal(t, alphanumeric, parses("P0TN0"+letter+"N"), "version %q", letter)
		shown := crypto.Algorithm(c).String()
		require.Equal(t, shown, crypto.Mode(c).String())
		require.Equal(t, shown, crypto.Exportability(c).String())
		if ' ' <= c && c <= '~' {
			require.Equal(t, letter, shown)
		} else {
			require.Equal(t, "?", shown)
		}
		symmetric := c != 0 && strings.Contains("ADT4", letter)
		require.Equal(t, symmetric, crypto.Algorithm(c).Symmetric(), "%q", letter)
	}
	a := crypto.MustAttributes("P0TE12S")
	require.Equal(t, crypto.Attributes{Usage: crypto.UsagePIN, Algorithm: crypto.TDES, Mode: crypto.ModeEncrypt, Version: "12", Export: crypto.Sensitive}, a)
	for _, version := range []string{"1", "123"} {
		a.Version = version
		require.ErrorIs(t, a.Validate(), crypto.ErrAttributes)
		text, err := a.MarshalText()
		require.ErrorIs(t, err, crypto.ErrAttributes)
		require.Nil(t, text)
	}
	a.Version = ""
	require.NoError(t, a.Validate())
	text, err := a.MarshalText()
	require.NoError(t, err)
	require.Equal(t, "P0TE00S", string(text))
	for op, name := range []string{"no operation", "encrypt", "decrypt", "generate", "verify", "derive", "sign", "unknown operation"} {
		require.Equal(t, name, crypto.Operation(op).String())
	}
}

// The weak and semi-weak keys of SP 800-67 3.3.2 with their odd parity, and every neighbour of them.
func TestEveryWeakKey(t *testing.T) {
	list := strings.Fields(`0101010101010101 FEFEFEFEFEFEFEFE E0E0E0E0F1F1F1F1 1F1F1F1F0E0E0E0E
		011F011F010E010E 1F011F010E010E01 01E001E001F101F1 E001E001F101F101 01FE01FE01FE01FE FE01FE01FE01FE01
		1FE01FE00EF10EF1 E01FE01FF10EF10E 1FFE1FFE0EFE0EFE FE1FFE1FFE0EFE0E E0FEE0FEF1FEF1FE FEE0FEE0FEF1FEF1`)
	require.Len(t, list, 16)
	weak := map[string]bool{}
	for _, text := range list {
		weak[string(unhex(t, text))] = true
	}
	a, good := crypto.MustAttributes("M1DC00N"), unhex(t, secretHex[:16])
	for _, text := range list {
		key := unhex(t, text)
		_, err := clearkey.Import(a, key)
		require.ErrorIs(t, err, crypto.ErrWeakKey, text)
		_, err = clearkey.Import(a, key, crypto.AllowWeak)
		require.NoError(t, err)
		for part := range 3 { // as any part of a longer key
			long := append(append(append([]byte(nil), good...), unhex(t, "1122334455667788")...), unhex(t, "FEDCBA9876543210")...)
			copy(long[8*part:], key)
			_, err = clearkey.Import(crypto.MustAttributes("P0TB00N"), long)
			require.ErrorIs(t, err, crypto.ErrWeakKey, "%s as part %d", text, part)
		}
		for bit := range 64 {
			near := append([]byte(nil), key...)
			near[bit/8] ^= 1 << (bit % 8)
			_, err := clearkey.Import(a, near)
			if bit%8 == 0 {
				require.ErrorIs(t, err, crypto.ErrWeakKey, "parity does not count")
				continue
			}
			near[bit/8] ^= 1 // parity right again
			require.Equal(t, weak[string(near)], err != nil, "%s with bit %d", text, bit)
		}
	}
}

// Odd parity, byte by byte.
func TestParityOfEveryByte(t *testing.T) {
	for b := range 256 {
		key := unhex(t, secretHex[:16])
		key[3] = byte(b)
		odd := bits.OnesCount8(byte(b))%2 == 1
		k, err := clearkey.Import(crypto.MustAttributes("M1DC00N"), key)
		require.NoError(t, err)
		require.Equal(t, odd, k.HasOddParity(), "%02x", b)
		_, err = clearkey.Import(crypto.MustAttributes("M1DC00N"), key, crypto.RequireParity)
		require.Equal(t, odd, err == nil)
		k, err = clearkey.Import(crypto.MustAttributes("M1DC00N"), key, crypto.OddParity)
		require.NoError(t, err)
		got := clearBytes(t, k)[3]
		require.Equal(t, byte(b)&0xfe, got&0xfe)
		require.True(t, k.HasOddParity())
		require.Equal(t, 1, bits.OnesCount8(got)%2)
	}
	require.False(t, importKey(t, "P0AB00N", secretHex).HasOddParity(), "AES keys have none")
	destroyed := importKey(t, "P0TB00N", secretHex)
	destroyed.Destroy()
	require.False(t, destroyed.HasOddParity())
	aes := importKey(t, "D0AB00S", secretHex[2:]+"00", crypto.OddParity)
	require.Equal(t, unhex(t, secretHex[2:]+"00"), clearBytes(t, aes), "nor are they given any")
}

// The length of keys of every algorithm, in bytes.
func TestLengthsOfKeys(t *testing.T) {
	allowed := map[string][]int{
		"M1DC00N": {8}, "P0TB00N": {16, 24}, "P0AB00N": {16, 24, 32}, "P04B00N": {16},
	}
	material := make([]byte, 17<<10)
	for i := range material {
		material[i] = byte(7*i + i/256)
	}
	for attributes, lengths := range allowed {
		a := crypto.MustAttributes(attributes)
		for n := range 41 {
			want := false
			for _, length := range lengths {
				want = want || n == length
			}
			k, err := clearkey.Import(a, material[:n], gm.SM4)
			require.Equal(t, want, err == nil, "%s of %d bytes", attributes, n)
			if err != nil {
				require.ErrorIs(t, err, crypto.ErrKeyLength)
				continue
			}
			require.Equal(t, 8*n, k.Bits())
		}
	}
	for attributes, longest := range map[string]int{"M7HC00N": 1024, "S0RS00N": 16384, "S0ES00N": 16384, "S0SS00N": 16384} {
		a := crypto.MustAttributes(attributes)
		for n, want := range map[int]bool{0: false, 1: true, longest: true, longest + 1: false} {
			_, err := clearkey.Import(a, material[:n])
			require.Equal(t, want, err == nil, "%s of %d bytes", attributes, n)
		}
	}
	for attributes, bits := range map[string]map[int]bool{
		"M7HC00N": {0: false, -8: false, 7: false, 8: true, 12: false, 8192: true, 8193: false, 8200: false},
		"P0TB00N": {64: false, 128: true, 192: true, 136: false}, "M1DC00N": {64: true, 56: false}, "P0AB00N": {128: true, 256: true, 129: false},
	} {
		for n, want := range bits {
			k, err := crypto.GenerateKey(crypto.MustAttributes(attributes), n)
			require.Equal(t, want, err == nil, "%s of %d bits", attributes, n)
			if err == nil {
				require.Equal(t, n, k.Bits())
				continue
			}
			require.ErrorIs(t, err, crypto.ErrKeyLength)
			require.Zero(t, k.Attributes())
		}
	}
	for _, attributes := range []string{"S0RS00N", "S0ES00N", "S0SS00N"} {
		_, err := crypto.GenerateKey(crypto.MustAttributes(attributes), 2048)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
}
