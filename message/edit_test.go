package message

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// editSpec has layouts whose parts are not simply 1, 2, 3.
var editSpec = spec.MustNew(spec.Config{Name: "edits", Encoding: spec.BCD, Fields: []spec.Field{
	{Number: 48, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Positional, Fill: true, Fields: []spec.Field{
		{Number: 0, Format: "ans 1"}, {Number: 3, Format: "n 2"}, {Number: 4, Format: "ans..9"}, {Number: 9, Format: "ans 2"}}}},
	{Number: 49, Format: "b 40", Layout: &spec.Layout{Kind: spec.Positional, Fill: true, Fields: []spec.Field{
		{Number: 0, Format: "ans 1"}, {Number: 1, Format: "n 2"}, {Number: 2, Format: "b 16"}, {Number: 3, Format: "ans 1"}}}},
	{Number: 60, Format: "b...99", Layout: &spec.Layout{Kind: spec.Bitmapped, Bitmap: spec.Bitmap{Bytes: 1, Plain: true},
		Lead: &spec.Field{Format: "n 4"}, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 8, Format: "ans 1"}}}},
	{Number: 61, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Digits: 2},
		Lead: &spec.Field{Format: "ans 1", StartsWith: "RT"}, Fields: []spec.Field{{Tag: "01", Format: "ans..9", Encoding: spec.ASCII, Prefix: spec.Prefix{Encoding: spec.ASCII}}}}},
}})

// Parts are set in any number and order that their layout has.
func TestSetPathOfLeadsAndGaps(t *testing.T) {
	codec := MustCompile(editSpec)
	type set struct{ path, value string }
	for _, c := range []struct {
		name string
		sets []set
		path string
		want string
	}{
		{"number 0", []set{{"48.0", "A"}}, "48", "41"},
		{"numbers with a gap between them", []set{{"48.0", "A"}, {"48.3", "12"}}, "48", "413132"},
		{"missing parts are filled in", []set{{"48.9", "XY"}}, "48", "20" + "3030" + "3030" + "5859"},
		{"a field of fixed length is filled up", []set{{"49.0", "A"}}, "49", "41" + "00" + "0000" + "20"},
		{"and its parts are set one by one", []set{{"49.0", "A"}, {"49.2", "0102"}}, "49", "41" + "00" + "0102" + "20"},
		{"a lead before a bitmap", []set{{"60.0", "0800"}}, "60", "0800"},
		{"a bitmap behind a lead", []set{{"60.0", "0800"}, {"60.8", "Z"}, {"60.1", "42"}}, "60", "0800" + "81" + "42" + "5a"},
		{"the lead is replaced", []set{{"60.0", "0800"}, {"60.8", "Z"}, {"60.0", "0810"}}, "60", "0810" + "01" + "5a"},
		{"a lead before tags", []set{{"61.01", "x"}, {"61.0", "R"}}, "61", "52" + "3031" + "3031" + "78"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := codec.New()
			require.NoError(t, m.SetMTI("0200"))
			for _, s := range c.sets {
				require.NoError(t, m.SetPath(s.path, s.value))
			}
			wire, err := m.Pack()
			require.NoError(t, err)
			back := codec.New()
			require.NoError(t, back.Unpack(wire))
			require.Equal(t, c.want, hex.EncodeToString(contentAt(back, c.path)), "%X", wire)
			for _, s := range c.sets[len(c.sets)-1:] {
				require.Equal(t, s.value, back.Get(s.path).Text())
			}
		})
	}
}

// A part behind a lead is taken out with its bit; the lead stays.
func TestUnsetPathBehindALead(t *testing.T) {
	m := MustCompile(editSpec).New()
	require.NoError(t, m.SetMTI("0200"))
	for _, path := range []string{"60.0", "60.1", "60.8"} {
		require.NoError(t, m.SetPath(path, map[string]string{"60.0": "0800", "60.1": "42", "60.8": "Z"}[path]))
	}
	require.NoError(t, m.UnsetPath("60.1"))
	require.Equal(t, "0800015a", hex.EncodeToString(contentAt(m, "60")))
}

// A struct need not set all parts of a field of fixed length.
func TestMarshalFillsUp(t *testing.T) {
	type inner struct {
		Kind string `iso8583:"0"`
		Code string `iso8583:"1"`
	}
	m := MustCompile(editSpec).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, Marshal(m, &struct {
		F49 inner
	}{inner{"A", "42"}}))
	require.Equal(t, "4142000020", hex.EncodeToString(contentAt(m, "49")))
}

// A struct sets a lead and what follows it.
func TestMarshalBehindALead(t *testing.T) {
	type inner struct {
		Type string `iso8583:"0"`
		Code string `iso8583:"1"`
		Flag string `iso8583:"8"`
	}
	m := MustCompile(editSpec).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, Marshal(m, &struct {
		F60 inner
	}{inner{"0800", "42", "Z"}}))
	require.Equal(t, "080081425a", hex.EncodeToString(contentAt(m, "60")))
	require.NoError(t, Marshal(m, &struct {
		F60 inner
	}{inner{"", "43", ""}}))
	require.Equal(t, "080081435a", hex.EncodeToString(contentAt(m, "60")))
}

// contentAt is a value as it stands on the wire, without its length.
func contentAt(m *Message, path string) []byte {
	v := m.Get(path)
	return v.part.Content()
}

// One of several equal tags, and a part of one of several records, is changed or removed where it stands.
func TestEditOneOfSeveral(t *testing.T) {
	codec := structSpec(t)
	for _, c := range []struct {
		name, field, before, path, value, after string // value "" removes
	}{
		{"the first", "48", "A101aB101bA101c", "48.A1", "xx", "A102xxB101bA101c"},
		{"the first by its index", "48", "A101aB101bA101c", "48.A1[1]", "x", "A101xB101bA101c"},
		{"the second", "48", "A101aB101bA101cA101d", "48.A1[2]", "xx", "A101aB101bA102xxA101d"},
		{"the third", "48", "A101aB101bA101cA101d", "48.A1[3]", "x", "A101aB101bA101cA101x"},
		{"one more", "48", "A101aA101b", "48.A1[3]", "x", "A101aA101bA101x"},
		{"the second goes", "48", "A101aB101bA101cA101d", "48.A1[2]", "", "A101aB101bA101d"},
		{"the third goes", "48", "A101aA101bA101c", "48.A1[3]", "", "A101aA101b"},
		{"one that is not there goes", "48", "A101aA101b", "48.A1[3]", "", "A101aA101b"},
		{"a part of the first record", "61", "01abc02def03ghi", "61.2", "xyz", "01xyz02def03ghi"},
		{"a part of the second record", "61", "01abc02def03ghi", "61.1[2]", "42", "01abc42def03ghi"},
		{"a part of the last record", "61", "01abc02def03ghi", "61.2[3]", "xyz", "01abc02def03xyz"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := codec.New()
			require.NoError(t, m.SetMTI("0200"))
			require.NoError(t, m.SetPath(c.field, c.before))
			if c.value == "" {
				require.NoError(t, m.UnsetPath(c.path))
			} else {
				require.NoError(t, m.SetPath(c.path, c.value))
			}
			require.Equal(t, c.after, m.Get(c.field).Text())
		})
	}
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPath("61", "01abc"))
	require.ErrorIs(t, m.SetPath("61.1[2]", "42"), ErrType, "a record is not made of one part")
	require.Equal(t, "01abc", m.Field(61).Text())
}
