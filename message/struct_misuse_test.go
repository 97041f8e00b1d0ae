package message

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

var errPicky = errors.New("quotes what it is given")

type picky struct{ text string }

func (p picky) MarshalText() ([]byte, error) {
	if p.text == "bad" {
		return nil, errPicky
	}
	return []byte(p.text), nil
}

func (p *picky) UnmarshalText(text []byte) error {
	p.text = string(text)
	_, err := time.Parse(time.RFC3339, p.text) // quotes its input
	return err
}

func TestMisuse(t *testing.T) {
	c := structSpec(t)
	type Recursive struct {
		*Recursive
		F2 string
	}
	type unexported struct{ F2 string }
	for name, one := range map[string]struct {
		v     any
		kind  Kind
		field string
	}{
		"no such field": {&struct {
			Card struct{} `iso8583:"99"`
		}{}, ErrUnknown, ".Card"},
		"field one": {&struct{ F1 string }{}, ErrUnknown, ".F1"},
		"beyond the bitmap": {&struct {
			A string `iso8583:"1000"`
		}{}, ErrUnknown, ".A"},
		"negative": {&struct {
			A string `iso8583:"-2"`
		}{}, ErrUnknown, ".A"},
		"a word": {&struct {
			A string `iso8583:"two"`
		}{}, ErrUnknown, ".A"},
		"no such part": {&struct{ F40 struct{ F5 int } }{}, ErrUnknown, ".F40.F5"},
		"no such tag": {&struct {
			F63 struct {
				A int `iso8583:"B2"`
			}
		}{}, ErrUnknown, ".F63.A"},
		"no tag at all": {&struct {
			F55 struct {
				A string `iso8583:"9F"`
			}
		}{}, ErrUnknown, ".F55.A"},
		"unexported": {&struct {
			pan string `iso8583:"2"`
		}{}, ErrType, ".pan"},
		"option": {&struct {
			F2 string `iso8583:"2,omitempty"`
		}{}, ErrType, ".F2"},
		"float":                  {&struct{ F4 float64 }{}, ErrType, ".F4"},
		"interface":              {&struct{ F4 any }{}, ErrType, ".F4"},
		"map":                    {&struct{ F4 map[string]string }{}, ErrType, ".F4"},
		"channel":                {&struct{ F4 chan int }{}, ErrType, ".F4"},
		"function":               {&struct{ F4 func() }{}, ErrType, ".F4"},
		"two pointers":           {&struct{ F4 **int }{}, ErrType, ".F4"},
		"number in binary":       {&struct{ F10 int }{}, ErrType, ".F10"},
		"flag of six digits":     {&struct{ F3 bool }{}, ErrType, ".F3"},
		"array of another size":  {&struct{ F10 [7]byte }{}, ErrType, ".F10"},
		"array of integers":      {&struct{ F10 [8]int }{}, ErrType, ".F10"},
		"slice of a plain field": {&struct{ F2 []string }{}, ErrType, ".F2"},
		"slice of a part":        {&struct{ F40 struct{ F1 []int } }{}, ErrType, ".F40.F1"},
		"time without notation":  {&struct{ F4 time.Time }{}, ErrType, ".F4"},
		"struct without parts":   {&struct{ F4 struct{ F1 int } }{}, ErrType, ".F4"},
		"records in a struct":    {&struct{ F61 record }{}, ErrType, ".F61"},
		"twice": {&struct {
			F2 string
			A  string `iso8583:"2"`
		}{}, ErrType, ".A"},
		"twice, embedded": {&struct {
			hidden
			A string `iso8583:"4"`
		}{}, ErrType, ".A"},
		"embedded pointer":   {&struct{ *unexported }{}, ErrType, ".unexported"},
		"in an unused slice": {&struct{ F61 []struct{ F9 int } }{}, ErrUnknown, ".F61.F9"},
	} {
		for verb, do := range map[string]func(*Message, any) error{"Marshal": Marshal, "Unmarshal": Unmarshal} {
			for range 2 { // made, and from the cache
				m := c.New()
				err := do(m, one.v)
				var e *Error
				require.ErrorAs(t, err, &e, "%s %s", verb, name)
				require.Equal(t, one.kind, e.Kind, "%s %s: %v", verb, name, err)
				var where *StructError
				require.ErrorAs(t, err, &where, "%s %s", verb, name)
				require.Equal(t, one.field, where.Field, "%s %s", verb, name)
				if verb == "Marshal" {
					require.Equal(t, err, m.Err(), "%s: a message that was set in part does not pack", name)
				}
			}
		}
	}
	require.NoError(t, Marshal(c.New(), &Recursive{F2: "1"}))

	for _, v := range []any{nil, 5, "text", (*roomy)(nil), &[]roomy{}, pointer(&roomy{})} {
		require.ErrorIs(t, Marshal(c.New(), v), ErrType)
		require.ErrorIs(t, Unmarshal(c.New(), v), ErrType)
	}
	require.ErrorIs(t, Unmarshal(c.New(), roomy{}), ErrType)
	for _, m := range []*Message{nil, {}} {
		require.Error(t, Marshal(m, &roomy{}))
		require.Error(t, Unmarshal(m, &roomy{}))
	}
}

