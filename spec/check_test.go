package spec

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func base(fields ...Field) Config { return Config{Name: "test", Encoding: BCD, Fields: fields} }

// Each fault is refused with its path.
func TestNewRefuses(t *testing.T) {
	deep := &Layout{Kind: Positional}
	deep.Fields = []Field{{Number: 1, Format: "b 8", Layout: deep}}
	for _, c := range []struct {
		name, path string
		config     Config
	}{
		{"no name", "name", Config{Fields: []Field{{Number: 2, Format: "n 2"}}}},
		{"no fields", "fields", Config{Name: "x"}},
		{"no format", "2", base(Field{Number: 2})},
		{"bad format", "2", base(Field{Number: 2, Format: "q 2"})},
		{"twice", "2", base(Field{Number: 2, Format: "n 2"}, Field{Number: 2, Format: "n 3"})},
		{"bitmap bit", "1", base(Field{Number: 1, Format: "n 2"})},
		{"too high", "bitmap", base(Field{Number: 193, Format: "n 2"})},
		{"negative", "-1", base(Field{Number: -1, Format: "n 2"})},
		{"prefix too small", "2", base(Field{Number: 2, Format: "n..100"})},
		{"binary prefix too small", "2", base(Field{Number: 2, Format: "b...999", Prefix: Prefix{Encoding: Binary, Digits: 1}})},
		{"text in BCD", "2", base(Field{Number: 2, Format: "ans 2", Encoding: BCD})},
		{"signed nothing", "2", base(Field{Number: 2, Format: "n 0", Encoding: ZonedEBCDIC})},
		{"binary in ASCII", "2", base(Field{Number: 2, Format: "b 8", Encoding: ASCII})},
		{"length in raw", "2", base(Field{Number: 2, Format: "n..9", Prefix: Prefix{Encoding: Raw}})},
		{"enum", "2", base(Field{Number: 2, Format: "n 2", Mask: 99})},
		{"filler", "2", base(Field{Number: 2, Format: "n 3", Filler: 16})},
		{"pad", "2", base(Field{Number: 2, Format: "n 3", Pad: Pad{Char: "00"}})},
		{"min", "2", base(Field{Number: 2, Format: "n..3", Min: 4})},
		{"two endings", "2", base(Field{Number: 2, Format: "ans..3", ToEnd: true, Terminator: "|"})},
		{"terminator of digits", "2", base(Field{Number: 2, Format: "n..3", Terminator: "F"})},
		{"raw terminator", "2", base(Field{Number: 2, Format: "b..3", Terminator: "xyz"})},
		{"message type", "0", base(Field{Number: 0, Format: "n 3"}, Field{Number: 2, Format: "n 2"})},
		{"presence", "2", base(Field{Number: 2, Format: "n 2", Presence: []Presence{{MTI: "2"}}})},
		{"layout of no kind", "2", base(Field{Number: 2, Format: "b 8", Layout: &Layout{}})},
		{"empty layout", "2", base(Field{Number: 2, Format: "b 8", Layout: &Layout{Kind: Positional}})},
		{"numbers out of order", "2.1", base(Field{Number: 2, Format: "b 16", Layout: &Layout{Kind: Positional, Fields: []Field{{Number: 2, Format: "b 8"}, {Number: 1, Format: "b 8"}}}})},
		{"number 0 beside a lead", "2.0", base(Field{Number: 2, Format: "b 16", Layout: &Layout{Kind: Positional, Lead: &Field{Format: "b 8"}, Fields: []Field{{Number: 0, Format: "b 8"}}}})},
		{"number 0 behind a bitmap", "2.0", base(Field{Number: 2, Format: "b 16", Layout: &Layout{Kind: Bitmapped, Fields: []Field{{Number: 0, Format: "b 8"}}}})},
		{"record from 2", "2.2", base(Field{Number: 2, Format: "b 8", Layout: &Layout{Kind: Repeated, Fields: []Field{{Number: 2, Format: "b 8"}}}})},
		{"short but not positional", "2", base(Field{Number: 2, Format: "b..8", Layout: &Layout{Kind: BERTLV, Short: true}})},
		{"short and filled", "2", base(Field{Number: 2, Format: "b..8", Layout: &Layout{Kind: Positional, Short: true, Fill: true, Fields: []Field{{Number: 1, Format: "b 8"}}}})},
		{"tag in positional", "2.A", base(Field{Number: 2, Format: "b 8", Layout: &Layout{Kind: Positional, Fields: []Field{{Number: 1, Tag: "A", Format: "b 8"}}}})},
		{"bad BER tag", "2.9F", base(Field{Number: 2, Format: "b..9", Layout: &Layout{Kind: BERTLV, Fields: []Field{{Tag: "9F", Format: "b..9"}}}})},
		{"lower-case tag", "2.9a", base(Field{Number: 2, Format: "b..9", Layout: &Layout{Kind: BERTLV, Fields: []Field{{Tag: "9a", Format: "b..9"}}}})},
		{"tag width", "2.A1", base(Field{Number: 2, Format: "b..9", Layout: &Layout{Kind: Tagged, Tag: TagFormat{Encoding: ASCII, Digits: 3}, Fields: []Field{{Tag: "A1", Format: "b..9"}}}})},
		{"no tag width", "2", base(Field{Number: 2, Format: "b..9", Layout: &Layout{Kind: Tagged, Fields: []Field{{Tag: "A1", Format: "b..9"}}}})},
		{"digits in digits", "2.1", base(Field{Number: 2, Format: "n 4", Layout: &Layout{Kind: Positional, Fields: []Field{{Number: 1, Format: "n 4", Encoding: BCD}}}})},
		{"case without values", "2(case 1)", base(Field{Number: 2, Format: "b 8", Cases: []Case{{Path: "3"}}})},
		{"case on a field that is not there", "2", base(Field{Number: 2, Format: "b 8", Cases: []Case{{Path: "3", Values: []string{"1"}}}})},
		{"cases in a circle", "2", base(Field{Number: 2, Format: "b 8", Cases: []Case{{Path: "2", Values: []string{"1"}}}})},
		{"bitmap bytes", "bitmap", Config{Name: "x", Bitmap: Bitmap{Bytes: 9}, Fields: []Field{{Number: 2, Format: "n 2"}}}},
		{"bitmap encoding", "bitmap", Config{Name: "x", Bitmap: Bitmap{Encoding: BCD}, Fields: []Field{{Number: 2, Format: "n 2"}}}},
		{"at least less than none", "bitmap", Config{Name: "x", Bitmap: Bitmap{Min: -1}, Fields: []Field{{Number: 2, Format: "n 2"}}}},
		{"more at least than at most", "bitmap", Config{Name: "x", Bitmap: Bitmap{Min: 2}, Fields: []Field{{Number: 2, Format: "n 2"}}}},
		{"at least two plain ones", "bitmap", Config{Name: "x", Bitmap: Bitmap{Min: 2, Max: 2, Plain: true}, Fields: []Field{{Number: 2, Format: "n 2"}}}},
		{"at least two absent ones", "bitmap", Config{Name: "x", Bitmap: Bitmap{Min: 2, Max: 2, Absent: true}, Fields: []Field{{Number: 2, Format: "n 2"}}}},
		{"at least three, one of them in a field", "bitmap", Config{Name: "x", Bitmap: Bitmap{Min: 3, TertiaryField: 65}, Fields: []Field{{Number: 130, Format: "n 2"}}}},
		{"absent bitmap with a form", "bitmap", Config{Name: "x", Bitmap: Bitmap{Absent: true, Plain: true}, Fields: []Field{{Number: 2, Format: "n 2"}}}},
		{"subfields behind an absent bitmap", "2", base(Field{Number: 2, Format: "b 8", Layout: &Layout{Kind: Bitmapped, Bitmap: Bitmap{Absent: true}, Fields: []Field{{Number: 1, Format: "b 8"}}}})},
		{"derivation", "responses.1", Config{Name: "x", Responses: []Derivation{{From: "02", To: "0210"}}, Fields: []Field{{Number: 2, Format: "n 2"}}}},
		{"family", "encoding", Config{Name: "x", Encoding: HexASCII, Fields: []Field{{Number: 2, Format: "n 2"}}}},
		{"without end", "2.1.1.1.1.1.1.1.1", base(Field{Number: 2, Format: "b 8", Layout: deep})},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(c.config)
			var fault *Error
			require.ErrorAs(t, err, &fault)
			require.Contains(t, err.Error(), c.path+": ")
		})
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	_, err := New(base(Field{Number: 2, Format: "n"}, Field{Number: 3, Format: "n..100"}, Field{Number: 4, Format: "ans 3", Encoding: BCD}))
	require.Error(t, err)
	for _, path := range []string{"2: ", "3: ", "4: "} {
		require.Contains(t, err.Error(), path)
	}
	joined, ok := errors.Unwrap(err).(interface{ Unwrap() []error })
	require.True(t, ok)
	require.Len(t, joined.Unwrap(), 3)

	_, err = New(base(Field{Number: 2, Format: "n 2", ByMTI: []Framing{{MTI: "02"}, {MTI: "03"}, {MTI: "0400", Field: part(0, "n")}}}))
	for _, fault := range []string{`"02"`, `"03"`, "2(0400): "} {
		require.ErrorContains(t, err, fault)
	}
}

