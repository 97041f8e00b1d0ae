package dukpt

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
)

// Errors of this package.
var (
	// ErrKSN is a key serial number of a wrong length, or whose counter has no transaction key.
	ErrKSN = errors.New("dukpt: invalid key serial number")

	// ErrExhausted says that a device has no transaction keys left and needs a new initial key.
	ErrExhausted = errors.New("dukpt: no transaction keys left")
)

// Lengths of a key serial number in bytes, of its counter in bits, and how many of those may be set at once.
const (
	tdesLength, tdesCounter, tdesWeight = 10, 21, 10
	aesLength, aesCounter, aesWeight    = 12, 32, 16
)

// A KSN is a key serial number: which device a message comes from and which of its transactions it is. Triple DES has
// 10 bytes with a counter of 21 bits at the end (X9.24-1), AES has 12 bytes with a counter of 32 bits (X9.24-3). It is
// comparable and not secret. The zero KSN is none and invalid.
type KSN struct {
	bytes  [aesLength]byte
	length uint8
}

// ParseKSN copies a key serial number of 10 or 12 bytes; another length is ErrKSN. It does not check the counter, since
// the numbers that name a device end in zero; Valid does.
func ParseKSN(b []byte) (KSN, error) {
	if len(b) != tdesLength && len(b) != aesLength {
		return KSN{}, fmt.Errorf("%w: %d bytes", ErrKSN, len(b))
	}
	k := KSN{length: uint8(len(b))}
	copy(k.bytes[:], b)
	return k, nil
}

// Append appends the bytes of the number to dst.
func (k KSN) Append(dst []byte) []byte { return append(dst, k.bytes[:k.length]...) }

// IsAES reports whether the number belongs to AES DUKPT.
func (k KSN) IsAES() bool { return k.length == aesLength }

// Counter returns the transaction counter.
func (k KSN) Counter() uint32 {
	if k.IsAES() {
		return binary.BigEndian.Uint32(k.bytes[8:])
	}
	return binary.BigEndian.Uint32(k.bytes[6:]) & (1<<tdesCounter - 1)
}

// WithCounter returns the number with another counter: 0 names the device. Bits beyond the counter's are dropped.
func (k KSN) WithCounter(n uint32) KSN {
	if k.IsAES() {
		binary.BigEndian.PutUint32(k.bytes[8:], n)
		return k
	}
	rest := binary.BigEndian.Uint32(k.bytes[6:]) &^ (1<<tdesCounter - 1)
	binary.BigEndian.PutUint32(k.bytes[6:], rest|n&(1<<tdesCounter-1))
	return k
}

// Device returns the number with the counter zero.
func (k KSN) Device() KSN { return k.WithCounter(0) }

// register returns the last eight bytes of a Triple DES number with the counter zero, which is what X9.24-1 encrypts.
func (k KSN) register() uint64 {
	return binary.BigEndian.Uint64(k.bytes[2:tdesLength]) &^ (1<<tdesCounter - 1)
}

// weight returns how many bits of the counter may be set.
func (k KSN) weight() int {
	if k.IsAES() {
		return aesWeight
	}
	return tdesWeight
}

// Valid returns nil when the number has a transaction key: its counter is not zero and has at most 10 bits set (Triple
// DES) or 16 (AES). Otherwise it returns an ErrKSN.
func (k KSN) Valid() error {
	n := bits.OnesCount32(k.Counter())
	switch {
	case k.length == 0:
		return fmt.Errorf("%w: none", ErrKSN)
	case n == 0:
		return fmt.Errorf("%w: its counter is zero", ErrKSN)
	case n > k.weight():
		return fmt.Errorf("%w: %d bits of its counter are set, more than %d", ErrKSN, n, k.weight())
	}
	return nil
}

// Next returns the next number that has a transaction key, leaving out those that have none. After the last one it is
// ErrExhausted. The zero KSN is ErrKSN.
func (k KSN) Next() (KSN, error) {
	limit := uint64(1) << tdesCounter
	switch {
	case k.length == 0:
		return k, k.Valid()
	case k.IsAES():
		limit = 1 << aesCounter
	}
	n := uint64(k.Counter()) + 1
	for bits.OnesCount64(n) > k.weight() {
		n += n & -n
	}
	if n >= limit {
		return k, ErrExhausted
	}
	return k.WithCounter(uint32(n)), nil
}

// Exhausted reports whether no number with a transaction key follows.
func (k KSN) Exhausted() bool {
	_, err := k.Next()
	return err != nil
}

// String returns the number in hexadecimal.
func (k KSN) String() string { return fmt.Sprintf("%X", k.bytes[:k.length]) }

// MarshalText is String.
func (k KSN) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads hexadecimal.
func (k *KSN) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("%w: not hexadecimal", ErrKSN)
	}
	*k, err = ParseKSN(b)
	return err
}
