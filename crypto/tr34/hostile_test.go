package tr34_test

import (
	"encoding/asn1"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/tr34"
)

// Whatever byte of a token is changed on its way, the device gets the key that was sent or none, and a token that was not
// taken leaves the challenge open.
func TestEveryByteOfAKeyToken(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.device.Bind(w.host.Credential()))
	key := importKey(t, "K1TD00E", keyHex)
	token, err := w.host.Key(w.own.Certificate, w.device.Challenge(), key)
	require.NoError(t, err)
	taken := 0
	for i := range token {
		bent := append([]byte(nil), token...)
		bent[i] ^= 1 << (i % 8)
		got, err := w.device.Key(bent)
		if err != nil {
			continue
		}
		taken++
		require.True(t, got.Equal(key), "byte %d", i)
		token, err = w.host.Key(w.own.Certificate, w.device.Challenge(), key)
		require.NoError(t, err)
	}
	require.LessOrEqual(t, taken, 1, "nothing is unsigned but the version of the outer structure")
	for n := range token {
		_, err := w.device.Key(token[:n])
		require.ErrorIs(t, err, tr34.ErrToken)
	}
	_, err = w.device.Key(append(token, 0))
	require.ErrorIs(t, err, tr34.ErrToken)
	_, err = w.device.Key(token)
	require.NoError(t, err)
}

// The same for what ends a binding: no changed token does something else.
func TestEveryByteOfARebinding(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.device.Bind(w.host.Credential()))
	token, err := w.authority.Rebind(w.own.Certificate, w.first.Certificate, w.second.Certificate, nil)
	require.NoError(t, err)
	for i := range token {
		bent := append([]byte(nil), token...)
		bent[i] ^= 1
		require.Error(t, w.device.UnbindByAuthority(bent))
		require.Error(t, w.device.Unbind(bent))
		require.Error(t, w.device.Rebind(bent))
		if w.device.RebindByAuthority(bent) == nil {
			require.True(t, w.device.Host().Equal(w.second.Certificate), "byte %d", i)
			w = rebound(t, w)
			token, err = w.authority.Rebind(w.own.Certificate, w.first.Certificate, w.second.Certificate, nil)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.device.RebindByAuthority(token))
}

// rebound brings the device back to the first host.
func rebound(t *testing.T, w *world) *world {
	t.Helper()
	w.saved = tr34.State{Host: w.first.Raw}
	w.restart(t)
	return w
}

// A host may sign anything, so that what lies in the envelope is checked like what comes from a stranger.
func TestFaultsUnderAGoodSignature(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.device.Bind(w.host.Credential()))
	good := tr34.Parts{Recipient: w.own.Certificate, Host: w.first.Certificate, Key: make([]byte, 16), Header: "B0256K1TD00E0000", SignedHeader: "B0256K1TD00E0000"}
	for i := range good.Key {
		good.Key[i] = byte(17 * i)
	}
	try := func(change func(*tr34.Parts)) error {
		p := good
		change(&p)
		token, err := tr34.SignParts(p, w.device.Challenge(), w.first.Certificate, w.first.private)
		require.NoError(t, err)
		_, err = w.device.Key(token)
		return err
	}
	require.NoError(t, try(func(*tr34.Parts) {}))
	for name, change := range map[string]func(*tr34.Parts){
		"another host in the block":      func(p *tr34.Parts) { p.Host = w.second.Certificate },
		"another device in the envelope": func(p *tr34.Parts) { p.Recipient = w.second.Certificate },
		"another header in the block":    func(p *tr34.Parts) { p.Header = "B0256K1TD00S0000" },
		"bent padding":                   func(p *tr34.Parts) { p.BadPadding = true },
		"trailing bytes in the block":    func(p *tr34.Parts) { p.Trailing = true },
	} {
		require.ErrorIs(t, try(change), crypto.ErrVerify, name)
	}
	both := func(header string) func(*tr34.Parts) {
		return func(p *tr34.Parts) { p.Header, p.SignedHeader = header, header }
	}
	for _, header := range []string{"", "B0256K1TD00E000", "B0256K1TD00E00000", "F0256K1TD00E0000", "B025XK1TD00E0000", "B0256XXTD00E0000", "B0256K1TD00E0001", "B0256K1TD00E0030"} {
		require.ErrorIs(t, try(both(header)), tr34.ErrToken, header)
	}
	require.ErrorIs(t, try(both("B0256K1TD00E0100")), crypto.ErrUnsupported)
	require.ErrorIs(t, try(func(p *tr34.Parts) { p.Key = p.Key[:7] }), crypto.ErrKeyLength)
	require.ErrorIs(t, try(func(p *tr34.Parts) { p.Key = make([]byte, 16) }), crypto.ErrWeakKey)
	require.ErrorIs(t, try(func(p *tr34.Parts) { p.Attribute = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 25, 3} }), tr34.ErrToken, "an attribute twice")
	require.NoError(t, try(func(p *tr34.Parts) { p.Attribute = asn1.ObjectIdentifier{1, 2, 3} }), "one more attribute")
}

