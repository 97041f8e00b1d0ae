package card

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/oda"
)

// A Reader is a terminal's side of a chip transaction, for tests and examples: it sends the commands in their order and
// keeps what the card gave. It decides nothing and verifies nobody's PIN. Set Transmit and Terminal; it is for one
// transaction and not safe for concurrent use.
type Reader struct {
	// Transmit sends a command to the card and returns its response with SW1 SW2. Of a virtual card: Card.Transmit.
	Transmit func(command []byte) []byte

	// Terminal holds the terminal's data objects, those of the card's lists among them: amount, TVR, date, 9F37 ...
	// They may be changed between the commands; objects of the same tag count before the card's.
	Terminal emv.TLV

	card      emv.TLV // the card's data objects, without their templates
	static    []byte  // to be authenticated
	sent      []byte  // PDOL and CDOL data, for combined signatures
	issuerKey oda.IssuerCertificate
	cardKey   oda.ICCCertificate
}

// ErrResponse: the card's response is not what the command calls for.
var ErrResponse = errors.New("card: unexpected response")

// StatusError is a status word other than 9000.
type StatusError struct {
	Command byte // INS
	Status  uint16
}

// Error names both.
func (e *StatusError) Error() string {
	return fmt.Sprintf("card: command %02X: status %04X", e.Command, e.Status)
}

// command sends one and returns the data of its response.
func (r *Reader) command(cla, ins, p1, p2 byte, data []byte) ([]byte, error) {
	c := []byte{cla, ins, p1, p2}
	if len(data) > 0 {
		c = append(append(c, byte(len(data))), data...)
	}
	response := r.Transmit(append(c, 0))
	if len(response) < 2 {
		return nil, ErrResponse
	}
	n := len(response) - 2
	if sw := uint16(response[n])<<8 | uint16(response[n+1]); sw != uint16(statusOK) {
		return nil, &StatusError{ins, sw}
	}
	return response[:n:n], nil
}

// Select selects an application by its AID and begins anew.
func (r *Reader) Select(aid []byte) error {
	fci, err := r.command(0x00, 0xA4, 4, 0, aid)
	if err != nil {
		return err
	}
	r.card, r.static, r.sent = nil, nil, nil
	return r.keep(fci)
}

// keep takes the objects out of a response's templates.
func (r *Reader) keep(response emv.TLV) error {
	if err := response.Validate(nil); err != nil {
		return err
	}
	for path, v := range response.Walk() {
		if tag := path[len(path)-1]; !tag.Constructed() {
			r.card = emv.AppendTLV(r.card, tag, v)
		}
	}
	return nil
}

// Start gets the processing options and reads the records. A contactless card may have given a cryptogram then; Value
// of 9F26 tells.
func (r *Reader) Start() error {
	pdol, _ := r.card.Get(0x9F38)
	data, err := r.list(emv.DOL(pdol))
	if err != nil {
		return err
	}
	response, err := r.command(0x80, 0xA8, 0, 0, emv.AppendTLV(nil, 0x83, data))
	if err != nil {
		return err
	}
	r.sent = append(r.sent, data...)
	if tag, v, _, err := emv.Next(response); err == nil && tag == 0x80 && len(v) > 2 {
		r.card = emv.AppendTLV(emv.AppendTLV(r.card, 0x82, v[:2]), 0x94, v[2:])
	} else if err := r.keep(response); err != nil {
		return err
	}
	return r.readRecords()
}

func (r *Reader) readRecords() error {
	v, _ := r.card.Get(0x94)
	afl, err := emv.ParseAFL(v)
	if err != nil {
		return err
	}
	records := map[emv.RecordRef][]byte{}
	for ref := range afl.Records() {
		record, err := r.command(0x00, 0xB2, byte(ref.Record), byte(ref.SFI)<<3|4, nil)
		if err != nil {
			return err
		}
		if err := r.keep(record); err != nil {
			return err
		}
		records[ref] = record
	}
	value, _ := r.card.Get(0x82)
	aip, err := emv.ParseAIP(value)
	if err != nil {
		return err
	}
	tagList, _ := r.card.Get(0x9F4A)
	r.static, err = oda.AppendStaticData(nil, afl, func(ref emv.RecordRef) ([]byte, bool) {
		record, ok := records[ref]
		return record, ok
	}, tagList, aip)
	return err
}

// list fills in a data object list.
func (r *Reader) list(l emv.DOL) ([]byte, error) {
	return l.AppendData(nil, r.Value, nil)
}

// Value returns a data object of the terminal or else of the card.
func (r *Reader) Value(t emv.Tag) ([]byte, bool) {
	if v, ok := r.Terminal.Get(t); ok {
		return v, true
	}
	v, ok := r.card.Get(t)
	return v, ok
}

// Field55 builds field 55 of the objects there are, in the order of the tags.
func (r *Reader) Field55(tags ...emv.Tag) emv.TLV {
	var d []byte
	for _, t := range tags {
		if v, ok := r.Value(t); ok {
			d = emv.AppendTLV(d, t, v)
		}
	}
	return d
}

