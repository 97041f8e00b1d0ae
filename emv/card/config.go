package card

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/emv/oda"
)

// ErrConfig: a card cannot be made so. The text says what is wrong with it, without card data.
var ErrConfig = errors.New("card: configuration")

// Config says which card to issue. It prints nothing of itself.
type Config struct {
	AID   []byte // of the application, 5 to 16 bytes; its RID tells the scheme
	Label string // 50; "" means the scheme's name

	// Priority is the application's among those of the card, 1 to 15, with 128 added when the cardholder has to confirm it;
	// 0 means 1. More are further names under which the application is found, each with an entry in the directory.
	Priority byte
	More     []Entry

	PAN         string
	Sequence    string // PAN sequence number, 2 digits; "" means "01"
	Expiry      emv.Date
	ServiceCode string // 3 digits; "" means "201"
	Name        string // of the cardholder, as on track 1; "" means "TEST/CARD"
	PIN         string // for offline verification, 4 to 12 digits; "" means none

	Country uint16 // of the issuer, the three digits of ISO 3166; 0 means 156, China

	// Data are objects of the record that offline authentication is over, each in the place of the card's own with that tag or
	// behind them: action codes (9F0D to 9F0F), limits (9F14, 9F23), usage control (9F07), methods with their amounts (8E), dates
	// (5F24, 5F25) and so on. One without a value leaves the card's own out. The lists 8C and 8D are the card's affair, and so is
	// what it gives elsewhere: name and directory entry, the processing options, track 2, the cardholder's name, certificates,
	// signatures and cryptograms. Whether the objects fit what else the card says is nobody's care, so that cards can be made that
	// a terminal has to refuse.
	Data emv.TLV

	// IAD is the issuer application data. It chooses how cryptograms are computed, see cryptogram.ProfileFor. nil means the
	// scheme's usual: UnionPay with Triple DES (with SM4 when the key is of SM4), Visa CVN 18, M/Chip CVN 14, American Express
	// CVN 1. Of its CVR the card keeps up to date which cryptograms it gave and, in the layouts of UnionPay, of Visa's formats
	// 0, 1 and 3 and of the common core definitions, that a PIN was verified, was wrong or has no tries left, and that the
	// issuer's answer was wrong. Everything else in it, counts of scripts and results of earlier transactions among it, stays
	// as it is given.
	IAD []byte

	Keys Keys

	// PKI certifies the card for offline authentication. nil means a card that cannot.
	PKI *oda.TestPKI

	// StaticOnly makes the card one that does not sign: its issuer has signed its static data (SDA), and that is all.
	StaticOnly bool

	// Contactless makes a card in the field of a reader: it is found by the contactless directory, and cards of Visa and
	// UnionPay answer GET PROCESSING OPTIONS with the cryptogram at once.
	Contactless bool

	// DeviceCVM makes the contactless card a phone that verifies its holder whenever the terminal knows about that. CTQ are
	// the qualifiers it always shows; those for PIN, signature and device it sets by what the terminal asks for.
	DeviceCVM bool
	CTQ       emv.CTQ

	// OfflineLimit is up to which amount a tapped card of Visa or UnionPay approves offline when the terminal lets it and does
	// not leave the PIN to the issuer, with a signature if it has a PKI. 0 means never. Decide comes before it.
	OfflineLimit uint64

	// AuthenticateInAC has the card take the issuer's answer (91) with the second GENERATE AC, by its CDOL2, in place of
	// EXTERNAL AUTHENTICATE.
	AuthenticateInAC bool

	// Decide is the card's risk management: which cryptogram to give when the terminal asks for one, from the data of
	// the transaction. nil gives what is asked. What the terminal may not have, or the issuer refuses, the card declines by
	// itself.
	Decide func(asked emv.CryptogramType, first bool, data emv.TLV) emv.CryptogramType

	Random io.Reader // of challenges and dynamic numbers; nil means crypto/rand
}

// Format hides the configuration, whatever the verb.
func (Config) Format(f fmt.State, _ rune) { fmt.Fprint(f, "Config(hidden)") }

// Entry is a further name of the application in the card's directory.
type Entry struct {
	AID      []byte
	Label    string
	Priority byte // as Config.Priority; 0 gives none
}

// Keys are the issuer's master keys the card's own are derived from.
type Keys struct {
	Cryptogram crypto.IMK // usage E0; needed
	CVK        crypto.CVK // usage C0; for CVV and iCVV on the tracks, which have zeros without it

	Integrity       crypto.IMK // usage E2; without it the card takes no issuer scripts
	Confidentiality crypto.IMK // usage E1; without it the card takes no new PIN
}

