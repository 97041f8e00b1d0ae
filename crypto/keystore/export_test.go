package keystore

import "github.com/posline/posline/crypto"

// SealEntries seals bytes as the entries of a store under a 32-byte key.
func SealEntries(s Secret, entries []byte) ([]byte, error) {
	h := fileHeader{derivation: none, version: 1}
	return h.seal(nil, s.reach().sealingKey(&h), entries)
}

// Bounded reports whether a cost is admitted, without spending it.
func Bounded(c Cost) bool { return c.bounded() }

// SetVersion makes a store one that was saved so often.
func SetVersion(s *Store, version uint64) { s.header.version = version }

// SealingKey is the key that an open store is sealed with, and Bytes are those of a secret.
func SealingKey(s *Store) *[32]byte { return s.reach() }

func Bytes(s Secret) []byte { return s.reach().bytes }

// SyncFolder is what makes a new name durable.
func SyncFolder(path string) error { return syncFolder(path) }

// Sizes of a file.
const (
	HeaderSize  = headerSize
	MaximumFile = maximumFile
)

// Sizes returns how much room an entry is given and how much it takes.
func Sizes(name string, k crypto.Key, home crypto.Home) (room, taken int, err error) {
	entry, err := appendEntry(nil, name, k, home)
	return entrySize(name, k, home), len(entry), err
}
