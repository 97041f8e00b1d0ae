package jposxml

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
)

// exchange is a message in bytes and in values: text, {"hex": "…"} for bytes, or subfields by number.
type exchange struct {
	Packager string                     `json:"packager"`
	Hex      string                     `json:"hex"`
	Header   string                     `json:"header_hex"`
	Fields   map[string]json.RawMessage `json:"fields"`
	Input    map[string]json.RawMessage `json:"input"`
}

func load(t testing.TB, file string) (*message.Codec, []Warning) {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	s, warnings, err := Parse(f, WithName(file))
	require.NoError(t, err)
	codec, err := message.Compile(s)
	require.NoError(t, err)
	return codec, warnings
}

// check decodes and encodes the message.
func (x exchange) check(t *testing.T, codec *message.Codec) {
	t.Helper()
	wire, err := hex.DecodeString(x.Hex)
	require.NoError(t, err)
	clear := message.TextForm{CardDataInClear: true}
	m := codec.New()
	require.NoError(t, m.Unpack(wire), "%X", wire)
	text, err := clear.AppendJSON(nil, m)
	require.NoError(t, err)
	var got map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &got))
	delete(got, "raw")
	require.Equal(t, plain(t, x.Fields), plain(t, got))

	back := codec.New()
	require.NoError(t, clear.ReadJSON(back, text), "%s", text)
	packed, err := back.Pack()
	require.NoError(t, err)
	require.Equal(t, x.Hex, hexUpper(packed))

	values := x.Fields
	if len(x.Input) > 0 {
		values = x.Input
	}
	built := build(t, codec, values)
	packed, err = built.Pack()
	require.NoError(t, err)
	require.Equal(t, x.Hex, hexUpper(packed), "packed from the values")
}

// build makes a message of values alone.
func build(t *testing.T, codec *message.Codec, values map[string]json.RawMessage) *message.Message {
	t.Helper()
	text, err := json.Marshal(plain(t, values))
	require.NoError(t, err)
	m := codec.New()
	require.NoError(t, message.TextForm{CardDataInClear: true}.ReadJSON(m, text), "%s", text)
	return m
}

// plain is values with bytes as hexadecimal text.
func plain(t *testing.T, values map[string]json.RawMessage) map[string]any {
	t.Helper()
	out := map[string]any{}
	for key, value := range values {
		var text string
		if json.Unmarshal(value, &text) == nil {
			out[key] = text
			continue
		}
		var parts map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(value, &parts))
		if bytes, ok := parts["hex"]; ok {
			require.NoError(t, json.Unmarshal(bytes, &text))
			out[key] = text
			continue
		}
		out[key] = plain(t, parts)
	}
	return out
}

func hexUpper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
