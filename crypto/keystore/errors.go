package keystore

import "errors"

// Errors of this package, besides those of the file system and of package crypto.
var (
	// ErrSealed is the one answer to a file that does not open: a wrong passphrase or key, a changed or truncated
	// file, something that is no key store.
	ErrSealed = errors.New("keystore: wrong secret or damaged file")

	ErrRollback = errors.New("keystore: the file is older than the minimum version")
	ErrChanged  = errors.New("keystore: the file was replaced since it was opened")
	ErrNotFound = errors.New("keystore: no key of that name")
	ErrName     = errors.New("keystore: a name is 1 to 255 bytes of UTF-8")
	ErrSecret   = errors.New("keystore: no secret, or a passphrase too easy to guess")
	ErrExposed  = errors.New("keystore: others than the owner may read or write the file")
	ErrCost     = errors.New("keystore: derivation cost out of bounds")
	ErrFull     = errors.New("keystore: too many keys")
	ErrClosed   = errors.New("keystore: closed")
)
