//go:build amd64 || arm64

package moovspec_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
	"github.com/posline/posline/spec/moovspec"
)

// A moov spec that has been here and gone back writes the same bytes.
func TestThereAndBack(t *testing.T) {
	same, lossy := 0, 0
	for i := range *messages / perSpec {
		g := generator{rand.New(rand.NewPCG(*seed, 2<<32+uint64(i)))}
		ms, elements := g.message()
		s, _, err := moovspec.From(ms)
		require.NoError(t, err)
		back, warnings, err := moovspec.To(s)
		require.NoError(t, err)
		if missesBytes(warnings) {
			lossy++
			continue
		}
		codec := message.MustCompile(s)
		p := pair{generator: g, theirs: iso8583.NewMessage(ms), ours: codec.New(), count: &tally{seen: map[string]bool{}}}
		require.Empty(t, p.compare(ms, elements))
		wire, err := p.ours.Pack()
		if err != nil {
			continue
		}
		m := iso8583.NewMessage(back)
		require.NoError(t, m.Unpack(wire), "spec %d: %X", i, wire)
		again, err := m.Pack()
		require.NoError(t, err, "spec %d", i)
		require.True(t, bytes.Equal(wire, again), "spec %d:\n%X\n%X", i, wire, again)
		same++
	}
	t.Logf("%d specs with the same bytes, %d that moov lacks something for", same, lossy)
	require.Greater(t, same, 2*lossy)
}

// missesBytes tells whether more than what has no influence on the bytes is lost.
func missesBytes(warnings []moovspec.Warning) bool {
	for _, w := range warnings {
		if !strings.HasPrefix(w.Problem, "lost: ") {
			return true
		}
	}
	return false
}

func TestShippedSpecsGoToMoov(t *testing.T) {
	for name, c := range map[string]struct{ wire, warning string }{
		"iso8583-1987-ascii": {"30323030" + "36323230303030303030303030303030" /* 2, 3, 7, 11 */ +
			"313634373631373339303031303130313139" + "303030303030" + "31323331323335393539" + "303030303031", "52: lost: mask"},
		"unionpay-pos+no-header+field64-binary": {"0200" + "7020048000000001" + "164761739001010119" + "000000" + "000000001999" + "000123" + "0510" + "00" + "0102030405060708", "35: left out: moov has no packed z"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := spec.BuiltIn(name)
			require.NoError(t, err)
			ms, warnings, err := moovspec.To(s)
			require.NoError(t, err)
			require.Contains(t, fmt.Sprint(warnings), c.warning)
			wire, err := hex.DecodeString(c.wire)
			require.NoError(t, err)
			ours := message.MustCompile(s).New()
			require.NoError(t, ours.Unpack(wire))
			m := iso8583.NewMessage(ms)
			require.NoError(t, m.Unpack(wire))
			again, err := m.Pack()
			require.NoError(t, err)
			require.Equal(t, wire, again)
		})
	}
}

