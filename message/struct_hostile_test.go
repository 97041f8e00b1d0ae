package message

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a peer sends decides nothing about what a struct costs: tags that neither the spec nor the struct has are passed
// over.
func TestUnmarshalOfUnlistedTagsAllocatesNothing(t *testing.T) {
	if underRace {
		t.Skip("counted without the race detector")
	}
	var chip strings.Builder
	chip.WriteString("9F26080102030405060708")
	for i := range 40 {
		fmt.Fprintf(&chip, "DF%02X01%02X", i+1, i)
	}
	m := codecFor(t, "unionpay-pos+no-header").New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(55, chip.String()))
	require.NoError(t, m.Unpack(packed(t, m)))
	var out struct {
		Chip struct {
			ARQC [8]byte `iso8583:"9F26"`
		} `iso8583:"55"`
	}
	require.NoError(t, Unmarshal(m, &out))
	require.Equal(t, [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, out.Chip.ARQC)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if err := Unmarshal(m, &out); err != nil {
			t.Fatal(err)
		}
	}))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if !m.Get("55.DF28").Equal("27") {
			t.Fatal("the last tag was not found")
		}
	}), "a path passes them over too")
}

// The frames of the collection, whatever their tags, cost no more than the rest.
func TestUnmarshalOfFramesAllocations(t *testing.T) {
	if underRace {
		t.Skip("counted without the race detector")
	}
	type sale struct {
		MTI    string `iso8583:"0"`
		PAN    string `iso8583:"2"`
		Amount string `iso8583:"4"`
		Chip   *struct {
			ARQC []byte `iso8583:"9F26"`
			Rest []byte `iso8583:"9F10"`
		} `iso8583:"55"`
	}
	for _, f := range unionPayFrames(t) {
		m := unpacked(t, f)
		if m.Has(55) && !m.Field(55).HasParts() {
			continue
		}
		allocations := testing.AllocsPerRun(20, func() {
			var out sale
			if err := Unmarshal(m, &out); err != nil {
				t.Fatal(err)
			}
		})
		require.LessOrEqual(t, allocations, 3.0, f.name)
	}
}
