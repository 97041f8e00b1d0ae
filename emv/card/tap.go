package card

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/oda"
)

// answerAtOnce gives the cryptogram with the processing options, as tapped cards of Visa and UnionPay do (VCPS, qPBOC): by
// the terminal's qualifiers an ARQC, or a TC, with a fast signature where the terminal checks it. A terminal that does not
// tap in EMV mode is refused.
func (c *Card) answerAtOnce(data emv.TLV) ([]byte, status) {
	v, _ := data.Get(0x9F66)
	ttq, err := emv.ParseTTQ(v)
	if err != nil || !ttq.Has(emv.TTQEMVMode) {
		return nil, statusConditions
	}
	kind := c.decideTap(ttq, data)
	ac, err := c.cryptogram(kind, data)
	if err != nil {
		return nil, statusInternal
	}
	c.deal.atOnce = true
	ctq, afl, signature := c.qualify(ttq, kind), bytes.Clone(c.afl), []byte(nil)
	if c.signs() && wantsSignature(ttq, kind) {
		if signature, err = c.signFast(ctq, data); err != nil {
			return nil, statusInternal
		}
		afl = append(afl, fastFile<<3, 1, 1, 0)
	}
	track2, ok := emv.TLV(c.records[holderFile][0]).Lookup(0x57)
	if !ok {
		return nil, statusInternal
	}
	return emv.AppendTemplate(nil, 0x77, func(dst []byte) []byte {
		dst = emv.AppendTLV(dst, 0x82, c.aip[:])
		dst = emv.AppendTLV(dst, 0x94, afl)
		dst = emv.AppendTLV(dst, 0x57, track2)
		dst = emv.AppendTLV(dst, 0x5F34, c.sequence())
		dst = c.appendOutcome(dst, kind)
		dst = emv.AppendTLV(dst, 0x9F26, ac[:])
		dst = emv.AppendTLV(dst, 0x9F6C, ctq[:])
		if signature != nil {
			dst = emv.AppendTLV(dst, 0x9F4B, signature)
		}
		return dst
	}), statusOK
}

// wantsSignature reports whether the terminal checks a fast signature: of an approval by the card always, of a request for
// the issuer when it says so.
func wantsSignature(ttq emv.TTQ, kind emv.CryptogramType) bool {
	return ttq.Has(emv.TTQfDDA) && (kind == emv.TC || kind == emv.ARQC && ttq.Has(emv.TTQODAForOnline))
}

// decideTap returns the cryptogram for a tap: a TC where the terminal lets the card approve, the holder can be verified
// without the issuer, and the card's own risk management approves.
func (c *Card) decideTap(ttq emv.TTQ, data emv.TLV) emv.CryptogramType {
	asked := emv.TC
	if ttq.Has(emv.TTQOnlineCryptogramRequired) || ttq.Has(emv.TTQCVMRequired) && !c.verifiesOffline(ttq) {
		asked = emv.ARQC
	}
	if c.config.Decide != nil {
		return c.decide(asked, data)
	}
	v, _ := data.Get(0x9F02)
	amount, err := emv.ParseN(v)
	switch {
	case asked == emv.TC && err == nil && c.config.OfflineLimit > 0 && amount <= c.config.OfflineLimit && !c.goOnline:
		return c.decide(emv.TC, data)
	case ttq.Has(emv.TTQOfflineOnly):
		return emv.AAC
	}
	return c.decide(emv.ARQC, data)
}

// verifiesOffline reports whether the holder can be verified without the issuer.
func (c *Card) verifiesOffline(ttq emv.TTQ) bool {
	return c.verifiesByDevice(ttq) || ttq.Has(emv.TTQSignature)
}

func (c *Card) verifiesByDevice(ttq emv.TTQ) bool {
	return c.config.DeviceCVM && ttq.Has(emv.TTQConsumerDeviceCVM)
}

// qualify returns the card transaction qualifiers: what the card has set, how its holder was verified, and how it is to be
// when the terminal requires that.
func (c *Card) qualify(ttq emv.TTQ, kind emv.CryptogramType) emv.CTQ {
	ctq := c.config.CTQ
	ctq.Set(emv.CTQIssuerUpdate)
	switch {
	case c.verifiesByDevice(ttq):
		ctq.Set(emv.CTQConsumerDeviceCVMDone)
	case !ttq.Has(emv.TTQCVMRequired):
	case ttq.Has(emv.TTQOnlinePIN) && kind == emv.ARQC:
		ctq.Set(emv.CTQOnlinePIN)
	case ttq.Has(emv.TTQSignature):
		ctq.Set(emv.CTQSignature)
	}
	return ctq
}

// signFast makes the signature of fast DDA and the record with what the card brought to it.
func (c *Card) signFast(ctq emv.CTQ, data emv.TLV) ([]byte, error) {
	own := [7]byte{0: 1, 5: ctq[0], 6: ctq[1]} // version, unpredictable number, qualifiers
	if _, err := io.ReadFull(c.config.Random, own[1:5]); err != nil {
		return nil, err
	}
	object := emv.AppendTLV(nil, 0x9F69, own[:])
	signed, err := oda.AppendFDDAData(nil, append(bytes.Clone(data), object...))
	if err != nil {
		return nil, err
	}
	c.records[fastFile] = [][]byte{template(object)}
	return oda.SignDynamic(c.pair, binary.BigEndian.AppendUint16(nil, c.counter), signed)
}
