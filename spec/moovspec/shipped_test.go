//go:build amd64 || arm64

package moovspec_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/examples"
	"github.com/moov-io/iso8583/exp/emv"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
	moovspecs "github.com/moov-io/iso8583/specs"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec/moovspec"
)

// The specs that moov ships, which most programs start from, with every field of theirs.
func TestSpecsOfMoovAgree(t *testing.T) {
	for name, ms := range map[string]*iso8583.MessageSpec{"Spec87": iso8583.Spec87, "Spec87ASCII": moovspecs.Spec87ASCII, "examples": examples.Spec, "emv": emv.MessageSpec} {
		t.Run(name, func(t *testing.T) {
			s, _, err := moovspec.From(ms)
			require.NoError(t, err)
			codec := message.MustCompile(s)
			all := elementsOf(ms)
			require.NotEmpty(t, all)
			g := generator{rand.New(rand.NewPCG(*seed, 5))}
			for _, e := range all {
				for range 5 {
					p := pair{generator: g, theirs: iso8583.NewMessage(ms), ours: codec.New(), count: &tally{}}
					require.Empty(t, p.compare(ms, []*element{e}), "field %s", e.key)
				}
			}
			for range 50 {
				g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
				p := pair{generator: g, theirs: iso8583.NewMessage(ms), ours: codec.New(), count: &tally{}}
				require.Empty(t, p.compare(ms, all[:1+g.IntN(len(all))]))
			}
		})
	}
}

func elementsOf(ms *iso8583.MessageSpec) (all []*element) {
	for _, number := range slices.Sorted(maps.Keys(ms.Fields)) {
		e := elementOf(strconv.Itoa(number), ms.Fields[number])
		if number > 1 && number%64 != 1 && (e.hex || e.moov.Spec().Pref != prefix.Hex.Fixed) { // which moov does not read back, see S1
			all = append(all, e)
		}
	}
	return all
}

func elementOf(key string, f field.Field) *element {
	s := f.Spec()
	e := &element{moov: f, key: key, ours: key, hex: s.Enc == encoding.ASCIIHexToBytes}
	for part, sub := range s.Subfields {
		e.parts = append(e.parts, elementOf(part, sub))
	}
	if s.Tag != nil {
		e.sort(s.Tag.Sort)
	}
	fixed := len(s.Subfields) > 0 && s.Pref.Inspect() == "ASCII.Fixed"
	e.all, e.whole = fixed, fixed
	return e
}
