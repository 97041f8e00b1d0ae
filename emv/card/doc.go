// Package card is a virtual payment card for simulators and tests: a chip that answers the commands of a terminal with
// real cryptograms, certificates and signatures, inserted or tapped, and the magnetic stripe on its back.
//
// Start with [New], which issues a card from a [Config], and [Card.Transmit], which is the card's side of the wire: a
// command APDU in, a response APDU out. [Reader] is a terminal's side: it selects the application, reads the card, has it
// verify PINs and give cryptograms, and brings it the issuer's answer and scripts.
//
//	c, err := card.New(card.Config{AID: aid, PAN: "6228480012345678", Expiry: expiry, Keys: keys, PKI: pki})
//	r := card.Reader{Transmit: c.Transmit, Terminal: objects}
//	candidates, err := r.Candidates(applications)
//
// The card knows SELECT, GET PROCESSING OPTIONS, READ RECORD, GENERATE AC, EXTERNAL and INTERNAL AUTHENTICATE, VERIFY,
// GET CHALLENGE and GET DATA, and of issuer scripts APPLICATION BLOCK and UNBLOCK, CARD BLOCK, PIN CHANGE/UNBLOCK, PUT
// DATA and UPDATE RECORD, under secure messaging. Tapped, a card of Visa or UnionPay answers by the terminal's qualifiers
// (TTQ) with its own (CTQ), and with a fast signature (fDDA) when it approves offline or the terminal checks it online,
// too. It has one application, which may have several names, keeps its counters in memory, and its data and risk management
// are what Config says. Reader is no EMV kernel: it sends commands in their order and makes no decision a terminal has to
// make; those are functions of package emv.
//
// # Security
//
// These are test cards: their certificates come from oda.TestPKI, whose keys are published, or from a test issuer. The
// keys for cryptograms are the caller's; give it test keys. Commands are taken for hostile: whatever comes in, a status
// word goes out. Card and Reader print nothing of themselves.
package card
