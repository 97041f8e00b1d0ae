package terminal

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/examples/realtime/identity"
)

// Enroll gives an installed terminal the identity that it proves to the acquirer: it makes a key, which never leaves the
// terminal, and has the acquirer's authority certify it. Enrolling again replaces the identity.
func Enroll(folder string, device keystore.Secret, authority []byte, issue func(request []byte) (certificate []byte, err error)) error {
	_, seal, err := loadKeys(folder, device)
	if err != nil {
		return err
	}
	own, err := identity.Make(authority, issue)
	if err != nil {
		return err
	}
	text, err := json.Marshal(own)
	if err != nil {
		return err
	}
	defer clear(text)
	nonce := make([]byte, seal.NonceSize())
	rand.Read(nonce)
	path := identityFile(folder)
	if err := os.WriteFile(path+".new", seal.Seal(nonce, nonce, text, []byte(identityLabel)), 0o600); err != nil {
		return err
	}
	return errors.Join(os.Rename(path+".new", path), syncFolder(path))
}

// identityLabel keeps what is sealed here apart from the records of the journal.
const identityLabel = "identity"

func identityFile(folder string) string { return filepath.Join(folder, "identity") }

func loadIdentity(folder string, seal cipher.AEAD) (*identity.Own, error) {
	sealed, err := os.ReadFile(identityFile(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotEnrolled
	}
	if err != nil {
		return nil, err
	}
	size := seal.NonceSize()
	if len(sealed) < size {
		return nil, fmt.Errorf("%w: its identity is damaged", ErrNotEnrolled)
	}
	text, err := seal.Open(nil, sealed[:size], sealed[size:], []byte(identityLabel))
	if err != nil {
		return nil, fmt.Errorf("%w: its identity is damaged", ErrNotEnrolled)
	}
	defer clear(text)
	own := new(identity.Own)
	return own, json.Unmarshal(text, own)
}
