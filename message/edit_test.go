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
			require.Equal(t, c.want, hex.EncodeToString(back.Get(c.path).content()), "%X", wire)
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
	require.Equal(t, "0800015a", hex.EncodeToString(m.Get("60").content()))
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
	require.Equal(t, "4142000020", hex.EncodeToString(m.Get("49").content()))
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
	require.Equal(t, "080081425a", hex.EncodeToString(m.Get("60").content()))
	require.NoError(t, Marshal(m, &struct {
		F60 inner
	}{inner{"", "43", ""}}))
	require.Equal(t, "080081435a", hex.EncodeToString(m.Get("60").content()))
}
