package mac_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	stddes "crypto/des"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"sync"
	"testing"

	"github.com/emmansun/gmsm/cbcmac"
	"github.com/emmansun/gmsm/padding"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/internal/cmac"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/internal/keymaterial"
	"github.com/posline/posline/internal/shown"
)

func decryptBlock(t *testing.T, k crypto.Key, block []byte) []byte {
	t.Helper()
	m, err := k.Open(keymaterial.Grant(), crypto.OpDecrypt)
	require.NoError(t, err)
	defer m.Release()
	out := make([]byte, len(block))
	m.Block().Decrypt(out, block)
	return out
}

var (
	doubleKey = []byte("\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10")
	tripleKey = append(doubleKey[:16:16], "\x10\x32\x54\x76\x98\xba\xdc\xfe"...)
)

func TestNewRefuses(t *testing.T) {
	cbc, retail := crypto.CBCMAC, crypto.RetailMAC
	for _, c := range []struct {
		name      string
		usage     crypto.Usage
		cipher    crypto.Algorithm
		key       []byte
		algorithm mac.Algorithm
		want      error
	}{
		{"nothing", crypto.UsageMAC1, crypto.TDES, doubleKey, mac.Algorithm{}, crypto.ErrUnsupported},
		{"unknown scheme", crypto.UsageMAC1, crypto.TDES, doubleKey, mac.Algorithm{Scheme: 99}, crypto.ErrUnsupported},
		{"no padding", crypto.UsageMAC1, crypto.TDES, doubleKey, mac.Algorithm{Scheme: cbc}, crypto.ErrUnsupported},
		{"unknown padding", crypto.UsageMAC1, crypto.TDES, doubleKey, mac.Algorithm{Scheme: cbc, Padding: 4}, crypto.ErrUnsupported},
		{"padded CMAC", crypto.UsageCMAC, crypto.AES, doubleKey, mac.Algorithm{Scheme: crypto.CMAC, Padding: 1}, crypto.ErrUnsupported},
		{"three bytes", crypto.UsageMAC1, crypto.TDES, doubleKey, mac.Algorithm{Scheme: cbc, Padding: 1, Size: 3}, crypto.ErrUnsupported},
		{"negative size", crypto.UsageMAC1, crypto.TDES, doubleKey, mac.Algorithm{Scheme: cbc, Padding: 1, Size: -1}, crypto.ErrUnsupported},
		{"nine bytes", crypto.UsageMAC1, crypto.TDES, doubleKey, mac.Algorithm{Scheme: cbc, Padding: 1, Size: 9}, crypto.ErrUnsupported},
		{"a whole TRCBC", crypto.UsageMAC1, crypto.AES, doubleKey, mac.Algorithm{Scheme: crypto.TRCBC, Size: 16}, crypto.ErrUnsupported},
		{"one key for two", crypto.UsageMAC3, crypto.DES, doubleKey[:8], mac.Algorithm{Scheme: retail, Padding: 1}, crypto.ErrUnsupported},
		{"AES for two", crypto.UsageMAC3, crypto.AES, doubleKey, mac.Algorithm{Scheme: retail, Padding: 1}, crypto.ErrUnsupported},
		{"three keys for two", crypto.UsageMAC2, crypto.TDES, tripleKey, mac.Algorithm{Scheme: crypto.EMAC, Padding: 1}, crypto.ErrUnsupported},
		{"LMAC, long key", crypto.UsageMAC6, crypto.TDES, doubleKey, mac.Algorithm{Scheme: crypto.LMAC, Padding: 1}, crypto.ErrUnsupported},
		{"HMAC with a block cipher", crypto.UsageHMAC, crypto.AES, doubleKey, mac.Algorithm{Scheme: crypto.HMACSHA256}, crypto.ErrUnsupported},
		{"CMAC with an HMAC key", crypto.UsageCMAC, crypto.HMAC, doubleKey, mac.Algorithm{Scheme: crypto.CMAC}, crypto.ErrUnsupported},
		{"key for another algorithm", crypto.UsageMAC3, crypto.TDES, doubleKey, mac.Algorithm{Scheme: cbc, Padding: 1}, crypto.ErrUsage},
		{"CMAC key for a retail MAC", crypto.UsageCMAC, crypto.TDES, doubleKey, mac.X919(), crypto.ErrUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := mac.New(macKey(t, c.usage, c.cipher, c.key), c.algorithm)
			require.ErrorIs(t, err, c.want)
			require.Nil(t, m)
		})
	}
	_, err := mac.New(crypto.MACKey{}, mac.X919())
	require.ErrorIs(t, err, crypto.ErrNoKey)
	a := mac.Algorithm{Scheme: retail, Padding: crypto.Padding1}
	_, err = mac.NewPair(macKey(t, crypto.UsageMAC3, crypto.DES, doubleKey[:8]), macKey(t, crypto.UsageMAC3, crypto.TDES, doubleKey), a)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = mac.NewPair(macKey(t, crypto.UsageMAC3, crypto.DES, doubleKey[:8]), macKey(t, crypto.UsageMAC1, crypto.DES, doubleKey[8:]), a)
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = mac.NewPair(macKey(t, crypto.UsageMAC1, crypto.DES, doubleKey[:8]), macKey(t, crypto.UsageMAC1, crypto.DES, doubleKey[8:]), mac.X99())
	require.ErrorIs(t, err, crypto.ErrUnsupported)
}

