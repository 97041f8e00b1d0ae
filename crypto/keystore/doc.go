// Package keystore keeps keys at rest: one sealed file with named keys.
//
// Begin with [Create] and [Open], which give a [Store], and [Store.Put], [Store.Get] and [Store.Save]. The file is
// sealed with XChaCha20-Poly1305 under a [Secret]: a passphrase, from which Argon2id derives the key, or a 32-byte key
// from a vault, a TPM or a secure element. [Decode] and [Store.Append] do the same for a device without files.
//
// It is a store for one process at a time, not a database: Save replaces the whole file at once, and notices when
// another process did so before, but does not lock it.
//
// # Security
//
// A wrong secret and a file changed in any bit are one error, [ErrSealed]. The file's version counts up with every Save
// and is authenticated: a caller that remembers it elsewhere gives it as [Options.MinimumVersion], and an old copy put
// back is [ErrRollback]; without that, an old copy opens. Names, keys and attributes are encrypted; the file's size and
// version show. What the header asks of memory and time is bounded before anything is derived.
//
// Whoever knows the secret can open the file with a program of his own. So a key goes in only when whoever made it said
// that it may be kept in this store: with the option Storable of the crypto.Home that the store belongs to, or as
// crypto.Sensitive. It comes out with the same attributes and rules (crypto.CarriesOnly, pinblock.OffsetMethod and others),
// and storable again. While a Store is open its secret and keys are in memory. Under GODEBUG=fips140=only the package is crypto.ErrFIPS.
package keystore
