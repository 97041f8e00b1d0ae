package message

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// published is a message that jPOS packed, with its values.
type published struct {
	Packager, Hex string
	Fields        map[string]json.RawMessage
}

func publishedMessages(t *testing.T, file, packager string) (all []published) {
	text, err := os.ReadFile("testdata/jpos-" + file + ".jsonl")
	require.NoError(t, err)
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one published
		require.NoError(t, json.Unmarshal(lines.Bytes(), &one))
		if one.Packager == packager {
			all = append(all, one)
		}
	}
	require.NoError(t, lines.Err())
	require.NotEmpty(t, all)
	return all
}

// text is a value as Text returns it; ok is false for one with parts.
func (p published) text(key string) (text string, ok bool) {
	if json.Unmarshal(p.Fields[key], &text) == nil {
		return text, true
	}
	var parts map[string]json.RawMessage
	if json.Unmarshal(p.Fields[key], &parts) == nil && json.Unmarshal(parts["hex"], &text) == nil {
		return text, true
	}
	return "", false
}

// dialect is a spec with the deviations of the jPOS packager files that the published messages were made with: track 2
// of any text, an odd number of packed digits on the left, and others.
func dialect(s *spec.Spec, others ...spec.Field) *spec.Spec {
	override := spec.Config{Fields: others}
	for _, f := range s.Config().Fields {
		format, err := spec.ParseFormat(f.Format)
		switch {
		case err != nil:
		case f.Number == 35:
			f.Format, f.Encoding = "ans..37", spec.ASCII
		case format.Content == spec.ContentN && format.Fixed() && format.Max%2 == 1:
			f.Align = spec.Left
		default:
			continue
		}
		override.Fields = append(override.Fields, f)
	}
	return s.With(override)
}

// Messages of the later editions, generated and packed by jPOS with the packager files of the same editions.
func TestEditionsReadAsPublished(t *testing.T) {
	for _, c := range []struct {
		name, file, packager string
		spec                 *spec.Spec
	}{
		{"1993 ASCII", "iso93ascii", "iso93ascii", dialect(spec.ISO8583v1993ASCII())},
		{"1993 ASCII, jPOS's own test", "golden", "iso93ascii", dialect(spec.ISO8583v1993ASCII(), spec.Field{Number: 56, Format: "ans..35"})},
		{"1993 binary", "iso93binary", "iso93binary", dialect(spec.ISO8583v1993Binary())},
		{"1993 binary, jPOS's own test", "golden", "iso93binary", dialect(spec.ISO8583v1993Binary())},
		{"2003 binary, as the common message format of jPOS", "cmf", "cmf", dialect(spec.ISO8583v2003Binary(), spec.Field{Number: 97, Format: "n 21", Align: spec.Left})},
	} {
		t.Run(c.name, func(t *testing.T) {
			codec := MustCompile(c.spec)
			compared := 0
			for _, one := range publishedMessages(t, c.file, c.packager) {
				wire, err := hex.DecodeString(one.Hex)
				require.NoError(t, err)
				m, built := codec.New(), codec.New()
				require.NoError(t, m.Unpack(wire))
				require.NoError(t, built.SetMTI(m.MTI()))
				for number := range m.Numbers() {
					text := m.Field(number).Text()
					if want, plain := one.text(strconv.Itoa(number)); plain {
						require.True(t, samePublished(text, want) || samePublished(want, text), "field %d", number)
						compared++
					}
					require.NoError(t, built.Set(number, text))
				}
				packed, err := built.Pack()
				require.NoError(t, err)
				require.Equal(t, one.Hex, strings.ToUpper(hex.EncodeToString(packed)))
			}
			t.Logf("%d values", compared)
			require.Greater(t, compared, 40)
		})
	}
}

// A published message in EBCDIC (NetCore8583, TestEbcdic): its fields are those of 1993.
func TestPublishedEBCDIC(t *testing.T) {
	wire, err := hex.DecodeString("F1F8F1F42030010002000000F0F0F0F0F0F0F0F1F5F9F5F5F1F3F0F6F1F2F1F1F2F9F0F8F8F3F1F8F0F0")
	require.NoError(t, err)
	m := MustCompile(spec.ISO8583v1993Binary().With(spec.Config{Encoding: spec.EBCDIC1047})).New()
	require.NoError(t, m.Unpack(wire))
	require.Equal(t, "1814 3=000000 11=015955 12=130612112908 24=831 39=800", m.String())
}

