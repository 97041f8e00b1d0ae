package emv

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var updateDictionary = flag.Bool("update-dictionary", false, "write testdata/dictionary.tsv from the dictionary")

// TestDictionaryIsAsReviewed holds the built-in dictionary against its reviewed copy: whose meaning of a tag, source,
// format, lengths, templates, what may be printed, and both names. A change of the dictionary is a change of both, made
// with the books in hand; -update-dictionary writes the copy.
func TestDictionaryIsAsReviewed(t *testing.T) {
	const file = "testdata/dictionary.tsv"
	var lines []string
	for _, rows := range [][]row{coreRows[:], schemeRows[:]} {
		for _, r := range rows {
			i := r.entry(AnyScheme).Info
			lines = append(lines, fmt.Sprintf("%v\t%06b\t%v\t%v\t%d\t%d\t%d\t%v\t%d\t%s\t%s",
				i.Tag, r.schemes>>Mastercard, i.Source, i.Format, r.kind, i.Min, i.Max, i.Templates, i.Sensitivity, i.Name, i.NameChinese))
		}
	}
	if *updateDictionary {
		require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644))
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	want := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	require.Len(t, lines, len(want))
	for i := range want {
		require.Equal(t, want[i], lines[i])
	}
}

// TestDictionaryAgreesWithEvidence holds it against what open sources say of the tags: every tag that two of them know is
// in it, and where they give lengths and the format n, it says the same. The file has tag, number of sources, lengths and
// n in columns; what is known better, with the book that says so, is listed here.
func TestDictionaryAgreesWithEvidence(t *testing.T) {
	text, err := os.ReadFile("testdata/tag-evidence.tsv")
	require.NoError(t, err)
	compared := 0
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		tag, err := ParseTag(columns[0])
		if err != nil {
			continue // padding, and private tags whose coding is none
		}
		info, ok := tag.Info()
		require.True(t, ok || columns[1] == "1", "%v is missing", tag)
		if !ok {
			continue
		}
		for _, lengths := range strings.Fields(columns[2]) {
			compared++
			own := fmt.Sprintf("%d-%d", info.Min, info.Max)
			if lengths != own && known[tag] == "" {
				t.Errorf("%v %s: %s here, %s there", tag, info.Name, own, lengths)
			}
		}
		if columns[3] == "n" && info.Format != FormatN && known[tag] == "" {
			t.Errorf("%v %s: format %v", tag, info.Name, info.Format)
		}
	}
	require.Greater(t, compared, 100)
}

// known says why the dictionary differs from a source.
var known = map[Tag]string{
	0x5A:   "a card number has digits (Book 3 Annex A)",
	0x5F30: "n 3 in 2 octets (Book 3 Annex A)",
	0x9F1D: "1 to 8 octets (Book 3 Annex A)",
	0x9F49: "up to 252 octets (Book 3 Annex A)",
	0x9F4A: "any tags; 82 is the only one in use (Book 3 Annex A)",
	0xBF0C: "up to 222 octets (Book 1 Annex B)",
}
