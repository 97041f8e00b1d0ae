// Package pinblock holds PINs, the blocks they travel in, and what issuers verify them with.
//
// Begin with [Software], which translates and verifies encrypted blocks as an HSM would, and [Format], which says how a
// block is laid out: ISO 9564-1 formats 0 to 4, ANSI X9.8, VISA-1 to 4, ECI-1 to 4, OEM-1 (Diebold), Docutel, IBM 3624,
// Plus, and UnionPay's block for SM4. A terminal or a test uses [Encrypt]; a [PIN] is made by [ParsePIN] or
// [GeneratePIN]. On the issuer's side stand IBM 3624 natural PINs and offsets ([AppendOffset], [VerifyOffset]) and
// Visa's PVV ([AppendPVV], [VerifyPVV]).
//
// An HSM takes the place of Software behind [Translator], [Verifier] and [Issuer]. The package does not count wrong
// tries, does not compute a card's own offline PIN, and takes the PAN as text: it does not parse tracks.
//
// # Security
//
// A PIN prints as "PIN(hidden)" under every verb, in log/slog and in JSON; [PIN.AppendClear] is the one way to see it.
// Decoding looks at control, length, every digit and every nibble of the fill, takes the same steps for all of them and
// has one error, [ErrBlock]. Blocks of formats 0 to 3 and the older ones are not authenticated: under a wrong key or
// PAN a few of them decode to a wrong PIN. Translation follows [Policy], which keeps a PIN with its card and out of
// formats that give it away. Whoever calls the Verify functions must count failures per card; ErrBlock is not one of
// them.
//
// Under GODEBUG=fips140=only Triple DES and SM4 keys cannot be made; ISO format 4 under AES remains.
package pinblock
