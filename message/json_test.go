package message

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var inClear = TextForm{CardDataInClear: true}

func clearJSON(t testing.TB, m *Message) []byte {
	text, err := inClear.AppendJSON(nil, m)
	require.NoError(t, err)
	require.True(t, json.Valid(text))
	return text
}

func TestJSONGivesBackTheSameBytes(t *testing.T) {
	for _, f := range allFrames(t) {
		m := unpacked(t, f)
		text := clearJSON(t, m)
		back := m.codec.New()
		require.NoError(t, json.Unmarshal(text, back), "%s\n%s", f.name, text)
		require.Equal(t, f.wire, packed(t, back), f.name)

		m.touched = true
		require.Equal(t, string(text), string(clearJSON(t, m)), "a message that was edited reads the same")
	}
}

// Keys may come in any order: a reader that keeps objects in maps loses nothing.
func TestJSONInAnyKeyOrder(t *testing.T) {
	for _, f := range allFrames(t) {
		m := unpacked(t, f)
		var loose map[string]any
		require.NoError(t, json.Unmarshal(clearJSON(t, m), &loose))
		text, err := json.Marshal(loose)
		require.NoError(t, err)
		back := m.codec.New()
		require.NoError(t, back.UnmarshalJSON(text), "%s\n%s", f.name, text)
		require.Equal(t, f.wire, packed(t, back), f.name)
	}
}

func TestJSONShowsEveryChange(t *testing.T) {
	random := rand.New(rand.NewPCG(1987, 8583))
	frames := allFrames(t)
	parsed := map[string]any{}
	refused, seen := 0, 0
	for range 20000 {
		f := frames[random.IntN(len(frames))]
		mutant := slices.Clone(f.wire)
		at := random.IntN(len(mutant))
		mutant[at] ^= byte(1 + random.IntN(255))
		m := codecFor(t, f.spec).New()
		if m.Unpack(mutant) != nil {
			refused++
			continue
		}
		seen++
		text := clearJSON(t, m)
		var got any
		require.NoError(t, json.Unmarshal(text, &got))
		if parsed[f.name] == nil {
			var original any
			require.NoError(t, json.Unmarshal(clearJSON(t, unpacked(t, f)), &original))
			parsed[f.name] = original
		}
		require.NotEqual(t, parsed[f.name], got, "%s byte %d", f.name, at)
		if seen%4 != 0 { // the way back takes most of the time
			continue
		}
		back := codecFor(t, f.spec).New()
		require.NoError(t, back.UnmarshalJSON(text), "%s byte %d\n%s", f.name, at, text)
		require.Equal(t, mutant, packed(t, back))
	}
	require.Greater(t, refused, 1000)
	require.Greater(t, seen, 1000)
	t.Logf("%d refused, %d differ", refused, seen)
}

func TestJSONForm(t *testing.T) {
	m := codecFor(t, "unionpay-pos+no-header").New()
	require.NoError(t, m.UnmarshalJSON([]byte(`{"60":{"1":"22","2":"000001"},"55":{"9F26":"0102030405060708","9A":"260131","91":"01"},
		"22":"051","4":"1999","2":"6222021234567890128","0":"0200"}`)))
	require.Equal(t, `{"0":"0200","2":"6222021234567890128","4":"000000001999","22":"051",`+
		`"55":{"9F26":"0102030405060708","9A":"260131","91":"01"},"60":{"1":"22","2":"000001"},`+
		`"raw":{"55":"00199F260801020304050607089A03260131910101"}}`, string(clearJSON(t, m)))
	require.NoError(t, m.UnmarshalJSON([]byte(`{"0":"0800","55":{"91":["01","02"],"9A":"260131"},"22":"051","62":"AB"}`)))
	require.Equal(t, `{"0":"0800","22":"051","55":{"91":["01","02"],"9A":"260131"},"62":"AB"}`, string(clearJSON(t, m)))
}

// The layout of field 48 depends on a field behind it, whatever the order of keys.
func TestJSONOfALayoutThatAnotherFieldDecides(t *testing.T) {
	const text = `{"0":"0320","48":{"1":"01","2":[{"1":"00","2":"000001","3":"00004761739001010119","4":"000000000100"}]},"60":{"1":"00","2":"000001","3":"201"}}`
	m := codecFor(t, "unionpay-pos+no-header").New()
	require.NoError(t, m.UnmarshalJSON([]byte(text)))
	require.Equal(t, text, string(clearJSON(t, m)))
	require.Error(t, m.UnmarshalJSON([]byte(strings.Replace(text, `"201"`, `"202"`, 1))), "another layout then")
}

