// Command outside is a program that is not part of the module: it has the PIN interfaces implemented a second time, as
// an adaptor of a hardware module would.
package main

import (
	"context"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/pinblock"
)

// handle is a key inside the module.
type handle struct{ slot int }

func (handle) Attributes() crypto.Attributes { return crypto.MustAttributes("P0TB00N") }

// module answers with what it was asked for instead of asking hardware.
type module struct{ calls []string }

type hsm interface {
	pinblock.Translator
	pinblock.Verifier
	pinblock.Issuer
}

var (
	_ hsm = (*module)(nil)
	_ hsm = pinblock.Software{}
)

func (m *module) note(call string, dst []byte) ([]byte, error) {
	m.calls = append(m.calls, call)
	return append(dst, call...), nil
}

func (m *module) TranslatePIN(_ context.Context, dst []byte, in pinblock.Encrypted, out pinblock.Target) ([]byte, error) {
	if _, ok := in.Key.(handle); !ok {
		return dst, crypto.ErrKeyRef
	}
	return m.note(fmt.Sprint(in.Layout, " to ", out.Layout), dst)
}

func (m *module) VerifyPVV(context.Context, pinblock.Encrypted, crypto.KeyRef, pinblock.PVVData, string) error {
	return crypto.ErrVerify
}

func (m *module) VerifyOffset(context.Context, pinblock.Encrypted, crypto.KeyRef, pinblock.OffsetData, string) error {
	return crypto.ErrVerify
}

func (m *module) GeneratePIN(_ context.Context, dst []byte, n int, _ pinblock.Target) ([]byte, error) {
	return m.note(fmt.Sprint("generate ", n), dst)
}

func (m *module) AppendPVV(_ context.Context, dst []byte, _ pinblock.Encrypted, _ crypto.KeyRef, _ pinblock.PVVData) ([]byte, error) {
	return m.note("PVV", dst)
}

func (m *module) AppendOffset(_ context.Context, dst []byte, _ pinblock.Encrypted, _ crypto.KeyRef, _ pinblock.OffsetData) ([]byte, error) {
	return m.note("offset", dst)
}

func (m *module) ChangePVV(_ context.Context, dst []byte, _, _ pinblock.Encrypted, _ crypto.KeyRef, _ pinblock.PVVData, _ string) ([]byte, error) {
	return dst, crypto.ErrVerify
}

func (m *module) ChangeOffset(_ context.Context, dst []byte, _, _ pinblock.Encrypted, _ crypto.KeyRef, _ pinblock.OffsetData, _ string) ([]byte, error) {
	return dst, crypto.ErrVerify
}

func main() {
	ctx := context.Background()
	in := pinblock.Encrypted{Key: handle{1}, Layout: pinblock.ISO0, PAN: crypto.Hide("4111111111111111"), Block: make([]byte, 8)}
	out := pinblock.Target{Key: handle{2}, Layout: pinblock.ISO3, PAN: crypto.Hide("4111111111111111")}
	for _, provider := range []hsm{&module{}, pinblock.Software{}} {
		answer, err := provider.TranslatePIN(ctx, nil, in, out)
		fmt.Printf("%s|%v\n", answer, err)
	}
}
