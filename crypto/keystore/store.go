package keystore

import (
	"crypto/fips140"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// Options say how a store is opened and written. They are this package's own and of no standard. The zero value is ready.
type Options struct {
	// MinimumVersion refuses older files with ErrRollback: the Version of the last Save, remembered elsewhere.
	MinimumVersion uint64

	// Cost is for deriving the key from a passphrase when a store is created or its secret changed, and when an opened
	// store has a lower one.
	Cost Cost

	// AllowShared opens a file that others than its owner may read or write, such as one that an orchestrator mounts, and
	// one in a folder that everybody may write. Without it that is ErrExposed, where the system knows permissions.
	AllowShared bool

	// Home is where the store belongs: it takes keys that are Storable there. The zero Home is one of the store's own, so
	// that it takes only Sensitive keys, and those that were in it.
	Home crypto.Home

	// Key are the options keys are made with when they are read: crypto.TableDES, gm.SM4. Weak keys and odd modes of
	// use that were stored are read again without asking. What a key may do was stored with it: options that add to it
	// are crypto.ErrUsage.
	Key []crypto.Option
}

// A Store holds named keys. It is of no standard: its form, sealed by XChaCha20-Poly1305, is this package's own. It is safe for concurrent use. The zero Store is closed.
type Store struct {
	mutex  sync.Mutex
	path   string
	header fileHeader
	cost   Cost // for the next secret
	shared bool // as Options.AllowShared has it
	keys   map[string]crypto.Key
	home   crypto.Home

	// reach hides the sealing key from fmt and other readers by reflection; nil when the store is closed.
	reach func() *[32]byte
}

// New returns an empty store without a file, for Append; see Store, of no standard. Errors are ErrSecret, ErrCost and crypto.ErrFIPS.
func New(s Secret, o Options) (*Store, error) {
	if fips140.Enforced() {
		return nil, crypto.ErrFIPS
	}
	store := &Store{cost: o.Cost, keys: map[string]crypto.Key{}, home: o.home()}
	if err := store.setSecret(s); err != nil {
		return nil, err
	}
	return store, nil
}

// Decode opens a store from the bytes of a file, which is of no standard's form and which it does not keep. Errors are ErrSecret, ErrSealed, ErrRollback,
// crypto.ErrFIPS, and those of crypto.NewKey when the options lack a cipher.
func Decode(file []byte, s Secret, o Options) (*Store, error) {
	if fips140.Enforced() {
		return nil, crypto.ErrFIPS
	}
	opener, err := s.check()
	if err != nil {
		return nil, err
	}
	store := &Store{cost: o.Cost, home: o.home()}
	if err := store.header.parse(file); err != nil {
		return nil, err
	}
	if store.header.derivation != opener.derivation {
		return nil, ErrSealed
	}
	key := opener.sealingKey(&store.header)
	entries, err := store.header.open(key, file)
	if err != nil {
		return nil, err
	}
	defer clear(entries)
	if store.header.version < o.MinimumVersion {
		return nil, ErrRollback
	}
	if store.keys, err = store.header.parseEntries(entries, o.Key, store.home); err != nil {
		return nil, err
	}
	store.reach = func() *[32]byte { return key }
	if err := store.raise(opener); err != nil {
		store.Close()
		return nil, err
	}
	return store, nil
}

func (o Options) home() crypto.Home {
	if o.Home == (crypto.Home{}) {
		return crypto.NewHome()
	}
	return o.Home
}

// raise derives a new sealing key where the options ask for more than the file has.
func (s *Store) raise(opener *secret) error {
	if s.header.derivation != argon2id || s.cost.over(s.header.cost) == s.header.cost {
		return nil
	}
	return s.derive(opener)
}

// setSecret takes a new secret.
func (s *Store) setSecret(secret Secret) error {
	opener, err := secret.check()
	if err != nil {
		return err
	}
	if opener.guessable() {
		return ErrSecret
	}
	return s.derive(opener)
}

// derive derives a new sealing key with a new salt, at no lower cost than before.
func (s *Store) derive(opener *secret) error {
	h := s.header
	h.derivation, h.cost = opener.derivation, Cost{}
	if opener.derivation == argon2id {
		if h.cost = s.cost.orUsual().over(s.header.cost); !h.cost.bounded() || s.cost != (Cost{}) && !s.cost.bounded() {
			return ErrCost
		}
	}
	rand.Read(h.salt[:])
	key := opener.sealingKey(&h)
	s.wipeKey()
	s.header = h
	s.reach = func() *[32]byte { return key }
	return nil
}

// ChangeSecret seals the store under another secret from the next Save on. It asks for the one until now, because whoever
// knows a secret reads the keys in the file, those that are NonExportable too: a program that was given a store to take keys
// from cannot choose that. Errors are ErrSealed for another secret than the current one, ErrSecret, ErrCost and ErrClosed.
func (s *Store) ChangeSecret(current, next Secret) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.reach == nil {
		return ErrClosed
	}
	if err := s.prove(current); err != nil {
		return err
	}
	return s.setSecret(next)
}

