// Package des is the DES core of the module (FIPS 46-3, the block cipher of X9.24-1, ISO 9797-1 and EMV).
//
// It exists beside crypto/des for three reasons: payment keys change with every transaction, and there a key schedule
// costs ten block operations; crypto/des allocates for each key; and it looks secret bits up in tables, which a cache
// can betray. Here a schedule costs about one block, lives where the caller puts it, and blocks come in two forms:
// [ConstantTime], the default, has no memory access and no branch that depends on a secret; [Table] is faster and has
// the classic lookups.
//
// Round keys are linear in the key: the schedule of K^C is the schedule of K xored with that of C. [Schedule.Xor] uses
// it, so that key variants (DUKPT, TR-31 A and C, variant LMKs) need no schedule of their own.
//
// Everything is checked block for block against crypto/des and against the published known-answer tests.
package des
