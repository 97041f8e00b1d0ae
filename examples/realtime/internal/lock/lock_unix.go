//go:build unix

package lock

import (
	"os"
	"syscall"
)

// File takes a lock that ends with the process, however that ends, or with Close.
func File(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		f.Close()
		return nil, ErrInUse
	}
	return f, nil
}
