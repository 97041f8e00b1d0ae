package tr34_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto/tr34"
)

// now is when the tests take place.
var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// A party has a certificate and the key of it.
type party struct {
	*x509.Certificate
	private *rsa.PrivateKey
}

// rsaKeys are made once for all tests: making one takes long.
var rsaKeys = sync.OnceValue(func() (keys [7]*rsa.PrivateKey) {
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

var serial int64

// issue makes a certificate; without an issuer it signs itself.
func issue(t testing.TB, name string, private *rsa.PrivateKey, by *party, change ...func(*x509.Certificate)) party {
	t.Helper()
	serial++
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), BasicConstraintsValid: true,
	}
	if by == nil {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign|x509.KeyUsageDigitalSignature
		by = &party{c, private}
	}
	for _, f := range change {
		f(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by.Certificate, &private.PublicKey, by.private)
	require.NoError(t, err)
	c, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return party{c, private}
}

// revoke makes an authority's list.
func revoke(t testing.TB, by party, revoked ...party) []byte {
	t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(time.Minute)}
	for _, p := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: p.SerialNumber, RevocationTime: now})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, by.Certificate, by.private)
	require.NoError(t, err)
	return der
}

// A world has two hosts and a device, and their authorities.
type world struct {
	hosts, devices       party
	first, second, third party // hosts; the third is not of the authority
	own                  party // the device's
	host, other          *tr34.Host
	authority            *tr34.Authority
	device               *tr34.Device
	config               tr34.DeviceConfig
	at                   time.Time // what their clocks say
	saved                tr34.State
	saveFails            error
}

func newWorld(t testing.TB) *world {
	t.Helper()
	keys := rsaKeys()
	w := &world{at: now}
	w.hosts, w.devices = issue(t, "hosts", keys[0], nil), issue(t, "devices", keys[1], nil)
	w.first, w.second = issue(t, "host 1", keys[2], &w.hosts), issue(t, "host 2", keys[3], &w.hosts)
	w.third = issue(t, "host 3", keys[6], &w.devices)
	w.own = issue(t, "device", keys[4], &w.devices)
	w.host, w.other = w.newHost(t, w.first), w.newHost(t, w.second)
	var err error
	w.authority, err = tr34.NewAuthority(w.devices.Certificate, w.devices.private)
	require.NoError(t, err)
	w.config = tr34.DeviceConfig{
		Certificate: w.own.Certificate, Decrypter: w.own.private, Hosts: w.hosts.Certificate, Authority: w.devices.Certificate, Now: w.now,
		Save: func(s tr34.State) error {
			if w.saveFails == nil {
				w.saved = s
			}
			return w.saveFails
		},
	}
	w.device, err = tr34.NewDevice(w.config)
	require.NoError(t, err)
	return w
}

func (w *world) now() time.Time { return w.at }

func (w *world) newHost(t testing.TB, p party, change ...func(*tr34.HostConfig)) *tr34.Host {
	t.Helper()
	config := tr34.HostConfig{Certificate: p.Certificate, Signer: p.private, Devices: w.devices.Certificate, Now: w.now}
	for _, f := range change {
		f(&config)
	}
	h, err := tr34.NewHost(config)
	require.NoError(t, err)
	return h
}

// restart makes the device anew from what it saved.
func (w *world) restart(t testing.TB) {
	t.Helper()
	w.config.State = w.saved
	var err error
	w.device, err = tr34.NewDevice(w.config)
	require.NoError(t, err)
}
