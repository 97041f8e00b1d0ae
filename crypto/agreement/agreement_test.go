package agreement_test

import (
	stdcrypto "crypto"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/agreement"
	"github.com/posline/posline/crypto/clearkey"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// The derivations give what is published: NIST's vectors of the X9.63 KDF (CAVS 12.0, SHA-256, COUNT 0 of the first group),
// and for one step the same computed by hand.
func TestDerivations(t *testing.T) {
	p := agreement.Parties{Derivation: agreement.X963, Hash: stdcrypto.SHA256}
	secret := unhex(t, "96c05619d56c328ab95fe84b18264b08725b85e33fd34f08")
	require.Equal(t, "443024c3dae66b95e6f5670601558f71", hex.EncodeToString(agreement.Derive(p, secret, 16)[:16]))
	for _, d := range []agreement.Derivation{agreement.X963, agreement.OneStep} {
		for _, hash := range []stdcrypto.Hash{stdcrypto.SHA256, stdcrypto.SHA384, stdcrypto.SHA512} {
			p := agreement.Parties{Derivation: d, Hash: hash, Info: []byte("info")}
			var want []byte
			for counter := range byte(5) {
				h, number := hash.New(), []byte{0, 0, 0, counter + 1}
				if d == agreement.X963 {
					fmt.Fprintf(h, "%s%s%s", secret, number, p.Info)
				} else {
					fmt.Fprintf(h, "%s%s%s", number, secret, p.Info)
				}
				want = h.Sum(want)
			}
			for n := range len(want) {
				require.Equal(t, want[:n], agreement.Derive(p, secret, n)[:n])
			}
		}
	}
}

// The shared secret of RFC 5903 section 8.1, both ways, and a key of it.
func TestPublishedAgreement(t *testing.T) {
	private := func(text string) *ecdh.PrivateKey {
		k, err := ecdh.P256().NewPrivateKey(unhex(t, text))
		require.NoError(t, err)
		return k
	}
	i := private("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433")
	r := private("c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53")
	secret := unhex(t, "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de")
	a := crypto.MustAttributes("K1AB00N")
	for _, d := range []agreement.Derivation{agreement.X963, agreement.OneStep} {
		p := agreement.Parties{Own: i, Other: r.PublicKey(), Derivation: d, Hash: stdcrypto.SHA256, Info: []byte("host, terminal, K1")}
		want, err := clearkey.Import(a, agreement.Derive(p, secret, 16)[:16])
		require.NoError(t, err)
		mine, err := p.Key(a, 128)
		require.NoError(t, err)
		require.True(t, mine.Equal(want))
		p.Own, p.Other = r, i.PublicKey()
		yours, err := p.Key(a, 128)
		require.NoError(t, err)
		require.True(t, yours.Equal(mine))
		p.Info = []byte("another")
		yours, err = p.Key(a, 128)
		require.NoError(t, err)
		require.False(t, yours.Equal(mine))
	}
}

// A key is as strong as its curve, and what makes none says why.
func TestWhatIsRefused(t *testing.T) {
	key := func(c ecdh.Curve) *ecdh.PrivateKey {
		k, err := c.GenerateKey(rand.Reader)
		require.NoError(t, err)
		return k
	}
	good := agreement.Parties{Own: key(ecdh.P256()), Other: key(ecdh.P256()).PublicKey(), Derivation: agreement.X963, Hash: stdcrypto.SHA256}
	for _, c := range []struct {
		change     func(*agreement.Parties)
		attributes string
		bits       int
		want       error
	}{
		{nil, "K1AB00N", 128, nil},
		{nil, "K1AB00N", 192, crypto.ErrWeakKey},
		{nil, "K1TB00N", 192, nil},
		{nil, "K1AB00E", 128, crypto.ErrExport},
		{nil, "K1AB00N", 136, crypto.ErrKeyLength},
		{nil, "K1AB00N", 129, crypto.ErrKeyLength},
		{nil, "K1AB00N", 0, crypto.ErrKeyLength},
		{nil, "K1AB00N", -8, crypto.ErrKeyLength},
		{nil, "M7HC00N", 4096 + 8, crypto.ErrKeyLength},
		{func(p *agreement.Parties) { p.Own = nil }, "K1AB00N", 128, crypto.ErrNoKey},
		{func(p *agreement.Parties) { p.Other = nil }, "K1AB00N", 128, crypto.ErrNoKey},
		{func(p *agreement.Parties) { p.Other = key(ecdh.P384()).PublicKey() }, "K1AB00N", 128, crypto.ErrUnsupported},
		{func(p *agreement.Parties) { k := key(ecdh.X25519()); p.Own, p.Other = k, k.PublicKey() }, "K1AB00N", 128, crypto.ErrUnsupported},
		{func(p *agreement.Parties) { p.Hash = stdcrypto.SHA1 }, "K1AB00N", 128, crypto.ErrUnsupported},
		{func(p *agreement.Parties) { p.Hash = 0 }, "K1AB00N", 128, crypto.ErrUnsupported},
		{func(p *agreement.Parties) { p.Derivation = 0 }, "K1AB00N", 128, crypto.ErrUnsupported},
		{func(p *agreement.Parties) { p.Derivation = agreement.OneStep + 1 }, "K1AB00N", 128, crypto.ErrUnsupported},
		{func(p *agreement.Parties) { p.Own, p.Other = key(ecdh.P384()), key(ecdh.P384()).PublicKey() }, "K1AB00N", 192, crypto.ErrWeakKey},
		{func(p *agreement.Parties) {
			p.Own, p.Other, p.Hash = key(ecdh.P384()), key(ecdh.P384()).PublicKey(), stdcrypto.SHA384
		}, "K1AB00N", 192, nil},
		{func(p *agreement.Parties) {
			p.Own, p.Other, p.Hash = key(ecdh.P521()), key(ecdh.P521()).PublicKey(), stdcrypto.SHA512
		}, "K1AB00N", 256, nil},
	} {
		p := good
		if c.change != nil {
			c.change(&p)
		}
		k, err := p.Key(crypto.MustAttributes(c.attributes), c.bits)
		require.ErrorIs(t, err, c.want, "%s %d", c.attributes, c.bits)
		require.Equal(t, c.want == nil, k.Strength() > 0)
		if c.want == nil {
			require.Equal(t, c.bits, k.Bits())
		}
	}
	_, err := agreement.Parties{}.Key(crypto.MustAttributes("K1AB00N"), 128)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	require.Equal(t, []string{"unknown derivation", "X9.63", "SP 800-56C one-step"},
		[]string{agreement.Derivation(0).String(), agreement.X963.String(), agreement.OneStep.String()})
}

// Both ends make the same key block protection key.
func ExampleParties_Key() {
	host, _ := ecdh.P256().GenerateKey(rand.Reader)
	terminal, _ := ecdh.P256().GenerateKey(rand.Reader) // its public key comes in a signed message
	attributes := crypto.MustAttributes("K1AB00N")
	info := []byte("host 1, terminal 10000001, KBPK")

	at := agreement.Parties{Own: host, Other: terminal.PublicKey(), Derivation: agreement.X963, Hash: stdcrypto.SHA256, Info: info}
	ours, err := at.Key(attributes, 128)
	fmt.Println(err)
	at.Own, at.Other = terminal, host.PublicKey()
	theirs, err := at.Key(attributes, 128)
	fmt.Println(err, ours.Equal(theirs))
	// Output:
	// <nil>
	// <nil> true
}
