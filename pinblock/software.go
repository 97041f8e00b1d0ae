package pinblock

import (
	"context"
	"fmt"
	"slices"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// Software does in this process what an HSM does behind the same interfaces. Its keys are a crypto.Key, or a
// crypto.PINKey and crypto.PVK; PINs may also be under the key of a DUKPT transaction (dukpt.Reference). The zero value is ready: it translates what ISO 9564-1 allows, and verifies PINs and makes
// verification data from the formats that bind a PIN to its card, for that card only.
//
// What a block does not prove, the caller could choose. A PIN in format 1 belongs to no card, and whoever chooses the card that
// it is bound to can find it out with a card of his own; so the zero value leaves it in format 1. Format 0, format 3 and
// UnionPay's SM4 block prove some digits of the PAN; so the zero value binds none of them more firmly than it was (format 3,
// format 0, SM4 block, format 4, in this order), and computes IBM 3624 offsets from format 4, and from the SM4 block for
// validation data within its twelve digits. Cards, a rule of the Policy or Layouts allow more.
type Software struct {
	Policy  Policy   // more translations
	Layouts []Format // more formats that PINs are made in, verified and bound to a card from, exactly as they stand; their PAN is the caller's word
	Cards   []Cards  // all that the issuer has, others are refused: with them format 0 and the SM4 block prove the PAN where they leave no other
	Monitor *Monitor // counts blocks that do not decode; may be nil
}

var (
	_ Translator = Software{}
	_ Verifier   = Software{}
	_ Issuer     = Software{}
)

// TranslatePIN appends the PIN of a block, encrypted as the target says, to dst. It checks the policy first (ISO 9564-1
// section 9.4). A target that binds the PIN more firmly than the block did is ErrPolicy without a rule, Layouts or Cards.
func (s Software) TranslatePIN(_ context.Context, dst []byte, in Encrypted, out Target) ([]byte, error) {
	if err := s.Policy.Check(in.Layout, out.Layout, in.PAN.Equal(out.PAN)); err != nil {
		return dst, err
	}
	if in.Layout == ISO1 && out.Layout != ISO1 && !s.Policy.rules(ISO1, out.Layout) {
		if err := s.checkLayout(ISO1); err != nil {
			return dst, err
		}
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := s.read(w, in); err != nil {
		return dst, err
	}
	if err := s.checkBinding(in.Layout, out.Layout, in.PAN.Text(), int(w.pin.n)); err != nil {
		return dst, err
	}
	return w.write(dst, out)
}

// GeneratePIN appends the block of a new random PIN. All PINs are alike, the Weak ones among them: were they left out, the
// offsets of many a PIN that a caller asks for would show the card's natural PIN, and with it the cardholder's. The format binds the PIN to the card or is one of
// Layouts: ErrPolicy. ISO 9564-1 section 6.
func (s Software) GeneratePIN(_ context.Context, dst []byte, n int, out Target) ([]byte, error) {
	if err := s.checkLayout(out.Layout); err != nil {
		return dst, err
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.pin.generate(n); err != nil {
		return dst, err
	}
	return w.write(dst, out)
}

// VerifyPVV is the function VerifyPVV (Visa PVV) for an encrypted PIN. A PIN of another card than the data's, or in a
// format that binds it to none and is not in Layouts, is ErrPolicy.
func (s Software) VerifyPVV(_ context.Context, pin Encrypted, pvk crypto.KeyRef, data PVVData, pvv string) error {
	return s.withBlock(pin, pvk, data.PAN.Text(), func(w *work, key crypto.PVK) error { return w.verifyPVV(key, data, pvv) })
}

// VerifyOffset is the function VerifyOffset (IBM 3624) for an encrypted PIN. ErrPolicy is as in VerifyPVV, and for a block
// that does not prove its card: see Software.
func (s Software) VerifyOffset(_ context.Context, pin Encrypted, pvk crypto.KeyRef, data OffsetData, offset string) error {
	return s.withBlock(pin, pvk, data.PAN.Text(), func(w *work, key crypto.PVK) error {
		if err := s.checkOffset(pin.Layout, key, data.PAN.Text(), int(w.pin.n)); err != nil {
			return err
		}
		return w.verifyOffset(key, data, offset)
	})
}

// AppendPVV is the function AppendPVV (Visa PVV) for an encrypted PIN. ErrPolicy is as in VerifyPVV.
func (s Software) AppendPVV(_ context.Context, dst []byte, pin Encrypted, pvk crypto.KeyRef, data PVVData) ([]byte, error) {
	err := s.withBlock(pin, pvk, data.PAN.Text(), func(w *work, key crypto.PVK) (err error) {
		dst, err = w.appendPVV(dst, key, data, crypto.OpGenerate)
		return err
	})
	return dst, err
}

// AppendOffset is the function AppendOffset (IBM 3624) for an encrypted PIN. ErrPolicy is as in VerifyOffset.
func (s Software) AppendOffset(_ context.Context, dst []byte, pin Encrypted, pvk crypto.KeyRef, data OffsetData) ([]byte, error) {
	err := s.withBlock(pin, pvk, data.PAN.Text(), func(w *work, key crypto.PVK) (err error) {
		if err := s.checkOffset(pin.Layout, key, data.PAN.Text(), int(w.pin.n)); err != nil {
			return err
		}
		dst, err = w.appendOffset(dst, key, data, crypto.OpGenerate)
		return err
	})
	return dst, err
}

// ChangePVV verifies the current PIN and appends the verification value (Visa PVV) of the next.
func (s Software) ChangePVV(ctx context.Context, dst []byte, current, next Encrypted, pvk crypto.KeyRef, data PVVData, pvv string) ([]byte, error) {
	if err := s.VerifyPVV(ctx, current, pvk, data, pvv); err != nil {
		return dst, err
	}
	return s.AppendPVV(ctx, dst, next, pvk, data)
}

// ChangeOffset verifies the current PIN and appends the offset (IBM 3624) of the next.
func (s Software) ChangeOffset(ctx context.Context, dst []byte, current, next Encrypted, pvk crypto.KeyRef, data OffsetData, offset string) ([]byte, error) {
	if err := s.VerifyOffset(ctx, current, pvk, data, offset); err != nil {
		return dst, err
	}
	return s.AppendOffset(ctx, dst, next, pvk, data)
}

// withBlock decrypts a block and gives its PIN, in w.pin, to what uses the PIN verification key on a card's behalf. The
// card must be the block's: a PIN verified under another PAN would be compared with PINs the caller knows.
func (s Software) withBlock(pin Encrypted, pvk crypto.KeyRef, pan string, use func(w *work, key crypto.PVK) error) error {
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
	if err := s.checkLayout(pin.Layout); err != nil {
		return err
	}
	if own := pin.PAN.Text(); own != pan && (pin.Layout.UsesPAN() || own != "") {
		return fmt.Errorf("%w: it is of another PAN", ErrPolicy)
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := s.read(w, pin); err != nil {
		return err
	}
	return use(w, key)
}

// ForCard decrypts a block for a script that gives the card its PIN, which binds it to the card as firmly as format 4 does:
// with Cards the PAN is one of them, and what the block does not prove of it is ErrPolicy. The Monitor counts it. Only
// packages of this module can call it; wipe the PIN. ISO 9564-1 section 9.4.
func (s Software) ForCard(token keymaterial.Token, in Encrypted, pan string) (PIN, error) {
	if !token.Granted() {
		return PIN{}, crypto.ErrUsage
	}
	if !bound(in.Layout) || in.PAN.Text() != pan {
		return PIN{}, fmt.Errorf("%w: it is not bound to the card", ErrPolicy)
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := s.read(w, in); err != nil {
		return PIN{}, err
	}
	if err := s.checkBinding(in.Layout, ISO4, pan, int(w.pin.n)); err != nil {
		return PIN{}, err
	}
	return newPIN(&w.pin), nil
}

// checkLayout admits the formats that bind a PIN to its card, and those of the configuration.
func (s Software) checkLayout(f Format) error {
	if bound(f) || slices.Contains(s.Layouts, f) {
		return nil
	}
	return fmt.Errorf("%w: in %s", ErrPolicy, f)
}

// read decrypts a block into w.pin.
func (s Software) read(w *work, in Encrypted) error {
	key, derived, err := pinKey(in.Key)
	defer derived.Destroy()
	if err != nil {
		return err
	}
	if len(s.Cards) > 0 && in.Layout.UsesPAN() && !s.issued(in.PAN.Text()) {
		return fmt.Errorf("%w: a PAN that no issuer of Cards has", ErrPolicy)
	}
	err = w.decrypt(key, in.Layout, in.Block, in.PAN.Text())
	s.Monitor.count(in, err)
	return err
}

func (w *work) write(dst []byte, out Target) ([]byte, error) {
	key, derived, err := pinKey(out.Key)
	defer derived.Destroy()
	if err != nil {
		return dst, err
	}
	w.fill, w.block = nibbles{}, [16]byte{}
	return w.encrypt(dst, key, out.Layout, out.PAN.Text())
}

// pinKey returns the key a reference names, and one to destroy where it was derived for this call.
func pinKey(ref crypto.KeyRef) (key crypto.PINKey, derived crypto.Key, err error) {
	if k, ok := ref.(crypto.PINKey); ok {
		return k, crypto.Key{}, nil
	}
	named, derived, err := crypto.SoftwareKey(ref)
	if err != nil {
		return crypto.PINKey{}, derived, err
	}
	key, err = crypto.NewPINKey(named)
	return key, derived, err
}
