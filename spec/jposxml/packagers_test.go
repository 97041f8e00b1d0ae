package jposxml

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
)

// Composites of every packager: the values of field 48 as JSON and the bytes behind its length.
func TestPackagers(t *testing.T) {
	for _, c := range []struct {
		name       string
		attributes string
		subfields  string
		json, wire string
	}{
		{"one after the other from 0", `packager="org.jpos.iso.packager.GenericSubFieldPackager" emitBitmap="false" firstField="0"`,
			field(0, 1, "IF_CHAR") + field(1, 4, "IFB_NUMERIC") + field(2, 9, "IFA_LLCHAR"),
			`{"0":"A","1":"1234","2":"xyz"}`, "41" + "1234" + "3033" + "78797A"},
		{"one after the other, the last ones absent", `packager="org.jpos.iso.packager.GenericSubFieldPackager" emitBitmap="false" firstField="0"`,
			field(0, 1, "IF_CHAR") + field(1, 4, "IFB_NUMERIC") + field(2, 9, "IFA_LLCHAR"),
			`{"0":"A"}`, "41"},
		{"one after the other with gaps in the numbers", `packager="org.jpos.iso.packager.GenericPackager" emitBitmap="false"`,
			field(2, 2, "IF_CHAR") + field(7, 3, "IFA_NUMERIC"), `{"2":"AB","7":"007"}`, "4142" + "303037"},
		{"behind a bitmap in 0", `packager="org.jpos.iso.packager.GenericSubFieldPackager" bitmapField="0"`,
			field(0, 16, "IFB_BITMAP") + field(2, 9, "IFB_LLCHAR") + field(70, 2, "IF_CHAR"),
			`{"2":"A","70":"ZZ"}`, "C000000000000000" + "0400000000000000" + "0141" + "5A5A"},
		{"behind a bitmap in 0 that need not be long", `packager="org.jpos.iso.packager.GenericSubFieldPackager" bitmapField="0"`,
			field(0, 16, "IFB_BITMAP") + field(2, 9, "IFB_LLCHAR") + field(70, 2, "IF_CHAR"), `{"2":"A"}`, "4000000000000000" + "0141"},
		{"behind a bitmap whose first bit is a subfield", `packager="org.jpos.iso.packager.GenericSubFieldPackager" bitmapField="0"`,
			field(0, 8, "IFA_BITMAP") + field(1, 2, "IF_CHAR") + field(64, 2, "IF_CHAR"), `{"1":"AB","64":"CD"}`,
			hexText("8000000000000001") + "4142" + "4344"},
		{"behind a bitmap of two bytes", `packager="org.jpos.iso.packager.GenericSubFieldPackager" bitmapField="0"`,
			field(0, 2, "IFB_BITMAP") + field(1, 2, "IF_CHAR") + field(16, 2, "IF_CHAR"), `{"1":"AB","16":"CD"}`, "8001" + "4142" + "4344"},
		{"a message in a field", `packager="org.jpos.iso.packager.GenericPackager"`,
			field(0, 4, "IFA_NUMERIC") + field(1, 8, "IFE_BITMAP") + field(3, 6, "IFB_NUMERIC"),
			`{"0":"0800","3":"990000"}`, "30383030" + "F2F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0" + "990000"},
		{"a message with a header in a field", `packager="org.jpos.iso.packager.GenericPackager" headerLength="2"`,
			field(0, 4, "IFB_NUMERIC") + field(1, 8, "IFB_BITMAP") + field(3, 6, "IFB_NUMERIC"),
			`{"0":{"1":"6000","2":"0800"},"3":"990000"}`, "6000" + "0800" + "2000000000000000" + "990000"},
		{"Base I with a bitmap", `packager="org.jpos.iso.packager.Base1SubFieldPackager"`,
			field(0, 8, "packager.Base1_BITMAP126") + field(1, 3, "IFE_CHAR") + field(10, 2, "IFE_CHAR"),
			`{"1":"ABC","10":"YZ"}`, "8040000000000000" + "C1C2C3" + "E8E9"},
		{"Base I without a bitmap", `packager="org.jpos.iso.packager.Base1SubFieldPackager"`,
			field(0, 2, "IFE_CHAR") + field(1, 3, "IFE_CHAR"), `{"0":"YZ","1":"ABC"}`, "E8E9" + "C1C2C3"},
		{"a header and no bitmap", `packager="org.jpos.iso.packager.GenericPackager" headerLength="2" emitBitmap="false"`,
			field(1, 2, "IF_CHAR") + field(2, 2, "IF_CHAR"), `{"0":"6000","1":"AB","2":"CD"}`, "6000" + "4142" + "4344"},
		{"X9.2 bitmap", `packager="org.jpos.iso.packager.GenericPackager"`,
			field(1, 8, "X92_BITMAP") + field(2, 3, "IF_CHAR") + field(64, 1, "IF_CHAR"), `{"2":"ABC","64":"Z"}`, hexText("4000000000000001") + "414243" + "5A"},
		{"Mastercard, category code and tags", `packager="org.jpos.iso.packager.EuroSubFieldPackager"`,
			field(0, 1, "IFMC_TCC") + field(7, 99, "IFMC_LLCHAR") + field(42, 99, "IFMC_LLBINARY"),
			`{"0":"R","07":"AB","42":"0102"}`, "52" + "3037" + "3032" + "4142" + "3432" + "3032" + "0102"},
		{"Mastercard, no category code", `packager="org.jpos.iso.packager.EuroSubFieldPackager"`,
			field(0, 1, "IFMC_TCC") + field(7, 99, "IFMC_LLCHAR"), `{"07":"AB"}`, "3037" + "3032" + "4142"},
		{"Mastercard in EBCDIC", `packager="org.jpos.iso.packager.MasterCardEBCDICSubFieldPackager"`,
			field(0, 1, "IFEMC_TCC") + field(7, 99, "IFEPE_LLCHAR"), `{"0":" ","07":"AB"}`, "40" + "F0F7" + "F0F2" + "C1C2"},
		{"Europay, length before tag", `packager="org.jpos.iso.packager.EuroSubFieldPackager"`,
			field(1, 95, "IFEP_LLCHAR") + field(23, 95, "IFEP_LLCHAR"), `{"01":"AB","23":""}`, "3034" + "3031" + "4142" + "3032" + "3233"},
		{"tags without a packager of tags", `packager="org.jpos.iso.packager.GenericSubFieldPackager" emitBitmap="false"`,
			field(3, 99, "IFIPM_LLLCHAR") + field(158, 99, "IFIPM_LLLCHAR"), `{"0158":"AB","0003":""}`, "30313538" + "303032" + "4142" + "30303033" + "303030"},
		{"GICC with its own text before", `packager="org.jpos.iso.packager.GICCSubFieldPackager"`,
			field(0, 3, "IF_CHAR") + field(11, 99, "IFEP_LLLCHAR"), `{"0":" XY","11":"A"}`, "205859" + "F0F0F3" + "F1F1" + "41"},
		{"GICC without", `packager="org.jpos.iso.packager.GICCSubFieldPackager"`,
			field(0, 3, "IF_CHAR") + field(11, 99, "IFEP_LLLCHAR"), `{"11":"A"}`, "F0F0F3" + "F1F1" + "41"},
		{"sub-elements with numbers before them", `packager="org.jpos.iso.packager.CTCSubElementPackager"`,
			field(1, 3, "IF_CHAR") + field(2, 9, "IFA_LLCHAR"), `{"01":"ABC","02":"Z"}`, "3031" + "414243" + "3032" + "3031" + "5A"},
		{"CTC subfields", `packager="org.jpos.iso.packager.CTCSubFieldPackager"`,
			field(0, 2, "IF_CHAR") + field(1, 2, "IFA_NUMERIC"), `{"0":"AB","1":"07"}`, "4142" + "3037"},
		{"tokens", `packager="org.jpos.tlv.packager.TaggedSequencePackager" token="##"`,
			field(0, 1, "IF_CHAR") + token(1, "A1", "IFTA_LLCHAR") + token(2, "A2", "IFTA_LLBINARY") + token(3, "A3", "IFTA_LLLCHAR") + token(4, "A4", "IFTA_LLLBINARY") +
				token(5, "A5", "IFTA_LLNUM") + token(6, "A6", "IFTA_LLLNUM") + token(7, "A7", "IFTB_LLBINARY") + token(9, "##", "IFTA_LLCHAR"),
			`{"0":"!","A2":"FF","A1":["x","y"],"A3":"t","A4":"01","A5":"5","A6":"6","A7":"07","ZZ":"any"}`,
			"21" + "413230 31FF" + "41313031 78" + "41313031 79" + "4133303031 74" + "4134303031 01" + "41353031 35" + "4136303031 36" + "413701 07" + "5A5A3033 616E79"},
		{"tokens in bytes", `packager="org.jpos.tlv.packager.BinaryHexTaggedSequencePackager" token="####"`,
			token(1, "9f01", "IFTB_LLBINARY") + token(2, "####", "IFTB_LLBINARY"), `{"9F01":"AA","0102":"BB"}`, "9F0101AA" + "010201BB"},
		{"BER-TLV", `packager="org.jpos.tlv.packager.bertlv.BERTLVBinaryPackager"`, "", `{"9F26":"0102030405060708","95":"0000000000"}`,
			"9F26080102030405060708" + "95050000000000"},
		{"chip data", `packager="org.jpos.iso.packager.ICCDataPackager"`, "", `{"9A":"260101"}`, "9A03260101"},
		{"datasets", `packager="org.jpos.iso.packager.DatasetPackager"`, "", `{"01":{"84":"A000"},"71":"8001FF"}`, "010004" + "8402A000" + "710003" + "8001FF"},
		{"composites in composites", `packager="org.jpos.iso.packager.GenericSubFieldPackager" emitBitmap="false" firstField="0"`,
			field(0, 1, "IF_CHAR") + `<isofieldpackager id="1" length="99" name="inner" class="org.jpos.iso.IFA_LLCHAR" emitBitmap="false" firstField="0"
				packager="org.jpos.iso.packager.GenericSubFieldPackager">` + field(0, 2, "IFA_NUMERIC") + field(1, 2, "IFA_NUMERIC") + `</isofieldpackager>`,
			`{"0":"A","1":{"0":"12","1":"34"}}`, "41" + "3034" + "31323334"},
	} {
		t.Run(c.name, func(t *testing.T) {
			xml := `<isofieldpackager id="48" length="999" name="composite" class="org.jpos.iso.IFB_LLLHBINARY" ` + c.attributes + `>` + c.subfields + `</isofieldpackager>`
			packsTo(t, compiled(t, xml), c.json, strings.ReplaceAll(c.wire, " ", ""))
		})
	}
}

