package jposxml

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// Faults stop a file, each with its line and field.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, xml, want string }{
		{"empty", "", "the file has no XML element"},
		{"blank", " \n ", "the file has no XML element"},
		{"other XML", "\n<html/>", `line 2: the root element is "html"`},
		{"JSON", `{"name":"x"}`, "the file has no XML element"},
		{"cut off", "<isopackager>\n<isofield", "line 2: XML: unexpected EOF"},
		{"not closed", "<isopackager>\n", "XML: unexpected EOF"},
		{"closed wrongly", "<isopackager>\n</isofield>", "line 2: XML: element <isopackager> closed by </isofield>"},
		{"two roots", "<isopackager/>\n<isopackager/>", "line 2: a second element"},
		{"attribute twice", "<isopackager>\n<isofield id='1' id='2'/></isopackager>", `line 2: attribute "id" is given twice`},
		{"entity", `<!DOCTYPE isopackager [<!ENTITY a "b">]>` + "\n<isopackager name='&a;'/>", "line 2: XML: invalid character entity &a;"},
		{"not UTF-8", "<isopackager name='\xE9'/>", "XML: invalid UTF-8"},
		{"no fields", "<isopackager/>", "field 0: there is no message type"},
		{"message type too long", `<isopackager><isofield id="0" length="5" name="" class="org.jpos.iso.IFA_NUMERIC"/></isopackager>`, "field 0: a message type has four digits, not the format n 5"},
		{"no number", around(`
			<isofield length="4" name="x" class="org.jpos.iso.IFA_NUMERIC"/>`), `line 4: attribute "id" is missing`},
		{"number of letters", around(`<isofield id="x" length="4" name="x" class="org.jpos.iso.IFA_NUMERIC"/>`), `id "x" is not a number`},
		{"no length", around(`<isofield id="3" name="x" class="org.jpos.iso.IFA_NUMERIC"/>`), `line 3: field 3: attribute "length" is missing`},
		{"negative length", around(`<isofield id="3" length="-4" name="x" class="org.jpos.iso.IFA_NUMERIC"/>`), `length "-4" is not a number`},
		{"length beyond all", around(`<isofield id="3" length="99999999" name="x" class="org.jpos.iso.IF_CHAR"/>`), "field 3: length 99999999 is above 1048576"},
		{"header beyond all", strings.Replace(around(""), "<isopackager", `<isopackager headerLength="131073"`, 1), "headerLength 131073 is above 131072"},
		{"header of letters", strings.Replace(around(""), "<isopackager", `<isopackager headerLength="x"`, 1), `headerLength "x" is not a number`},
		{"binary beyond all", around(`<isofield id="3" length="131073" name="x" class="org.jpos.iso.IFB_BINARY"/>`), "field 3: length 131073 is above 131072"},
		{"no class", around(`<isofield id="3" length="4" name="x"/>`), `attribute "class" is missing`},
		{"no packager", around(`<isofieldpackager id="3" length="4" name="x" class="org.jpos.iso.IF_CHAR"/>`), `field 3: attribute "packager" is missing`},
		{"amount without sign", around(`<isofield id="3" length="0" name="x" class="org.jpos.iso.IFA_AMOUNT"/>`), "no room for its sign"},
		{"terminator", around(`<isofield id="3" length="4" name="x" class="org.jpos.tlv.packager.IF_FSTBINARY" token="xyz"/>`), "line 3: field 3: the terminator of a raw value is hexadecimal"},
		{"third bitmap in a field that is not there", strings.Replace(around(""), "<isopackager", `<isopackager thirdBitmapField="65"`, 1), "field 65: the field of the third bitmap is not defined"},
		{"third bitmap too low", strings.Replace(around(field(3, 8, "IFB_BINARY")), "<isopackager", `<isopackager thirdBitmapField="3"`, 1), "the third bitmap cannot be in field 3"},
		{"token of another length", around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" token="##" packager="org.jpos.tlv.packager.TaggedSequencePackager">` +
			token(1, "A", "IFTA_LLCHAR") + `</isofieldpackager>`), `field 48.1: token "A" is not 2 characters long`},
		{"no token", around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" token="##" packager="org.jpos.tlv.packager.TaggedSequencePackager">` +
			strings.Replace(token(1, "", "IFTA_LLCHAR"), `token=""`, "", 1) + `</isofieldpackager>`), `field 48.1: attribute "token" is missing`},
		{"no terminator", around(field(3, 9, "IF_TCHAR")), "line 3: field 3: the token that ends a org.jpos.iso.IF_TCHAR is missing"},
		{"nested without end", "<isopackager>" + strings.Repeat("<isofieldpackager>", 100), "elements nest deeper than 16"},
		{"composites too deep", around(nested(9)), "composites nest deeper than 8"},
		{"too many elements", "<isopackager>" + strings.Repeat("<isofield/>", 20001), "more than 20000 elements"},
		{"declarations in declarations", "<!DOCTYPE isopackager [" + strings.Repeat("<!ATTLIST a b ", 100000) + strings.Repeat(">", 100000) + "]><html/>", "the root element is"},
		{"too large", "<!--" + strings.Repeat(" ", spec.MaxFile), "the file is larger than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _, err := Parse(strings.NewReader(c.xml))
			require.ErrorContains(t, err, c.want)
			require.Nil(t, s)
			var fault *Error
			require.ErrorAs(t, err, &fault)
		})
	}
}

