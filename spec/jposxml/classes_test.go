package jposxml

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
)

// ownVectors are for the classes that testdata/class-vectors.jsonl has none of, made by hand from what the classes are
// documented to do. Those that write a tag stand in a composite as subfield 44, behind subfield 0 where there is one.
var ownVectors = []struct {
	class, attributes string
	value, wire       string
}{
	{"IF_TCHAR", `length="10" token="|"`, "AB", "41427C"},
	{"IF_TCHAR", `length="10" token="|"`, "", "7C"},
	{"IF_CHAR", `length="5" trim="true"`, "AB", "4142"},
	{"IF_CHAR", `length="5" trim="false"`, "AB   ", "4142202020"},
	{"IF_NOP", `length="8"`, "", ""},
	{"tlv.packager.IF_FBINARY", `length="5"`, "0102030405060708", "0102030405060708"},
	{"tlv.packager.IF_FCHAR", `length="5"`, "longer than five", "6C6F6E676572207468616E2066697665"},
	{"tlv.packager.IF_FSTBINARY", `length="5"`, "0102", "0102FF"},
	{"tlv.packager.IF_FSTBINARY", `length="5" token="00"`, "0102", "010200"},
	{"tlv.packager.IF_FSTCHAR", `length="5"`, "AB", "41425C"},
	{"tlv.packager.IF_FSTCHAR", `length="5" token=";"`, "AB", "41423B"},
	{"IFB_LLHBINARY", `length="9" inclusive="true"`, "0102", "030102"},
	{"IFB_LLLHBINARY", `length="9" inclusive="true"`, "0102", "00040102"},
	{"IFA_TTLCHAR", `length="9"`, "AB", "3434" + "32" + "4142"},
	{"IFA_TTLLCHAR", `length="9"`, "AB", "3434" + "3032" + "4142"},
	{"IFA_TTLLLCHAR", `length="9"`, "AB", "3434" + "303032" + "4142"},
	{"IFA_TTLLLLCHAR", `length="9"`, "AB", "3434" + "30303032" + "4142"},
	{"IFA_TTTLLLCHAR", `length="9"`, "AB", "303434" + "303032" + "4142"},
	{"IFA_TTLBINARY", `length="9"`, "A1B2", "3434" + "32" + "A1B2"},
	{"IFA_TTLLBINARY", `length="9"`, "A1B2", "3434" + "3032" + "A1B2"},
	{"IFA_TTLLLBINARY", `length="9"`, "A1B2", "3434" + "303032" + "A1B2"},
	{"IFA_TTLLLLBINARY", `length="9"`, "A1B2", "3434" + "30303032" + "A1B2"},
}

// elsewhere are the classes that other tests show: bitmaps, subfield 0 of composites, and tokens.
var elsewhere = []string{"IFA_BITMAP", "IFB_BITMAP", "IFE_BITMAP", "X92_BITMAP", "packager.Base1_BITMAP126", "IF_UNUSED", "IFMC_TCC", "IFEMC_TCC",
	"tlv.packager.IFTA_LLBINARY", "tlv.packager.IFTA_LLLBINARY", "tlv.packager.IFTA_LLCHAR", "tlv.packager.IFTA_LLLCHAR",
	"tlv.packager.IFTA_LLNUM", "tlv.packager.IFTA_LLLNUM", "tlv.packager.IFTB_LLBINARY"}

func TestOwnClassVectors(t *testing.T) {
	for _, v := range ownVectors {
		t.Run(v.class+" "+v.attributes, func(t *testing.T) {
			name := "org.jpos.iso." + v.class
			if strings.HasPrefix(v.class, "tlv.") {
				name = "org.jpos." + v.class
			}
			path := "44"
			field := `<isofield id="44" name="value" class="` + name + `" ` + v.attributes + `/>`
			if tag := classes[v.class].tag; tag.Digits > 0 {
				path += "." + padded(44, tag.Digits)
				field = `<isofieldpackager id="44" length="99" name="entries" class="org.jpos.tlv.packager.IF_FBINARY"
					packager="org.jpos.iso.packager.EuroSubFieldPackager">` + field + `</isofieldpackager>`
			}
			codec := compiled(t, field)
			m := codec.New()
			require.NoError(t, m.SetMTI("0200"))
			require.NoError(t, m.SetPath(path, v.value))
			wire, err := m.Pack()
			require.NoError(t, err)
			require.Equal(t, v.wire, hexUpper(wire[2+8:]))
			back := codec.New()
			require.NoError(t, back.Unpack(wire))
			require.Equal(t, v.value, back.Get(path).Text())
			require.True(t, back.Get(path).Present())
		})
	}
}

// Every class is shown by some test.
func TestEveryClassIsTested(t *testing.T) {
	shown := map[string]bool{}
	for _, v := range classVectors(t) {
		shown[shortName(v.className())] = true
	}
	for _, v := range ownVectors {
		shown[v.class] = true
	}
	for _, name := range elsewhere {
		require.False(t, shown[name], "%s is shown here", name)
		shown[name] = true
	}
	require.Equal(t, slices.Sorted(maps.Keys(classes)), slices.Sorted(maps.Keys(shown)))
	require.Len(t, classes, 119, "the classes of jPOS 3ff2951")
}

// message around fields: type and bitmap are packed, so that fields start at byte 10.
func around(fields string) string {
	return `<isopackager>
		<isofield id="0" length="4" name="type" class="org.jpos.iso.IFB_NUMERIC"/>
		<isofield id="1" length="8" name="bitmap" class="org.jpos.iso.IFB_BITMAP"/>` + fields + `</isopackager>`
}

func compiled(t *testing.T, fields string) *message.Codec {
	t.Helper()
	s, warnings, err := Parse(strings.NewReader(around(fields)))
	require.NoError(t, err)
	require.Empty(t, warnings)
	codec, err := message.Compile(s)
	require.NoError(t, err)
	return codec
}
