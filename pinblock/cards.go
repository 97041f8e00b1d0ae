package pinblock

import (
	"fmt"
	"slices"
	"strings"

	"github.com/posline/posline/crypto"
)

// Cards are the card numbers of one kind that an issuer has, as the configuration of a Software tells them: what a block
// does not prove of a PAN is known from there, where all kinds together leave one PAN: two issuer identification numbers of six
// digits that end alike leave two, of eight they seldom do. With a kind that is out of shape nothing is known of any card.
// ISO 7812-1.
type Cards struct {
	Prefix string // the issuer identification number, or more digits that all these cards begin with
	Length int    // digits of the PAN, 13 to 19, the check digit among them
}

// firmness orders formats by how firmly they bind a PIN to its card.
type firmness uint8

const (
	loosely  firmness = iota // each digit of the PAN may be changed to some others: format 3, whose fill of letters hides it
	underPIN                 // digits over the PIN change the PIN, the others are firm: format 0
	firmly                   // the twelve digits are: UnionPay's SM4 block
	entirely                 // all digits of the PAN are: format 4
)

func (l *layout) firmness() firmness {
	switch {
	case l.pan == wholePAN:
		return entirely
	case l.pan != rightmost || l.fill != fillF:
		return loosely
	case l.loose(l.longest) > 0:
		return underPIN
	}
	return firmly
}

// loose is how many of the twelve digits, from the first on, may be changed so that the block of a PIN of n digits decodes
// all the same.
func (l *layout) loose(n int) int {
	if l.fill != fillF {
		return panDigits
	}
	return max(0, l.start()+n-(2*l.size-panDigits))
}

// proves reports whether a block of a PIN of n digits can be of no other card: it binds all digits of the PAN, or the
// configuration tells the others from those that it binds firmly.
func (s Software) proves(l *layout, pan string, n int) bool {
	switch l.pan {
	case wholePAN:
		return len(pan) >= panDigits // shorter ones are filled up, so that 1 and 01 are one
	case rightmost:
		return s.knows(pan, l.loose(n))
	}
	return false
}

// knows reports whether no other PAN of the issuer's has the digits that a block binds firmly: the twelve before the check
// digit without so many loose ones in front. The PAN itself was issued.
func (s Software) knows(pan string, loose int) bool {
	firm := pan[len(pan)-1-panDigits+loose : len(pan)-1]
	for _, c := range s.Cards {
		open := c.Length - 1 - panDigits + loose // digits that the block leaves open in front
		if !c.sound() || len(c.Prefix) < open {
			return false
		}
		if strings.HasPrefix(firm, c.Prefix[open:]) && (len(pan) != c.Length || pan[:open] != c.Prefix[:open]) {
			return false
		}
	}
	return len(s.Cards) > 0
}

// issued reports whether the PAN is one of Cards. Others are not tried: whether a block decodes under PANs of a caller's choice
// tells him of the PIN.
func (s Software) issued(pan string) bool {
	for _, c := range s.Cards {
		if c.sound() && len(pan) == c.Length && strings.HasPrefix(pan, c.Prefix) && allDigits(pan) && checkDigitFits(pan) {
			return true
		}
	}
	return false
}

func (c Cards) sound() bool {
	return minimumPAN <= c.Length && c.Length <= maximumPAN && len(c.Prefix) < c.Length && allDigits(c.Prefix)
}

// checkDigitFits is the formula of ISO 7812-1 annex B (Luhn).
func checkDigitFits(pan string) bool {
	sum := 0
	for i := range len(pan) {
		d := int(pan[len(pan)-1-i] - '0')
		if i%2 == 1 {
			d = 2*d - 9*(d/5)
		}
		sum += d
	}
	return sum%10 == 0
}

// checkBinding refuses to bind a PIN more firmly than it was bound, which would prove a PAN that is but the caller's word.
func (s Software) checkBinding(in, out Format, pan string, n int) error {
	from, to := in.layout(), out.layout()
	if to.pan == noPAN || from.firmness() >= to.firmness() || s.Policy.rules(in, out) || slices.Contains(s.Layouts, in) || s.proves(from, pan, n) {
		return nil
	}
	return fmt.Errorf("%w: %s to %s without a rule or Cards, because the block does not prove all of the PAN", ErrPolicy, in, out)
}

// checkOffset refuses to compute an offset from a block that may be another card's. Natural PINs of many cards show the PIN
// in their offsets: some digits are likelier than others. And a digit of the PAN over one of the PIN shows it at once.
func (s Software) checkOffset(f Format, key crypto.PVK, pan string, n int) error {
	l := f.layout()
	if slices.Contains(s.Layouts, f) || s.proves(l, pan, n) {
		return nil
	}
	if method, err := offsetMethod(key); err == nil && l.firmness() == firmly && method.within(len(pan)-1-panDigits, len(pan)-1) {
		return nil
	}
	return fmt.Errorf("%w: an offset from %s without Cards, because the block does not prove all of the PAN", ErrPolicy, f)
}

// within reports whether the validation data are digits from one position of the PAN to before another.
func (m OffsetMethod) within(from, to int) bool {
	return m.Length > 0 && from <= m.Start && m.Start+m.Length <= to
}
