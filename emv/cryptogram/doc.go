// Package cryptogram computes and checks the cryptograms of chip cards: ARQC, TC and AAC, the issuer's ARPC, the MACs
// and the encryption of issuer scripts, and the keys all of them come from.
//
// Start with [ProfileFor], which tells from the RID and the issuer application data how a card computes, and
// [Profile.Verify]; or with [Software], which does both:
//
//	err := cryptogram.Software{}.VerifyCryptogram(ctx, imk, cryptogram.Request{Card: card, Data: field55})
//
// A [Profile] is plain data. Those of the payment systems are functions ([VisaCVN18], [MChip], [CCD], [UnionPaySM4] and
// so on); change a field for an issuer who does otherwise. Below the profiles stand the steps: issuer key to [CardKey]
// to [SessionKey] to [AppendMAC], [ARPC1], [ARPC2], and [Script] for commands to the card. The same functions serve a
// simulated card, see package emv/card.
//
// The package does not decide whether a transaction is to be approved, keeps no counters against replay — compare 9F36
// with the last one seen — and does no offline data authentication, which is package emv/oda.
//
// # Security
//
// Verification runs in constant time and has one answer, crypto.ErrVerify. Derived keys are destroyed after use. Errors
// hold tags, never values, and [Card] prints nothing. Master keys are held to their usage: E0 for cryptograms, E1 and
// E2 for scripts, E4 for CVC3. Triple DES and SM4 are not available in FIPS 140 mode; AES profiles are.
package cryptogram