func TestModesOfUse(t *testing.T) {
	for mode, want := range map[string][2]error{
		"C": {nil, nil}, "N": {nil, nil}, "G": {nil, crypto.ErrUsage}, "V": {crypto.ErrUsage, nil},
	} {
		k, err := clearkey.Import(crypto.MustAttributes("M3T"+mode+"00N"), doubleKey)
		require.NoError(t, err)
		key, err := crypto.NewMACKey(k)
		require.NoError(t, err)
		m, err := mac.New(key, mac.X919())
		require.NoError(t, err)
		_, err = m.Append(nil, []byte("message"))
		require.ErrorIs(t, err, want[0], mode)
		err = m.Verify([]byte("message"), make([]byte, 8))
		if want[1] == nil {
			want[1] = crypto.ErrVerify
		}
		require.ErrorIs(t, err, want[1], mode)
		s, err := m.Stream()
		require.NoError(t, err)
		_, err = s.Append(nil)
		require.ErrorIs(t, err, want[0], mode)
		require.ErrorIs(t, s.Verify(make([]byte, 8)), want[1], mode)
	}
}

func TestZeroValues(t *testing.T) {
	var m mac.MAC
	_, err := m.Append(nil, nil)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	require.ErrorIs(t, m.Verify(nil, nil), crypto.ErrNoKey)
	_, err = m.Stream()
	require.ErrorIs(t, err, crypto.ErrNoKey)
	var s mac.Stream
	_, err = s.Write(nil)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	require.ErrorIs(t, s.Verify(nil), crypto.ErrNoKey)
}

// every lists each scheme with a key for it.
func every(t testing.TB) map[string]*mac.MAC {
	all := map[string]*mac.MAC{}
	add := func(name string, u crypto.Usage, c crypto.Algorithm, key []byte, a mac.Algorithm) {
		m, err := mac.New(macKey(t, u, c, key), a)
		require.NoError(t, err)
		all[name] = m
	}
	add("X9.9", crypto.UsageMAC1, crypto.DES, doubleKey[:8], mac.X99())
	add("X9.19", crypto.UsageMAC3, crypto.TDES, doubleKey, mac.X919())
	add("X9.19 triple length", crypto.UsageMAC3, crypto.TDES, tripleKey, mac.X919())
	add("EMAC", crypto.UsageMAC2, crypto.TDES, doubleKey, mac.Algorithm{Scheme: crypto.EMAC, Padding: crypto.Padding2})
	add("MacDES", crypto.UsageMAC4, crypto.TDES, doubleKey, mac.Algorithm{Scheme: crypto.MacDES, Padding: crypto.Padding2})
	add("LMAC", crypto.UsageMAC6, crypto.AES, doubleKey, mac.Algorithm{Scheme: crypto.LMAC, Padding: crypto.Padding2})
	add("CBC-MAC, padding 3", crypto.UsageMAC1, crypto.SM4, doubleKey, mac.Algorithm{Scheme: crypto.CBCMAC, Padding: crypto.Padding3})
	add("TRCBC", crypto.UsageMAC1, crypto.SM4, doubleKey, mac.Algorithm{Scheme: crypto.TRCBC})
	add("CBCR", crypto.UsageMAC1, crypto.SM4, doubleKey, mac.Algorithm{Scheme: crypto.CBCR})
	add("UnionPay", crypto.UsageMAC1, crypto.TDES, doubleKey, mac.Algorithm{Scheme: crypto.UnionPayECB})
	add("AES-CMAC", crypto.UsageCMAC, crypto.AES, doubleKey, mac.Algorithm{Scheme: crypto.CMAC})
	add("TDES-CMAC", crypto.UsageCMAC, crypto.TDES, tripleKey, mac.Algorithm{Scheme: crypto.CMAC})
	for i := crypto.HMACSHA1; i <= crypto.HMACSM3; i++ {
		add(fmt.Sprint("HMAC ", i), crypto.UsageHMAC, crypto.HMAC, doubleKey, mac.Algorithm{Scheme: i})
	}
	return all
}