// packsTo checks that field 48 with these values has these bytes behind a length of two, and reads as it was.
func packsTo(t *testing.T, codec *message.Codec, json, wire string) {
	t.Helper()
	clear := message.TextForm{CardDataInClear: true}
	m := codec.New()
	require.NoError(t, clear.ReadJSON(m, []byte(`{"0":"0200","48":`+json+`}`)))
	packed, err := m.Pack()
	require.NoError(t, err)
	require.Equal(t, wire, hexUpper(packed[2+8+2:]))
	back := codec.New()
	require.NoError(t, back.Unpack(packed))
	text, err := clear.AppendJSON(nil, back)
	require.NoError(t, err)
	again := codec.New()
	require.NoError(t, clear.ReadJSON(again, text), "%s", text)
	repacked, err := again.Pack()
	require.NoError(t, err)
	require.Equal(t, packed, repacked, "%s", text)
}

// Outer classes hand their characters on: EBCDIC turns all inside, packed digits are text inside.
func TestOuterClasses(t *testing.T) {
	inner := `emitBitmap="false" firstField="0" packager="org.jpos.iso.packager.GenericSubFieldPackager">` +
		field(0, 2, "IFA_NUMERIC") + field(1, 3, "IFA_NUMERIC") + `</isofieldpackager>`
	for class, want := range map[string]string{
		"IFA_LLLCHAR":   "303035" + "3132333435",
		"IFA_LLLNUM":    "303035" + "3132333435",
		"IFE_LLLCHAR":   "F0F0F5" + "F1F2F3F4F5",
		"IFB_LLLNUM":    "0005" + "123450",
		"IFB_NUMERIC":   "123450",
		"IFA_LLABINARY": "3035" + hexText("3132333435"),
		"IFB_LLHEX":     "10" + "3132333435",
		"IF_CHAR":       "3132333435",
	} {
		t.Run(class, func(t *testing.T) {
			length := `length="5"`
			codec := compiled(t, `<isofieldpackager id="48" name="composite" class="org.jpos.iso.`+class+`" `+length+` `+inner)
			m := codec.New()
			require.NoError(t, message.TextForm{CardDataInClear: true}.ReadJSON(m, []byte(`{"0":"0200","48":{"0":"12","1":"345"}}`)))
			packed, err := m.Pack()
			require.NoError(t, err)
			require.Equal(t, want, hexUpper(packed[2+8:]))
			back := codec.New()
			require.NoError(t, back.Unpack(packed))
			require.Equal(t, "345", back.Get("48.1").Text())
		})
	}
}

