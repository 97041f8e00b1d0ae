package payshield

import (
	"fmt"
	"slices"

	"github.com/posline/posline/pinblock"
)

// The rules of pinblock.Software, which the client keeps in the device's place: what a block does not prove, whoever asks
// could choose, and the device answers every question.

// checkTranslation allows what ISO 9564-1 section 9.4 and the policy do, and binds no PIN to a card more firmly than it was.
func (o Options) checkTranslation(in pinblock.Encrypted, out pinblock.Target) error {
	from, to := in.Layout, out.Layout
	if err := o.Policy.Check(from, to, in.PAN.Equal(out.PAN)); err != nil {
		return err
	}
	ruled := slices.ContainsFunc(o.Policy, func(r pinblock.Rule) bool { return r.From == from && r.To == to })
	if !to.UsesPAN() || firmness(from) >= firmness(to) || ruled || slices.Contains(o.Layouts, from) {
		return nil
	}
	return fmt.Errorf("%w: %s to %s binds the PIN more firmly than it was", pinblock.ErrPolicy, from, to)
}

// firmness says how much of the PAN a block proves, compared with others.
func firmness(f pinblock.Format) int {
	switch f {
	case pinblock.ISO3:
		return 1
	case pinblock.ISO0:
		return 2
	case pinblock.ISO4:
		return 3
	}
	return 0
}

// checkCard refuses to use a PIN for another card than the block's, or from a format that binds it to none.
func (o Options) checkCard(pin pinblock.Encrypted, pan string) error {
	if !slices.Contains(o.Layouts, pin.Layout) && firmness(pin.Layout) == 0 {
		return fmt.Errorf("%w: in %s", pinblock.ErrPolicy, pin.Layout)
	}
	if own := pin.PAN.Text(); own != pan && (pin.Layout.UsesPAN() || own != "") {
		return fmt.Errorf("%w: it is of another PAN", pinblock.ErrPolicy)
	}
	return nil
}

// checkOffset refuses to compute an offset from a block that may be another card's.
func (o Options) checkOffset(f pinblock.Format) error {
	if slices.Contains(o.Layouts, f) {
		return nil
	}
	return fmt.Errorf("%w: an offset from %s, because the block does not prove all of the PAN", pinblock.ErrPolicy, f)
}
