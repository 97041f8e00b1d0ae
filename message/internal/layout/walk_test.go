package layout

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// compiled compiles a format of one field with a layout.
func compiled(t testing.TB, f spec.Field) *Compiled {
	t.Helper()
	f.Number, f.Name = 48, "subject"
	s, err := spec.New(spec.Config{Name: "one", Fields: []spec.Field{{Number: 0, Format: "n 4"}, {Number: 3, Name: "code", Format: "n 6"}, f}})
	require.NoError(t, err)
	config := s.Resolved()
	return Compile(&config)
}

// message is a message with two fields, for layouts that depend on one.
type message struct {
	mti   string
	code  Part
	whole Part
}

func (m *message) MessageType() []byte { return []byte(m.mti) }

func (m *message) Field(number int) Part {
	switch number {
	case 3:
		return m.code
	case 48:
		return m.whole
	default:
		return Part{}
	}
}

func (m *message) Decoded(n *Node) []byte {
	return n.AppendValue(nil, m.whole.Content(), m.whole.Units())
}

// value is a field's value on the wire.
func value(t testing.TB, n *Node, text string) Part {
	t.Helper()
	coded, err := n.AppendWire(nil, []byte(text))
	require.Nil(t, err)
	s, err := n.Parse(coded, 0)
	require.Nil(t, err)
	return MakePart(n, coded, s)
}

// keys are the parts of a value as "key=text", and the fault that a check finds.
func keys(t testing.TB, p Part) (string, *fault.Fault) {
	t.Helper()
	m := &message{whole: p}
	var out []string
	for _, part := range p.Entries(m) {
		out = append(out, part.Key()+"="+string(part.AppendText(nil)))
	}
	return strings.Join(out, " "), p.Check(m, 100)
}

