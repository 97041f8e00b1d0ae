package simulator

import (
	"strings"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/examples/payshield"
)

// checkLength returns the length of the check value behind a new key.
func (j *job) checkLength() int {
	if j.config.Device.LegacyKCV {
		return longCheck
	}
	return shortCheck
}

// keyType reads the type of a key, which must be of a variant master key.
func (j *job) keyType() (payshield.KeyType, error) {
	kind := payshield.KeyType(j.r.Text(3))
	switch {
	case !j.r.Valid():
		return "", fault("15")
	case kind == payshield.KeyBlock:
		return "", fault("A1")
	}
	return kind, nil
}

// letter reads one character.
func (j *job) letter() byte {
	text := j.r.Text(1)
	if text == "" {
		return 0
	}
	return text[0]
}

// generateKey is A0, modes 0 and 1.
func (j *job) generateKey() error {
	mode := j.letter()
	kind, err := j.keyType()
	if err != nil {
		return err
	}
	scheme := j.letter()
	var master clearKey
	var out byte
	switch mode {
	case '0':
	case '1':
		if master, out, err = j.generationMaster(); err != nil {
			return err
		}
	case 'A', 'B':
		return fault("68")
	default:
		return fault("15")
	}
	if err := j.end(); err != nil {
		return err
	}
	k, err := j.newKey(scheme)
	if err != nil {
		return err
	}
	if err := j.writeLocal(kind, scheme, k.bytes); err != nil {
		return err
	}
	if mode == '1' {
		if err := j.writeUnder(master, out, k.bytes); err != nil {
			return err
		}
	}
	j.writeCheck(k.bytes, j.checkLength())
	return nil
}

// generationMaster reads the key that a new one is exported under: a zone's, or behind flag 1 a terminal's.
func (j *job) generationMaster() (clearKey, byte, error) {
	kind := payshield.ZMK
	if j.r.Take(';') {
		switch j.letter() {
		case '0':
		case '1':
			kind = j.terminalMaster()
		default:
			return clearKey{}, 0, fault("05")
		}
	}
	k, err := j.key(kind, false)
	return k, j.letter(), err
}

// importKey is A6.
func (j *job) importKey() error {
	kind, err := j.keyType()
	if err != nil {
		return err
	}
	zone, err := j.key(payshield.ZMK, false)
	if err != nil {
		return err
	}
	text := j.r.Key(false)
	scheme := j.letter()
	if err := j.end(); err != nil {
		return err
	}
	var k clearKey
	if text[0] == 'R' {
		k, err = j.fromBlock(zone, kind, text[1:])
	} else {
		k, err = j.fromMaster(zone, text)
	}
	if err != nil {
		return err
	}
	if err := j.writeLocal(kind, scheme, k.bytes); err != nil {
		return err
	}
	j.writeCheck(k.bytes, j.checkLength())
	return nil
}

// fromMaster decrypts a key under a zone's.
func (j *job) fromMaster(zone clearKey, text string) (clearKey, error) {
	k, err := j.sealed(text)
	if err != nil {
		return clearKey{}, err
	}
	if err := crypt(zone.bytes, 0, k.scheme, k.bytes, false); err != nil {
		return clearKey{}, err
	}
	if !odd(k.bytes) {
		return clearKey{}, fault("11")
	}
	return k, nil
}

// fromBlock takes a Sensitive key out of a TR-31 block.
func (j *job) fromBlock(zone clearKey, kind payshield.KeyType, text string) (clearKey, error) {
	kbpk, err := j.protection(zone)
	if err != nil {
		return clearKey{}, err
	}
	k, _, err := keyblock.Unwrap(kbpk, []byte(text), keyblock.Options{Key: []crypto.Option{crypto.AllowWeak}})
	if err != nil {
		return clearKey{}, err
	}
	j.keys = append(j.keys, k)
	if !kind.Serves(k.Attributes().Usage) {
		return clearKey{}, fault("A6")
	}
	b, err := clearkey.Export(k)
	if err != nil {
		return clearKey{}, err
	}
	j.secrets = append(j.secrets, b)
	return clearKey{bytes: b}, nil
}

// protection makes a key block protection key of a zone master key.
func (j *job) protection(zone clearKey) (crypto.KBPK, error) {
	k, err := j.usable(zone, crypto.UsageKBPK, crypto.ModeNoRestriction)
	if err != nil {
		return crypto.KBPK{}, err
	}
	return crypto.NewKBPK(k)
}

// exportKey is A8.
func (j *job) exportKey() error {
	kind, err := j.keyType()
	if err != nil {
		return err
	}
	zone, err := j.key(payshield.ZMK, false)
	if err != nil {
		return err
	}
	k, err := j.key(kind, false)
	if err != nil {
		return err
	}
	scheme := j.letter()
	if scheme == 'R' {
		return j.toBlock(zone, kind, k)
	}
	if err := j.end(); err != nil {
		return err
	}
	if err := j.writeUnder(zone, scheme, k.bytes); err != nil {
		return err
	}
	j.writeCheck(k.bytes, j.checkLength())
	return nil
}

