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

func importedFromMoov() []imported {
	return []imported{
		{"moov-" + samples[0].name, importedMoov{samples[0], moovASCII0200}.prepare},
		{"moov-" + samples[1].name, importedMoov{samples[1], moovPackedTrack0200}.prepare},
	}
}

// importedMoov is a sample with its built-in spec, and moov's spec for it.
type importedMoov struct {
	native subject
	moov   func() *iso8583.MessageSpec
}

// moovPackedTrack0200 is moovBinary0200 with what moov itself has for packed tracks in place of an encoding of the
// program's own: it writes them, though it cannot read them.
func moovPackedTrack0200() *iso8583.MessageSpec {
	ms := moovBinary0200()
	ms.Fields[35] = field.NewString(&field.Spec{Length: 37, Enc: encoding.LBCD, Pref: prefix.BCD.LL, Packer: field.Track2Packer{}, Unpacker: field.Track2Unpacker{}})
	return ms
}

// prepare makes the sample ready with both specs.
func (s importedMoov) prepare() (imported, native *bench, err error) {
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
