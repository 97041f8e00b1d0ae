package tr34

import (
	stdcrypto "crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"slices"
	"sync"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// State is what a device remembers: which host it obeys and which tokens it has acted on. It is no secret, but whoever may
// change it decides whom the device obeys, so that it belongs where the keys are. TR-34 section 5.3.
type State struct {
	Host  []byte     // the certificate of the host it is bound to, DER; nil for none
	Last  time.Time  // of the youngest token of one pass
	Spent [][32]byte // SHA-256 of the authority's tokens
}

// maximumSpent is how many of an authority's tokens a device acts on in its life.
const maximumSpent = 64

// DeviceConfig is what a [Device] needs. TR-34 section 5.
type DeviceConfig struct {
	// Certificate is the device's own (CRED_KRD), and Decrypter its RSA key, which may be in hardware.
	Certificate *x509.Certificate
	Decrypter   stdcrypto.Decrypter

	// Hosts is the authority that hosts have their certificates of (CA_KDH), Authority the device's own (CA_KRD). They must
	// differ. Without an Authority no token of one is taken.
	Hosts, Authority *x509.Certificate

	// RequireRevoked refuses tokens of hosts that come without a list of revoked certificates.
	RequireRevoked bool

	// Save keeps the state. It is called before a token counts; its error refuses the token, and nothing has changed. It
	// must not call the device.
	Save  func(State) error
	State State // as Save had it last; the zero State is a new device

	// Keys are the options that keys are made with: crypto.TableDES, gm.SM4, crypto.AllowWeak. Home is where they may be
	// kept, the zero Home nowhere but as their exportability says. Confers are the rules that they have, as if they had come
	// under a key with crypto.Confers: a key block protection key gets its own from there.
	Keys    []crypto.Option
	Home    crypto.Home
	Confers []crypto.Option

	// Now is time.Now where it is nil. Ahead is how far a host's clock may be ahead in tokens of one pass; 0 is five minutes.
	Now   func() time.Time
	Ahead time.Duration
}

// A Device receives keys (KRD). It is safe for concurrent use. TR-34 section 4.
type Device struct {
	config DeviceConfig
	under  crypto.Key // confers what the configuration says

	mu        sync.Mutex
	state     State
	host      *x509.Certificate // of the state
	challenge []byte            // the one that may be answered, nil for none
}

// NewDevice returns a device in the state of its configuration. What is missing or does not fit is ErrConfig or
// ErrCertificate.
func NewDevice(config DeviceConfig) (*Device, error) {
	switch {
	case config.Decrypter == nil:
		return nil, lacking("no private key")
	case config.Hosts == nil:
		return nil, lacking("no authority of hosts")
	case config.Hosts.Equal(config.Authority) || config.Authority == nil && config.Certificate != nil && config.Certificate.CheckSignatureFrom(config.Hosts) == nil:
		return nil, lacking("hosts and devices have one authority")
	case config.Save == nil:
		return nil, lacking("nothing to save with")
	case config.Ahead < 0 || len(config.State.Spent) > maximumSpent:
		return nil, lacking("out of range")
	}
	if err := checkOwn(config.Certificate, config.Decrypter.Public()); err != nil {
		return nil, err
	}
	if config.Ahead == 0 {
		config.Ahead = 5 * time.Minute
	}
	config.Now = clock(config.Now)
	d := &Device{config: config, state: config.State}
	if d.state.Host != nil {
		host, err := x509.ParseCertificate(d.state.Host)
		if err != nil {
			return nil, lacking("the host in the state")
		}
		d.host = host
	}
	var err error
	d.under, err = crypto.GenerateKey(crypto.MustAttributes("K1AD00N"), 128, crypto.Confers(config.Confers...))
	return d, err
}

// Credential returns the token that says who the device is (CT_KRD).
func (d *Device) Credential() []byte { return credential(d.config.Certificate, nil) }

// Host returns the certificate of the host that the device obeys, nil for none.
func (d *Device) Host() *x509.Certificate {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.host
}

// Challenge returns a token with a new random number (RT_KRD). Key, Unbind and Rebind take one token that answers the last
// one and no other.
func (d *Device) Challenge() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.challenge = make([]byte, 16)
	rand.Read(d.challenge)
	return octetAttribute(oidRandomNonce, d.challenge)
}

