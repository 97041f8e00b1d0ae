package keystore

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Create makes a new store and its file, readable by the owner only. A file that exists is fs.ErrExist.
func Create(path string, s Secret, o Options) (*Store, error) {
	store, err := New(s, o)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	store.path = path
	next, file, err := store.sealed(nil)
	if err == nil {
		err = write(f, file)
	} else {
		f.Close()
	}
	if err != nil {
		os.Remove(path)
		return nil, err
	}
	store.header = next
	return store, syncFolder(path)
}

// Open reads a store. Errors are those of Decode and of the file system.
func Open(path string, s Secret, o Options) (*Store, error) {
	file, err := read(path)
	if err != nil {
		return nil, err
	}
	store, err := Decode(file, s, o)
	if err != nil {
		return nil, err
	}
	store.path = path
	return store, nil
}

// Save writes the store under the next version: into a new file beside the old one, which it replaces once it is on
// the disk. After a crash there is the old file or the new one. A file that is not the version this store read or
// wrote last is ErrChanged and stays. A store without a file is fs.ErrInvalid.
func (s *Store) Save() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.reach == nil {
		return ErrClosed
	}
	if s.path == "" {
		return fs.ErrInvalid
	}
	if err := s.unchanged(); err != nil {
		return err
	}
	next, file, err := s.sealed(nil)
	if err != nil {
		return err
	}
	if err := replace(s.path, file); err != nil {
		return err
	}
	s.header = next
	return syncFolder(s.path)
}

// unchanged looks whether the file is still the one this store knows: the nonce is another for every Save.
func (s *Store) unchanged() error {
	file, err := read(s.path)
	if err != nil {
		return err
	}
	var h fileHeader
	if h.parse(file) != nil || h.version != s.header.version || h.nonce != s.header.nonce {
		return ErrChanged
	}
	return nil
}

// read refuses what is larger than any store.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := io.ReadAll(io.LimitReader(f, maximumFile+1))
	if err == nil && len(file) > maximumFile {
		err = ErrSealed
	}
	return file, err
}

func replace(path string, file []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new") // 0600
	if err != nil {
		return err
	}
	err = write(f, file)
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// write puts the bytes on the disk and closes the file.
func write(f *os.File, file []byte) error {
	_, err := f.Write(file)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes the new name durable. Windows and WASI cannot do that and need not.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" || runtime.GOOS == "wasip1" {
		return nil
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
