package clearing

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDetect(t *testing.T) {
	var all []string
	for range 20 {
		all = append(all, strings.Repeat("\x40", 700))
	}
	for form := range map[Form]bool{VBS: true, Blocked: true} {
		text := file(t, form, all...)
		for _, size := range []int{2028, 2500, 8 * 1014, len(text)} {
			require.Equal(t, form, Detect([]byte(text[:size])), "records full of fill bytes: %v %d", form, size)
		}
	}
	blocked := file(t, Blocked, strings.Repeat("x", 5000))
	require.Equal(t, VBS, Detect([]byte(blocked[:1013])), "not even one block")
	require.Equal(t, Blocked, Detect([]byte(blocked[:1014])))
	require.Equal(t, Blocked, Detect([]byte(blocked[:1014]+blocked[1016:])), "two bytes are missing")
	for _, at := range []int{1012, 1013, 2026, 2027} {
		spoilt := []byte(blocked)
		spoilt[at]++
		require.Equal(t, Blocked, Detect(spoilt), "the lengths follow one another with blocks alone")
		_, err := NewReader(bytes.NewReader(spoilt), Auto).Next()
		require.ErrorIs(t, err, ErrFill)
	}
	plain := []byte(file(t, VBS, all...))
	copy(plain[1012:], "\x40\x40")
	require.Equal(t, VBS, Detect(plain), "one block that seems to end with fill bytes")
	few := []byte(blocked)
	few[1012]++
	require.Equal(t, VBS, Detect(few[:1014]), "no block ends with fill bytes")
	noRecords := bytes.Repeat([]byte("\x50"), 2028)
	copy(noRecords[1012:], "\x40\x40")
	copy(noRecords[2026:], "\x40\x40")
	require.Equal(t, Blocked, Detect(noRecords), "fill bytes count where the lengths make no sense either way")
	noRecords[1012] = 0
	require.Equal(t, VBS, Detect(noRecords), "half of the blocks are not most of them")
	noRecords = append(noRecords, noRecords[1014:]...)
	require.Equal(t, Blocked, Detect(noRecords), "most are")
}

// A short file that is not made of blocks has none, whatever stands where the first one would end; and records as long as
// a Reader takes are none that speak against a form.
func TestAutoKnowsTheWholeFile(t *testing.T) {
	for _, count := range []int{2, 3, 5, 11} {
		all := make([]string, count)
		for i := range all {
			all[i] = strings.Repeat("\x40", 600)
		}
		for _, form := range []Form{VBS, Blocked} {
			r := NewReader(strings.NewReader(file(t, form, all...)), Auto)
			got, err := records(r)
			require.NoError(t, err)
			require.Len(t, got, count)
			require.Equal(t, form, r.Form())
		}
	}
	for _, form := range []Form{VBS, Blocked} {
		for _, filling := range []string{"x", "\x40"} {
			var out bytes.Buffer
			w := NewWriter(&out, form)
			w.Max = 7000
			require.NoError(t, w.WriteRecord([]byte(strings.Repeat(filling, 7000))))
			require.NoError(t, w.Close())
			r := NewReader(&out, Auto)
			r.Max = 7000
			got, err := records(r)
			require.NoError(t, err, "%v %q", form, filling)
			require.Len(t, got, 1)
		}
	}
	cut := file(t, Blocked, strings.Repeat("x", 1200), strings.Repeat("y", 1200))
	r := NewReader(strings.NewReader(cut[:1500]), Auto)
	_, err := records(r)
	require.ErrorIs(t, err, ErrTruncated)
	require.Equal(t, Blocked, r.Form(), "blocks of which the last is cut off, as the lengths make no sense without")
}
