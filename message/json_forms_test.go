package message

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

// formsSpec has in one message what the shipped specs do not use: EBCDIC, a bitmap carried as a field, a bitmapped
// layout, packed tags, lengths before tags, records, subfields that may be absent.
var formsSpec = spec.MustNew(spec.Config{Name: "forms", Encoding: spec.EBCDIC1047,
	Bitmap: spec.Bitmap{Encoding: spec.HexASCII, Max: 3, TertiaryField: 65},
	Fields: []spec.Field{
		{Number: 2, Name: "text", Format: "ans..99", Charset: spec.CharsetLatin1},
		{Number: 3, Name: "signed", Format: "x+n 4"},
		{Number: 4, Name: "zoned", Format: "n 4", Encoding: spec.ZonedEBCDIC},
		{Number: 5, Name: "bitmapped", Format: "b...999", Layout: &spec.Layout{Kind: spec.Bitmapped, Bitmap: spec.Bitmap{Encoding: spec.Raw, Bytes: 2, Plain: true}, Fields: []spec.Field{
			{Number: 3, Format: "n 2"}, {Number: 1, Format: "ans..9"}, {Number: 9, Format: "b 16"}}}},
		{Number: 6, Name: "packed tags", Format: "b...999", Layout: &spec.Layout{Kind: spec.Tagged, Encoding: spec.BCD, Tag: spec.TagFormat{Encoding: spec.BCD, Digits: 3},
			Fields: []spec.Field{{Tag: "123", Format: "n..6", Filler: 15, AnyFiller: true}}, Unknown: &spec.Field{Format: "b..99"}}},
		{Number: 7, Name: "length first", Format: "b...999", Layout: &spec.Layout{Kind: spec.Tagged, Encoding: spec.EBCDIC1047, LengthFirst: true, CountsTag: true,
			Tag: spec.TagFormat{Digits: 2}, Lead: &spec.Field{Format: "ans 1"}, Unknown: &spec.Field{Format: "ans..99"}}},
		{Number: 8, Name: "records", Format: "b...999", Layout: &spec.Layout{Kind: spec.Repeated, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "b 8"}}}},
		{Number: 9, Name: "optional parts", Format: "ans...99", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{
			{Number: 1, Format: "ans 2"}, {Number: 2, Format: "ans 2", StartsWith: "X"}, {Number: 3, Format: "ans 2"}}}},
		{Number: 10, Name: "reserved room", Format: "ans..8", Reserve: true},
		{Number: 130, Name: "beyond", Format: "n 2"},
	}})

func TestJSONOfEveryForm(t *testing.T) {
	const text = `{"0":"0200","2":"na\u00EFve","3":"D0012","4":"-0012","5":{"1":"one","3":"33","9":"ABCD"},"6":{"123":["5","678"],"999":"AA"},` +
		`"7":{"0":"L","AB":"x","CD":["","zz"]},"8":[{"1":"11","2":"AA"},{"1":"22","2":"BB"}],"9":{"1":"ab","3":"cd"},"10":"room","130":"77"}`
	m := MustCompile(formsSpec).New()
	require.NoError(t, m.UnmarshalJSON([]byte(text)))
	require.JSONEq(t, text, string(clearJSON(t, m)), "and no raw")
	requireJSONOfMutations(t, m)
}

func TestJSONOfTheKitchenSink(t *testing.T) { requireJSONOfMutations(t, kitchenMessage(t)) }

func kitchenMessage(t testing.TB) *Message {
	m := MustCompile(kitchenSink).New()
	require.NoError(t, m.SetHeader([]byte{3, 0xAA, 0xBB}))
	require.NoError(t, m.SetMTI("0200"))
	for path, text := range kitchenValues {
		require.NoError(t, m.SetPath(path, text), path)
	}
	require.NoError(t, m.Set(61, "ABCDEF"))
	require.NoError(t, m.SetPath("62.1", "123"))
	require.NoError(t, m.SetPath("62.16", "AABB"))
	require.NoError(t, m.Unpack(packed(t, m)))
	return m
}

// requireJSONOfMutations changes every byte of a message in some ways. What still unpacks shows the change in its JSON
// and comes back from it.
func requireJSONOfMutations(t *testing.T, m *Message) {
	wire, original, seen := packed(t, m), clearJSON(t, m), 0
	for at := range wire {
		for _, change := range []byte{0x01, 0x10, 0x20, 0x0F, 0x80, 0xFF, 0x41} {
			mutant := bytes.Clone(wire)
			mutant[at] ^= change
			back := m.codec.New()
			if back.Unpack(mutant) != nil {
				continue
			}
			seen++
			text := clearJSON(t, back)
			require.NotEqual(t, string(original), string(text))
			again := m.codec.New()
			require.NoError(t, again.UnmarshalJSON(text), "byte %d: %s", at, text)
			require.Equal(t, hex.EncodeToString(mutant), hex.EncodeToString(packed(t, again)), "byte %d: %s", at, text)
		}
	}
	require.Greater(t, seen, 100)
}

