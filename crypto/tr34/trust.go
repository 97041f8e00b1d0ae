package tr34

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// minimumModulus is the shortest modulus, in bits, that tokens are signed or keys encrypted with (SP 800-131A).
const minimumModulus = 2048

// trust is an authority that certificates are checked under.
type trust struct {
	authority *x509.Certificate
	now       func() time.Time
	list      bool // a list of revoked certificates must come along
}

// check accepts a certificate that the authority signed directly, that is valid now and stands on none of the lists. The
// lists that come along must be the authority's and current.
func (t trust) check(c *x509.Certificate, lists [][]byte) error {
	roots := x509.NewCertPool()
	roots.AddCert(t.authority)
	chains, err := c.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: t.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	switch {
	case err != nil:
		return refused(err.Error())
	case c.IsCA || len(chains[0]) != 2:
		return refused("an authority's own")
	case t.list && len(lists) == 0:
		return refused("no list of those that were revoked")
	}
	if _, err := modulus(c); err != nil {
		return err
	}
	for _, list := range lists {
		if err := t.checkList(c, list); err != nil {
			return err
		}
	}
	return nil
}

func (t trust) checkList(c *x509.Certificate, der []byte) error {
	list, err := t.parseList(der)
	if err != nil {
		return err
	}
	for _, entry := range list.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(c.SerialNumber) == 0 {
			return refused("it was revoked")
		}
	}
	return nil
}

func (t trust) parseList(der []byte) (*x509.RevocationList, error) {
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, malformed("revocation list")
	}
	if !bytes.Equal(list.RawIssuer, t.authority.RawSubject) || list.CheckSignatureFrom(t.authority) != nil {
		return nil, refused("a revocation list of somebody else")
	}
	if now := t.now(); now.Before(list.ThisUpdate) || now.After(list.NextUpdate) {
		return nil, refused("a revocation list that is not of now")
	}
	return list, nil
}

// modulus returns the certificate's RSA key.
func modulus(c *x509.Certificate) (*rsa.PublicKey, error) {
	public, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok || public.N.BitLen() < minimumModulus {
		return nil, refused("its key is not RSA of 2048 bits or more")
	}
	return public, nil
}

// signs reports whether the certificate's key may sign: certificates that do not say may.
func signs(c *x509.Certificate) bool {
	return c.KeyUsage == 0 || c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) != 0
}

// credential is the token that only carries a certificate and perhaps a list of those that were revoked (CT).
func credential(c *x509.Certificate, list []byte) []byte {
	d := signedData{contentType: oidData, certificates: [][]byte{c.Raw}}
	if list != nil {
		d.revocations = [][]byte{list}
	}
	return contentInfo(d.bytes(nil))
}

// parseCredential undoes credential.
func parseCredential(token []byte) (*x509.Certificate, [][]byte, error) {
	d, err := parseToken(token)
	if err != nil {
		return nil, nil, err
	}
	if !d.contentType.Equal(oidData) || len(d.content) > 0 || d.signer != nil {
		return nil, nil, malformed("not a credential")
	}
	c, err := d.certificate()
	return c, d.revocations, err
}

func parseToken(token []byte) (*signedData, error) {
	content, err := parseContentInfo(token)
	if err != nil {
		return nil, err
	}
	return parseSigned(content)
}

// certificate returns the only certificate.
func (d *signedData) certificate() (*x509.Certificate, error) {
	if len(d.certificates) != 1 {
		return nil, malformed("not one certificate")
	}
	c, err := x509.ParseCertificate(d.certificates[0])
	if err != nil {
		return nil, malformed("certificate")
	}
	return c, nil
}

// checkOwn checks what a party has: a certificate of an RSA key, and the key.
func checkOwn(c *x509.Certificate, public any) error {
	if c == nil {
		return lacking("no certificate")
	}
	own, err := modulus(c)
	if err != nil {
		return err
	}
	if p, ok := public.(*rsa.PublicKey); !ok || p == nil || !p.Equal(own) {
		return lacking("the private key is not the certificate's")
	}
	return nil
}

// clock is time.Now unless the configuration has another.
func clock(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

// isNonce reports whether a random number has a length that the standard has, in bytes, or one in between.
func isNonce(n []byte) bool { return len(n) >= 8 && len(n) <= 16 }

// parseChallenge returns the random number of a device's token (RT_KRD).
func parseChallenge(token []byte) ([]byte, error) {
	s := cryptobyte.String(token)
	a, ok := readAttribute(&s)
	if !ok || !s.Empty() || !a.oid.Equal(oidRandomNonce) {
		return nil, malformed("random number")
	}
	n, ok := a.octets()
	if !ok || !isNonce(n) {
		return nil, malformed("random number")
	}
	return slices.Clone(n), nil
}