// TestEveryScheme checks that pieces give what the whole gives, that the message counts, and that inputs stay as they
// are, with goroutines sharing the key.
func TestEveryScheme(t *testing.T) {
	for name, m := range every(t) {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			message := bytes.Repeat([]byte("0123456789"), 5)
			before := bytes.Clone(message)
			for n := range len(message) {
				wg.Go(func() {
					tag, err := m.Append(nil, message[:n])
					if err != nil || len(tag) != m.Size() {
						t.Error("no MAC")
						return
					}
					s, err := m.StreamOf(uint64(n))
					if err != nil {
						t.Error(err)
						return
					}
					s.Write(message[:n/3])
					s.Write(message[n/3 : n])
					if err := s.Verify(tag); err != nil {
						t.Errorf("%d bytes in two pieces: %v", n, err)
					}
				})
			}
			wg.Wait()
			require.Equal(t, before, message)
			tag, err := m.Append(nil, message)
			require.NoError(t, err)
			require.NoError(t, m.Verify(message, tag))
			message[17] ^= 1
			require.ErrorIs(t, m.Verify(message, tag), crypto.ErrVerify)
		})
	}
}

func TestStreamLength(t *testing.T) {
	m := every(t)["CBC-MAC, padding 3"]
	_, err := m.Stream()
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	s, err := m.StreamOf(3)
	require.NoError(t, err)
	_, err = s.Write([]byte("abcd"))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = s.Write([]byte("ab"))
	require.NoError(t, err)
	_, err = s.Append(nil)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
}

func TestDestroyedKey(t *testing.T) {
	key := macKey(t, crypto.UsageMAC3, crypto.TDES, doubleKey)
	m, err := mac.New(key, mac.X919())
	require.NoError(t, err)
	s, err := m.Stream()
	require.NoError(t, err)
	key.Destroy()
	_, err = m.Append(nil, nil)
	require.ErrorIs(t, err, crypto.ErrDestroyed)
	_, err = s.Write([]byte("x"))
	require.ErrorIs(t, err, crypto.ErrDestroyed)
	require.ErrorIs(t, s.Verify(nil), crypto.ErrDestroyed)
}

func TestSoftware(t *testing.T) {
	key := macKey(t, crypto.UsageMAC3, crypto.TDES, doubleKey)
	var provider crypto.MACer = mac.Software{}
	for _, ref := range []crypto.KeyRef{key, key.Key()} {
		tag, err := provider.AppendMAC(context.Background(), nil, ref, mac.X919(), []byte("message"))
		require.NoError(t, err)
		require.NoError(t, provider.VerifyMAC(context.Background(), ref, mac.X919(), []byte("message"), tag))
	}
	require.ErrorIs(t, provider.VerifyMAC(context.Background(), foreign{}, mac.X919(), nil, nil), crypto.ErrKeyRef)
	require.ErrorIs(t, provider.VerifyMAC(context.Background(), nil, mac.X919(), nil, nil), crypto.ErrKeyRef)
	require.ErrorIs(t, provider.VerifyMAC(context.Background(), crypto.Key{}, mac.X919(), nil, nil), crypto.ErrNoKey)
}

type foreign struct{}

func (foreign) Attributes() crypto.Attributes { return crypto.Attributes{} }

func TestAllocations(t *testing.T) {
	message := make([]byte, 300)
	buffer := make([]byte, 0, 64)
	for name, m := range every(t) {
		switch m.Algorithm().Scheme {
		case crypto.CBCMAC, crypto.EMAC, crypto.RetailMAC, crypto.CMAC, crypto.UnionPayECB, crypto.TRCBC, crypto.CBCR:
			tag, err := m.Append(nil, message)
			require.NoError(t, err)
			require.Zero(t, testing.AllocsPerRun(100, func() { m.Append(buffer, message) }), name)
			require.Zero(t, testing.AllocsPerRun(100, func() { m.Verify(message, tag) }), name)
		}
	}
}

