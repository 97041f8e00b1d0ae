package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The word-wide checks agree with byte-wise ones for every byte at every position of every short length.
func TestWideChecks(t *testing.T) {
	checks := []struct {
		name string
		wide func([]byte) bool
		good byte
		one  func(byte) bool
	}{
		{"digits", AllDigits, '7', func(c byte) bool { return c >= '0' && c <= '9' }},
		{"bcd", AllBCD, 0x73, func(c byte) bool { return c>>4 <= 9 && c&15 <= 9 }},
		{"track", AllTrack, '7', func(c byte) bool { return c >= '0' && c <= '?' || c >= 'A' && c <= 'F' }},
		{"printable", AllPrintable, 'x', func(c byte) bool { return c >= 0x20 && c <= 0x7E }},
	}
	for _, check := range checks {
		t.Run(check.name, func(t *testing.T) {
			require.True(t, check.wide(nil))
			for n := 1; n <= 20; n++ {
				for at := range n {
					for c := range 256 {
						b := make([]byte, n)
						for i := range b {
							b[i] = check.good
						}
						b[at] = byte(c)
						require.Equal(t, check.one(byte(c)), check.wide(b), "byte %02X at %d of %d", c, at, n)
					}
				}
			}
		})
	}
}

func TestCodePagesAreOneToOne(t *testing.T) {
	for name, p := range map[string]*CodePage{"037": Page037, "500": Page500, "1047": Page1047, "DataStage": PageDataStage} {
		for c := range 256 {
			require.Equal(t, byte(c), p.FromLatin1[p.ToLatin1[c]], "%s %02X", name, c)
		}
		require.Equal(t, byte(0xF7), p.FromLatin1['7'])
		require.Equal(t, byte(0xC1), p.FromLatin1['A'])
		require.Equal(t, byte(0x40), p.FromLatin1[' '])
	}
	require.Equal(t, byte(0xAD), Page1047.FromLatin1['['])
	require.Equal(t, byte(0xBA), Page037.FromLatin1['['])
	require.Equal(t, byte(0x4A), Page500.FromLatin1['['])
}