// nested is composites so many deep.
func nested(depth int) string {
	return strings.Repeat(`<isofieldpackager id="48" length="999" name="x" class="org.jpos.iso.IFA_LLLCHAR" emitBitmap="false" packager="org.jpos.iso.packager.GenericSubFieldPackager">`, depth) +
		field(1, 2, "IF_CHAR") + strings.Repeat("</isofieldpackager>", depth)
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	_, _, err := Parse(strings.NewReader(around(`<isofield id="3" name="x" class="org.jpos.iso.IFA_NUMERIC"/>` + "\n" + `<isofield id="4" length="x" name="x" class="org.jpos.iso.IFA_NUMERIC"/>`)))
	require.ErrorContains(t, err, "line 3: field 3: ")
	require.ErrorContains(t, err, "line 4: field 4: ")
	joined, ok := errors.Unwrap(err).(interface{ Unwrap() []error })
	require.True(t, ok)
	require.Len(t, joined.Unwrap(), 2)
}

// What is not as it stands in the file is told with its line; the spec loads all the same.
func TestWarnings(t *testing.T) {
	for _, c := range []struct{ name, xml, want string }{
		{"longer than its class, as in visapack.xml", around(field(56, 255, "IFB_LLCHAR")), "line 3: field 56: length 255 is more than org.jpos.iso.IFB_LLCHAR can carry: 99 is used"},
		{"a length that counts itself", around(`<isofield id="56" length="255" name="x" inclusive="true" class="org.jpos.iso.IFB_LLHBINARY"/>`), "length 255 is more than org.jpos.iso.IFB_LLHBINARY can carry: 254 is used"},
		{"a class that jPOS does not have, as in vapvip.xml", around(field(56, 255, "IFA_LLHBINARY")), "line 3: field 56: jPOS has no class org.jpos.iso.IFA_LLHBINARY: IFB_LLHBINARY is used"},
		{"class of one's own with a jPOS name", around(strings.Replace(field(56, 25, "IFB_LLCHAR"), "org.jpos.iso", "com.example", 1)), "class com.example.IFB_LLCHAR is taken for the one of jPOS"},
		{"class of one's own", around(field(2, 2, "IF_CHAR") + strings.Replace(field(56, 25, "IFB_X"), "org.jpos.iso", "com.example", 1)), "class com.example.IFB_X is not one of jPOS: the field is left out"},
		{"twice", around(field(2, 3, "IF_CHAR") + field(2, 2, "IF_CHAR")), "field 2: is defined again: the later definition counts"},
		{"odd flag", around(`<isofield id="2" length="3" name="x" pad="yes" class="org.jpos.iso.IFB_NUMERIC"/>`), `pad "yes" is read as false`},
		{"params", around(`<isofield id="2" length="3" name="x" params="a" class="org.jpos.iso.IF_CHAR"/>`), "params are for a constructor in Java"},
		{"attribute", around(`<isofield id="2" lenght="3" length="3" name="x" class="org.jpos.iso.IF_CHAR"/>`), `attribute "lenght" is not known`},
		{"element", around(field(2, 3, "IF_CHAR") + `<isofeild/>`), `element "isofeild" is not known`},
		{"fields in a field", around(`<isofield id="2" length="3" name="x" class="org.jpos.iso.IF_CHAR">` + field(1, 1, "IF_CHAR") + `</isofield>`), `field 2: element "isofield" is not known here`},
		{"validator of a field", around(`<isofield id="2" length="3" name="x" class="org.jpos.iso.IF_CHAR"><isofieldvalidator class="x"><property name="y" value="z"/></isofieldvalidator></isofield>`), "field 2: validators are not carried over"},
		{"validator", around(field(2, 3, "IF_CHAR") + `<isofieldvalidator class="x"/>`), "validators are not carried over"},
		{"X9.2", `<isopackager>` + field(0, 4, "IFA_NUMERIC") + field(1, 3, "IF_CHAR") + field(2, 3, "IF_CHAR") + `</isopackager>`, "field 1 is no bitmap: the file is read as ANSI X9.2"},
		{"bitmap too short for its fields", `<isopackager>` + field(0, 4, "IFA_NUMERIC") + field(1, 8, "IFA_BITMAP") + field(70, 3, "IF_CHAR") + `</isopackager>`, "field 1: field 70 needs a bitmap of 16 bytes"},
		{"bitmap of an odd size", `<isopackager>` + field(0, 4, "IFA_NUMERIC") + field(1, 10, "IFA_BITMAP") + field(70, 3, "IF_CHAR") + `</isopackager>`, "a bitmap of 10 bytes is read as 16"},
		{"field 65 behind three bitmaps", `<isopackager>` + field(0, 4, "IFA_NUMERIC") + field(1, 24, "IFA_BITMAP") + field(2, 3, "IF_CHAR") + field(65, 8, "IFA_BINARY") + `</isopackager>`, "bit 65 announces the third bitmap"},
		{"field beyond the bitmaps", around(field(2, 3, "IF_CHAR") + field(193, 3, "IF_CHAR")), "field 193: no bitmap reaches the field"},
		{"another bitmap", around(field(2, 3, "IF_CHAR") + field(65, 8, "IFB_BITMAP")), "field 65: a bitmap that is not the message's"},
		{"below the first field", strings.Replace(around(field(2, 3, "IF_CHAR")+field(3, 3, "IF_CHAR")), "<isopackager", `<isopackager firstField="3"`, 1), "field 2: is below the first field, 3"},
		{"text for a message type", `<isopackager>` + field(0, 4, "IF_CHAR") + field(1, 8, "IFA_BITMAP") + field(2, 3, "IF_CHAR") + `</isopackager>`, "a message type is four digits"},
		{"packager of one's own", around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" packager="com.example.P"/>`), "packager com.example.P is not one of jPOS: the field is read as one value"},
		{"packager of one's own with a jPOS name", around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFB_LLBINARY" packager="com.example.ICCDataPackager"/>`), "packager com.example.ICCDataPackager is taken for the one of jPOS named ICCDataPackager"},
		{"composite that jPOS cannot pack, as in base1.xml", around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.GenericSubFieldPackager">` +
			field(0, 1, "IF_CHAR") + field(1, 1, "IF_CHAR") + `</isofieldpackager>`), "there is no bitmap: the subfields stand one after the other"},
		{"subfield that cannot be read", around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" emitBitmap="false" packager="org.jpos.iso.packager.GenericSubFieldPackager">` +
			field(1, 1, "IF_CHAR") + field(2, 1, "IF_UNUSED") + `</isofieldpackager>`), "field 48.2: cannot be read, nor what follows it: field 48 is read as one value"},
		{"packed digits around bytes", around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFB_LLNUM" emitBitmap="false" packager="org.jpos.iso.packager.GenericSubFieldPackager">` +
			field(1, 1, "IFB_BINARY") + `</isofieldpackager>`), "the subfields are not characters of its class"},
		{"EBCDIC around packed digits", around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFE_LLCHAR" emitBitmap="false" packager="org.jpos.iso.packager.GenericSubFieldPackager">` +
			field(1, 2, "IFB_NUMERIC") + `</isofieldpackager>`), "the subfields are not characters of its class"},
		{"elements in chip data", around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFB_LLBINARY" packager="org.jpos.iso.packager.ICCDataPackager">` +
			field(1, 2, "IFB_NUMERIC") + `</isofieldpackager>`), "field 48: its data objects have the tags of BER-TLV or datasets: the 1 elements inside are not looked at"},
		{"a tag in a message", around(field(2, 3, "IF_CHAR") + field(3, 3, "IFMC_LLCHAR")), "line 3: field 3: org.jpos.iso.IFMC_LLCHAR writes a tag, which no data element has: the field is left out"},
		{"a tag among subfields", around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" emitBitmap="false" packager="org.jpos.iso.packager.GenericSubFieldPackager">` +
			field(1, 1, "IF_CHAR") + field(2, 3, "IFMC_LLCHAR") + `</isofieldpackager>`), "field 48.2: cannot be read, nor what follows it: field 48 is read as one value"},
		{"a tag behind a bitmap", around(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" bitmapField="0" packager="org.jpos.iso.packager.GenericSubFieldPackager">` +
			field(0, 8, "IFB_BITMAP") + field(2, 3, "IFMC_LLCHAR") + field(3, 3, "IF_CHAR") + `</isofieldpackager>`), "field 48.2: org.jpos.iso.IFMC_LLCHAR writes a tag, which a bitmap leaves no room for: the subfield is left out"},
		{"character set", `<?xml version="1.0" encoding="GB2312"?>` + around(field(2, 3, "IF_CHAR")), "character set GB2312 are read as ISO-8859-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, warnings, err := Parse(strings.NewReader(c.xml))
			require.NoError(t, err)
			require.Len(t, warnings, strings.Count(c.want, "\n")+1)
			require.Contains(t, warnings[0].String(), c.want)
			_, err = message.Compile(s)
			require.NoError(t, err)
		})
	}
}

