//go:build amd64 || arm64

package moovspec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/specs"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
	"github.com/posline/posline/spec/moovspec"
)

// withParts is a file of moov's with a composite of every kind.
const withParts = `{"name": "parts", "fields": {
	"0": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"},
	"1": {"type": "Bitmap", "length": 8, "enc": "HexToASCII", "prefix": "Hex.Fixed"},
	"4": {"type": "Numeric", "length": 12, "enc": "BCD", "prefix": "BCD.Fixed", "padding": {"type": "Left", "pad": "0"}},
	"43": {"type": "Composite", "length": 40, "description": "Card acceptor", "prefix": "ASCII.LL", "tag": {"sort": "StringsByInt"}, "subfields": {
		"1": {"type": "String", "length": 23, "enc": "ASCII", "prefix": "ASCII.Fixed", "padding": {"type": "Right", "pad": " "}},
		"2": {"type": "String", "length": 2, "enc": "ASCII", "prefix": "ASCII.Fixed"}}},
	"48": {"type": "Composite", "length": 999, "prefix": "EBCDIC.LLL", "tag": {"length": 2, "enc": "EBCDIC", "sort": "StringsByInt",
		"padding": {"type": "Left", "pad": "0"}, "skipUnknownTLVTags": true, "prefUnknownTLV": "EBCDIC.LL"}, "subfields": {
		"1": {"type": "String", "length": 9, "enc": "EBCDIC", "prefix": "EBCDIC.LL"}}},
	"55": {"type": "Composite", "length": 255, "prefix": "Binary.L", "tag": {"enc": "BerTLVTag", "sort": "StringsByHex"}, "subfields": {
		"9F26": {"type": "Binary", "enc": "Binary", "prefix": "BerTLV"}}},
	"127": {"type": "Composite", "length": 255, "prefix": "ASCII.LLL", "subfields": {
		"2": {"type": "Hex", "length": 3, "enc": "Binary", "prefix": "Binary.Fixed"}},
		"bitmap": {"type": "Bitmap", "length": 8, "enc": "HexToASCII", "prefix": "Hex.Fixed", "disableAutoExpand": true}}
}}`

func TestParseIsFromOfMoovsOwn(t *testing.T) {
	parts, err := specs.ImportJSON([]byte(withParts))
	require.NoError(t, err)
	for _, ms := range []*iso8583.MessageSpec{iso8583.Spec87, specs.Spec87ASCII, specs.Spec87Hex, parts} {
		want, _, err := moovspec.From(ms)
		require.NoError(t, err)
		inJSON, err := specs.ExportJSON(ms)
		require.NoError(t, err)
		inYAML, err := specs.ExportYAML(ms)
		require.NoError(t, err)
		for name, parse := range map[string]func() (*spec.Spec, []moovspec.Warning, error){
			"JSON": func() (*spec.Spec, []moovspec.Warning, error) {
				return moovspec.ParseJSON(strings.NewReader(string(inJSON)))
			},
			"YAML": func() (*spec.Spec, []moovspec.Warning, error) {
				return moovspec.ParseYAML(strings.NewReader(string(inYAML)))
			},
			"as people": func() (*spec.Spec, []moovspec.Warning, error) {
				return moovspec.ParseYAML(strings.NewReader(strings.ReplaceAll(string(inYAML), "subfields:omitempty", "subfields")))
			},
		} {
			got, _, err := parse()
			require.NoError(t, err, "%s in %s", ms.Name, name)
			require.Equal(t, want.Resolved(), got.Resolved(), "%s in %s", ms.Name, name)
		}
	}
}

// change puts one thing in place of another in withParts.
func change(t *testing.T, old, by string) string {
	require.Equal(t, 1, strings.Count(withParts, old), old)
	return strings.Replace(withParts, old, by, 1)
}

