package saf

import (
	"io"
	"os"
	"syscall"
)

// errorSharingViolation is ERROR_SHARING_VIOLATION: somebody has the file open and shares it with nobody.
const errorSharingViolation syscall.Errno = 32

// lockFile opens a file for this process alone; the system closes it when the process ends, however it ends.
func lockFile(name string) (io.Closer, error) {
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS,
		syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err == errorSharingViolation {
		return nil, ErrLocked
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(h), name), nil
}

// lockOpen has nothing to add: a file that is open for one process alone cannot be removed meanwhile.
func lockOpen(*os.File) error { return nil }

// unsyncedDirectory stands where the system makes the names in a directory durable by itself, or cannot at all.
type unsyncedDirectory struct{}

func (unsyncedDirectory) Sync() error  { return nil }
func (unsyncedDirectory) Close() error { return nil }

func openDirectory(string) (syncer, error) { return unsyncedDirectory{}, nil }