// Bind makes the device obey the host of a token (CT_KDH) that the authority of hosts vouches for. A device that is bound
// already is ErrBinding; other errors are ErrToken, ErrCertificate and that of Save.
func (d *Device) Bind(credential []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.host != nil {
		return ErrBinding
	}
	host, lists, err := parseCredential(credential)
	if err != nil {
		return err
	}
	if err := d.checkHost(host, lists); err != nil {
		return err
	}
	return d.obey(host, d.state.Spent)
}

// checkHost checks the certificate of a host.
func (d *Device) checkHost(host *x509.Certificate, lists [][]byte) error {
	if !signs(host) {
		return refused("its key may not sign")
	}
	return trust{d.config.Hosts, d.config.Now, d.config.RequireRevoked}.check(host, lists)
}

// obey saves and takes on the state of being bound to a host, nil for none. The time of the last token stays: it keeps old
// tokens of a host out that the device comes back to. It is called with mu held.
func (d *Device) obey(host *x509.Certificate, spent [][32]byte) error {
	next := State{Last: d.state.Last, Spent: spent}
	if host != nil {
		next.Host = host.Raw
	}
	if err := d.config.Save(next); err != nil {
		return err
	}
	d.state, d.host, d.challenge = next, host, nil
	return nil
}

// Key returns the key in a token that answers the last challenge (KT_KDH, two passes), with the attributes that the host
// signed. Errors: ErrBinding, ErrToken, crypto.ErrVerify, ErrReplay, ErrCertificate for a host that is no longer valid, and
// those of crypto.NewKey. The challenge is answered when the host's signature holds and the answer is to it.
func (d *Device) Key(token []byte) (crypto.Key, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.fromHost(token, oidEnveloped)
	if err != nil {
		return crypto.Key{}, err
	}
	if err := d.answered(s); err != nil {
		return crypto.Key{}, err
	}
	d.challenge = nil
	return d.open(s)
}

// KeyNow returns the key in a token of one pass (KT_KDH). A token that is not younger than the last, or further ahead of the
// device's clock than the configuration allows, is ErrReplay. Other errors as for Key, and that of Save.
func (d *Device) KeyNow(token []byte) (crypto.Key, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.fromHost(token, oidEnveloped)
	if err != nil {
		return crypto.Key{}, err
	}
	at, ok := s.signingTime()
	if !ok || !at.After(d.state.Last) || at.After(d.config.Now().Add(d.config.Ahead)) {
		return crypto.Key{}, ErrReplay
	}
	next := d.state
	next.Last = at
	if err := d.config.Save(next); err != nil {
		return crypto.Key{}, err
	}
	d.state = next
	return d.open(s)
}

// Unbind sets the device free by a token of the host it obeys (UBT_KDH), which answers the last challenge. The keys that came
// from that host are the caller's to destroy. Errors as for Key, and that of Save.
func (d *Device) Unbind(token []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.fromHost(token, oidData)
	if err != nil {
		return err
	}
	if err := d.answered(s); err != nil {
		return err
	}
	if !isNamed(s.content, d.config.Certificate) {
		return crypto.ErrVerify
	}
	return d.obey(nil, d.state.Spent)
}

// Rebind makes the device obey the host that the present one names (RBT_KDH). The keys that came from the present one are the
// caller's to destroy. Errors as for Unbind.
func (d *Device) Rebind(token []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.fromHost(token, oidSignedData)
	if err != nil {
		return err
	}
	if err := d.answered(s); err != nil {
		return err
	}
	next, err := d.nextHost(s, d.config.Certificate)
	if err != nil {
		return err
	}
	return d.obey(next, d.state.Spent)
}

// UnbindByAuthority sets the device free by a token of its authority (UBT_CA). A token that the device acted on before is
// ErrReplay, and so is any when there were too many. Errors as for Unbind.
func (d *Device) UnbindByAuthority(token []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, spent, err := d.fromAuthority(token, oidData)
	if err != nil {
		return err
	}
	if !isNamed(s.content, d.config.Certificate, d.host) {
		return crypto.ErrVerify
	}
	return d.obey(nil, spent)
}