func TestJSONRefused(t *testing.T) {
	const spec = "unionpay-pos+no-header"
	for _, c := range []struct{ name, text, path, says string }{
		{"no JSON", `{"0":`, "", "unexpected EOF"},
		{"trailing", `{"0":"0800"} {}`, "", "goes on"},
		{"not an object", `["0800"]`, "", "object"},
		{"no type", `{"11":"000001"}`, "0", "missing"},
		{"type of letters", `{"0":"08X0"}`, "0", "digit"},
		{"type is a number", `{"0":800}`, "0", "string"},
		{"null", `{"0":"0800","11":null}`, "11", "string"},
		{"twice", `{"0":"0800","11":"000001","11":"000001"}`, "11", "twice"},
		{"twice inside", `{"0":"0800","55":{"9A":"01","9A":"02"}}`, "55.9A", "twice"},
		{"unknown field", `{"0":"0800","7":"0101010101"}`, "7", "no such field"},
		{"unknown key", `{"0":"0800","eleven":"000001"}`, "eleven", "no such field"},
		{"number with a zero", `{"0":"0800","011":"000001"}`, "011", "no such field"},
		{"number with a sign", `{"0":"0800","+11":"000001"}`, "+11", "no such field"},
		{"header not in the spec", `{"0":"0800","header":"6000"}`, "header", ""},
		{"wrong digit", `{"0":"0800","11":"00000X"}`, "11", "digit"},
		{"too long", `{"0":"0800","11":"0000001"}`, "11", "too long"},
		{"object for text", `{"0":"0800","11":{"1":"0"}}`, "11", "string"},
		{"text for parts", `{"0":"0800","60":"00000001001"}`, "60", "object"},
		{"unknown part", `{"0":"0800","60":{"1":"00","2":"000001","9":"1"}}`, "60.3", "missing"},
		{"part missing", `{"0":"0800","60":{"1":"00","3":"001"}}`, "60.2", "missing"},
		{"no tag", `{"0":"0800","55":{"9F":"00"}}`, "55.9F", "tag"},
		{"lower-case tag", `{"0":"0800","55":{"9f26":"00"}}`, "55.9f26", "not in the message"},
		{"array of one", `{"0":"0800","55":{"9A":["01"]}}`, "55.9A", "twice or more"},
		{"not hexadecimal", `{"0":"0800","55":{"9F36":"0G"}}`, "55.9F36", "hexadecimal"},
		{"text outside the set", `{"0":"0800","63":"中"}`, "63", "gbk"},
		{"raw is no object", `{"0":"0800","raw":"00"}`, "raw", "object"},
		{"raw without value", `{"0":"0800","raw":{"11":"000001"}}`, "raw.11", "without a value"},
		{"raw is another value", `{"0":"0800","11":"000002","raw":{"11":"000001"}}`, "11", "does not decode"},
		{"raw in front is another value", `{"0":"0800","raw":{"11":"000001"},"11":"000002"}`, "11", "does not decode"},
		{"raw goes on", `{"0":"0800","11":"000001","raw":{"11":"00000100"}}`, "raw.11", "wire form"},
		{"raw is not hexadecimal", `{"0":"0800","11":"000001","raw":{"11":"0000X1"}}`, "raw.11", "hexadecimal"},
		{"raw with another order of tags", `{"0":"0800","55":{"9A":"01"},"raw":{"55":"00049A019B00"}}`, "55", ""},
		{"raw bitmap of other fields", `{"0":"0800","11":"000001","raw":{"1":"0000000000000000"}}`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := codecFor(t, spec).New()
			require.NoError(t, m.SetMTI("0820"))
			before := packed(t, m)
			err := m.UnmarshalJSON([]byte(c.text))
			require.Error(t, err)
			require.Contains(t, err.Error(), c.says)
			if c.path != "" {
				var fault *Error
				require.ErrorAs(t, err, &fault)
				require.True(t, strings.HasPrefix(fault.Path, c.path), fault.Path)
				require.Equal(t, -1, fault.Offset)
			}
			require.Equal(t, before, packed(t, m), "the message is as it was")
		})
	}
}

func TestJSONOfNothing(t *testing.T) {
	text, err := json.Marshal(Message{})
	require.NoError(t, err)
	require.Equal(t, "{}", string(text))
	_, err = inClear.AppendJSON(nil, &Message{})
	require.Error(t, err)
	require.Error(t, new(Message).UnmarshalJSON([]byte("{}")))

	m := codecFor(t, "iso8583-1987-ascii").New()
	require.Error(t, m.Unpack([]byte("0200")))
	_, err = inClear.AppendJSON(nil, m)
	require.Equal(t, m.Err(), err, "a message that is not whole is not written in the clear")
}