func TestWith(t *testing.T) {
	s := MustNew(Config{Name: "base", Encoding: BCD, Header: []Field{{Number: 1, Name: "TPDU", Format: "b 40"}}, Fields: []Field{{Number: 2, Format: "n 2"}, {Number: 3, Format: "n 4"}}})
	derived := s.With(Config{Name: "derived", Fields: []Field{{Number: 3, Format: "ans 8"}, {Number: 70, Format: "n 3"}}})
	require.Equal(t, "n 4", s.Config().Fields[1].Format, "the base stays as it is")
	formats := map[int]string{}
	for _, f := range derived.Resolved().Fields {
		formats[f.Number] = f.Format
	}
	require.Equal(t, map[int]string{0: "n 4", 2: "n 2", 3: "ans 8", 70: "n 3"}, formats)
	require.Len(t, derived.Config().Header, 1)
	require.Empty(t, s.With(Config{Header: []Field{}}).Config().Header)
	require.Equal(t, 2, derived.Resolved().Bitmap.Max)
	require.Len(t, derived.Without(3, 70).Config().Fields, 1)
	ignoring := s.With(Config{Ignored: []int{65}})
	require.Equal(t, []int{65}, ignoring.With(Config{Name: "derived"}).Resolved().Ignored)
	require.Empty(t, ignoring.With(Config{Ignored: []int{}}).Config().Ignored)
	ignoring.Config().Ignored[0] = 66
	require.Equal(t, []int{65}, ignoring.Config().Ignored)
	require.Panics(t, func() { s.With(Config{Fields: []Field{{Number: 2, Format: "?"}}}) })
	_, err := s.Derive(Config{Fields: []Field{{Number: 2, Format: "?"}}})
	require.Error(t, err)
}

