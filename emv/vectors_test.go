package emv

import (
	"encoding/hex"
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/posline/posline/internal/vectortest"
	"github.com/stretchr/testify/require"
)

// vectorKinds runs the cases of the files whose base name, without a number at its end, is the key.
var vectorKinds = map[string]func(*testing.T, vectortest.Plain){
	"tlv-parse":     testParseVector,
	"tlv-build":     testBuildVector,
	"dumps":         testDumpVector,
	"dol":           testDOLVector,
	"iad":           testIADVector,
	"logic":         testLogicVector,
	"decode-fields": testFieldVector,
}

func TestVectors(t *testing.T) { vectortest.RunPlain(t, vectorKinds) }

// decodeExpect reads what a case expects. It logs the keys that the test does not compare and fails when it compares
// none: that is a case of a kind it does not know.
func decodeExpect(t *testing.T, text json.RawMessage, v any) {
	t.Helper()
	var keys map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &keys))
	require.NotEmpty(t, keys, "the case expects nothing")
	require.NoError(t, json.Unmarshal(text, v))
	compared := 0
	for key := range keys {
		if hasField(v, key) {
			compared++
		} else {
			t.Logf("not compared: %s", key)
		}
	}
	require.Positive(t, compared, "the case expects what nothing here compares")
}

// hasField reports whether the struct v points to takes the key.
func hasField(v any, key string) bool {
	for _, field := range reflect.VisibleFields(reflect.TypeOf(v).Elem()) {
		if field.Tag.Get("json") == key || strings.EqualFold(field.Name, key) {
			return true
		}
	}
	return false
}

// hexInput is the input of the cases that read data objects.
type hexInput struct {
	Hex     string
	Options map[string]bool
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// jsonTree is the form trees have in the vectors: [[tag, hex value | children], ...].
type jsonTree []jsonObject

type jsonObject struct {
	tag      Tag
	value    []byte
	children jsonTree
}

func (o *jsonObject) UnmarshalJSON(text []byte) error {
	var pair [2]json.RawMessage
	if err := json.Unmarshal(text, &pair); err != nil {
		return err
	}
	var tag string
	if err := json.Unmarshal(pair[0], &tag); err != nil {
		return err
	}
	number, err := strconv.ParseUint(tag, 16, 32)
	if err != nil {
		return err
	}
	o.tag = Tag(number) // not ParseTag: with vendor_9f80 there are others
	if pair[1][0] == '[' {
		return json.Unmarshal(pair[1], &o.children)
	}
	var value string
	if err := json.Unmarshal(pair[1], &value); err != nil {
		return err
	}
	o.value, err = hex.DecodeString(value)
	return err
}

func (tree jsonTree) objects() Tree {
	var out Tree
	for _, o := range tree {
		out = append(out, Object{Tag: o.tag, Value: o.value, Children: o.children.objects()})
	}
	return out
}

// requireTree compares a parsed tree with the expected one; padding is no part of the vectors.
func requireTree(t *testing.T, want jsonTree, got Tree) {
	t.Helper()
	i := 0
	for _, o := range got {
		if o.Tag == 0 {
			continue
		}
		require.Less(t, i, len(want), "unexpected %v", o.Tag)
		require.Equal(t, want[i].tag, o.Tag)
		require.Equal(t, hex.EncodeToString(want[i].value), hex.EncodeToString(o.Value), "value of %v", o.Tag)
		requireTree(t, want[i].children, o.Children)
		i++
	}
	require.Equal(t, len(want), i, "objects missing")
}

// optionsOf turns the option names of the vectors into ours.
func optionsOf(t *testing.T, names map[string]bool) *ParseOptions {
	o := &ParseOptions{}
	for name, on := range names {
		switch name {
		case "skip_ff":
			o.SkipFF = on
		case "simple_length":
			o.LiteralLength = on
		case "vendor_9f80":
			o.TwoByte9F8 = on
		default:
			require.Fail(t, "unknown option", name)
		}
	}
	return o
}

// vectorErrors are the classes of fault the vectors name.
var vectorErrors = map[string]error{
	"truncated":         ErrTruncated,
	"indefinite length": ErrIndefiniteLength,
	"length of length":  ErrLengthOfLength,
	"tag too long":      ErrTagTooLong,
	"depth":             ErrTooDeep,
}

var vectorDetail = regexp.MustCompile(`^(.*?)(?: \d+)? @(\d+)(?: tag ([0-9A-F]+))?$`)

// requireFault compares an error with the class and, where the case has one, the "class part @offset tag" of a case.
func requireFault(t *testing.T, class, detail string, err error) {
	t.Helper()
	var fault *SyntaxError
	require.ErrorAs(t, err, &fault)
	if detail == "" {
		require.ErrorIs(t, err, vectorErrors[class])
		return
	}
	match := vectorDetail.FindStringSubmatch(detail)
	require.NotNil(t, match, "detail %q", detail)
	require.Equal(t, match[2], strconv.Itoa(fault.Offset))
	if match[3] != "" {
		require.Equal(t, match[3], fault.Tag.String())
	}
	what, part, _ := strings.Cut(match[1], " ")
	if what == "truncated" {
		require.ErrorIs(t, err, ErrTruncated)
		require.Equal(t, part, fault.Part)
		return
	}
	require.Contains(t, vectorErrors, match[1])
	require.ErrorIs(t, err, vectorErrors[match[1]])
}

func testParseVector(t *testing.T, c vectortest.Plain) {
	var input hexInput
	var expect struct {
		Tree          jsonTree
		Canonical     bool
		Error, Detail string
	}
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)
	data, options := unhex(t, input.Hex), optionsOf(t, input.Options)

	tree, err := Parse(data, options)
	if expect.Error != "" {
		requireFault(t, expect.Error, expect.Detail, err)
		requireFault(t, expect.Error, expect.Detail, TLV(data).Validate(options))
		return
	}
	require.NoError(t, err)
	require.NoError(t, TLV(data).Validate(options))
	requireTree(t, expect.Tree, tree)
	require.Equal(t, data, append([]byte{}, tree.Append(nil)...), "an unchanged tree is written as it was read")
	if expect.Canonical {
		require.Equal(t, data, append([]byte{}, expect.Tree.objects().Append(nil)...))
	}
}

func testBuildVector(t *testing.T, c vectortest.Plain) {
	var input struct{ Tree jsonTree }
	var expect struct{ Hex string }
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)
	require.NotEmpty(t, expect.Hex)
	want := unhex(t, expect.Hex)
	require.Equal(t, want, input.Tree.objects().Append(nil))
	require.Equal(t, want, appendTree(nil, input.Tree))
}

// appendTree builds with the append functions what Tree.Append builds.
func appendTree(dst []byte, tree jsonTree) []byte {
	for _, o := range tree {
		if o.tag.Constructed() && o.value == nil {
			dst = AppendTemplate(dst, o.tag, func(dst []byte) []byte { return appendTree(dst, o.children) })
		} else {
			dst = AppendTLV(dst, o.tag, o.value)
		}
	}
	return dst
}

func testDumpVector(t *testing.T, c vectortest.Plain) {
	var input hexInput
	var expect struct {
		Tree     jsonTree
		TopLevel int `json:"top_level"`
	}
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)
	data, options := unhex(t, input.Hex), optionsOf(t, input.Options)
	tree, err := Parse(data, options)
	require.NoError(t, err)
	if expect.TopLevel != 0 {
		require.Len(t, tree, expect.TopLevel)
	}
	requireTree(t, expect.Tree, tree)
	require.Equal(t, data, tree.Append(nil), "an unchanged tree is written as it was read")
}
