package cryptogram

import (
	"crypto/cipher"
	"crypto/fips140"
	"crypto/subtle"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// The card's side of a script: a simulated card takes commands with the Script that NewScript begins from its own keys.

// OpenCommand checks the MAC of the next command of a script, of macSize bytes (0 means 8), and returns the command, its
// data decrypted when they are encrypted. With EncryptMChip the padding stays on the data, since nothing tells it from
// them. The command counts only when its MAC holds. Errors: ErrCommand for what is no command with a MAC, or data that do
// not decrypt; crypto.ErrVerify for another MAC; those of the keys.
func (s *Script) OpenCommand(apdu []byte, macSize int, encrypted bool) (Command, error) {
	if macSize == 0 {
		macSize = 8
	}
	if macSize < 4 || macSize > 8 || len(apdu) < 5+macSize || int(apdu[4]) != len(apdu)-5 {
		return Command{}, ErrCommand
	}
	header, data, tag := [5]byte(apdu), apdu[5:len(apdu)-macSize], apdu[len(apdu)-macSize:]
	want, err := s.appendMAC(nil, header, data, macSize)
	if err != nil {
		return Command{}, err
	}
	if subtle.ConstantTimeCompare(want, tag) != 1 {
		return Command{}, crypto.ErrVerify
	}
	c := Command{CLA: apdu[0], INS: apdu[1], P1: apdu[2], P2: apdu[3], Data: append([]byte{}, data...), Encrypt: encrypted, MACSize: macSize}
	if encrypted {
		if c.Data, err = s.decrypt(data); err != nil {
			return Command{}, err
		}
	}
	s.commands++
	return c, nil
}

func (s *Script) decrypt(data []byte) ([]byte, error) {
	k, err := s.sessionKey(s.keys.Confidentiality, crypto.UsageEMVEncryption)
	if err != nil {
		return nil, err
	}
	defer k.Destroy()
	return DecryptScriptData(nil, k, s.rules.Encryption, data)
}

// DecryptScriptData appends the decrypted data of a script command to dst: the card's side of EncryptScriptData, with
// its key. With EncryptMChip padding is not taken off. ErrCommand: not what EncryptScriptData makes.
func DecryptScriptData(dst []byte, k SessionKey, e ScriptEncryption, data []byte) ([]byte, error) {
	if err := k.Require(crypto.OpDecrypt, crypto.UsageData); err != nil {
		return dst, err
	}
	if fips140.Enforced() && k.Attributes().Algorithm != crypto.AES {
		return dst, crypto.ErrFIPS
	}
	m, err := k.Open(keymaterial.Grant(), crypto.OpDecrypt)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	size := m.Block().BlockSize()
	if len(data) == 0 || len(data)%size != 0 || e < EncryptVisa || e > EncryptMChip {
		return dst, ErrCommand
	}
	plain := append(make([]byte, 0, len(data)), data...)
	defer clear(plain)
	if e == EncryptVisa {
		for i := 0; i < len(plain); i += size {
			m.Block().Decrypt(plain[i:], plain[i:])
		}
	} else {
		cipher.NewCBCDecrypter(m.Block(), make([]byte, size)).CryptBlocks(plain, plain)
	}
	inside, ok := withoutPadding(plain, e, size)
	if !ok {
		return dst, ErrCommand
	}
	return append(dst, inside...), nil
}

// withoutPadding takes off what EncryptScriptData put around the data.
func withoutPadding(plain []byte, e ScriptEncryption, size int) ([]byte, bool) {
	if e == EncryptMChip {
		return plain, true
	}
	to := len(plain)
	if e == EncryptVisa {
		if to = 1 + int(plain[0]); to > len(plain) || len(plain)-to >= size {
			return nil, false
		}
		return plain[1:to], to == len(plain) || padding(plain[to:])
	}
	for to > 0 && plain[to-1] == 0 {
		to--
	}
	if to == 0 || len(plain)-to >= size || plain[to-1] != 0x80 {
		return nil, false
	}
	return plain[:to-1], true
}

// padding reports whether b is 80 and zeros.
func padding(b []byte) bool {
	for i, c := range b {
		if i == 0 && c != 0x80 || i > 0 && c != 0 {
			return false
		}
	}
	return true
}

// OpenPINChange checks a PIN CHANGE command and returns the clear block of the new PIN, ISO 9564-1 format 2. current is
// the card's PIN until now; it counts only for commands that say they hold it, with P2 01. Errors are those of
// OpenCommand, ErrCommand for another command and ErrPINBlock for what does not give a block.
func (s *Script) OpenPINChange(apdu []byte, macSize int, current [8]byte) (block [8]byte, err error) {
	c, err := s.OpenCommand(apdu, macSize, true)
	if err != nil {
		return block, err
	}
	defer clear(c.Data)
	withCurrent := c.P2 == 1
	if c.INS != 0x24 || !withCurrent && c.P2 != 2 {
		return block, ErrCommand
	}
	if len(c.Data) != len(block) || withCurrent && !format2(current) {
		return block, ErrPINBlock
	}
	block = [8]byte(c.Data)
	if s.rules.PINBlock == PINBlockVIS || withCurrent {
		if err := s.maskPIN(&block, withCurrent, current); err != nil {
			return [8]byte{}, err
		}
		block[0] ^= 0x20 // the form of VIS has a 0 there
	}
	if !format2(block) {
		return [8]byte{}, ErrPINBlock
	}
	return block, nil
}
