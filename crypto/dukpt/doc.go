// Package dukpt derives the keys of one transaction from a base derivation key: DUKPT with Triple DES (X9.24-1), with
// AES (X9.24-3) and with single DES (X9.24-1:1992).
//
// A host begins with [ParseKSN] and [TDES] or [AES]: it reads the key serial number of a message, derives the
// transaction and takes the working key it needs.
//
//	ksn, err := dukpt.ParseKSN(field53)	// 10 bytes: Triple DES, 12 bytes: AES
//	ik, err := dukpt.Initial(bdk, ksn)	// keep it per device, or use DeriveFromBDK
//	var tx dukpt.TDES
//	err = tx.Derive(ik, ksn)
//	pinKey, err := tx.PIN()
//
// A device begins with [NewTDESTerminal] or [NewAESTerminal], which hold the future-key registers, give one
// transaction after the other and forget the keys of the past.
//
// The package does not encrypt PIN blocks or compute MACs; its keys go to packages pinblock and mac.
//
// # Security
//
// A key serial number whose counter is zero, or has more bits set than the standard allows, is refused: it has no
// transaction key. Derived keys inherit the form of DES the base key was made with. Transactions and terminals print
// nothing of what they hold; wipe them with Wipe.
package dukpt