// A text class in EBCDIC has all inside it in EBCDIC: bitmaps and binary data in hexadecimal, tags, lengths.
func TestInsideEBCDIC(t *testing.T) {
	for _, c := range []struct{ attributes, subfields, json, wire string }{
		{`packager="org.jpos.iso.packager.GenericSubFieldPackager" bitmapField="0"`, field(0, 8, "IFA_BITMAP") + field(2, 9, "IFA_LLCHAR") + field(3, 1, "IFA_BINARY") + field(4, 2, "IFA_AMOUNT"),
			`{"2":"AB","3":"0F","4":"C1"}`, "F7F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0" + "F0F2" + "C1C2" + "F0C6" + "C3F1"},
		{`packager="org.jpos.iso.packager.EuroSubFieldPackager"`, field(0, 1, "IFMC_TCC") + field(7, 9, "IFMC_LLCHAR"), `{"0":"R","07":"A"}`, "D9" + "F0F7" + "F0F1" + "C1"},
		{`packager="org.jpos.tlv.packager.TaggedSequencePackager" token="##"`, token(1, "##", "IFTA_LLCHAR"), `{"A1":"B"}`, "C1F1" + "F0F1" + "C2"},
	} {
		codec := compiled(t, `<isofieldpackager id="48" length="999" name="x" class="org.jpos.iso.IFB_LLLHECHAR" `+c.attributes+`>`+c.subfields+`</isofieldpackager>`)
		packsTo(t, codec, c.json, c.wire)
	}
	for _, subfields := range []string{field(0, 8, "IFB_BITMAP") + field(2, 9, "IFA_LLCHAR"), field(0, 8, "IFA_BITMAP") + field(2, 9, "IFB_LLCHAR"), field(0, 8, "IFA_BITMAP") + field(2, 9, "IFE_CHAR")} {
		s, warnings, err := Parse(strings.NewReader(around(`<isofieldpackager id="48" length="999" name="x" class="org.jpos.iso.IFE_LLLCHAR" bitmapField="0"
			packager="org.jpos.iso.packager.GenericSubFieldPackager">` + subfields + `</isofieldpackager>`)))
		require.NoError(t, err)
		require.Len(t, warnings, 1)
		require.Nil(t, s.Config().Fields[1].Layout)
	}
}