func TestParseRefuses(t *testing.T) {
	deep := `{"type": "String", "length": 1, "enc": "ASCII", "prefix": "ASCII.Fixed"}`
	for range 12 {
		deep = `{"type": "Composite", "length": 9, "prefix": "ASCII.LL", "tag": {"sort": "StringsByInt"}, "subfields": {"1": ` + deep + `}}`
	}
	for name, c := range map[string]struct{ file, fault string }{
		"no JSON":                   {`{"fields":`, "line 1"},
		"the line":                  {"{\n\n\"fields\": x", "line 3"},
		"two values":                {`{} {}`, "more than one value"},
		"no object":                 {`[]`, "is no object"},
		"no fields":                 {`{"name": "x"}`, "fields: there are none"},
		"a field of nothing":        {change(t, `{"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"}`, `null`), "0: is no object"},
		"a part of nothing":         {change(t, `{"type": "Binary", "enc": "Binary", "prefix": "BerTLV"}`, `null`), "55.9F26: is no object"},
		"a number twice":            {change(t, `"4": {`, `"04": {`), "04: is no field number"},
		"a key twice":               {change(t, `"length": 12, "enc"`, `"length": 12, "Length": 11, "enc"`), `4: key "length" stands there twice`},
		"a length below nothing":    {change(t, `"length": 12`, `"length": -1`), "4: the length is not a number from 0"},
		"a length of text":          {change(t, `"length": 12`, `"length": "12"`), "4: the length is not a number"},
		"a length with a point":     {change(t, `"length": 12`, `"length": 1.2`), "4: the length is not a number"},
		"a bitmap of gigabytes":     {change(t, `"type": "Bitmap", "length": 8, "enc": "HexToASCII", "prefix": "Hex.Fixed"},`, `"type": "Bitmap", "length": 9000000000, "enc": "HexToASCII", "prefix": "Hex.Fixed"},`), "1: the length is not a number from 0 to 24"},
		"no tag and no bitmap":      {change(t, `"tag": {"enc": "BerTLVTag", "sort": "StringsByHex"},`, ``), "55: a composite has a tag or a bitmap"},
		"a tag and a bitmap":        {change(t, `"bitmap": {`, `"tag": {"sort": "StringsByInt"}, "bitmap": {`), "127: a composite has a tag or a bitmap"},
		"a composite of nothing":    {change(t, `"type": "Numeric"`, `"type": "Composite"`), "4: a composite has subfields"},
		"a padded composite":        {change(t, `"length": 40,`, `"length": 40, "padding": {"type": "Left", "pad": "0"},`), "43: a composite has no padding"},
		"parts of a string":         {change(t, `"type": "Composite", "length": 40`, `"type": "String", "length": 40`), "43: only a composite has subfields"},
		"a bitmap that is extended": {change(t, `, "disableAutoExpand": true`, ``), "127: the bitmap of a composite has disableAutoExpand"},
		"a bit that is no number":   {change(t, `"2": {"type": "Hex"`, `"x": {"type": "Hex"`), "127.x: is no number of a bit"},
		"tags without encoding":     {change(t, `"enc": "BerTLVTag", `, `"length": 2, `), "55: tags of 2 have no encoding"},
		"tags of unknown encoding":  {change(t, `"enc": "BerTLVTag"`, `"enc": "BerTLV"`), `55: the encoding "BerTLV" of tags is unknown`},
		"an unknown order":          {change(t, `"sort": "StringsByHex"`, `"sort": "Strings"`), `55: the sort function "Strings" of tags is unknown`},
		"an unknown encoding":       {change(t, `"enc": "BCD"`, `"enc": "UTF8"`), "unknown encoding"},
		"an unknown prefix":         {change(t, `"prefix": "BCD.Fixed"`, `"prefix": "Hex.fixed"`), "unknown prefix"},
		"an unknown type":           {change(t, `"type": "Numeric"`, `"type": "Number"`), "no constructor"},
		"truth of text":             {change(t, `"disableAutoExpand": true`, `"disableAutoExpand": "yes"`), "disableAutoExpand is neither true nor false"},
		"parts too deep":            {change(t, `{"type": "Hex", "length": 3, "enc": "Binary", "prefix": "Binary.Fixed"}`, deep), "deeper than 8"},
		"no message type":           {change(t, `"0": {"type"`, `"2": {"type"`), "0: moov needs a message type indicator"},
		"no bitmap":                 {change(t, `"1": {"type": "Bitmap"`, `"1": {"type": "Binary"`), "1: moov needs a bitmap"},
		"a data object of no end":   {change(t, `"prefix": "BerTLV"`, `"prefix": "ASCII.Fixed"`), "55.9F26: a data object behind a BER tag has a length"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, err := moovspec.ParseJSON(strings.NewReader(c.file))
			require.ErrorContains(t, err, c.fault)
			require.Nil(t, s)
		})
	}
	_, _, err := moovspec.ParseJSON(strings.NewReader(strings.Repeat(" ", moovspec.MaxFile+1)))
	require.ErrorContains(t, err, "larger than")
}