func TestWalks(t *testing.T) {
	positional := &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Name: "a", Format: "n 2"}, {Number: 2, Name: "b", Format: "ans..9"}, {Number: 4, Name: "c", Format: "n 3"}}}
	optional := &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Name: "a", Format: "an 2", StartsWith: "AB"}, {Number: 2, Name: "b", Format: "n 2"}}}
	short := &spec.Layout{Kind: spec.Positional, Short: true, Fields: []spec.Field{{Number: 1, Name: "a", Format: "n 2"}, {Number: 2, Name: "b", Format: "n 4"}}}
	tagged := &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Digits: 2}, Fields: []spec.Field{{Tag: "01", Name: "a", Format: "n..3"}, {Tag: "A2", Name: "b", Format: "ans..9"}}}
	open := &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Digits: 2}, Fields: tagged.Fields, Unknown: &spec.Field{Name: "other", Format: "ans..20"}}
	leading := &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Digits: 2}, Fields: tagged.Fields, Unknown: &spec.Field{Name: "other", Format: "ans..20"}, Lead: &spec.Field{Name: "lead", Format: "an 1"}}
	lengthFirst := &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Digits: 2}, LengthFirst: true, CountsTag: true, Fields: []spec.Field{{Tag: "01", Name: "a", Format: "n..3"}}, Unknown: &spec.Field{Name: "other", Format: "ans..20"}}
	repeated := &spec.Layout{Kind: spec.Repeated, Fields: []spec.Field{{Number: 1, Name: "a", Format: "n 2"}, {Number: 2, Name: "b", Format: "an 1"}}}
	bitmapped := &spec.Layout{Kind: spec.Bitmapped, Bitmap: spec.Bitmap{Encoding: spec.HexASCII, Bytes: 1, Plain: true}, Fields: []spec.Field{{Number: 1, Name: "a", Format: "n 2"}, {Number: 3, Name: "b", Format: "n 1"}}}
	for _, c := range []struct {
		name   string
		layout *spec.Layout
		text   string
		want   string
		kind   fault.Kind // 0 for a value that is sound
		offset int
	}{
		{"positional", positional, "1203abc456", "1=12 2=abc 4=456", 0, 0},
		{"positional ends early", positional, "1203abc", "1=12 2=abc", 0, 0},
		{"positional goes on", positional, "1203abc4567", "1=12 2=abc 4=456", fault.Trailing, 110},
		{"positional cut", positional, "1203abc45", "1=12 2=abc", fault.Truncated, 107},
		{"positional wrong", positional, "1x", "", fault.Digit, 101},
		{"empty", positional, "", "", 0, 0},
		{"optional there", optional, "AZ12", "1=AZ 2=12", 0, 0},
		{"optional not there", optional, "12", "2=12", 0, 0},
		{"short", short, "12345", "1=12 2=345", 0, 0},
		{"short first", short, "1", "1=1", 0, 0},
		{"short not", short, "123456", "1=12 2=3456", 0, 0},
		{"tagged", tagged, "A203xyz010212", "A2=xyz 01=12", 0, 0},
		{"tagged twice", tagged, "01011010129", "01=1 01=2", fault.Truncated, 110},
		{"tagged unknown", tagged, "03011", "", fault.Unknown, 100},
		{"tagged cut", tagged, "010", "", fault.Truncated, 102},
		{"tag cut", tagged, "0", "", fault.Truncated, 100},
		{"tagged too long", tagged, "01041234", "", fault.TooLong, 102},
		{"open", open, "0301x01011", "03=x 01=1", 0, 0},
		{"leading", leading, "L01011", "0=L 01=1", 0, 0},
		{"length first", lengthFirst, "040112", "01=12", 0, 0},
		{"length first unknown", lengthFirst, "05ZZabc040112", "ZZ=abc 01=12", 0, 0},
		{"length first short", lengthFirst, "0101", "", fault.Truncated, 100},
		{"length first cut", lengthFirst, "06011", "", fault.Truncated, 100},
		{"length first too long", lengthFirst, "06011234", "", fault.TooLong, 104},
		{"length first wrong", lengthFirst, "04011x", "", fault.Digit, 105},
		{"length first exact", lengthFirst, "0201", "01=", 0, 0},
		{"repeated", repeated, "12A34B", "1=12 2=A 1=34 2=B", 0, 0},
		{"repeated cut", repeated, "12A34", "1=12 2=A 1=34", fault.Truncated, 105},
		{"repeated empty", repeated, "", "", 0, 0},
		{"bitmapped", bitmapped, "A0123", "1=12 3=3", 0, 0},
		{"bitmapped one", bitmapped, "203", "3=3", 0, 0},
		{"bitmapped none", bitmapped, "", "", 0, 0},
		{"bitmapped unknown", bitmapped, "C012", "1=12", fault.Unknown, 104},
		{"bitmapped goes on", bitmapped, "2034", "3=3", fault.Trailing, 103},
		{"bitmapped wrong", bitmapped, "G0", "", fault.Bitmap, 100},
	} {
		c2 := compiled(t, spec.Field{Format: "ans...99", Layout: c.layout})
		got, err := keys(t, value(t, c2.Fields[48], c.text))
		require.Equal(t, c.want, got, c.name)
		if c.kind == 0 {
			require.Nil(t, err, c.name)
			continue
		}
		require.NotNil(t, err, c.name)
		require.Equal(t, c.kind, err.Kind, c.name)
		require.Equal(t, c.offset, err.Offset, c.name)
		require.True(t, strings.HasPrefix(err.Path, "48"), c.name)
	}
}

