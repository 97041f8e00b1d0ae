package cryptogram

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/internal/keymaterial"
	"github.com/posline/posline/pinblock"
)

// An Issuer does the issuer's part of a chip transaction: the seam for a hardware security module. Software stands
// beside it. The context is for providers on the other side of a network. Implementations must not keep or change the
// slices they are given. No clear PIN passes through it.
type Issuer interface {
	// VerifyCryptogram returns crypto.ErrVerify when the request's cryptogram is not the card's.
	VerifyCryptogram(ctx context.Context, key crypto.KeyRef, r Request) error

	// AppendResponse appends issuer authentication data, the value of tag 91, to dst.
	AppendResponse(ctx context.Context, dst []byte, key crypto.KeyRef, r Request, a Answer) ([]byte, error)

	// AppendCommands appends a command after the other, secured for the card, each in an object of tag 86: the inside
	// of a script template 71 or 72 without its identifier.
	AppendCommands(ctx context.Context, dst []byte, keys IssuerScriptKeys, r Request, commands []IssuerCommand) ([]byte, error)
}

// IssuerCommand is a command of an issuer script before it is secured. It prints as its Command does.
type IssuerCommand struct {
	Command

	// NewPIN, when there is one, makes it a PIN CHANGE, for which of Command only the MACSize counts. CurrentPIN is for
	// cards that want the PIN until now, too.
	NewPIN, CurrentPIN *pinblock.Encrypted
}

// IssuerScriptKeys are the issuer's master keys for scripts.
type IssuerScriptKeys struct {
	Integrity       crypto.KeyRef // usage E2
	Confidentiality crypto.KeyRef // usage E1; may be nil without encrypted data
	Cryptogram      crypto.KeyRef // usage E0; may be nil without a PIN CHANGE in the form of VIS
}

// Request is a transaction as it reaches the issuer.
type Request struct {
	Card    Card
	Profile Profile // the zero Profile: the one ProfileFor returns for RID and data
	RID     emv.RID // of the card's application; zero: that of tag 84, 4F or 9F06 in Data, or else by shape
	Data    emv.TLV // field 55
}

// Format shows the profile's name and hides the card and its data, whatever the verb.
func (r Request) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "Request(%s, hidden)", r.Profile.Name) }

// ProfileOf returns the profile of the request's card: its own, or the one its data call for.
func (r Request) ProfileOf() (Profile, error) {
	if r.Profile.Algorithm != 0 {
		return r.Profile, nil
	}
	rid := r.RID
	for _, t := range []emv.Tag{0x84, 0x4F, 0x9F06} {
		if rid != (emv.RID{}) {
			break
		}
		aid, _ := r.Data.Get(t)
		rid = emv.RIDOf(aid)
	}
	iad, err := find(r.Data, 0x9F10)
	if err != nil {
		return Profile{}, err
	}
	return ProfileFor(rid, iad)
}

// Software is the Issuer in this process. Its key references are crypto.Key and crypto.IMK; others are
// crypto.ErrKeyRef. The zero value is ready. EMV Book 2 sections 8 and 9.
type Software struct {
	// PINs reads the blocks of a PIN CHANGE: its Cards, Layouts and Monitor count. A script binds a PIN to its card as firmly
	// as format 4 does, so that the zero value takes PINs from format 4 alone, and Cards those from format 0.
	PINs pinblock.Software

	// EncryptsData lets callers have data of their own encrypted in commands, in the place of PIN CHANGE. A card has one key
	// for both, and its encryption has nothing random in it: whoever chooses data and has PINs encrypted under the same key
	// finds the PINs by comparing. Without it such data are crypto.ErrUsage, with it a PIN CHANGE is. Two Software, one with
	// it and one without, must not serve the same callers with the same confidentiality keys.
	EncryptsData bool
}

var _ Issuer = Software{}

// VerifyCryptogram implements Issuer. Errors are those of Profile.Verify, and ErrNoProfile.
func (Software) VerifyCryptogram(_ context.Context, key crypto.KeyRef, r Request) error {
	p, imk, err := r.bind(key)
	if err != nil {
		return err
	}
	return p.Verify(imk, r.Card, r.Data)
}

// AppendResponse implements Issuer. Errors are those of Profile.AppendResponse, and ErrNoProfile.
func (Software) AppendResponse(_ context.Context, dst []byte, key crypto.KeyRef, r Request, a Answer) ([]byte, error) {
	p, imk, err := r.bind(key)
	if err != nil {
		return dst, err
	}
	return p.AppendResponse(dst, imk, r.Card, r.Data, a)
}