// fillIn sets what was left out and refuses what makes no card.
func (c *Config) fillIn() error {
	rid := emv.RIDOf(c.AID)
	s := schemeOf(rid)
	setDefault(&c.Label, s.label)
	setDefault(&c.Sequence, "01")
	setDefault(&c.ServiceCode, "201")
	setDefault(&c.Name, "TEST/CARD")
	if c.Country == 0 {
		c.Country = 156
	}
	if c.Priority == 0 {
		c.Priority = 1
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.IAD == nil {
		c.IAD = s.iad
		if rid == emv.RIDUnionPay && c.Keys.Cryptogram.Attributes().Algorithm == crypto.SM4 {
			c.IAD = iadUnionPaySM4
		}
	}
	switch {
	case len(c.AID) < 5 || len(c.AID) > 16:
		return fmt.Errorf("%w: AID of %d bytes", ErrConfig, len(c.AID))
	case len(c.PAN) < 12 || len(c.PAN) > 19 || !digits(c.PAN):
		return fmt.Errorf("%w: PAN", ErrConfig)
	case len(c.Sequence) != 2 || !digits(c.Sequence) || len(c.ServiceCode) != 3 || !digits(c.ServiceCode):
		return fmt.Errorf("%w: PAN sequence number or service code", ErrConfig)
	case c.PIN != "" && (len(c.PIN) < 4 || len(c.PIN) > 12 || !digits(c.PIN)):
		return fmt.Errorf("%w: PIN", ErrConfig)
	case c.Country > 999:
		return fmt.Errorf("%w: country of more than three digits", ErrConfig)
	case slices.ContainsFunc(c.More, func(e Entry) bool { return len(e.AID) < 5 || len(e.AID) > 16 || len(e.Label) > 16 }):
		return fmt.Errorf("%w: further AID or its label of wrong length", ErrConfig)
	case c.Data.Validate(nil) != nil || hasOwn(c.Data):
		return fmt.Errorf("%w: data objects that are none, or the card's affair", ErrConfig)
	case len(c.Label) > 16 || len(c.Name) < 2 || len(c.Name) > 26:
		return fmt.Errorf("%w: label or name of %d and %d characters", ErrConfig, len(c.Label), len(c.Name))
	}
	return nil
}

// own are the objects that the card makes or gives in another place. Twice with different values they would be a card that
// no terminal reads.
var own = []emv.Tag{
	0x8C, 0x8D, 0x84, 0x50, 0x87, 0x9F38, 0x82, 0x94, 0x57, 0x5F20,
	0x8F, 0x90, 0x92, 0x93, 0x9F32, 0x9F46, 0x9F47, 0x9F48, 0x9F4B, 0x9F69,
	0x9F10, 0x9F26, 0x9F27, 0x9F36, 0x9F6C,
}

func hasOwn(d emv.TLV) bool {
	return slices.ContainsFunc(own, func(t emv.Tag) bool {
		_, there := d.Get(t)
		return there
	})
}

func setDefault(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// scheme is what cards of a payment system have in common.
type scheme struct {
	label string
	iad   []byte
	fast  bool // contactless cards give the cryptogram with the processing options
}

// The issuer application data of the schemes' usual cards, CVR not yet filled in.
var (
	iadUnionPay    = []byte{0x07, 0x01, 0x01, 0x03, 0x80, 0x00, 0x00, 0x01}
	iadUnionPaySM4 = []byte{0x07, 0x01, 0x01, 0x03, 0x80, 0x00, 0x00, 0x04}
	iadVisa18      = []byte{0x06, 0x01, 0x12, 0x03, 0x80, 0x00, 0x00}
	iadMChip14     = []byte{0x01, 0x14, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	iadAmex        = []byte{0x06, 0x01, 0x01, 0x03, 0x80, 0x00, 0x00}
)

func schemeOf(rid emv.RID) scheme {
	switch rid {
	case emv.RIDUnionPay:
		return scheme{"UnionPay", iadUnionPay, true}
	case emv.RIDVisa:
		return scheme{"Visa", iadVisa18, true}
	case emv.RIDMastercard:
		return scheme{"Mastercard", iadMChip14, false}
	case emv.RIDAmex:
		return scheme{"American Express", iadAmex, false}
	}
	return scheme{label: "Card"}
}

// cvrAt returns where in the issuer application data the octet stands that says which cryptograms the card gave, and where
// the card verification results tell more.
func cvrAt(rid emv.RID, iad []byte) (int, *verificationResults, error) {
	d, err := emv.ParseIAD(rid, iad)
	if err != nil {
		return 0, nil, err
	}
	at := 4
	switch d.Format {
	case emv.IADMChip4, emv.IADMChipAdvance:
		at = 2
	case emv.IADCCD, emv.IADVisa2:
		at = 3
	case emv.IADUnknown:
		return 0, nil, cryptogram.ErrNoProfile
	}
	return at, resultsOf(d.Format), nil
}
