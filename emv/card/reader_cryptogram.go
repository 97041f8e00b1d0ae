package card

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/oda"
)

// GenerateAC asks for a cryptogram and returns which the card gave; what it gave replaces what it gave before. For the
// second one, Terminal must hold the response code (8A). ErrResponse: the card gave none, or more than it was asked for. An
// *oda.Error with oda.ErrMissing: the card has to sign an approval offline, see Authenticate.
func (r *Reader) GenerateAC(asked emv.CryptogramType) (emv.CID, error) {
	if r.unproven && !r.given && asked == emv.TC { // certificates can be copied
		return 0, &oda.Error{What: "tag 9F4B", Err: oda.ErrMissing}
	}
	response, err := r.generateAC(asked, 0)
	if err != nil {
		return 0, err
	}
	tag, v, _, err := emv.Next(response)
	switch {
	case err != nil, tag != 0x77 && tag != 0x80, tag == 0x77 && v.TLV().Validate(nil) != nil:
		return 0, ErrResponse
	case tag == 0x80:
		if response, err = tagged(response); err != nil {
			return 0, err
		}
	}
	return r.outcome(asked, response)
}

// GenerateCombinedAC is GenerateAC with a signature over the answer, CDA. It needs an Authenticate without an error first.
// A card that declines does not sign; an approval or a request without a signature is an *oda.Error with oda.ErrMissing,
// and nothing of it is kept.
func (r *Reader) GenerateCombinedAC(asked emv.CryptogramType) (emv.CID, error) {
	before := bytes.Clone(r.sent)
	response, err := r.generateAC(asked, acCombined)
	if err != nil {
		return 0, err
	}
	inside, _ := emv.TLV(response).Get(0x77)
	sdad, signed := inside.TLV().Get(0x9F4B)
	if !signed {
		return r.unsigned(asked, response)
	}
	cid, _ := inside.TLV().Get(0x9F27)
	number, _ := r.Value(0x9F37)
	if len(cid) != 1 || len(number) != 4 {
		return 0, ErrResponse
	}
	result, err := oda.VerifyCDA(r.chain.card, oda.CDA{
		SDAD: sdad, Number: [4]byte(number), CID: emv.CID(cid[0]),
		Transaction: oda.AppendCDATransaction(nil, before, r.sent[len(before):], nil, inside.TLV()),
	})
	if err != nil {
		return 0, err
	}
	return r.outcome(asked, emv.AppendTLV(nil, 0x77, emv.AppendTLV(bytes.Clone(inside), 0x9F26, result.Cryptogram[:])))
}

// unsigned takes an answer without the signature that was asked for: only a card that declines may leave it out.
func (r *Reader) unsigned(asked emv.CryptogramType, response emv.TLV) (emv.CID, error) {
	if tag, _, _, err := emv.Next(response); err == nil && tag == 0x80 {
		var err error
		if response, err = tagged(response); err != nil {
			return 0, err
		}
	}
	if cid, ok := response.Lookup(0x9F27); ok && len(cid) == 1 && emv.CID(cid[0]).Type() != emv.AAC {
		return 0, &oda.Error{What: "tag 9F4B", Err: oda.ErrMissing}
	}
	return r.outcome(asked, response)
}

// tagged gives the values of a response in format 1 their tags.
func tagged(response emv.TLV) ([]byte, error) {
	c, err := emv.ParseCryptogram(response)
	if err != nil {
		return nil, err
	}
	d := emv.AppendTLV(nil, 0x9F27, []byte{byte(c.CID)})
	d = emv.AppendTLV(d, 0x9F36, binary.BigEndian.AppendUint16(nil, c.ATC))
	d = emv.AppendTLV(d, 0x9F26, c.AC)
	if len(c.IAD) > 0 {
		d = emv.AppendTLV(d, 0x9F10, c.IAD)
	}
	return d, nil
}

func (r *Reader) generateAC(asked emv.CryptogramType, flags byte) ([]byte, error) {
	tag := emv.Tag(0x8C)
	if r.atOnce || r.given {
		tag = 0x8D
	}
	list, _ := r.card.Get(tag)
	data, err := r.list(emv.DOL(list))
	if err != nil {
		return nil, err
	}
	response, err := r.command(0x80, 0xAE, byte(asked)<<6|flags, 0, data)
	if err == nil {
		r.sent = append(r.sent, data...)
	}
	return response, err
}

// outcome takes over an answer: the cryptogram and what belongs to it come before what the card gave earlier, everything
// else behind that, so that an answer nobody signed changes nothing. An answer without a cryptogram, or with one that the
// card may not give, is ErrResponse, and nothing of it is kept.
func (r *Reader) outcome(asked emv.CryptogramType, response emv.TLV) (emv.CID, error) {
	answer, err := objects(response)
	if err != nil {
		return 0, err
	}
	if err := wholeCryptogram(answer, true); err != nil {
		return 0, err
	}
	v, _ := answer.Get(0x9F27)
	cid := emv.CID(v[0])
	if !mayGive(asked, cid.Type(), r.given) {
		return 0, fmt.Errorf("%w: %v in place of %v", ErrResponse, cid.Type(), asked)
	}
	var front, behind emv.TLV
	for tag, v := range answer.All() {
		if ofCryptogram[tag] {
			front = emv.AppendTLV(front, tag, v)
		} else {
			behind = emv.AppendTLV(behind, tag, v)
		}
	}
	r.ended = r.given || cid.Type() != emv.ARQC
	r.card, r.answer, r.given = slices.Concat(front, r.card, behind), answer, true
	return cid, nil
}

// wholeCryptogram returns ErrResponse for an answer in which a cryptogram, its counter or its type, where that has to be
// there, is missing or of another length than it has.
func wholeCryptogram(answer emv.TLV, withType bool) error {
	for _, o := range []struct {
		tag    emv.Tag
		length int
	}{{0x9F26, 8}, {0x9F36, 2}, {0x9F27, 1}} {
		if v, _ := answer.Get(o.tag); len(v) != o.length && (o.tag != 0x9F27 || withType) {
			return fmt.Errorf("%w: tag %v", ErrResponse, o.tag)
		}
	}
	return nil
}

// ofCryptogram are the objects of an answer to GENERATE AC. EMV Book 3 section 6.5.5.4.
var ofCryptogram = map[emv.Tag]bool{0x9F27: true, 0x9F36: true, 0x9F26: true, 0x9F10: true, 0x9F4B: true}

// mayGive reports whether a card may answer with the cryptogram: never more than it was asked for, and in the end no
// request for the issuer. EMV Book 3 section 9.3.
func mayGive(asked, given emv.CryptogramType, second bool) bool {
	switch given {
	case emv.AAC:
		return true
	case emv.ARQC:
		return (asked == emv.TC || asked == emv.ARQC) && !second
	}
	return given == emv.TC && asked == emv.TC
}
