package simulator

import (
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/pinblock"
)

// pvkVisa reads a PIN verification key for Visa's values, which has double length.
func (j *job) pvkVisa() (crypto.PVK, error) {
	k, err := j.key(payshield.PVK, true)
	if err != nil {
		return crypto.PVK{}, err
	}
	if len(k.bytes) != 16 {
		return crypto.PVK{}, fault("27")
	}
	key, err := j.usable(k, crypto.UsagePVKVisa, crypto.ModeNoRestriction, pinblock.PVVMethod{FirstFour: true}.Bind)
	if err != nil {
		return crypto.PVK{}, err
	}
	return crypto.NewPVK(key)
}

// pvvRequest is a PIN block and what its verification value is computed with.
type pvvRequest struct {
	pin    crypto.PINKey
	pvk    crypto.PVK
	block  []byte
	format pinblock.Format
	acct   string
	index  int
}

// pvvRequest reads a PIN key of a type, a PIN verification key, a block, its format, the account number, the key's index.
func (j *job) pvvRequest(kind payshield.KeyType) (q pvvRequest, err error) {
	if q.pin, err = j.pinKey(kind); err != nil {
		return q, err
	}
	if q.pvk, err = j.pvkVisa(); err != nil {
		return q, err
	}
	q.block = j.r.HexBytes(blockSize)
	_, q.format = j.format()
	q.acct, q.index = j.r.Digits(accountDigits), j.r.Decimal(1)
	return q, nil
}

func (q pvvRequest) data() pinblock.PVVData {
	return pinblock.PVVData{PAN: crypto.Hide(panOf(q.acct)), KeyIndex: q.index}
}

func (q pvvRequest) verify(pvv string) error {
	return withPIN(q.pin, q.format, q.block, q.acct, func(p pinblock.PIN) error {
		return pinblock.VerifyPVV(q.pvk, q.data(), p, pvv)
	})
}

// writePVV writes the verification value of the PIN in a block.
func (j *job) writePVV(q pvvRequest, block []byte) error {
	return withPIN(q.pin, q.format, block, q.acct, func(p pinblock.PIN) error {
		pvv, err := pinblock.AppendPVV(nil, q.pvk, q.data(), p)
		j.w.Text(string(pvv))
		return err
	})
}

// pvvDigits are the digits of a verification value.
const pvvDigits = 4

// verifyPVV is DC and EC.
func (j *job) verifyPVV(kind payshield.KeyType) error {
	q, err := j.pvvRequest(kind)
	if err != nil {
		return err
	}
	pvv := j.r.Digits(pvvDigits)
	if err := j.end(); err != nil {
		return err
	}
	return q.verify(pvv)
}

// pvvOfPIN is DG.
func (j *job) pvvOfPIN() error {
	pvk, err := j.pvkVisa()
	if err != nil {
		return err
	}
	pin, err := j.localPIN()
	if err != nil {
		return err
	}
	defer pin.Wipe()
	q := pvvRequest{acct: j.r.Digits(accountDigits), index: j.r.Decimal(1)}
	if err := j.end(); err != nil {
		return err
	}
	pvv, err := pinblock.AppendPVV(nil, pvk, q.data(), pin)
	j.w.Text(string(pvv))
	return err
}

// pinKeyType reads the type of a PIN key.
func (j *job) pinKeyType() (payshield.KeyType, error) {
	kind, err := j.keyType()
	if err == nil && !kind.Serves(crypto.UsagePIN) {
		err = fault("04")
	}
	return kind, err
}

// pvvOfBlock is FW.
func (j *job) pvvOfBlock() error {
	kind, err := j.pinKeyType()
	if err != nil {
		return err
	}
	q, err := j.pvvRequest(kind)
	if err != nil {
		return err
	}
	if err := j.end(); err != nil {
		return err
	}
	return j.writePVV(q, q.block)
}

// changePVV is CU.
func (j *job) changePVV() error {
	kind, err := j.pinKeyType()
	if err != nil {
		return err
	}
	q, err := j.pvvRequest(kind)
	if err != nil {
		return err
	}
	pvv, next := j.r.Digits(pvvDigits), j.r.HexBytes(blockSize)
	if err := j.end(); err != nil {
		return err
	}
	if err := q.verify(pvv); err != nil {
		return err
	}
	return j.writePVV(q, next)
}
