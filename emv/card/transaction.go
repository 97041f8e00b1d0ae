package card

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"io"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/emv/oda"
)

// transaction is what the card remembers between the commands of one.
type transaction struct {
	started bool
	given   int                // cryptograms given
	atOnce  bool               // with the processing options: there is no second one
	first   emv.CryptogramType // of the first
	data    emv.TLV            // under the first cryptogram, with it
	sent    []byte             // PDOL and CDOL data so far, for combined signatures
	checked bool               // the issuer's answer was verified
	refused bool               // or found wrong, or it declines

	pinVerified, pinWrong bool // a PIN was verified; the last one was wrong
	issuerWrong           bool // the issuer's answer was

	script        *cryptogram.Script // of the issuer's commands, once there is one
	scriptRefused bool               // one of them was wrong: no more are taken
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
	case c.applicationBlocked && len(c.pdol) > 0: // a tap has no other way to say so
		return nil, statusInvalidApplication
	}
	c.counter++
	c.left = transaction{}
	delete(c.records, fastFile)
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

func (c *Card) sequence() []byte {
	return []byte{c.config.Sequence[0]<<4 | c.config.Sequence[1]&0x0F}
}

// appendOutcome appends what every answer with a cryptogram has beside it.
func (c *Card) appendOutcome(dst []byte, kind emv.CryptogramType) []byte {
	dst = emv.AppendTLV(dst, 0x9F27, []byte{byte(c.cid(kind))})
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
		list = c.cdol2
	}
	objects, err := list.Split(a.data)
	switch {
	case a.p1&^(acType|acCombined) != 0 || asked == emv.AAR:
		return nil, statusWrongP1P2
	case !c.deal.started || c.deal.atOnce || c.deal.given > 1 || c.deal.given == 1 && c.deal.first != emv.ARQC:
		return nil, statusConditions
	case err != nil:
		return nil, statusWrongLength
	}
	var data emv.TLV
	for t, v := range objects {
		data = emv.AppendTLV(data, t, v)
	}
	c.deal.sent = append(c.deal.sent, a.data...)
	if c.deal.given == 1 && c.config.AuthenticateInAC {
		c.takeAnswer(data)
	}
	kind := c.decide(asked, data)
	ac, err := c.cryptogram(kind, data)
	if err != nil {
		return nil, statusInternal
	}
	if a.p1&acCombined != 0 && c.signs() && kind != emv.AAC {
		return c.combined(kind, ac, data)
	}
	return emv.AppendTemplate(nil, 0x77, func(dst []byte) []byte {
		return emv.AppendTLV(c.appendOutcome(dst, kind), 0x9F26, ac[:])
	}), statusOK
}

// decide returns the cryptogram the card gives: what its risk management says, never more than the terminal asked for, no
// approval offline when the issuer wants to be asked, none after an answer that is wrong or declines, and nothing but an
// AAC once the application or the card is blocked.
func (c *Card) decide(asked emv.CryptogramType, data emv.TLV) emv.CryptogramType {
	first := c.deal.given == 0
	kind := asked
	if c.config.Decide != nil {
		kind = c.config.Decide(asked, first, data)
	}
	if first && kind == emv.TC && asked == emv.TC && c.goOnline {
		kind = emv.ARQC
	}
	more := kind == emv.TC && asked != emv.TC || kind == emv.ARQC && (asked == emv.AAC || !first) || kind > emv.ARQC
	if more || !first && c.deal.refused || c.applicationBlocked || c.cardBlocked {
		return emv.AAC
	}
	return kind
}

// cryptogram computes the next cryptogram of the transaction and writes into the CVR which it is, and what happened.
func (c *Card) cryptogram(kind emv.CryptogramType, data emv.TLV) (ac [8]byte, err error) {
	const notAsked = 2 << 6 // the second cryptogram, so far
	outcome := notAsked | byte(kind)<<4
	if c.deal.given == 1 {
		outcome = byte(kind)<<6 | byte(c.deal.first)<<4
	}
	octet := &c.config.IAD[c.cvr]
	*octet = *octet&0x0F | outcome
	c.tellResults()
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
	deal := c.waiting()
	switch {
	case deal == nil || deal.checked || deal.refused || c.config.AuthenticateInAC && deal == &c.deal:
		return nil, statusConditions
	case len(a.data) < 8 || len(a.data) > 16:
		deal.refused, deal.issuerWrong = true, true // as any answer that is not the issuer's
		return nil, statusWrongLength
	case !c.check(deal, a.data):
		return nil, statusAuthenticate
	}
	return nil, statusOK
}

// waiting returns the transaction whose issuer may answer now: the one under way after an ARQC or, of a tapped card that
// comes back, the one before. nil when there is none.
func (c *Card) waiting() *transaction {
	switch {
	case c.deal.given == 1 && c.deal.first == emv.ARQC:
		return &c.deal
	case !c.deal.started && c.left.started:
		return &c.left
	}
	return nil
}

// check verifies the issuer's answer to a transaction, remembers how that went, and does what the answer says.
func (c *Card) check(deal *transaction, response []byte) bool {
	answer, err := c.profile.VerifyResponse(c.key, deal.data, response)
	if err != nil {
		deal.refused, deal.issuerWrong = true, true
		return false
	}
	deal.checked, c.lastOnline, c.goOnline = true, c.counter, false
	if c.profile.Response == cryptogram.Response2 {
		deal.refused = !answer.CSU.Has(emv.CSUApproved)
		c.update(answer.CSU)
	}
	return true
}

// update does what a card status update says beside the issuer's decision. Counters of offline transactions the card has
// none. EMV Book 3 Annex C10.
func (c *Card) update(u emv.CSU) {
	if u.Has(emv.CSUUpdatePINTries) {
		c.tries = u.PINTries()
	}
	c.applicationBlocked = c.applicationBlocked || u.Has(emv.CSUApplicationBlock)
	c.cardBlocked = c.cardBlocked || u.Has(emv.CSUCardBlock)
	c.goOnline = u.Has(emv.CSUGoOnlineNext)
}

// takeAnswer verifies the issuer's answer that came with the second GENERATE AC; zeros stand for none.
func (c *Card) takeAnswer(data emv.TLV) {
	answer, _ := data.Get(0x91)
	if bytes.Count(answer, []byte{0}) < len(answer) {
		c.check(&c.deal, answer)
	}
}

// internalAuthenticate signs the data of the terminal's DDOL: DDA.
func (c *Card) internalAuthenticate(a apdu) ([]byte, status) {
	switch {
	case !c.signs() || !c.deal.started:
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
	case c.pin == "" || !c.deal.started:
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
	c.deal.pinVerified, c.deal.pinWrong = true, false
	want := pinBlock(c.pin)
	if subtle.ConstantTimeCompare(block[:], want[:]) != 1 {
		c.deal.pinWrong = true
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
