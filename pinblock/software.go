package pinblock

import (
	"context"

	"github.com/posline/posline/crypto"
)

// Software does in this process what an HSM does behind the same interfaces. Its keys are a crypto.Key, or a
// crypto.PINKey and crypto.PVK. The zero value is ready and translates what ISO 9564-1 allows.
type Software struct {
	Policy Policy // more translations
}

var (
	_ Translator = Software{}
	_ Verifier   = Software{}
	_ Issuer     = Software{}
)

// TranslatePIN appends the PIN of a block, encrypted as the target says, to dst. It checks the policy first.
func (s Software) TranslatePIN(_ context.Context, dst []byte, in Encrypted, out Target) ([]byte, error) {
	if err := s.Policy.Check(in.Layout, out.Layout, in.PAN == out.PAN); err != nil {
		return dst, err
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.read(in); err != nil {
		return dst, err
	}
	return w.write(dst, out)
}

// GeneratePIN appends the block of a new random PIN that is not Weak.
func (Software) GeneratePIN(_ context.Context, dst []byte, n int, out Target) ([]byte, error) {
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.pin.generate(n); err != nil {
		return dst, err
	}
	return w.write(dst, out)
}

// VerifyPVV is the function VerifyPVV for an encrypted PIN.
func (Software) VerifyPVV(_ context.Context, pin Encrypted, pvk crypto.KeyRef, data PVVData, pvv string) error {
	return verifyBlock(pin, pvk, func(w *work, key crypto.PVK) error { return w.verifyPVV(key, data, pvv) })
}

// VerifyOffset is the function VerifyOffset for an encrypted PIN.
func (Software) VerifyOffset(_ context.Context, pin Encrypted, pvk crypto.KeyRef, data OffsetData, offset string) error {
	return verifyBlock(pin, pvk, func(w *work, key crypto.PVK) error { return w.verifyOffset(key, data, offset) })
}

// AppendPVV is the function AppendPVV for an encrypted PIN.
func (Software) AppendPVV(_ context.Context, dst []byte, pin Encrypted, pvk crypto.KeyRef, data PVVData) ([]byte, error) {
	err := verifyBlock(pin, pvk, func(w *work, key crypto.PVK) (err error) {
		dst, err = w.appendPVV(dst, key, data, crypto.OpGenerate)
		return err
	})
	return dst, err
}

// AppendOffset is the function AppendOffset for an encrypted PIN.
func (Software) AppendOffset(_ context.Context, dst []byte, pin Encrypted, pvk crypto.KeyRef, data OffsetData) ([]byte, error) {
	err := verifyBlock(pin, pvk, func(w *work, key crypto.PVK) (err error) {
		dst, err = w.appendOffset(dst, key, data, crypto.OpGenerate)
		return err
	})
	return dst, err
}

// ChangePVV verifies the current PIN and appends the verification value of the next.
func (s Software) ChangePVV(ctx context.Context, dst []byte, current, next Encrypted, pvk crypto.KeyRef, data PVVData, pvv string) ([]byte, error) {
	if err := s.VerifyPVV(ctx, current, pvk, data, pvv); err != nil {
		return dst, err
	}
	return s.AppendPVV(ctx, dst, next, pvk, data)
}

// ChangeOffset verifies the current PIN and appends the offset of the next.
func (s Software) ChangeOffset(ctx context.Context, dst []byte, current, next Encrypted, pvk crypto.KeyRef, data OffsetData, offset string) ([]byte, error) {
	if err := s.VerifyOffset(ctx, current, pvk, data, offset); err != nil {
		return dst, err
	}
	return s.AppendOffset(ctx, dst, next, pvk, data)
}

// verifyBlock decrypts a block and gives its PIN, in w.pin, to what uses the PIN verification key.
func verifyBlock(pin Encrypted, pvk crypto.KeyRef, use func(w *work, key crypto.PVK) error) error {
	var key crypto.PVK
	var err error
	switch k := pvk.(type) {
	case crypto.PVK:
		key = k
	case crypto.Key:
		key, err = crypto.NewPVK(k)
	default:
		err = crypto.ErrKeyRef
	}
	if err != nil {
		return err
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.read(pin); err != nil {
		return err
	}
	return use(w, key)
}

func (w *work) read(in Encrypted) error {
	key, err := pinKey(in.Key)
	if err != nil {
		return err
	}
	return w.decrypt(key, in.Layout, in.Block, in.PAN)
}

func (w *work) write(dst []byte, out Target) ([]byte, error) {
	key, err := pinKey(out.Key)
	if err != nil {
		return dst, err
	}
	w.fill, w.block = nibbles{}, [16]byte{}
	return w.encrypt(dst, key, out.Layout, out.PAN)
}

func pinKey(ref crypto.KeyRef) (crypto.PINKey, error) {
	switch k := ref.(type) {
	case crypto.PINKey:
		return k, nil
	case crypto.Key:
		return crypto.NewPINKey(k)
	}
	return crypto.PINKey{}, crypto.ErrKeyRef
}
