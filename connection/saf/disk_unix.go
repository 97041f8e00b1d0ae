//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package saf

import (
	"io"
	"os"
	"syscall"
)

// lockFile takes a file for this process; the system gives it back when the process ends, however it ends. The file
// stays when it is given back: removing it could take it from somebody who has just opened it.
func lockFile(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockOpen(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lockOpen locks an open file, by whatever name it was opened, until it is closed.
func lockOpen(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == syscall.EWOULDBLOCK {
		return ErrLocked
	}
	if err != nil {
		return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
	}
	return nil
}

func openDirectory(name string) (syncer, error) { return os.Open(name) }