func TestParseWarns(t *testing.T) {
	for name, c := range map[string]struct{ file, warning string }{
		"a misspelt key":         {change(t, `"length": 40`, `"lenght": 40, "length": 40`), `43: moov does not know the key "lenght"`},
		"an unknown padding":     {change(t, `"type": "Right"`, `"type": "right"`), `43.1: moov does not know the padding "right"`},
		"padding of two":         {change(t, `"type": "Right", "pad": " "`, `"type": "Right", "pad": "  "`), "43.1: padding that is no single character"},
		"padding outside ASCII":  {change(t, `"type": "Right", "pad": " "`, `"type": "Right", "pad": "é"`), "43.1: padding that is no single ASCII character"},
		"padding that is kept":   {withParts, "43.1: moov strips padding when it reads, here it stays"},
		"a field beyond the bit": {change(t, `"127": {`, `"257": {`), "257: the bitmaps announce 2 to 192: left out"},
	} {
		t.Run(name, func(t *testing.T) {
			_, warnings, err := moovspec.ParseJSON(strings.NewReader(c.file))
			require.NoError(t, err)
			require.Contains(t, fmt.Sprint(warnings), c.warning)
		})
	}
}

func TestParseYAML(t *testing.T) {
	s, warnings, err := moovspec.ParseYAML(strings.NewReader(`
name: short
fields:
  0: {type: String, length: 4, enc: ASCII, prefix: ASCII.Fixed}
  1: {type: Bitmap, length: 8, enc: Binary, prefix: Hex.Fixed}
  3: &code {type: Numeric, length: 6, description: 6, enc: ASCII, prefix: ASCII.Fixed, padding: {type: Left, pad: 0}}
  11: *code
`))
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Len(t, s.Config().Fields, 3)
	for name, c := range map[string]struct{ file, fault string }{
		"nothing":           {"", "no document"},
		"a list":            {"fields: [1]", "line 1: a list"},
		"a key of a list":   {"? [a]\n: b", "line 1: a key that is no plain text"},
		"a key twice":       {"fields:\n  2: {}\n  2: {}", `line 3: key "2" stands there twice`},
		"both spellings":    {"fields: {2: {subfields: {}, 'subfields:omitempty': {}}}", `key "subfields" stands there twice`},
		"an octal length":   {"fields: {2: {type: String, length: 010}}", "2: the length is not a number"},
		"no YAML":           {"fields: {", "line 1"},
		"a field of itself": {"fields: &f {2: *f}", "nested too deeply"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := moovspec.ParseYAML(strings.NewReader(c.file))
			require.ErrorContains(t, err, c.fault)
		})
	}
}

// Aliases that multiply are refused before they take memory.
func TestAliasesThatMultiply(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 {x: y}\n")
	for i := 1; i < 20; i++ {
		fmt.Fprintf(&b, "a%d: &a%d {", i, i)
		for k := range 10 {
			fmt.Fprintf(&b, "k%d: *a%d, ", k, i-1)
		}
		b.WriteString("}\n")
	}
	_, _, err := moovspec.ParseYAML(strings.NewReader(b.String()))
	require.ErrorContains(t, err, "more than 327680 values, or nested too deeply")
}
