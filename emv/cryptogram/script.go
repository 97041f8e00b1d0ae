package cryptogram

import (
	"crypto/cipher"
	"crypto/fips140"
	"encoding/binary"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
	"github.com/posline/posline/pinblock"
)

// ScriptRules are how a family of cards secures the commands of issuer scripts: EMV Book 2 section 9 and what the
// payment systems made of it.
type ScriptRules struct {
	Session    ScriptSession
	MACInput   ScriptMACInput
	Encryption ScriptEncryption
	PINBlock   ScriptPINBlock
}

// ScriptSession is how session keys for scripts come from a card's key. The zero value is none and is refused.
type ScriptSession uint8

// The derivations of session keys for scripts.
const (
	ScriptVisa           ScriptSession = iota + 1 // the counter xored into the key
	ScriptCommon                                  // EMV common session key of the request cryptogram
	ScriptCommonCounting                          // of the cryptogram plus the number of the command, from 0
	ScriptUnionPay                                // PBOC 3.0, of the counter
)

// ScriptMACInput is what the MAC of a command is computed over.
type ScriptMACInput uint8

// The inputs of a command's MAC. The header is CLA INS P1 P2 Lc, where Lc counts the MAC too.
const (
	ScriptOverCryptogram ScriptMACInput = iota + 1 // header, counter, cryptogram, data
	ScriptOverCommand                              // header, data
)

// ScriptEncryption is how the data of a command are encrypted.
type ScriptEncryption uint8

// The encryptions. Padding is 80 and zeros.
const (
	EncryptVisa  ScriptEncryption = iota + 1 // a length octet in front, padding where needed, each block by itself
	EncryptEMV                               // padding always, CBC from zero
	EncryptMChip                             // padding where needed, CBC from zero
)

// ScriptPINBlock is the form in which a new PIN travels to the card.
type ScriptPINBlock uint8

// The PIN blocks of PIN CHANGE. Where the current PIN is given, it is PINBlockVIS whatever the rules say.
const (
	PINBlockISO2 ScriptPINBlock = iota + 1 // ISO 9564-1 format 2
	PINBlockVIS                            // with octets 5 to 8 of the card's key for cryptograms xored in, and the current PIN
)

// ScriptKeys are a card's keys for scripts.
type ScriptKeys struct {
	Integrity       CardKey // usage E2
	Confidentiality CardKey // usage E1; not needed without encrypted data
	Cryptogram      CardKey // usage E0; needed only for PIN CHANGE in the form of VIS
}

// A Script secures the commands of one answer to a card, in their order. Make it with NewScript; it is not safe for
// concurrent use.
type Script struct {
	rules      ScriptRules
	keys       ScriptKeys
	counter    uint16
	cryptogram [8]byte
	commands   uint64 // secured so far
}

// NewScript begins a script for the transaction with this counter (9F36) and request cryptogram (9F26).
func (p Profile) NewScript(keys ScriptKeys, counter uint16, ac [8]byte) *Script {
	return &Script{rules: p.Script, keys: keys, counter: counter, cryptogram: ac}
}

// Command is one command of an issuer script before it is secured. It prints nothing of its data.
type Command struct {
	CLA, INS, P1, P2 byte

	Data    []byte // up to 239 bytes
	Encrypt bool   // Data go to the card encrypted

	MACSize int // 4 to 8 bytes; 0 means 8
}

// Format prints the header and the number of bytes of the data, whatever the verb.
func (c Command) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "Command(%02X%02X%02X%02X, %d bytes)", c.CLA, c.INS, c.P1, c.P2, len(c.Data))
}

// MarshalText writes what Format prints, so that logs and JSON hold nothing of the data.
func (c Command) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", c), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport.
func (Command) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }

