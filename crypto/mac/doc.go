// Package mac computes message authentication codes over payment keys: ISO 9797-1 algorithms 1 to 6 with paddings 1 to
// 3, X9.9, X9.19 (retail MAC), CMAC, HMAC, the modes GB/T 15852.1 adds, and UnionPay's ECB MAC.
//
// Begin with [New], which binds a key to an algorithm and may be used by any number of goroutines, and its methods
// [MAC.Append] and [MAC.Verify]; [MAC.Stream] takes a message in pieces. The block cipher is the key's: DES, Triple
// DES, AES or SM4, all through the same code.
//
//	m, err := mac.New(key, mac.X919())
//	tag, err := m.Append(nil, message)
//	err = m.Verify(message, tag)	// crypto.ErrVerify
//
// A key of usage M1 is for algorithm 1, M3 for the retail MAC and so on; New refuses other pairs. M0 is for algorithm 1,
// the modes of GB/T 15852.1 are for M1 keys, and UnionPay's MAC, for which X9.143 has no usage, for M0, M1 and M3.
//
// The package does not encrypt, and it has no MAC of single-block truncation below four bytes.
//
// # Security
//
// Verify compares in constant time, demands exactly the length the algorithm says, and answers every mismatch with the
// same error. CBC-MAC (algorithm 1) is only safe for messages of one fixed length or with padding 3. UnionPay's MAC
// protects against accidents, not against people: the key sees the exclusive or of all blocks only, so whoever can change
// a message on its way turns an answer "51" into "00" and takes the change back in another field, such as the date of
// field 13, four bytes in all and without the key. Run it inside TLS, and check every field that nothing else proves.
package mac
