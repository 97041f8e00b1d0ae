//go:build amd64 || arm64

package moovspec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec/moovspec"
)

// Text that gives a Numeric other bytes here than in moov has a warning, whatever the Numeric is written in and padded
// with, and a number gives the same ones. Where there is no difference there is no warning.
func TestTextOfNumbers(t *testing.T) {
	const warning = "48: moov drops the zeros before a number"
	different, alike := 0, 0
	for encName, enc := range map[string]encoding.Encoder{"ASCII": encoding.ASCII, "BCD": encoding.BCD, "LBCD": encoding.LBCD, "EBCDIC": encoding.EBCDIC, "EBCDIC1047": encoding.EBCDIC1047} {
		for prefName, pref := range map[string]prefix.Prefixer{"Fixed": prefix.ASCII.Fixed, "LL": prefix.ASCII.LL, "rest": prefix.None.Fixed} {
			for padName, pad := range map[string]padding.Padder{"nothing": nil, "None": padding.None, "zeros": padding.Left('0'), "blanks": padding.Left(' '), "zeros behind": padding.Right('0'), "blanks behind": padding.Right(' ')} {
				ms := around(field.NewNumeric(&field.Spec{Length: 6, Enc: enc, Pref: pref, Pad: pad}))
				s, warnings, err := moovspec.From(ms)
				require.NoError(t, err)
				codec, warned := message.MustCompile(s), strings.Contains(fmt.Sprint(warnings), warning)
				name := fmt.Sprintf("%s %s, padded with %s", encName, prefName, padName)
				differs, writes := false, false
				for text, number := range map[string]int64{"007": 7, "000000": 0, "": 0} {
					theirs, given, counted := iso8583.NewMessage(ms), codec.New(), codec.New()
					theirs.MTI("0200")
					require.NoError(t, theirs.Field(48, text))
					want, err := theirs.Pack()
					if err != nil {
						continue // moov does not write a short number, so that no program does
					}
					require.NoError(t, given.SetMTI("0200"))
					require.NoError(t, counted.SetMTI("0200"))
					require.NoError(t, counted.SetInt(48, number))
					got, err := counted.Pack()
					require.NoError(t, err, name)
					require.Equal(t, want, got, "%s: %d", name, number)
					_ = given.Set(48, text) // Pack returns the error
					got, err = given.Pack()
					differs, writes = differs || err == nil && string(want) != string(got), true
				}
				if !writes {
					continue
				}
				require.Equal(t, differs, warned, name)
				if differs {
					different++
				} else {
					alike++
				}
			}
		}
	}
	require.Greater(t, different, 20)
	require.Greater(t, alike, 10)
}
