package saf

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// disk is all that the package wants of the system. It is small so that a test can put a disk in its place that fails,
// fills up or loses power.
type disk interface {
	open(name string) (file, error)   // for reading and writing; fs.ErrNotExist if there is none
	create(name string) (file, error) // an empty file, in the place of an old one of that name
	rename(from, to string) error     // puts a file in the place of another in one step
	remove(name string) error
	renamesOpen() bool // whether rename works while the two files are open
	directory(name string) (syncer, error)
	lock(name string) (io.Closer, error) // for this process alone, until it closes it or ends; ErrLocked
}

// file is an open file of a disk.
type file interface {
	io.ReaderAt
	io.WriterAt
	syncer           // data, size and all
	SyncData() error // data that was written to space that had been written and synced before
	Truncate(size int64) error
	Size() (int64, error)
	lock() error                       // for this opening alone, whatever its name, until it is closed; ErrLocked
	isNamed(name string) (bool, error) // whether a name means this file; an error if that cannot be said
}

type syncer interface {
	Sync() error
	io.Closer
}

// systemDisk is the disk of the operating system.
type systemDisk struct{}

// systemFile is an *os.File with the methods that file has more.
type systemFile struct{ *os.File }

func (f systemFile) SyncData() error { return syncData(f.File) }

func (f systemFile) lock() error { return lockOpen(f.File) }

func (f systemFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f systemFile) isNamed(name string) (bool, error) {
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(info, named), err
}

func (systemDisk) open(name string) (file, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return systemFile{f}, nil
}

func (systemDisk) create(name string) (file, error) {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return systemFile{f}, nil
}

func (systemDisk) rename(from, to string) error { return os.Rename(from, to) }

func (systemDisk) remove(name string) error { return os.Remove(name) }

func (systemDisk) renamesOpen() bool { return runtime.GOOS != "windows" }

func (systemDisk) directory(name string) (syncer, error) { return openDirectory(name) }

func (systemDisk) lock(name string) (io.Closer, error) { return lockFile(name) }

// place is a file's name with what guards it: the lock, and the handle by which names in its directory become durable.
// The handle stays open, so that a shortage of descriptors cannot come between a rename and its sync.
type place struct {
	disk
	path string
	dir  syncer
	held io.Closer
}

// takePlace makes the name absolute, so that it means the same file all the time, and locks it.
func takePlace(d disk, path string) (place, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return place{}, err
	}
	if path, err = followLinks(path); err != nil {
		return place{}, err
	}
	if ext := strings.ToLower(filepath.Ext(path)); ext == freshSuffix || ext == lockSuffix {
		return place{}, &fs.PathError{Op: "open", Path: path, Err: errReserved}
	}
	p := place{disk: d, path: path}
	if p.held, err = d.lock(path + lockSuffix); err != nil {
		return place{}, err
	}
	if p.dir, err = d.directory(filepath.Dir(path)); err != nil {
		p.held.Close()
		return place{}, err
	}
	return p, nil
}

// errReserved keeps one store's file from being removed as what another one left behind.
var errReserved = errors.New("a name that ends in " + freshSuffix + " or " + lockSuffix + " belongs to the store of the name before that")

// followLinks returns the name of the file that an absolute name means, whether it exists or is to be made: a new file
// must not take the place of a link.
func followLinks(path string) (string, error) {
	for range maxLinks {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real, nil
		}
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return path, nil // whoever opens it hears why not
		}
		path = filepath.Join(dir, filepath.Base(path))
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		path = target
	}
	return "", &fs.PathError{Op: "open", Path: path, Err: errors.New("too many links")}
}

const maxLinks = 40 // as on Linux

// openAlone opens a file that nobody else has locked. One that has lost its name meanwhile was another's, who has put a
// new one in its place.
func (p place) openAlone() (file, error) {
	f, err := p.open(p.path)
	if err != nil {
		return nil, err
	}
	if err = f.lock(); err == nil {
		var named bool
		if named, err = f.isNamed(p.path); err == nil && !named {
			err = ErrLocked
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// errNameLost means that what is written will not be found when it is opened again.
var errNameLost = errors.New("the store's file was removed, or another one has its name")

// confirm tells, after a sync, whether the name still means the file that was synced. Where the system does not
// say, nothing speaks against it.
func (p place) confirm(f file) error {
	if named, err := f.isNamed(p.path); err == nil && !named {
		return &fs.PathError{Op: "stat", Path: p.path, Err: errNameLost}
	}
	return nil
}

func (p place) leave() error { return errors.Join(p.dir.Close(), p.held.Close()) }

// writeNew writes and syncs a file that its directory does not yet durably name. On error it leaves none.
func (p place) writeNew(name string, content func(file) error) (file, error) {
	f, err := p.create(name)
	if err != nil {
		return nil, err
	}
	if err = content(f); err == nil {
		err = f.Sync()
	}
	if err != nil {
		f.Close()
		p.remove(name)
		return nil, err
	}
	return f, nil
}
