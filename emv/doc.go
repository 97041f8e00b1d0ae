// Package emv reads and builds what a payment card, a terminal and an issuer say to each other: the data objects of
// ISO 8583 field 55 and of card responses.
//
// Start with [TLV], a view over the bytes as they are, and [Describe], which prints them with their names. Around them
// stand the dictionary of tags ([Lookup], [Dictionary]), values with a type of their own ([TVR], [AIP], [CVMList],
// [IAD], [AFL], [Track2] and so on), data object lists ([DOL]), and the decisions of a terminal as functions without
// state ([ActionAnalysis], [SelectCVM], [Restrictions]).
//
// The package does no cryptography and talks to no card: package emv/cryptogram generates and verifies cryptograms,
// emv/oda authenticates cards offline, emv/qr reads and builds EMVCo QR codes, emv/paycode tells pay codes apart.
//
// # Security
//
// Every byte read is taken for hostile: a fault is an error with an offset, memory is bounded by the size of the
// input, and nothing panics. Errors hold tags and offsets, never values. Describe masks the values the dictionary
// calls sensitive, and those of tags it does not know, unless it is told to print them; the views themselves, Track2
// and the fields of other decoded types are clear text, for the program and not for its log.
package emv
