package card

import (
	"bytes"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/emv/oda"
)

// A Card is one virtual card. It is not safe for concurrent use, as no card is.
type Card struct {
	config  Config
	rid     emv.RID
	profile cryptogram.Profile
	key     cryptogram.CardKey
	scripts cryptogram.ScriptKeys
	pair    oda.KeyPair // signs; of a card without PKI the zero pair
	aip     emv.AIP
	afl     emv.AFL
	pdol    emv.DOL
	cdol2   emv.DOL
	records map[int][][]byte   // by SFI
	data    map[emv.Tag][]byte // what GET DATA gives and PUT DATA changes, beside the counters
	cvr     int                // where in the issuer application data the octet for both cryptograms stands

	results *verificationResults // what else stands there; nil when that is not known

	counter    uint16 // ATC, of the transaction under way
	lastOnline uint16 // ATC of the last transaction whose issuer was authenticated
	tries      int    // of the PIN, left
	pin        string // the PIN now
	selected   []byte // the name the application was selected by; nil before
	named      int    // the index of that name, for the selection of the next one
	deal       transaction
	left       transaction // a tap that waits for its issuer's answer, until the next one begins

	applicationBlocked, cardBlocked bool
	goOnline                        bool // the issuer wants to be asked about the next transaction

	challenge [8]byte // of GET CHALLENGE
	asked     bool    // the challenge may be used
}

// pinTries is how often a PIN may be wrong.
const pinTries = 3

// New issues a card. Errors: ErrConfig; cryptogram.ErrNoProfile when nothing is known about cards with this AID and
// issuer application data; those of the keys and of the PKI.
func New(config Config) (*Card, error) {
	if err := config.fillIn(); err != nil {
		return nil, err
	}
	c := &Card{config: config, rid: emv.RIDOf(config.AID), tries: pinTries, pin: config.PIN}
	c.config.AID, c.config.IAD, c.config.Data = bytes.Clone(config.AID), bytes.Clone(config.IAD), bytes.Clone(config.Data)
	if len(c.config.IAD) == 0 {
		return nil, cryptogram.ErrNoProfile
	}
	var err error
	if c.profile, err = cryptogram.ProfileFor(c.rid, c.config.IAD); err != nil {
		return nil, err
	}
	if c.cvr, c.results, err = cvrAt(c.rid, c.config.IAD); err != nil {
		return nil, err
	}
	holder := cryptogram.Card{PAN: crypto.Hide(config.PAN), Sequence: config.Sequence}
	if c.key, err = c.profile.DeriveCardKey(config.Keys.Cryptogram, holder); err != nil {
		return nil, err
	}
	for _, k := range []struct {
		imk crypto.IMK
		to  *cryptogram.CardKey
	}{{config.Keys.Integrity, &c.scripts.Integrity}, {config.Keys.Confidentiality, &c.scripts.Confidentiality}} {
		if k.imk.Attributes() == (crypto.Attributes{}) {
			continue
		}
		if *k.to, err = c.profile.DeriveCardKey(k.imk, holder); err != nil {
			return nil, err
		}
	}
	c.scripts.Cryptogram = c.key
	return c, c.personalise()
}

// Format hides the card, whatever the verb.
func (c *Card) Format(f fmt.State, _ rune) { fmt.Fprint(f, "Card(hidden)") }

// Profile returns how the card computes its cryptograms.
func (c *Card) Profile() cryptogram.Profile { return c.profile }

// Reset is what pulling the card out and putting it in again does. The transaction counter, the PIN tries and what
// scripts have changed stay; a tapped card also remembers the transaction whose issuer has not answered.
func (c *Card) Reset() {
	if c.config.Contactless && c.deal.given == 1 && c.deal.first == emv.ARQC {
		c.left = c.deal
	}
	c.selected, c.asked = nil, false
	c.deal = transaction{}
}

// status is SW1 SW2, how a command ended. ISO/IEC 7816-4 section 5.6.
type status uint16

const (
	statusOK                 status = 0x9000
	statusInvalidated        status = 0x6283
	statusWrongPIN           status = 0x63C0 // and the tries left
	statusWrongLength        status = 0x6700
	statusAuthenticate       status = 0x6300 // authentication failed
	statusInsecure           status = 0x6988 // secure messaging data objects incorrect
	statusBlocked            status = 0x6983
	statusInvalidApplication status = 0x6984
	statusConditions         status = 0x6985
	statusWrongData          status = 0x6A80
	statusNoFunction         status = 0x6A81
	statusNoFile             status = 0x6A82
	statusNoRecord           status = 0x6A83
	statusWrongP1P2          status = 0x6A86
	statusNoData             status = 0x6A88
	statusNoInstruction      status = 0x6D00
	statusNoClass            status = 0x6E00
	statusInternal           status = 0x6F00
)

// apdu is a command taken apart.
type apdu struct {
	cla, ins, p1, p2 byte
	data             []byte
}

// parseAPDU reads a command of the cases 1 to 4 with short lengths.
func parseAPDU(b []byte) (apdu, bool) {
	if len(b) < 4 {
		return apdu{}, false
	}
	a := apdu{cla: b[0], ins: b[1], p1: b[2], p2: b[3]}
	body := b[4:]
	if len(body) <= 1 { // nothing, or how much is expected
		return a, true
	}
	n := int(body[0])
	if n == 0 || len(body) != 1+n && len(body) != 2+n {
		return a, false
	}
	a.data = body[1 : 1+n]
	return a, true
}

// Transmit gives the card a command APDU and returns its response: data, SW1, SW2. Whatever comes in, it answers. The
// response is the caller's.
func (c *Card) Transmit(command []byte) []byte {
	a, ok := parseAPDU(command)
	if !ok {
		return respond(nil, statusWrongLength)
	}
	return respond(c.dispatch(a, command))
}

func respond(data []byte, s status) []byte {
	return append(bytes.Clone(data), byte(s>>8), byte(s))
}

func (c *Card) dispatch(a apdu, command []byte) ([]byte, status) {
	switch {
	case a.cla == 0x84 || a.cla == 0x8C:
		return nil, c.secured(command)
	case a.cla != 0x00 && a.cla != 0x80:
		return nil, statusNoClass
	case a.ins == 0xA4:
		return c.selectFile(a)
	case a.ins == 0xB2 && c.selected == nil && !c.cardBlocked: // the directory of a contact card
		return c.readDirectory(a)
	case c.selected == nil:
		return nil, statusConditions
	}
	switch a.ins {
	case 0xA8:
		return c.processingOptions(a)
	case 0xB2:
		return c.readRecord(a)
	case 0xAE:
		return c.generateAC(a)
	case 0x82:
		return c.externalAuthenticate(a)
	case 0x88:
		return c.internalAuthenticate(a)
	case 0x84:
		return c.getChallenge()
	case 0x20:
		return c.verifyPIN(a)
	case 0xCA:
		return c.getData(a)
	}
	return nil, statusNoInstruction
}
