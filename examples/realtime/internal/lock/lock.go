// Package lock keeps a second process away from files that one process works with.
package lock

import "errors"

// ErrInUse is the error of what another process works with.
var ErrInUse = errors.New("another process works with it")
