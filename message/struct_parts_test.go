package message

import (
	"encoding/hex"
	"errors"
	"reflect"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// A lead that the struct leaves zero is written where something follows it, and so are zero parts before one that is set.
func TestMarshalZeroBeforeWhatIsSet(t *testing.T) {
	type behind struct {
		Type string `iso8583:"0"`
		Code string `iso8583:"1"`
		Flag string `iso8583:"8"`
	}
	m := MustCompile(editSpec).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, Marshal(m, &struct{ F60 behind }{behind{Code: "43"}}))
	require.Equal(t, "00008043", hex.EncodeToString(contentAt(m, "60")))

	type positional struct {
		First  int    `iso8583:"1"`
		Second *int   `iso8583:"2"`
		Third  string `iso8583:"3"`
		Fourth string `iso8583:"4"`
	}
	seven := 7
	for _, c := range []struct {
		in   positional
		want string
	}{
		{positional{First: 5}, "05"},
		{positional{Second: &seven}, "00007"},
		{positional{Second: &seven, Third: "ab"}, "00007ab  "},
		{positional{First: 1, Second: &seven, Fourth: "x"}, "01007    01x"},
	} {
		m := structSpec(t).New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, Marshal(m, &struct{ F40 positional }{c.in}))
		require.Equal(t, c.want, m.Field(40).Text())
	}
	m = structSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	err := Marshal(m, &struct{ F40 positional }{positional{Third: "ab"}})
	require.ErrorIs(t, err, ErrMissing, "a nil pointer is no zero")
	require.ErrorContains(t, err, "40.2")
	require.False(t, m.Has(40))
}

// What a struct does not set of a bitmapped field stays, in its place.
func TestMarshalKeepsWhatAStructDoesNotSet(t *testing.T) {
	type some struct {
		Third string `iso8583:"3"`
	}
	m := structSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPath("62.1", "11"))
	require.NoError(t, m.SetPath("62.8", "last"))
	require.NoError(t, Marshal(m, &struct{ F62 some }{some{"ABCD"}}))
	require.Equal(t, "a1"+hex.EncodeToString([]byte("11"))+"abcd"+hex.EncodeToString([]byte("04last")), hex.EncodeToString(m.Field(62).Bytes()))

	require.NoError(t, m.SetPath("40.1", "11"))
	require.NoError(t, m.SetPath("40.2", "222"))
	require.NoError(t, m.SetPath("40.3", "3333"))
	require.NoError(t, Marshal(m, &struct{ F40 struct{ F2 string } }{struct{ F2 string }{"999"}}))
	require.Equal(t, "119993333", m.Field(40).Text())
}

// Tags that are set as a slice are replaced as a whole where they stand; new ones go behind, in the spec's order.
func TestMarshalTagsInPlace(t *testing.T) {
	type tags struct {
		Two  string   `iso8583:"A2"`
		Many []string `iso8583:"A1"`
	}
	m := structSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	before := "A101aZZ01zA101bA101c"
	for _, c := range []struct {
		in    tags
		after string
	}{
		{tags{Many: []string{"x"}}, "A101xZZ01z"},
		{tags{Many: []string{"x", "y"}}, "A101xZZ01zA101y"},
		{tags{Many: []string{"x", "y", "v", "w"}, Two: "7"}, "A101xZZ01zA101yA101vA101wA2017"},
		{tags{Two: "7"}, before + "A2017"},
	} {
		require.NoError(t, m.Set(48, before))
		require.NoError(t, Marshal(m, &struct{ F48 tags }{c.in}))
		require.Equal(t, c.after, m.Field(48).Text())
	}
}

