package simulator

import (
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/pinblock"
)

// formats are the PIN block formats by their codes.
var formats = map[string]pinblock.Format{
	"01": pinblock.ISO0, "02": pinblock.Docutel, "03": pinblock.Diebold, "05": pinblock.ISO1, "47": pinblock.ISO3,
}

const (
	blockSize     = 8
	accountDigits = 12
	longestPIN    = 12
)

func (j *job) format() (string, pinblock.Format) {
	code := j.r.Digits(2)
	return code, formats[code] // the zero Format is refused where it is used
}

// pinKey reads a PIN key of a type.
func (j *job) pinKey(kind payshield.KeyType) (crypto.PINKey, error) {
	k, err := j.key(kind, false)
	if err != nil {
		return crypto.PINKey{}, err
	}
	key, err := j.usable(k, crypto.UsagePIN, crypto.ModeNoRestriction)
	if err != nil {
		return crypto.PINKey{}, err
	}
	return crypto.NewPINKey(key)
}

// panOf makes a PAN of an account number: another digit stands for the check digit, which counts nowhere.
func panOf(account string) string { return account + "0" }

// translate is CA and CC.
func (j *job) translate(source payshield.KeyType) error {
	from, err := j.pinKey(source)
	if err != nil {
		return err
	}
	to, base, err := j.destination()
	if err != nil {
		return err
	}
	if base != nil {
		if to, err = j.transactionKey(*base); err != nil {
			return err
		}
	}
	most := j.r.Decimal(2)
	return j.translateBlock(from, to, most)
}

// destination reads the key that a PIN goes to: a zone's, or behind '*' the base key of a terminal's.
func (j *job) destination() (to crypto.PINKey, base *crypto.BDK, err error) {
	if j.r.Take('*') {
		k, err := j.baseKey()
		return to, &k, err
	}
	to, err = j.pinKey(payshield.ZPK)
	return to, base, err
}

func (j *job) baseKey() (crypto.BDK, error) {
	k, err := j.key(payshield.BDK, false)
	if err != nil {
		return crypto.BDK{}, err
	}
	key, err := j.usable(k, crypto.UsageBDK, crypto.ModeDerive)
	if err != nil {
		return crypto.BDK{}, err
	}
	return crypto.NewBDK(key)
}

// transactionKey reads a key serial number and derives the PIN key of its transaction.
func (j *job) transactionKey(base crypto.BDK) (crypto.PINKey, error) {
	ksn, err := j.ksn()
	if err != nil {
		return crypto.PINKey{}, err
	}
	var tx dukpt.TDES
	defer tx.Wipe()
	if err := tx.DeriveFromBDK(base, ksn); err != nil {
		return crypto.PINKey{}, err
	}
	key, err := tx.PIN()
	if err == nil {
		j.keys = append(j.keys, key.Key())
	}
	return key, err
}

// ksn reads a descriptor and a key serial number of 20 digits. The digits of the descriptor say how many digits are the key
// set's, the sub-key's and the device's; the counter has five and a bit.
func (j *job) ksn() (dukpt.KSN, error) {
	const digits, counter = 20, 5
	descriptor, serial := j.r.Hex(3), j.r.HexBytes(digits/2)
	if !j.r.Valid() {
		return dukpt.KSN{}, fault("15")
	}
	sum := counter
	for _, c := range []byte(descriptor) {
		if c > '9' {
			c -= 'A' - '9' - 1
		}
		sum += int(c - '0')
	}
	if sum > digits {
		return dukpt.KSN{}, fault("15")
	}
	return dukpt.ParseKSN(serial)
}

// translateDUKPT is G0.
func (j *job) translateDUKPT() error {
	base, err := j.baseKey()
	if err != nil {
		return err
	}
	to, other, err := j.destination()
	if err != nil {
		return err
	}
	from, err := j.transactionKey(base)
	if err != nil {
		return err
	}
	if other != nil {
		if to, err = j.transactionKey(*other); err != nil {
			return err
		}
	}
	return j.translateBlock(from, to, longestPIN)
}

// translateOldDUKPT is CI: format 01 to format 01. The command is said to be for DUKPT with single DES; the published cases of it
// and of CK are the Triple DES example of X9.24-1, and that is what is done.
func (j *job) translateOldDUKPT() error {
	base, err := j.baseKey()
	if err != nil {
		return err
	}
	to, err := j.pinKey(payshield.ZPK)
	if err != nil {
		return err
	}
	from, err := j.transactionKey(base)
	if err != nil {
		return err
	}
	block := j.r.HexBytes(blockSize)
	code, format := j.format()
	account := j.r.Digits(accountDigits)
	if err := j.end(); err != nil {
		return err
	}
	return j.writeTranslated(from, to, block, format, format, code, account, longestPIN)
}

// translateBlock reads the block, the formats and the account number.
func (j *job) translateBlock(from, to crypto.PINKey, most int) error {
	block := j.r.HexBytes(blockSize)
	_, in := j.format()
	code, out := j.format()
	account := j.r.Digits(accountDigits)
	if err := j.end(); err != nil {
		return err
	}
	return j.writeTranslated(from, to, block, in, out, code, account, most)
}

func (j *job) writeTranslated(from, to crypto.PINKey, block []byte, in, out pinblock.Format, code, account string, most int) error {
	pin, err := pinblock.Decrypt(from, in, block, panOf(account))
	if err != nil {
		return err
	}
	defer pin.Wipe()
	if pin.Len() > most {
		return fault("24")
	}
	encrypted, err := pinblock.Encrypt(nil, to, out, pin, panOf(account))
	if err != nil {
		return err
	}
	j.w.Decimal(pin.Len(), 2)
	j.w.Hex(encrypted)
	j.w.Text(code)
	return nil
}

// withPIN decrypts a block and gives its PIN to what uses it.
func withPIN(key crypto.PINKey, f pinblock.Format, block []byte, account string, use func(pinblock.PIN) error) error {
	pin, err := pinblock.Decrypt(key, f, block, panOf(account))
	if err != nil {
		return err
	}
	defer pin.Wipe()
	return use(pin)
}

// localPIN reads a PIN under the local master key: a zero and its digits.
func (j *job) localPIN() (pinblock.PIN, error) {
	text := []byte(j.r.Digits(j.config.PINLength + 1))
	defer clear(text)
	if !j.r.Valid() {
		return pinblock.PIN{}, fault("15")
	}
	if text[0] != '0' {
		return pinblock.PIN{}, fault("14")
	}
	return pinblock.ParsePIN(text[1:])
}
