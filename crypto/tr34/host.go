package tr34

import (
	stdcrypto "crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// HostConfig is what a [Host] needs. TR-34 section 5.
type HostConfig struct {
	// Certificate is the host's own (CRED_KDH), and Signer its RSA key, which may be in hardware.
	Certificate *x509.Certificate
	Signer      stdcrypto.Signer

	// Revoked is the list of revoked certificates that the host's authority issued, in DER; it goes into every token. nil
	// sends none.
	Revoked []byte

	// Devices is the authority that devices have their certificates of (CA_KRD), not a root above it.
	Devices *x509.Certificate

	// RevokedDevices are current lists of revoked certificates that the authority of devices issued, in DER.
	RevokedDevices [][]byte

	// Now is time.Now where it is nil.
	Now func() time.Time
}

// A Host distributes keys (KDH). It keeps nothing and is safe for concurrent use if its Signer is. TR-34 section 4.
type Host struct {
	config HostConfig
}

// NewHost returns a host. What is missing or does not fit is ErrConfig or ErrCertificate.
func NewHost(config HostConfig) (*Host, error) {
	switch {
	case config.Signer == nil:
		return nil, lacking("no signer")
	case config.Devices == nil:
		return nil, lacking("no authority of devices")
	}
	if err := checkOwn(config.Certificate, config.Signer.Public()); err != nil {
		return nil, err
	}
	if !signs(config.Certificate) {
		return nil, refused("its key may not sign")
	}
	config.Now = clock(config.Now)
	config.Revoked = slices.Clone(config.Revoked)
	config.RevokedDevices = slices.Clone(config.RevokedDevices)
	return &Host{config}, nil
}

// Credential returns the token that a device is bound with (CT_KDH).
func (h *Host) Credential() []byte { return credential(h.config.Certificate, h.config.Revoked) }

// Admit returns the certificate in a device's token (CT_KRD) when the authority of devices signed it and it is valid now.
// Whether the device is one of the host's own is for the caller to say. Errors: ErrToken, ErrCertificate.
func (h *Host) Admit(credential []byte) (*x509.Certificate, error) {
	device, lists, err := parseCredential(credential)
	if err != nil {
		return nil, err
	}
	if err := h.admit(device, lists); err != nil {
		return nil, err
	}
	return device, nil
}

func (h *Host) admit(device *x509.Certificate, lists [][]byte) error {
	if device == nil {
		return crypto.ErrNoKey
	}
	return trust{authority: h.config.Devices, now: h.config.Now}.check(device, slices.Concat(h.config.RevokedDevices, lists))
}

// Key returns the token that brings a key to a device that asked for it (KT_KDH, two passes). The key's attributes go along;
// it must be Exportable or Sensitive (crypto.ErrExport) and the device's modulus no weaker than it (crypto.ErrWeakKey, see
// crypto.ModulusStrength). Other errors: ErrToken for the challenge, ErrCertificate, those of the Signer.
func (h *Host) Key(device *x509.Certificate, challenge []byte, key crypto.Key) ([]byte, error) {
	n, err := parseChallenge(challenge)
	if err != nil {
		return nil, err
	}
	return h.key(device, octetAttribute(oidRandomNonce, n), key)
}

// KeyNow is Key for a device that cannot ask (KT_KDH, one pass). The time has whole seconds, and a device takes one token a
// second at most.
func (h *Host) KeyNow(device *x509.Certificate, key crypto.Key) ([]byte, error) {
	now := h.config.Now().UTC()
	return h.key(device, newAttribute(oidSigningTime, func(b *cryptobyte.Builder) { b.AddASN1UTCTime(now) }), key)
}

func (h *Host) key(device *x509.Certificate, freshness []byte, key crypto.Key) ([]byte, error) {
	if err := h.admit(device, nil); err != nil {
		return nil, err
	}
	public, err := modulus(device)
	if err != nil {
		return nil, err
	}
	strength := key.Strength()
	if bits := public.N.BitLen(); crypto.ModulusStrength(bits) < strength {
		return nil, fmt.Errorf("%w: a modulus of %d bits", crypto.ErrWeakKey, bits)
	}
	m, err := key.OpenToLeave(keymaterial.Grant(), keymaterial.KeyBlock)
	if err != nil {
		return nil, err
	}
	defer m.Release()
	if key.Rules(crypto.Home{}) != "" { // no token has a place for them
		return nil, crypto.ErrExport
	}
	head := header(key.Attributes())
	block := keyBlock(func(b *cryptobyte.Builder) { addName(b, h.config.Certificate) }, m.Bytes(), head)
	defer clear(block)
	sealed, err := seal(device, public, strongEnough(strength), block)
	if err != nil {
		return nil, err
	}
	return h.sign(&signedData{contentType: oidEnveloped, content: sealed}, freshness, octetAttribute(oidData, head))
}

// Unbind returns the token that sets a device free (UBT_KDH). Errors as for Key.
func (h *Host) Unbind(device *x509.Certificate, challenge []byte) ([]byte, error) {
	n, err := h.answer(device, challenge)
	if err != nil {
		return nil, err
	}
	return h.sign(&signedData{contentType: oidData, content: names(device)}, octetAttribute(oidRandomNonce, n))
}

// Rebind returns the token that makes a device obey another host (RBT_KDH). Revoked is the list of the next host's
// authority; nil sends none. Errors as for Key.
func (h *Host) Rebind(device *x509.Certificate, challenge []byte, next *x509.Certificate, revoked []byte) ([]byte, error) {
	n, err := h.answer(device, challenge)
	if err != nil {
		return nil, err
	}
	if next == nil {
		return nil, crypto.ErrNoKey
	}
	return h.sign(rebinding(next, revoked, names(device)), octetAttribute(oidRandomNonce, n))
}

// answer checks the device and returns the random number of its challenge.
func (h *Host) answer(device *x509.Certificate, challenge []byte) ([]byte, error) {
	if err := h.admit(device, nil); err != nil {
		return nil, err
	}
	return parseChallenge(challenge)
}

func (h *Host) sign(d *signedData, attributes ...[]byte) ([]byte, error) {
	if h.config.Revoked != nil {
		d.revocations = [][]byte{h.config.Revoked}
	}
	return d.sign(h.config.Certificate, h.config.Signer, attributes...)
}

// rebinding is the content that makes a device obey the next host: a SignedData in a SignedData, with nobody's signature.
func rebinding(next *x509.Certificate, revoked, whom []byte) *signedData {
	inner := signedData{contentType: oidData, content: whom, certificates: [][]byte{next.Raw}}
	if revoked != nil {
		inner.revocations = [][]byte{revoked}
	}
	return &signedData{contentType: oidSignedData, content: inner.bytes(nil)}
}

// names is the content that says who is meant: a device's name, or in an authority's tokens the device's and the host's.
func names(of ...*x509.Certificate) []byte {
	if len(of) == 1 {
		var b cryptobyte.Builder
		addName(&b, of[0])
		return b.BytesOrPanic()
	}
	return wrap(der.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, c := range of {
			addName(b, c)
		}
	})
}

// isNamed reports whether names would write the content.
func isNamed(content []byte, of ...*x509.Certificate) bool {
	s := cryptobyte.String(content)
	if len(of) > 1 {
		whole := s
		if !whole.ReadASN1(&s, der.SEQUENCE) || !whole.Empty() {
			return false
		}
	}
	for _, c := range of {
		if n, ok := readName(&s); !ok || !n.is(c) {
			return false
		}
	}
	return s.Empty()
}