// AppendCommands implements Issuer. PIN blocks are under a crypto.PINKey or its crypto.Key. Errors are those of
// Script.AppendCommand, ErrNoProfile, ErrCommand also for a PIN CHANGE that is not made by NewPIN, crypto.ErrUsage for
// encrypted data or a PIN CHANGE that EncryptsData leaves out, pinblock.ErrBlock for a PIN that does not decrypt, and
// pinblock.ErrPolicy for one whose block does not prove that it is the request's card's.
func (software Software) AppendCommands(
	_ context.Context, dst []byte, keys IssuerScriptKeys, r Request, commands []IssuerCommand,
) ([]byte, error) {
	for _, c := range commands {
		if err := software.admits(c); err != nil {
			return dst, err
		}
	}
	var cards ScriptKeys
	defer func() { cards.destroy() }()
	p, err := r.ProfileOf()
	if err != nil {
		return dst, err
	}
	for _, k := range []struct {
		ref crypto.KeyRef
		to  *CardKey
	}{
		{keys.Integrity, &cards.Integrity}, {keys.Confidentiality, &cards.Confidentiality}, {keys.Cryptogram, &cards.Cryptogram},
	} {
		if k.ref == nil {
			continue
		}
		if *k.to, err = r.derive(p, k.ref); err != nil {
			return dst, err
		}
	}
	counter, err := findSized(r.Data, 0x9F36, 2)
	if err != nil {
		return dst, err
	}
	ac, err := findSized(r.Data, 0x9F26, 8)
	if err != nil {
		return dst, err
	}
	out, s := dst, p.NewScript(cards, binary.BigEndian.Uint16(counter), [8]byte(ac))
	for _, c := range commands {
		apdu, err := software.command(s, c, r.Card.PAN.Text())
		if err != nil {
			return dst, err
		}
		out = emv.AppendTLV(out, 0x86, apdu)
	}
	return out, nil
}

func (k ScriptKeys) destroy() {
	k.Integrity.Destroy()
	k.Confidentiality.Destroy()
	k.Cryptogram.Destroy()
}

// derive derives the card's key from the issuer's behind a reference.
func (r Request) derive(p Profile, ref crypto.KeyRef) (CardKey, error) {
	_, imk, err := r.bind(ref)
	if err != nil {
		return CardKey{}, err
	}
	return p.DeriveCardKey(imk, r.Card)
}

// insPINChange is the instruction of PIN CHANGE/UNBLOCK. EMV Book 3 section 6.5.10.
const insPINChange = 0x24

// admits refuses what would be compared with the PIN of a PIN CHANGE: data of the caller's choice under the same key.
func (software Software) admits(c IssuerCommand) error {
	switch {
	case c.NewPIN != nil && software.EncryptsData:
		return fmt.Errorf("%w: PIN CHANGE where callers have data encrypted", crypto.ErrUsage)
	case c.NewPIN != nil:
		return nil
	case c.INS == insPINChange && (c.P2 != 0 || len(c.Data) > 0): // without data it unblocks the PIN
		return fmt.Errorf("%w: PIN CHANGE of data", ErrCommand)
	case c.Encrypt && !software.EncryptsData:
		return fmt.Errorf("%w: data of the caller's encrypted as PINs are", crypto.ErrUsage)
	}
	return nil
}

// command secures one command for the card with the PAN.
func (software Software) command(s *Script, c IssuerCommand, pan string) ([]byte, error) {
	if c.NewPIN == nil {
		return s.AppendCommand(nil, c.Command)
	}
	change := PINChange{MACSize: c.MACSize}
	var err error
	if change.New, err = software.PINs.ForCard(keymaterial.Grant(), *c.NewPIN, pan); err != nil {
		return nil, err
	}
	defer change.New.Wipe()
	if c.CurrentPIN != nil {
		if change.Current, err = software.PINs.ForCard(keymaterial.Grant(), *c.CurrentPIN, pan); err != nil {
			return nil, err
		}
		defer change.Current.Wipe()
	}
	return s.AppendPINChange(nil, change)
}

// bind returns the profile of the request and the key behind a reference.
func (r Request) bind(ref crypto.KeyRef) (Profile, crypto.IMK, error) {
	p, err := r.ProfileOf()
	if err != nil {
		return p, crypto.IMK{}, err
	}
	switch k := ref.(type) {
	case crypto.IMK:
		return p, k, nil
	case crypto.Key:
		imk, err := crypto.NewIMK(k)
		return p, imk, err
	}
	return p, crypto.IMK{}, crypto.ErrKeyRef
}
