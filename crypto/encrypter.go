package crypto

import (
	"context"

	"github.com/posline/posline/internal/keymaterial"
)

// An Encrypter encrypts and decrypts data, as DataKey does in this process. ISO 10116.
type Encrypter interface {
	// AppendEncrypt appends the plaintext, encrypted, to dst.
	AppendEncrypt(ctx context.Context, dst []byte, key KeyRef, mode CipherMode, iv, plaintext []byte) ([]byte, error)

	// AppendDecrypt appends the ciphertext, decrypted, to dst.
	AppendDecrypt(ctx context.Context, dst []byte, key KeyRef, mode CipherMode, iv, ciphertext []byte) ([]byte, error)
}

// A Deriver is a KeyRef whose key the software providers derive for one call: dukpt.Reference is one. Providers outside
// this module cannot derive and send along what the reference names. X9.24.
type Deriver interface {
	KeyRef

	// DeriveKey returns the key; whoever asked destroys it. Only packages of this module can call it.
	DeriveKey(token keymaterial.Token) (Key, error)
}

// SoftwareEncrypter is the Encrypter of this process. Its keys are a Key, a DataKey or a Deriver. The zero value is ready.
// ISO 10116.
type SoftwareEncrypter struct{}

var _ Encrypter = SoftwareEncrypter{}

// AppendEncrypt is DataKey.AppendEncrypt.
func (SoftwareEncrypter) AppendEncrypt(_ context.Context, dst []byte, key KeyRef, mode CipherMode, iv, plaintext []byte) ([]byte, error) {
	return withDataKey(dst, key, func(k DataKey) ([]byte, error) { return k.AppendEncrypt(dst, mode, iv, plaintext) })
}

// AppendDecrypt is DataKey.AppendDecrypt.
func (SoftwareEncrypter) AppendDecrypt(_ context.Context, dst []byte, key KeyRef, mode CipherMode, iv, ciphertext []byte) ([]byte, error) {
	return withDataKey(dst, key, func(k DataKey) ([]byte, error) { return k.AppendDecrypt(dst, mode, iv, ciphertext) })
}

func withDataKey(dst []byte, ref KeyRef, use func(DataKey) ([]byte, error)) ([]byte, error) {
	if k, ok := ref.(DataKey); ok {
		return use(k)
	}
	key, derived, err := SoftwareKey(ref)
	defer derived.Destroy()
	if err != nil {
		return dst, err
	}
	k, err := NewDataKey(key)
	if err != nil {
		return dst, err
	}
	return use(k)
}

// SoftwareKey returns the key that a reference names to a software provider: the Key itself, that of a typed key, or one that
// a Deriver derives and that the caller destroys; derived is the zero Key, which may be destroyed too, for the others. A
// reference of another provider is ErrKeyRef. X9.143 section 6.2.
func SoftwareKey(ref KeyRef) (key, derived Key, err error) {
	switch r := ref.(type) {
	case Key:
		return r, Key{}, nil
	case interface{ Key() Key }:
		return r.Key(), Key{}, nil
	case Deriver:
		k, err := r.DeriveKey(keymaterial.Grant())
		return k, k, err
	}
	return Key{}, Key{}, ErrKeyRef
}
