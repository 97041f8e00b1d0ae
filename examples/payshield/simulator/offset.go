package simulator

import (
	"strings"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/pinblock"
)

// natural is what natural PINs are computed of (IBM 3624).
type natural struct {
	pvk   clearKey
	check int // digits
	acct  string
	table string
	valid string // validation data: twelve characters
}

// natural reads the check length, the account number, the decimalisation table and the validation data.
func (j *job) natural(pvk clearKey) natural {
	return natural{pvk: pvk, check: j.r.Decimal(2), acct: j.r.Digits(accountDigits), table: j.r.Digits(16), valid: j.r.Text(12)}
}

// method gives the library a key with the table, and what stands for the PAN: the validation data, in which the last five
// digits of the account number stand for N. What is alike at the end is the pad.
func (j *job) method(n natural) (key crypto.PVK, data pinblock.OffsetData, err error) {
	before, after, found := strings.Cut(n.valid, "N")
	if !found {
		return key, data, fault("15")
	}
	text := before + n.acct[accountDigits-5:] + after
	last := text[len(text)-1:]
	m := pinblock.OffsetMethod{Table: n.table, Pad: last[0]}
	text = text[:1] + strings.TrimRight(text[1:], last)
	k, err := j.usable(n.pvk, crypto.UsagePVK3624, crypto.ModeNoRestriction, m.Bind)
	if err != nil {
		return key, data, err
	}
	key, err = crypto.NewPVK(k)
	return key, pinblock.OffsetData{PAN: crypto.Hide(text)}, err
}

// offset reads an offset of as many digits as are checked, filled up with F.
func (j *job) offset(digits int) (string, error) {
	text := j.r.Text(longestPIN)
	if !j.r.Valid() || digits < 4 || digits > longestPIN {
		return "", fault("15")
	}
	if strings.Trim(text[:digits], "0123456789") != "" || strings.Trim(text[digits:], "F") != "" {
		return "", fault("15")
	}
	return text[:digits], nil
}

// pvkOffset reads a PIN verification key for offsets, of any length.
func (j *job) pvkOffset(pair bool) (clearKey, error) { return j.key(payshield.PVK, pair) }

// verifyOffset is DA and EA.
func (j *job) verifyOffset(kind payshield.KeyType) error {
	key, err := j.pinKey(kind)
	if err != nil {
		return err
	}
	pvk, err := j.pvkOffset(false)
	if err != nil {
		return err
	}
	most, block := j.r.Decimal(2), j.r.HexBytes(blockSize)
	_, format := j.format()
	n := j.natural(pvk)
	return j.compareOffset(key, format, block, n, most)
}

// verifyOffsetDUKPT is CK: DUKPT as in CI, and format 01 without saying so.
func (j *job) verifyOffsetDUKPT() error {
	base, err := j.baseKey()
	if err != nil {
		return err
	}
	pvk, err := j.pvkOffset(false)
	if err != nil {
		return err
	}
	key, err := j.transactionKey(base)
	if err != nil {
		return err
	}
	block := j.r.HexBytes(blockSize)
	return j.compareOffset(key, pinblock.ISO0, block, j.natural(pvk), longestPIN)
}

func (j *job) compareOffset(key crypto.PINKey, f pinblock.Format, block []byte, n natural, most int) error {
	offset, err := j.offset(n.check)
	if err != nil {
		return err
	}
	if err := j.end(); err != nil {
		return err
	}
	pvk, data, err := j.method(n)
	if err != nil {
		return err
	}
	return withPIN(key, f, block, n.acct, func(p pinblock.PIN) error {
		if p.Len() > most {
			return fault("24")
		}
		return pinblock.VerifyOffset(pvk, data, p, offset)
	})
}

// offsetOfPIN is DE.
func (j *job) offsetOfPIN() error {
	pvk, err := j.pvkOffset(false)
	if err != nil {
		return err
	}
	pin, err := j.localPIN()
	if err != nil {
		return err
	}
	defer pin.Wipe()
	n := j.natural(pvk)
	if err := j.end(); err != nil {
		return err
	}
	return j.writeOffset(n, pin)
}

// offsetOfBlock is BK.
func (j *job) offsetOfBlock() error {
	kind, err := j.pinKeyType()
	if err != nil {
		return err
	}
	key, err := j.pinKey(kind)
	if err != nil {
		return err
	}
	pvk, err := j.pvkOffset(false)
	if err != nil {
		return err
	}
	block := j.r.HexBytes(blockSize)
	_, format := j.format()
	n := j.natural(pvk)
	if err := j.end(); err != nil {
		return err
	}
	return withPIN(key, format, block, n.acct, func(p pinblock.PIN) error { return j.writeOffset(n, p) })
}

// writeOffset writes the offset of a PIN that has as many digits as are checked.
func (j *job) writeOffset(n natural, pin pinblock.PIN) error {
	if pin.Len() != n.check {
		return fault("24")
	}
	pvk, data, err := j.method(n)
	if err != nil {
		return err
	}
	offset, err := pinblock.AppendOffset(nil, pvk, data, pin)
	if err != nil {
		return err
	}
	j.w.Text(string(offset), strings.Repeat("F", longestPIN-len(offset)))
	return nil
}
