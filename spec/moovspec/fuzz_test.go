//go:build amd64 || arm64

package moovspec_test

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/specs"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
	"github.com/posline/posline/spec/moovspec"
)

// exercise uses a spec in every way a program would, with whatever bytes: nothing panics, and what is read is written
// back as it was.
func exercise(t *testing.T, s *spec.Spec, data []byte) {
	codec, err := message.Compile(s)
	require.NoError(t, err)
	m := codec.New()
	front := append([]byte(nil), data...)
	for _, wire := range [][]byte{data, append([]byte("0200"), front...), append([]byte{2, 0}, front...)} {
		if m.Unpack(wire) != nil {
			continue
		}
		again, err := m.AppendPack(nil)
		require.NoError(t, err)
		require.Equal(t, wire, again)
		for number := range m.Numbers() {
			for key := range m.Field(number).Parts() {
				_ = m.Get(strconv.Itoa(number) + "." + key).Text()
			}
		}
		_ = m.String()
	}
	m.Reset()
	_ = m.SetMTI("0200")
	text := string(data[:min(len(data), 40)])
	for _, f := range s.Config().Fields {
		_ = m.Set(f.Number, text)
		if f.Layout != nil && len(f.Layout.Fields) > 0 {
			part := f.Layout.Fields[0]
			key := part.Tag
			if key == "" {
				key = strconv.Itoa(part.Number)
			}
			_ = m.SetPath(strconv.Itoa(f.Number)+"."+key, text)
		}
	}
	_, _ = m.Pack()
}

// goBack takes a spec to moov and has moov make a message of it.
func goBack(t *testing.T, s *spec.Spec) {
	ms, _, err := moovspec.To(s)
	require.NoError(t, err, "a spec from moov goes back")
	_, _, err = moovspec.From(ms)
	require.NoError(t, err, "and forth")
	iso8583.NewMessage(ms).MTI("0200")
}

func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(withParts), []byte("0200"))
	f.Add([]byte(strings.ReplaceAll(withParts, "LLL", "L")), []byte("0800\x00"))
	for _, ms := range []*iso8583.MessageSpec{iso8583.Spec87, specs.Spec87Hex} {
		text, err := specs.ExportJSON(ms)
		require.NoError(f, err)
		f.Add(text, []byte("0200"))
	}
	f.Fuzz(func(t *testing.T, file, data []byte) {
		s, _, err := moovspec.ParseJSON(bytes.NewReader(file))
		if err != nil {
			require.NotContains(t, err.Error(), "builder panics")
			return
		}
		exercise(t, s, data)
		goBack(t, s)
	})
}

func FuzzParseYAML(f *testing.F) {
	f.Add([]byte("fields:\n  0: &a {type: String, length: 4, enc: ASCII, prefix: ASCII.Fixed}\n  1: {type: Bitmap, enc: Binary, prefix: Hex.Fixed}\n  2: *a\n"), []byte("0200"))
	f.Add([]byte(withParts), []byte("0200"))
	f.Fuzz(func(t *testing.T, file, data []byte) {
		s, _, err := moovspec.ParseYAML(bytes.NewReader(file))
		if err != nil {
			require.NotContains(t, err.Error(), "builder panics")
			return
		}
		exercise(t, s, data)
		goBack(t, s)
	})
}

// FuzzSameAsMoov lets the fuzzer choose the spec, the values and the damage.
func FuzzSameAsMoov(f *testing.F) {
	for i := range uint64(8) {
		f.Add(i, i*i, false)
		f.Add(i*3, i, true)
	}
	f.Fuzz(func(t *testing.T, a, b uint64, damaged bool) {
		g := generator{rand.New(rand.NewPCG(a, b))}
		if damaged {
			g.damageAll(t, map[string]int{})
			return
		}
		require.Empty(t, g.compare(&tally{seen: map[string]bool{}}))
	})
}

// file writes a random spec file with moov's words: most are nonsense in some way.
func (g generator) file() string {
	var b strings.Builder
	b.WriteString(`{"name": "random", "fields": {"0": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"}, "1": `)
	b.WriteString(g.fileBitmap())
	for range g.IntN(4) {
		b.WriteString(`, "` + strconv.Itoa(2+g.IntN(200)) + `": ` + g.fileField(0))
	}
	b.WriteString("}}")
	return b.String()
}