// toBlock writes a key in a TR-31 block with the attributes of the command.
func (j *job) toBlock(zone clearKey, kind payshield.KeyType, k clearKey) error {
	if j.r.Take('%') && j.r.Digits(2) != "00" {
		return fault("13")
	}
	mark, text := j.letter(), j.r.Text(10)
	if err := j.endOfKeyBlock(); err != nil || mark != '#' {
		return fault("15")
	}
	a, err := crypto.ParseAttributes(text[:3] + text[4:8])
	length := text[3] - '0'
	switch {
	case err != nil:
		return fault("A6")
	case !kind.Serves(a.Usage) || int(length)*8 != len(k.bytes):
		return fault("A7")
	case text[8:] != "00":
		return fault("AB")
	}
	key, err := clearkey.Import(a, k.bytes, crypto.AllowWeak)
	if err != nil {
		return err
	}
	j.keys = append(j.keys, key)
	kbpk, err := j.protection(zone)
	if err != nil {
		return err
	}
	out, err := keyblock.Wrap(nil, kbpk, key, keyblock.Wrapping{})
	if err != nil {
		return err
	}
	j.w.Text("R", string(out))
	j.writeCheck(k.bytes, j.checkLength())
	return nil
}

// tail reads the optional schemes behind a key: one for the key that goes out, one for the local one, and the kind of check
// value. Without it the schemes are as given and the check value is long.
func (j *job) tail(out, local byte) (byte, byte, int) {
	if !j.r.Take(';') {
		return out, local, longCheck
	}
	out, local = j.letter(), j.letter()
	if j.r.Decimal(1) == 1 {
		return out, local, shortCheck
	}
	return out, local, longCheck
}

// plainScheme is the scheme that a key of so many bytes has without another word.
func plainScheme(n int) byte { return map[int]byte{8: 'Z', 16: 'U', 24: 'T'}[n] }

// checkValueOfKey is BU.
func (j *job) checkValueOfKey() error {
	code, flag := j.r.Text(2), j.r.Digits(1)
	text := j.r.Key(flag == "1")
	kind := payshield.KeyType("0" + code)
	if code == "FF" {
		if !j.r.Take(';') {
			return fault("15")
		}
		var err error
		if kind, err = j.keyType(); err != nil {
			return err
		}
	}
	n := longCheck
	if j.r.Take(';') {
		if j.r.Digits(2); j.r.Decimal(1) == 1 {
			n = shortCheck
		}
	}
	return j.writeCheckOf(kind, flag, text, n)
}

// writeCheckOf ends the commands for check values.
func (j *job) writeCheckOf(kind payshield.KeyType, flag, text string, n int) error {
	if err := j.end(); err != nil {
		return err
	}
	k, err := j.sealed(text)
	if err != nil {
		return err
	}
	if flag != "" && strings.Index("012", flag) != len(k.bytes)/8-1 {
		return fault("05")
	}
	if err := j.config.LMK.Unwrap(kind, k.scheme, k.bytes); err != nil {
		return err
	}
	if !odd(k.bytes) {
		return fault("10")
	}
	j.writeCheck(k.bytes, n)
	return nil
}

// checkValueOfOldKey is KA.
func (j *job) checkValueOfOldKey() error {
	text, code := j.r.Key(false), j.r.Text(2)
	_, _, n := j.tail('Z', 'Z')
	return j.writeCheckOf(payshield.KeyType("0"+code), "", text, n)
}

// newTerminalKey is HC.
func (j *job) newTerminalKey() error {
	current, err := j.key(payshield.TMK, false)
	if err != nil {
		return err
	}
	usual := plainScheme(len(current.bytes))
	out, local, _ := j.tail(usual, usual)
	if err := j.end(); err != nil {
		return err
	}
	k, err := j.newKey(local)
	if err != nil {
		return err
	}
	if err := j.writeUnder(current, out, k.bytes); err != nil {
		return err
	}
	return j.writeLocal(payshield.TMK, local, k.bytes)
}

// fromZone is FA and FC: a key under a zone's comes under the local master key.
func (j *job) fromZone(kind payshield.KeyType) error {
	zone, err := j.key(payshield.ZMK, false)
	if err != nil {
		return err
	}
	k, err := j.fromMaster(zone, j.r.Key(false))
	if err != nil {
		return err
	}
	_, local, n := j.tail(0, plainScheme(len(k.bytes)))
	if err := j.end(); err != nil {
		return err
	}
	if err := j.writeLocal(kind, local, k.bytes); err != nil {
		return err
	}
	j.writeCheck(k.bytes, n)
	return nil
}

// toZone is GC and FE: a key under the local master key goes under a zone's.
func (j *job) toZone(kind payshield.KeyType) error {
	zone, err := j.key(payshield.ZMK, false)
	if err != nil {
		return err
	}
	k, err := j.key(kind, false)
	if err != nil {
		return err
	}
	out, _, n := j.tail(plainScheme(len(k.bytes)), 0)
	if err := j.end(); err != nil {
		return err
	}
	if err := j.writeUnder(zone, out, k.bytes); err != nil {
		return err
	}
	j.writeCheck(k.bytes, n)
	return nil
}
