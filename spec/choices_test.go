package spec

import (
	"encoding"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every value of every enum, as spec files and messages name it.
func TestNamesOfChoices(t *testing.T) {
	type choice interface {
		fmt.Stringer
		encoding.TextMarshaler
	}
	for _, c := range []struct {
		values  []choice
		names   []string
		parse   func(text string) (choice, error)
		unknown string
	}{
		{[]choice{EncodingDefault, ASCII, EBCDIC037, EBCDIC500, EBCDIC1047, EBCDICDataStage, BCD, Raw, HexASCII, HexEBCDIC, ZonedEBCDIC, BER, Binary, Encoding(13)},
			[]string{"default", "ascii", "ebcdic-037", "ebcdic-500", "ebcdic-1047", "ebcdic-datastage", "bcd", "raw", "hex-ascii", "hex-ebcdic", "zoned-ebcdic", "ber", "binary", "Encoding(13)"},
			func(text string) (choice, error) { var v Encoding; err := v.UnmarshalText([]byte(text)); return v, err }, "unknown encoding"},
		{[]choice{CharsetASCII, CharsetLatin1, CharsetGBK, CharsetUTF8, CharsetASCII7, Charset(5)},
			[]string{"ascii", "latin1", "gbk", "utf-8", "ascii-7bit", "Charset(5)"},
			func(text string) (choice, error) { var v Charset; err := v.UnmarshalText([]byte(text)); return v, err }, "unknown charset"},
		{[]choice{UnitDefault, Bytes, Nibbles, Unit(3)}, []string{"default", "bytes", "nibbles", "Unit(3)"},
			func(text string) (choice, error) { var v Unit; err := v.UnmarshalText([]byte(text)); return v, err }, "unknown unit"},
		{[]choice{SideDefault, Left, Right, Neither, Side(4)}, []string{"default", "left", "right", "neither", "Side(4)"},
			func(text string) (choice, error) { var v Side; err := v.UnmarshalText([]byte(text)); return v, err }, "unknown side"},
		{[]choice{MaskDefault, MaskNone, MaskPAN, MaskTrack, MaskHidden, Mask(5)}, []string{"default", "none", "pan", "track", "hidden", "Mask(5)"},
			func(text string) (choice, error) { var v Mask; err := v.UnmarshalText([]byte(text)); return v, err }, "unknown mask"},
		{[]choice{Positional, Tagged, BERTLV, Bitmapped, Repeated, LayoutKind(6)}, []string{"positional", "tagged", "ber-tlv", "bitmapped", "repeated", "LayoutKind(6)"},
			func(text string) (choice, error) {
				var v LayoutKind
				err := v.UnmarshalText([]byte(text))
				return v, err
			}, "unknown layout"},
		{[]choice{Optional, Mandatory, Conditional, Forbidden, Requirement(4)}, []string{"optional", "mandatory", "conditional", "forbidden", "Requirement(4)"},
			func(text string) (choice, error) {
				var v Requirement
				err := v.UnmarshalText([]byte(text))
				return v, err
			}, "unknown requirement"},
	} {
		last := len(c.values) - 1
		for i, v := range c.values {
			require.Equal(t, c.names[i], v.String())
			text, err := v.MarshalText()
			require.NoError(t, err)
			require.Equal(t, c.names[i], string(text))
			if i == last {
				break // no value of the enum
			}
			back, err := c.parse(c.names[i])
			require.NoError(t, err, c.names[i])
			require.Equal(t, v, back)
		}
		for _, text := range []string{"", "nonsense", c.names[last]} {
			_, err := c.parse(text)
			require.ErrorContains(t, err, fmt.Sprintf("%s %q", c.unknown, text))
		}
	}
}

func TestEncodingGroups(t *testing.T) {
	var text, ebcdic []Encoding
	for e := EncodingDefault; e <= Binary+1; e++ {
		if e.IsText() {
			text = append(text, e)
		}
		if e.IsEBCDIC() {
			ebcdic = append(ebcdic, e)
		}
	}
	require.Equal(t, []Encoding{EBCDIC037, EBCDIC500, EBCDIC1047, EBCDICDataStage}, ebcdic)
	require.Equal(t, append([]Encoding{ASCII}, ebcdic...), text)
}