// A record is written whole or not at all; the error has the part's path, the Go field and no place in any bytes.
func TestMarshalRecordsWhole(t *testing.T) {
	type half struct {
		One string `iso8583:"1"`
	}
	for name, in := range map[string]any{
		"a part that the struct does not have": &struct{ F61 []half }{[]half{{"01"}}},
		"a part that does not fit": &struct {
			F61 []struct{ F1, F2 string }
		}{[]struct{ F1, F2 string }{{"01", "abcd"}}},
	} {
		m := structSpec(t).New()
		require.NoError(t, m.SetMTI("0200"))
		err := Marshal(m, in)
		var e *Error
		require.True(t, errors.As(err, &e), name)
		require.Equal(t, "61.2", e.Path, name)
		require.Equal(t, -1, e.Offset, name)
		require.False(t, m.Has(61), name)
	}
}

// A struct of parts may have as many as a set of them has room for.
func TestStructOfManyParts(t *testing.T) {
	const limit = 256
	layout := &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Encoding: spec.ASCII, Digits: 3}}
	var fields []reflect.StructField
	for i := range limit + 1 {
		tag := strconv.Itoa(100 + i)
		layout.Fields = append(layout.Fields, spec.Field{Tag: tag, Format: "an..9"})
		fields = append(fields, reflect.StructField{Name: "F" + tag, Type: reflect.TypeFor[string](), Tag: reflect.StructTag(`iso8583:"` + tag + `"`)})
	}
	m := specOf(spec.Field{Number: 48, Format: "ans....9999", Layout: layout}).New()
	require.NoError(t, m.SetMTI("0200"))
	holding := func(n int) reflect.Value {
		return reflect.New(reflect.StructOf([]reflect.StructField{{Name: "Parts", Type: reflect.StructOf(fields[:n]), Tag: `iso8583:"48"`}}))
	}
	in, out := holding(limit), holding(limit)
	for i := range limit {
		in.Elem().Field(0).Field(i).SetString(strconv.Itoa(i))
	}
	require.NoError(t, Marshal(m, in.Interface()))
	require.NoError(t, Unmarshal(m, out.Interface()))
	require.Equal(t, in.Elem().Interface(), out.Elem().Interface())
	err := Marshal(m, holding(limit+1).Interface())
	require.ErrorIs(t, err, ErrType)
	require.ErrorContains(t, err, "more than 256 parts")
}

// An array holds a signed value whole, its sign included.
func TestArrayOfASignedValue(t *testing.T) {
	m := specOf(spec.Field{Number: 28, Format: "x+n 8"}).New()
	require.NoError(t, m.SetMTI("0200"))
	in := struct {
		Fee [9]byte `iso8583:"28"`
	}{[9]byte([]byte("D00000123"))}
	require.NoError(t, Marshal(m, &in))
	out := in
	clear(out.Fee[:])
	require.NoError(t, Unmarshal(m, &out))
	require.Equal(t, in, out)
	for _, v := range []any{&struct {
		Fee [8]byte `iso8583:"28"`
	}{}, &struct {
		Fee [10]byte `iso8583:"28"`
	}{}} {
		require.ErrorIs(t, Marshal(m, v), ErrType)
		m.ClearErr()
	}
}

// A struct is written by the layout that holds in the message, where there are several.
func TestMarshalByTheLayoutThatHolds(t *testing.T) {
	tags := func(format string, order ...string) *spec.Layout {
		l := &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Encoding: spec.ASCII, Digits: 2}}
		for _, tag := range order {
			l.Fields = append(l.Fields, spec.Field{Tag: tag, Format: format})
		}
		return l
	}
	codec := specOf(spec.Field{Number: 48, Format: "ans...99", Cases: []spec.Case{
		{MTI: "02xx", Layout: tags("an.9", "01", "02")}, {MTI: "04xx", Layout: tags("an..9", "02", "01")}}})
	type parts struct {
		One string `iso8583:"01"`
		Two string `iso8583:"02"`
	}
	sale := struct {
		Parts parts `iso8583:"48"`
	}{parts{"abc", "de"}}
	for mti, want := range map[string]string{"0200": "013abc" + "022de", "0400": "0202de" + "0103abc"} {
		m := codec.New()
		require.NoError(t, m.SetMTI(mti))
		require.NoError(t, Marshal(m, &sale))
		require.Equal(t, want, m.Field(48).Text(), mti)
		out := sale
		out.Parts = parts{}
		require.NoError(t, Unmarshal(m, &out))
		require.Equal(t, sale, out)
	}
}

