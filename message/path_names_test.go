package message

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// A hexadecimal tag is the same in either case, however it is set, read, changed and removed.
func TestTagsInEitherCase(t *testing.T) {
	tagged := func(encoding spec.Encoding, digits int, tag string) *Codec {
		return specOf(spec.Field{Number: 55, Format: "b...255", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.Tagged,
			Tag: spec.TagFormat{Encoding: encoding, Digits: digits}, Fields: []spec.Field{{Tag: tag, Format: "b..9"}}, Unknown: &spec.Field{Format: "b..9"}}})
	}
	chip := specOf(spec.Field{Number: 55, Format: "b...255", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV, Fields: []spec.Field{{Tag: "9F3B", Format: "b..9"}}}})
	for _, one := range []struct {
		codec        *Codec
		upper, lower string
	}{
		{chip, "9F3B", "9f3B"}, {chip, "9F26", "9f26"}, {tagged(spec.Raw, 2, "9F3B"), "9F3B", "9f3b"},
		{tagged(spec.Raw, 2, "9F3B"), "DF3A", "dF3A"}, {tagged(spec.BCD, 3, "12A"), "12A", "12a"},
	} {
		m := one.codec.New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.SetPath("55."+one.lower, "01"))
		once := packed(t, m)
		require.Equal(t, "01", m.Get("55."+one.lower).Text())
		require.Equal(t, "01", m.Get("55."+one.upper).Text())
		v, err := m.Lookup("55." + one.lower)
		require.NoError(t, err)
		require.Equal(t, "01", v.Text())
		require.NoError(t, m.SetPath("55."+one.upper, "01"))
		require.Equal(t, once, packed(t, m), one.lower)
		require.NoError(t, m.SetPath("55."+one.lower, "01"))
		require.Equal(t, once, packed(t, m), one.lower)
		require.NoError(t, m.UnsetPath("55."+one.lower))
		require.False(t, m.Has(55), one.lower)

		require.Error(t, m.UnmarshalJSON([]byte(`{"0":"0200","55":{"`+one.upper+`":"01","`+one.lower+`":"02"}}`)), "one tag in two members")
	}
}

// impossible is a message with every kind of layout, and paths that it cannot have.
func impossible(t *testing.T) (*Message, []string) {
	m := specOf(
		spec.Field{Number: 2, Format: "n..19"},
		spec.Field{Number: 48, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Encoding: spec.ASCII, Digits: 2},
			Lead: &spec.Field{Format: "an 1"}, Fields: []spec.Field{{Tag: "A1", Format: "an..9"}}, Unknown: &spec.Field{Format: "an..9"}}},
		spec.Field{Number: 55, Format: "b...255", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV, Fields: []spec.Field{{Tag: "9F02", Format: "b..9"}}}},
		spec.Field{Number: 56, Format: "b...255", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Encoding: spec.BCD, Digits: 3},
			Fields: []spec.Field{{Tag: "012", Format: "b..9"}}, Unknown: &spec.Field{Format: "b..9"}}},
		spec.Field{Number: 60, Format: "n...11", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 3, Format: "n 3"}}}},
		spec.Field{Number: 61, Format: "n...99", Layout: &spec.Layout{Kind: spec.Repeated, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "n 3"}}}},
	).New()
	require.NoError(t, m.SetMTI("0200"))
	for path, text := range map[string]string{"2": "1", "48": "LA101x", "55.9F02": "19", "56.012": "01", "60": "22360", "61": "2236022361"} {
		require.NoError(t, m.SetPath(path, text), path)
	}
	return m, []string{
		"", "x", "00", "+2", "-2", "02", "002", " 2", "2.", "2.1", "999", "header", "header.+1", "header.1", "99999999999999999999",
		"48.", "48.0[2]", "48.A", "48.A12", "48.\x01A", "48.A1.", "48.A1[0]", "48.A1[+2]", "48.A1[02]", "48.A1[2", "48.A1[2]]", "48.A1[]",
		"55.", "55.00", "55.9F", "55.9F0", "55.9F02.", "55.9F02.1", "55.9G02", "55.9F02[+1]", "55.[1]",
		"56.", "56.0012", "56.1012", "56.12", "60.", "60.1[2]", "60.3[2]", "60.03", "60.+3", "60.2", "60.3.", "61.1.", "61.3[2]", "61.01",
	}
}

// A path that no message can have is an error of Lookup and of every setter, has no value, and changes nothing.
func TestImpossiblePaths(t *testing.T) {
	m, paths := impossible(t)
	before := packed(t, m)
	for _, path := range paths {
		v, err := m.Lookup(path)
		require.Error(t, err, "%q", path)
		require.False(t, v.Present(), "%q", path)
		require.False(t, m.Get(path).Present(), "%q", path)
		require.Error(t, m.SetPath(path, "36"), "%q", path)
		m.ClearErr()
		require.Error(t, m.UnsetPath(path), "%q", path)
		m.ClearErr()
		require.Equal(t, before, packed(t, m), "%q", path)
	}
	for path, want := range map[string]string{
		"0": "0200", "2": "1", "48.0": "L", "48.A1": "x", "48.A1[1]": "x", "48.A1[2]": "", "55.9F02": "19", "55.9F02[2]": "", "55.9F02[9]": "",
		"56.012": "01", "56.013": "", "60.3": "360", "60.3[1]": "360", "61.2": "360", "61.2[1]": "360", "61.2[2]": "361", "61.2[3]": "",
	} {
		v, err := m.Lookup(path)
		require.NoError(t, err, path)
		require.Equal(t, want, v.Text(), path)
		require.Equal(t, want != "", v.Present(), path)
		require.Equal(t, want, m.Get(path).Text(), path)
	}
}

// The next of equal tags can be added, one behind a gap cannot.
func TestOccurrencesAreAddedInOrder(t *testing.T) {
	m, _ := impossible(t)
	before := packed(t, m)
	for _, path := range []string{"55.9F02[3]", "55.9F02[5]", "55.9F26[2]", "48.A1[3]", "48.ZZ[2]"} {
		require.ErrorIs(t, m.SetPath(path, "01"), ErrMissing, path)
		m.ClearErr()
		require.NoError(t, m.UnsetPath(path))
		require.Equal(t, before, packed(t, m), path)
	}
	require.NoError(t, m.SetPath("55.9F02[2]", "01"))
	require.NoError(t, m.SetPath("55.9f02[3]", "02"))
	require.Equal(t, "9F0201199F0201019F020102", m.Field(55).Text())
}

// Reading by path takes no memory.
func TestPathsAllocateNothing(t *testing.T) {
	m, _ := impossible(t)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if !m.Get("55.9F02").Present() || !m.Get("0").Present() || !m.Get("60.3").Present() || m.Get("55.9F26").Present() {
			t.Fatal("lost")
		}
	}))
}
