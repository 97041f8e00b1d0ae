package card

import (
	"github.com/posline/posline/emv/oda"
)

// The values of P2 of VERIFY.
const (
	plaintextPIN  = 0x80
	encipheredPIN = 0x88
)

// VerifyPIN has the card verify a PIN in clear, given as a block of ISO 9564-1 format 2. In a terminal the PIN pad does
// that. A *StatusError: the PIN is wrong, and its TriesLeft tells how many tries there are.
func (r *Reader) VerifyPIN(block [8]byte) error {
	_, err := r.command(0x00, 0x20, 0, plaintextPIN, block[:])
	return err
}

// VerifyEncipheredPIN is VerifyPIN with the block enciphered for the card, under its key for that or else the one of its
// certificate. It needs an Authenticate without an error first: no PIN leaves under a key that nobody vouches for.
func (r *Reader) VerifyEncipheredPIN(block [8]byte) error {
	key := r.chain.card
	if cert, ok := r.card.Get(0x9F2D); ok {
		var err error
		if key, err = r.chain.recoverKey(cert, r.get(0x9F2F), r.get(0x9F2E), nil); err != nil {
			return err
		}
	}
	challenge, err := r.command(0x00, 0x84, 0, 0, nil)
	if err != nil {
		return err
	}
	if len(challenge) != 8 {
		return ErrResponse
	}
	enciphered, err := oda.EncipherPIN(key, block, [8]byte(challenge))
	if err != nil {
		return err
	}
	_, err = r.command(0x00, 0x20, 0, encipheredPIN, enciphered)
	return err
}
