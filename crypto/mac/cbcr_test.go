package mac_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"encoding/hex"
	"math/big"
	"testing"

	"github.com/emmansun/gmsm/sm4"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/mac"
)

// The values of GB/T 15852.1-2020 annex B for CBCR, of a whole message and of one that is padded.
func TestCBCROfTheStandard(t *testing.T) {
	m, err := mac.New(macKey(t, crypto.UsageMAC1, crypto.SM4, doubleKey), mac.Algorithm{Scheme: crypto.CBCR})
	require.NoError(t, err)
	for message, want := range map[string]string{
		"This is the test message for mac": "e40ed79c3149a1c9d42f04c423049935", "This is the test message ": "a99d13013e892ee2c25be2daaa6c82e8",
	} {
		tag, err := m.Append(nil, []byte(message))
		require.NoError(t, err)
		require.Equal(t, want, hex.EncodeToString(tag))
	}
}

// CBCR written down once more, with numbers instead of bytes: begin with an encrypted zero, chain, rotate what goes into
// the last block by one bit, to the right when the message is whole and to the left when it was padded.
func TestCBCRAgainstNumbers(t *testing.T) {
	sm4Block, err := sm4.NewCipher(doubleKey)
	require.NoError(t, err)
	aesBlock, err := aes.NewCipher(doubleKey)
	require.NoError(t, err)
	desBlock, err := des.NewCipher(doubleKey[:8])
	require.NoError(t, err)
	for algorithm, block := range map[crypto.Algorithm]cipher.Block{crypto.SM4: sm4Block, crypto.AES: aesBlock, crypto.DES: desBlock} {
		key := doubleKey
		if algorithm == crypto.DES {
			key = doubleKey[:8]
		}
		m, err := mac.New(macKey(t, crypto.UsageMAC1, algorithm, key), mac.Algorithm{Scheme: crypto.CBCR})
		require.NoError(t, err)
		message := bytes.Repeat([]byte{0x81, 0xfe, 0x00, 0xff, 0x7f, 0x01, 0x80, 0x55}, 9)
		for n := range len(message) + 1 {
			want := rotated(block, message[:n])
			got, err := m.Append(nil, message[:n])
			require.NoError(t, err)
			require.Equal(t, want, got, "%s, %d bytes", algorithm, n)
		}
	}
}

func rotated(block cipher.Block, message []byte) []byte {
	size := block.BlockSize()
	whole := len(message) > 0 && len(message)%size == 0
	padded := bytes.Clone(message)
	if !whole {
		padded = append(padded, 0x80)
		padded = append(padded, make([]byte, (size-len(padded)%size)%size)...)
	}
	value := make([]byte, size)
	block.Encrypt(value, value)
	for ; len(padded) > size; padded = padded[size:] {
		for i := range value {
			value[i] ^= padded[i]
		}
		block.Encrypt(value, value)
	}
	for i := range value {
		value[i] ^= padded[i]
	}
	x, bits := new(big.Int).SetBytes(value), uint(8*size)
	if whole {
		low := x.Bit(0)
		x.Rsh(x, 1).SetBit(x, int(bits-1), low)
	} else {
		high := x.Bit(int(bits - 1))
		x.Lsh(x, 1).SetBit(x, int(bits), 0).SetBit(x, 0, high)
	}
	x.FillBytes(value)
	block.Encrypt(value, value)
	return value
}

// A key of usage M6 whose algorithm has no block cipher binds to nothing.
func TestNoCipherNoMAC(t *testing.T) {
	for _, usage := range []crypto.Usage{crypto.UsageCMAC, crypto.UsageMAC1, crypto.UsageHMAC} {
		for scheme := crypto.CBCMAC; scheme <= crypto.HMACSM3; scheme++ {
			for padding := range crypto.MACPadding(4) {
				m, err := mac.New(macKey(t, usage, crypto.RSA, doubleKey), mac.Algorithm{Scheme: scheme, Padding: padding})
				require.Error(t, err, "%s with %s", usage, scheme)
				require.Nil(t, m)
			}
		}
	}
}

