package cryptogram

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
)

// Verify checks the cryptogram (9F26) of a transaction, an ARQC, TC or AAC, under the issuer's master key of usage E0.
// d holds the data objects of field 55 with at least those of the profile's contents. A wrong cryptogram is
// crypto.ErrVerify, found in constant time; missing or misshapen data are an *emv.ValueError, a wrong PAN ErrCard, a
// key of another cipher or usage crypto.ErrUsage. Under Triple DES it allocates nothing, the EMV2000 tree apart.
func (p Profile) Verify(imk crypto.IMK, card Card, d emv.TLV) error {
	if p.short(imk) {
		return p.verifyTDES(imk, card, d)
	}
	return p.verifyLong(imk, card, d)
}

// verifyLong is Verify for every cipher and derivation.
func (p Profile) verifyLong(imk crypto.IMK, card Card, d emv.TLV) error {
	k, err := p.DeriveCardKey(imk, card)
	if err != nil {
		return err
	}
	defer k.Destroy()
	return p.VerifyCard(k, d)
}

// VerifyCard is Verify with the card's key.
func (p Profile) VerifyCard(k CardKey, d emv.TLV) error {
	ac, err := findSized(d, 0x9F26, 8)
	if err != nil {
		return err
	}
	contents, err := p.AppendContents(make([]byte, 0, maximumContents), d)
	if err != nil {
		return err
	}
	s, err := p.sessionKey(k, d)
	if err != nil {
		return err
	}
	defer s.Destroy()
	return VerifyMAC(s, p.Padding, contents, ac)
}

// Generate computes the cryptogram of a transaction as the card does. d is as for Verify, without 9F26.
func (p Profile) Generate(k CardKey, d emv.TLV) (ac [8]byte, err error) {
	contents, err := p.AppendContents(make([]byte, 0, maximumContents), d)
	if err != nil {
		return ac, err
	}
	s, err := p.sessionKey(k, d)
	if err != nil {
		return ac, err
	}
	defer s.Destroy()
	out, err := AppendMAC(make([]byte, 0, len(ac)), s, p.Padding, contents, len(ac))
	if err != nil {
		return ac, err
	}
	return [8]byte(out), nil
}

// maximumContents: the elements and the longest issuer application data.
const maximumContents = elementsSize + maximumIAD

// DeriveCardKey derives a card's key in the profile's way, for any of the issuer's keys: cryptograms, scripts. A key of
// another cipher than the profile's is crypto.ErrUsage.
func (p Profile) DeriveCardKey(imk crypto.IMK, card Card) (CardKey, error) {
	if err := p.checkCipher(imk.Key()); err != nil {
		return CardKey{}, err
	}
	return DeriveCardKey(imk, card, p.Derivation)
}

func (p Profile) checkCipher(k crypto.Key) error {
	if p.Algorithm == 0 {
		return ErrNoProfile
	}
	if a := k.Attributes(); a.Algorithm != p.Algorithm && a.Algorithm != 0 {
		return &crypto.UsageError{Key: a, Want: p.Name + " cryptograms"}
	}
	return nil
}

// sessionKey derives the key of a transaction's cryptogram from the card's.
func (p Profile) sessionKey(k CardKey, d emv.TLV) (SessionKey, error) {
	if err := p.checkCipher(k.Key()); err != nil {
		return SessionKey{}, err
	}
	if err := k.Require(crypto.OpDerive, crypto.UsageEMVCryptogram); err != nil {
		return SessionKey{}, err
	}
	counter, err := findSized(d, 0x9F36, 2)
	if err != nil {
		return SessionKey{}, err
	}
	switch p.Session {
	case SessionDirect:
		return DirectKey(k)
	case SessionCommon:
		return CommonSessionKey(k, counter)
	case SessionMChip:
		number, err := findSized(d, 0x9F37, 4)
		if err != nil {
			return SessionKey{}, err
		}
		r := [8]byte{counter[0], counter[1], 0, 0, number[0], number[1], number[2], number[3]}
		return CommonSessionKey(k, r[:])
	case SessionTree:
		return TreeSessionKey(k, binary.BigEndian.Uint16(counter), Tree{Branch: 4, Height: 8})
	case SessionUnionPay:
		return UnionPaySessionKey(k, binary.BigEndian.Uint16(counter))
	}
	return SessionKey{}, fmt.Errorf("%w: session key derivation %d", crypto.ErrUnsupported, p.Session)
}

