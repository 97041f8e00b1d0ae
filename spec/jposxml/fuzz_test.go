package jposxml

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// Nothing panics, whatever the file: a spec that loads compiles, reads any bytes or refuses them, and packs what it has
// read to the same bytes, directly and by way of JSON.
func FuzzParse(f *testing.F) {
	wire, _ := hex.DecodeString("08002000000000000000990000")
	f.Add([]byte(around(field(3, 6, "IFB_NUMERIC"))), wire)
	f.Add([]byte(around(nested(3))), []byte("\x08\x00\x00\x00\x00\x00\x00\x01\x00\x00007005002AB"))
	f.Add([]byte(around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.EuroSubFieldPackager">`+
		field(0, 1, "IFMC_TCC")+field(1, 9, "IFEP_LLCHAR")+`</isofieldpackager>`)), wire)
	f.Add([]byte(around(`<isofieldpackager id="48" length="99" name="x" token="##" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.tlv.packager.TaggedSequencePackager">`+
		field(0, 1, "IF_CHAR")+token(1, "A1", "IFTA_LLCHAR")+token(2, "##", "IFTB_LLBINARY")+`</isofieldpackager>`)), wire)
	f.Add([]byte(around(`<isofieldpackager id="48" length="99" name="x" tagSize="2" lenSize="3" swapTagAndLen="true" class="org.jpos.iso.IFE_LLCHAR" packager="org.jpos.iso.packager.GenericTaggedFieldsPackager">`+
		field(1, 9, "IFA_TTLLLCHAR")+`</isofieldpackager>`)), wire)
	f.Add([]byte(around(`<isofieldpackager id="48" length="99" name="x" headerLength="2" class="org.jpos.iso.IFB_LLHBINARY" packager="org.jpos.iso.packager.GenericPackager">`+
		field(0, 4, "IFA_NUMERIC")+field(1, 16, "IFA_BITMAP")+field(70, 3, "IFA_NUMERIC")+`</isofieldpackager>`)), wire)
	f.Add([]byte(around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLLCHAR" packager="org.jpos.tlv.packager.bertlv.BERTLVAsciiHexPackager"/>`)), wire)
	f.Add([]byte(`<isopackager emitBitmap="false">`+field(0, 4, "IFB_NUMERIC")+field(2, 3, "IFB_NUMERIC")+field(9, 9, "IFA_LLCHAR")+`</isopackager>`), wire)
	f.Add([]byte(`<isopackager thirdBitmapField="65" headerLength="2">`+field(0, 4, "IFE_NUMERIC")+field(1, 16, "IFE_BITMAP")+field(65, 8, "IFE_BINARY")+field(130, 2, "IFEB_LLNUM")+`</isopackager>`), wire)
	f.Add([]byte(`<!DOCTYPE isopackager [<!ATTLIST isofield pad (true|false) "true" class CDATA #FIXED 'org.jpos.iso.IFB_NUMERIC'>]>`+around(`<isofield id="3" length="3" name="x"/>`)), wire)
	for name, c := range classes {
		if c.tag.Digits == 0 && !c.byToken {
			prefix := "org.jpos.iso."
			if name[0] == 't' {
				prefix = "org.jpos."
			}
			f.Add([]byte(around(`<isofield id="3" length="6" name="x" pad="true" token="|" class="`+prefix+name+`"/>`)), wire)
		}
	}
	f.Fuzz(func(t *testing.T, file, wire []byte) {
		s, warnings, err := Parse(bytes.NewReader(file))
		for _, w := range warnings {
			require.NotEmpty(t, w.Problem)
		}
		if err != nil {
			require.Nil(t, s)
			return
		}
		codec, err := message.Compile(s)
		require.NoError(t, err)
		m := codec.New()
		for _, field := range s.Config().Fields {
			if format, err := spec.ParseFormat(field.Format); err != nil || format.Max > 4096 {
				continue // padding such a field to its length takes the time of many others
			}
			_ = m.Set(field.Number, "1")
			_ = m.Field(field.Number).String()
		}
		_, _ = m.Pack()
		if m.Unpack(wire) != nil {
			return
		}
		same(t, m, wire)
	})
}

// same checks that an unpacked message packs to the bytes it came from.
func same(t *testing.T, m *message.Message, wire []byte) {
	packed, err := m.Pack()
	require.NoError(t, err)
	require.Equal(t, wire, packed)
	clear := message.TextForm{CardDataInClear: true}
	text, err := clear.AppendJSON(nil, m)
	require.NoError(t, err)
	back := m.Codec().New()
	require.NoError(t, clear.ReadJSON(back, text), "%s", text)
	packed, err = back.Pack()
	require.NoError(t, err)
	require.Equal(t, wire, packed, "%s", text)
	_ = m.String()
}

// Files of all classes and packagers in any combination, made of the bytes of shape; the fields that bits announces are
// read from wire.
func FuzzCombinations(f *testing.F) {
	for i := range byte(120) {
		f.Add([]byte{2, i, 8, i, 9, i, 10, 3, 1, i, 5, 0}, []byte{0xF0, 0, 0, 0, 0, 0, 0, 0}, []byte("0012345678901234567890"))
	}
	f.Fuzz(func(t *testing.T, shape, bits, wire []byte) {
		g := generator{shape: shape}
		s, _, err := Parse(strings.NewReader(g.file()))
		if err != nil {
			return
		}
		codec, err := message.Compile(s)
		require.NoError(t, err)
		m := codec.New()
		require.NoError(t, m.SetMTI("0200"))
		front, err := m.Pack()
		require.NoError(t, err)
		copy(front[2:], bits)
		wire = append(front, wire...)
		if m.Unpack(wire) == nil {
			same(t, m, wire)
		}
	})
}

// generator writes a packager file, taking its decisions from bytes.
type generator struct {
	shape []byte
	out   strings.Builder
	depth int
}

// next is a decision below limit; 0 when there are no more.
func (g *generator) next(limit int) int {
	if len(g.shape) == 0 {
		return 0
	}
	b := int(g.shape[0])
	g.shape = g.shape[1:]
	return b % limit
}

func (g *generator) file() string {
	g.out.WriteString(around("")[:strings.LastIndex(around(""), "</isopackager>")])
	for id := 2; id < 65 && len(g.shape) > 0; id++ {
		g.field(id)
	}
	g.out.WriteString("</isopackager>")
	return g.out.String()
}

var classNames = slices.Sorted(maps.Keys(classes))

func (g *generator) field(id int) {
	name := classNames[g.next(len(classNames))]
	if strings.HasPrefix(name, "tlv.") {
		name = "org.jpos." + name
	} else {
		name = "org.jpos.iso." + name
	}
	attributes := fmt.Sprintf(`id="%d" length="%d" name="x" class="%s" pad="%v" trim="%v" token="%s"`, id, g.next(40), name,
		g.next(2) == 1, g.next(8) == 7, []string{"##", "A1", "7C", ""}[g.next(4)])
	if g.next(3) < 2 || g.depth > 2 {
		g.out.WriteString("<isofield " + attributes + "/>\n")
		return
	}
	g.out.WriteString(fmt.Sprintf(`<isofieldpackager %s packager="%s" emitBitmap="%v" bitmapField="%d" firstField="%d" headerLength="%d" tagSize="2" lenSize="%d" swapTagAndLen="%v">`+"\n",
		attributes, "org.jpos.iso.packager."+packagerNames[g.next(len(packagerNames))], g.next(2) == 0, g.next(3), g.next(3), g.next(3), g.next(3), g.next(2) == 1))
	g.depth++
	for sub := range g.next(5) {
		g.field(sub)
	}
	g.depth--
	g.out.WriteString("</isofieldpackager>\n")
}
