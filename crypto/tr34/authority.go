package tr34

import (
	stdcrypto "crypto"
	"crypto/rand"
	"crypto/x509"

	"github.com/posline/posline/crypto"
)

// An Authority is the one that devices have their certificates of (CA_KRD). Its tokens set a device free of a host that is
// gone. They answer no challenge, so that a device acts on each of them once. TR-34 sections 5.7 and 5.8.
type Authority struct {
	certificate *x509.Certificate
	signer      stdcrypto.Signer
}

// NewAuthority returns an authority with its certificate and RSA key. What does not fit is ErrConfig or ErrCertificate.
func NewAuthority(certificate *x509.Certificate, signer stdcrypto.Signer) (*Authority, error) {
	if signer == nil {
		return nil, lacking("no signer")
	}
	if err := checkOwn(certificate, signer.Public()); err != nil {
		return nil, err
	}
	return &Authority{certificate, signer}, nil
}

// Unbind returns the token that sets a device free of the host it is bound to (UBT_CA). No certificate is crypto.ErrNoKey.
func (a *Authority) Unbind(device, host *x509.Certificate) ([]byte, error) {
	if device == nil || host == nil {
		return nil, crypto.ErrNoKey
	}
	d := signedData{contentType: oidData, content: names(device, host)}
	return a.sign(&d)
}

// Rebind returns the token that makes a device obey the next host instead of the one it is bound to (RBT_CA). Revoked is the
// list of the next host's authority; nil sends none. No certificate is crypto.ErrNoKey.
func (a *Authority) Rebind(device, host, next *x509.Certificate, revoked []byte) ([]byte, error) {
	if device == nil || host == nil || next == nil {
		return nil, crypto.ErrNoKey
	}
	return a.sign(rebinding(next, revoked, names(device, host)))
}

// sign adds a random number, which tells a token from another one that says the same.
func (a *Authority) sign(d *signedData) ([]byte, error) {
	n := make([]byte, 16)
	rand.Read(n)
	return d.sign(a.certificate, a.signer, octetAttribute(oidRandomNonce, n))
}
