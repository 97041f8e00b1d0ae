// Package released looks, for tests, whether operations give keys back: a key that somebody keeps open is never wiped.
package released

import (
	"bytes"
	"testing"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// After runs an operation that uses the key, destroys the key and fails unless its bytes are overwritten by then.
func After(t testing.TB, k crypto.Key, name string, use func()) {
	t.Helper()
	m, err := k.Unguarded(keymaterial.Grant())
	if err != nil {
		t.Fatal(name, err)
	}
	held := m.Bytes()
	m.Release()
	use()
	if bytes.Equal(held, make([]byte, len(held))) {
		t.Fatal(name, "wiped before it was destroyed")
	}
	k.Destroy()
	if !bytes.Equal(held, make([]byte, len(held))) {
		t.Fatal(name, "keeps the key open")
	}
}
