package tr34_test

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/tr34"
	"github.com/posline/posline/internal/released"
	"github.com/posline/posline/internal/vectortest"
)

const keyHex = "0123456789ABCDEFFEDCBA9876543210"

func importKey(t testing.TB, attributes, key string, options ...crypto.Option) crypto.Key {
	t.Helper()
	bytes, err := hex.DecodeString(key)
	require.NoError(t, err)
	k, err := clearkey.Import(crypto.MustAttributes(attributes), bytes, options...)
	require.NoError(t, err)
	return k
}

// The first key comes in two passes and is the same at both ends.
func TestTwoPasses(t *testing.T) {
	w := newWorld(t)
	certificate, err := w.host.Admit(w.device.Credential())
	require.NoError(t, err)
	require.True(t, certificate.Equal(w.own.Certificate))
	require.NoError(t, w.device.Bind(w.host.Credential()))
	require.True(t, w.device.Host().Equal(w.first.Certificate))
	for _, attributes := range []string{"K1TD00E", "K1TB00S", "P0TE00E"} {
		key := importKey(t, attributes, keyHex)
		token, err := w.host.Key(certificate, w.device.Challenge(), key)
		require.NoError(t, err)
		got, err := w.device.Key(token)
		require.NoError(t, err)
		require.True(t, got.Equal(key))
		require.Equal(t, attributes, got.Attributes().String())
		_, err = w.device.Key(token)
		require.ErrorIs(t, err, tr34.ErrReplay)
	}
	require.Equal(t, w.first.Raw, w.saved.Host)
}

// A token answers the last challenge of this device, and every answer counts once.
func TestChallenges(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.device.Bind(w.host.Credential()))
	key := importKey(t, "K1TD00E", keyHex)
	old := w.device.Challenge()
	fresh := w.device.Challenge()
	token, err := w.host.Key(w.own.Certificate, old, key)
	require.NoError(t, err)
	_, err = w.device.Key(token)
	require.ErrorIs(t, err, tr34.ErrReplay)
	_, err = w.device.KeyNow(token)
	require.ErrorIs(t, err, tr34.ErrReplay, "it has no time")
	token, err = w.host.Key(w.own.Certificate, fresh, key)
	require.NoError(t, err)
	w.restart(t)
	_, err = w.device.Key(token)
	require.ErrorIs(t, err, tr34.ErrReplay, "a challenge does not outlive the device")

	for _, challenge := range [][]byte{nil, {}, fresh[:len(fresh)-1], append(fresh[:len(fresh):len(fresh)], 0), w.device.Credential()} {
		_, err = w.host.Key(w.own.Certificate, challenge, key)
		require.ErrorIs(t, err, tr34.ErrToken)
		_, err = w.host.Unbind(w.own.Certificate, challenge)
		require.ErrorIs(t, err, tr34.ErrToken)
	}
}

// In one pass a token is younger than the last, also after a restart, and not from the future.
func TestOnePass(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.device.Bind(w.host.Credential()))
	key := importKey(t, "K1TD00E", keyHex)
	at := func(after time.Duration) []byte {
		w.at = now.Add(after)
		token, err := w.host.KeyNow(w.own.Certificate, key)
		require.NoError(t, err)
		w.at = now
		return token
	}
	first, second := at(0), at(time.Second)
	got, err := w.device.KeyNow(second)
	require.NoError(t, err)
	require.True(t, got.Equal(key))
	for _, token := range [][]byte{first, second, at(5*time.Minute + time.Second)} {
		_, err = w.device.KeyNow(token)
		require.ErrorIs(t, err, tr34.ErrReplay)
	}
	w.restart(t)
	_, err = w.device.KeyNow(second)
	require.ErrorIs(t, err, tr34.ErrReplay)
	_, err = w.device.Key(at(2 * time.Second))
	require.ErrorIs(t, err, tr34.ErrReplay, "it answers nothing")

	w.saveFails = errors.New("disk full")
	_, err = w.device.KeyNow(at(2 * time.Second))
	require.ErrorIs(t, err, w.saveFails)
	w.saveFails = nil
	_, err = w.device.KeyNow(at(2 * time.Second))
	require.NoError(t, err, "a token that could not be saved did not count")
	_, err = w.device.KeyNow(at(5 * time.Minute))
	require.NoError(t, err)
}

