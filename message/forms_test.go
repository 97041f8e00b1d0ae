package message

import (
	"encoding/hex"
	"testing"

	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

// Values as they stand on the wire, in the forms that other libraries' specs bring with them.
func TestForeignForms(t *testing.T) {
	for _, c := range []struct {
		name, value, read, wire string
		field                   spec.Field
	}{
		{"text in hexadecimal", "Ab", "Ab", "34313632", spec.Field{Format: "ans 2", Encoding: spec.HexASCII}},
		{"number in hexadecimal, padded", "7", "007", "333033303337", spec.Field{Format: "n 3", Encoding: spec.HexASCII}},
		{"text in hexadecimal in EBCDIC", "z", "z", "F7C1", spec.Field{Format: "ans 1", Encoding: spec.HexEBCDIC}},
		{"binary in hexadecimal, padded", "AB", "AB0000", "414230303030", spec.Field{Format: "b 24", Encoding: spec.HexASCII, Pad: spec.Pad{Side: spec.Right}}},
		{"control characters", "a\x1Cb", "a\x1Cb", "611C62", spec.Field{Format: "ans 3", Charset: spec.CharsetASCII7}},
		{"a long value of them", "\x00 234567\x7f", "\x00 234567\x7f", "0020323334353637" + "7F", spec.Field{Format: "ans 9", Charset: spec.CharsetASCII7}},
		{"a variable field filled up", "7", "0007", "040007", spec.Field{Format: "n..4", Pad: spec.Pad{Side: spec.Left, To: 4}}},
		{"text filled up on the right", "ab", "ab  ", "0461622020", spec.Field{Format: "ans..6", Pad: spec.Pad{Side: spec.Right, To: 4}}},
		{"an odd number filled up beside its filler", "7", "007", "007F", spec.Field{Format: "n 3", Align: spec.Left, Filler: 0xF}},
		{"longer than it is filled up", "abcde", "abcde", "056162636465", spec.Field{Format: "ans..6", Pad: spec.Pad{Side: spec.Right, To: 4}}},
		{"filled up to the end", "ab", "ab  ", "61622020", spec.Field{Format: "ans..6", ToEnd: true, Pad: spec.Pad{Side: spec.Right, To: 4}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := one(t, spec.BCD, c.field).New()
			require.NoError(t, m.SetMTI("0200"))
			require.NoError(t, m.Set(2, c.value))
			require.Equal(t, c.read, m.Field(2).Text())
			wire := packed(t, m)
			require.Equal(t, unhex(t, "020040"+c.wire), wire)
			back := one(t, spec.BCD, c.field).New()
			require.NoError(t, back.Unpack(wire))
			require.Equal(t, c.read, back.Field(2).Text())

			form := TextForm{CardDataInClear: true}
			text, err := form.AppendJSON(nil, back)
			require.NoError(t, err)
			fromJSON := one(t, spec.BCD, c.field).New()
			require.NoError(t, form.ReadJSON(fromJSON, text), "%s", text)
			require.Equal(t, wire, packed(t, fromJSON))
		})
	}
}

func TestForeignFormsRefuse(t *testing.T) {
	for _, c := range []struct {
		name, wire string
		field      spec.Field
		kind       Kind
	}{
		{"letters where digits are meant", "3431", spec.Field{Format: "n 1", Encoding: spec.HexASCII}, ErrCharacter},
		{"no hexadecimal", "3347", spec.Field{Format: "n 1", Encoding: spec.HexASCII}, ErrCharacter},
		{"the eighth bit", "618062", spec.Field{Format: "ans 3", Charset: spec.CharsetASCII7}, ErrCharacter},
		{"the eighth bit in the last byte of a long value", "6162636465666768C3", spec.Field{Format: "ans 9", Charset: spec.CharsetASCII7}, ErrCharacter},
		{"half a pair in EBCDIC", "03C1C1C1", spec.Field{Format: "b..9", Encoding: spec.HexEBCDIC, Prefix: spec.Prefix{Unit: spec.Bytes}}, ErrLength},
		{"shorter than the shortest", "0107", spec.Field{Format: "n..6", Min: 3, Pad: spec.Pad{Side: spec.Left, To: 4}}, ErrTooShort},
	} {
		t.Run(c.name, func(t *testing.T) {
			codec := one(t, spec.BCD, c.field)
			require.ErrorIs(t, codec.New().Unpack(unhex(t, "020040"+c.wire)), c.kind)
		})
	}
	m := one(t, spec.BCD, spec.Field{Format: "n 2", Encoding: spec.HexASCII}).New()
	require.ErrorIs(t, m.Set(2, "4x"), ErrDigit)
	m = one(t, spec.BCD, spec.Field{Format: "ans 2", Charset: spec.CharsetASCII7}).New()
	require.ErrorIs(t, m.Set(2, "é"), ErrCharacter)
	for _, pad := range []spec.Pad{{Side: spec.Left, To: -1}, {Side: spec.Left, To: 7}} {
		_, err := spec.New(spec.Config{Name: "x", Fields: []spec.Field{{Number: 2, Format: "n..6", Pad: pad}}})
		require.ErrorContains(t, err, "padding")
	}
}

// A length that stands before the tag and counts half of a hexadecimal pair is refused, wherever the entry is.
func TestHalfAPairBehindATag(t *testing.T) {
	for _, coding := range []spec.Encoding{spec.HexASCII, spec.HexEBCDIC} {
		text := map[spec.Encoding]string{spec.HexASCII: "414243", spec.HexEBCDIC: "C1C2C3"}[coding]
		for _, field := range []spec.Field{{Tag: "01"}, {Tag: "02"}} { // listed, and not
			field.Format, field.Encoding = "b..9", coding
			unknown := field
			unknown.Tag = ""
			codec := one(t, spec.BCD, spec.Field{Format: "b...99", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.Tagged, Encoding: spec.ASCII, LengthFirst: true,
				Tag: spec.TagFormat{Encoding: spec.ASCII, Digits: 2}, Fields: []spec.Field{field}, Unknown: &unknown}})
			whole := unhex(t, "020040"+"0008"+"3034"+"3031"+text+text[:2])
			m := codec.New()
			require.NoError(t, m.Unpack(whole))
			require.Equal(t, 2, m.Get("2.01").Len())
			require.Equal(t, whole, packed(t, m))
			err := codec.New().Unpack(unhex(t, "020040"+"0007"+"3033"+"3031"+text))
			require.ErrorIs(t, err, ErrLength)
			require.ErrorContains(t, err, "half a value")
		}
	}
}

