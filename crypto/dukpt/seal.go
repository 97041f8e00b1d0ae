package dukpt

import (
	"crypto/cipher"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// A device keeps its registers between two transactions as a sealed state: version, length of the key serial number,
// length of a key, what goes with the initial key, the number, the registers, encrypted and authenticated by AES-GCM (NIST SP 800-38D) with a random
// nonce in front. The key is a KEK, which does nothing but protect keys; no code of the caller's sees the clear state.

// Seal appends the state to dst, sealed under an AES key of usage K0 that is no weaker than the terminal's. A state that
// is sealed once and restored twice makes the same keys again; the device must keep one state only, the last. Errors:
// crypto.ErrExport when the initial key was neither crypto.Sensitive nor Storable at the crypto.Home whose Keeper the key
// is, crypto.ErrWeakKey, crypto.ErrUnsupported for another cipher, crypto.ErrUsage also for a key that crypto.CarriesOnly
// lets carry no initial keys, crypto.ErrNoKey, crypto.ErrDestroyed.
func (t *TDESTerminal) Seal(dst []byte, key crypto.KEK) ([]byte, error) {
	return sealTerminal(t.reach, dst, key)
}

// Seal appends the state to dst, as TDESTerminal.Seal does.
func (t *AESTerminal) Seal(dst []byte, key crypto.KEK) ([]byte, error) {
	return sealTerminal(t.reach, dst, key)
}

func sealTerminal(reach func() *terminal, dst []byte, key crypto.KEK) ([]byte, error) {
	if reach == nil {
		return dst, crypto.ErrNoKey
	}
	s := reach()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.seal(&s.registers, dst, key)
}

// seal seals registers that may already be one transaction ahead.
func (s *terminal) seal(r *registers, dst []byte, key crypto.KEK) ([]byte, error) {
	switch {
	case r.size == 0, key.Attributes() == crypto.Attributes{}:
		return dst, crypto.ErrNoKey
	case !s.initial.MayStay(key.Keeps(keymaterial.Grant())):
		return dst, fmt.Errorf("%w: the initial key was not made storable under this key", crypto.ErrExport)
	}
	if err := key.CheckCarries(s.initial.Attributes()); err != nil {
		return dst, err
	}
	k := kept{s.initial.Attributes().Export == crypto.Sensitive, s.initial.Rules(key.Keeps(keymaterial.Grant()))}
	if len(k.rules) > maximumRules {
		return dst, fmt.Errorf("%w: rules of the initial key", crypto.ErrUnsupported)
	}
	if strength := s.initial.Strength(); key.Strength() < strength {
		if err := key.Require(crypto.OpEncrypt); err != nil {
			return dst, err
		}
		return dst, fmt.Errorf("%w: the sealing key is weaker than the terminal's", crypto.ErrWeakKey)
	}
	aead, m, err := sealer(key, crypto.OpEncrypt)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	return r.seal(dst, aead, k), nil
}

// sealer makes the AEAD of a KEK; the material must be released. The nonce is its own, random and in front.
func sealer(key crypto.KEK, op crypto.Operation) (cipher.AEAD, *keymaterial.Material, error) {
	m, err := key.Open(keymaterial.Grant(), op)
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(m.Block()) // takes AES only
	if err != nil {
		m.Release()
		return nil, nil, fmt.Errorf("%w: sealing under algorithm %s", crypto.ErrUnsupported, key.Attributes().Algorithm)
	}
	return aead, m, nil
}

// OpenTDESTerminal restores a sealed state under the key that sealed it. The options are those of working keys, such as
// crypto.TableDES; what may be derived and kept is in the state, and options that add to it are crypto.ErrUsage. Whatever is
// wrong with the state is crypto.ErrVerify; other errors are those of the key.
func OpenTDESTerminal(sealed []byte, key crypto.KEK, options ...crypto.Option) (*TDESTerminal, error) {
	t, err := openTerminal(sealed, key, tdesLength, crypto.TDES, options)
	if err != nil {
		return nil, err
	}
	t.step = tdesStepper(t.initial)
	return &TDESTerminal{func() *terminal { return t }}, nil
}

// OpenAESTerminal restores a sealed state, as OpenTDESTerminal does.
func OpenAESTerminal(sealed []byte, key crypto.KEK, options ...crypto.Option) (*AESTerminal, error) {
	t, err := openTerminal(sealed, key, aesLength, crypto.AES, options)
	if err != nil {
		return nil, err
	}
	t.step = aesStep
	return &AESTerminal{func() *terminal { return t }}, nil
}

func openTerminal(sealed []byte, key crypto.KEK, length uint8, a crypto.Algorithm, options []crypto.Option) (*terminal, error) {
	aead, m, err := sealer(key, crypto.OpDecrypt)
	if err != nil {
		return nil, err
	}
	defer m.Release()
	attributes := crypto.Attributes{
		Usage: crypto.UsageInitialKey, Algorithm: a, Mode: crypto.ModeDerive, Export: crypto.NonExportable,
	}
	if err := key.CheckCarries(attributes); err != nil {
		return nil, err
	}
	t := new(terminal)
	k, err := t.registers.open(sealed, aead, length)
	if err != nil {
		return nil, err
	}
	if k.sensitive {
		attributes.Export = crypto.Sensitive
	}
	t.initial, err = crypto.Receive(keymaterial.Grant(), crypto.Arrival{Rules: k.rules, Home: key.Keeps(keymaterial.Grant())}, attributes,
		make([]byte, t.registers.size), append(options[:len(options):len(options)], crypto.AllowWeak)...)
	if err != nil {
		t.registers.wipe()
		return nil, err
	}
	return t, nil
}