// A device is bound once, and what ends a binding comes from its host or its authority.
func TestUnbind(t *testing.T) {
	w := newWorld(t)
	_, err := w.device.Key(nil)
	require.ErrorIs(t, err, tr34.ErrBinding)
	require.ErrorIs(t, w.device.UnbindByAuthority(nil), tr34.ErrBinding)
	require.NoError(t, w.device.Bind(w.host.Credential()))
	require.ErrorIs(t, w.device.Bind(w.other.Credential()), tr34.ErrBinding)

	token, err := w.other.Unbind(w.own.Certificate, w.device.Challenge())
	require.NoError(t, err)
	require.ErrorIs(t, w.device.Unbind(token), crypto.ErrVerify, "of another host")
	twin := issue(t, "twin", rsaKeys()[5], &w.devices)
	token, err = w.host.Unbind(twin.Certificate, w.device.Challenge())
	require.NoError(t, err)
	require.ErrorIs(t, w.device.Unbind(token), crypto.ErrVerify, "for another device")

	token, err = w.host.Unbind(w.own.Certificate, w.device.Challenge())
	require.NoError(t, err)
	require.ErrorIs(t, w.device.Rebind(token), tr34.ErrToken, "of another kind")
	w.saveFails = errors.New("disk full")
	require.ErrorIs(t, w.device.Unbind(token), w.saveFails)
	require.NotNil(t, w.device.Host())
	w.saveFails = nil
	require.NoError(t, w.device.Unbind(token))
	require.Nil(t, w.device.Host())
	require.Nil(t, w.saved.Host)
	require.NoError(t, w.device.Bind(w.other.Credential()))
	require.ErrorIs(t, w.device.Unbind(token), crypto.ErrVerify)
}

// A host hands its devices over, and an authority does it for a host that is gone.
func TestRebind(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.device.Bind(w.host.Credential()))
	token, err := w.host.Rebind(w.own.Certificate, w.device.Challenge(), w.third.Certificate, nil)
	require.NoError(t, err)
	require.ErrorIs(t, w.device.Rebind(token), tr34.ErrCertificate, "no host")
	token, err = w.host.Rebind(w.own.Certificate, w.device.Challenge(), w.second.Certificate, nil)
	require.NoError(t, err)
	require.NoError(t, w.device.Rebind(token))
	require.True(t, w.device.Host().Equal(w.second.Certificate))
	w.restart(t)
	require.True(t, w.device.Host().Equal(w.second.Certificate))

	token, err = w.authority.Rebind(w.own.Certificate, w.first.Certificate, w.first.Certificate, nil)
	require.NoError(t, err)
	require.ErrorIs(t, w.device.RebindByAuthority(token), crypto.ErrVerify, "it names another host as the present one")
	token, err = w.authority.Rebind(w.own.Certificate, w.second.Certificate, w.first.Certificate, revoke(t, w.hosts))
	require.NoError(t, err)
	require.NoError(t, w.device.RebindByAuthority(token))
	require.True(t, w.device.Host().Equal(w.first.Certificate))
}

// A device acts on a token of its authority once, whatever happens in between, and on another that says the same.
func TestAuthorityReplay(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.device.Bind(w.host.Credential()))
	token, err := w.authority.Unbind(w.own.Certificate, w.first.Certificate)
	require.NoError(t, err)
	require.NoError(t, w.device.UnbindByAuthority(token))
	require.NoError(t, w.device.Bind(w.host.Credential()))
	w.restart(t)
	require.ErrorIs(t, w.device.UnbindByAuthority(token), tr34.ErrReplay)
	for range 63 {
		token, err = w.authority.Unbind(w.own.Certificate, w.first.Certificate)
		require.NoError(t, err)
		require.NoError(t, w.device.UnbindByAuthority(token))
		require.NoError(t, w.device.Bind(w.host.Credential()))
	}
	token, err = w.authority.Unbind(w.own.Certificate, w.first.Certificate)
	require.NoError(t, err)
	require.ErrorIs(t, w.device.UnbindByAuthority(token), tr34.ErrReplay, "too many")

	w.config.Authority, w.saved.Spent = nil, nil
	w.restart(t)
	require.ErrorIs(t, w.device.UnbindByAuthority(token), crypto.ErrVerify, "it has no authority")
}

