package card

import (
	"bytes"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/oda"
)

// chain is what Authenticate has found good: the keys, and what their certificates were checked against.
type chain struct {
	issuer oda.PublicKey
	card   oda.PublicKey // of a card without a certificate of its own none
	pan    string
	today  emv.Date
}

// Authenticate recovers the card's certificates under a CA key and checks what the card signs: the fast signature of
// a tapped card that gave its cryptogram with the processing options, which must be there; or else the terminal's
// unpredictable number, which it has the card sign (DDA), or else, of a card that signs nothing, its static data (SDA).
// A card that signs with its cryptogram alone (CDA without DDA) has shown no more than its certificates then: it is asked
// for a TC offline by GenerateCombinedAC only. Errors are those of package oda and of the commands; after one there is no
// key of the card, neither for PINs nor for combined signatures.
func (r *Reader) Authenticate(keys *oda.CAKeys, today emv.Date) error {
	r.chain, r.unproven = chain{}, false
	value, _ := r.card.Get(0x82)
	aip, err := emv.ParseAIP(value)
	if err != nil {
		return err
	}
	if r.unsound != nil {
		return r.unsound
	}
	if _, signed := r.card.Get(0x9F4B); r.atOnce && !signed {
		return &oda.Error{What: "tag 9F4B", Err: oda.ErrMissing} // nothing else vouches for that cryptogram
	}
	found := chain{today: today}
	if found.pan, err = emv.CardPAN(r.card); err != nil {
		return err
	}
	if found.issuer, err = r.recoverIssuer(keys, found.pan, today); err != nil {
		return err
	}
	switch {
	case !r.atOnce && !aip.Has(emv.AIPDDA) && !aip.Has(emv.AIPCDA):
		err = r.verifyStatic(found.issuer)
	default:
		if found.card, err = found.recoverKey(r.get(0x9F46), r.get(0x9F48), r.get(0x9F47), r.static); err != nil {
			return err
		}
		if r.unproven = !r.atOnce && !aip.Has(emv.AIPDDA); !r.unproven {
			err = r.verifyDynamic(found.card)
		}
	}
	if err == nil {
		r.chain = found
	}
	return err
}

// verifyStatic checks what the issuer signed.
func (r *Reader) verifyStatic(issuer oda.PublicKey) error {
	signed, ok := r.card.Get(0x93)
	if !ok {
		return &oda.Error{What: "tag 93", Err: oda.ErrMissing}
	}
	_, err := oda.VerifySDA(issuer, signed, r.static)
	return err
}

// verifyDynamic checks what the card signs.
func (r *Reader) verifyDynamic(card oda.PublicKey) error {
	sdad, data, err := r.signed()
	if err != nil {
		return err
	}
	_, err = oda.VerifyDDA(card, sdad, data)
	return err
}

// signed returns a signature of the card, and what it is to be over.
func (r *Reader) signed() (sdad, data []byte, err error) {
	if sdad, ok := r.card.Get(0x9F4B); ok {
		data, err := oda.AppendFDDAData(nil, append(bytes.Clone(r.Terminal), r.card...))
		return sdad, data, err
	}
	ddol, ok := r.card.Get(0x9F49)
	if !ok {
		ddol = emv.Value(emv.DefaultDDOL)
	}
	if !emv.DOL(ddol).Has(0x9F37) { // what the card signs could be of another transaction
		return nil, nil, &oda.Error{What: "tag 9F37 of the DDOL", Err: oda.ErrMissing}
	}
	if data, err = r.list(emv.DOL(ddol)); err != nil {
		return nil, nil, err
	}
	response, err := r.command(0x00, 0x88, 0, 0, data)
	if err != nil {
		return nil, nil, err
	}
	tag, value, _, err := emv.Next(response)
	switch {
	case err != nil:
		return nil, nil, err
	case tag == 0x80: // the signature without a tag of its own
		return value, data, nil
	}
	sdad, _ = value.TLV().Get(0x9F4B)
	return sdad, data, nil
}

// recoverIssuer recovers and checks the issuer's certificate, and returns its key.
func (r *Reader) recoverIssuer(keys *oda.CAKeys, pan string, today emv.Date) (oda.PublicKey, error) {
	index, _ := r.card.Get(0x8F)
	if len(index) != 1 {
		return oda.PublicKey{}, &oda.Error{What: "tag 8F", Err: oda.ErrMissing}
	}
	name, _ := r.card.Get(0x84)
	ca, ok := keys.Find(emv.RIDOf(name), index[0])
	if !ok {
		return oda.PublicKey{}, &oda.Error{What: "CA public key", Err: oda.ErrNoKey}
	}
	certificate, err := oda.RecoverIssuer(ca, r.get(0x90), r.get(0x92), r.get(0x9F32))
	if err != nil {
		return oda.PublicKey{}, err
	}
	return certificate.PublicKey, certificate.Check(pan, today, nil)
}

// recoverKey returns the key in a certificate of the issuer, which is to be the card's and good on the day.
func (c chain) recoverKey(cert, remainder, exponent, static []byte) (oda.PublicKey, error) {
	certificate, err := oda.RecoverICC(c.issuer, cert, remainder, exponent, static)
	if err != nil {
		return oda.PublicKey{}, err
	}
	return certificate.PublicKey, certificate.Check(c.pan, c.today)
}

// get returns an object of the card; nil when it has none.
func (r *Reader) get(t emv.Tag) []byte {
	v, _ := r.card.Get(t)
	return v
}