func TestJSONKeepsUnusualBitmaps(t *testing.T) {
	for _, c := range []struct{ name, spec, wire, raw string }{
		{"lower case", "iso8583-1987-ascii", "08000000000000c00000TRM00001MERCHANT0000001", `"raw":{"1":"30303030303030303030633030303030"}`},
		{"needless second", "iso8583-1987-ascii", "080080200000000000000000000000000000000001", `"raw":{"1":"3830323030303030303030303030303030303030303030303030303030303030"}`},
	} {
		m := codecFor(t, c.spec).New()
		require.NoError(t, m.Unpack([]byte(c.wire)))
		require.Equal(t, c.wire, string(packed(t, m)))
		text := clearJSON(t, m)
		require.Contains(t, string(text), c.raw, c.name)
		back := codecFor(t, c.spec).New()
		require.NoError(t, back.UnmarshalJSON(text), "%s %s", c.name, text)
		require.Equal(t, c.wire, string(packed(t, back)), c.name)
	}

	m := MustCompile(formsSpec).New()
	require.NoError(t, m.UnmarshalJSON([]byte(`{"0":"0200","raw":{"65":"30303030303030303030303030303030","1":"3830303030303030303030303030303038303030303030303030303030303030"}}`)))
	wire := packed(t, m)
	require.Len(t, wire, 4+16+16+16, "three empty bitmaps")
	back := m.codec.New()
	require.NoError(t, back.UnmarshalJSON(clearJSON(t, m)))
	require.Equal(t, wire, packed(t, back))
	require.Error(t, back.UnmarshalJSON([]byte(`{"0":"0200","raw":{"65":"3030"}}`)))
}

// reversedGBK stands for a real table: it maps the bytes of one character, and FE badly.
type reversedGBK struct{}

func (reversedGBK) Decode(text []byte) (string, error) {
	return string(bytes.ReplaceAll(bytes.ReplaceAll(text, []byte{0xD6, 0xD0}, []byte("中")), []byte{0xFE}, []byte("?"))), nil
}

func (reversedGBK) Encode(text string) ([]byte, error) {
	return bytes.ReplaceAll([]byte(text), []byte("中"), []byte{0xD6, 0xD0}), nil
}

func TestJSONOfChineseText(t *testing.T) {
	m := codecFor(t, "unionpay-pos+no-header").New()
	require.NoError(t, m.SetMTI("0810"))
	with := TextForm{CardDataInClear: true, GBK: reversedGBK{}}
	for _, c := range []struct{ bytes, with, without string }{
		{"D6D041", `{"0":"0810","63":"中A"}`, `{"0":"0810","63":"D6D041","raw":{"63":"0003D6D041"}}`},
		{"D6D00A", `{"0":"0810","63":"中\u000a"}`, `{"0":"0810","63":"D6D00A","raw":{"63":"0003D6D00A"}}`},
		{"41FE", `{"0":"0810","63":"41FE","raw":{"63":"000241FE"}}`, `{"0":"0810","63":"41FE","raw":{"63":"000241FE"}}`},
		{"34314645", `{"0":"0810","63":"41FE"}`, `{"0":"0810","63":"41FE"}`},
	} {
		value, _ := hex.DecodeString(c.bytes)
		require.NoError(t, m.SetBytes(63, value))
		wire := packed(t, m)
		for form, want := range map[TextForm]string{with: c.with, inClear: c.without} {
			text, err := form.AppendJSON(nil, m)
			require.NoError(t, err)
			require.Equal(t, want, string(text))
			back := m.codec.New()
			require.NoError(t, form.ReadJSON(back, text))
			require.Equal(t, wire, packed(t, back))
		}
	}
	require.Equal(t, "中?", string(TextForm{GBK: reversedGBK{}}.appendLeaf(nil, func() Value {
		require.NoError(t, m.SetBytes(63, []byte{0xD6, 0xD0, '\n'}))
		return m.Field(63)
	}())))
}

// Every character of ISO 8859-1 comes back from JSON, and the first one behind them is refused.
func TestJSONOfLatin1(t *testing.T) {
	codec := specOf(spec.Field{Number: 2, Format: "ans..99", Charset: spec.CharsetLatin1})
	for c := rune(0xA0); c <= 0xFF; c++ {
		m := codec.New()
		require.NoError(t, m.UnmarshalJSON([]byte(`{"0":"0200","2":"a`+string(c)+`"}`)), "%U", c)
		require.Equal(t, []byte{'a', byte(c)}, m.Field(2).Bytes())
	}
	require.ErrorIs(t, codec.New().UnmarshalJSON([]byte(`{"0":"0200","2":"a\u0100"}`)), ErrCharacter)
}