// AppendCommand appends the whole command for a template 86: header, data, MAC. Errors: ErrCommand, crypto.ErrUsage for
// keys of another usage.
func (s *Script) AppendCommand(dst []byte, c Command) ([]byte, error) {
	if c.MACSize == 0 {
		c.MACSize = 8
	}
	if c.MACSize < 4 || c.MACSize > 8 || len(c.Data) > 239 {
		return dst, ErrCommand
	}
	data := c.Data
	if c.Encrypt {
		var err error
		if data, err = s.encrypt(c.Data); err != nil {
			return dst, err
		}
	}
	if len(data)+c.MACSize > 255 {
		return dst, ErrCommand
	}
	header := [5]byte{c.CLA, c.INS, c.P1, c.P2, byte(len(data) + c.MACSize)}
	out, err := s.appendMAC(append(append(dst, header[:]...), data...), header, data, c.MACSize)
	if err != nil {
		return dst, err
	}
	s.commands++
	return out, nil
}

// PINChange is the command that gives a card another PIN. Its PINs are clear: they exist in hardware security modules and
// simulators only.
type PINChange struct {
	New     pinblock.PIN
	Current pinblock.PIN // the PIN until now, for cards that want it; the zero PIN for none
	MACSize int          // as in Command
}

// Format hides the PINs, whatever the verb.
func (PINChange) Format(f fmt.State, _ rune) { fmt.Fprint(f, "PINChange(hidden)") }

// MarshalText hides the PINs, so that logs and JSON hold nothing of them.
func (PINChange) MarshalText() ([]byte, error) { return []byte("PINChange(hidden)"), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport.
func (PINChange) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }

// AppendPINChange appends a whole PIN CHANGE/UNBLOCK command, P2 01 with and 02 without the current PIN. No new PIN is
// ErrPINBlock.
func (s *Script) AppendPINChange(dst []byte, c PINChange) ([]byte, error) {
	block, err := s.pinBlock(c)
	if err != nil {
		return dst, err
	}
	defer clear(block[:])
	command := Command{CLA: 0x84, INS: insPINChange, P2: 2, Data: block[:], Encrypt: true, MACSize: c.MACSize}
	if c.Current.Len() > 0 {
		command.P2 = 1
	}
	return s.AppendCommand(dst, command)
}

// pinBlock returns what is encrypted for the card.
func (s *Script) pinBlock(c PINChange) (block [8]byte, err error) {
	if block, err = blockOf(c.New); err != nil {
		return block, err
	}
	withCurrent := c.Current.Len() > 0
	if s.rules.PINBlock == PINBlockISO2 && !withCurrent {
		return block, nil
	}
	block[0] &= 0x0F
	var current [8]byte
	defer clear(current[:])
	if withCurrent {
		if current, err = blockOf(c.Current); err != nil {
			return block, err
		}
	}
	return block, s.maskPIN(&block, withCurrent, current)
}

// blockOf returns the clear block of a PIN, ISO 9564-1 format 2.
func blockOf(pin pinblock.PIN) (block [8]byte, err error) {
	if _, err = pinblock.Encode(block[:0], pinblock.ISO2, pin, ""); err != nil {
		return block, ErrPINBlock
	}
	return block, nil
}

// maskPIN xors octets 5 to 8 of the card's key for cryptograms into the block and, when it is there, the current PIN. Done
// twice it does nothing.
func (s *Script) maskPIN(block *[8]byte, withCurrent bool, current [8]byte) error {
	if err := s.keys.Cryptogram.Require(crypto.OpDerive, crypto.UsageEMVCryptogram); err != nil {
		return err
	}
	m, err := s.keys.Cryptogram.open()
	if err != nil {
		return err
	}
	defer m.Release()
	xor(block[4:], m.Bytes()[4:8])
	if withCurrent {
		for i := range int(current[0] & 0x0F) { // digits of the current PIN, from the left
			digit := current[1+i/2] >> (4 * (1 - i%2)) & 0x0F
			block[i/2] ^= digit << (4 * (1 - i%2))
		}
	}
	return nil
}

