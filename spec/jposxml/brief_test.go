package jposxml

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// What is left out of a spec makes no difference to it.
func TestBriefSpecsAreTheSame(t *testing.T) {
	for _, front := range []string{
		field(0, 4, "IFA_NUMERIC") + field(1, 16, "IFA_BITMAP"), field(0, 4, "IFB_NUMERIC") + field(1, 16, "IFB_BITMAP"), field(0, 4, "IFE_NUMERIC") + field(1, 16, "IFB_BITMAP"),
		field(0, 4, "IFA_NUMERIC") + field(1, 4, "IFB_BITMAP"), field(0, 4, "IFB_NUMERIC") + field(1, 16, "IFE_BITMAP"), field(0, 4, "IFE_NUMERIC") + field(1, 8, "IFA_BITMAP"),
	} {
		for name := range classes {
			if c := classes[name]; c.kind == kindBitmap || c.kind == kindUnused {
				continue
			}
			prefix := "org.jpos.iso."
			if strings.HasPrefix(name, "tlv.") {
				prefix = "org.jpos."
			}
			for _, pad := range []string{"true", "false"} {
				one := `length="7" name="x" token="7C" pad="` + pad + `" class="` + prefix + name + `"`
				outer, packager := one, "GenericPackager"
				if c := classes[name]; c.tag.Digits > 0 || c.byToken {
					outer, packager = `length="99" name="x" class="org.jpos.iso.IFA_LLCHAR"`, "EuroSubFieldPackager"
				}
				xml := `<isopackager>` + front + `<isofield id="2" ` + outer + `/><isofieldpackager id="3" emitBitmap="false" packager="org.jpos.iso.packager.` + packager + `" ` + outer + `><isofield id="1" ` +
					one + `/></isofieldpackager></isopackager>`
				short, warnings, err := Parse(strings.NewReader(xml))
				require.NoError(t, err, xml)
				long, same, err := Parse(strings.NewReader(xml), func(im *importer) { im.verbose = true })
				require.NoError(t, err)
				require.Equal(t, same, warnings)
				want, got := long.Resolved(), short.Resolved()
				require.Equal(t, leaveUnused(want.Fields), leaveUnused(got.Fields), xml)
				require.Equal(t, want.Bitmap, got.Bitmap, xml)
			}
		}
	}
}

// leaveUnused clears the defaults that nothing uses: the length prefixes of fields that have none, and what a layout
// would give to fields that leave something open.
func leaveUnused(fields []spec.Field) []spec.Field {
	for i := range fields {
		f := &fields[i]
		if format, err := spec.ParseFormat(f.Format); err != nil || format.Fixed() || f.ToEnd || f.Terminator != "" {
			f.Prefix = spec.Prefix{}
		}
		if f.Layout != nil {
			f.Layout.Encoding = spec.EncodingDefault
			leaveUnused(f.Layout.Fields)
		}
	}
	return fields
}

func TestFileFormIsShort(t *testing.T) {
	s, _, err := Parse(strings.NewReader(around(field(2, 19, "IFB_LLNUM") + field(3, 6, "IFB_NUMERIC") + field(37, 12, "IF_CHAR") + field(52, 8, "IFB_BINARY"))))
	require.NoError(t, err)
	text, err := s.MarshalJSON()
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"jPOS packager","encoding":"bcd","bitmap":{"max":1},"fields":[{"name":"type","format":"n 4"},
		{"number":2,"name":"part","format":"z..19","any_filler":true,"separator":"=","mask":"pan"},{"number":3,"name":"part","format":"n 6"},
		{"number":37,"name":"part","format":"ans 12","charset":"latin1"},{"number":52,"name":"part","format":"b 64","mask":"hidden"}]}`, removeDerivations(t, text))
}

// removeDerivations drops what is the same in every spec.
func removeDerivations(t *testing.T, text []byte) string {
	var config map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &config))
	delete(config, "responses")
	delete(config, "reversals")
	text, err := json.Marshal(config)
	require.NoError(t, err)
	return string(text)
}