func (g generator) fileBitmap() string {
	return `{"type": "Bitmap", "length": ` + strconv.Itoa(pick(g, 0, 1, 8, 8, 8, 16, 24, 12)) + `, "enc": "` + pick(g, "Binary", "HexToASCII") +
		`", "prefix": "` + pick(g, "Hex.Fixed", "Binary.Fixed") + `", "disableAutoExpand": ` + pick(g, "true", "true", "false") + `}`
}

func (g generator) fileField(depth int) string {
	if depth < 4 && g.chance(30) {
		return g.fileComposite(depth)
	}
	out := `{"type": "` + pick(g, "String", "Numeric", "Binary", "Hex", "Track1", "Track2", "Track3", "Bitmap") + `", "length": ` + g.fileLength()
	out += `, "enc": "` + pick(g, "ASCII", "BCD", "LBCD", "EBCDIC", "EBCDIC1047", "Binary", "HexToASCII", "ASCIIToHex", "BerTLVTag") + `"` + g.filePrefix()
	if g.chance(30) {
		out += `, "padding": ` + g.filePadding()
	}
	return out + "}"
}

func (g generator) fileLength() string {
	return strconv.Itoa(pick(g, 0, 1, 2, 4, 8, 9, 10, 99, 999, 999999, 1<<20))
}

func (g generator) filePrefix() string {
	family := pick(g, "ASCII", "BCD", "Hex", "EBCDIC", "Binary")
	return `, "prefix": "` + pick(g, family+".Fixed", family+".L", family+".LL", family+".LLL", family+".LLLL", "BerTLV", "None.Fixed") + `"`
}

func (g generator) filePadding() string {
	return `{"type": "` + pick(g, "Left", "Right", "None") + `", "pad": "` + pick(g, "0", " ", "F", `\u0000`, "é", "00", "") + `"}`
}

func (g generator) fileComposite(depth int) string {
	out := `{"type": "Composite", "length": ` + g.fileLength() + g.filePrefix() + `, `
	bits := g.chance(30)
	if bits {
		out += `"bitmap": ` + g.fileBitmap()
	} else {
		out += `"tag": {"sort": "` + pick(g, "StringsByInt", "StringsByHex") + `"` + pick(g, "", `, "enc": "BerTLVTag"`,
			`, "length": 2, "enc": "`+pick(g, "ASCII", "BCD", "LBCD", "EBCDIC", "EBCDIC1047", "Binary", "HexToASCII", "ASCIIToHex")+`"`) +
			pick(g, "", `, "padding": `+g.filePadding()) + pick(g, "", `, "skipUnknownTLVTags": true`+strings.Replace(g.filePrefix(), "prefix", "prefUnknownTLV", 1)) + `}`
	}
	out += `, "subfields": {`
	for i := range 1 + g.IntN(4) {
		if i > 0 {
			out += ", "
		}
		key := strconv.Itoa(i + g.IntN(2)*g.IntN(70))
		if !bits {
			key = pick(g, key, key, "9F02", "A"+key, "0"+key)
		}
		out += `"` + key + `": ` + g.fileField(depth+1)
	}
	return out + "}}"
}

// hostile reads a random file and uses what comes of it; it tells whether there was a spec.
func (g generator) hostile(t *testing.T) bool {
	s, _, err := moovspec.ParseJSON(strings.NewReader(g.file()))
	if err != nil {
		require.NotContains(t, err.Error(), "builder panics")
		return false
	}
	for range 4 {
		exercise(t, s, g.octets(g.IntN(60), 256))
		exercise(t, s, []byte(g.digits(g.IntN(80))))
	}
	goBack(t, s)
	return true
}

func TestHostileSpecs(t *testing.T) {
	specs := 0
	for i := range *messages / 8 {
		g := generator{rand.New(rand.NewPCG(*seed, 3<<32+uint64(i)))}
		if g.hostile(t) {
			specs++
		}
	}
	t.Logf("%d of %d files are specs", specs, *messages/8)
	require.Greater(t, specs, *messages/20)
}

func FuzzHostileSpecs(f *testing.F) {
	for i := range uint64(8) {
		f.Add(i, i)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) { generator{rand.New(rand.NewPCG(a, b))}.hostile(t) })
}
