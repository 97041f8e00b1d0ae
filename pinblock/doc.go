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
// formats that give it away; verification takes a PIN under the PAN it was read with and no other. Whoever
// calls the Verify functions must count failures per card; ErrBlock is not one of them. It is one of a caller who tries
// out blocks: read under PANs of his choice, a block of format 0 or 3 decodes or does not depending on the PIN, and twenty
// calls leave 18 of 100 values of its third and fourth digit. That lies in the formats (ISO 9564-1): use format 4 where there
// is a choice, give Software a [Monitor], which counts such blocks and raises an alarm, and an issuer's Software its [Cards],
// under whose PANs alone it reads. Format 1 binds a PIN to no card: whoever may have it translated may bind it to a card of
// his own. An issuer's Cards keep such PANs from being tried.
//
// A block knows its card by little: formats 0 and 3, ANSI X9.8 and UnionPay's SM4 block bind the twelve digits before the
// check digit, VISA-4 the first twelve, format 4 all digits. Under a PAN with other free digits the block reads as before;
// in format 0 the digits over the PIN change it, and in format 3 many changes pass unseen. A PAN comes with the call. So
// Software translates into a format that binds more only where its configuration vouches for the PAN, and computes offsets
// only from blocks that prove it: with offsets under PANs of his choice, a caller found a PIN in a few hundred calls, because
// a decimalisation table makes some digits likelier. [Cards] tell Software which PANs there are; give them to an issuer's. A
// PVV takes eleven digits, which are among the twelve, and shows nothing of the PIN.
//
// Decimalisation tables, and which digits of the PAN are validation data, belong to the PIN verification key
// ([OffsetMethod]), layouts to the configuration. The functions [VerifyOffset], [AppendOffset] and [NaturalPIN] take a clear
// PIN or give one, and trust their caller.
//
// PANs are crypto.Hidden and print nowhere; in an unexported field of a struct, where fmt cannot call methods, an [Encrypted]
// shows its format and its encrypted block.
//
// Under GODEBUG=fips140=only Triple DES and SM4 keys cannot be made; ISO format 4 under AES remains.
package pinblock