// textField is a field type such as moov's String: of binary data it holds the hexadecimal form.
type textField struct{ text string }

func (f *textField) Bytes() ([]byte, error)      { return []byte(f.text), nil }
func (f *textField) SetBytes(value []byte) error { f.text = string(value); return nil }
func (f *textField) String() (string, error)     { return f.text, nil }
func (f *textField) Value() string               { return f.text }
func (f *textField) SetValue(text string)        { f.text = text }

func TestForeignTextOfBinaryData(t *testing.T) {
	m := specOf(spec.Field{Number: 3, Format: "an..6"}, spec.Field{Number: 52, Format: "b 32"}).New()
	require.NoError(t, m.SetMTI("0200"))
	in := struct {
		Text  *textField `iso8583:"3"`
		Block *textField `iso8583:"52"`
	}{&textField{"abc"}, &textField{"0102ABCD"}}
	require.NoError(t, Marshal(m, &in))
	require.Equal(t, "\x01\x02\xAB\xCD", string(m.Field(52).Bytes()))
	out := in
	out.Text, out.Block = nil, nil
	require.NoError(t, Unmarshal(m, &out))
	require.Equal(t, "abc", out.Text.text)
	require.Equal(t, "0102ABCD", out.Block.text)
}

// keyed is text that can be written as something else, but not read back: it is held as the text that it is.
type keyed string

func (keyed) MarshalText() ([]byte, error) { return []byte("other"), nil }

func TestTypesThatOnlyWriteText(t *testing.T) {
	m := specOf(spec.Field{Number: 3, Format: "an..9"}).New()
	require.NoError(t, m.SetMTI("0200"))
	in := struct {
		Text keyed `iso8583:"3"`
	}{"abc"}
	require.NoError(t, Marshal(m, &in))
	require.Equal(t, "abc", m.Field(3).Text())
	out := in
	out.Text = ""
	require.NoError(t, Unmarshal(m, &out))
	require.Equal(t, in, out)
}

// A part without a value is left out, those behind it are not.
func TestMarshalTagsAroundAnEmptyOne(t *testing.T) {
	m := specOf(spec.Field{Number: 48, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Encoding: spec.ASCII, Digits: 2},
		Fields: []spec.Field{{Tag: "01", Format: "an.9"}, {Tag: "02", Format: "an.9"}, {Tag: "03", Format: "an.9"}}}}).New()
	require.NoError(t, m.SetMTI("0200"))
	type parts struct {
		One   string `iso8583:"01"`
		Two   string `iso8583:"02"`
		Three string `iso8583:"03"`
	}
	require.NoError(t, Marshal(m, &struct {
		Parts parts `iso8583:"48"`
	}{parts{One: "a", Three: "c"}}))
	require.Equal(t, "011a031c", m.Field(48).Text())
}

// Repeated tags that a struct sets to what they are keep their form, each its own.
func TestMarshalKeepsTheFormOfRepeatedTags(t *testing.T) {
	m := structSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	type chip struct {
		Many [][]byte `iso8583:"71"`
	}
	const long = "7181020102" + "710103" + "71810104" // two lengths with a byte more than they need
	for _, c := range []struct {
		many [][]byte
		want string
	}{
		{[][]byte{{1, 2}, {3}, {4}}, long},
		{[][]byte{{1, 2}, {5}, {4}}, "7181020102" + "710105" + "71810104"},
		{[][]byte{{6}, {3}, {4}}, "710106" + "710103" + "71810104"},
		{[][]byte{{3}, {4}, {1, 2}}, "710103" + "710104" + "71020102"},
	} {
		require.NoError(t, m.Set(55, long))
		require.NoError(t, Marshal(m, &struct{ F55 chip }{chip{c.many}}))
		require.Equal(t, c.want, hex.EncodeToString(m.Field(55).Bytes()))
	}
}

