package message

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// orderedSpec has tags in an order of their own, the lead one in front.
func orderedSpec(ordered bool) *Codec {
	tagged := func(lead *spec.Field) *spec.Layout {
		return &spec.Layout{Kind: spec.Tagged, Ordered: ordered, Tag: spec.TagFormat{Encoding: spec.ASCII, Digits: 1}, Lead: lead,
			Unknown: &spec.Field{Format: "ans..9"}, Fields: []spec.Field{{Tag: "C", Format: "ans..9"}, {Tag: "A", Format: "ans..9"}, {Tag: "B", Format: "ans..9"}}}
	}
	return specOf(spec.Field{Number: 48, Format: "ans..99", Layout: tagged(nil)}, spec.Field{Number: 49, Format: "ans..99", Layout: tagged(&spec.Field{Format: "ans 1"})},
		spec.Field{Number: 55, Format: "b...99", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV, Encoding: spec.Raw, Ordered: ordered,
			Fields: []spec.Field{{Tag: "9F02", Format: "b..9"}, {Tag: "82", Format: "b..9"}, {Tag: "E1", Format: "b..9",
				Layout: &spec.Layout{Kind: spec.BERTLV, Encoding: spec.Raw, Ordered: ordered, Fields: []spec.Field{{Tag: "82", Format: "b..9"}, {Tag: "81", Format: "b..9"}}}}}}})
}

// Parts of a layout with an order go to their places in any sequence of calls; without one, behind the others.
func TestOrderedParts(t *testing.T) {
	type set [2]string
	for _, c := range []struct {
		sets          []set
		path          string
		ordered, asIs string
	}{
		{[]set{{"48.B", "b"}, {"48.C", "c"}, {"48.A", "a"}}, "48", "C01cA01aB01b", "B01bC01cA01a"},
		{[]set{{"48.B", "b"}, {"48.X", "x"}, {"48.A", "a"}, {"48.Y", "y"}}, "48", "A01aB01bX01xY01y", "B01bX01xA01aY01y"},
		{[]set{{"48.A", "1"}, {"48.B", "b"}, {"48.A[2]", "2"}, {"48.C", "c"}}, "48", "C01cA011A012B01b", "A011B01bA012C01c"},
		{[]set{{"48.B", "b"}, {"48.A", "a"}, {"48.B", "new"}}, "48", "A01aB03new", "B03newA01a"},
		{[]set{{"49.0", "0"}, {"49.B", "b"}, {"49.A", "a"}, {"49.0", "1"}}, "49", "1A01aB01b", "1B01bA01a"},
		{[]set{{"55.E1.81", "01"}, {"55.82", "02"}, {"55.E1.82", "03"}, {"55.9F02", "04"}}, "55", "9F020104" + "820102" + "E106820103810101", "E106810101820103" + "820102" + "9F020104"},
	} {
		for ordered, want := range map[bool]string{true: c.ordered, false: c.asIs} {
			m := orderedSpec(ordered).New()
			require.NoError(t, m.SetMTI("0200"))
			for _, s := range c.sets {
				require.NoError(t, m.SetPath(s[0], s[1]))
			}
			require.Equal(t, want, m.Get(c.path).Text(), "%v", c.sets)
			require.NoError(t, orderedSpec(ordered).New().Unpack(packed(t, m)))
		}
	}
}

// The same from structs, and what is received stays as it came.
func TestOrderedPartsOfStructs(t *testing.T) {
	type tags struct {
		A string   `iso8583:"A"`
		B string   `iso8583:"B"`
		C []string `iso8583:"C"`
		X string   `iso8583:"X"`
	}
	for _, c := range []struct {
		there         string
		add           tags
		ordered, asIs string
	}{
		{"", tags{X: "x", B: "b", A: "a"}, "A01aB01bX01x", "A01aB01bX01x"},
		{"B01b", tags{X: "x", A: "a", C: []string{"1", "2"}}, "C011C012A01aB01bX01x", "B01bC011C012A01aX01x"},
		{"B01bC01c", tags{A: "a"}, "A01aB01bC01c", "B01bC01cA01a"},
		{"B01bA01aC019", tags{C: []string{"1", "2"}, B: "n"}, "B01nA01aC011C012", "B01nA01aC011C012"},
	} {
		for ordered, want := range map[bool]string{true: c.ordered, false: c.asIs} {
			m := orderedSpec(ordered).New()
			require.NoError(t, m.SetMTI("0200"))
			if c.there != "" {
				require.NoError(t, m.Set(48, c.there))
			}
			require.NoError(t, Marshal(m, &struct{ F48 *tags }{&c.add}))
			require.Equal(t, want, m.Field(48).Text(), "%q", c.there)
		}
	}
}