// Authenticate recovers the card's certificates under a CA key and has the card sign the terminal's unpredictable
// number: DDA. Errors are those of package oda and of the commands.
func (r *Reader) Authenticate(keys *oda.CAKeys, today emv.Date) error {
	if err := r.recoverKeys(keys, today); err != nil {
		return err
	}
	ddol, ok := r.card.Get(0x9F49)
	if !ok {
		ddol = emv.Value(emv.DefaultDDOL)
	}
	data, err := r.list(emv.DOL(ddol))
	if err != nil {
		return err
	}
	response, err := r.command(0x00, 0x88, 0, 0, data)
	if err != nil {
		return err
	}
	sdad, _ := emv.TLV(response).Find(0x77, 0x9F4B)
	_, err = oda.VerifyDDA(r.cardKey.PublicKey, sdad, data)
	return err
}

// recoverKeys recovers and checks the issuer's and the card's certificate.
func (r *Reader) recoverKeys(keys *oda.CAKeys, today emv.Date) (err error) {
	value := func(t emv.Tag) []byte { v, _ := r.card.Get(t); return v }
	index, pan := value(0x8F), ""
	if pan, err = emv.ParseCN(value(0x5A)); err != nil {
		return err
	}
	if len(index) != 1 {
		return &oda.Error{What: "tag 8F", Err: oda.ErrMissing}
	}
	ca, ok := keys.Find(emv.RIDOf(value(0x84)), index[0])
	if !ok {
		return &oda.Error{What: "CA public key", Err: oda.ErrNoKey}
	}
	if r.issuerKey, err = oda.RecoverIssuer(ca, value(0x90), value(0x92), value(0x9F32)); err != nil {
		return err
	}
	if err = r.issuerKey.Check(pan, today, nil); err != nil {
		return err
	}
	r.cardKey, err = oda.RecoverICC(r.issuerKey.PublicKey, value(0x9F46), value(0x9F48), value(0x9F47), r.static)
	if err != nil {
		return err
	}
	return r.cardKey.Check(pan, today)
}

// GenerateAC asks for a cryptogram and returns which the card gave; what it gave replaces what it gave before. For the
// second one, Terminal must hold the response code (8A).
func (r *Reader) GenerateAC(asked emv.CryptogramType) (emv.CID, error) {
	response, err := r.generateAC(asked, 0)
	if err != nil {
		return 0, err
	}
	if tag, v, _, err := emv.Next(response); err != nil || tag != 0x77 || v.TLV().Validate(nil) != nil {
		return 0, ErrResponse
	}
	return r.outcome(response)
}

// GenerateCombinedAC is GenerateAC with a signature over the answer, CDA. It needs Authenticate first. A card that
// declines does not sign.
func (r *Reader) GenerateCombinedAC(asked emv.CryptogramType) (emv.CID, error) {
	before := bytes.Clone(r.sent)
	response, err := r.generateAC(asked, acCombined)
	if err != nil {
		return 0, err
	}
	inside, _ := emv.TLV(response).Get(0x77)
	sdad, signed := inside.TLV().Get(0x9F4B)
	if !signed {
		return r.outcome(response)
	}
	cid, _ := inside.TLV().Get(0x9F27)
	number, _ := r.Value(0x9F37)
	if len(cid) != 1 || len(number) != 4 {
		return 0, ErrResponse
	}
	result, err := oda.VerifyCDA(r.cardKey.PublicKey, oda.CDA{
		SDAD: sdad, Number: [4]byte(number), CID: emv.CID(cid[0]),
		Transaction: oda.AppendCDATransaction(nil, before, r.sent[len(before):], nil, inside.TLV()),
	})
	if err != nil {
		return 0, err
	}
	return r.outcome(emv.AppendTLV(nil, 0x77, emv.AppendTLV(bytes.Clone(inside), 0x9F26, result.Cryptogram[:])))
}

func (r *Reader) generateAC(asked emv.CryptogramType, flags byte) ([]byte, error) {
	tag := emv.Tag(0x8C)
	if _, second := r.card.Get(0x9F26); second {
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

// outcome puts the objects of an answer before those the card gave earlier.
func (r *Reader) outcome(response emv.TLV) (emv.CID, error) {
	before := r.card
	r.card = nil
	err := r.keep(response)
	cid, _ := r.card.Get(0x9F27)
	r.card = append(r.card, before...)
	if err != nil {
		return 0, err
	}
	if len(cid) != 1 {
		return 0, ErrResponse
	}
	return emv.CID(cid[0]), nil
}

// ExternalAuthenticate gives the card the issuer's answer, tag 91. A *StatusError with 6300: the issuer did not send it.
func (r *Reader) ExternalAuthenticate(response []byte) error {
	_, err := r.command(0x00, 0x82, 0, 0, response)
	return err
}