// What goes before all tags does so when the struct names it last, and when only tags were there.
func TestMarshalALeadBeforeTags(t *testing.T) {
	type led struct {
		One  string `iso8583:"01"`
		Two  string `iso8583:"02"`
		Lead string `iso8583:"0"`
	}
	m := specOf(spec.Field{Number: 48, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Encoding: spec.ASCII, Digits: 2},
		Lead: &spec.Field{Format: "ans 1", StartsWith: "RT"}, Fields: []spec.Field{{Tag: "01", Format: "an.9"}, {Tag: "02", Format: "an.9"}, {Tag: "03", Format: "an.9"}}}}).New()
	require.NoError(t, m.SetMTI("0200"))
	for _, c := range []struct {
		before string
		in     led
		want   string
	}{
		{"", led{"a", "b", "R"}, "R" + "011a" + "021b"},
		{"", led{"a", "b", ""}, "011a" + "021b"},
		{"031c", led{"a", "b", "T"}, "T" + "031c" + "011a" + "021b"},
		{"R031c", led{"a", "", "T"}, "T" + "031c" + "011a"},
	} {
		m.Unset(48)
		if c.before != "" {
			require.NoError(t, m.Set(48, c.before))
		}
		require.NoError(t, Marshal(m, &struct {
			Parts led `iso8583:"48"`
		}{c.in}))
		require.Equal(t, c.want, m.Field(48).Text())
	}
}

// A struct of nothing but parts that take more than a tag each is written as one with others.
func TestMarshalTagsThatAreRepeatedOrHaveParts(t *testing.T) {
	for want, parts := range map[string]any{
		"A101xA101y":  &struct{ F48 tagsAlone }{tagsAlone{[]string{"x", "y"}}},
		"A30507end":   &struct{ F48 partsAlone }{partsAlone{parted{7, "end"}}},
		"A101xA30212": &struct{ F48 tagsAndParts }{tagsAndParts{[]string{"x"}, parted{12, ""}}},
	} {
		m := structSpec(t).New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, Marshal(m, parts))
		require.Equal(t, want, m.Field(48).Text())
	}
}

type parted struct {
	F1 int
	F2 string
}

type tagsAlone struct {
	Many []string `iso8583:"A1"`
}

type partsAlone struct {
	Inner parted `iso8583:"A3"`
}

type tagsAndParts struct {
	Many  []string `iso8583:"A1"`
	Inner parted   `iso8583:"A3"`
}

// The order in which the spec lists the layouts of a field changes nothing about what the one with tags costs.
func TestMarshalOfTagsBehindAnotherLayout(t *testing.T) {
	if underRace {
		t.Skip("counted without the race detector")
	}
	tags := spec.Case{MTI: "02xx", Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Encoding: spec.ASCII, Digits: 1}, Fields: []spec.Field{{Tag: "1", Format: "an.9"}}}}
	other := spec.Case{MTI: "04xx", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "an 2"}}}}
	for _, cases := range [][]spec.Case{{tags, other}, {other, tags}} {
		m := specOf(spec.Field{Number: 48, Format: "ans...99", Cases: cases}).New()
		in := struct {
			Parts struct {
				One string `iso8583:"1"`
			} `iso8583:"48"`
		}{}
		in.Parts.One = "ab"
		require.Zero(t, testing.AllocsPerRun(100, func() {
			m.Reset()
			if m.SetMTI("0200") != nil || Marshal(m, &in) != nil {
				t.Fatal(m.Err())
			}
		}))
		require.Equal(t, "12ab", m.Field(48).Text())
	}
}