// Answer is what the issuer tells the card.
type Answer struct {
	ARC         emv.ARC // method 1: authorisation response code, which M/Chip calls ARPC response code
	CSU         emv.CSU // method 2: card status update
	Proprietary []byte  // method 2: 0 to 8 bytes of the issuer's
}

// AppendResponse appends the issuer authentication data for the card, the value of tag 91: the ARPC to the transaction's
// cryptogram and the answer. It verifies the cryptogram first: an ARPC to eight bytes of the caller's choice is a block
// encrypted under the card's key, and session keys are such blocks. Errors are those of Verify, and ErrAnswer for
// proprietary data that method 1 has no room for, that are too long, or for a card without issuer authentication.
// EMV Book 2 8.2.
func (p Profile) AppendResponse(dst []byte, imk crypto.IMK, card Card, d emv.TLV, a Answer) ([]byte, error) {
	if err := p.Verify(imk, card, d); err != nil {
		return dst, err
	}
	k, err := p.DeriveCardKey(imk, card)
	if err != nil {
		return dst, err
	}
	defer k.Destroy()
	return p.AppendResponseCard(dst, k, d, a)
}

// AppendResponseCard is AppendResponse with the card's key, for the card's own side: it does not verify the cryptogram.
func (p Profile) AppendResponseCard(dst []byte, k CardKey, d emv.TLV, a Answer) ([]byte, error) {
	v, err := findSized(d, 0x9F26, 8)
	if err != nil {
		return dst, err
	}
	if p.Response == NoResponse || p.Response != Response2 && len(a.Proprietary) > 0 {
		return dst, ErrAnswer
	}
	s, err := p.responseKey(k, d)
	if err != nil {
		return dst, err
	}
	defer s.Destroy()
	if p.Response == Response2 {
		arpc, err := ARPC2(s, [8]byte(v), a.CSU, a.Proprietary)
		if err != nil {
			return dst, err
		}
		return append(append(append(dst, arpc[:]...), a.CSU[:]...), a.Proprietary...), nil
	}
	arpc, err := ARPC1(s, [8]byte(v), a.ARC)
	if err != nil {
		return dst, err
	}
	return append(append(dst, arpc[:]...), a.ARC[:]...), nil
}

func (p Profile) responseKey(k CardKey, d emv.TLV) (SessionKey, error) {
	if p.Response == Response1Card {
		p.Session = SessionDirect
	}
	return p.sessionKey(k, d)
}

// VerifyResponse checks issuer authentication data (91) as the card does, and returns the answer in it, whose
// Proprietary shares the memory of response. d holds the data objects of the transaction with its cryptogram (9F26).
// crypto.ErrVerify: the issuer did not send this.
func (p Profile) VerifyResponse(k CardKey, d emv.TLV, response []byte) (Answer, error) {
	var a Answer
	switch {
	case p.Response == NoResponse:
		return a, ErrAnswer
	case p.Response == Response2 && len(response) >= 8 && len(response) <= 16:
		a.CSU = emv.CSU(response[4:8])
		a.Proprietary = response[8:]
	case p.Response != Response2 && len(response) == 10:
		a.ARC = emv.ARC(response[8:])
	default:
		return a, crypto.ErrVerify
	}
	want, err := p.AppendResponseCard(make([]byte, 0, 16), k, d, a)
	if err != nil {
		return Answer{}, err
	}
	if subtle.ConstantTimeCompare(want, response) != 1 {
		return Answer{}, crypto.ErrVerify
	}
	return a, nil
}