// A certificate counts when its authority signed it itself, it is valid now and was not revoked.
func TestCertificates(t *testing.T) {
	w := newWorld(t)
	keys := rsaKeys()
	bind := func(p party, change ...func(*tr34.HostConfig)) error {
		return w.device.Bind(w.newHost(t, p, change...).Credential())
	}
	with := func(list []byte) func(*tr34.HostConfig) { return func(c *tr34.HostConfig) { c.Revoked = list } }

	require.ErrorIs(t, bind(w.third), tr34.ErrCertificate, "of the authority of devices")
	require.ErrorIs(t, bind(w.hosts), tr34.ErrCertificate, "the authority itself")
	below := issue(t, "sub", keys[5], &w.hosts, func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
	})
	require.ErrorIs(t, bind(issue(t, "sub host", keys[6], &below)), tr34.ErrCertificate)
	require.ErrorIs(t, bind(below), tr34.ErrCertificate)
	require.ErrorIs(t, bind(w.first, with(revoke(t, w.hosts, w.second, w.first))), tr34.ErrCertificate)
	require.ErrorIs(t, bind(w.first, with(revoke(t, w.devices))), tr34.ErrCertificate, "a list of another authority")
	require.ErrorIs(t, bind(w.first, with([]byte{0x30, 0})), tr34.ErrToken)
	for _, off := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
		w.at = now.Add(off)
		require.ErrorIs(t, bind(w.first), tr34.ErrCertificate)
	}
	for _, off := range []time.Duration{-2 * time.Minute, 2 * time.Minute} {
		w.at = now.Add(off)
		require.ErrorIs(t, bind(w.first, with(revoke(t, w.hosts))), tr34.ErrCertificate, "a list that is not of now")
	}
	w.at = now
	w.config.RequireRevoked = true
	w.restart(t)
	require.ErrorIs(t, bind(w.first), tr34.ErrCertificate)
	require.NoError(t, bind(w.first, with(revoke(t, w.hosts, w.second))))

	_, err := w.host.Key(w.own.Certificate, w.device.Challenge(), importKey(t, "K1TD00E", keyHex))
	require.NoError(t, err)
	strict := w.newHost(t, w.first, func(c *tr34.HostConfig) { c.RevokedDevices = [][]byte{revoke(t, w.devices, w.own)} })
	_, err = strict.Admit(w.device.Credential())
	require.ErrorIs(t, err, tr34.ErrCertificate)
	_, err = strict.Key(w.own.Certificate, w.device.Challenge(), importKey(t, "K1TD00E", keyHex))
	require.ErrorIs(t, err, tr34.ErrCertificate)
	_, err = w.host.Key(w.first.Certificate, w.device.Challenge(), importKey(t, "K1TD00E", keyHex))
	require.ErrorIs(t, err, tr34.ErrCertificate, "no device")
}

// A host that was revoked, or whose certificate ran out, is not obeyed any longer.
func TestHostsRunOut(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.device.Bind(w.host.Credential()))
	revoked := w.newHost(t, w.first, func(c *tr34.HostConfig) { c.Revoked = revoke(t, w.hosts, w.first) })
	token, err := revoked.Key(w.own.Certificate, w.device.Challenge(), importKey(t, "K1TD00E", keyHex))
	require.NoError(t, err)
	_, err = w.device.Key(token)
	require.ErrorIs(t, err, tr34.ErrCertificate)
	token, err = w.host.Key(w.own.Certificate, w.device.Challenge(), importKey(t, "K1TD00E", keyHex))
	require.NoError(t, err)
	w.at = now.Add(2 * time.Hour)
	_, err = w.device.Key(token)
	require.ErrorIs(t, err, tr34.ErrCertificate)
}

// Keys leave as their attributes and rules say.
func TestWhatLeaves(t *testing.T) {
	w := newWorld(t)
	send := func(key crypto.Key) error {
		_, err := w.host.Key(w.own.Certificate, w.device.Challenge(), key)
		return err
	}
	require.ErrorIs(t, send(importKey(t, "K1TD00N", keyHex)), crypto.ErrExport)
	require.ErrorIs(t, send(importKey(t, "K1AD00E", keyHex)), crypto.ErrWeakKey, "2048 bits carry 112")
	require.ErrorIs(t, send(crypto.Key{}), crypto.ErrNoKey)
	require.ErrorIs(t, send(importKey(t, "K0TB00S", keyHex, crypto.CarriesOnly(crypto.UsagePIN))), crypto.ErrExport)
	gone := importKey(t, "K1TD00E", keyHex)
	gone.Destroy()
	require.ErrorIs(t, send(gone), crypto.ErrDestroyed)
	key := importKey(t, "K1TD00S", keyHex)
	released.After(t, key, "sent", func() { require.NoError(t, send(key)) })
	released.After(t, importKey(t, "K0TB00S", keyHex, crypto.CarriesOnly(crypto.UsagePIN)), "kept", func() {})
}