// RebindByAuthority makes the device obey the host that its authority names (RBT_CA). Errors as for UnbindByAuthority.
func (d *Device) RebindByAuthority(token []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, spent, err := d.fromAuthority(token, oidSignedData)
	if err != nil {
		return err
	}
	next, err := d.nextHost(s, d.config.Certificate, d.host)
	if err != nil {
		return err
	}
	return d.obey(next, spent)
}

// fromHost reads a token that the host signed which the device obeys and which is still valid. It is called with mu held.
func (d *Device) fromHost(token []byte, kind []int) (*signedData, error) {
	if d.host == nil {
		return nil, ErrBinding
	}
	s, err := parseToken(token)
	if err != nil {
		return nil, err
	}
	if !s.contentType.Equal(kind) {
		return nil, malformed("another kind of token")
	}
	if err := s.verify(d.host); err != nil {
		return nil, err
	}
	return s, d.checkHost(d.host, s.revocations)
}

// fromAuthority reads a token of the device's authority and returns what will have been spent with it. It is called with mu
// held.
func (d *Device) fromAuthority(token []byte, kind []int) (*signedData, [][32]byte, error) {
	if d.host == nil {
		return nil, nil, ErrBinding
	}
	if d.config.Authority == nil {
		return nil, nil, crypto.ErrVerify
	}
	s, err := parseToken(token)
	if err != nil {
		return nil, nil, err
	}
	if !s.contentType.Equal(kind) {
		return nil, nil, malformed("another kind of token")
	}
	if err := s.verify(d.config.Authority); err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(s.signer.signed) // not of the token, whose unsigned parts anybody could change
	if slices.Contains(d.state.Spent, sum) || len(d.state.Spent) == maximumSpent {
		return nil, nil, ErrReplay
	}
	return s, append(slices.Clip(d.state.Spent), sum), nil
}

// nextHost returns the host that a token names for the device.
func (d *Device) nextHost(s *signedData, of ...*x509.Certificate) (*x509.Certificate, error) {
	inner, err := parseSigned(s.content)
	if err != nil {
		return nil, err
	}
	if !inner.contentType.Equal(oidData) || inner.signer != nil || !isNamed(inner.content, of...) {
		return nil, crypto.ErrVerify
	}
	next, err := inner.certificate()
	if err != nil {
		return nil, err
	}
	return next, d.checkHost(next, inner.revocations)
}

// answered reports whether a token answers the last challenge. It is called with mu held.
func (d *Device) answered(s *signedData) error {
	a := s.signer.attribute(oidRandomNonce)
	if a == nil || d.challenge == nil {
		return ErrReplay
	}
	n, ok := a.octets()
	if !ok || subtle.ConstantTimeCompare(n, d.challenge) != 1 {
		return ErrReplay
	}
	return nil
}

// signingTime returns the time that a host signed with a token of one pass.
func (d *signedData) signingTime() (at time.Time, ok bool) {
	a := d.signer.attribute(oidSigningTime)
	if a == nil {
		return at, false
	}
	value := a.value
	ok = value.ReadASN1UTCTime(&at) || value.ReadASN1GeneralizedTime(&at)
	return at, ok && value.Empty()
}

// open returns the key in a token whose signature was checked.
func (d *Device) open(s *signedData) (crypto.Key, error) {
	e, ok := parseEnvelope(s.content)
	if !ok {
		return crypto.Key{}, malformed("envelope")
	}
	if !e.recipient.is(d.config.Certificate) {
		return crypto.Key{}, crypto.ErrVerify
	}
	block, ok := e.open(d.config.Decrypter)
	defer clear(block)
	if !ok {
		return crypto.Key{}, crypto.ErrVerify
	}
	host, key, text, ok := parseKeyBlock(block)
	signed := s.signer.attribute(oidData)
	if !ok || !host.is(d.host) || signed == nil {
		return crypto.Key{}, crypto.ErrVerify
	}
	if want, ok := signed.octets(); !ok || string(want) != string(text) {
		return crypto.Key{}, crypto.ErrVerify
	}
	a, err := parseHeader(text)
	if err != nil {
		return crypto.Key{}, err
	}
	return crypto.Receive(keymaterial.Grant(), crypto.Arrival{Under: d.under, Home: d.config.Home}, a, key, d.config.Keys...)
}