// Files come with document types, character sets and stray blanks; none of it changes the spec.
func TestFormsOfFiles(t *testing.T) {
	body := around(`<isofield id="2" length="5" name="Größe   and
		more" class="org.jpos.iso.IF_CHAR "/>`)
	plain, warnings, err := Parse(strings.NewReader(body))
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, "Größe and more", plain.Config().Fields[1].Name)
	latin1 := []byte{}
	for _, r := range body {
		latin1 = append(latin1, byte(r))
	}
	wide := []byte("\xFF\xFE")
	for _, u := range utf16.Encode([]rune(`<?xml version="1.0" encoding="UTF-16"?>` + body)) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
	}
	for name, text := range map[string]string{
		"public document type": `<!DOCTYPE isopackager PUBLIC "-//jPOS/jPOS Generic Packager DTD 1.0//EN" "http://jpos.org/dtd/generic-packager-1.0.dtd">` + body,
		"system document type": `<!DOCTYPE isopackager SYSTEM "file:///etc/passwd">` + body,
		"document type inside": `<!DOCTYPE isopackager [
			<!-- it's inside -->
			<!ELEMENT isopackager (isofield+,isofieldpackager*)*>
			<!ATTLIST isofield id CDATA #REQUIRED>
			<!ENTITY % more SYSTEM "http://example.com/more.dtd"> %more;
		]>` + body,
		"byte order mark": "\xEF\xBB\xBF" + body,
		"ISO-8859-1":      `<?xml version="1.0" encoding="ISO-8859-1"?>` + string(latin1),
		"UTF-16":          string(wide),
		"namespace":       strings.Replace(body, "<isopackager", `<isopackager xmlns="http://jpos.org/schema"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			s, warnings, err := Parse(strings.NewReader(text))
			require.NoError(t, err)
			require.Empty(t, warnings)
			require.Equal(t, plain.Config(), s.Config())
		})
	}
}

// Attributes that a document type in the file gives to all elements count, as they do for jPOS.
func TestAttributeDefaults(t *testing.T) {
	body := around(`<isofield id="3" length="3" name="x" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="4" length="3" name="x" pad="false" class="org.jpos.iso.IFB_NUMERIC"/>`)
	for doctype, want := range map[string]string{
		`<!DOCTYPE isopackager [<!ATTLIST isofield pad (true|false) "true">]>`:                                                "0123" + "1230",
		`<!DOCTYPE isopackager [<!ATTLIST isofield id CDATA #REQUIRED  pad ( true | false ) 'true' name CDATA #IMPLIED>]>`:    "0123" + "1230",
		`<!DOCTYPE isopackager [<!ATTLIST isofield pad CDATA #FIXED "true"><!ATTLIST isofield pad CDATA "false">]>`:           "0123" + "1230",
		`<!DOCTYPE isopackager [<!-- <!ATTLIST isofield pad CDATA "true"> --><!ATTLIST isofield pad (true|false) #IMPLIED>]>`: "1230" + "1230",
		`<!DOCTYPE isopackager [<!ATTLIST isofieldpackager pad (true|false) "true">]>`:                                        "1230" + "1230",
		`<!DOCTYPE isopackager SYSTEM "a.dtd">`:                                                                               "1230" + "1230",
		`<!DOCTYPE isopackager [<!ATTLIST isofield pad (true|false "true">]>`:                                                 "1230" + "1230",
		`<!DOCTYPE isopackager [<!ATTLIST isofield pad><!ATTLIST><!ATTLIST isofield pad CDATA "&t;">]>`:                       "1230" + "1230",
	} {
		s, warnings, err := Parse(strings.NewReader(doctype + body))
		require.NoError(t, err, doctype)
		require.Empty(t, warnings)
		m := message.MustCompile(s).New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.Set(3, "123"))
		require.NoError(t, m.Set(4, "123"))
		wire, err := m.Pack()
		require.NoError(t, err)
		require.Equal(t, want, hexUpper(wire[2+8:]), doctype)
	}
}

