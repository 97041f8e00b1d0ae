package pinblock

import (
	"fmt"
	"slices"
)

// A Policy says which translations from one format to another are allowed. The zero Policy is that of ISO 9564-1
// section 9.4 and PCI PIN requirement 3:
//
//	from \ to         ISO-0, ISO-3, ISO-4, UnionPay SM4    ISO-1      ISO-2, all others
//	ISO-0, 3, 4, SM4  with the same PAN                    never      never
//	ISO-1             yes                                  yes        never
//	ISO-2, others     never                                never      never
//
// UnionPay's SM4 block is no ISO format; it binds the PIN to the PAN as format 0 does and is treated alike. Rules add
// what a system needs beyond that, such as reading the blocks of old machines. Software asks for more than the table: see
// there for what binds a PIN more firmly than it was, format 1 among it.
type Policy []Rule

// A Rule allows one translation between formats as they stand, pad digit and length included: what a caller could choose
// would tell him about the PIN. ISO 9564-1 section 9.4.
type Rule struct {
	From, To Format
	NewPAN   bool // the PIN may move to another PAN: card issuance in a secured place
}

// Check returns nil or an ErrPolicy that names the formats. samePAN says whether the PIN stays with its card; it does
// not count when the block read has no PAN in it.
func (p Policy) Check(from, to Format, samePAN bool) error {
	samePAN = samePAN || !from.UsesPAN()
	if samePAN && standard(from, to) {
		return nil
	}
	for _, r := range p {
		if r.From == from && r.To == to && (samePAN || r.NewPAN) {
			return nil
		}
	}
	if !samePAN {
		return fmt.Errorf("%w: %s to %s of another PAN", ErrPolicy, from, to)
	}
	return fmt.Errorf("%w: %s to %s", ErrPolicy, from, to)
}

// rules reports whether a rule is about this translation.
func (p Policy) rules(from, to Format) bool {
	return slices.ContainsFunc(p, func(r Rule) bool { return r.From == from && r.To == to })
}

func standard(from, to Format) bool {
	if from == ISO1 && to == ISO1 {
		return true
	}
	return (from == ISO1 || bound(from)) && bound(to)
}

// bound holds for the formats that tie a PIN to its PAN and are still approved.
func bound(f Format) bool {
	return f == ISO0 || f == ISO3 || f == ISO4 || f == UnionPaySM4
}
