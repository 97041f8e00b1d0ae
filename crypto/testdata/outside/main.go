// Command outside is a program that is not part of the module: it has the interfaces implemented a second time, as an
// adaptor of a hardware module would.
package main

import (
	"context"
	"crypto/subtle"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/crypto/mac"
)

// handle is a key inside the module.
type handle struct {
	slot       int
	attributes crypto.Attributes
}

func (h handle) Attributes() crypto.Attributes { return h.attributes }

type module struct{}

var (
	_ crypto.MACer        = module{}
	_ crypto.CardVerifier = module{}
	_ crypto.KeyManager   = module{}
	_ crypto.Encrypter    = module{}
	_ crypto.MACer        = mac.Software{}
	_ crypto.CardVerifier = cardverify.Software{}
)

func (module) AppendMAC(_ context.Context, dst []byte, key crypto.KeyRef, a crypto.MACAlgorithm, _ []byte) ([]byte, error) {
	if _, ok := key.(handle); !ok {
		return dst, crypto.ErrKeyRef
	}
	return append(dst, make([]byte, a.Size)...), nil
}

func (m module) VerifyMAC(ctx context.Context, key crypto.KeyRef, a crypto.MACAlgorithm, message, tag []byte) error {
	want, err := m.AppendMAC(ctx, nil, key, a, message)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(want, tag) != 1 {
		return crypto.ErrVerify
	}
	return nil
}

func (module) AppendCVV(_ context.Context, dst []byte, _ crypto.KeyRef, card crypto.CardData) ([]byte, error) {
	return append(dst, card.PAN.Text()[:3]...), nil
}

func (module) VerifyCVV(context.Context, crypto.KeyRef, crypto.CardData, string) error {
	return crypto.ErrVerify
}

func (module) Generate(_ context.Context, a crypto.Attributes, _ int) (crypto.KeyRef, error) {
	return handle{1, a}, nil
}

func (module) Import(context.Context, crypto.KeyRef, []byte) (crypto.KeyRef, error) {
	return nil, crypto.ErrUnsupported
}

func (module) Export(_ context.Context, dst []byte, _, _ crypto.KeyRef) ([]byte, error) {
	return dst, crypto.ErrExport
}

func (module) CheckValue(context.Context, crypto.KeyRef, crypto.KCVMethod, int) ([]byte, error) {
	return nil, crypto.ErrUnsupported
}

func (module) AppendEncrypt(_ context.Context, dst []byte, key crypto.KeyRef, _ crypto.CipherMode, _, plaintext []byte) ([]byte, error) {
	transaction, ok := key.(dukpt.Reference) // base key and number go to the module
	if !ok {
		return dst, crypto.ErrKeyRef
	}
	if _, ok := transaction.Base.(handle); !ok {
		return dst, crypto.ErrKeyRef
	}
	return append(transaction.KSN.Append(dst), plaintext...), nil
}

func (module) AppendDecrypt(_ context.Context, dst []byte, _ crypto.KeyRef, _ crypto.CipherMode, _, _ []byte) ([]byte, error) {
	return dst, crypto.ErrUnsupported
}

func main() {
	var manager crypto.KeyManager = module{}
	key, err := manager.Generate(context.Background(), crypto.MustAttributes("M3TC00N"), 128)
	if err != nil {
		panic(err)
	}
	var macs crypto.MACer = module{}
	fmt.Println(macs.VerifyMAC(context.Background(), key, mac.X919(), nil, make([]byte, 8)))
	_, err = mac.Software{}.AppendMAC(context.Background(), nil, key, mac.X919(), nil)
	fmt.Println(err)
	ksn, err := dukpt.ParseKSN([]byte("0123456789"))
	if err != nil {
		panic(err)
	}
	base, err := manager.Generate(context.Background(), crypto.MustAttributes("B0TX00N"), 128)
	if err != nil {
		panic(err)
	}
	data := dukpt.Reference{Base: base, KSN: ksn, Purpose: dukpt.ForData}
	sealed, err := module{}.AppendEncrypt(context.Background(), nil, data, crypto.CBC, nil, []byte("track"))
	fmt.Println(string(sealed), err)
	_, err = crypto.SoftwareEncrypter{}.AppendEncrypt(context.Background(), nil, data, crypto.CBC, nil, nil)
	fmt.Println(err)
}