// The attributes of a packager as a whole.
func TestPackagerAttributes(t *testing.T) {
	for _, c := range []struct{ name, xml, json, wire string }{
		{"header", `<isopackager headerLength="3">` + field(0, 4, "IFB_NUMERIC") + field(1, 8, "IFB_BITMAP") + field(3, 2, "IFB_NUMERIC") + `</isopackager>`,
			`{"header":"600001","0":"0800","3":"12"}`, "600001" + "0800" + "2000000000000000" + "12"},
		{"bitmap in another field", `<isopackager bitmapField="2">` + field(0, 4, "IFB_NUMERIC") + field(2, 8, "IFB_BITMAP") + field(3, 2, "IFB_NUMERIC") + `</isopackager>`,
			`{"0":"0800","3":"12"}`, "0800" + "2000000000000000" + "12"},
		{"no bitmap", `<isopackager emitBitmap="false">` + field(0, 4, "IFB_NUMERIC") + field(1, 16, "IFB_BITMAP") + field(3, 2, "IFB_NUMERIC") + field(150, 2, "IF_CHAR") + `</isopackager>`,
			`{"0":"0800","3":"12","150":"AB"}`, "0800" + "12" + "4142"},
		{"no bitmap, a first field of one, nothing at the end", `<isopackager emitBitmap="false">` + field(0, 4, "IFB_NUMERIC") + field(1, 2, "IFB_NUMERIC") + field(3, 2, "IFB_NUMERIC") + `</isopackager>`,
			`{"0":"0800","1":"12"}`, "0800" + "12"},
		{"three bitmaps", `<isopackager>` + field(0, 4, "IFB_NUMERIC") + field(1, 24, "IFB_BITMAP") + field(130, 2, "IFB_NUMERIC") + `</isopackager>`,
			`{"0":"0800","130":"12"}`, "0800" + "8000000000000000" + "8000000000000000" + "4000000000000000" + "12"},
		{"third bitmap in a field", `<isopackager thirdBitmapField="65">` + field(0, 4, "IFB_NUMERIC") + field(1, 16, "IFB_BITMAP") + field(2, 1, "IF_CHAR") +
			field(65, 8, "IFB_BINARY") + field(66, 1, "IF_CHAR") + field(130, 2, "IFB_NUMERIC") + `</isopackager>`,
			`{"0":"0800","2":"A","66":"B","130":"12"}`, "0800" + "C000000000000000" + "C000000000000000" + "41" + "4000000000000000" + "42" + "12"},
		{"EBCDIC bitmap and type", `<isopackager>` + field(0, 4, "IFE_NUMERIC") + field(1, 16, "IFE_BITMAP") + field(3, 2, "IFE_NUMERIC") + `</isopackager>`,
			`{"0":"0800","3":"12"}`, "F0F8F0F0" + "F2F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0" + "F1F2"},
		{"a field of no bytes", `<isopackager>` + field(0, 4, "IFB_NUMERIC") + field(1, 8, "IFB_BITMAP") + field(3, 2, "IF_NOP") + field(4, 2, "IFB_NUMERIC") + `</isopackager>`,
			`{"0":"0800","3":"","4":"12"}`, "0800" + "3000000000000000" + "12"},
		{"no data element", `<isopackager>` + field(0, 4, "IFB_NUMERIC") + field(1, 8, "IFB_BITMAP") + field(3, 2, "IFB_NUMERIC") + `</isopackager>`,
			`{"0":"0800"}`, "0800" + "0000000000000000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, warnings, err := Parse(strings.NewReader(c.xml))
			require.NoError(t, err)
			require.Empty(t, warnings)
			codec, err := message.Compile(s)
			require.NoError(t, err)
			m := codec.New()
			clear := message.TextForm{CardDataInClear: true}
			require.NoError(t, clear.ReadJSON(m, []byte(c.json)))
			wire, err := m.Pack()
			require.NoError(t, err)
			require.Equal(t, c.wire, hexUpper(wire))
			back := codec.New()
			require.NoError(t, back.Unpack(wire))
			text, err := clear.AppendJSON(nil, back)
			require.NoError(t, err)
			require.JSONEq(t, c.json, string(text))
		})
	}
}

