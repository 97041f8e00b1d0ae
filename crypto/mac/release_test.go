package mac_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/internal/released"
)

// Every scheme gives its keys back, in one piece and in several, verified and refused.
func TestKeysAreGivenBack(t *testing.T) {
	message := []byte(strings.Repeat("0123456789", 10))
	for name := range every(t) {
		m := every(t)[name]
		released.After(t, mac.KeyOf(m).Key(), name, func() { useEverything(t, m, message) })
	}
	for _, first := range []bool{true, false} {
		for _, scheme := range []crypto.MACScheme{crypto.EMAC, crypto.RetailMAC, crypto.MacDES} {
			usage := map[crypto.MACScheme]crypto.Usage{crypto.EMAC: crypto.UsageMAC2, crypto.RetailMAC: crypto.UsageMAC3, crypto.MacDES: crypto.UsageMAC4}[scheme]
			a, b := macKey(t, usage, crypto.DES, doubleKey[:8]), macKey(t, usage, crypto.DES, doubleKey[8:])
			m, err := mac.NewPair(a, b, mac.Algorithm{Scheme: scheme, Padding: crypto.Padding2})
			require.NoError(t, err)
			k := a
			if !first {
				k = b
			}
			released.After(t, k.Key(), scheme.String(), func() {
				useEverything(t, m, message)
				gone := macKey(t, usage, crypto.DES, doubleKey[8:])
				broken, err := mac.NewPair(a, gone, mac.Algorithm{Scheme: scheme, Padding: crypto.Padding2})
				require.NoError(t, err)
				gone.Destroy()
				_, err = broken.Append(nil, message)
				require.ErrorIs(t, err, crypto.ErrDestroyed)
			})
		}
	}
	for name, a := range map[string]mac.Algorithm{"refused": {}, "another usage": mac.X99(), "no pair": {Scheme: crypto.LMAC, Padding: crypto.Padding1}} {
		k := macKey(t, crypto.UsageMAC3, crypto.TDES, doubleKey)
		released.After(t, k.Key(), name, func() {
			_, err := mac.New(k, a)
			require.Error(t, err)
		})
	}
}

func useEverything(t *testing.T, m *mac.MAC, message []byte) {
	t.Helper()
	tag, err := m.Append(nil, message)
	require.NoError(t, err)
	require.NoError(t, m.Verify(message, tag))
	require.ErrorIs(t, m.Verify(message[1:], tag), crypto.ErrVerify)
	s, err := m.StreamOf(uint64(len(message)))
	require.NoError(t, err)
	_, err = s.Write(message[:9])
	require.NoError(t, err)
	_, err = s.Append(nil)
	require.Error(t, err)
	_, err = s.Write(message[9:])
	require.NoError(t, err)
	_, err = s.Write(message)
	require.Error(t, err)
	require.NoError(t, s.Verify(tag))
	other, err := s.Append([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, append([]byte("x"), tag...), other)
	require.Error(t, s.Verify(nil))
}

// What a key may not do it does not do in a stream either, under HMAC as under a cipher.
func TestModesOfStreams(t *testing.T) {
	for _, c := range []struct {
		usage     crypto.Usage
		cipher    crypto.Algorithm
		algorithm mac.Algorithm
	}{
		{crypto.UsageHMAC, crypto.HMAC, mac.Algorithm{Scheme: crypto.HMACSHA256}}, {crypto.UsageCMAC, crypto.AES, mac.Algorithm{Scheme: crypto.CMAC}},
		{crypto.UsageMAC4, crypto.TDES, mac.Algorithm{Scheme: crypto.MacDES, Padding: crypto.Padding1}},
	} {
		tag, err := mustNew(t, modeKey(t, c.usage, c.cipher, "C"), c.algorithm).Append(nil, []byte("message"))
		require.NoError(t, err)
		for mode, may := range map[string][2]bool{"C": {true, true}, "G": {true, false}, "V": {false, true}, "N": {true, true}} {
			m := mustNew(t, modeKey(t, c.usage, c.cipher, mode), c.algorithm)
			s, err := m.Stream()
			require.NoError(t, err)
			_, err = s.Write([]byte("message"))
			require.NoError(t, err)
			for _, generate := range []func() ([]byte, error){
				func() ([]byte, error) { return s.Append([]byte("x")) }, func() ([]byte, error) { return m.Append([]byte("x"), []byte("message")) },
			} {
				got, err := generate()
				if may[0] {
					require.NoError(t, err)
					require.Equal(t, append([]byte("x"), tag...), got)
				} else {
					require.ErrorIs(t, err, crypto.ErrUsage)
					require.Equal(t, "x", string(got))
				}
			}
			for _, err := range []error{s.Verify(tag), m.Verify([]byte("message"), tag)} {
				if may[1] {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, crypto.ErrUsage)
				}
			}
		}
	}
}