func TestValuesThatDoNotFit(t *testing.T) {
	c := structSpec(t)
	for name, one := range map[string]struct {
		v    any
		kind Kind
	}{
		"too long":        {&struct{ F3 int }{1000000}, ErrTooLong},
		"letters":         {&struct{ F3 string }{"12345a"}, ErrDigit},
		"negative":        {&struct{ F3 int }{-1}, ErrType},
		"no hexadecimal":  {&struct{ F10 string }{"no"}, ErrDigit},
		"short":           {&struct{ F10 []byte }{[]byte{1}}, ErrTooShort},
		"MTI":             {&struct{ F0 string }{"200"}, ErrDigit},
		"MTI number":      {&struct{ F0 int }{10000}, ErrDigit},
		"zero time":       {&struct{ F7 *time.Time }{&time.Time{}}, ErrValue},
		"refused":         {&struct{ F13 picky }{picky{"bad"}}, ErrValue},
		"part":            {&struct{ F55 *chip }{&chip{F82: []byte{1}}}, ErrTooShort},
		"element":         {&struct{ F48 *taggedParts }{&taggedParts{Texts: []string{strings.Repeat("x", 21)}}}, ErrTooLong},
		"record":          {&struct{ F61 []record }{[]record{{F1: 100}}}, ErrTooLong},
		"record in part":  {&struct{ F61 []struct{ F1 int } }{make([]struct{ F1 int }, 1)}, ErrMissing},
		"field of parts":  {&struct{ F60 *struct{ F1 int } }{&struct{ F1 int }{}}, 0},
		"whole too long":  {&struct{ F61 []record }{make([]record, 20)}, ErrTooLong},
		"bitmapped field": {&struct{ F62 bitmapped }{bitmapped{Eighth: strings.Repeat("x", 10)}}, ErrTooLong},
	} {
		m := c.New()
		err := Marshal(m, one.v)
		if one.kind == 0 {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, one.kind, name)
		var where *StructError
		require.ErrorAs(t, err, &where, name)
		require.Equal(t, err, m.Err())
	}

	m := c.New()
	for number, text := range map[int]string{3: "000300", 8: "x       ", 9: "2", 11: "18446744073709551616", 14: "D00000001", 13: "4761739001010119"} {
		require.NoError(t, m.Set(number, text))
	}
	for name, one := range map[string]struct {
		v    any
		kind Kind
	}{
		"int8":     {&struct{ F3 int8 }{}, ErrTooLong},
		"uint8":    {&struct{ F3 uint8 }{}, ErrTooLong},
		"text":     {&struct{ F8 int }{}, ErrType},
		"flag":     {&struct{ F9 bool }{}, ErrValue},
		"int64":    {&struct{ F11 int64 }{}, ErrTooLong},
		"uint64":   {&struct{ F11 uint64 }{}, ErrTooLong},
		"negative": {&struct{ F14 uint }{}, ErrTooLong},
		"refused":  {&struct{ F13 picky }{}, ErrValue},
		"array":    {&struct{ F13 [10]byte }{}, ErrType},
	} {
		err := Unmarshal(m, one.v)
		require.ErrorIs(t, err, one.kind, name)
		require.NotContains(t, err.Error(), "4761739001010119")
	}
	require.Error(t, m.Set(3, "x"))
	require.Equal(t, m.Err(), Unmarshal(m, &roomy{}), "a message with an error is not unmarshalled")
}

// A field that the message type writes otherwise may be one that the Go type cannot hold, in messages of that type.
func TestTypesThatHoldAFieldInSomeMessages(t *testing.T) {
	codec := MustCompile(spec.MustNew(spec.Config{Name: "by type", Fields: []spec.Field{
		{Number: 48, Format: "n 1", ByMTI: []spec.Framing{{MTI: "08xx", Field: spec.Field{Format: "b 64"}}}},
		{Number: 49, Format: "n 4", Time: "MMDD", ByMTI: []spec.Framing{{MTI: "08xx", Field: spec.Field{Format: "n 4"}}}},
	}}))
	m := codec.New()
	require.NoError(t, m.SetMTI("0800"))
	require.NoError(t, m.Set(48, "0102030405060708"))
	require.NoError(t, m.Set(49, "1231"))
	type whole struct {
		Value int `iso8583:"48"`
	}
	type flag struct {
		Value bool `iso8583:"48"`
	}
	type digit struct {
		Value [1]byte `iso8583:"48"`
	}
	type date struct {
		Value time.Time `iso8583:"49"`
	}
	for goType, v := range map[string]any{"int": &whole{7}, "bool": &flag{true}, "[1]uint8": &digit{[1]byte{'7'}}, "time.Time": &date{time.Now()}} {
		path := "48"
		if goType == "time.Time" {
			path = "49"
		}
		for what, err := range map[string]error{"marshal": Marshal(m, v), "unmarshal": Unmarshal(m, v)} {
			require.ErrorIs(t, err, ErrType, what)
			require.ErrorContains(t, err, "field "+path+": ", what)
			require.ErrorContains(t, err, "a Go "+goType+" cannot hold it in this message", what)
		}
		m.ClearErr()
	}
	require.NoError(t, m.SetMTI("0800"))
	sale := codec.New()
	require.NoError(t, sale.SetMTI("0200"))
	require.NoError(t, Marshal(sale, &whole{7}))
	var read flag
	require.ErrorIs(t, Unmarshal(sale, &read), ErrValue, "neither 0 nor 1")
	require.Equal(t, "7", sale.Field(48).Text())
}