// What jPOS does wrong with whole messages, and what happens here instead.
func TestMessageDefectsNotCopied(t *testing.T) {
	for _, c := range []struct{ name, wire, why string }{
		{"bytes behind the last field", "0800" + "2000000000000000" + "12" + "FF", "jPOS leaves them unread: a message cut wrongly would pass"},
		{"a length of no digits", "0800" + "0800000000000000" + "0F" + "414141414141414141414141414141", "jPOS reads 0F as 15: a message gone astray would be read on"},
		{"letters in packed digits", "0800" + "2000000000000000" + "1A", "jPOS reads what it would pack in another way"},
		{"a bitmap that is cut off", "0800" + "2000", "jPOS packs an empty bitmap when there is no field"},
		{"a field cut off", "0800" + "0800000000000000" + "05" + "41", "jPOS says ArrayIndexOutOfBounds, without the field's extent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wire, err := hex.DecodeString(c.wire)
			require.NoError(t, err)
			var fault *message.Error
			require.ErrorAs(t, compiled(t, field(3, 2, "IFB_NUMERIC")+field(5, 20, "IFB_LLCHAR")).New().Unpack(wire), &fault, c.why)
		})
	}
	m := compiled(t, field(3, 6, "IFB_NUMERIC")).New()
	require.ErrorIs(t, m.Set(3, "A1B2C3"), message.ErrDigit, "jPOS packs 112233")
	m = compiled(t, field(3, 6, "IF_CHAR")).New()
	require.Error(t, message.TextForm{CardDataInClear: true}.ReadJSON(m, []byte(`{"0":"0200","3":"€"}`)), "jPOS packs a question mark")
}

