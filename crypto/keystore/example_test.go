package keystore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/posline/posline/crypto"
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

	store, err := keystore.Create(path, secret, keystore.Options{})
	if err != nil {
		panic(err)
	}
	tmk, err := crypto.GenerateKey(crypto.MustAttributes("K0TB00N"), 128)
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

	store, err = keystore.Open(path, secret, keystore.Options{MinimumVersion: remembered})
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
