package scenario

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/internal/lock"
)

// keeping is what a run leaves in its folder so that another can go on with it: what in the world is in security modules,
// in the secure elements of terminals and in the heads of payers. It is written only where the folder is to be kept, and is
// readable for its owner alone.
type keeping struct {
	Runs      int // that have begun
	Terminals int
	Cards     []keptCard

	Switch, Bank [32]byte            // secrets of key stores
	Devices      map[string][32]byte // the same, by terminal
	Authority    []byte              // certificate, DER
	AuthorityKey []byte              // PKCS #8
}

type keptCard struct{ Track2, PIN string }

// ErrFolder is the error of a folder that no run can begin or go on in.
var ErrFolder = errors.New("the folder cannot be used")

func keepingFile(folder string) string { return filepath.Join(folder, "keeping.json") }

// openKeeping takes the folder for this process, and reads what an earlier run has left; fresh tells that there was none.
func (w *World) openKeeping() (fresh bool, err error) {
	folder := w.setup.Folder
	list, err := os.ReadDir(folder)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	data, err := os.ReadFile(keepingFile(folder))
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(list) > 0:
		return false, fmt.Errorf("%w: %s is not empty, and holds no run that can go on; choose an empty one", ErrFolder, folder)
	case err == nil && !w.setup.Keep:
		return false, fmt.Errorf("%w: %s holds an earlier run; choose an empty one", ErrFolder, folder)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if w.lock, err = lock.File(filepath.Join(folder, "lock")); err != nil {
		return false, fmt.Errorf("%w: %s: %w", ErrFolder, folder, err)
	}
	if data == nil {
		w.kept.Devices = make(map[string][32]byte)
		w.kept.Terminals = w.setup.Terminals
		return true, nil
	}
	if err := json.Unmarshal(data, &w.kept); err != nil {
		return false, fmt.Errorf("%w: %s is damaged: restore it from a copy, or choose an empty folder", ErrFolder, keepingFile(folder))
	}
	w.setup.Terminals = w.kept.Terminals
	return false, nil
}

// keep notes that a run begins. Before the first one nothing has been sold, so that a folder without the file has nothing
// to go on with.
func (w *World) keep() error {
	w.kept.Runs++
	if !w.setup.Keep {
		return nil
	}
	data, err := json.Marshal(&w.kept)
	if err != nil {
		return err
	}
	path := keepingFile(w.setup.Folder)
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// newSecret makes the secret of a key store: of a key card, where it would travel by another way, or of a terminal, where
// it would be in the secure element.
func (w *World) newSecret() [32]byte {
	var key [32]byte
	rand.Read(key[:])
	w.secretKeys = append(w.secretKeys, key)
	return key
}

// openAuthority makes the authority, or takes up that of before.
func (w *World) openAuthority(fresh bool) (err error) {
	if !fresh {
		w.authority, err = identity.ParseAuthority(w.kept.Authority, w.kept.AuthorityKey)
		return err
	}
	if w.authority, err = identity.NewAuthority(); err != nil {
		return err
	}
	w.kept.Authority = w.authority.Certificate()
	w.kept.AuthorityKey, err = w.authority.Key()
	return err
}

// openStore makes a key store with new keys of those kinds, or opens the one of before, and adds the keys to w.keys.
func (w *World) openStore(path string, secret [32]byte, fresh bool, kinds map[string]keyKind) error {
	open := keystore.Open
	if fresh {
		open = keystore.Create
	}
	store, err := open(path, keystore.Key(secret), keystore.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	for name, kind := range kinds {
		if fresh {
			key, err := kind.generate()
			if err != nil {
				return err
			}
			if err := store.Put(name, key); err != nil {
				return err
			}
			w.keys[name] = key
			continue
		}
		if w.keys[name], err = store.Get(name); err != nil {
			return fmt.Errorf("key %q: %w", name, err)
		}
	}
	if fresh {
		return store.Save()
	}
	return nil
}
