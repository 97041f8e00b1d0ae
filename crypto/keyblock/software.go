package keyblock

import (
	"context"
	"slices"

	"github.com/posline/posline/crypto"
)

// Software is the crypto.KeyManager of this process. Its keys are a crypto.Key or a crypto.KBPK. The zero value is
// ready and strict. X9.143.
type Software struct {
	Options   Options         // for Import; its Key options also for Generate
	Generated []crypto.Option // more options of the keys that Generate makes, such as crypto.Home.Storable
	Wrapping  Wrapping        // for Export
}

var _ crypto.KeyManager = Software{}

// Generate is crypto.GenerateKey.
func (s Software) Generate(_ context.Context, a crypto.Attributes, bits int) (crypto.KeyRef, error) {
	k, err := crypto.GenerateKey(a, bits, slices.Concat(s.Options.Key, s.Generated)...)
	if err != nil {
		return nil, err
	}
	return k, nil
}

// Import is Unwrap; the reference is a crypto.Key.
func (s Software) Import(_ context.Context, kbpk crypto.KeyRef, block []byte) (crypto.KeyRef, error) {
	master, err := protectionKey(kbpk)
	if err != nil {
		return nil, err
	}
	k, _, err := Unwrap(master, block, s.Options)
	if err != nil {
		return nil, err
	}
	return k, nil
}

// Export is Wrap.
func (s Software) Export(_ context.Context, dst []byte, kbpk, key crypto.KeyRef) ([]byte, error) {
	master, err := protectionKey(kbpk)
	if err != nil {
		return dst, err
	}
	k, err := plainKey(key)
	if err != nil {
		return dst, err
	}
	return Wrap(dst, master, k, s.Wrapping)
}

// CheckValue is crypto.Key.KCV.
func (Software) CheckValue(_ context.Context, key crypto.KeyRef, method crypto.KCVMethod, n int) ([]byte, error) {
	k, err := plainKey(key)
	if err != nil {
		return nil, err
	}
	return k.KCV(method, n)
}

func protectionKey(ref crypto.KeyRef) (crypto.KBPK, error) {
	switch k := ref.(type) {
	case crypto.KBPK:
		return k, nil
	case crypto.Key:
		return crypto.NewKBPK(k)
	}
	return crypto.KBPK{}, crypto.ErrKeyRef
}

// plainKey takes a crypto.Key and every typed key.
func plainKey(ref crypto.KeyRef) (crypto.Key, error) {
	switch k := ref.(type) {
	case crypto.Key:
		return k, nil
	case interface{ Key() crypto.Key }:
		return k.Key(), nil
	}
	return crypto.Key{}, crypto.ErrKeyRef
}
