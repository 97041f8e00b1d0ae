// Package oda authenticates cards offline: it recovers the certificates a card holds and checks its static, dynamic and
// combined signatures (SDA, DDA, CDA), by EMV Book 2 sections 5 and 6. It also enciphers PINs for cards, and issues the
// certificates and signatures of simulated cards.
//
// Start with [NewCAKey], which takes a payment system's key with its check sum, and [RecoverIssuer]. Then:
//
//	static, err := oda.AppendStaticData(nil, afl, record, tagList, aip)
//	issuer, err := oda.RecoverIssuer(ca, tag90, tag92, tag9F32)	// then issuer.Check(pan, today, revoked)
//	icc, err := oda.RecoverICC(issuer.PublicKey, tag9F46, tag9F48, tag9F47, static)	// then icc.Check(pan, today)
//	idn, err := oda.VerifyDDA(icc.PublicKey, tag9F4B, ddolData)
//
// A tapped card of Visa or UnionPay has signed already when the terminal reads its records: [AppendFDDAData] gives what
// VerifyDDA then checks.
//
// [NewTestPKI] is the other side: a certification authority and an issuer for package emv/card.
//
// The package talks to no card, sets no bits of the TVR and keeps no revocation list. RSA certificates with SHA-1 are
// the only ones EMV Book 2 has; the elliptic-curve ones of the contactless kernel 8 are not here, and neither are the SM2
// certificates with SM3 of PBOC 3.0 part 17 (国密): no public example confirms their layout. A terminal that meets one
// treats the authentication as not performed and goes online.
//
// # Security
//
// A certificate is good only after both recovery and Check. A CDA cryptogram is good only after [VerifyCDA]. Errors say
// which check failed, for the TVR, and hold no data. Everything recovered is public; [EncipherPIN] handles a PIN, whose
// block the caller clears. [KeyPair] and [TestPKI] are for tests: their private keys are published or their arithmetic
// is not constant-time. While FIPS 140 mode is enforced everything is refused with crypto.ErrFIPS.
package oda
