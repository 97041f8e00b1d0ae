package tr34_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log"
	"math/big"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/tr34"
)

// A host brings the first key block protection key into a terminal.
func Example() {
	certificates := newAuthorities() // in life, the vendor's and the acquirer's
	host, err := tr34.NewHost(tr34.HostConfig{
		Certificate: certificates.host, Signer: certificates.hostKey, Devices: certificates.devices,
	})
	if err != nil {
		log.Fatal(err)
	}
	device, err := tr34.NewDevice(tr34.DeviceConfig{
		Certificate: certificates.device, Decrypter: certificates.deviceKey, Hosts: certificates.hosts, Authority: certificates.devices,
		Save: func(tr34.State) error { return nil }, // to where the terminal keeps its keys
	})
	if err != nil {
		log.Fatal(err)
	}

	// Who are you? The terminal sends its credential, obeys the host from then on, and asks for a key.
	terminal, err := host.Admit(device.Credential())
	if err != nil {
		log.Fatal(err)
	}
	if err := device.Bind(host.Credential()); err != nil {
		log.Fatal(err)
	}
	challenge := device.Challenge()

	key, err := crypto.GenerateKey(crypto.MustAttributes("K1TD00E"), 128)
	if err != nil {
		log.Fatal(err)
	}
	token, err := host.Key(terminal, challenge, key)
	if err != nil {
		log.Fatal(err)
	}
	received, err := device.Key(token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(received.Attributes(), received.Equal(key))
	_, err = device.Key(token)
	fmt.Println(err)
	// Output:
	// K1TD00E true
	// tr34: token is not fresh
}

type authorities struct {
	hosts, devices, host, device *x509.Certificate
	hostKey, deviceKey           *rsa.PrivateKey
}

func newAuthorities() (a authorities) {
	sign := func(number int64, issuer *x509.Certificate, by *rsa.PrivateKey) (*x509.Certificate, *rsa.PrivateKey) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			log.Fatal(err)
		}
		c := &x509.Certificate{
			SerialNumber: big.NewInt(number), Subject: pkix.Name{SerialNumber: fmt.Sprint(number)}, BasicConstraintsValid: true,
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: issuer == nil,
		}
		if issuer == nil {
			issuer, by = c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, issuer, &key.PublicKey, by)
		if err != nil {
			log.Fatal(err)
		}
		if c, err = x509.ParseCertificate(der); err != nil {
			log.Fatal(err)
		}
		return c, key
	}
	var hostsKey, devicesKey *rsa.PrivateKey
	a.hosts, hostsKey = sign(1, nil, nil)
	a.devices, devicesKey = sign(2, nil, nil)
	a.host, a.hostKey = sign(3, a.hosts, hostsKey)
	a.device, a.deviceKey = sign(4, a.devices, devicesKey)
	return a
}
