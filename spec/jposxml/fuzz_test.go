package jposxml

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
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
	f.Add([]byte(`<isopackager thirdBitmapField="65" headerLength="2">`+field(0, 4, "IFE_NUMERIC")+field(1, 16, "IFE_BITMAP")+field(65, 8, "IFE_BINARY")+field(130, 2, "IFEB_LLNUM")+`</isopackager>`), wire)
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