// Nothing that a caller holds reaches into a Spec.
func TestSpecIsImmutable(t *testing.T) {
	c := base(Field{Number: 2, Format: "b..9", Values: []string{"1"}, Layout: &Layout{Kind: BERTLV, Fields: []Field{{Tag: "9A", Format: "n 6"}}}})
	s := MustNew(c)
	before := s.Resolved()
	c.Fields[0].Format = "?"
	c.Fields[0].Values[0] = "2"
	c.Fields[0].Layout.Fields[0].Format = "?"
	got := s.Config()
	got.Fields[0].Layout.Fields[0].Format = "?"
	resolved := s.Resolved()
	resolved.Fields[1].Layout.Fields[0].Format = "?"
	require.Equal(t, before, s.Resolved())
}

func TestParseErrorsNameThePlace(t *testing.T) {
	for text, want := range map[string]string{
		`{"name":"x",` + "\n" + `"fields":[{"number":2,"formt":"n 2"}]}`:       `unknown field "formt"`,
		`{"name":"x",` + "\n\n" + `"fields":[{"number":"two"}]}`:               "line 3",
		`{"name":"x","encoding":"bdc","fields":[{"number":2,"format":"n 2"}]}`: `unknown encoding "bdc"`,
		`{"name":"x","fields":[{"number":2,"format":"n 2"}]} {}`:               "more than one value",
		`{"name":"x","fields":[{"number":2,"format":"n"}]}`:                    "2: format",
		`{"name":`: "line 1",
		``:         "line 1",
	} {
		_, err := Parse(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
	_, err := Parse(strings.NewReader(strings.Repeat(" ", MaxFile+1)))
	require.ErrorContains(t, err, "larger than")

	broken := errors.New("broken pipe")
	_, err = Parse(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "spec file")
}

func TestBuiltInRefusesUnknownNames(t *testing.T) {
	for _, name := range []string{"", "nope", "unionpay-pos+nope", "unionpay-pos+header--1", "unionpay-pos+header-999", "iso8583-1987-ascii+no-header"} {
		_, err := BuiltIn(name)
		require.Error(t, err, name)
	}
	s, err := BuiltIn("unionpay-pos+header-7+field64-binary")
	require.NoError(t, err)
	require.Equal(t, "b 56", s.Config().Header[1].Format)
}

func FuzzParse(f *testing.F) {
	f.Add(`{"name":"x","encoding":"bcd","fields":[{"number":2,"format":"n..19","mask":"pan"}]}`)
	f.Add(`{"name":"x","fields":[{"number":55,"format":"b...255","layout":{"kind":"ber-tlv","fields":[{"tag":"9F26","format":"b 64"}]}}]}`)
	f.Add(`{"name":"x","fields":[{"number":60,"format":"n...30","cases":[{"mti":"08xx","path":"2","values":["1"]}]}]}`)
	f.Add(`{"name":"x","bitmap":{"bytes":200},"fields":[{"number":2,"format":"b 1048576"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := s.MarshalJSON()
		require.NoError(t, err)
		back, err := Parse(strings.NewReader(string(again)))
		require.NoError(t, err, "a spec reads its own file form")
		require.Equal(t, s.Resolved(), back.Resolved())
	})
}
