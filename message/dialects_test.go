package message

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// dialectMessage is a published message of a network's dialect, with what its source says is in it.
type dialectMessage struct {
	Name, Spec, Framing, Hex string
	Fields                   map[string]string
}

func dialectMessages(t *testing.T) []dialectMessage {
	text, err := os.ReadFile("testdata/dialects.json")
	require.NoError(t, err)
	var all []dialectMessage
	require.NoError(t, json.Unmarshal(text, &all))
	require.NotEmpty(t, all)
	return all
}

func exampleCodec(t *testing.T, name string) *Codec {
	s, err := spec.Example(name)
	require.NoError(t, err)
	codec, err := Compile(s)
	require.NoError(t, err)
	return codec
}

// Every published message decodes to its last byte, shows what its source says, and is made again of its JSON.
func TestExampleDialects(t *testing.T) {
	for _, c := range dialectMessages(t) {
		t.Run(c.Name, func(t *testing.T) {
			wire, err := hex.DecodeString(c.Hex)
			require.NoError(t, err)
			m := exampleCodec(t, c.Spec).New()
			require.NoError(t, m.Unpack(wire))
			for path, want := range c.Fields {
				if path == "0" {
					require.Equal(t, want, m.MTI())
					continue
				}
				require.Equal(t, want, m.Get(path).Text(), path)
			}
			packed, err := m.Pack()
			require.NoError(t, err)
			require.Equal(t, wire, packed)

			text, err := TextForm{CardDataInClear: true}.AppendJSON(nil, m)
			require.NoError(t, err)
			again := m.Codec().New()
			require.NoError(t, TextForm{}.ReadJSON(again, text))
			packed, err = again.Pack()
			require.NoError(t, err)
			require.Equal(t, wire, packed)
			require.NotContains(t, m.String(), c.Fields["2"]+"|", "masked")
		})
	}
}

// Messages of which a source gives some fields, as bytes: those fields are made, and the bitmaps that announce them.
func TestExampleDialectFields(t *testing.T) {
	for _, c := range []struct {
		name, spec, json string
		wire             map[string]string // of fields, with their lengths
		bitmap           string            // of the whole message
	}{
		{"Visa-like V2, three bitmaps", "example-visa+no-header", `{"0":"0100","2":"4034567890123456","3":"010000","4":"000000012300","7":"0101010101","11":"000001","14":"0912",
			"18":"6011","19":"840","22":{"1":"05","2":"1","3":"0"},"23":"001","25":"00","28":"D00000000","32":"432109",
			"35":"4034567890123456D030912312345000","37":"000000000001","41":"TERM0001","42":"MERCHANT0000001","43":{"1":"ATM                      ","2":"KYIV         ","3":"UA"},
			"49":"840","52":"62FAF4E84B13D45D","53":{"1":"20","2":"01","3":"01","4":"01","5":"00","6":"000000"},"55":{"01":{"82":"0000"}},
			"60":{"1":"2","2":"5","3":"0","4":"0","5":"09","6":"1","7":"0"},"63":{"1":"0000"},
			"130":"204000","131":"8000010000","132":"9BADBCAB","134":"010A03A0B000","136":"0123456789ABCDEF","137":"00FF","138":"0000",
			"144":"00","145":"840","146":"010101","147":"000000012300","148":"840","149":"000000000000"}`,
			map[string]string{"28": "C4F0F0F0F0F0F0F0F0", "35": "204034567890123456D030912312345000", "53": "2001010100000000", "55": "0701000482020000", "60": "0425000910",
				"63": "058000000000", "130": "204000", "131": "8000010000", "132": "9BADBCAB", "134": "06010A03A0B000", "136": "0123456789ABCDEF",
				"137": "00FF", "138": "0000", "144": "00", "145": "0840", "146": "010101", "147": "000000012300", "148": "0840", "149": "000000000000"},
			"F224669128E09A12800000000000000075C1F80000000000"},
		{"Visa-like V3, a reversal", "example-visa+no-header", `{"0":"0420","38":"497377","62":{"1":"E","2":"384111456677912"},"63":{"1":"0002","3":"2502"},
			"90":{"1":"0200","2":"023461","3":"0421123816","4":"00000456789","5":"00000000000"}}`,
			map[string]string{"38": "F4F9F7F3F7F7", "62": "11C000000000000000C50384111456677912", "63": "07A0000000022502", "90": "020002346104211238160000045678900000000000"},
			"80000000040000060000004000000000"},
		{"Mastercard-like M1, a money transfer", "example-mastercard", `{"0":"0100","2":"5432109876543212","3":"280000","48":{"0":"P","42":{"01":"210"},"77":"C07"},"49":"643",
			"61":{"1":"2","2":"0","3":"3","4":"1","5":"1","6":"0","7":"0","8":"0","9":"0","10":"0","11":"1","12":"00","13":"643"}}`,
			map[string]string{"2": "F1F6F5F4F3F2F1F0F9F8F7F6F5F4F3F2F1F2", "48": "F0F1F9D7F4F2F0F7F0F1F0F3F2F1F0F7F7F0F3C3F0F7",
				"61": "F0F1F6F2F0F3F1F1F0F0F0F0F0F1F0F0F6F4F3"}, "6000000000018008"},
		{"UnionPay-like U1, the answer's code", "example-unionpay-cups+no-header", `{"0":"0210","39":"14","128":"B3357B66"}`,
			map[string]string{"39": "3134", "128": "4233333537423636"}, "80000000020000000000000000000001"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := exampleCodec(t, c.spec).New()
			require.NoError(t, TextForm{}.ReadJSON(m, []byte(c.json)))
			packed, err := m.Pack()
			require.NoError(t, err)
			again := m.Codec().New()
			require.NoError(t, again.Unpack(packed))
			for path, want := range c.wire {
				require.Equal(t, want, strings.ToUpper(hex.EncodeToString(again.Get(path).Wire())), path)
			}
			if c.bitmap != "" {
				require.Contains(t, strings.ToUpper(hex.EncodeToString(packed))[:8+len(c.bitmap)], c.bitmap)
			}
		})
	}
}