// Where a value is known to be sound without a walk, a walk says so too, and where a walk finds nothing wrong the short
// way does not matter.
func TestSoundnessAgreesWithWalks(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 12))
	digits := []spec.Field{{Number: 1, Name: "a", Format: "n 2"}, {Number: 2, Name: "b", Format: "n 3"}, {Number: 3, Name: "c", Format: "an 1"}}
	ber := func(format string) *spec.Layout {
		return &spec.Layout{Kind: spec.BERTLV, Fields: []spec.Field{{Tag: "9F02", Name: "a", Format: "b..8"}, {Tag: "82", Name: "b", Format: format}}}
	}
	for name, f := range map[string]spec.Field{
		"digits":     {Format: "n..20", Encoding: spec.BCD, Layout: &spec.Layout{Kind: spec.Positional, Fields: digits}},
		"short":      {Format: "n..20", Encoding: spec.BCD, Layout: &spec.Layout{Kind: spec.Positional, Short: true, Fields: digits}},
		"to the end": {Format: "n..20", Encoding: spec.BCD, Layout: &spec.Layout{Kind: spec.Positional, Fields: append(digits[:2:2], spec.Field{Number: 3, Name: "c", Format: "n..4", ToEnd: true})}},
		"letters":    {Format: "n..20", Encoding: spec.BCD, Layout: &spec.Layout{Kind: spec.Positional, Fields: append(digits[:2:2], spec.Field{Number: 3, Name: "c", Format: "a 1"})}},
		"variable":   {Format: "n..20", Encoding: spec.BCD, Layout: &spec.Layout{Kind: spec.Positional, Fields: append(digits[:2:2], spec.Field{Number: 3, Name: "c", Format: "n..4"})}},
		"any bytes":  {Format: "b...99", Encoding: spec.Raw, Layout: ber("b..9")},
		"digits in":  {Format: "b...99", Encoding: spec.Raw, Layout: ber("n 4")},
		"least":      {Format: "b...99", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV, Fields: []spec.Field{{Tag: "82", Name: "b", Format: "b..9", Min: 2}}}},
		"nested":     {Format: "b...99", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV, Fields: []spec.Field{{Tag: "72", Name: "b", Format: "b..9", Layout: ber("b..9")}}}},
		"led":        {Format: "b...99", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV, Fields: []spec.Field{{Tag: "82", Name: "b", Format: "b..9"}}, Lead: &spec.Field{Name: "lead", Format: "an 1", Encoding: spec.ASCII}}},
	} {
		n := compiled(t, f).Fields[48]
		l := n.Layout
		sound := 0
		for range 3000 {
			var inside []byte
			if n.Content == wire.Digit {
				inside = []byte("12345678901234567890")[:rng.IntN(21)]
			} else {
				if l.Lead != nil {
					inside = append(inside, 'A')
				}
				for range rng.IntN(4) {
					inside = append(inside, [][]byte{{0x9F, 0x02}, {0x82}, {0x72}, {0x5A}}[rng.IntN(4)]...)
					size := rng.IntN(11)
					inside = append(inside, byte(size))
					for range size {
						inside = append(inside, byte(rng.IntN(3)))
					}
				}
				inside = inside[:len(inside)-min(len(inside), rng.IntN(20)/19)]
			}
			fault := walked(l, inside)
			if l.sound(inside) {
				sound++
				require.Nil(t, fault, "%s: % X", name, inside)
			}
			if n.Content == wire.Digit {
				require.Equal(t, l.sound(inside), n.SoundInside(nil, len(inside)), name)
				if l.sizes != nil {
					require.Equal(t, fault == nil, l.sound(inside), "%s: %s", name, inside)
				}
			} else {
				require.Equal(t, l.sound(inside), n.SoundInside(inside, len(inside)), name)
				if l.objects != nil && len(inside) > 0 && fault == nil && l.Lead == nil {
					require.True(t, l.sound(inside) || longerThan(inside, l), "%s: % X", name, inside)
				}
			}
		}
		switch name {
		case "digits", "short", "to the end", "any bytes":
			require.Positive(t, sound, name)
		case "letters", "variable", "led":
			require.Zero(t, sound, name)
		}
	}
}

// longerThan tells whether some object of b is longer.
func longerThan(b []byte, l *Layout) bool {
	for w := l.Walk(b); ; {
		e, ok, err := w.Next()
		if err != nil || !ok {
			return false
		}
		if int(e.Span.Units) > l.objects.Longest || e.Node.HasParts() || e.Node.Min > 0 {
			return true
		}
	}
}

// walked is what a walk over an inside finds, to any depth.
func walked(l *Layout, inside []byte) *fault.Fault {
	for w := l.Walk(inside); ; {
		e, ok, err := w.Next()
		if err != nil || !ok {
			return err
		}
		if e.Node.Layout != nil {
			p := l.Part(e, inside)
			if err := walked(e.Node.Layout, p.Content()); err != nil {
				return err
			}
		}
	}
}

