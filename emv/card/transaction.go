package card

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"io"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/oda"
)

// transaction is what the card remembers between the commands of one.
type transaction struct {
	started bool
	given   int                // cryptograms given
	first   emv.CryptogramType // of the first
	data    emv.TLV            // under the first cryptogram, with it
	sent    []byte             // PDOL and CDOL data so far, for combined signatures
	checked bool               // the issuer's answer was verified
	refused bool               // or found wrong
}

// processingOptions answers GET PROCESSING OPTIONS: a transaction begins. Contactless cards of some schemes answer with
// the cryptogram at once.
func (c *Card) processingOptions(a apdu) ([]byte, status) {
	tag, sent, rest, err := emv.Next(a.data)
	if err != nil || tag != 0x83 || len(rest) > 0 {
		return nil, statusWrongData
	}
	objects, err := c.pdol.Split(sent)
	switch {
	case err != nil:
		return nil, statusWrongLength
	case c.deal.started || c.counter == 0xFFFF:
		return nil, statusConditions
	}
	c.counter++
	c.deal = transaction{started: true, sent: bytes.Clone(sent)}
	if len(c.pdol) == 0 {
		response := append(bytes.Clone(c.aip[:]), c.afl...)
		return emv.AppendTLV(nil, 0x80, response), statusOK
	}
	var data []byte
	for t, v := range objects {
		data = emv.AppendTLV(data, t, v)
	}
	return c.answerAtOnce(data)
}

// answerAtOnce gives the cryptogram with the processing options, as cards of Visa and UnionPay do (VCPS, qPBOC).
func (c *Card) answerAtOnce(data emv.TLV) ([]byte, status) {
	kind := c.decide(emv.ARQC, data)
	ac, err := c.cryptogram(kind, data)
	track2, ok := emv.TLV(c.records[holderFile][0]).Lookup(0x57)
	if err != nil || !ok {
		return nil, statusInternal
	}
	return emv.AppendTemplate(nil, 0x77, func(dst []byte) []byte {
		dst = emv.AppendTLV(dst, 0x82, c.aip[:])
		dst = emv.AppendTLV(dst, 0x94, c.afl)
		dst = emv.AppendTLV(dst, 0x57, track2)
		dst = emv.AppendTLV(dst, 0x5F34, c.sequence())
		dst = c.appendOutcome(dst, kind)
		return emv.AppendTLV(dst, 0x9F26, ac[:])
	}), statusOK
}

func (c *Card) sequence() []byte {
	return []byte{c.config.Sequence[0]<<4 | c.config.Sequence[1]&0x0F}
}

// appendOutcome appends what every answer with a cryptogram has beside it.
func (c *Card) appendOutcome(dst []byte, kind emv.CryptogramType) []byte {
	dst = emv.AppendTLV(dst, 0x9F27, []byte{byte(kind) << 6})
	dst = emv.AppendTLV(dst, 0x9F36, binary.BigEndian.AppendUint16(nil, c.counter))
	return emv.AppendTLV(dst, 0x9F10, c.config.IAD)
}

// The bits of P1 of GENERATE AC.
const (
	acType     = 0xC0
	acCombined = 0x10 // signed, CDA
)

// generateAC answers the first and the second GENERATE AC. EMV Book 3 6.5.5.
func (c *Card) generateAC(a apdu) ([]byte, status) {
	asked := emv.CryptogramType(a.p1 >> 6)
	list := cdol1
	if c.deal.given == 1 {
		list = cdol2
	}
	objects, err := list.Split(a.data)
	switch {
	case a.p1&^(acType|acCombined) != 0 || asked == emv.AAR:
		return nil, statusWrongP1P2
	case !c.deal.started || c.deal.given > 1 || c.deal.given == 1 && c.deal.first != emv.ARQC:
		return nil, statusConditions
	case err != nil:
		return nil, statusWrongLength
	}
	var data emv.TLV
	for t, v := range objects {
		data = emv.AppendTLV(data, t, v)
	}
	c.deal.sent = append(c.deal.sent, a.data...)
	kind := c.decide(asked, data)
	ac, err := c.cryptogram(kind, data)
	if err != nil {
		return nil, statusInternal
	}
	if a.p1&acCombined != 0 && c.config.PKI != nil && kind != emv.AAC {
		return c.combined(kind, ac, data)
	}
	return emv.AppendTemplate(nil, 0x77, func(dst []byte) []byte {
		return emv.AppendTLV(c.appendOutcome(dst, kind), 0x9F26, ac[:])
	}), statusOK
}

// decide returns the cryptogram the card gives: what its risk management says, never more than the terminal asked for,
// and no approval after a wrong answer of the issuer.
func (c *Card) decide(asked emv.CryptogramType, data emv.TLV) emv.CryptogramType {
	first := c.deal.given == 0
	kind := asked
	if c.config.Decide != nil {
		kind = c.config.Decide(asked, first, data)
	}
	more := kind == emv.TC && asked != emv.TC || kind == emv.ARQC && (asked == emv.AAC || !first) || kind > emv.ARQC
	if more || !first && c.deal.refused {
		return emv.AAC
	}
	return kind
}