// Hooks know classes and packagers that are not of jPOS.
func TestHooks(t *testing.T) {
	xml := around(`<isofield id="5" length="7" name="mine" tone="high" class="com.example.Mine"/>
		<isofieldpackager id="48" length="20" name="parts" class="org.jpos.iso.IFA_LLCHAR" packager="com.example.Parts"/>
		<isofield id="49" length="20" name="unknown" class="com.example.Unknown"/>
		<isofield id="50" length="20" name="alike" class="com.example.IF_CHAR"/>`)
	var seen []Element
	s, warnings, err := Parse(strings.NewReader(xml), WithName("ours"),
		WithClasses(func(e Element) (spec.Field, bool) {
			seen = append(seen, e)
			return spec.Field{Format: "n 7", Encoding: spec.BCD}, e.Class == "com.example.Mine"
		}),
		WithPackagers(func(e Element) (*spec.Layout, bool) {
			return &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "ans 2"}, {Number: 2, Format: "ans 9", ToEnd: true}}}, e.Packager == "com.example.Parts"
		}))
	require.NoError(t, err)
	require.Len(t, warnings, 2)
	require.Equal(t, "49", warnings[0].Path)
	require.Contains(t, warnings[1].Problem, "is taken for the one of jPOS")
	require.Equal(t, "ours", s.Name())
	require.Len(t, seen, 3, "classes of jPOS are not asked for")
	require.Equal(t, Element{Line: 3, Path: "5", ID: 5, Class: "com.example.Mine", Length: 7,
		Attributes: map[string]string{"id": "5", "length": "7", "name": "mine", "tone": "high", "class": "com.example.Mine"}}, seen[0])
	m := message.MustCompile(s).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(5, "1234567"))
	require.NoError(t, m.Set(48, "ABrest"))
	require.Equal(t, "rest", m.Get("48.2").Text())
	require.Error(t, m.Set(49, "x"))
}