// A number that is a composite takes any characters, as it does in jPOS; missing subfields are filled in.
func TestNumbersAroundText(t *testing.T) {
	codec := compiled(t, `<isofieldpackager id="48" length="6" name="x" class="org.jpos.iso.IFA_NUMERIC" emitBitmap="false" firstField="0"
		packager="org.jpos.iso.packager.GenericSubFieldPackager">`+field(0, 2, "IF_CHAR")+field(1, 2, "IFA_NUMERIC")+field(2, 2, "IFB_BINARY")+`</isofieldpackager>`)
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPath("48.2", "80FF"))
	wire, err := m.Pack()
	require.NoError(t, err)
	require.Equal(t, "2020"+"3030"+"80FF", hexUpper(wire[2+8:]))
	require.NoError(t, codec.New().Unpack(wire))
}

// Chip data in hexadecimal text counts characters in its length.
func TestHexTLV(t *testing.T) {
	for _, c := range []struct{ class, packager, wire string }{
		{"IFA_LLLCHAR", "BERTLVAsciiHexPackager", "303130" + hexText("9A03260101")},
		{"IFE_LLLCHAR", "BERTLVEbcdicHexPackager", "F0F1F0" + "F9C1F0F3F2F6F0F1F0F1"},
		{"IFB_LLHBINARY", "BERTLVEbcdicHexPackager", "0A" + "F9C1F0F3F2F6F0F1F0F1"},
	} {
		codec := compiled(t, `<isofieldpackager id="48" length="200" name="chip" class="org.jpos.iso.`+c.class+`"
			packager="org.jpos.tlv.packager.bertlv.`+c.packager+`"/>`)
		m := codec.New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.SetPath("48.9A", "260101"))
		packed, err := m.Pack()
		require.NoError(t, err)
		require.Equal(t, c.wire, hexUpper(packed[2+8:]), c.class)
	}
}

