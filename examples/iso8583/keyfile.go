package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

const keysHelp = `A file of keys, for test systems alone, says how PIN blocks and authentication codes are made. A key stands in it, or comes
in a field of an answer, under the master key, perhaps with a check value; codes of answers are then checked too:
  {"master":"HEX","mac":{"scheme":"unionpay-ecb","from":"62.3","bytes":8,"check":"62.4"},
   "pin":{"format":"iso0","pin":"1234","from":"62.1","check":"62.2"}}
  {"mac":{"scheme":"x9.19","key":"HEX"}}
Schemes are x9.9, x9.19, cmac, unionpay-ecb, unionpay-raw; formats iso0, iso1, iso3, unionpay-sm4; "cipher" is tdes, aes or
sm4.`

// keyForm is a key as it stands in a file of keys, and what is made with it.
type keyForm struct {
	Cipher string `json:"cipher"`
	Key    string `json:"key"`
	From   string `json:"from"`
	Bytes  int    `json:"bytes"` // of the field; the rest is filling
	Check  string `json:"check"`
}

// keysForm is a file of keys.
type keysForm struct {
	Master string `json:"master"`
	MAC    *struct {
		keyForm
		Scheme string `json:"scheme"`
		Size   int    `json:"size"`
	} `json:"mac"`
	PIN *struct {
		keyForm
		Format string `json:"format"`
		PIN    string `json:"pin"`
	} `json:"pin"`
}

// macScheme is a scheme with the usage of its keys.
type macScheme struct {
	algorithm crypto.MACAlgorithm
	usage     string
}

var macSchemes = map[string]macScheme{
	"x9.9": {mac.X99(), "M1"}, "x9.19": {mac.X919(), "M3"}, "cmac": {crypto.MACAlgorithm{Scheme: crypto.CMAC}, "M6"},
	"unionpay-ecb": {crypto.MACAlgorithm{Scheme: crypto.UnionPayECB}, "M1"},
	"unionpay-raw": {crypto.MACAlgorithm{Scheme: crypto.UnionPayRaw}, "M1"},
}

var pinFormats = map[string]pinblock.Format{
	"iso0": pinblock.ISO0, "iso1": pinblock.ISO1, "iso3": pinblock.ISO3, "unionpay-sm4": pinblock.UnionPaySM4,
}

// workKeys are the keys that messages are made with. The nil one has none. Its methods may be called concurrently.
type workKeys struct {
	form   keysForm
	master crypto.KEK
	scheme macScheme

	mu   sync.Mutex
	code *mac.MAC // nil until it has come
	pin  *crypto.PINKey
}

