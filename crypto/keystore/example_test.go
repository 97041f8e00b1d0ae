package keystore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/crypto/keystore"
)

// A terminal keeps its master key in a file and remembers the file's version in its secure element, so that nobody can
// put back a copy of last week.
func Example() {
	folder, err := os.MkdirTemp("", "terminal")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "keys")
	secret := keystore.Passphrase([]byte("entered by two custodians"))
	home := crypto.NewHome() // of this program's stores; keys that may lie in them are made with its option

	store, err := keystore.Create(path, secret, keystore.Options{Home: home})
	if err != nil {
		panic(err)
	}
	tmk, err := crypto.GenerateKey(crypto.MustAttributes("K0TB00N"), 128, home.Storable)
	if err != nil {
		panic(err)
	}
	if err := store.Put("terminal master key", tmk); err != nil {
		panic(err)
	}
	if err := store.Save(); err != nil {
		panic(err)
	}
	remembered := store.Version()

	store, err = keystore.Open(path, secret, keystore.Options{Home: home, MinimumVersion: remembered})
	if err != nil {
		panic(err)
	}
	k, err := store.Get("terminal master key")
	fmt.Println(store, k.Attributes(), err)

	_, err = keystore.Open(path, keystore.Passphrase([]byte("guessed")), keystore.Options{})
	fmt.Println(errors.Is(err, keystore.ErrSealed))
	// Output:
	// Store(1 keys, version 2) K0TB00N <nil>
	// true
}

// A host keeps the working keys that a peer sends in key blocks, though they may not be passed on: the key they arrive under
// was made to say so.
func Example_received() {
	home := crypto.NewHome()
	shared := []byte("0123456789abcdef0123456789abcdef") // from custodians, or from a vault

	// where the keys of the program are made
	k, err := clearkey.Import(crypto.MustAttributes("K1AD00N"), shared, crypto.Confers(home.Storable))
	if err != nil {
		panic(err)
	}
	zone, err := crypto.NewKBPK(k)
	if err != nil {
		panic(err)
	}
	store, err := keystore.New(keystore.Key([32]byte{1}), keystore.Options{Home: home})
	if err != nil {
		panic(err)
	}

	// where keys arrive
	pik, _, err := keyblock.Unwrap(zone, fromPeer(shared), keyblock.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(pik.Attributes(), store.Put("zone PIN key", pik))
	other, err := keystore.New(keystore.Key([32]byte{2}), keystore.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(other.Put("a copy", pik))
	// Output:
	// P0TB00N <nil>
	// crypto: the key is not exportable
}

// fromPeer is a key block of the peer's.
func fromPeer(shared []byte) []byte {
	k, err := clearkey.Import(crypto.MustAttributes("K1AE00N"), shared)
	if err != nil {
		panic(err)
	}
	zone, err := crypto.NewKBPK(k)
	if err != nil {
		panic(err)
	}
	pik, err := crypto.GenerateKey(crypto.MustAttributes("P0TB00E"), 128)
	if err != nil {
		panic(err)
	}
	block, err := keyblock.Wrap(nil, zone, pik, keyblock.Wrapping{Export: crypto.NonExportable})
	if err != nil {
		panic(err)
	}
	return block
}
