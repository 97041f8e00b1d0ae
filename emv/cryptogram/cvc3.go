package cryptogram

import (
	"encoding/binary"

	"github.com/posline/posline/crypto"
)

// MastercardIVCVC3 computes what a Mastercard contactless card keeps of a static track (tags DC, DD of its personalisation): the
// last two bytes of the track's MAC under the card's key of usage E4.
func MastercardIVCVC3(k CardKey, track []byte) (iv [2]byte, err error) {
	if err := k.requireDynamic(); err != nil {
		return iv, err
	}
	s, err := DirectKey(k)
	if err != nil {
		return iv, err
	}
	defer s.Destroy()
	mac, err := AppendMAC(make([]byte, 0, 8), s, crypto.Padding2, track, 8)
	if err != nil {
		return iv, err
	}
	return [2]byte(mac[6:]), nil
}

// MastercardCVC3 computes the value of COMPUTE CRYPTOGRAPHIC CHECKSUM (9F60, 9F61): 16 bits, of whose decimal digits the track
// carries the last ones. The number is the reader's unpredictable number in the form it was sent, BCD. This is
// the card's side; an issuer with its master key verifies with cardverify.VerifyCVC3. Errors: crypto.ErrUsage for a key of another usage than E4, E0 or E6.
func MastercardCVC3(k CardKey, iv [2]byte, counter uint16, number [4]byte) (uint16, error) {
	if err := k.requireDynamic(); err != nil {
		return 0, err
	}
	m, err := k.open()
	if err != nil {
		return 0, err
	}
	defer m.Release()
	block := append(append(make([]byte, 0, 16), iv[:]...), number[:]...)
	block = binary.BigEndian.AppendUint16(block, counter)
	if m.Block().BlockSize() != len(block) {
		return 0, crypto.ErrUnsupported
	}
	m.Block().Encrypt(block, block)
	return binary.BigEndian.Uint16(block[6:]), nil
}

func (k CardKey) requireDynamic() error {
	return k.Require(crypto.OpDerive, crypto.UsageEMVDynamic, crypto.UsageEMVCryptogram, crypto.UsageEMVOther)
}