// Messages constructed for these tests, in the order of the standards' own tables.
func TestConstructedMessages(t *testing.T) {
	for _, c := range []struct{ spec, json, wire string }{
		{"iso8583-1987-ebcdic", `{"0":"0200","2":"4761739001010119","3":"000000","4":"000000001999","28":"D00000150","35":"4761739001010119D2812","37":"REF-1 [x] ^~","52":"0102030405060708","70":"001"}`,
			"F0F2F0F0" + "F000001028001000" + "0400000000000000" +
				"F1F6" + "F4F7F6F1F7F3F9F0F0F1F0F1F0F1F1F9" + "F0F0F0F0F0F0" + "F0F0F0F0F0F0F0F0F1F9F9F9" + "C4F0F0F0F0F0F1F5F0" +
				"F2F1" + "F4F7F6F1F7F3F9F0F0F1F0F1F0F1F1F9" + "C4F2F8F1F2" + "D9C5C660F140ADA7BD405FA1" + "0102030405060708" + "F0F0F1"},
		{"iso8583-1993-ascii", `{"0":"1200","3":"000000","12":"260102030405","22":"210101213140","39":"000","55":"9A03260102","97":"D0000000000000100","128":"A1A2A3A4A5A6A7A8"}`,
			asciiHex("1200"+"A010040002000200"+"0000000080000001") + asciiHex("000000"+"260102030405"+"210101213140"+"000"+"005") + "9A03260102" + asciiHex("D0000000000000100"+"A1A2A3A4A5A6A7A8")},
		{"iso8583-1993-binary", `{"0":"1200","3":"000000","12":"260102030405","19":"156","22":"210101213140","35":"4761739001010119D2812","39":"000","55":"9A03260102","97":"D0000000000000100"}`,
			"1200" + "A010240022000200" + "0000000080000000" + "000000" + "260102030405" + "0156" + asciiHex("210101213140") + "21" + "4761739001010119D28120" + "0000" + "0005" + "9A03260102" + "44" + "0000000000000100"},
		{"iso8583-2003-binary", `{"0":"2100","2":"4761739001010119","3":"00000A","4":"1562000000001999","11":"000000000042","12":"20260102030405","39":"0000","64":"A1A2A3A4"}`,
			"2100" + "7030000002000001" + "16" + "4761739001010119" + asciiHex("00000A") + "1562000000001999" + "000000000042" + "20260102030405" + "0000" + "A1A2A3A4"},
		{"iso8583-2003-binary", `{"0":"2100","3":"000000","64":"A1A2A3A4","67":"12","129":"AABB","192":"CC"}`,
			"2100" + "A000000000000001" + "A000000000000000" + asciiHex("000000") + "A1A2A3A4" + "8000000000000001" + "12" + "0002AABB" + "0001CC"},
	} {
		t.Run(c.spec, func(t *testing.T) {
			m := codecFor(t, c.spec).New()
			clear := TextForm{CardDataInClear: true}
			require.NoError(t, clear.ReadJSON(m, []byte(c.json)))
			packed, err := m.Pack()
			require.NoError(t, err)
			require.Equal(t, c.wire, strings.ToUpper(hex.EncodeToString(packed)))
			back := codecFor(t, c.spec).New()
			require.NoError(t, back.Unpack(packed))
			text, err := clear.AppendJSON(nil, back)
			require.NoError(t, err)
			require.JSONEq(t, c.json, string(text))
		})
	}
}

func asciiHex(text string) string { return strings.ToUpper(hex.EncodeToString([]byte(text))) }

// Every built-in spec makes responses and reversals, and each data element takes its shortest and longest value.
func TestBuiltInSpecs(t *testing.T) {
	for _, name := range spec.BuiltInNames() {
		t.Run(name, func(t *testing.T) {
			codec := codecFor(t, name)
			m := codec.New()
			for _, f := range codec.Spec().Resolved().Fields {
				format, err := spec.ParseFormat(f.Format)
				require.NoError(t, err)
				if f.Number == 0 || f.Layout != nil || len(f.Cases) > 0 {
					continue
				}
				for _, size := range []int{f.Min, format.Max} {
					if format.Content == spec.ContentB && format.Fixed() {
						size = f.Min
					}
					value := bytes.Repeat([]byte("0"), size)
					if format.Sign {
						value = append([]byte{f.Signs[0]}, value...)
					}
					require.NoError(t, m.SetBytes(f.Number, value), "field %d of %d", f.Number, size)
				}
			}
			request, reversal := "0200", "0400"
			switch {
			case strings.Contains(name, "1993"):
				request, reversal = "1200", "1420"
			case strings.Contains(name, "2003"):
				request, reversal = "2200", "2420"
			}
			m = codec.New()
			if header := codec.Spec().Resolved().Header; len(header) > 0 {
				require.NoError(t, m.SetHeader(make([]byte, 11)))
			}
			require.NoError(t, m.SetMTI(request))
			require.NoError(t, m.SetInt(11, 42))
			answer, err := Response(m)
			require.NoError(t, err)
			require.Equal(t, request[:2]+"10", answer.MTI())
			require.Equal(t, m.Field(11).Text(), answer.Field(11).Text())
			undo, err := Reversal(m)
			require.NoError(t, err)
			require.Equal(t, reversal, undo.MTI())
		})
	}
}
