package emv

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/posline/posline/internal/vectortest"
	"github.com/stretchr/testify/require"
)

// addVectorHex seeds a fuzz target with the hexadecimal values of a vector file.
func addVectorHex(f *testing.F, file string, add func([]byte)) {
	f.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/vectors", file))
	require.NoError(f, err)
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

// FuzzDOL holds that a list that can be read asks for exactly the data it gets, and that Split gives back what
// AppendData put in.
func FuzzDOL(f *testing.F) {
	addVectorHex(f, "dol.json", func(b []byte) { f.Add(b, []byte{1, 2, 3, 4, 5}) })
	f.Add([]byte{0x9F}, []byte(nil))
	f.Fuzz(func(t *testing.T, list, value []byte) {
		d := DOL(list)
		n, err := d.Len()
		data, errAppend := d.AppendData([]byte("before"), func(tag Tag) ([]byte, bool) { return value, tag&1 == 0 }, nil)
		require.Equal(t, err, errAppend)
		if err != nil {
			require.Equal(t, "before", string(data))
			return
		}
		data = data[len("before"):]
		require.Len(t, data, n)
		parts, err := d.Split(data)
		require.NoError(t, err)
		var written, back []byte
		for tag, v := range parts {
			written = append(tag.Append(written), byte(len(v)))
			back = append(back, v...)
			if tag&1 == 1 || tag.Constructed() {
				require.Equal(t, string(make([]byte, len(v))), string(v))
			}
		}
		require.Equal(t, string(list), string(written))
		require.Equal(t, string(data), string(back))
	})
}

// FuzzIAD holds that the parts of issuer application data are parts of it, and that a scheme that is named is the only
// one whose layouts are used.
func FuzzIAD(f *testing.F) {
	addVectorHex(f, "iad.json", func(b []byte) {
		f.Add(b, byte(0))
		f.Add(b, byte(3))
	})
	rids := []RID{{}, RIDVisa, RIDMastercard, RIDAmex, RIDJCB, RIDDiscover, RIDInterac, RIDUnionPay, {1}}
	f.Fuzz(func(t *testing.T, data []byte, which byte) {
		rid := rids[int(which)%len(rids)]
		iad, err := ParseIAD(rid, data)
		require.Equal(t, len(data) == 0 || len(data) > 32, err != nil)
		if err != nil {
			return
		}
		require.Equal(t, string(data), string(iad.Raw))
		n := 0
		for _, part := range [][]byte{iad.CVR, iad.DAC, iad.Counters, iad.Extra, iad.IDD} {
			require.Contains(t, string(data), string(part))
			n += len(part)
		}
		require.Less(t, n, len(data))
		require.Equal(t, iad.Format == IADUnknown, n == 0)
		if iad.Format == IADVisa || iad.Format == IADVisa2 {
			require.Contains(t, []RID{{}, RIDVisa}, rid)
		}
	})
}

// FuzzDescribe holds that any data can be described in any way, that the outcome is that of reading it strictly, and
// that a masked description holds no card number.
func FuzzDescribe(f *testing.F) {
	for _, file := range []string{"tlv-parse.json", "dumps.json"} {
		addVectorHex(f, file, func(b []byte) { f.Add(b) })
	}
	for _, c := range vectortest.ReadPlain(f, "testdata/vectors/decode-fields.json") {
		var input struct {
			Tag   Tag
			Value string
		}
		require.NoError(f, json.Unmarshal(c.Input, &input))
		f.Add(AppendTLV(nil, input.Tag, unhex(f, input.Value)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, context := range []Context{{}, {RID: RIDUnionPay}, {Kernel: 2}, {RID: RIDVisa}} {
			for _, clear := range []bool{false, true} {
				var out strings.Builder
				err := Describe(&out, data, &DescribeOptions{Context: context, Clear: clear, Language: Chinese})
				var fault *SyntaxError
				if err != nil {
					require.ErrorAs(t, err, &fault)
				}
				if !clear {
					requireNoCardNumber(t, data, out.String())
				}
			}
		}
	})
}

// requireNoCardNumber fails when a card number of the data stands in the text.
func requireNoCardNumber(t *testing.T, data TLV, text string) {
	t.Helper()
	for path, v := range data.Walk() {
		if path[len(path)-1] != 0x5A || len(v) < 8 {
			continue
		}
		pan, err := ParseCN(v)
		if err != nil || len(strings.Trim(pan, pan[:1])) == 0 {
			continue // no number, or one that any row of zeros holds
		}
		require.False(t, strings.Contains(text, "5A 应用主账号（PAN）: "+pan), "a card number is described in clear")
	}
}

// FuzzValues holds that what a reader of values accepts it also writes, to the same bytes.
func FuzzValues(f *testing.F) {
	for _, file := range []string{"logic.json", "decode-fields.json"} {
		addVectorHex(f, file, func(b []byte) { f.Add(b) })
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := ParseDate(b); err == nil {
			again, err := AppendDate(nil, 0x9A, d)
			require.NoError(t, err)
			require.Equal(t, AppendTLV(nil, 0x9A, b), again)
		}
		if n, err := ParseN(b); err == nil {
			again, err := AppendN(nil, 0x9F02, n, len(b))
			require.NoError(t, err)
			require.Equal(t, AppendTLV(nil, 0x9F02, b), again)
		}
		if digits, err := ParseCN(b); err == nil {
			again, err := AppendCN(nil, 0x5A, digits)
			require.NoError(t, err)
			_, v, _, err := Next(again)
			require.NoError(t, err)
			require.True(t, bytes.HasPrefix(b, v), "what follows the digits is F only")
			require.Empty(t, bytes.Trim(b[len(v):], "\xff"))
		}
		if track, err := ParseTrack2(b); err == nil && len(b) <= maxTrack2 {
			again, err := AppendTrack2(nil, 0x57, track)
			require.NoError(t, err)
			back, err := ParseTrack2(again[2:])
			require.NoError(t, err)
			require.True(t, track == back)
		}
		if afl, err := ParseAFL(b); err == nil {
			records := 0
			for range afl.Records() {
				records++
			}
			require.Positive(t, records)
		}
		if list, err := ParseCVMList(b); err == nil {
			step := SelectCVM(list, CVMInput{Supports: func(m CVMMethod) bool { return m != CVMOnlinePIN }}, 0)
			require.LessOrEqual(t, step.Next, (len(b)-8)/2)
		}
		for s := range Scripts(b) {
			for c := range s.Commands() {
				require.NotEmpty(t, c.String())
			}
		}
		_, _ = ParseScriptResults(b)
		_, _ = ParseTrack1(b)
	})
}