// format2 reports whether a block is 2, the length 4 to 12, so many digits, F to the end.
func format2(block [8]byte) bool {
	ok := block[0]>>4 == 2 && block[0]&0xF >= 4 && block[0]&0xF <= 12
	for i := range 14 {
		n := block[1+i/2] >> (4 * (1 - i%2)) & 0x0F
		if i < int(block[0]&0xF) {
			ok = ok && n <= 9
		} else {
			ok = ok && n == 0xF
		}
	}
	return ok
}

// sessionKey derives the key of the command under way.
func (s *Script) sessionKey(k CardKey, usage crypto.Usage) (SessionKey, error) {
	if err := k.Require(crypto.OpDerive, usage); err != nil {
		return SessionKey{}, err
	}
	switch s.rules.Session {
	case ScriptVisa:
		return VisaSessionKey(k, s.counter)
	case ScriptCommon, ScriptCommonCounting:
		r := s.random()
		return CommonSessionKey(k, r[:])
	case ScriptUnionPay:
		return UnionPaySessionKey(k, s.counter)
	}
	return SessionKey{}, fmt.Errorf("%w: script session key derivation %d", crypto.ErrUnsupported, s.rules.Session)
}

// random returns the cryptogram, counted up where the rules want it.
func (s *Script) random() (r [8]byte) {
	n := binary.BigEndian.Uint64(s.cryptogram[:])
	if s.rules.Session == ScriptCommonCounting {
		n += s.commands
	}
	binary.BigEndian.PutUint64(r[:], n)
	return r
}

// appendMAC appends the MAC of a command.
func (s *Script) appendMAC(dst []byte, header [5]byte, data []byte, size int) ([]byte, error) {
	k, err := s.sessionKey(s.keys.Integrity, crypto.UsageEMVIntegrity)
	if err != nil {
		return dst, err
	}
	defer k.Destroy()
	input := append(make([]byte, 0, len(header)+10+len(data)), header[:]...)
	if s.rules.MACInput == ScriptOverCryptogram {
		r := s.random()
		input = append(binary.BigEndian.AppendUint16(input, s.counter), r[:]...)
	}
	return AppendMAC(dst, k, crypto.Padding2, append(input, data...), size)
}

func (s *Script) encrypt(data []byte) ([]byte, error) {
	k, err := s.sessionKey(s.keys.Confidentiality, crypto.UsageEMVEncryption)
	if err != nil {
		return nil, err
	}
	defer k.Destroy()
	return EncryptScriptData(nil, k, s.rules.Encryption, data)
}

// EncryptScriptData appends the encrypted data of a script command to dst, under a session key of usage D0. That AES
// keys encrypt in the same modes with blocks of 16 bytes is not confirmed by any published example. EMV Book 2 9.3.
func EncryptScriptData(dst []byte, k SessionKey, e ScriptEncryption, data []byte) ([]byte, error) {
	if err := k.Require(crypto.OpEncrypt, crypto.UsageData); err != nil {
		return dst, err
	}
	if len(data) > 255 || e < EncryptVisa || e > EncryptMChip {
		return dst, ErrCommand
	}
	if fips140.Enforced() && k.Attributes().Algorithm != crypto.AES {
		return dst, crypto.ErrFIPS // a key made before or around the enforcement, over which crypto/cipher would panic
	}
	m, err := k.Open(keymaterial.Grant(), crypto.OpEncrypt)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	size := m.Block().BlockSize()
	padded := make([]byte, 0, 1+len(data)+size)
	if e == EncryptVisa {
		padded = append(padded, byte(len(data)))
	}
	padded = append(padded, data...)
	if e == EncryptEMV || len(padded)%size != 0 {
		padded = append(padded, 0x80)
		padded = append(padded, make([]byte, (size-len(padded)%size)%size)...)
	}
	if e == EncryptVisa {
		for i := 0; i < len(padded); i += size {
			m.Block().Encrypt(padded[i:], padded[i:])
		}
	} else {
		cipher.NewCBCEncrypter(m.Block(), make([]byte, size)).CryptBlocks(padded, padded)
	}
	return append(dst, padded...), nil
}
