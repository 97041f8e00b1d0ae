package message

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// knownSpec has tags in every kind of layout that has any, on the wire as they are, as text and in hexadecimal.
func knownSpec() spec.Config {
	unknown := &spec.Field{Format: "ans..9"}
	two := spec.TagFormat{Encoding: spec.ASCII, Digits: 2}
	chip := &spec.Layout{Kind: spec.BERTLV, Encoding: spec.Raw, Fields: []spec.Field{{Tag: "9A", Format: "b..9"}, {Tag: "E1", Format: "b..99",
		Layout: &spec.Layout{Kind: spec.BERTLV, Encoding: spec.Raw, Fields: []spec.Field{{Tag: "9F02", Format: "b..9"}}}}}}
	texts := &spec.Layout{Kind: spec.Tagged, Tag: two, Unknown: unknown, Fields: []spec.Field{{Tag: "01", Format: "ans..9"}}}
	return spec.Config{Name: "known", Header: []spec.Field{{Number: 1, Format: "ans..40", Layout: texts}}, Fields: []spec.Field{
		{Number: 2, Format: "n..19"},
		{Number: 47, Format: "ans..99", Layout: &spec.Layout{Kind: spec.Tagged, Tag: two, LengthFirst: true, CountsTag: true, Unknown: unknown,
			Fields: []spec.Field{{Tag: "01", Format: "ans..9"}}}},
		{Number: 48, Format: "ans..99", Layout: texts},
		{Number: 49, Format: "ans 12", Layout: texts},
		{Number: 50, Format: "ans..99", Layout: &spec.Layout{Kind: spec.Positional, Short: true, Fields: []spec.Field{{Number: 1, Format: "ans 2"},
			{Number: 2, Format: "ans..40", Layout: texts}, {Number: 3, Format: "ans 2"}}}},
		{Number: 51, Format: "ans..99", Layout: &spec.Layout{Kind: spec.Bitmapped, Bitmap: spec.Bitmap{Bytes: 1, Plain: true, Encoding: spec.HexASCII},
			Fields: []spec.Field{{Number: 2, Format: "ans..40", Layout: texts}, {Number: 8, Format: "ans 2"}}}},
		{Number: 55, Format: "b...255", Encoding: spec.Raw, Layout: chip},
		{Number: 56, Format: "b...255", Encoding: spec.HexASCII, Prefix: spec.Prefix{Unit: spec.Bytes}, Layout: chip},
	}}
}

// framed is a value behind its length in decimal digits.
func framed(digits int, value string) string { return fmt.Sprintf("%0*d%s", digits, len(value), value) }

func rawOf(t testing.TB, digits string) string {
	b, err := hex.DecodeString(digits)
	require.NoError(t, err)
	return string(b)
}

// Tags that the spec does not list go, those that it lists stay as they were, and so do the other parts.
func TestUnsetUnknown(t *testing.T) {
	codec := MustCompile(spec.MustNew(knownSpec()))
	const mixed, known = "0201X" + "0102ab" + "0303xyz" + "0101c" + "9902zz", "0102ab" + "0101c"
	const amount = "9F0206000000001999"
	for _, c := range []struct {
		name      string
		number    int
		path      string
		wire, out string
	}{
		{"text", 48, "48", framed(2, mixed), framed(2, known)},
		{"the length before the tag", 47, "47", framed(2, "0402ab"+"0401cd"+"0203"), framed(2, "0401cd")},
		{"chip data, zeros between it", 55, "55", framed(3, rawOf(t, "009F36020157"+"9A03261129"+"5F2403301231")), framed(3, rawOf(t, "009A03261129"))},
		{"in a part", 55, "55", framed(3, rawOf(t, "9A03261129"+"E10F9F3603AABBCC"+amount)), framed(3, rawOf(t, "9A03261129"+"E109"+amount))},
		{"of a part", 55, "55.E1", framed(3, rawOf(t, "5F2403301231"+"E10F9F3603AABBCC"+amount)), framed(3, rawOf(t, "5F2403301231"+"E109"+amount))},
		{"of the second of equal parts", 55, "55.e1[2]", framed(3, rawOf(t, "E1049F3601AA"+"E1049F3601AA")), framed(3, rawOf(t, "E1049F3601AA"+"E100"))},
		{"a long length where nothing goes", 55, "55", framed(3, rawOf(t, "9F360101"+"E1810A"+"9F028106000000001999")), framed(3, rawOf(t, "E1810A"+"9F028106000000001999"))},
		{"in a part without tags", 50, "50", framed(2, "AB"+framed(2, mixed)+"CD"), framed(2, "AB"+framed(2, known)+"CD")},
		{"before a part that is cut short", 50, "50", framed(2, "AB"+framed(2, mixed)+"C"), framed(2, "AB"+framed(2, known)+"C")},
		{"behind a bitmap", 51, "51", framed(2, "41"+framed(2, mixed)+"CD"), framed(2, "41"+framed(2, known)+"CD")},
		{"of the part behind a bitmap", 51, "51.2", framed(2, "41"+framed(2, mixed)+"CD"), framed(2, "41"+framed(2, known)+"CD")},
		{"of a part cut short", 50, "50.3", framed(2, "AB"+framed(2, mixed)+"C"), framed(2, "AB"+framed(2, mixed)+"C")},
		{"nothing unknown", 55, "55", framed(3, rawOf(t, "009A03261129E1810A9F028106000000001999")), framed(3, rawOf(t, "009A03261129E1810A9F028106000000001999"))},
		{"of what has no tags", 2, "2", "0242", "0242"},
		{"in hexadecimal, in either case", 56, "56", "032" + "9a03261129" + "5f2403301231" + "9A03261130", "020" + "9A03261129" + "9A03261130"},
		{"in hexadecimal where nothing goes", 56, "56", "010" + "9a03261129", "010" + "9a03261129"},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := framed(2, "0201X"+"0101a")
			var words [3]uint64
			w, bit := wire.BitOf(c.number)
			words[w] = bit
			front := header + "0200" + fmt.Sprintf("%016X", words[0])
			m := codec.New()
			require.NoError(t, m.Unpack([]byte(front+c.wire)))
			require.NoError(t, m.UnsetUnknown(c.path))
			require.Equal(t, front+c.out, string(packed(t, m)))
			require.NoError(t, codec.New().Unpack(packed(t, m)))
			require.Equal(t, c.wire != c.out, m.touched)

			require.NoError(t, m.UnsetUnknown("header.1"))
			require.Equal(t, framed(2, "0101a"), string(m.Header()))
		})
	}
}

