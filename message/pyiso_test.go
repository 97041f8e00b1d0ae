package message_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

// pyField is a field of a pyiso8583 spec.
type pyField struct {
	DataEnc  string `json:"data_enc"`
	LenEnc   string `json:"len_enc"`
	LenType  int    `json:"len_type"`
	MaxLen   int    `json:"max_len"`
	LenCount string `json:"len_count"`
	LeftPad  string `json:"left_pad"`
	RightPad string `json:"right_pad"`
}

// pyCase is a call of pyiso8583's encode or decode in its own tests.
type pyCase struct {
	Source     string                     `json:"source"`
	Base       string                     `json:"spec_base"`
	Changes    map[string]json.RawMessage `json:"spec_changes"`
	Hex        *string                    `json:"hex"`
	Fields     map[string]string          `json:"fields"`
	Input      map[string]string          `json:"input"`
	Error      string                     `json:"error"`
	ErrorField string                     `json:"error_field"`
	ErrorPos   *int                       `json:"error_pos"`

	prefix int // bytes of the length of the field with the error
}

// notExpressed tells why a case has no test; "" for those that have.
func (c pyCase) notExpressed(fields map[string]pyField) string {
	p, second := fields["p"], fields["1"]
	for number, f := range fields {
		used := c.Fields[number] != "" || c.Input[number] != "" || c.ErrorField == number
		switch {
		case !used && number != "h" && number != "t" && number != "p":
		case strings.Contains(f.DataEnc+f.LenEnc, "encoding"):
			return "a spec with an encoding that does not exist is no spec here"
		}
	}
	switch {
	case p.DataEnc != second.DataEnc && (second.MaxLen > 0 || c.ErrorField == "1") && (c.uses("1") || c.ErrorField == "1"):
		return "the second bitmap is written otherwise than the first"
	case strings.Contains(c.Error, "outside of 1-192"), strings.Contains(c.Error, "invalid fields [2"), strings.Contains(c.Error, "(1, 2)"):
		return "about the types and keys of a Python dict"
	case fields["h"].MaxLen == 0 && c.Fields["h"] != "":
		return "a header that the spec does not have is dropped there and an error here"
	}
	return ""
}

func (c pyCase) uses(number string) bool { return c.Fields[number] != "" || c.Input[number] != "" }

func TestPyiso8583(t *testing.T) {
	var cases []pyCase
	readJSON(t, "testdata/pyiso8583.json", &cases)
	var bases map[string]map[string]pyField
	readJSON(t, "testdata/pyiso8583-specs.json", &bases)
	require.NotEmpty(t, cases)
	listed := map[string]int{}
	for i, c := range cases {
		fields := maps.Clone(bases[c.Base])
		for number, change := range c.Changes {
			f := fields[number]
			require.NoError(t, json.Unmarshal(change, &f))
			fields[number] = f
		}
		if reason := c.notExpressed(fields); reason != "" {
			listed[reason]++
			continue
		}
		c.prefix = fields[c.ErrorField].LenType
		t.Run(fmt.Sprintf("%d %s", i, c.Source), func(t *testing.T) { c.run(t, pySpec(fields, c)) })
	}
	t.Logf("%d cases, not expressed: %v", len(cases), listed)
	require.Equal(t, map[string]int{
		"a spec with an encoding that does not exist is no spec here":             5,
		"about the types and keys of a Python dict":                               5,
		"the second bitmap is written otherwise than the first":                   2,
		"a header that the spec does not have is dropped there and an error here": 1,
	}, listed)
}

func readJSON(t *testing.T, path string, v any) {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, v))
}

var pyEncodings = map[string]spec.Encoding{"ascii": spec.ASCII, "cp500": spec.EBCDIC500, "b": spec.Raw, "bcd": spec.BCD}

// pySpec is a pyiso8583 spec in our language.
func pySpec(fields map[string]pyField, c pyCase) spec.Config {
	bitmap := map[string]spec.Encoding{"ascii": spec.HexASCII, "cp500": spec.HexEBCDIC, "b": spec.Raw}[fields["p"].DataEnc]
	out := spec.Config{Name: c.Source, Encoding: spec.ASCII, Bitmap: spec.Bitmap{Encoding: bitmap, Max: 3}}
	mti := spec.Field{Number: 0, Format: "n 4", Encoding: pyEncodings[fields["t"].DataEnc]}
	if mti.Encoding == spec.Raw {
		mti.Encoding = spec.BCD
	}
	out.Fields = append(out.Fields, mti)
	if h := fields["h"]; h.MaxLen > 0 {
		out.Header = append(out.Header, pyOne(h))
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		number, err := strconv.Atoi(key)
		if err != nil || number < 2 || number == 65 || fields[key].MaxLen == 0 && fields[key].LenType > 0 {
			continue
		}
		f := pyOne(fields[key])
		f.Number = number
		out.Fields = append(out.Fields, f)
	}
	return out
}

