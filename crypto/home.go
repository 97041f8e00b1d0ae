package crypto

import (
	"fmt"

	"github.com/posline/posline/internal/keymaterial"
)

// A Home is where a program keeps keys: its key stores, and the protection keys under which it keeps key blocks and the
// state of DUKPT terminals. A key that may be kept names its home, because whoever chooses what a key is kept under can read
// it: a store with a passphrase of his own, a protection key whose bytes he knows. Nothing but the value that NewHome
// returned stands for a home, so that only who was given it by the program's configuration makes stores and protection keys
// that belong to it. The zero Home is none. X9.24-1 section 7 (secure storage of keys).
type Home struct{ mark *homeMark }

// homeMark is something to point at; it must not be empty, or all pointers to it were the same.
type homeMark struct{ _ byte }

// NewHome returns a home of its own. A program makes one, opens its stores with it and gives it to nobody else.
func NewHome() Home { return Home{new(homeMark)} }

// Storable is the option of a key that may be kept at this home whatever its exportability: in a key store of it
// (crypto/keystore), in a key block of storage context or the sealed state of a DUKPT terminal under a Keeper. Without it a
// key leaves as its exportability says and in no other way. Keys read back are storable there again; derived keys are not.
// For keys that are received it has no effect but through Confers.
func (h Home) Storable(o *KeyOptions) { o.rules.home = o.mark(h) }

// Keeper is the option of a key encryption key or key block protection key that keeps the keys of this home.
func (h Home) Keeper(o *KeyOptions) { o.rules.keeper = o.mark(h) }

func (o *KeyOptions) mark(h Home) *homeMark {
	if h.mark == nil {
		o.fault = fmt.Errorf("%w: no home", ErrUnsupported)
	}
	return h.mark
}

// Keeps returns the home whose keys this key keeps, the zero Home for none. Only packages of this module can call it: who has
// the home makes keepers of it.
func (k Key) Keeps(token keymaterial.Token) Home {
	if k.reach == nil || !token.Granted() {
		return Home{}
	}
	return Home{k.core().rules.keeper}
}

// MayStay reports whether the key may be kept at a home: it is Storable there, or Sensitive. No key may stay at the zero
// Home but a Sensitive one.
func (k Key) MayStay(at Home) bool {
	switch {
	case k.reach == nil:
		return false
	case k.Attributes().Export == Sensitive:
		return true
	}
	return at.mark != nil && k.core().rules.home == at.mark
}

// OpenToStay opens a key that is to be kept at a home; Release must follow. Only packages of this module can call it.
// Errors: ErrExport, ErrNoKey, ErrDestroyed.
func (k Key) OpenToStay(token keymaterial.Token, at Home) (*keymaterial.Material, error) {
	m, err := k.Unguarded(token)
	if err != nil {
		return nil, err
	}
	if !k.MayStay(at) {
		m.Release()
		return nil, ErrExport
	}
	return m, nil
}
