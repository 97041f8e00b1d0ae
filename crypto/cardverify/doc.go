// Package cardverify computes and checks the values that prove a card's data: CVV, CVV2 and iCVV (Mastercard's CVC,
// CVC2 and chip CVC), Visa's dCVV and CAVV, Mastercard's dynamic CVC3.
//
// Begin with [Append] and [Verify], which take a card verification key and the card's data; which of the three values
// comes out is a matter of the service code. [Software] is the same behind crypto.CardVerifier.
//
// Digits are text here, as they come from a message or a track. The package does not parse tracks, and it verifies no
// PIN: see package pinblock.
//
// # Security
//
// Verify functions compare in constant time and answer every mismatch with crypto.ErrVerify. A value of three digits is
// guessed in a thousand tries: whoever calls them must count failures per card. Faults in the data are
// crypto.ErrUnsupported and name the field, never its content. Card data prints hidden; in an unexported field of a struct,
// where fmt cannot call methods, all but PAN and track shows.
package cardverify
