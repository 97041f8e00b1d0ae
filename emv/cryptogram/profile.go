package cryptogram

import (
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
)

// Session is how session keys for cryptograms come from a card's key. The zero value is none and is refused.
type Session uint8

// The derivations of session keys.
const (
	SessionDirect   Session = iota + 1 // no session key: the card's own
	SessionCommon                      // EMV common session key of the counter
	SessionMChip                       // of the counter and the unpredictable number
	SessionTree                        // EMV2000 tree, branch 4, height 8
	SessionUnionPay                    // PBOC 3.0
)

// Contents is what a cryptogram is computed over.
type Contents uint8

// The contents. All but ContentsCVN17 begin with amount (9F02), other amount (9F03), country (9F1A), TVR (95), currency
// (5F2A), date (9A), type (9C), unpredictable number (9F37), AIP (82) and counter (9F36).
const (
	ContentsCVR           Contents = iota + 1 // then the CVR with its length octet, as Visa's layouts have it
	ContentsIAD                               // then the whole issuer application data
	ContentsMChip                             // then the six octets of M/Chip's CVR
	ContentsMChipCounters                     // then those and the eight octets of counters
	ContentsCVN17                             // amount, unpredictable number, counter, fifth octet of the issuer application data
)

// ResponseMethod is how the issuer's answer is authenticated.
type ResponseMethod uint8

// The methods of EMV Book 2 8.2, and whose key M/Chip 10 to 13 and Visa use for it.
const (
	NoResponse    ResponseMethod = iota
	Response1                    // ARPC of 8 bytes, response code of 2
	Response1Card                // the same under the card's key in place of the session key
	Response2                    // ARPC of 4 bytes, card status update of 4, up to 8 of the issuer's
)

// Profile is how one family of cards computes and checks cryptograms. The functions below return those of the payment
// systems; change a field where an issuer does otherwise, for example the Derivation. The zero Profile is none.
type Profile struct {
	Name       string           // "Visa CVN 18"
	Algorithm  crypto.Algorithm // of all keys
	Derivation Derivation
	Session    Session
	Contents   Contents
	Padding    crypto.MACPadding // of the cryptogram; not used with AES
	Response   ResponseMethod
	Script     ScriptRules
}

// visaScript is secure messaging of VIS for cards without common session keys.
var visaScript = ScriptRules{ScriptVisa, ScriptOverCryptogram, EncryptVisa, PINBlockVIS}

// VisaCVN10 returns the profile of Visa cryptogram version 10 (0A).
func VisaCVN10() Profile {
	return Profile{"Visa CVN 10", crypto.TDES, OptionA, SessionDirect, ContentsCVR, crypto.Padding1, Response1, visaScript}
}

// VisaCVN17 returns the profile of Visa cryptogram version 17 (11), which contactless cards use. Its contents are those
// of VCPS as far as they are known publicly: no published example confirms them.
func VisaCVN17() Profile {
	return Profile{"Visa CVN 17", crypto.TDES, OptionA, SessionDirect, ContentsCVN17, crypto.Padding1, Response1, visaScript}
}

// VisaCVN18 returns the profile of Visa cryptogram version 18 (12). Some systems derive its card keys by option A; for
// PANs of up to 16 digits that is the same.
func VisaCVN18() Profile {
	return Profile{"Visa CVN 18", crypto.TDES, OptionB, SessionCommon, ContentsIAD, crypto.Padding2, Response2, visaScript}
}

// VisaCVN22 returns the profile of Visa cryptogram version hexadecimal 22: that of 18 with issuer application data of
// format 2 and common session keys for scripts.
func VisaCVN22() Profile {
	p := VisaCVN18()
	p.Name = "Visa CVN 22"
	p.Script = ScriptRules{ScriptCommon, ScriptOverCryptogram, EncryptVisa, PINBlockISO2}
	return p
}

// mChipScript is secure messaging of M/Chip: each further command counts the cryptogram up.
var mChipScript = ScriptRules{ScriptCommonCounting, ScriptOverCryptogram, EncryptMChip, PINBlockISO2}

// MChip returns the profile of an M/Chip cryptogram version, hexadecimal 10 to 15: bits 3 and 2 tell the session key
// (00 M/Chip's own, 01 the EMV2000 tree, 10 EMV common), bit 1 whether the counters are under the cryptogram. Other
// versions are ErrNoProfile. No published example confirms the tree of versions 12 and 13.
func MChip(version byte) (Profile, error) {
	if version < 0x10 || version > 0x15 {
		return Profile{}, ErrNoProfile
	}
	p := Profile{"M/Chip CVN 1" + "012345"[version&7:][:1], crypto.TDES, OptionA, SessionMChip, ContentsMChip,
		crypto.Padding2, Response1Card, mChipScript}
	switch version >> 1 & 3 {
	case 1:
		p.Session = SessionTree
	case 2:
		p.Session, p.Response = SessionCommon, Response1
	}
	if version&1 == 1 {
		p.Contents = ContentsMChipCounters
	}
	return p, nil
}

// CCD returns the profile of the EMV common core definitions with Triple DES, cryptogram version 5.
func CCD() Profile {
	return Profile{"CCD", crypto.TDES, OptionA, SessionCommon, ContentsIAD, crypto.Padding2, Response2,
		ScriptRules{ScriptCommon, ScriptOverCryptogram, EncryptEMV, PINBlockISO2}}
}

