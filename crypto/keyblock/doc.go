// Package keyblock wraps keys in the key blocks of TR-31 (X9.143) and ISO 20038: versions A, B and C under Triple DES,
// D and E under AES.
//
// Begin with [Unwrap], which gives a crypto.Key with the attributes of the block's header, and [Wrap]. [Parse] reads a
// header without a key. [Software] is the crypto.KeyManager of this process. Optional blocks are kept in their order;
// a [Block] of the standard's seventeen kinds has methods that read it.
//
// RSA, EC and DSA keys are carried as the DER structure they are given as; the package does not look into it. The first key
// block protection key comes by crypto/tr34.
//
// # Security
//
// Unwrap is strict: every character of a block is authenticated or compared, hexadecimal digits are upper case only,
// the contents of known optional blocks must be well-formed, a check value in a block must be the key's, and a
// protection key must not be weaker than the key it carries. Versions A and C, whose binding the standard deprecates,
// and blocks of systems that bend these rules need [Options.AllowLegacy]; authentication is never relaxed. Whatever is
// wrong with the protected part is [ErrBlock], always the same. Wrap hides the key's length by random padding. A key
// that is not exportable is wrapped for storage only.
//
// Under GODEBUG=fips140=only versions D and E remain.
package keyblock