// A layout is chosen by message type, by another field and by size, the first that fits; what may depend is known.
func TestCases(t *testing.T) {
	one := func(name string) *spec.Layout {
		return &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Name: name, Format: "ans..9", ToEnd: true}}}
	}
	c := compiled(t, spec.Field{Format: "ans...99", Layout: one("otherwise"), Cases: []spec.Case{
		{MTI: "08xx", Layout: one("network")},
		{Path: "3", Values: []string{"000001", "000002"}, Layout: one("code")},
		{Size: 4, Layout: one("four")},
		{Size: 5},
	}})
	n := c.Fields[48]
	require.True(t, n.Depends)
	require.True(t, n.DependsOn("3"))
	require.False(t, n.DependsOn("4"))
	require.False(t, c.Fields[3].Depends)
	for _, one := range []struct{ mti, code, text, want string }{
		{"0200", "", "abc", "otherwise"}, {"0800", "000001", "abc", "network"}, {"0810", "", "abcd", "network"}, {"0200", "000001", "abc", "code"}, {"0200", "000002", "abcd", "code"},
		{"0200", "000003", "abc", "otherwise"}, {"0200", "000003", "abcd", "four"}, {"0200", "", "abcde", ""}, {"1800", "", "abc", "otherwise"}, {"", "", "abc", "otherwise"},
	} {
		m := &message{mti: one.mti, whole: value(t, n, one.text)}
		if one.code != "" {
			m.code = value(t, c.Fields[3], one.code)
		}
		l := m.whole.Layout(m)
		if one.want == "" {
			require.Nil(t, l, "%+v", one)
			continue
		}
		require.Equal(t, one.want, l.Fields[0].Name, "%+v", one)
	}
	unsized := n.LayoutUnsized(&message{mti: "0200"})
	require.Equal(t, "four", unsized.Fields[0].Name, "the size of an absent value is not known")
	require.Equal(t, "network", n.LayoutUnsized(&message{mti: "0800"}).Fields[0].Name)

	inner := spec.Field{Number: 1, Name: "inner", Format: "ans..9", Layout: one("x"), Cases: []spec.Case{{MTI: "08xx", Layout: one("y")}}}
	nested := compiled(t, spec.Field{Format: "ans...99", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{inner}}})
	require.True(t, nested.Fields[48].Depends, "through a part")
	plain := compiled(t, spec.Field{Format: "ans...99", Layout: one("x")})
	require.False(t, plain.Fields[48].Depends)
}

func TestDefinitions(t *testing.T) {
	c := compiled(t, spec.Field{Format: "ans...99", Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Digits: 3}, Fields: []spec.Field{{Tag: "001", Name: "a", Format: "n..3"}, {Tag: "A  ", Name: "b", Format: "n..3"}, {Tag: " B", Name: "c", Format: "n..3"}}[:2]}})
	l := c.Fields[48].Layout
	for key, want := range map[string]string{"001": "001", "1": "001", "01": "001", "A": "A  ", "2": "", "0001": "", "": ""} {
		got, n := l.Definition(key)
		require.Equal(t, want != "", n != nil, "%q", key)
		if n != nil {
			require.Equal(t, want, got)
		}
	}
	require.True(t, l.Lists("001"))
	require.False(t, l.Lists("1"))
	require.False(t, l.Lists(""))
	require.True(t, l.HasTags())
	require.True(t, l.TagsLead())
	for key, nodes := range map[string]int{"0": 1, "3": 1, "48": 1, "4": 0, "-1": 0, "x": 0, "9999": 0, "03": 1} {
		_, got := c.Definitions(key)
		require.Len(t, got, nodes, key)
	}
	ber := compiled(t, spec.Field{Format: "b...99", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV, Fields: []spec.Field{{Tag: "9F02", Name: "a", Format: "b..8"}}}})
	key, n := ber.Fields[48].Layout.Definition("9f02")
	require.Equal(t, "9F02", key)
	require.Equal(t, "a", n.Name)
	_, n = ber.Fields[48].Layout.Definition("9F")
	require.Nil(t, n)
	repeated := compiled(t, spec.Field{Format: "ans...99", Layout: &spec.Layout{Kind: spec.Repeated, Fields: []spec.Field{{Number: 1, Name: "a", Format: "n 2"}}}})
	key, n = repeated.Fields[48].Layout.Definition("01")
	require.Equal(t, "1", key)
	require.NotNil(t, n)
	require.True(t, repeated.Fields[48].Layout.Repeats())
	require.False(t, repeated.Fields[48].Layout.HasTags())
}
