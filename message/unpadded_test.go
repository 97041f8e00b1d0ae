package message

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

func TestUnpadded(t *testing.T) {
	for _, c := range []struct {
		name     string
		field    spec.Field
		set      string
		text     string
		unpadded string
	}{
		{"a number", spec.Field{Format: "n 6"}, "1999", "001999", "1999"},
		{"zero", spec.Field{Format: "n 6"}, "0", "000000", "0"},
		{"a full number", spec.Field{Format: "n 6"}, "123456", "123456", "123456"},
		{"a variable number", spec.Field{Format: "n..6"}, "0012", "0012", "0012"},
		{"a variable number that is filled up", spec.Field{Format: "n..6", Pad: spec.Pad{Side: spec.Left, To: 4}}, "12", "0012", "12"},
		{"packed", spec.Field{Format: "n 5", Encoding: spec.BCD}, "42", "00042", "42"},
		{"signed", spec.Field{Format: "x+n 6"}, "D12", "D000012", "D12"},
		{"signed zero", spec.Field{Format: "x+n 6"}, "C0", "C000000", "C0"},
		{"text", spec.Field{Format: "ans 8"}, " AB", " AB     ", " AB"},
		{"blank text", spec.Field{Format: "ans 3"}, "", "   ", ""},
		{"text in EBCDIC", spec.Field{Format: "ans 4", Encoding: spec.EBCDIC1047}, "AB", "AB  ", "AB"},
		{"text with zeros before it", spec.Field{Format: "an 6", Pad: spec.Pad{Side: spec.Left, Char: "0"}}, "A0", "0000A0", "A0"},
		{"nothing but zeros", spec.Field{Format: "an 6", Pad: spec.Pad{Side: spec.Left, Char: "0"}}, "0", "000000", ""},
		{"text without padding", spec.Field{Format: "ans 3", Pad: spec.Pad{Side: spec.Neither}}, "A  ", "A  ", "A  "},
		{"variable text", spec.Field{Format: "ans..9"}, "A  ", "A  ", "A  "},
		{"binary data", spec.Field{Format: "b 16", Encoding: spec.Raw}, "4100", "4100", "4100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.field.Number = 2
			codec := MustCompile(spec.MustNew(spec.Config{Name: "padding", Encoding: spec.ASCII, Fields: []spec.Field{c.field}}))
			m := codec.New()
			require.Empty(t, m.Field(2).Unpadded())
			require.NoError(t, m.Set(2, c.set))
			require.Equal(t, c.text, m.Field(2).Text())
			require.Equal(t, c.unpadded, m.Field(2).Unpadded())
			require.Equal(t, "before "+c.unpadded, string(m.Field(2).AppendUnpadded([]byte("before "))))
			require.Zero(t, testing.AllocsPerRun(100, func() {
				var buf [32]byte
				m.Field(2).AppendUnpadded(buf[:0])
			}))
		})
	}
}
