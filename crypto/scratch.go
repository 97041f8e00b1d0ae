package crypto

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// A Scratch is the schedule of a double-length Triple DES key that lives for one computation: what is derived, used and
// forgotten within a call need not become a Key (SP 800-67). Only packages of this module can fill it. It is reused in
// their pools, wiped in between, and prints nothing.
type Scratch struct {
	cipher des.Cipher
}

// Init makes the schedule of a key computed with a parent, in the parent's form of DES. It reports false, and leaves the
// computation to others, for a parent of another cipher.
func (s *Scratch) Init(token keymaterial.Token, parent Key, key *[16]byte) bool {
	if !token.Granted() || parent.Attributes().Algorithm != TDES {
		return false
	}
	form := des.ConstantTime
	if parent.TableDES() {
		form = des.Table
	}
	s.cipher.Init(key[:], form)
	return true
}

// Encrypt encrypts both blocks of 8 bytes of a derived key in place, each by itself.
func (s *Scratch) Encrypt(blocks *[16]byte) {
	s.cipher.Encrypt(blocks[:8], blocks[:8])
	s.cipher.Encrypt(blocks[8:], blocks[8:])
}

// RetailMAC computes ISO 9797-1 MAC algorithm 3 with padding 1 or 2 over a message.
func (s *Scratch) RetailMAC(padding MACPadding, message []byte) (tag [des.BlockSize]byte) {
	whole := len(message) / des.BlockSize * des.BlockSize
	if padding == Padding1 && whole == len(message) && whole > 0 {
		whole -= des.BlockSize
	}
	n := copy(tag[:], message[whole:])
	if padding == Padding2 {
		tag[n] = 0x80
	}
	binary.BigEndian.PutUint64(tag[:], s.cipher.RetailMAC(message[:whole], binary.BigEndian.Uint64(tag[:])))
	return tag
}

// Wipe overwrites the schedule.
func (s *Scratch) Wipe() { s.cipher.Wipe() }

// Format hides the schedule whatever the verb.
func (Scratch) Format(f fmt.State, _ rune) { io.WriteString(f, "Scratch(hidden)") }