// The parameters of OAEP mean SHA-256 however they are written, and nothing else.
func TestOAEPParameters(t *testing.T) {
	const (
		tagged   = "3034a00f300d0609608648016503040201" + "0500" + "a11c301a06092a864886f70d010108300d06096086480165030402010500" + "a203020101"
		standard = "3038300d06096086480165030402010500301806092a864886f70d010108300b0609608648016503040201300d06092a864886f70d0101090400"
		rfc      = "302fa00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500"
	)
	unhex := func(text string) []byte {
		b, err := hex.DecodeString(text)
		require.NoError(t, err)
		return b
	}
	require.True(t, tr34.IsOAEP(unhex(standard)), "as the samples have it")
	require.True(t, tr34.IsOAEP(unhex(rfc)), "without the default label")
	require.False(t, tr34.IsOAEP(unhex(tagged)), "a label of another type")
	require.False(t, tr34.IsOAEP(unhex("3000")), "SHA-1, by default")
	require.False(t, tr34.IsOAEP(nil))
}

// Padding is what its last byte says, and never nothing.
func TestPadding(t *testing.T) {
	for n := range 33 {
		padded := tr34.Pad(make([]byte, n), 16)
		require.Zero(t, len(padded)%16)
		require.Greater(t, len(padded), n)
		content, ok := tr34.Unpad(padded)
		require.True(t, ok)
		require.Len(t, content, n)
	}
	for _, bad := range [][]byte{nil, {0}, {2}, {1, 2}, {3, 2, 3}, {1, 0}} {
		_, ok := tr34.Unpad(bad)
		require.False(t, ok, bad)
	}
}

// No token makes anything panic, and none that nobody signed does anything.
func FuzzTokens(f *testing.F) {
	w := newWorld(f)
	require.NoError(f, w.device.Bind(w.host.Credential()))
	challenge := w.device.Challenge()
	key := importKey(f, "K1TD00E", keyHex)
	for _, make := range []func() ([]byte, error){
		func() ([]byte, error) { return w.host.Key(w.own.Certificate, challenge, key) },
		func() ([]byte, error) { return w.host.KeyNow(w.own.Certificate, key) },
		func() ([]byte, error) { return w.host.Unbind(w.own.Certificate, challenge) },
		func() ([]byte, error) {
			return w.host.Rebind(w.own.Certificate, challenge, w.second.Certificate, revoke(f, w.hosts))
		},
		func() ([]byte, error) { return w.authority.Unbind(w.own.Certificate, w.first.Certificate) },
		func() ([]byte, error) { return w.host.Credential(), nil },
		func() ([]byte, error) { return w.device.Credential(), nil },
		func() ([]byte, error) { return challenge, nil },
	} {
		token, err := make()
		require.NoError(f, err)
		f.Add(token)
	}
	stranger := issue(f, "stranger", rsaKeys()[5], nil)
	free, err := tr34.NewHost(tr34.HostConfig{Certificate: stranger.Certificate, Signer: stranger.private, Devices: stranger.Certificate})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, token []byte) {
		if c, err := free.Admit(token); err == nil {
			t.Fatal("admitted", c.Subject)
		}
		if _, err := free.Unbind(nil, token); err == nil {
			t.Fatal("unbound")
		}
		tr34.ParseAll(token)
	})
}