// FuzzAgainstGMSM compares with the MACs of gmsm over the standard library's DES and over SM4.
func FuzzAgainstGMSM(f *testing.F) {
	f.Add(doubleKey, []byte("This is the test message for mac"), uint8(0))
	f.Add(doubleKey, []byte("This is the test message "), uint8(3))
	f.Add(doubleKey, []byte{}, uint8(4))
	f.Fuzz(func(t *testing.T, key, message []byte, kind uint8) {
		if len(key) != 16 {
			return
		}
		single := func(k []byte) (cipher.Block, error) { return stddes.NewCipher(k) }
		m2 := padding.NewISO9797M2Padding
		var want []byte
		var got *mac.MAC
		var err error
		bind := func(u crypto.Usage, s crypto.MACScheme, p crypto.MACPadding) {
			got, err = mac.New(macKey(t, u, crypto.TDES, key), mac.Algorithm{Scheme: s, Padding: p})
			require.NoError(t, err)
		}
		switch kind % 4 {
		case 0:
			bind(crypto.UsageMAC2, crypto.EMAC, crypto.Padding2)
			want = cbcmac.NewEMACWithPadding(single, key[:8], key[8:], 8, m2).MAC(message)
		case 1:
			bind(crypto.UsageMAC3, crypto.RetailMAC, crypto.Padding2)
			want = cbcmac.NewANSIRetailMACWithPadding(single, key[:8], key[8:], 8, m2).MAC(message)
		case 2:
			bind(crypto.UsageMAC4, crypto.MacDES, crypto.Padding2)
			want = cbcmac.NewMACDESWithPadding(single, key[:8], key[8:], 8, m2).MAC(message)
		case 3:
			got, err = mac.New(macKey(t, crypto.UsageMAC1, crypto.DES, key[:8]), mac.Algorithm{Scheme: crypto.CBCMAC, Padding: crypto.Padding2})
			require.NoError(t, err)
			block, _ := stddes.NewCipher(key[:8])
			want = cbcmac.NewCBCMACWithPadding(block, 8, m2).MAC(message)
		}
		require.NoError(t, got.Verify(message, want))
	})
}

// TestNothingShows prints MACs and streams and looks for what they hold: the key, and the subkeys of CMAC.
func TestNothingShows(t *testing.T) {
	block, err := aes.NewCipher(doubleKey)
	require.NoError(t, err)
	var subkeys cmac.Subkeys
	subkeys.Init(block)
	for name, m := range every(t) {
		s, err := m.StreamOf(1)
		require.NoError(t, err)
		for _, v := range []any{m, *m, s, *s} {
			require.Empty(t, shown.Inside(v, doubleKey, subkeys[:16], subkeys[16:]), "%s: %T", name, v)
		}
	}
}

// TestHMAC takes crypto/hmac as the oracle.
func TestHMAC(t *testing.T) {
	for scheme, h := range map[crypto.MACScheme]func() hash.Hash{
		crypto.HMACSHA1: sha1.New, crypto.HMACSHA224: sha256.New224, crypto.HMACSHA256: sha256.New,
		crypto.HMACSHA384: sha512.New384, crypto.HMACSHA512: sha512.New, crypto.HMACSM3: gm.NewSM3,
	} {
		m, err := mac.New(macKey(t, crypto.UsageHMAC, crypto.HMAC, doubleKey), mac.Algorithm{Scheme: scheme})
		require.NoError(t, err)
		oracle := hmac.New(h, doubleKey)
		oracle.Write([]byte("message"))
		require.NoError(t, m.Verify([]byte("message"), oracle.Sum(nil)))
	}
	k, err := clearkey.Import(crypto.MustAttributes("M7HC00N"), doubleKey)
	require.NoError(t, err)
	key, err := crypto.NewMACKey(k)
	require.NoError(t, err)
	m, err := mac.New(key, mac.Algorithm{Scheme: crypto.HMACSM3})
	require.NoError(t, err)
	_, err = m.Append(nil, nil)
	require.ErrorIs(t, err, crypto.ErrNoCipher, "without gm.SM3")
}
