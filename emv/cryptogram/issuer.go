package cryptogram

import (
	"context"
	"encoding/binary"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
)

// An Issuer does the issuer's part of a chip transaction: the seam for a hardware security module. Software stands
// beside it. The context is for providers on the other side of a network. Implementations must not keep or change the
// slices they are given.
//
// A new PIN is not part of it: whoever sends one has it encrypted under a PIN key, and package pinblock owns those.
type Issuer interface {
	// VerifyCryptogram returns crypto.ErrVerify when the request's cryptogram is not the card's.
	VerifyCryptogram(ctx context.Context, key crypto.KeyRef, r Request) error

	// AppendResponse appends issuer authentication data, the value of tag 91, to dst.
	AppendResponse(ctx context.Context, dst []byte, key crypto.KeyRef, r Request, a Answer) ([]byte, error)

	// AppendCommands appends a command after the other, secured for the card, each in an object of tag 86: the inside
	// of a script template 71 or 72 without its identifier.
	AppendCommands(ctx context.Context, dst []byte, keys IssuerScriptKeys, r Request, commands []Command) ([]byte, error)
}

// IssuerScriptKeys are the issuer's master keys for scripts.
type IssuerScriptKeys struct {
	Integrity       crypto.KeyRef // usage E2
	Confidentiality crypto.KeyRef // usage E1; may be nil without encrypted data
}

// Request is a transaction as it reaches the issuer.
type Request struct {
	Card    Card
	Profile Profile // the zero Profile: the one ProfileFor returns for RID and data
	RID     emv.RID // of the card's application; zero: that of tag 84, 4F or 9F06 in Data, or else by shape
	Data    emv.TLV // field 55
}

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
// crypto.ErrKeyRef. The zero value is ready.
type Software struct{}

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

// AppendCommands implements Issuer. Errors are those of Script.AppendCommand, and ErrNoProfile.
func (Software) AppendCommands(
	_ context.Context, dst []byte, keys IssuerScriptKeys, r Request, commands []Command,
) ([]byte, error) {
	var cards ScriptKeys
	defer func() {
		cards.Integrity.Destroy()
		cards.Confidentiality.Destroy()
	}()
	p, imk, err := r.bind(keys.Integrity)
	if err != nil {
		return dst, err
	}
	if cards.Integrity, err = p.DeriveCardKey(imk, r.Card); err != nil {
		return dst, err
	}
	if keys.Confidentiality != nil {
		if _, imk, err = r.bind(keys.Confidentiality); err != nil {
			return dst, err
		}
		if cards.Confidentiality, err = p.DeriveCardKey(imk, r.Card); err != nil {
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
	return appendCommands(dst, p.NewScript(cards, binary.BigEndian.Uint16(counter), [8]byte(ac)), commands)
}

func appendCommands(dst []byte, s *Script, commands []Command) ([]byte, error) {
	out := dst
	for _, c := range commands {
		apdu, err := s.AppendCommand(nil, c)
		if err != nil {
			return dst, err
		}
		out = emv.AppendTLV(out, 0x86, apdu)
	}
	return out, nil
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
