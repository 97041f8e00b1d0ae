package emv

import (
	"encoding/hex"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// addVectorHex seeds a fuzz target with the hexadecimal values of a vector file.
func addVectorHex(f *testing.F, file string, add func([]byte)) {
	f.Helper()
	text := readFile(f, filepath.Join("testdata/vectors", file))
	seeds := regexp.MustCompile(`"(?:hex|value|dol)": *"([0-9A-F]+)"`).FindAllSubmatch(text, -1)
	require.NotEmpty(f, seeds)
	for _, seed := range seeds {
		b, err := hex.DecodeString(string(seed[1]))
		if err == nil {
			add(b)
		}
	}
}

// FuzzTLV holds what every reader promises to each other: they agree on what is well-formed, Parse and Append give the
// same bytes back with every quirk, and nothing leaves the data it was given.
func FuzzTLV(f *testing.F) {
	for _, file := range []string{"tlv-parse.json", "dumps.json", "tlv-build.json"} {
		addVectorHex(f, file, func(b []byte) { f.Add(b, byte(0)); f.Add(b, byte(7)) })
	}
	f.Fuzz(func(t *testing.T, data []byte, flags byte) {
		o := &ParseOptions{SkipFF: flags&1 != 0, LiteralLength: flags&2 != 0, TwoByte9F8: flags&4 != 0}
		tree, err := Parse(data, o)
		valid := TLV(data).Validate(o)
		require.Equal(t, err, valid)
		if err == nil {
			require.Equal(t, string(data), string(tree.Append(nil)))
		}
		if err != nil {
			var fault *SyntaxError
			require.ErrorAs(t, err, &fault)
			require.LessOrEqual(t, fault.Offset, len(data))
		}
		requireReadersAgree(t, data)
	})
}

// requireReadersAgree compares the iterator, the decoder with and without options, Next and Get.
func requireReadersAgree(t *testing.T, data []byte) {
	fast, slow, rest := NewDecoder(data, nil), NewDecoder(data, &ParseOptions{}), data
	seen := map[Tag]bool{}
	for tag, v := range TLV(data).All() {
		require.True(t, fast.Next())
		require.True(t, slow.Next())
		require.Equal(t, tag, fast.Tag())
		require.Equal(t, fast.Tag(), slow.Tag())
		require.Equal(t, fast.Offset(), slow.Offset())
		require.True(t, tag.Valid())
		require.Equal(t, data[fast.Offset():fast.Offset()+len(v)], []byte(v))

		nextTag, nextValue, nextRest, err := Next(rest)
		require.NoError(t, err)
		require.Equal(t, tag, nextTag)
		require.Equal(t, v, nextValue)
		require.Less(t, len(nextRest), len(rest))
		rest = nextRest

		if first, ok := TLV(data).Get(tag); !seen[tag] {
			require.True(t, ok)
			require.Equal(t, v, first)
		}
		seen[tag] = true
	}
	require.False(t, fast.Next())
	require.False(t, slow.Next())
	require.Equal(t, fast.Err(), slow.Err())
	_, _, _, err := Next(rest)
	require.Equal(t, fast.Err() == nil, err == nil)
	for path := range TLV(data).Walk() {
		require.LessOrEqual(t, len(path), maxDepth)
	}
}
