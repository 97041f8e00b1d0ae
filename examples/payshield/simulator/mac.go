package simulator

import (
	"encoding/hex"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/payshield"
)

// macRequest is what M6 and M8 have in common.
type macRequest struct {
	mac  *mac.MAC
	data []byte
}

// algorithms are the MACs by their codes, with the usage of their keys.
var algorithms = map[byte]struct {
	scheme crypto.MACScheme
	usage  crypto.Usage
}{
	'1': {crypto.CBCMAC, crypto.UsageMAC1},
	'3': {crypto.RetailMAC, crypto.UsageMAC3},
}

// macOver reads what M6 and M8 have in common. Of the modes only a single block is known, and without padding only whole
// blocks.
func (j *job) macOver() (q macRequest, err error) {
	mode, input, size, algorithm, padding := j.letter(), j.letter(), j.letter(), j.letter(), j.letter()
	kind, err := j.keyType()
	if err != nil {
		return q, err
	}
	known, ok := algorithms[algorithm]
	a := crypto.MACAlgorithm{Scheme: known.scheme, Padding: crypto.Padding1, Size: 4}
	switch {
	case mode >= '1' && mode <= '3':
		return q, fault("68")
	case mode != '0' || size > '1' || size < '0':
		return q, fault("03")
	case !ok:
		return q, fault("05")
	case padding < '0' || padding > '2':
		return q, fault("06")
	case kind != payshield.TAK && kind != payshield.ZAK:
		return q, fault("04")
	}
	if size == '1' {
		a.Size = 8
	}
	if padding == '2' {
		a.Padding = crypto.Padding2
	}
	k, err := j.key(kind, false)
	if err != nil {
		return q, err
	}
	if q.data, err = j.macData(input); err != nil {
		return q, err
	}
	if padding == '0' && len(q.data)%8 != 0 {
		return q, fault("80")
	}
	key, err := j.usable(k, known.usage, crypto.ModeNoRestriction)
	if err != nil {
		return q, err
	}
	macKey, err := crypto.NewMACKey(key)
	if err != nil {
		return q, err
	}
	q.mac, err = mac.New(macKey, a)
	return q, err
}

// macData reads a length and data. The length counts what stands in the message: bytes, hexadecimal digits, characters.
func (j *job) macData(input byte) ([]byte, error) {
	n := j.r.HexNumber(4)
	switch {
	case !j.r.Valid():
		return nil, fault("15")
	case n > j.r.Left():
		return nil, fault("80")
	}
	switch input {
	case '0', '2':
		return j.r.Raw(n), nil
	case '1':
		data, err := hex.DecodeString(j.r.Hex(n))
		if err != nil {
			return nil, fault("15")
		}
		return data, nil
	}
	return nil, fault("04")
}

// mac is M6.
func (j *job) mac() error {
	q, err := j.macOver()
	if err != nil {
		return err
	}
	if err := j.end(); err != nil {
		return err
	}
	value, err := q.mac.Append(nil, q.data)
	if err != nil {
		return err
	}
	if j.config.Device.MACLength {
		j.w.HexNumber(2*len(value), 4)
	}
	j.w.Hex(value)
	return nil
}

// verifyMAC is M8.
func (j *job) verifyMAC() error {
	q, err := j.macOver()
	if err != nil {
		return err
	}
	value := j.r.HexBytes(q.mac.Size())
	if err := j.end(); err != nil {
		return err
	}
	return q.mac.Verify(q.data, value)
}

// oldMAC is MA: X9.9 over all that follows the key.
func (j *job) oldMAC() error {
	k, err := j.key(payshield.TAK, false)
	if err != nil {
		return err
	}
	data := j.r.Raw(j.r.Left())
	key, err := j.usable(k, crypto.UsageMAC1, crypto.ModeNoRestriction)
	if err != nil {
		return err
	}
	macKey, err := crypto.NewMACKey(key)
	if err != nil {
		return err
	}
	m, err := mac.New(macKey, mac.X99())
	if err != nil {
		return err
	}
	value, err := m.Append(nil, data)
	if err != nil {
		return err
	}
	j.w.Hex(value)
	return nil
}
