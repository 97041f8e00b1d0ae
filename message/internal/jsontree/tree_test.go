package jsontree

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message/internal/fault"
)

// What is written is read again, keys in their order; cut off anywhere it is an error.
func TestTreesThereAndBack(t *testing.T) {
	text := `{"0":"0200","2":"quote \" and \\ and é","55":{"9F26":"01","72":["a",["b"],{}]},"e":[]}`
	tree, err := Parse([]byte(text))
	require.NoError(t, err)
	require.Equal(t, text, string(tree.AppendTo(nil)))
	require.Equal(t, []string{"0", "2", "55", "e"}, tree.Keys)
	spaced := strings.ReplaceAll(text, `":`, "\" :\n ")
	again, err := Parse([]byte(spaced))
	require.NoError(t, err)
	require.Nil(t, tree.Differs(&again, "", true))
	for cut := range len(text) {
		_, err := Parse([]byte(text[:cut]))
		require.Error(t, err, text[:cut])
	}
	member, ok := tree.Member("0")
	require.True(t, ok)
	require.Equal(t, "0200", member.Text)
	_, ok = tree.Member("1")
	require.False(t, ok)
	require.Equal(t, `"\u0000\u001f\u007f "`, string(AppendQuoted(nil, "\x00\x1f\x7f ")))
}

func TestTreesRefused(t *testing.T) {
	nested := func(n int) string { return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}" }
	for _, c := range []struct {
		text string
		kind fault.Kind // 0 for text that is no JSON
		path string
	}{
		{`[]`, fault.Type, ""}, {`"x"`, fault.Type, ""}, {`{"2":1}`, fault.Type, "2"}, {`{"2":null}`, fault.Type, "2"}, {`{"55":{"9A":true}}`, fault.Type, "55.9A"},
		{`{"55":["a",1]}`, fault.Type, "55[2]"}, {`{"2":"a","2":"b"}`, fault.Forbidden, "2"}, {`{"55":{"9A":"a","9A":"b"}}`, fault.Forbidden, "55.9A"},
		{nested(66), fault.TooLong, "a" + strings.Repeat("[1]", 64)},
		{`{"2":"a"}x`, 0, ""}, {`{"2":"a"}{}`, 0, ""}, {``, 0, ""}, {`{`, 0, ""}, {`{"2"`, 0, ""}, {`{"2":`, 0, ""}, {`{"2":[`, 0, ""}, {`{"2":["a"`, 0, ""}, {`{"2":"a"`, 0, ""}, {`{2:"a"}`, 0, ""},
		{"{\"2\":\"\xFF\"}", 0, ""},
	} {
		_, err := Parse([]byte(c.text))
		require.Error(t, err, c.text)
		refused, ok := err.(Refused)
		require.Equal(t, c.kind != 0, ok, "%s: %v", c.text, err)
		if ok {
			require.Equal(t, c.kind, refused.Fault.Kind, c.text)
			require.Equal(t, c.path, refused.Fault.Path, c.text)
			require.Equal(t, -1, refused.Fault.Offset)
			require.Contains(t, err.Error(), c.path)
		} else {
			require.True(t, strings.HasPrefix(err.Error(), "message: JSON text"), err.Error())
		}
	}
	_, err := Parse([]byte(nested(65)))
	require.NoError(t, err, "as deep as may be")
}

func TestTreesDiffer(t *testing.T) {
	parse := func(text string) *Tree {
		tree, err := Parse([]byte(text))
		require.NoError(t, err, text)
		return &tree
	}
	for _, c := range []struct {
		given, held string
		exact       bool
		path        string
		kind        fault.Kind // 0 for trees that agree
	}{
		{`{"a":"1","b":"2"}`, `{"b":"2","a":"1"}`, true, "", 0}, {`{"a":"1"}`, `{"a":"2"}`, false, "", 0}, {`{"a":"1"}`, `{"a":"2"}`, true, "x.a", fault.Value},
		{`{"a":"1"}`, `{"a":{}}`, false, "x.a", fault.Type}, {`{"a":[]}`, `{"a":"1"}`, false, "x.a", fault.Type}, {`{"a":{}}`, `{"a":[]}`, false, "x.a", fault.Type},
		{`{"a":"1","b":"2"}`, `{"a":"1"}`, false, "x.b", fault.Unknown}, {`{"a":"1"}`, `{"a":"1","b":"2"}`, false, "x.b", fault.Missing},
		{`{"a":["1"]}`, `{"a":["1","2"]}`, false, "x.a", fault.Type}, {`{"a":["1","2"]}`, `{"a":["1","3"]}`, true, "x.a[2]", fault.Value}, {`{"a":["1","2"]}`, `{"a":["1","2"]}`, true, "", 0},
	} {
		f := parse(c.given).Differs(parse(c.held), "x", c.exact)
		if c.kind == 0 {
			require.Nil(t, f, "%+v", c)
			continue
		}
		require.NotNil(t, f, "%+v", c)
		require.Equal(t, c.kind, f.Kind, "%+v", c)
		require.Equal(t, c.path, f.Path, "%+v", c)
		require.Equal(t, -1, f.Offset)
		require.NotNil(t, f.Cause)
	}
	for kind, word := range map[Kind]string{Text: "a string", Object: "an object", Array: "an array"} {
		require.Contains(t, kind.Want(), word)
	}
}

func TestJoinPath(t *testing.T) {
	require.Equal(t, "a", JoinPath("", "a"))
	require.Equal(t, "55.9F26", JoinPath("55", "9F26"))
	require.Equal(t, "55.12345678", JoinPath("55", "12345678"))
	require.Equal(t, "55.12345678…", JoinPath("55", "123456789"))
	require.Equal(t, "1234567…", JoinPath("", "1234567é9"), "no half a character")
}