// A part of no length holds a place: it is there without being set.
func TestPartOfNoLength(t *testing.T) {
	codec := one(t, spec.BCD, spec.Field{Format: "ans..9", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{
		{Number: 1, Format: "ans 2"}, {Number: 2, Format: "n 0"}, {Number: 3, Format: "ans 2"}}}})
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPath("2.1", "AA"))
	require.NoError(t, m.SetPath("2.3", "CC"))
	require.Equal(t, unhex(t, "02004004"+"41414343"), packed(t, m))
	require.Equal(t, "CC", m.Get("2.3").Text())
}

// Structs name tags without the characters that pad them.
func TestStructsNameShortTags(t *testing.T) {
	tagged := func(coding spec.Encoding, digits int, tags ...string) *Codec {
		l := &spec.Layout{Kind: spec.Tagged, Encoding: spec.ASCII, Tag: spec.TagFormat{Encoding: coding, Digits: digits}}
		for _, tag := range tags {
			l.Fields = append(l.Fields, spec.Field{Tag: tag, Format: "ans..9"})
		}
		return one(t, spec.BCD, spec.Field{Format: "b...99", Encoding: spec.Raw, Layout: l})
	}
	type data struct {
		Parts *struct {
			F1 string
			B  string `iso8583:"B"`
		} `iso8583:"2"`
	}
	codec := tagged(spec.ASCII, 3, "001", "B  ")
	var in data
	in.Parts = &struct {
		F1 string
		B  string `iso8583:"B"`
	}{"x", "y"}
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, Marshal(m, &in))
	require.Equal(t, "001"+"01x"+"B  "+"01y", string(m.Field(2).Bytes()))
	var out data
	require.NoError(t, Unmarshal(m, &out))
	require.Equal(t, in, out)

	m = tagged(spec.Raw, 2, "0001", "000B").New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, Marshal(m, &in))
	require.Equal(t, "x", m.Get("2.0001").Text())
}

func unhex(t testing.TB, text string) []byte {
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// A part that leads stands before the parts of every layout, whether it is set by path or from a struct.
func TestLead(t *testing.T) {
	type parts struct {
		F0 string
		F1 string
		F2 string
	}
	type data struct {
		Parts *parts `iso8583:"2"`
	}
	fields := []spec.Field{{Number: 1, Format: "ans 1"}, {Number: 2, Format: "ans 1"}}
	for name, c := range map[string]struct {
		layout      *spec.Layout
		first, both string
	}{
		"positional": {&spec.Layout{Kind: spec.Positional, Fields: fields}, "LLa", "LLab"},
		"bitmapped":  {&spec.Layout{Kind: spec.Bitmapped, Bitmap: spec.Bitmap{Encoding: spec.Raw, Bytes: 1, Plain: true}, Fields: fields}, "LL\x80a", "LL\xC0ab"},
	} {
		t.Run(name, func(t *testing.T) {
			c.layout.Encoding, c.layout.Lead = spec.ASCII, &spec.Field{Format: "ans 2"}
			codec := one(t, spec.BCD, spec.Field{Format: "b..9", Layout: c.layout})
			m := codec.New()
			require.NoError(t, m.SetMTI("0200"))
			for _, step := range []struct{ path, value, whole string }{{"2.0", "LL", "LL"}, {"2.1", "a", c.first}, {"2.2", "b", c.both}, {"2.0", "LL", c.both}} {
				require.NoError(t, m.SetPath(step.path, step.value))
				require.Equal(t, step.whole, string(m.Field(2).Bytes()))
			}
			require.NoError(t, m.UnsetPath("2.2"))
			require.Equal(t, c.first, string(m.Field(2).Bytes()))

			require.NoError(t, Marshal(m, &data{&parts{F2: "b"}}), "what is there stays")
			require.Equal(t, c.both, string(m.Field(2).Bytes()))
			fresh := codec.New()
			require.NoError(t, fresh.SetMTI("0200"))
			require.NoError(t, Marshal(fresh, &data{&parts{"LL", "a", "b"}}))
			require.Equal(t, c.both, string(fresh.Field(2).Bytes()))
			var out data
			require.NoError(t, Unmarshal(fresh, &out))
			require.Equal(t, &parts{"LL", "a", "b"}, out.Parts)

			require.ErrorIs(t, codec.New().SetPath("2.1", "a"), ErrMissing)
			type headless struct {
				Parts *struct{ F1 string } `iso8583:"2"`
			}
			require.ErrorIs(t, Marshal(codec.New(), &headless{&struct{ F1 string }{"a"}}), ErrMissing)
		})
	}
}
