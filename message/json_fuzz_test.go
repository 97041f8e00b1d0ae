package message

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzPrint unpacks any bytes with every kind of spec. Whatever came of it prints in every way without a panic; what
// unpacked comes back from its JSON byte for byte.
func FuzzPrint(f *testing.F) {
	codecs := jsonCodecs(f)
	for _, one := range allFrames(f) {
		f.Add(one.wire)
		f.Add(one.wire[:len(one.wire)*2/3])
	}
	f.Add(packed(f, kitchenMessage(f)))
	f.Fuzz(func(t *testing.T, wire []byte) {
		for _, codec := range codecs {
			m := codec.New()
			err := m.Unpack(wire)
			text, jsonErr := m.MarshalJSON()
			require.NoError(t, jsonErr)
			require.True(t, json.Valid(text))
			_ = fmt.Sprint(m, m.LogValue(), m.HexDump(), string(TextForm{}.AppendDescription(nil, m)))
			if err == nil {
				backFromJSON(t, m, wire)
			}
		}
	})
}

// FuzzJSON reads any text as the JSON of a message. What is taken says what the message holds: it packs, and comes
// back from the JSON of the message.
func FuzzJSON(f *testing.F) {
	codecs := jsonCodecs(f)
	for _, one := range allFrames(f) {
		f.Add(clearJSON(f, unpacked(f, one)))
	}
	f.Add(clearJSON(f, kitchenMessage(f)))
	f.Add([]byte(`{"0":"0200","5":{"1":"one","3":"33","9":"ABCD"},"8":[{"1":"11","2":"AA"}],"7":{"0":"L","AB":["","x"]},"130":"77","raw":{"1":"00"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, codec := range codecs {
			m := codec.New()
			if m.UnmarshalJSON(text) == nil {
				backFromJSON(t, m, packed(t, m))
			}
		}
	})
}

func jsonCodecs(f *testing.F) []*Codec {
	return []*Codec{codecFor(f, "unionpay-pos"), codecFor(f, "unionpay-pos+no-header"), codecFor(f, "iso8583-1987-ascii"),
		codecFor(f, "iso8583-1987-binary"), MustCompile(formsSpec), MustCompile(kitchenSink), MustCompile(editSpec), MustCompile(bitmapless),
		codecFor(f, "iso8583-1987-ebcdic"), codecFor(f, "iso8583-2003-binary")}
}

func backFromJSON(t *testing.T, m *Message, wire []byte) {
	text := clearJSON(t, m)
	back := m.codec.New()
	require.NoError(t, back.UnmarshalJSON(text), "%s", text)
	require.Equal(t, wire, packed(t, back), "%s", text)
}