// What a device makes of a key comes from its configuration: where it may be kept and what it confers.
func TestWhatArrives(t *testing.T) {
	w := newWorld(t)
	home := crypto.NewHome()
	w.config.Home, w.config.Confers = home, []crypto.Option{crypto.CarriesOnly(crypto.UsagePIN)}
	w.config.Keys = []crypto.Option{crypto.TableDES}
	w.restart(t)
	require.NoError(t, w.device.Bind(w.host.Credential()))
	token, err := w.host.Key(w.own.Certificate, w.device.Challenge(), importKey(t, "K0TD00E", keyHex))
	require.NoError(t, err)
	key, err := w.device.Key(token)
	require.NoError(t, err)
	require.True(t, key.TableDES())
	require.True(t, key.MayStay(home))
	require.False(t, key.MayStay(crypto.NewHome()))
	require.Equal(t, "CP0", key.Rules(crypto.Home{}))
}

// Keys go through the seam as they do through the method, typed or not.
func TestDistributor(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.device.Bind(w.host.Credential()))
	key := importKey(t, "K1TD00E", keyHex)
	typed, err := crypto.NewKBPK(key)
	require.NoError(t, err)
	for _, ref := range []crypto.KeyRef{key, typed} {
		token, err := w.host.DistributeKey(t.Context(), w.own.Certificate, w.device.Challenge(), ref)
		require.NoError(t, err)
		got, err := w.device.Key(token)
		require.NoError(t, err)
		require.True(t, got.Equal(key))
	}
	_, err = w.host.DistributeKey(t.Context(), w.own.Certificate, w.device.Challenge(), nil)
	require.ErrorIs(t, err, crypto.ErrKeyRef)
}