// prove compares a secret with the one that the sealing key came from.
func (s *Store) prove(secret Secret) error {
	opener, err := secret.check()
	if err != nil {
		return err
	}
	if opener.derivation != s.header.derivation {
		return ErrSealed
	}
	key := opener.sealingKey(&s.header)
	defer clear(key[:])
	if subtle.ConstantTimeCompare(key[:], s.reach()[:]) != 1 {
		return ErrSealed
	}
	return nil
}

// Put adds a key or replaces the one of that name; Save must follow. Errors are ErrName, ErrClosed, crypto.ErrExport for
// a key that is neither Storable at the store's home nor crypto.Sensitive, crypto.ErrNoKey and crypto.ErrDestroyed.
func (s *Store) Put(name string, k crypto.Key) error {
	if !validName(name) {
		return ErrName
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.reach == nil {
		return ErrClosed
	}
	m, err := k.OpenToStay(keymaterial.Grant(), s.home)
	if err != nil {
		return err
	}
	m.Release()
	s.keys[name] = k
	return nil
}

// Get returns a key, or ErrNotFound. The key is shared with the store: destroyed, it can no longer be saved.
func (s *Store) Get(name string) (crypto.Key, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.reach == nil {
		return crypto.Key{}, ErrClosed
	}
	k, there := s.keys[name]
	if !there {
		return crypto.Key{}, ErrNotFound
	}
	return k, nil
}

// Delete removes a key, or gives ErrNotFound; Save must follow. The key itself stays usable.
func (s *Store) Delete(name string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.reach == nil {
		return ErrClosed
	}
	if _, there := s.keys[name]; !there {
		return ErrNotFound
	}
	delete(s.keys, name)
	return nil
}

// Names returns the names in order.
func (s *Store) Names() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Sorted(maps.Keys(s.keys))
}

// Version returns the version of the file as it was read or written last; 0 before the first Save.
func (s *Store) Version() uint64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.header.version
}

// Append seals the store under the next version and appends the file to dst.
func (s *Store) Append(dst []byte) ([]byte, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	next, file, err := s.sealed(dst)
	if err != nil {
		return dst, err
	}
	s.header = next
	return file, nil
}

// sealed appends the file of the next version to dst; the caller holds the lock and adopts the header.
func (s *Store) sealed(dst []byte) (next fileHeader, file []byte, err error) {
	next = s.header
	if s.reach == nil {
		return next, dst, ErrClosed
	}
	if next.version == math.MaxUint64 {
		return next, dst, ErrFull
	}
	next.version++
	size := 0
	for name, k := range s.keys {
		size += entrySize(name, k, s.home)
	}
	if size > maximumEntries {
		return next, dst, ErrFull
	}
	entries := make([]byte, 0, size) // all at once: growing would leave copies of keys behind
	defer func() { clear(entries) }()
	for _, name := range slices.Sorted(maps.Keys(s.keys)) {
		if entries, err = appendEntry(entries, name, s.keys[name], s.home); err != nil {
			return next, dst, fmt.Errorf("key %q: %w", name, err)
		}
	}
	file, err = next.seal(dst, s.reach(), entries)
	return next, file, err
}

// Close forgets the sealing key; later uses are ErrClosed. Keys taken from the store stay usable.
func (s *Store) Close() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.wipeKey()
	s.reach, s.keys = nil, nil
	return nil
}

func (s *Store) wipeKey() {
	if s.reach != nil {
		clear(s.reach()[:])
	}
}

// String returns the number of keys and the version.
func (s *Store) String() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return fmt.Sprintf("Store(%d keys, version %d)", len(s.keys), s.header.version)
}

// Format writes String whatever the verb.
func (s *Store) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue gives String to log/slog.
func (s *Store) LogValue() slog.Value { return slog.StringValue(s.String()) }
