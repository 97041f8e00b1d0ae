// Package card is a virtual payment card for simulators and tests: a chip that answers the commands of a terminal with
// real cryptograms, certificates and signatures, over contact or contactless, and the magnetic stripe on its back.
//
// Start with [New], which issues a card from a [Config], and [Card.Transmit], which is the card's side of the wire: a
// command APDU in, a response APDU out. [Reader] is a terminal's side, as much of it as a test needs.
//
//	c, err := card.New(card.Config{AID: aid, PAN: "6228480012345678", Expiry: expiry, Keys: keys, PKI: pki})
//	response := c.Transmit(command)	// data, SW1, SW2
//
// The card knows SELECT, GET PROCESSING OPTIONS, READ RECORD, GENERATE AC, EXTERNAL and INTERNAL AUTHENTICATE, VERIFY,
// GET CHALLENGE and GET DATA. It has one application, takes no issuer scripts, keeps its counters in memory, and its
// risk management is what [Config.Decide] says. Reader is no EMV kernel: it makes no decision a terminal has to make.
//
// # Security
//
// These are test cards: their certificates come from oda.TestPKI, whose keys are published, or from a test issuer. The
// keys for cryptograms are the caller's; give it test keys. Commands are taken for hostile: whatever comes in, a status
// word goes out. A Card prints nothing of itself.
package card
