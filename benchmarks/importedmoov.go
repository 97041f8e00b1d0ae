package main

import (
	"fmt"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posline/posline/spec"
	"github.com/posline/posline/spec/moovspec"
)

// importedMoovCases compare specs that were moov's with the built-in ones for the same messages, which stand as the
// floor: an imported spec is to be as fast as a native one.
func importedMoovCases() []Case {
	var list []Case
	for _, s := range importedMoovSpecs {
		for _, op := range []struct {
			name string
			side func(*bench) Work
		}{
			{"unpack", func(b *bench) Work { return b.unpack().Ours }},
			{"build+pack", func(b *bench) Work { return b.buildPack().Ours }},
			{"edit", func(b *bench) Work { return b.edit().Ours }},
		} {
			list = append(list, Case{Name: "imported/" + op.name + "-moov-" + s.native.name, Prepare: func() (Variants, error) {
				imported, native, err := s.prepare()
				if err != nil {
					return Variants{}, err
				}
				return Variants{Ours: op.side(imported), Floor: op.side(native)}, nil
			}})
		}
	}
	return list
}

// importedMoovSpec is a sample with its built-in spec, and moov's spec for it.
type importedMoovSpec struct {
	native subject
	moov   func() *iso8583.MessageSpec
}

var importedMoovSpecs = []importedMoovSpec{
	{samples[0], moovASCII0200},
	{samples[1], moovPackedTrack0200},
}

// moovPackedTrack0200 is moovBinary0200 with what moov itself has for packed tracks in place of an encoding of the
// program's own: it writes them, though it cannot read them.
func moovPackedTrack0200() *iso8583.MessageSpec {
	ms := moovBinary0200()
	ms.Fields[35] = field.NewString(&field.Spec{Length: 37, Enc: encoding.LBCD, Pref: prefix.BCD.LL, Packer: field.Track2Packer{}, Unpacker: field.Track2Unpacker{}})
	return ms
}

// prepare makes the sample ready with both specs.
func (s importedMoovSpec) prepare() (imported, native *bench, err error) {
	from, _, err := moovspec.From(s.moov())
	if err != nil {
		return nil, nil, fmt.Errorf("imported: %w", err)
	}
	other := s.native
	other.sample = func() *sample { return withSpec(s.native.sample(), from) }
	if imported, err = other.prepare(); err == nil {
		native, err = s.native.prepare()
	}
	return imported, native, err
}

func withSpec(s *sample, other *spec.Spec) *sample {
	s.spec = other
	return s
}