func mustNew(t *testing.T, key crypto.MACKey, a mac.Algorithm) *mac.MAC {
	t.Helper()
	m, err := mac.New(key, a)
	require.NoError(t, err)
	return m
}

func modeKey(t *testing.T, usage crypto.Usage, cipher crypto.Algorithm, mode string) crypto.MACKey {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes(usage.String()+cipher.String()+mode+"00N"), doubleKey)
	require.NoError(t, err)
	key, err := crypto.NewMACKey(k)
	require.NoError(t, err)
	return key
}

// The shortest and the longest MAC of every scheme, and one byte beyond; what is shorter is the front of what is longer.
func TestSizesOfMACs(t *testing.T) {
	for name, m := range every(t) {
		full := m.Algorithm()
		whole := fullSize(t, m)
		tag, err := mustNew(t, mac.KeyOf(m), withSize(full, whole)).Append(nil, []byte("message"))
		require.NoError(t, err)
		require.Len(t, tag, whole, name)
		for size := -1; size <= whole+1; size++ {
			part, err := mac.New(mac.KeyOf(m), withSize(full, size))
			good := size == 0 || 4 <= size && size <= whole
			if full.Scheme == crypto.TRCBC {
				good = size == 0 || size == whole
			}
			if !good {
				require.ErrorIs(t, err, crypto.ErrUnsupported, "%s of %d bytes", name, size)
				require.Nil(t, part)
				continue
			}
			require.NoError(t, err, "%s of %d bytes", name, size)
			if size == 0 {
				require.Equal(t, whole, part.Size(), name)
				continue
			}
			require.Equal(t, size, part.Size())
			got, err := part.Append(nil, []byte("message"))
			require.NoError(t, err)
			require.Equal(t, tag[:size], got, name)
			require.NoError(t, part.Verify([]byte("message"), got))
			require.ErrorIs(t, part.Verify([]byte("message"), got[:size-1]), crypto.ErrVerify)
			require.ErrorIs(t, part.Verify([]byte("message"), append(got, 0)), crypto.ErrVerify)
		}
	}
}

func withSize(a mac.Algorithm, size int) mac.Algorithm { a.Size = size; return a }

// fullSize is how long a scheme's MAC is by its standard.
func fullSize(t *testing.T, m *mac.MAC) int {
	t.Helper()
	block := map[crypto.Algorithm]int{crypto.DES: 8, crypto.TDES: 8, crypto.AES: 16, crypto.SM4: 16}[mac.KeyOf(m).Attributes().Algorithm]
	switch m.Algorithm().Scheme {
	case crypto.TRCBC:
		return block / 2
	case crypto.UnionPayECB:
		return 8
	case crypto.HMACSHA1:
		return 20
	case crypto.HMACSHA224:
		return 28
	case crypto.HMACSHA256, crypto.HMACSM3:
		return 32
	case crypto.HMACSHA384:
		return 48
	case crypto.HMACSHA512:
		return 64
	}
	return block
}