// What moov does not have is refused or reported, with its path.
func TestToReports(t *testing.T) {
	one := func(f spec.Field) spec.Config {
		f.Number = 48
		return spec.Config{Name: "x", Fields: []spec.Field{f}}
	}
	record := []spec.Field{{Number: 1, Format: "ans 2"}}
	for _, c := range []struct {
		config  spec.Config
		warning string
	}{
		{one(spec.Field{Format: "x+n 8"}), "48: left out: moov has no sign"},
		{one(spec.Field{Format: "ans..8", Reserve: true}), "48: left out: moov has no reserved room"},
		{one(spec.Field{Format: "ans..8", Terminator: "|"}), "48: left out: moov has no terminator"},
		{one(spec.Field{Format: "z..8", Encoding: spec.BCD}), "48: left out: moov has no packed z"},
		{one(spec.Field{Format: "n..8", Encoding: spec.BCD, Filler: 15}), "48: left out: moov has no filler nibble but 0"},
		{one(spec.Field{Format: "n..8", Encoding: spec.BCD, ToEnd: true}), "48: left out: moov has no bcd without a length"},
		{one(spec.Field{Format: "ans..8", Encoding: spec.EBCDIC500}), "48: left out: moov has no ebcdic-500"},
		{one(spec.Field{Format: "ans..8", Prefix: spec.Prefix{Inclusive: true}}), "48: left out: moov has no length that counts itself"},
		{one(spec.Field{Format: "n..8", Encoding: spec.BCD, Filler: 0, Prefix: spec.Prefix{Unit: spec.Nibbles}}), "48: left out: moov has no length in nibbles"},
		{one(spec.Field{Format: "ans..8", Prefix: spec.Prefix{Encoding: spec.HexEBCDIC}}), "48: left out: moov has no length of hex-ebcdic"},
		{one(spec.Field{Format: "b..8", Prefix: spec.Prefix{Encoding: spec.Binary, Digits: 5}}), "48: left out: moov has no length of more than four bytes that it reads back"},
		{one(spec.Field{Format: "ans..8", Pad: spec.Pad{Side: spec.Right, To: 4}}), "48: left out: moov has no filling up to less than the longest length"},
		{one(spec.Field{Format: "ans..8", Layout: &spec.Layout{Kind: spec.Repeated, Fields: record}}), "48: one value: moov has no records"},
		{one(spec.Field{Format: "n..8", Encoding: spec.BCD, Layout: &spec.Layout{Kind: spec.Positional, Fields: record}}), "48: one value: moov has no parts of a value in bcd"},
		{one(spec.Field{Format: "ans..8", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "ans 2", StartsWith: "R"}}}}),
			"48: one value: moov has no part that is told by its first character, as part 1 has"},
		{one(spec.Field{Format: "ans 3", Mask: spec.MaskHidden, Values: []string{"abc"}, Presence: []spec.Presence{{MTI: "0200", Is: spec.Mandatory}}}),
			"48: lost: legal values, mask, presence"},
	} {
		s, err := spec.New(c.config)
		require.NoError(t, err)
		_, warnings, err := moovspec.To(s)
		require.NoError(t, err)
		require.Contains(t, fmt.Sprint(warnings), c.warning)
	}
	_, _, err := moovspec.To(spec.MustNew(spec.Config{Name: "x", Header: []spec.Field{{Format: "b 40"}}, Bitmap: spec.Bitmap{Encoding: spec.HexEBCDIC},
		Fields: []spec.Field{{Number: 0, Format: "n 4", Encoding: spec.EBCDIC037}, {Number: 2, Format: "n 2"}}}))
	require.ErrorContains(t, err, "header: moov has no header")
	require.ErrorContains(t, err, "bitmap: moov has no bitmap in hex-ebcdic")
	require.ErrorContains(t, err, "0: moov cannot write the message type")
	_, _, err = moovspec.To(nil)
	require.Error(t, err)
}

// Every shipped spec without a header goes to moov, which then writes each field as it is written here.
func TestEveryShippedSpecGoesToMoov(t *testing.T) {
	fields := 0
	for _, name := range spec.BuiltInNames() {
		s, err := spec.BuiltIn(name)
		require.NoError(t, err)
		ms, _, err := moovspec.To(s)
		if len(s.Resolved().Header) > 0 {
			require.ErrorContains(t, err, "header", name)
			continue
		}
		require.NoError(t, err, name)
		codec := message.MustCompile(s)
		for _, e := range elementsOf(ms) {
			if len(e.parts) == 0 {
				sameField(t, ms, codec, e)
				fields++
			}
		}
	}
	require.Greater(t, fields, 300)
}

func sameField(t *testing.T, ms *iso8583.MessageSpec, codec *message.Codec, e *element) {
	theirs, ours := iso8583.NewMessage(ms), codec.New()
	theirs.MTI("0800")
	require.NoError(t, ours.SetMTI("0800"))
	value := bytes.Repeat([]byte("1"), e.moov.Spec().Length)
	if !strings.HasSuffix(e.moov.Spec().Pref.Inspect(), "Fixed") {
		value = value[:min(len(value), 5)]
	}
	require.NoError(t, theirs.BinaryField(number(e.key), value))
	if err := ours.SetBytes(number(e.key), value); errors.Is(err, message.ErrCharacter) {
		return // letters only
	}
	want, err := theirs.Pack()
	require.NoError(t, err)
	got, err := ours.Pack()
	require.NoError(t, err, "%s field %s", ms.Name, e.key)
	require.Equal(t, want, got, "%s field %s", ms.Name, e.key)
}
