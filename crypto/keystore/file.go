package keystore

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Create makes a new store and its file, which is in a form of its own (no standard has one), readable by the owner only. A file that exists is fs.ErrExist, a folder in which
// everybody may replace it ErrExposed.
func Create(path string, s Secret, o Options) (*Store, error) {
	if err := o.checkFolders(path); err != nil {
		return nil, err
	}
	store, err := New(s, o)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	store.path, store.shared = path, o.AllowShared
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

// Open reads a store from its file, whose form is that of no standard. Errors are those of Decode and of the file system, and ErrExposed. What is no regular file, such as a
// pipe, is fs.ErrInvalid.
func Open(path string, s Secret, o Options) (*Store, error) {
	if err := o.checkFolders(path); err != nil {
		return nil, err
	}
	file, info, err := read(path)
	if err != nil {
		return nil, err
	}
	if exposed(info) && !o.AllowShared {
		return nil, ErrExposed
	}
	store, err := Decode(file, s, o)
	if err != nil {
		return nil, err
	}
	store.path, store.shared = path, o.AllowShared
	return store, nil
}

// Save writes the store under the next version: into a new file beside the old one, which it replaces once it is on
// the disk. After a crash there is the old file or the new one. A file that is not the version this store read or
// wrote last is ErrChanged and stays. Where the path is a symbolic link, the file it leads to is replaced. The new file has
// the old one's permissions and, where the process may give it, group; others than the owner lose theirs if it may not, or
// if they got them since and the store was opened without AllowShared. A store without a file is fs.ErrInvalid.
func (s *Store) Save() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.reach == nil {
		return ErrClosed
	}
	if s.path == "" {
		return fs.ErrInvalid
	}
	target, err := filepath.EvalSymlinks(s.path)
	if err != nil {
		return err
	}
	before, err := s.unchanged(target)
	if err != nil {
		return err
	}
	next, file, err := s.sealed(nil)
	if err != nil {
		return err
	}
	if err := replace(target, file, before, s.shared); err != nil {
		return err
	}
	s.header = next
	return syncFolder(target)
}

// unchanged looks whether the file is still the one this store knows: the nonce is another for every Save.
func (s *Store) unchanged(path string) (fs.FileInfo, error) {
	file, info, err := read(path)
	if err != nil {
		return nil, err
	}
	var h fileHeader
	if h.parse(file) != nil || h.version != s.header.version || h.nonce != s.header.nonce {
		return nil, ErrChanged
	}
	return info, nil
}

// Windows keeps permissions elsewhere, WASI none.
const (
	permissions = runtime.GOOS != "windows" && runtime.GOOS != "wasip1"

	othersMay      = 0o077
	everybodyWrite = 0o002
)

// exposed reports a file that its owner shares.
func exposed(info fs.FileInfo) bool { return permissions && info.Mode().Perm()&othersMay != 0 }

// maximumLinks is how many symbolic links are followed from one to the other.
const maximumLinks = 64

// checkFolders is checkFolder for the path and, where that is a symbolic link, for what it leads to.
func (o Options) checkFolders(path string) error {
	for range maximumLinks {
		if err := o.checkFolder(path); err != nil {
			return err
		}
		next, err := os.Readlink(path)
		if err != nil {
			return nil // no link, or nothing at all, which reading tells
		}
		if !filepath.IsAbs(next) {
			folder, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return err
			}
			next = filepath.Join(folder, next)
		}
		path = next
	}
	return &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
}

// checkFolder reports a folder in which everybody may put another file in the place of the store's. A sticky one, such as
// /tmp, lets them not.
func (o Options) checkFolder(path string) error {
	info, err := os.Stat(filepath.Dir(path))
	if err == nil && permissions && !o.AllowShared && info.Mode()&everybodyWrite != 0 && info.Mode()&fs.ModeSticky == 0 {
		err = ErrExposed
	}
	return err
}

// read refuses what is larger than any store, and what is no file: opening a pipe would wait for ever.
func read(path string) ([]byte, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, nil, err
	}
	file, err := io.ReadAll(io.LimitReader(f, maximumFile+1))
	if err == nil && len(file) > maximumFile {
		err = ErrSealed
	}
	return file, info, err
}

func replace(path string, file []byte, before fs.FileInfo, shared bool) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new") // 0600
	if err != nil {
		return err
	}
	if err = inherit(f, before, shared); err != nil {
		f.Close()
	} else {
		err = write(f, file)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// inherit gives a new file the permissions of the one it replaces.
func inherit(f *os.File, before fs.FileInfo, shared bool) error {
	if !permissions {
		return nil
	}
	mode := before.Mode().Perm() | 0o600
	if !shared || !keepGroup(f, before) {
		mode &^= othersMay
	}
	return f.Chmod(mode)
}

// write puts the bytes on the disk and closes the file.
func write(f *os.File, file []byte) error {
	_, err := f.Write(file)
	return errors.Join(err, f.Sync(), f.Close())
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