// The named algorithms are what their standards have.
func TestNamedAlgorithms(t *testing.T) {
	require.Equal(t, mac.Algorithm{Scheme: crypto.CBCMAC, Padding: crypto.Padding1, Size: 4}, mac.X99())
	require.Equal(t, mac.Algorithm{Scheme: crypto.RetailMAC, Padding: crypto.Padding1, Size: 8}, mac.X919())
}

// Two keys are of one kind: cipher and length alike.
func TestPairsOfOneKind(t *testing.T) {
	a := mac.Algorithm{Scheme: crypto.EMAC, Padding: crypto.Padding1}
	for _, c := range []struct {
		first, second crypto.MACKey
		want          error
	}{
		{macKey(t, crypto.UsageMAC2, crypto.TDES, doubleKey), macKey(t, crypto.UsageMAC2, crypto.TDES, tripleKey), crypto.ErrUnsupported},
		{macKey(t, crypto.UsageMAC2, crypto.TDES, doubleKey), macKey(t, crypto.UsageMAC2, crypto.AES, doubleKey), crypto.ErrUnsupported},
		{macKey(t, crypto.UsageMAC2, crypto.SM4, doubleKey), macKey(t, crypto.UsageMAC2, crypto.AES, doubleKey), crypto.ErrUnsupported},
		{macKey(t, crypto.UsageMAC2, crypto.AES, doubleKey), macKey(t, crypto.UsageMAC2, crypto.AES, tripleKey), crypto.ErrUnsupported},
		{macKey(t, crypto.UsageMAC2, crypto.AES, doubleKey), macKey(t, crypto.UsageMAC2, crypto.AES, tripleKey[8:]), nil},
		{macKey(t, crypto.UsageMAC2, crypto.TDES, doubleKey), macKey(t, crypto.UsageMAC2, crypto.TDES, tripleKey[8:]), nil},
	} {
		m, err := mac.NewPair(c.first, c.second, a)
		require.ErrorIs(t, err, c.want)
		require.Equal(t, c.want != nil, m == nil)
	}
}

// What the provider is asked with a key of another usage it answers as New does.
func TestSoftwareRefuses(t *testing.T) {
	k, err := clearkey.Import(crypto.MustAttributes("P0TB00N"), doubleKey)
	require.NoError(t, err)
	dst, err := mac.Software{}.AppendMAC(t.Context(), []byte("x"), k, mac.X919(), nil)
	require.ErrorIs(t, err, crypto.ErrUsage)
	require.Equal(t, "x", string(dst))
	require.ErrorIs(t, mac.Software{}.VerifyMAC(t.Context(), k, mac.X919(), nil, nil), crypto.ErrUsage)
	n, err := (&mac.Stream{}).Write([]byte("x"))
	require.ErrorIs(t, err, crypto.ErrNoKey)
	require.Zero(t, n)
	dst, err = (&mac.Stream{}).Append([]byte("x"))
	require.ErrorIs(t, err, crypto.ErrNoKey)
	require.Equal(t, "x", string(dst))
}

// Writing nothing changes nothing: neither in front of a message nor within it nor as all of it.
func TestEmptyPieces(t *testing.T) {
	for name, m := range every(t) {
		for _, n := range []int{0, 1, 8, 15, 16, 17, 32} {
			message := bytes.Repeat([]byte{0xc3}, n)
			want, err := m.Append(nil, message)
			require.NoError(t, err)
			s, err := m.StreamOf(uint64(n))
			require.NoError(t, err)
			for _, piece := range [][]byte{nil, message[:n/2], {}, message[n/2:], nil} {
				_, err = s.Write(piece)
				require.NoError(t, err)
			}
			require.NoError(t, s.Verify(want), "%s, %d bytes", name, n)
			if m.Algorithm().Padding != crypto.Padding3 {
				s, err = m.Stream()
				require.NoError(t, err)
				_, err = s.Write(message)
				require.NoError(t, err)
				require.NoError(t, s.Verify(want))
			}
		}
	}
}
