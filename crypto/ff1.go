package crypto

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"

	"github.com/posline/posline/internal/keymaterial"
)

// FF1 encrypts text into text of the same length and alphabet: format-preserving encryption, NIST SP 800-38G method
// FF1. It is immutable and safe for concurrent use. FF3 and FF3-1 are left out on purpose: NIST withdraws them.
//
// Its arithmetic does not run in constant time.
type FF1 struct {
	key     DataKey
	radix   int
	minimum int // characters of the shortest text
}

const (
	minimumDomain = 1_000_000 // different texts, SP 800-38G revision 1
	maximumText   = 1024      // characters; bounds the work
	maximumTweak  = 1024      // bytes
	ff1Rounds     = 10
	ff1Digits     = "0123456789abcdefghijklmnopqrstuvwxyz"
)

// NewFF1 binds an AES data key to an alphabet: the first radix characters of "0…9a…z", 2 to 36 of them. Errors:
// ErrUnsupported for another cipher or radix, ErrNoKey.
func NewFF1(key DataKey, radix int) (*FF1, error) {
	if key.reach == nil {
		return nil, ErrNoKey
	}
	if key.Attributes().Algorithm != AES || radix < 2 || radix > len(ff1Digits) {
		return nil, fmt.Errorf("%w: FF1 of radix %d with algorithm %s", ErrUnsupported, radix, key.Attributes().Algorithm)
	}
	minimum := 2
	for domain := radix * radix; domain < minimumDomain; domain *= radix {
		minimum++
	}
	return &FF1{key, radix, minimum}, nil
}

// MinimumLength returns the number of characters of the shortest text: as many as make a million different ones.
func (f *FF1) MinimumLength() int { return f.minimum }

// AppendEncrypt appends the text, encrypted, to dst. The tweak, up to 1024 bytes and not secret, makes equal texts look
// different in different places. Errors: ErrLength for a text or tweak too short or long, ErrUnsupported for a character
// outside the alphabet, ErrUsage, ErrDestroyed.
func (f *FF1) AppendEncrypt(dst, tweak, text []byte) ([]byte, error) {
	return f.appendCrypt(dst, OpEncrypt, tweak, text)
}

// AppendDecrypt undoes AppendEncrypt.
func (f *FF1) AppendDecrypt(dst, tweak, text []byte) ([]byte, error) {
	return f.appendCrypt(dst, OpDecrypt, tweak, text)
}

func (f *FF1) appendCrypt(dst []byte, op Operation, tweak, text []byte) ([]byte, error) {
	if len(text) < f.minimum || len(text) > maximumText || len(tweak) > maximumTweak {
		return dst, fmt.Errorf("%w: %d characters, %d bytes of tweak", ErrLength, len(text), len(tweak))
	}
	for i, c := range text {
		if !slices.Contains([]byte(ff1Digits[:f.radix]), c) {
			return dst, fmt.Errorf("%w: character %d is not of radix %d", ErrUnsupported, i, f.radix)
		}
	}
	m, err := f.key.Open(keymaterial.Grant(), op)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	return newFeistel(m.Block(), f.radix, tweak, text).run(dst, op == OpEncrypt), nil
}

// feistel is FF1 at work (SP 800-38G algorithms 7 and 8).
type feistel struct {
	block cipher.Block
	radix *big.Int
	tweak []byte

	short, long   int // characters of the halves: u and v
	size, work    int // bytes of a half as a number, and of the round function's result: b and d
	powers        [2]big.Int
	left, right   big.Int // A and B
	first         [16]byte
	roundFunction big.Int // y
}

func newFeistel(block cipher.Block, radix int, tweak, text []byte) *feistel {
	n := len(text)
	s := &feistel{block: block, radix: big.NewInt(int64(radix)), tweak: tweak, short: n / 2, long: n - n/2}
	s.powers[0].Exp(s.radix, big.NewInt(int64(s.short)), nil)
	s.powers[1].Exp(s.radix, big.NewInt(int64(s.long)), nil)
	s.size = (new(big.Int).Sub(&s.powers[1], big.NewInt(1)).BitLen() + 7) / 8
	s.work = 4*((s.size+3)/4) + 4
	s.left.SetString(string(text[:s.short]), radix)
	s.right.SetString(string(text[s.short:]), radix)
	s.first = [16]byte{1, 2, 1, 0, 0, byte(radix), ff1Rounds, byte(s.short)}
	binary.BigEndian.PutUint32(s.first[8:], uint32(n))
	binary.BigEndian.PutUint32(s.first[12:], uint32(len(tweak)))
	return s
}

// run goes through the rounds and appends the text of both halves to dst. The left half before an even round, and the
// right one after it, has the short length.
func (s *feistel) run(dst []byte, encrypt bool) []byte {
	for i := range ff1Rounds {
		if encrypt {
			s.round(byte(i), &s.right)
			s.left.Add(&s.left, &s.roundFunction).Mod(&s.left, &s.powers[i%2])
			s.left, s.right = s.right, s.left
			continue
		}
		s.left, s.right = s.right, s.left
		s.round(byte(ff1Rounds-1-i), &s.right)
		s.left.Sub(&s.left, &s.roundFunction).Mod(&s.left, &s.powers[(ff1Rounds-1-i)%2])
	}
	dst = s.appendDigits(dst, &s.left, s.short)
	return s.appendDigits(dst, &s.right, s.long)
}

// round computes the round function of a half: AES-CBC-MAC over the fixed block, tweak, round number and half, then as
// many more blocks as needed.
func (s *feistel) round(i byte, half *big.Int) {
	padding := (16 - (len(s.tweak)+s.size+1)%16) % 16
	q := slices.Concat(s.first[:], s.tweak, make([]byte, padding), []byte{i}, half.FillBytes(make([]byte, s.size)))
	var r [16]byte
	for ; len(q) > 0; q = q[16:] {
		subtle.XORBytes(r[:], r[:], q[:16])
		s.block.Encrypt(r[:], r[:])
	}
	out := append([]byte(nil), r[:]...)
	for j := uint64(1); len(out) < s.work; j++ {
		next := r
		binary.BigEndian.PutUint64(next[8:], binary.BigEndian.Uint64(next[8:])^j)
		s.block.Encrypt(next[:], next[:])
		out = append(out, next[:]...)
	}
	s.roundFunction.SetBytes(out[:s.work])
}

func (s *feistel) appendDigits(dst []byte, half *big.Int, n int) []byte {
	digits := half.Text(int(s.radix.Int64()))
	for range n - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}
