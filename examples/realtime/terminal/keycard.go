package terminal

import (
	"crypto/cipher"
	"path/filepath"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keystore"
)

// The names of the keys, on the card and in the terminal.
const (
	masterName = "terminal master key"
	sealName   = "reversals"
)

// WriteKeyCard makes a key card: a file with a terminal's master key, sealed under a secret that travels by another way.
func WriteKeyCard(path string, secret keystore.Secret, master crypto.Key) error {
	card, err := keystore.Create(path, secret, keystore.Options{})
	if err != nil {
		return err
	}
	defer card.Close()
	if err := card.Put(masterName, master); err != nil {
		return err
	}
	return card.Save()
}

// Install moves the master key from a key card into the terminal's own key store, and makes the key that its reversals
// are sealed with. A terminal is installed once: a second time is fs.ErrExist.
func Install(folder string, device keystore.Secret, card string, secret keystore.Secret) error {
	from, err := keystore.Open(card, secret, keystore.Options{})
	if err != nil {
		return err
	}
	defer from.Close()
	master, err := from.Get(masterName)
	if err != nil {
		return err
	}
	seal, err := crypto.GenerateKey(crypto.MustAttributes("D0AB00S"), 256)
	if err != nil {
		return err
	}
	store, err := keystore.Create(keyFile(folder), device, keystore.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Put(masterName, master); err != nil {
		return err
	}
	if err := store.Put(sealName, seal); err != nil {
		return err
	}
	return store.Save()
}

func keyFile(folder string) string { return filepath.Join(folder, "keys") }

// loadKeys opens the terminal's own key store.
func loadKeys(folder string, device keystore.Secret) (master crypto.KEK, seal cipher.AEAD, err error) {
	store, err := keystore.Open(keyFile(folder), device, keystore.Options{})
	if err != nil {
		return master, seal, err
	}
	defer store.Close()
	key, err := store.Get(masterName)
	if err != nil {
		return master, seal, err
	}
	if master, err = crypto.NewKEK(key); err != nil {
		return master, seal, err
	}
	if key, err = store.Get(sealName); err != nil {
		return master, seal, err
	}
	data, err := crypto.NewDataKey(key)
	if err != nil {
		return master, seal, err
	}
	seal, err = data.AEAD()
	return master, seal, err
}
