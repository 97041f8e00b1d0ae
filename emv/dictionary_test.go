package emv

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestDictionaryIsSound(t *testing.T) {
	tags, meanings := map[Tag]bool{}, 0
	for info := range Tags() {
		meanings++
		tags[info.Tag] = true
		require.True(t, info.Tag.Valid(), info.Tag)
		require.NotEmpty(t, info.Name, info.Tag)
		require.True(t, strings.IndexFunc(info.NameChinese, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0 ||
			strings.HasPrefix(info.NameChinese, "CVC3"), "%v has no Chinese name", info.Tag)
		require.NotEqual(t, UnknownSource, info.Source, info.Tag)
		if info.Max > 0 {
			require.LessOrEqual(t, info.Min, info.Max, info.Tag)
		}
		for _, template := range info.Templates {
			require.True(t, template.Constructed() || template == 0x80, info.Tag)
		}
	}
	for range Tags() {
		break
	}
	t.Logf("%d tags, %d meanings", len(tags), meanings)
	require.GreaterOrEqual(t, len(tags), 300)
	for _, rows := range [][]row{coreRows[:], schemeRows[:]} {
		require.True(t, slices.IsSortedFunc(rows, func(a, b row) int { return int(a.tag) - int(b.tag) }), "lookup needs the order")
	}
	for i := 1; i < len(coreRows); i++ {
		require.NotEqual(t, coreRows[i-1].tag, coreRows[i].tag, "twice in the core")
	}
	for _, r := range schemeRows {
		require.NotEqual(t, everyone, r.schemes, r.tag)
	}
	for i := 1; i < len(schemeRows); i++ {
		if schemeRows[i].tag == schemeRows[i-1].tag {
			require.Zero(t, schemeRows[i].schemes&schemeRows[i-1].schemes, "two meanings of %v for one scheme", schemeRows[i].tag)
		}
	}
}

func TestLookupAsksWhoseDataItIs(t *testing.T) {
	for _, c := range []struct {
		tag     Tag
		context Context
		want    string
	}{
		{0x9F66, Context{}, "Terminal Transaction Qualifiers"},
		{0x9F66, Context{RID: RIDUnionPay}, "Terminal Transaction Qualifiers"},
		{0x9F66, Context{RID: RIDMastercard}, "PUNATC (Track 2)"},
		{0x9F6B, Context{Kernel: 2}, "Track 2 Data"},
		{0x9F6B, Context{Kernel: 3}, "Card CVM Limit"},
		{0x9F6B, Context{RID: RIDVisa, Kernel: 2}, "Card CVM Limit"},
		{0x9F63, Context{RID: RIDUnionPay}, "Card Product Identification"},
		{0x9F6E, Context{RID: RIDVisa}, "Form Factor Indicator"},
		{0x9F6E, Context{RID: RIDMastercard}, "Third Party Data"},
		{0x9F6E, Context{RID: RIDAmex}, "Enhanced Contactless Reader Capabilities"},
		{0x9F69, Context{RID: RIDMastercard}, "UDOL"},
		{0x9F7C, Context{RID: RIDVisa}, "Customer Exclusive Data"},
		{0x9F7C, Context{RID: RIDMastercard}, "Merchant Custom Data"},
		{0x9F5D, Context{}, "Application Capabilities Information"},
		{0x9F5D, Context{RID: RIDUnionPay}, "Available Offline Spending Amount"},
		{0x9F6D, Context{RID: RIDAmex}, "Contactless Reader Capabilities"},
		{0x9F67, Context{RID: RIDVisa}, "MSD Offset"},
		{0x9F79, Context{RID: RIDUnionPay}, "EC Balance"},
		{0x9F26, Context{RID: RIDInterac}, "Application Cryptogram"},
		{0x9F79, Context{RID: RIDInterac}, ""},
		{0x9F60, Context{RID: RIDVisa}, ""},
		{0xDFEE, Context{}, ""},
	} {
		info, ok := Lookup(c.tag, c.context)
		require.Equal(t, c.want != "", ok, "%v", c.tag)
		require.Equal(t, c.want, info.Name, "%v", c.tag)
	}
	unclear, _ := Tag(0x9F6B).Info()
	require.Equal(t, MaskTrack, unclear.Sensitivity)
	unclear, _ = Tag(0x9F7C).Info()
	require.Equal(t, Hidden, unclear.Sensitivity, "as secret as the most secret meaning")
}

func TestOverlay(t *testing.T) {
	d := NewDictionary(
		Info{Tag: 0xDF01, Name: "Our tag", Format: FormatN, Sensitivity: Public},
		Info{Tag: 0x9F37, Name: "Theirs", Scheme: Visa},
		Info{Tag: 0x9F38, Name: "Ours for all", NameChinese: "我们的"},
	)
	for _, c := range []struct {
		tag     Tag
		context Context
		want    string
	}{
		{0xDF01, Context{}, "Our tag"},
		{0x9F37, Context{RID: RIDVisa}, "Theirs"},
		{0x9F37, Context{}, "Unpredictable Number"},
		{0x9F38, Context{Kernel: 7}, "Ours for all"},
		{0x82, Context{}, "Application Interchange Profile"},
	} {
		info, ok := d.Lookup(c.tag, c.context)
		require.True(t, ok)
		require.Equal(t, c.want, info.Name)
	}
	info, _ := d.Lookup(0x9F38, Context{})
	require.Equal(t, "我们的", info.In(Chinese))
	info, _ = d.Lookup(0xDF01, Context{})
	require.Equal(t, "Our tag", info.In(Chinese))

	var out strings.Builder
	require.NoError(t, Describe(&out, unhex(t, "DF01020123"), &DescribeOptions{Dictionary: d}))
	require.Equal(t, "DF01 Our tag: 0123 (123)\n", out.String())
	require.Equal(t, "9F38 Ours for all: [2 bytes]\n", describe(t, "9F38029F02", &DescribeOptions{Dictionary: d}), "an entry hides what it does not call public")
	data, err := DOL(unhex(t, "DF0103")).AppendData(nil, func(Tag) ([]byte, bool) { return []byte{1, 2}, true }, d)
	require.NoError(t, err)
	require.Equal(t, []byte{0, 1, 2}, data, "the overlay's format decides where the padding goes")
}

func TestEnumsHaveNames(t *testing.T) {
	require.Equal(t, "terminal", SourceTerminal.String())
	require.Equal(t, "source 9", Source(9).String())
	require.Equal(t, "cn", FormatCN.String())
	require.Equal(t, "format 9", Format(9).String())
	require.Equal(t, "UnionPay", UnionPay.String())
	require.Equal(t, "kernel 1", Scheme(1).String())
	require.Equal(t, "class 9", Class(9).String())
}