// cryptogram computes the next cryptogram of the transaction and writes into the CVR which it is.
func (c *Card) cryptogram(kind emv.CryptogramType, data emv.TLV) (ac [8]byte, err error) {
	const notAsked = 2 << 6 // the second cryptogram, so far
	outcome := notAsked | byte(kind)<<4
	if c.deal.given == 1 {
		outcome = byte(kind)<<6 | byte(c.deal.first)<<4
	}
	octet := &c.config.IAD[c.cvr]
	*octet = *octet&0x0F | outcome
	data = emv.AppendTLV(data, 0x82, c.aip[:])
	data = emv.AppendTLV(data, 0x9F36, binary.BigEndian.AppendUint16(nil, c.counter))
	data = emv.AppendTLV(data, 0x9F10, c.config.IAD)
	if ac, err = c.profile.Generate(c.key, data); err != nil {
		return ac, err
	}
	if c.deal.given == 0 {
		c.deal.first = kind
		c.deal.data = emv.AppendTLV(data, 0x9F26, ac[:])
	}
	c.deal.given++
	return ac, nil
}

// combined signs the answer: CDA. The cryptogram is inside the signature only.
func (c *Card) combined(kind emv.CryptogramType, ac [8]byte, data emv.TLV) ([]byte, status) {
	number, _ := data.Get(0x9F37)
	idn := make([]byte, 8)
	if _, err := io.ReadFull(c.config.Random, idn); err != nil {
		return nil, statusInternal
	}
	outcome := c.appendOutcome(nil, kind)
	sdad, err := oda.SignCDA(c.pair, idn, ac, oda.CDA{
		Number: [4]byte(number), CID: emv.CID(kind) << 6, Transaction: append(bytes.Clone(c.deal.sent), outcome...),
	})
	if err != nil {
		return nil, statusInternal
	}
	return emv.AppendTLV(nil, 0x77, emv.AppendTLV(outcome, 0x9F4B, sdad)), statusOK
}

// externalAuthenticate checks the issuer's answer, tag 91, once and between both cryptograms.
func (c *Card) externalAuthenticate(a apdu) ([]byte, status) {
	if c.deal.given != 1 || c.deal.first != emv.ARQC || c.deal.checked || c.deal.refused {
		return nil, statusConditions
	}
	if len(a.data) < 8 || len(a.data) > 16 {
		return nil, statusWrongLength
	}
	if _, err := c.profile.VerifyResponse(c.key, c.deal.data, a.data); err != nil {
		c.deal.refused = true
		return nil, statusAuthenticate
	}
	c.deal.checked = true
	return nil, statusOK
}

// internalAuthenticate signs the data of the terminal's DDOL: DDA.
func (c *Card) internalAuthenticate(a apdu) ([]byte, status) {
	switch {
	case c.config.PKI == nil || !c.deal.started:
		return nil, statusConditions
	case len(a.data) != 4:
		return nil, statusWrongLength
	}
	idn := make([]byte, 8)
	if _, err := io.ReadFull(c.config.Random, idn); err != nil {
		return nil, statusInternal
	}
	sdad, err := oda.SignDynamic(c.pair, idn, a.data)
	if err != nil {
		return nil, statusInternal
	}
	return emv.AppendTLV(nil, 0x77, emv.AppendTLV(nil, 0x9F4B, sdad)), statusOK
}

func (c *Card) getChallenge() ([]byte, status) {
	if _, err := io.ReadFull(c.config.Random, c.challenge[:]); err != nil {
		return nil, statusInternal
	}
	c.asked = true
	return c.challenge[:], statusOK
}

// verifyPIN answers VERIFY with a plain (80) or an enciphered (88) PIN. EMV Book 3 6.5.12.
func (c *Card) verifyPIN(a apdu) ([]byte, status) {
	switch {
	case c.config.PIN == "" || !c.deal.started:
		return nil, statusConditions
	case c.tries == 0:
		return nil, statusBlocked
	}
	var block [8]byte
	switch {
	case a.p2 == 0x80 && len(a.data) == len(block):
		block = [8]byte(a.data)
	case a.p2 == 0x88 && c.asked:
		c.asked = false
		block, _ = c.pair.DecipherPIN(a.data, c.challenge) // what does not decipher is a wrong PIN
	case a.p2 == 0x80:
		return nil, statusWrongLength
	case a.p2 == 0x88:
		return nil, statusConditions
	default:
		return nil, statusWrongP1P2
	}
	want := pinBlock(c.config.PIN)
	if subtle.ConstantTimeCompare(block[:], want[:]) != 1 {
		c.tries--
		return nil, statusWrongPIN | status(c.tries)
	}
	c.tries = pinTries
	return nil, statusOK
}

// pinBlock writes a PIN as a block of ISO 9564-1 format 2.
func pinBlock(pin string) [8]byte {
	block := [8]byte{0x20 | byte(len(pin)), 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
	for i := range len(pin) {
		shift := 4 * (1 - i%2)
		block[1+i/2] = block[1+i/2]&^(0xF<<shift) | (pin[i]-'0')<<shift
	}
	return block
}
