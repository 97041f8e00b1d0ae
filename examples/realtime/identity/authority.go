package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"time"
)

// Authority issues the certificates of devices and of the acquirer's own hosts.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// How long certificates are good for. They begin a day early, because clocks differ.
const (
	early = 24 * time.Hour
	life  = 5 * 365 * 24 * time.Hour
)

// ErrRequest is the error of a request for a certificate that its key has not signed.
var ErrRequest = errors.New("identity: not a request for a certificate")

// NewAuthority makes an authority with a new key.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template, err := certificateFor(pkix.Name{CommonName: "acquirer's devices"})
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return authority(der, key)
}

// ParseAuthority reads what Certificate and Key have returned.
func ParseAuthority(certificate, key []byte) (*Authority, error) {
	private, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	ec, ok := private.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("identity: not a key of an authority")
	}
	return authority(certificate, ec)
}

func authority(der []byte, key *ecdsa.PrivateKey) (*Authority, error) {
	certificate, err := x509.ParseCertificate(der)
	return &Authority{certificate, key}, err
}

// Certificate returns the authority's own certificate in DER.
func (a *Authority) Certificate() []byte { return a.certificate.Raw }

// Key returns the authority's private key in PKCS #8, in the clear.
func (a *Authority) Key() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(a.key) }

// Pool returns the authority as the only one that is trusted.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Issue makes the certificate of a device, in DER. The request, PKCS #10 in DER, gives the key and shows that the device
// has it; who the device is is the authority's to say.
func (a *Authority) Issue(request []byte, d Device) ([]byte, error) {
	r, err := x509.ParseCertificateRequest(request)
	if err != nil || r.CheckSignature() != nil {
		return nil, ErrRequest
	}
	if d.Serial == "" || d.Merchant == "" {
		return nil, errors.New("identity: a device has a serial number and a merchant")
	}
	template, err := certificateFor(d.name())
	if err != nil {
		return nil, err
	}
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return x509.CreateCertificate(rand.Reader, template, a.certificate, r.PublicKey, a.key)
}

// Host makes a certificate for a host of that address, with its key.
func (a *Authority) Host(address net.IP) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template, err := certificateFor(pkix.Name{CommonName: "acquirer"})
	if err != nil {
		return tls.Certificate{}, err
	}
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{address}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func certificateFor(name pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{SerialNumber: serial, Subject: name, NotBefore: time.Now().Add(-early), NotAfter: time.Now().Add(life)}, nil
}
