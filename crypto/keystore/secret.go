package keystore

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"

	"golang.org/x/crypto/argon2"
)

// A Secret opens a store: a passphrase or a 32-byte key. There is no standard for what it is. It prints as "Secret(hidden)". The zero Secret is refused with
// ErrSecret.
type Secret struct {
	// reach is a closure because fmt and the dumpers of test libraries see through pointers, not into a closure.
	reach func() *secret
}

type secret struct {
	derivation derivation
	bytes      []byte
}

// derivation is how the sealing key comes from the secret.
type derivation byte

const (
	none     derivation = 1 // the secret is the key
	argon2id derivation = 2 // Argon2id (RFC 9106)
)

// Passphrase makes a secret of a passphrase, which it copies; clear it after use. A store is made with at least 12 bytes,
// 5 of them different (NIST SP 800-63B section 5.1.1 asks for more than 8 characters), not digits alone, not one word
// repeated, nor for the most part characters that repeat or follow each other as in "abcdef": others are ErrSecret there. It
// is no dictionary: "passwordletmein" passes. A store that has an easier one already still opens.
func Passphrase(text []byte) Secret {
	s := &secret{argon2id, append([]byte(nil), text...)}
	return Secret{func() *secret { return s }}
}

// Key makes a secret of a random 32-byte key; no standard is behind it.
func Key(key [32]byte) Secret {
	s := &secret{none, key[:]}
	return Secret{func() *secret { return s }}
}

// Wipe overwrites the secret; it is then as the zero Secret. Stores that are open stay so.
func (s Secret) Wipe() {
	if s.reach != nil {
		clear(s.reach().bytes)
		s.reach().bytes = nil
	}
}

const hidden = "Secret(hidden)"

// Format hides the secret whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// LogValue hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Cost is what deriving a key from a passphrase takes. The zero value is the second recommendation of RFC 9106 section 4:
// 3 passes over 64 MiB in 4 lanes. It is written into the file. A higher one given to Open is taken: the store is sealed
// with it from the next Save on. A lower one is not.
type Cost struct {
	Passes    uint32 // 2 to 16
	MemoryKiB uint32 // 19456 (19 MiB) to 1048576 (1 GiB)
	Lanes     uint8  // 1 to 16
}

var usualCost = Cost{Passes: 3, MemoryKiB: 64 << 10, Lanes: 4}

func (c Cost) orUsual() Cost {
	if c == (Cost{}) {
		return usualCost
	}
	return c
}

// over returns the higher of both costs in every part.
func (c Cost) over(d Cost) Cost {
	return Cost{max(c.Passes, d.Passes), max(c.MemoryKiB, d.MemoryKiB), max(c.Lanes, d.Lanes)}
}

// bounded reports whether the cost is neither too low to resist guessing nor so high that a forged file could exhaust
// the machine.
func (c Cost) bounded() bool {
	return 2 <= c.Passes && c.Passes <= 16 && 19<<10 <= c.MemoryKiB && c.MemoryKiB <= 1<<20 && 1 <= c.Lanes && c.Lanes <= 16
}

// sealingKey derives the key the file is sealed with.
func (s *secret) sealingKey(h *fileHeader) *[32]byte {
	var key [32]byte
	if s.derivation == none {
		copy(key[:], s.bytes)
		return &key
	}
	derived := argon2.IDKey(s.bytes, h.salt[:], h.cost.Passes, h.cost.MemoryKiB, h.cost.Lanes, uint32(len(key)))
	copy(key[:], derived)
	clear(derived)
	return &key
}

// The least a new passphrase has.
const (
	minimumPhrase    = 12 // bytes
	minimumDifferent = 5  // of them
)

// guessable reports a passphrase that a store is not made with.
func (s *secret) guessable() bool {
	if s.derivation != argon2id {
		return false
	}
	different, digits, steps := map[byte]bool{}, 0, 0
	for i, b := range s.bytes {
		different[b] = true
		if '0' <= b && b <= '9' {
			digits++
		}
		if i > 0 && b-s.bytes[i-1]+1 <= 2 { // one less, the same or one more
			steps++
		}
	}
	n := len(s.bytes)
	return n < minimumPhrase || len(different) < minimumDifferent || digits == n || 2*steps >= n || repeats(s.bytes)
}

// repeats reports a passphrase that is a shorter one, at most half as long, again and again.
func repeats(phrase []byte) bool {
	for period := 1; 2*period <= len(phrase); period++ {
		if bytes.Equal(phrase[period:], phrase[:len(phrase)-period]) {
			return true
		}
	}
	return false
}

// check returns the secret, or ErrSecret when there is none.
func (s Secret) check() (*secret, error) {
	if s.reach == nil || len(s.reach().bytes) == 0 {
		return nil, ErrSecret
	}
	return s.reach(), nil
}
