// Package keymaterial is how the packages of this module reach the bytes of a key: crypto.Key has methods that ask for
// a [Token], and only code that may import this package can make one. Programs outside the module have the one door
// crypto/clearkey instead.
package keymaterial

import (
	"crypto/cipher"
	"sync"
	"sync/atomic"
)

// A Token admits its holder to key material. The zero Token, which generic code outside the module could conjure up
// without naming the type, admits nobody.
type Token struct{ granted bool }

// Grant returns a Token that opens keys.
func Grant() Token { return Token{granted: true} }

// Granted reports whether the token came from Grant.
func (t Token) Granted() bool { return t.granted }

// Material is what a key is made of. It counts its users, so that a key destroyed while another goroutine computes
// with it is wiped when that one is through, neither under its feet nor never.
type Material struct {
	bytes []byte
	block cipher.Block // nil for keys that are not of a block cipher

	state atomic.Int64 // users, plus destroyed once Destroy was called
	wiped atomic.Bool

	once    sync.Once
	derived [32]byte // CMAC's subkeys, computed when first asked for
}

// Derived returns memory that belongs to the key and is wiped with it, filled in by compute when it is first asked for.
// All users of one key must compute the same; they keep the pointer no longer than until Release.
func (m *Material) Derived(compute func(*[32]byte)) *[32]byte {
	m.once.Do(func() { compute(&m.derived) })
	return &m.derived
}

const destroyed = 1 << 62

// Init takes over the bytes and the cipher made of them. A cipher with a Wipe method has it called when the material
// is destroyed; the schedule of others is out of reach and left to the garbage collector.
func (m *Material) Init(bytes []byte, block cipher.Block) {
	m.bytes, m.block = bytes, block
}

// Acquire counts a user in. It fails when the material is destroyed; when it succeeds Release must follow.
func (m *Material) Acquire() bool {
	if m.state.Add(1) >= destroyed {
		m.Release()
		return false
	}
	return true
}

// Release counts a user out. The bytes and the cipher must not be used after it.
func (m *Material) Release() {
	if m.state.Add(-1) == destroyed {
		m.overwrite()
	}
}

// Destroy wipes the material as soon as nobody uses it. Destroying twice does nothing more.
func (m *Material) Destroy() {
	for {
		users := m.state.Load()
		if users >= destroyed {
			return
		}
		if !m.state.CompareAndSwap(users, users|destroyed) {
			continue
		}
		if users == 0 {
			m.overwrite()
		}
		return
	}
}

// Destroyed reports whether Destroy was called.
func (m *Material) Destroyed() bool { return m.state.Load() >= destroyed }

// Bytes returns the key's own bytes; they must not be changed, nor kept after Release.
func (m *Material) Bytes() []byte { return m.bytes }

// Block returns the expanded block cipher, or nil when the key is not of a block cipher. It is safe for concurrent use
// and must not be kept after Release.
func (m *Material) Block() cipher.Block { return m.block }

func (m *Material) overwrite() {
	if !m.wiped.CompareAndSwap(false, true) {
		return
	}
	clear(m.bytes)
	clear(m.derived[:])
	if w, ok := m.block.(interface{ Wipe() }); ok {
		w.Wipe()
	}
}
