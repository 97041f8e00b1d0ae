package simulator

import (
	"encoding/hex"
	"math/bits"
	"strings"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/examples/payshield"
)

// clearKey is a key in the clear, and the scheme that it came in, 'Z' or 'X' for digits alone.
type clearKey struct {
	bytes  []byte
	scheme byte
}

// key reads a key of a type, encrypted under the local master key. In fields for pairs, 32 digits alone are a key, else 16.
func (j *job) key(kind payshield.KeyType, pair bool) (clearKey, error) {
	j.opened++
	k, err := j.sealed(j.r.Key(pair))
	if err != nil {
		return clearKey{}, err
	}
	if err := j.config.LMK.Unwrap(kind, k.scheme, k.bytes); err != nil {
		return clearKey{}, err
	}
	if !odd(k.bytes) {
		if j.opened > 1 {
			return clearKey{}, fault("11")
		}
		return clearKey{}, fault("10")
	}
	return k, nil
}

// sealed takes the bytes and the scheme of a key as it stands in a message.
func (j *job) sealed(text string) (clearKey, error) {
	if !j.r.Valid() {
		return clearKey{}, fault("15")
	}
	k := clearKey{scheme: text[0]}
	digits := text[1:]
	switch {
	case k.scheme == 'S':
		return clearKey{}, fault("A1") // a key block under a master key that makes none
	case k.scheme == 'R':
		return clearKey{}, fault("26")
	case strings.HasPrefix(text, "K") || strings.HasPrefix(digits, "K"):
		return clearKey{}, fault("12")
	case schemeLengths[k.scheme] == 0 && len(text) == 16:
		k.scheme, digits = 'Z', text
	case schemeLengths[k.scheme] == 0:
		k.scheme, digits = 'X', text
	}
	var err error
	if k.bytes, err = hex.DecodeString(digits); err != nil {
		return clearKey{}, fault("15")
	}
	j.secrets = append(j.secrets, k.bytes)
	return k, nil
}

func odd(key []byte) bool {
	for _, b := range key {
		if bits.OnesCount8(b)%2 == 0 {
			return false
		}
	}
	return true
}

// newKey makes a random key of the bytes of a scheme.
func (j *job) newKey(scheme byte) (clearKey, error) {
	attributes := map[int]string{8: "D0DB00S", 16: "D0TB00S", 24: "D0TB00S"}[schemeLengths[scheme]]
	if attributes == "" {
		return clearKey{}, fault("26")
	}
	k, err := crypto.GenerateKey(crypto.MustAttributes(attributes), 8*schemeLengths[scheme])
	if err != nil {
		return clearKey{}, err
	}
	j.keys = append(j.keys, k)
	b, err := clearkey.Export(k)
	if err != nil {
		return clearKey{}, err
	}
	j.secrets = append(j.secrets, b)
	return clearKey{b, scheme}, nil
}

// writeLocal writes a key under the local master key.
func (j *job) writeLocal(kind payshield.KeyType, scheme byte, key []byte) error {
	own := append([]byte(nil), key...)
	if err := j.config.LMK.Wrap(kind, scheme, own); err != nil {
		clear(own)
		return err
	}
	j.writeKey(scheme, own)
	return nil
}

// writeUnder writes a key under another, a zone's or a terminal's.
func (j *job) writeUnder(master clearKey, scheme byte, key []byte) error {
	own := append([]byte(nil), key...)
	if err := crypt(master.bytes, 0, scheme, own, true); err != nil {
		clear(own)
		return err
	}
	j.writeKey(scheme, own)
	return nil
}

func (j *job) writeKey(scheme byte, encrypted []byte) {
	if scheme != 'Z' {
		j.w.Text(string(rune(scheme)))
	}
	j.w.Hex(encrypted)
}

// The lengths of a check value in bytes.
const (
	shortCheck = 3
	longCheck  = 8
)

// writeCheck writes the check value of a key.
func (j *job) writeCheck(key []byte, n int) { j.w.Hex(checkValue(key)[:n]) }

// usable gives a clear key to the library, one of single length as a Triple DES key of equal parts.
func (j *job) usable(k clearKey, usage crypto.Usage, mode crypto.Mode, options ...crypto.Option) (crypto.Key, error) {
	a := crypto.Attributes{Usage: usage, Algorithm: crypto.TDES, Mode: mode, Export: crypto.NonExportable}
	key, err := clearkey.Import(a, k.bytes, append(options, crypto.AllowWeak)...)
	if err != nil {
		return crypto.Key{}, err
	}
	j.keys = append(j.keys, key)
	return key, nil
}
