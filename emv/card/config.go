package card

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"

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

	PAN         string
	Sequence    string // PAN sequence number, 2 digits; "" means "01"
	Expiry      emv.Date
	ServiceCode string // 3 digits; "" means "201"
	Name        string // of the cardholder, as on track 1; "" means "TEST/CARD"
	PIN         string // for offline verification, 4 to 12 digits; "" means none

	Country uint16 // of the issuer, the three digits of ISO 3166; 0 means 156, China

	// IAD is the issuer application data, whose CVR the card keeps up to date. It chooses how cryptograms are computed,
	// see cryptogram.ProfileFor. nil means the scheme's usual: UnionPay with Triple DES (with SM4 when the key is of SM4),
	// Visa CVN 18, M/Chip CVN 14, American Express CVN 1.
	IAD []byte

	Keys Keys

	// PKI certifies the card for offline authentication. nil means a card that cannot.
	PKI *oda.TestPKI

	// Contactless makes a card in the field of a reader: it is found by the contactless directory, and cards of Visa and
	// UnionPay answer GET PROCESSING OPTIONS with the cryptogram at once.
	Contactless bool

	// Decide is the card's risk management: which cryptogram to give when the terminal asks for one, from the data of
	// the transaction. nil gives what is asked. What the terminal may not have, the card declines by itself.
	Decide func(asked emv.CryptogramType, first bool, data emv.TLV) emv.CryptogramType

	Random io.Reader // of challenges and dynamic numbers; nil means crypto/rand
}

// Format hides the configuration, whatever the verb.
func (Config) Format(f fmt.State, _ rune) { fmt.Fprint(f, "Config(hidden)") }

// Keys are the issuer's master keys the card's own are derived from.
type Keys struct {
	Cryptogram crypto.IMK // usage E0; needed
	CVK        crypto.CVK // usage C0; for CVV and iCVV on the tracks, which have zeros without it
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
	case len(c.Label) > 16 || len(c.Name) < 2 || len(c.Name) > 26:
		return fmt.Errorf("%w: label or name of %d and %d characters", ErrConfig, len(c.Label), len(c.Name))
	}
	return nil
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

// cvrAt returns where in the issuer application data the octet stands that says which cryptograms the card gave.
func cvrAt(rid emv.RID, iad []byte) (int, error) {
	d, err := emv.ParseIAD(rid, iad)
	if err != nil {
		return 0, err
	}
	switch d.Format {
	case emv.IADMChip4, emv.IADMChipAdvance:
		return 2, nil
	case emv.IADCCD, emv.IADVisa2:
		return 3, nil
	case emv.IADUnknown:
		return 0, cryptogram.ErrNoProfile
	}
	return 4, nil
}
