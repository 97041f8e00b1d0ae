package simulator

import (
	"encoding/hex"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/examples/payshield"
)

// cryptogram is KQ, modes 0 to 2, for cards without session keys (scheme 0) and with M/Chip's (scheme 1).
func (j *job) cryptogram() error {
	mode, scheme := j.letter(), j.letter()
	switch {
	case mode == '3' || mode == '4':
		return fault("68")
	case mode < '0' || mode > '4':
		return fault("04")
	case scheme != '0' && scheme != '1':
		return fault("05")
	}
	imk, err := j.issuerKey()
	if err != nil {
		return err
	}
	card := hex.EncodeToString(j.r.Raw(8))
	counter, un := j.r.Raw(2), j.r.Raw(4)
	var data []byte
	if mode != '2' {
		data = j.r.Raw(j.r.HexNumber(2))
		if j.letter() != ';' {
			return fault("15")
		}
	}
	ac := j.r.Raw(8)
	var arc []byte
	if mode != '0' {
		arc = j.r.Raw(2)
	}
	if err := j.end(); err != nil {
		return err
	}
	if mode != '2' && (len(data) == 0 || len(data)%8 != 0) {
		return fault("80")
	}
	k, err := cryptogram.DeriveCardKey(imk, cryptogram.Card{PAN: crypto.Hide(card[:14]), Sequence: card[14:]}, cryptogram.OptionA)
	if err != nil {
		return fault("15")
	}
	defer k.Destroy()
	return j.answerCryptogram(k, mode, scheme, [8]byte(ac), append(append(append([]byte(nil), counter...), 0, 0), un...), data, arc)
}

// issuerKey reads an issuer's master key for cryptograms.
func (j *job) issuerKey() (crypto.IMK, error) {
	k, err := j.key(payshield.MKAC, false)
	if err != nil {
		return crypto.IMK{}, err
	}
	if len(k.bytes) != 16 {
		return crypto.IMK{}, fault("27")
	}
	key, err := j.usable(k, crypto.UsageEMVCryptogram, crypto.ModeNoRestriction)
	if err != nil {
		return crypto.IMK{}, err
	}
	return crypto.NewIMK(key)
}

// answerCryptogram verifies a cryptogram over data, which are padded, and computes the issuer's, each as the mode says. The
// issuer's is under the card's own key, as M/Chip has it.
func (j *job) answerCryptogram(k cryptogram.CardKey, mode, scheme byte, ac [8]byte, diversification, data, arc []byte) error {
	own, err := cryptogram.DirectKey(k)
	if err != nil {
		return err
	}
	defer own.Key().Destroy()
	session := own
	if scheme == '1' {
		if session, err = cryptogram.CommonSessionKey(k, diversification); err != nil {
			return err
		}
		defer session.Key().Destroy()
	}
	if mode != '2' {
		if err := cryptogram.VerifyMAC(session, crypto.Padding1, data, ac[:]); err != nil {
			return err
		}
	}
	if mode == '0' {
		return nil
	}
	arpc, err := cryptogram.ARPC1(own, ac, emv.ARC(arc))
	if err != nil {
		return err
	}
	j.w.Raw(arpc[:])
	return nil
}
