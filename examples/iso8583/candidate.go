package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// candidate is a spec that may read the input, with its variants.
type candidate struct {
	name string
	made map[string]*variant
}

// variant is a candidate as it is, or with variants and a header.
type variant struct {
	name    string
	choices int // besides the spec itself
	header  int // bytes of one that was put before the spec
	times   []timeField
	message *message.Message
}

// timeField is a field that is a date or a time.
type timeField struct {
	number int
	form   string
}

// maxHeader bounds the header that is looked for before a message type.
const maxHeader = 64

func (g *guesser) loadCandidates() error {
	for _, name := range g.specs {
		one := &candidate{name: name, made: map[string]*variant{}}
		s, err := g.loadSpec(name)
		if err != nil {
			return err
		}
		if _, err := one.add(name, s); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		g.candidates = append(g.candidates, one)
	}
	return nil
}

func (one *candidate) add(name string, s *spec.Spec) (*variant, error) {
	codec, err := message.Compile(s)
	if err != nil {
		return nil, err
	}
	v := &variant{name: name, message: codec.New(), choices: strings.Count(name, "+") - strings.Count(one.name, "+")}
	if _, v.header, _ = headerOf(name); v.header > 0 {
		v.choices++ // any bytes will do as one, which a variant or a length header does not say
	}
	for _, f := range s.Config().Fields {
		if f.Time != "" {
			v.times = append(v.times, timeField{f.Number, string(f.Time)})
		}
	}
	one.made[name] = v
	return v, nil
}

// clears tells a spec of the records of clearing files.
func (one *candidate) clears() bool { return strings.Contains(one.name, "-ipm") }

// variants lists the forms of the spec that a message may have: each set of its variants, and each size of header behind
// which a message type may stand.
func (one *candidate) variants(wire []byte) (all []*variant) {
	suffixes := []string{""}
	for _, name := range spec.VariantNames(one.name) {
		for _, s := range slices.Clone(suffixes) {
			if name == "no-tpdu" && strings.Contains(s, noHeader) {
				continue // without a header there is no TPDU either
			}
			suffixes = append(suffixes, s+"+"+name)
		}
	}
	if len(suffixes) == 1 {
		for _, name := range variantNames(one.name) { // of an example
			suffixes = append(suffixes, "+"+name)
		}
		for n := 1; n <= min(maxHeader, len(wire)-4); n++ {
			if isMessageType(wire[n:]) {
				suffixes = append(suffixes, fmt.Sprintf("+header-%d", n))
			}
		}
	}
	for _, suffix := range suffixes {
		name := one.name + suffix
		v := one.made[name]
		if v == nil {
			s, _, err := readSpec(name)
			if err != nil {
				continue
			}
			if v, err = one.add(name, s); err != nil {
				continue
			}
		}
		all = append(all, v)
	}
	return all
}

// isMessageType tells whether bytes begin with what may be a message type, in characters or packed.
func isMessageType(wire []byte) bool {
	var digits [4]byte
	switch {
	case wire[0]&0xF0 == 0x30, wire[0]&0xF0 == 0xF0:
		for i := range digits {
			if wire[i]&0xF0 != wire[0]&0xF0 {
				return false
			}
			digits[i] = wire[i] & 0x0F
		}
	default:
		digits = [4]byte{wire[0] >> 4, wire[0] & 0x0F, wire[1] >> 4, wire[1] & 0x0F}
	}
	return plausibleType(digits)
}

// plausibleType tells whether ISO 8583 knows the version, class, function and origin of a message type.
func plausibleType(digits [4]byte) bool {
	return digits[0] <= 2 && digits[1] >= 1 && digits[1] <= 8 && digits[2] <= 7 && digits[3] <= 5
}
