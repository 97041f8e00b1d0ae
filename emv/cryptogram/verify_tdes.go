package cryptogram

import (
	"crypto/subtle"
	"encoding/binary"
	"sync"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/internal/keymaterial"
)

// tdesWork is what verifying a cryptogram under Triple DES needs: the keys of the card and of the session live within
// the call, so they need not become keys of their own. It is reused and cleared in between.
type tdesWork struct {
	scratch  crypto.Scratch
	key      [16]byte
	contents [maximumContents]byte
}

var tdesScratch = sync.Pool{New: func() any { return new(tdesWork) }}

func (w *tdesWork) done() {
	w.scratch.Wipe()
	clear(w.key[:])
	clear(w.contents[:])
	tdesScratch.Put(w)
}

// short reports whether verifyTDES serves the profile and the key: the long way through CardKey and SessionKey does
// everything else, and must give the same.
func (p Profile) short(imk crypto.IMK) bool {
	if p.Algorithm != crypto.TDES || imk.Attributes().Algorithm != crypto.TDES || imk.Bits() != 128 {
		return false
	}
	if p.Padding != crypto.Padding1 && p.Padding != crypto.Padding2 || p.Derivation != OptionA && p.Derivation != OptionB {
		return false
	}
	switch p.Session {
	case SessionDirect, SessionCommon, SessionMChip, SessionUnionPay:
		return true
	}
	return false
}

// verifyTDES is Verify without allocation.
func (p Profile) verifyTDES(imk crypto.IMK, card Card, d emv.TLV) error {
	m, err := imk.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return err
	}
	defer m.Release()
	w := tdesScratch.Get().(*tdesWork)
	defer w.done()
	seed, err := card.seed(p.Derivation)
	if err != nil {
		return err
	}
	copy(w.key[:], seed[:])
	complement(w.key[8:], seed[:])
	encryptBlocks(m.Block(), w.key[:])
	ac, err := findSized(d, 0x9F26, 8)
	if err != nil {
		return err
	}
	contents, err := p.AppendContents(w.contents[:0], d)
	if err != nil {
		return err
	}
	if err := imk.Require(crypto.OpDerive, crypto.UsageEMVCryptogram); err != nil {
		return err
	}
	if err := w.session(p.Session, imk, d); err != nil {
		return err
	}
	w.scratch.Init(keymaterial.Grant(), imk.Key(), &w.key)
	want := w.scratch.RetailMAC(p.Padding, contents)
	if subtle.ConstantTimeCompare(want[:], ac) != 1 {
		return crypto.ErrVerify
	}
	return nil
}

// session turns the card's key in w.key into the session's.
func (w *tdesWork) session(s Session, imk crypto.IMK, d emv.TLV) error {
	counter, err := findSized(d, 0x9F36, 2)
	if err != nil {
		return err
	}
	var blocks [16]byte
	copy(blocks[:], counter)
	switch s {
	case SessionDirect:
		return nil
	case SessionUnionPay:
		n := binary.BigEndian.Uint16(counter)
		clear(blocks[:2])
		binary.BigEndian.PutUint16(blocks[6:], n)
		binary.BigEndian.PutUint16(blocks[14:], ^n)
	case SessionMChip:
		number, err := findSized(d, 0x9F37, 4)
		if err != nil {
			return err
		}
		copy(blocks[4:], number)
	}
	if s != SessionUnionPay {
		copy(blocks[8:], blocks[:8])
		blocks[2], blocks[10] = 0xF0, 0x0F
	}
	w.scratch.Init(keymaterial.Grant(), imk.Key(), &w.key)
	w.scratch.Encrypt(&blocks)
	setOddParity(blocks[:])
	w.key = blocks
	clear(blocks[:])
	return nil
}