// Where nothing is left, the field goes; where its length forbids it, nothing is done; and a path that cannot be is told.
func TestUnsetUnknownAtItsLimits(t *testing.T) {
	codec := MustCompile(spec.MustNew(knownSpec()))
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetHeader([]byte(framed(2, "0101a"))))
	require.NoError(t, m.SetBytes(55, []byte(rawOf(t, "9F36020157"))))
	require.NoError(t, m.Set(49, "0101a"+"0203xyz"))
	before := packed(t, m)
	for _, path := range []string{"0", "48", "55.E1", "2", "header.1"} {
		require.NoError(t, m.UnsetUnknown(path), path)
	}
	require.Equal(t, before, packed(t, m))
	require.NoError(t, m.UnsetUnknown("55"))
	require.False(t, m.Has(55))
	require.ErrorIs(t, m.UnsetUnknown("49"), ErrTooShort)
	require.ErrorIs(t, m.Err(), ErrTooShort)
	require.Equal(t, "0101a"+"0203xyz", m.Field(49).Text())
	m.ClearErr()
	for path, kind := range map[string]error{"3": ErrUnknown, "2.1": ErrType, "50.9": ErrUnknown, "header": ErrUnknown, "header.2": ErrUnknown, "x": ErrUnknown} {
		require.ErrorIs(t, m.UnsetUnknown(path), kind, path)
		m.ClearErr()
	}
}

// A code over the message is checked as it was received, before and after there was nothing to remove.
func TestUnsetUnknownAndMAC(t *testing.T) {
	c := knownSpec()
	c.Fields = append(c.Fields, spec.Field{Number: 64, Format: "b 64", Encoding: spec.Raw})
	codec := MustCompile(spec.MustNew(c))
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetHeader([]byte(framed(2, "0101a"))))
	require.NoError(t, m.SetBytes(55, []byte(rawOf(t, "9A03261129"))))
	signed, err := m.AppendPackMAC(nil, sum)
	require.NoError(t, err)
	require.NoError(t, m.Unpack(signed))
	require.NoError(t, m.UnsetUnknown("55"))
	require.NoError(t, m.VerifyMAC(verify))
}

// A body is what stands behind the message type, whether there is one or not.
func TestAppendBody(t *testing.T) {
	for _, f := range allFrames(t) {
		m := unpacked(t, f)
		front := len(m.header) + len(m.layout.MTI.AppendContent(nil, m.mti[:], 0))
		body, err := m.AppendBody([]byte("kept"))
		require.NoError(t, err)
		require.Equal(t, "kept"+string(f.wire[front:]), string(body), f.name)
	}
	codec := MustCompile(spec.MustNew(knownSpec()))
	m := codec.New()
	require.NoError(t, m.Set(2, "42"))
	body, err := m.AppendBody(nil)
	require.NoError(t, err)
	require.Equal(t, "4000000000000000"+"0242", string(body), "without type and header")
	require.NoError(t, m.Set(48, "04"))
	_, err = m.AppendBody(nil)
	require.ErrorIs(t, err, ErrTruncated, "parts are checked as Pack checks them")
	require.Error(t, m.Set(2, "x"))
	_, err = m.AppendBody(nil)
	require.ErrorIs(t, err, ErrDigit)
}
