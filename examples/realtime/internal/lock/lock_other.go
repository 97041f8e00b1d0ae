//go:build !unix

package lock

import "os"

// File opens the file only: here nothing keeps a second process away.
func File(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}
