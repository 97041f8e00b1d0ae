// Package identity says who is at the other end of a terminal's line. A device proves it with the key of a certificate
// that binds its serial number to a merchant; its terminal number is another thing, which it only claims in its messages
// and which the switch compares with its registry.
package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/tlsconn"
)

// Device is a terminal as its certificate has it. The zero value is nobody.
type Device struct {
	Serial   string // of the hardware: attribute serialNumber of the subject
	Merchant string // whom it works for: attribute organizationName
}

func (d Device) name() pkix.Name {
	return pkix.Name{SerialNumber: d.Serial, Organization: []string{d.Merchant}}
}

// Of returns the device at the other end of a connection; false where nobody has proved to be one.
func Of(c *connection.Conn) (Device, bool) {
	state, ok := tlsconn.State(c)
	if !ok {
		return Device{}, false
	}
	return In(state)
}

// In is the same for a state of TLS.
func In(state tls.ConnectionState) (Device, bool) {
	if len(state.VerifiedChains) == 0 {
		return Device{}, false
	}
	c := state.VerifiedChains[0][0]
	if c.Subject.SerialNumber == "" || len(c.Subject.Organization) != 1 {
		return Device{}, false
	}
	return Device{c.Subject.SerialNumber, c.Subject.Organization[0]}, true
}

// Own is what a device has to prove who it is: its key, its certificate, and whose hosts it trusts. All of it in DER.
type Own struct {
	Key         []byte // PKCS #8, in the clear
	Certificate []byte
	Authority   []byte
}

// Format implements fmt.Formatter: the key is not for printing.
func (*Own) Format(f fmt.State, _ rune) { fmt.Fprint(f, "a device's own identity") }

// LogValue implements slog.LogValuer.
func (*Own) LogValue() slog.Value { return slog.StringValue("a device's own identity") }

// Make makes a device's key and has it certified; issue gets the request, PKCS #10 in DER.
func Make(authority []byte, issue func(request []byte) (certificate []byte, err error)) (*Own, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, err
	}
	o := &Own{Authority: authority}
	if o.Certificate, err = issue(request); err != nil {
		return nil, err
	}
	o.Key, err = x509.MarshalPKCS8PrivateKey(key)
	return o, err
}

// Config is that of the device's side of TLS.
func (o *Own) Config() (*tls.Config, error) {
	key, err := x509.ParsePKCS8PrivateKey(o.Key)
	if err != nil {
		return nil, err
	}
	authority, err := x509.ParseCertificate(o.Authority)
	if err != nil {
		return nil, err
	}
	config := tlsconn.ClientConfig(nil, x509.NewCertPool())
	config.RootCAs.AddCert(authority)
	config.Certificates = []tls.Certificate{{Certificate: [][]byte{o.Certificate}, PrivateKey: key}}
	return config, nil
}