func pyOne(f pyField) spec.Field {
	out := spec.Field{Encoding: pyEncodings[f.DataEnc], Charset: spec.CharsetASCII7, Pad: spec.Pad{Side: spec.Neither},
		Prefix: spec.Prefix{Encoding: pyEncodings[f.LenEnc], Digits: f.LenType}}
	if f.DataEnc == "cp500" {
		out.Charset = spec.CharsetLatin1
	}
	content, length, limit := "ans", f.MaxLen, 1
	for range f.LenType {
		switch f.LenEnc {
		case "b":
			limit *= 256
		case "bcd":
			limit *= 100
		default:
			limit *= 10
		}
	}
	switch f.LenEnc {
	case "b":
		out.Prefix.Encoding = spec.Binary
	case "bcd":
		out.Prefix.Digits *= 2
	}
	nibbles := f.LenCount == "nibbles"
	switch {
	case f.DataEnc == "b" && nibbles && (f.LeftPad != "" || f.RightPad != ""):
		content, out.Encoding, out.Charset, out.AnyFiller = "h", spec.BCD, spec.CharsetASCII, true
		out.Align, out.Filler = spec.Left, hexDigitOf(f.RightPad)
		if f.LeftPad != "" {
			out.Align, out.Filler = spec.Right, hexDigitOf(f.LeftPad)
		}
	case f.DataEnc == "b":
		content, out.Charset = "b", spec.CharsetASCII
		if nibbles {
			out.Prefix.Unit, length = spec.Nibbles, length/2
		}
	case nibbles:
		out.Prefix.Unit, length = spec.Nibbles, length/2
	}
	if f.LenType == 0 {
		if content == "b" {
			length *= 8
		}
		out.Format = content + " " + strconv.Itoa(length)
		return out
	}
	longest := limit - 1
	if out.Prefix.Unit == spec.Nibbles {
		longest /= 2
	}
	out.Format = content + strings.Repeat(".", min(6, f.LenType)) + strconv.Itoa(min(length, longest))
	return out
}

func hexDigitOf(pad string) uint8 {
	if pad == "" {
		return 0
	}
	n, _ := strconv.ParseUint(pad[:1], 16, 8)
	return uint8(n)
}

func (c pyCase) run(t *testing.T, config spec.Config) {
	s, err := spec.New(config)
	require.NoError(t, err)
	codec := message.MustCompile(s)
	if c.Input != nil {
		_, err := pyBuild(codec, c.Input)
		c.fails(t, err)
		return
	}
	wire, err := hex.DecodeString(*c.Hex)
	require.NoError(t, err)
	m := codec.New()
	err = m.Unpack(wire)
	if c.Error != "" {
		c.fails(t, err)
		return
	}
	require.NoError(t, err)
	require.Equal(t, c.Fields["t"], m.MTI())
	for number, want := range c.Fields {
		if n, err := strconv.Atoi(number); err == nil && n > 1 {
			require.True(t, m.Has(n), number)
			require.Equal(t, want, sameCase(want, m.Field(n).Text()), number)
		}
	}
	require.True(t, strings.HasSuffix(string(m.Header()), c.Fields["h"]))
	again, err := m.Pack()
	require.NoError(t, err)
	require.Equal(t, wire, again)
	built, err := pyBuild(codec, c.Fields)
	require.NoError(t, err)
	if strings.Contains(c.Source, "mixed_case") { // built bitmaps are in upper case
		wire, built = bytes.ToUpper(wire), bytes.ToUpper(built)
	}
	require.Equal(t, wire, built)
}

// sameCase puts hexadecimal in the case of the expected value.
func sameCase(want, got string) string {
	if strings.EqualFold(want, got) {
		return want
	}
	return got
}

func pyBuild(codec *message.Codec, fields map[string]string) ([]byte, error) {
	m := codec.New()
	if h, ok := fields["h"]; ok && h != "" {
		if err := m.SetHeader([]byte(h)); err != nil {
			return nil, err
		}
	}
	if err := m.SetMTI(fields["t"]); err != nil {
		return nil, err
	}
	for number, value := range fields {
		if n, err := strconv.Atoi(number); err == nil && n != 1 {
			if err := m.Set(n, value); err != nil {
				return nil, err
			}
		}
	}
	return m.Pack()
}

// fails checks that there is an error, of the field where pyiso8583 finds it.
func (c pyCase) fails(t *testing.T, err error) {
	var fault *message.Error
	require.True(t, errors.As(err, &fault), "%v instead of %s", err, c.Error)
	want := map[string]string{"t": "0", "p": "1", "h": "header"}[c.ErrorField]
	if want == "" {
		want = c.ErrorField
	}
	if strings.Contains(c.Error, "Extra data") {
		want = "" // what is left over belongs to no field
	}
	if want != "header" { // the cases with a fault of the header have one of the message type, too
		require.Equal(t, want, fault.Path, "%v instead of %s", err, c.Error)
	}
	if c.ErrorPos != nil { // of a value that is cut short, where the field starts
		require.Contains(t, []int{*c.ErrorPos, *c.ErrorPos - c.prefix}, fault.Offset, "%v instead of %s", err, c.Error)
	}
}