// A configuration that lacks something is told what.
func TestConfigurations(t *testing.T) {
	w := newWorld(t)
	_, err := tr34.NewHost(tr34.HostConfig{})
	require.ErrorIs(t, err, tr34.ErrConfig)
	_, err = tr34.NewDevice(tr34.DeviceConfig{})
	require.ErrorIs(t, err, tr34.ErrConfig)
	_, err = tr34.NewAuthority(nil, w.devices.private)
	require.ErrorIs(t, err, tr34.ErrConfig)
	_, err = tr34.NewAuthority(w.devices.Certificate, nil)
	require.ErrorIs(t, err, tr34.ErrConfig)
	_, err = tr34.NewAuthority(w.devices.Certificate, w.hosts.private)
	require.ErrorIs(t, err, tr34.ErrConfig)
	good := tr34.HostConfig{Certificate: w.first.Certificate, Signer: w.first.private, Devices: w.devices.Certificate}
	silent := issue(t, "silent", w.first.private, &w.hosts, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
	for name, change := range map[string]func(*tr34.HostConfig){
		"no key": func(c *tr34.HostConfig) { c.Signer = nil }, "another key": func(c *tr34.HostConfig) { c.Signer = w.second.private },
		"no devices": func(c *tr34.HostConfig) { c.Devices = nil }, "no certificate": func(c *tr34.HostConfig) { c.Certificate = nil },
		"may not sign": func(c *tr34.HostConfig) { c.Certificate = silent.Certificate },
	} {
		config := good
		change(&config)
		_, err = tr34.NewHost(config)
		require.Error(t, err, name)
	}
	for name, change := range map[string]func(*tr34.DeviceConfig){
		"no key": func(c *tr34.DeviceConfig) { c.Decrypter = nil }, "another key": func(c *tr34.DeviceConfig) { c.Decrypter = w.second.private },
		"no hosts": func(c *tr34.DeviceConfig) { c.Hosts = nil }, "no certificate": func(c *tr34.DeviceConfig) { c.Certificate = nil },
		"no save": func(c *tr34.DeviceConfig) { c.Save = nil }, "one authority": func(c *tr34.DeviceConfig) { c.Hosts = c.Authority },
		"one authority, silently": func(c *tr34.DeviceConfig) { c.Hosts, c.Authority = c.Authority, nil },
		"ahead":                   func(c *tr34.DeviceConfig) { c.Ahead = -1 },
		"state":                   func(c *tr34.DeviceConfig) { c.State.Host = []byte{1} },
		"spent":                   func(c *tr34.DeviceConfig) { c.State.Spent = make([][32]byte, 65) },
	} {
		config := w.config
		change(&config)
		_, err = tr34.NewDevice(config)
		require.ErrorIs(t, err, tr34.ErrConfig, name)
	}
	for _, none := range []func() error{
		func() error { _, err := w.authority.Unbind(nil, w.first.Certificate); return err },
		func() error { _, err := w.authority.Unbind(w.own.Certificate, nil); return err },
		func() error {
			_, err := w.authority.Rebind(w.own.Certificate, w.first.Certificate, nil, nil)
			return err
		},
		func() error { _, err := w.host.Rebind(w.own.Certificate, w.device.Challenge(), nil, nil); return err },
		func() error { _, err := w.host.Unbind(nil, w.device.Challenge()); return err },
		func() error { _, err := w.host.KeyNow(nil, crypto.Key{}); return err },
	} {
		require.ErrorIs(t, none(), crypto.ErrNoKey)
	}
}

// Certificates and a credential that a vendor published.
func TestVectors(t *testing.T) {
	vectortest.Run(t, map[string]func(*testing.T, *vectortest.Case){"tr34": func(t *testing.T, c *vectortest.Case) {
		if c.Has("token_pem") {
			checkCredential(t, c)
			return
		}
		checkChain(t, c)
	}})
}

func parsePEM(t *testing.T, text string) []byte {
	t.Helper()
	block, rest := pem.Decode([]byte(text))
	require.NotNil(t, block)
	require.Empty(t, rest)
	return block.Bytes
}

func certificate(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(parsePEM(t, text))
	require.NoError(t, err)
	return c
}

func checkCredential(t *testing.T, c *vectortest.Case) {
	w := newWorld(t)
	_, err := w.host.Admit(parsePEM(t, c.Text("token_pem")))
	require.ErrorIs(t, err, tr34.ErrCertificate, "read whole, and of an authority we do not know")
	got, err := tr34.ReadCredential(parsePEM(t, c.Text("token_pem")))
	require.NoError(t, err)
	require.Contains(t, c.WantText("type"), "one certificate")
	require.Equal(t, c.WantText("subject_cn"), got.Subject.CommonName)
	want, ok := new(big.Int).SetString(c.WantText("serial"), 16)
	require.True(t, ok)
	require.Zero(t, want.Cmp(got.SerialNumber))
}

// The leaf is a host or device of its authority, with the key that is published beside it.
func checkChain(t *testing.T, c *vectortest.Case) {
	root, ca, leaf := certificate(t, c.Text("root")), certificate(t, c.Text("ca")), certificate(t, c.Text("leaf"))
	require.Equal(t, "true", fmt.Sprint(c.WantAny("chain_valid")))
	require.NoError(t, tr34.CheckUnder(leaf, ca, now))
	require.NoError(t, ca.CheckSignatureFrom(root))
	require.ErrorIs(t, tr34.CheckUnder(leaf, root, now), tr34.ErrCertificate)
	require.NotEmpty(t, c.Text("leaf_private_key"))
}

// A revocation list counts when its authority signed it: neither the name alone nor the signature of another will do.
func TestForgedRevocationLists(t *testing.T) {
	w := newWorld(t)
	namesake := issue(t, "hosts", rsaKeys()[5], nil)
	forged := w.newHost(t, w.first, func(c *tr34.HostConfig) { c.Revoked = revoke(t, namesake) })
	require.ErrorIs(t, w.device.Bind(forged.Credential()), tr34.ErrCertificate)
	renamed := issue(t, "other hosts", rsaKeys()[0], nil) // the authority's key under another name
	forged = w.newHost(t, w.first, func(c *tr34.HostConfig) { c.Revoked = revoke(t, renamed) })
	require.ErrorIs(t, w.device.Bind(forged.Credential()), tr34.ErrCertificate)
	require.NoError(t, w.device.Bind(w.host.Credential()))
}