// Card data is masked by number, and by name where a dialect puts it elsewhere.
func TestMasks(t *testing.T) {
	names := func(id int, name, class string) string {
		return strings.Replace(field(id, 20, class), `name="part"`, `name="`+name+`"`, 1)
	}
	s, _, err := Parse(strings.NewReader(around(names(2, "PAN", "IFA_LLNUM") + names(3, "CODE", "IFA_LLNUM") + names(14, "DATE, EXPIRATION", "IFA_LLNUM") + names(35, "TRACK 2 DATA", "IFA_LLNUM") +
		names(52, "PIN DATA", "IFB_LLBINARY") + names(26, "POINT OF SERVICE PIN CAPTURE CODE", "IFA_LLNUM") + names(60, "second card number", "IFA_LLCHAR") +
		names(61, "Track 1", "IFB_LLBINARY") + names(62, "CVV2", "IFA_LLCHAR"))))
	require.NoError(t, err)
	got := map[int]spec.Mask{}
	for _, f := range s.Config().Fields {
		got[f.Number] = f.Mask
	}
	require.Equal(t, map[int]spec.Mask{0: 0, 2: spec.MaskPAN, 3: 0, 14: spec.MaskHidden, 35: spec.MaskTrack, 52: spec.MaskHidden, 26: 0,
		60: spec.MaskPAN, 61: spec.MaskHidden, 62: spec.MaskHidden}, got)
}

// Responses can be made of an imported spec too.
func TestDerivations(t *testing.T) {
	m := compiled(t, field(11, 6, "IFB_NUMERIC")+field(39, 2, "IF_CHAR")).New()
	require.NoError(t, m.SetMTI("0800"))
	require.NoError(t, m.Set(11, "123456"))
	answer, err := message.Response(m)
	require.NoError(t, err)
	require.Equal(t, "0810", answer.MTI())
	require.Equal(t, "123456", answer.Field(11).Text())
}
