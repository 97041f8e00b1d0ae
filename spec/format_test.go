package spec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseFormat(t *testing.T) {
	for notation, want := range map[string]Format{
		"n 6":       {Content: ContentN, Max: 6},
		"n6":        {Content: ContentN, Max: 6},
		"n..19":     {Content: ContentN, Max: 19, Digits: 2},
		"n ..19":    {Content: ContentN, Max: 19, Digits: 2},
		"ans...999": {Content: ContentANS, Max: 999, Digits: 3},
		"anp 15":    {Content: ContentAN | ContentP, Max: 15},
		"as 2":      {Content: ContentA | ContentS, Max: 2},
		"z..37":     {Content: ContentZ, Max: 37, Digits: 2},
		"b 64":      {Content: ContentB, Max: 64},
		"b...255":   {Content: ContentB, Max: 255, Digits: 3},
		"x+n 8":     {Content: ContentN, Sign: true, Max: 8},
		"h 10":      {Content: ContentH, Max: 10},
		" n 4 ":     {Content: ContentN, Max: 4},
		"n 0":       {Content: ContentN},
		"n 1048576": {Content: ContentN, Max: 1 << 20},
	} {
		got, err := ParseFormat(notation)
		require.NoError(t, err, notation)
		require.Equal(t, want, got, notation)
		again, err := ParseFormat(got.String())
		require.NoError(t, err, got.String())
		require.Equal(t, got, again)
	}
}

func TestParseFormatRefuses(t *testing.T) {
	for _, notation := range []string{"", "n", "6", "q 6", "n -6", "n +6", "n..", "n 6x", "np 6.5", "b 63", "x+ans 4", "zp 4", "bp 8",
		"n.......5", "n 99999999", "n 1048577", "ans..0", "n 6 6", "n,6", "n ٣"} {
		_, err := ParseFormat(notation)
		require.Error(t, err, notation)
	}
}

func FuzzParseFormat(f *testing.F) {
	for _, seed := range []string{"n 6", "ans...999", "x+n 8", "b 64", "z..37", "", "x+", "n ...", "anp 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, notation string) {
		format, err := ParseFormat(notation)
		if err != nil {
			return
		}
		again, err := ParseFormat(format.String())
		require.NoError(t, err)
		require.Equal(t, format, again)
		require.LessOrEqual(t, format.Max, MaxLength)
	})
}