// A mapper that nobody knows gives tags by number; other tags are kept.
func TestTagMapper(t *testing.T) {
	xml := around(`<isofieldpackager id="48" length="999" name="composite" class="org.jpos.iso.IFB_LLLHBINARY" tagMapper="com.example.Tags" tagSize="2" lenSize="2"
		packager="org.jpos.iso.packager.GenericTaggedFieldsPackager">` + field(1, 20, "IFA_TTLLCHAR") + `</isofieldpackager>`)
	s, warnings, err := Parse(strings.NewReader(xml))
	require.NoError(t, err)
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0].String(), "line 3: field 48: what tag mapper com.example.Tags does is not known")
	packsTo(t, message.MustCompile(s), `{"01":"A","ZZ":"B"}`, "3031"+"3031"+"41"+"5A5A"+"3031"+"42")

	s, warnings, err = Parse(strings.NewReader(xml), WithTags(func(mapper string, field, subfield int) (string, bool) {
		return "A" + string(rune('0'+subfield)), mapper == "com.example.Tags" && field == 48
	}))
	require.NoError(t, err)
	require.Empty(t, warnings)
	packsTo(t, message.MustCompile(s), `{"A1":"A"}`, "4131"+"3031"+"41")
}

func field(id, length int, class string) string {
	return `<isofield id="` + padded(id, 1) + `" length="` + padded(length, 1) + `" name="part" class="org.jpos.iso.` + class + `"/>`
}

func token(id int, token, class string) string {
	return `<isofield id="` + padded(id, 1) + `" length="99" name="part" token="` + token + `" class="org.jpos.tlv.packager.` + class + `"/>`
}

// hexText is hexadecimal text as bytes, itself in hexadecimal.
func hexText(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }

// With trim="true" a value may be shorter than its length where nothing follows.
func TestTrim(t *testing.T) {
	codec := compiled(t, `<isofield id="3" length="5" name="x" trim="true" class="org.jpos.iso.IF_CHAR"/>`+field(4, 2, "IF_CHAR"))
	for wire, values := range map[string][]string{
		"0200" + "2000000000000000" + "4142":                {"AB", ""},
		"0200" + "2000000000000000" + "4142434445":          {"ABCDE", ""},
		"0200" + "3000000000000000" + "4142434445" + "5859": {"ABCDE", "XY"},
	} {
		b, err := hex.DecodeString(wire)
		require.NoError(t, err)
		m := codec.New()
		require.NoError(t, m.Unpack(b))
		require.Equal(t, values, []string{m.Field(3).Text(), m.Field(4).Text()})
	}
	b, err := hex.DecodeString("0200" + "2000000000000000" + "414243444546")
	require.NoError(t, err)
	require.ErrorIs(t, codec.New().Unpack(b), message.ErrTrailing)
}

// Every packager that is listed is known, and tested above.
func TestPackagerNames(t *testing.T) {
	source, err := os.ReadFile("packagers_test.go")
	require.NoError(t, err)
	for _, name := range packagerNames {
		_, warnings, err := Parse(strings.NewReader(around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" token="##" packager="org.jpos.iso.packager.` + name + `">` +
			field(1, 2, "IF_CHAR") + `</isofieldpackager>`)))
		require.NoError(t, err)
		for _, w := range warnings {
			require.NotContains(t, w.Problem, "is not one of jPOS", name)
		}
		require.True(t, name == "GenericValidatingPackager" || strings.Contains(string(source), "."+name+`"`) || strings.Contains(string(source), `"`+name+`"`), name)
	}
}
