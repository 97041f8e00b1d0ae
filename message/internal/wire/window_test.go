package wire

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The windows over a run of fixed values say what the values' own checks say, for every byte and every mixture.
func TestWindowsAgreeWithForms(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 12))
	good, bad := 0, 0
	for round := range 5_000 {
		var forms []*Form
		var run []byte
		for range 1 + rng.IntN(8) {
			f := someForm(rng)
			f.Ending, f.Min, f.Signed, f.Reserve = EndFixed, f.Max, false, false
			if f.Complete(); !f.Plain {
				continue
			}
			coded, err := f.AppendWire(nil, someValue(rng, f))
			require.Nil(t, err)
			forms, run = append(forms, f), append(run, coded...)
		}
		if len(forms) == 0 {
			continue
		}
		var windows []Window
		at := 0
		for _, f := range forms {
			windows = f.AppendWindows(windows, 0, at, len(run))
			at += f.Size
		}
		windows = MergeWindows(windows)
		require.True(t, Sound(windows, run), "round %d % X", round, run)
		for range 6 {
			damaged := bytes.Clone(run)
			damaged[rng.IntN(len(run))] ^= byte(1 << rng.IntN(8))
			want, at := true, 0
			for _, f := range forms {
				want = want && f.ValidContent(damaged[at:at+f.Size], f.Max)
				at += f.Size
			}
			require.Equal(t, want, Sound(windows, damaged), "round %d % X", round, damaged)
			if want {
				good++
			} else {
				bad++
			}
		}
	}
	require.Greater(t, good, 1_000)
	require.Greater(t, bad, 1_000)
}

// Whole words of one check are one window, so that a long value is checked in one go, and short values share windows.
func TestWindowsAreFew(t *testing.T) {
	digits := func(n int) *Form {
		f := &Form{Content: Digit, Classes: Digit, Coding: ASCII, Min: n, Max: n}
		f.Complete()
		return f
	}
	windows := digits(6).AppendWindows(nil, 0, 0, 64)
	windows = digits(2).AppendWindows(windows, 0, 6, 64)
	windows = digits(56).AppendWindows(windows, 0, 8, 64)
	require.Len(t, MergeWindows(windows), 1)
	require.Len(t, digits(4).AppendWindows(nil, 0, 0, 8), 1)
	require.NotNil(t, digits(4).AppendWindows(nil, 0, 0, 7)[0].form, "no word fits")
	require.Nil(t, digits(8).AppendWindows(nil, 0, 0, 8)[0].form)
}