// readKeys reads a file of keys. Its errors show nothing of them.
func readKeys(c *console, name string) (*workKeys, error) {
	text, err := c.readFile(name)
	if err != nil {
		return nil, err
	}
	name = inputName(name)
	k := &workKeys{}
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&k.form); err != nil {
		return nil, fmt.Errorf("%s: no keys: %w", name, err)
	}
	if err := k.prepare(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

func (k *workKeys) prepare() error {
	if k.form.Master != "" {
		bytes, err := hex.DecodeString(k.form.Master)
		if err != nil {
			return errors.New("master: not hexadecimal")
		}
		master, err := clearkey.Import(crypto.MustAttributes("K0TB00N"), bytes, crypto.AllowWeak)
		if err != nil {
			return fmt.Errorf("master: %w", err)
		}
		if k.master, err = crypto.NewKEK(master); err != nil {
			return fmt.Errorf("master: %w", err)
		}
	}
	if f := k.form.MAC; f != nil {
		scheme, ok := macSchemes[f.Scheme]
		if !ok {
			return fmt.Errorf("mac: no scheme %q", f.Scheme)
		}
		scheme.algorithm.Size = f.Size
		k.scheme = scheme
		if err := k.take(f.keyForm, k.useMAC, macUsage(scheme)); err != nil {
			return fmt.Errorf("mac: %w", err)
		}
	}
	if f := k.form.PIN; f != nil {
		if _, ok := pinFormats[f.Format]; !ok {
			return fmt.Errorf("pin: no format %q", f.Format)
		}
		if _, err := pinblock.ParsePIN([]byte(f.PIN)); err != nil {
			return fmt.Errorf("pin: %w", err)
		}
		if err := k.take(f.keyForm, k.usePIN, pinUsage); err != nil {
			return fmt.Errorf("pin: %w", err)
		}
	}
	return nil
}

// pinUsage and macUsage are the use and the mode of a key, as its attributes have them.
const pinUsage = "P0%sE"

func macUsage(s macScheme) string { return s.usage + "%sC" }

// attributes are those of a key of so many bytes.
func (f keyForm) attributes(usage string, size int) (crypto.Attributes, error) {
	letter := map[string]string{"": "T", "tdes": "T", "aes": "A", "sm4": "4"}[f.Cipher]
	if letter == "T" && size == 8 {
		letter = "D"
	}
	if letter == "" {
		return crypto.Attributes{}, fmt.Errorf("no cipher %q", f.Cipher)
	}
	return crypto.ParseAttributes(fmt.Sprintf(usage, letter) + "00N")
}

// take uses a key that stands in the file.
func (k *workKeys) take(f keyForm, use func(key crypto.Key) error, usage string) error {
	switch {
	case (f.Key == "") == (f.From == ""):
		return errors.New("one of key and from must be")
	case f.From != "" && k.form.Master == "":
		return errors.New("a key that comes in a field needs master")
	case f.From != "":
		return nil
	}
	bytes, err := hex.DecodeString(f.Key)
	if err != nil {
		return errors.New("key: not hexadecimal")
	}
	a, err := f.attributes(usage, len(bytes))
	if err != nil {
		return err
	}
	key, err := clearkey.Import(a, bytes, crypto.AllowWeak, gm.SM4)
	if err != nil {
		return err
	}
	return use(key)
}

func (k *workKeys) useMAC(key crypto.Key) error {
	typed, err := crypto.NewMACKey(key)
	if err != nil {
		return err
	}
	code, err := mac.New(typed, k.scheme.algorithm)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.code = code
	return nil
}

func (k *workKeys) usePIN(key crypto.Key) error {
	typed, err := crypto.NewPINKey(key)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pin = &typed
	return nil
}

// learn takes the keys that an answer brings.
func (k *workKeys) learn(answer *message.Message) error {
	if k == nil {
		return nil
	}
	if f := k.form.MAC; f != nil {
		if err := k.unwrap(answer, f.keyForm, k.useMAC, macUsage(k.scheme)); err != nil {
			return fmt.Errorf("the key in field %s: %w", f.From, err)
		}
	}
	if f := k.form.PIN; f != nil {
		if err := k.unwrap(answer, f.keyForm, k.usePIN, pinUsage); err != nil {
			return fmt.Errorf("the key in field %s: %w", f.From, err)
		}
	}
	return nil
}

// unwrap takes a key out of the field that it comes in, if the answer has it.
func (k *workKeys) unwrap(answer *message.Message, f keyForm, use func(key crypto.Key) error, usage string) error {
	if f.From == "" || !answer.Get(f.From).Present() {
		return nil
	}
	wrapped := answer.Get(f.From).Bytes()
	if f.Bytes > 0 {
		wrapped = wrapped[:min(f.Bytes, len(wrapped))]
	}
	scheme, ok := map[int]crypto.VariantScheme{8: crypto.SchemeZ, 16: crypto.SchemeX, 24: crypto.SchemeY}[len(wrapped)]
	if !ok {
		return fmt.Errorf("%d bytes are no key", len(wrapped))
	}
	a, err := f.attributes(usage, len(wrapped))
	if err != nil {
		return err
	}
	key, err := crypto.UnwrapVariant(k.master, scheme, 0, wrapped, a, crypto.AllowWeak, gm.SM4)
	if err != nil {
		return err
	}
	if f.Check != "" {
		if err := key.CheckKCV(crypto.KCVLegacy, answer.Get(f.Check).Bytes()); err != nil {
			return fmt.Errorf("its check value in field %s: %w", f.Check, err)
		}
	}
	return use(key)
}

// sign packs a message with its authentication code.
func (k *workKeys) sign(m *message.Message) ([]byte, error) {
	k.mu.Lock()
	code := k.code
	k.mu.Unlock()
	if code == nil {
		return nil, errors.New("no key for authentication codes has come yet")
	}
	return m.AppendPackMAC(nil, func(dst, data []byte) ([]byte, error) { return code.Append(dst, data) })
}

// check verifies the authentication code of an answer, where it has one and its key is known.
func (k *workKeys) check(answer *message.Message) error {
	if k == nil || !answer.Has(macField) && !answer.Has(secondMACField) {
		return nil
	}
	k.mu.Lock()
	code := k.code
	k.mu.Unlock()
	if code == nil {
		return nil
	}
	if err := answer.VerifyMAC(code.Verify); err != nil {
		return fmt.Errorf("its authentication code: %w", err)
	}
	return nil
}

// unsigned tells an answer without authentication code to a request that has one.
func (k *workKeys) unsigned(request, answer *message.Message) bool {
	has := func(m *message.Message) bool { return m.Has(macField) || m.Has(secondMACField) }
	return k != nil && k.form.MAC != nil && has(request) && !has(answer)
}

// setPIN makes the PIN block of a message, for the card in it.
func (k *workKeys) setPIN(m *message.Message) error {
	k.mu.Lock()
	key, f := k.pin, k.form.PIN
	k.mu.Unlock()
	if key == nil {
		return errors.New("no key for PIN blocks has come yet")
	}
	pin, err := pinblock.ParsePIN([]byte(f.PIN))
	if err != nil {
		return err
	}
	block, err := pinblock.Encrypt(nil, *key, pinFormats[f.Format], pin, panOf(m))
	if err != nil {
		return fmt.Errorf("field %d: %w", pinField, err)
	}
	return m.SetBytes(pinField, block)
}

// panOf is the card number of a message, of field 2 or of track 2.
func panOf(m *message.Message) string {
	if m.Has(2) {
		return m.Field(2).Text()
	}
	pan, _, _ := strings.Cut(strings.ToUpper(m.Field(35).Text()), "D")
	pan, _, _ = strings.Cut(pan, "=")
	return pan
}