// CCDAES returns the profile of the EMV common core definitions with AES, cryptogram version 6.
func CCDAES() Profile {
	p := CCD()
	p.Name, p.Algorithm, p.Derivation, p.Padding = "CCD AES", crypto.AES, OptionC, 0
	return p
}

// Interac133 returns the profile of Interac cryptogram version 133 (85).
func Interac133() Profile {
	return Profile{"Interac CVN 133", crypto.TDES, OptionA, SessionMChip, ContentsIAD, crypto.Padding2, Response1,
		ScriptRules{ScriptCommon, ScriptOverCommand, EncryptMChip, PINBlockISO2}}
}

// Amex01 returns the profile of American Express cryptogram version 1. No published example confirms its padding.
func Amex01() Profile {
	return Profile{"American Express CVN 01", crypto.TDES, OptionA, SessionDirect, ContentsCVR, crypto.Padding2, Response1,
		visaScript}
}

// UnionPay returns the profile of UnionPay and PBOC 3.0 cards with Triple DES, cryptogram version 01.
func UnionPay() Profile {
	return Profile{"UnionPay", crypto.TDES, OptionA, SessionUnionPay, ContentsCVR, crypto.Padding2, Response1,
		ScriptRules{ScriptUnionPay, ScriptOverCryptogram, EncryptVisa, PINBlockVIS}}
}

// UnionPaySM4 returns the profile of UnionPay and PBOC 3.0 cards with SM4, cryptogram version 01. That scripts follow the
// rules of Triple DES with longer blocks is not confirmed by any published example.
func UnionPaySM4() Profile {
	p := UnionPay()
	p.Name, p.Algorithm = "UnionPay SM4", crypto.SM4
	return p
}

// UnionPayCVN17 returns the profile of UnionPay cards that were tapped and give cryptogram version 17 (hexadecimal), with
// Triple DES. It is not confirmed: cards in use say that they have this version, but neither its contents, taken from the
// like-named version of Visa, nor its padding stands in a public document or example.
func UnionPayCVN17() Profile {
	p := UnionPay()
	p.Name, p.Contents = "UnionPay CVN 17 (not confirmed)", ContentsCVN17
	return p
}

// UnionPayCVN17SM4 is UnionPayCVN17 with SM4, not confirmed either.
func UnionPayCVN17SM4() Profile {
	p := UnionPayCVN17()
	p.Name, p.Algorithm = "UnionPay CVN 17 SM4 (not confirmed)", crypto.SM4
	return p
}

// ProfileFor returns the profile of a card from the RID of its application and its issuer application data (9F10). The
// zero RID leaves it to the shape of the data, as emv.ParseIAD does. ErrNoProfile: a scheme, a layout or a version that
// nothing here knows; an *emv.ValueError: no issuer application data at all.
func ProfileFor(rid emv.RID, iad []byte) (Profile, error) {
	d, err := emv.ParseIAD(rid, iad)
	if err != nil {
		return Profile{}, err
	}
	switch d.Format {
	case emv.IADVisa, emv.IADVisa2:
		return visaFor(d.Format, d.CVN)
	case emv.IADMChip4, emv.IADMChipAdvance:
		return MChip(d.CVN)
	case emv.IADCCD:
		return ccdFor(d.CVN)
	case emv.IADInterac:
		return Interac133(), nil // the layout is that of 133 alone
	case emv.IADAmex:
		if d.CVN == 1 {
			return Amex01(), nil
		}
	case emv.IADUnionPay:
		return unionPayFor(d.CVN, d.Algorithm)
	case emv.IADUnknown:
		if rid == emv.RIDMastercard && len(iad) >= mChipCountersEnd { // layouts with more behind the counters
			return MChip(iad[1])
		}
	}
	return Profile{}, ErrNoProfile
}

func visaFor(f emv.IADFormat, version byte) (Profile, error) {
	switch {
	case f == emv.IADVisa2 && version == 0x22:
		return VisaCVN22(), nil
	case f == emv.IADVisa2:
	case version == 0x0A:
		return VisaCVN10(), nil
	case version == 0x11:
		return VisaCVN17(), nil
	case version == 0x12:
		return VisaCVN18(), nil
	}
	return Profile{}, ErrNoProfile
}

// ccdFor looks at the cryptogram version in the low half of the common core identifier.
func ccdFor(identifier byte) (Profile, error) {
	switch identifier & 0xF {
	case 5:
		return CCD(), nil
	case 6:
		return CCDAES(), nil
	}
	return Profile{}, ErrNoProfile
}

// unionPayFor knows the versions of which something is known: others compute over other data.
func unionPayFor(version, algorithm byte) (Profile, error) {
	const tripleDES, sm4 = 1, 4
	switch {
	case version == 0x01 && algorithm == tripleDES:
		return UnionPay(), nil
	case version == 0x01 && algorithm == sm4:
		return UnionPaySM4(), nil
	case version == 0x17 && algorithm == tripleDES:
		return UnionPayCVN17(), nil
	case version == 0x17 && algorithm == sm4:
		return UnionPayCVN17SM4(), nil
	}
	return Profile{}, ErrNoProfile
}
