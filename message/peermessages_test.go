package message_test

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

// peerMessage is a message of another library's tests, or of an issue about one.
type peerMessage struct {
	Source   string                     `json:"source"`
	Packager string                     `json:"packager/spec"`
	Hex      string                     `json:"hex"`
	Fields   map[string]json.RawMessage `json:"fields"`
	Present  []int                      `json:"present_fields"`
	MustFail bool                       `json:"must_fail"`
}

// notReadable lists the messages that no spec of ours stands for, by the end of their source.
var notReadable = map[string]string{
	"test_ascii_unmarshaller.erl custom_marshaller_test":  "fields are written by the test's own Erlang code",
	"test_binary_unmarshaller.erl custom_marshaller_test": "fields are written by the test's own Erlang code",
	"custom_bit_map_test":                                 "the bitmap is written by the test's own Erlang code",
	"TermAppIsoUnpackTests.TestUnpackAscii":               "the message type has a letter before it that says which fields are there",
	"jsPOS issue 19":                                      "its bitmap announces 61 fields for 52 bytes: it was garbled when it was reported",
	"pyiso8583 issue 19":                                  "the end is not the reporter's message, and field 127 is not described",
}

// readsOtherwise are values that stand for the same bytes in another way, by the end of the source and the path.
var readsOtherwise = map[string]struct{ value, reason string }{
	"erl fields_35_36_test 35":  {"B1234123412341234D0305101193010877F", "the nibbles of a packed track read as hexadecimal, not as the characters of the stripe"},
	"erl field_52_test 52":      {"3132333435363738", "the text of b is hexadecimal"},
	"jmeter-iso8583 issue 9 11": {"111111", "the bytes say so: the reporter began to count a byte too early"},
}

// peerSpecs are specs for the packagers, by what their name starts with.
var peerSpecs = []struct {
	packager string
	spec     func(t *testing.T) *spec.Spec
}{
	{"erl8583 ascii", erlASCII},
	{"erl8583 binary", erlBinary},
	{"1814 EBCDIC", func(t *testing.T) *spec.Spec {
		return newSpec(t, spec.Config{Encoding: spec.EBCDIC1047, Bitmap: spec.Bitmap{Encoding: spec.Raw}, Fields: []spec.Field{
			{Number: 3, Format: "an 6"}, {Number: 11, Format: "an 6"}, {Number: 12, Format: "an 12"}, {Number: 24, Format: "an 3"}, {Number: 39, Format: "an 3"}}})
	}},
	{"j8583", builtIn("iso8583-1987-ascii", spec.Config{})},
	{"iso8583tool", builtIn("iso8583-1987-ascii", spec.Config{Bitmap: spec.Bitmap{Plain: true, Max: 2}, Fields: []spec.Field{
		{Number: 55, Format: "b...255", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV}}}})},
	{"moov spec87ascii", builtIn("iso8583-1987-ascii", spec.Config{Bitmap: spec.Bitmap{Plain: true, Max: 2}})},
	{"2-byte length", builtIn("iso8583-1987-binary", spec.Config{Header: []spec.Field{{Format: "b 16"}, {Format: "b 40"}}})},
	{"1987 BCD: 2-byte", builtIn("iso8583-1987-binary", spec.Config{})},
	{"1987 BCD: numerics", builtIn("iso8583-1987-binary", spec.Config{Fields: []spec.Field{{Number: 35, Format: "z..37", Align: spec.Left, Filler: 15, AnyFiller: true}}})},
}

func newSpec(t *testing.T, c spec.Config) *spec.Spec {
	c.Name = "peer"
	s, err := spec.New(c)
	require.NoError(t, err)
	return s
}

func builtIn(name string, override spec.Config) func(t *testing.T) *spec.Spec {
	return func(t *testing.T) *spec.Spec {
		s, err := spec.BuiltIn(name)
		require.NoError(t, err)
		s, err = s.Derive(override)
		require.NoError(t, err)
		return s
	}
}

func erlASCII(t *testing.T) *spec.Spec { return builtIn("iso8583-1987-ascii", spec.Config{})(t) }

func erlBinary(t *testing.T) *spec.Spec { return builtIn("iso8583-1987-binary", spec.Config{})(t) }

func TestPeerMessages(t *testing.T) {
	var all []peerMessage
	readJSON(t, "testdata/peer-messages.json", &all)
	listed := 0
	for _, c := range all {
		if reason := c.reason(); reason != "" {
			listed++
			continue
		}
		t.Run(c.Source, func(t *testing.T) { c.run(t) })
	}
	t.Logf("%d messages, %d not readable", len(all), listed)
	require.Equal(t, len(notReadable), listed)
}

func (c peerMessage) reason() string {
	for end, reason := range notReadable {
		if strings.HasSuffix(c.Source, end) {
			return reason
		}
	}
	return ""
}

func (c peerMessage) run(t *testing.T) {
	wire, err := hex.DecodeString(c.Hex)
	require.NoError(t, err)
	m := message.MustCompile(c.spec(t)).New()
	err = m.Unpack(wire)
	if c.MustFail {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	for path, want := range c.Fields {
		expected := text(t, want)
		for at, other := range readsOtherwise {
			if strings.HasSuffix(c.Source+" "+path, at) {
				expected = other.value
			}
		}
		require.Equal(t, expected, peerValue(m, path), path)
	}
	for _, number := range c.Present {
		require.True(t, m.Has(number), number)
	}
	again, err := m.Pack()
	require.NoError(t, err)
	require.Equal(t, wire, again)
}

func (c peerMessage) spec(t *testing.T) *spec.Spec {
	for _, known := range peerSpecs {
		if strings.HasPrefix(c.Packager, known.packager) {
			return known.spec(t)
		}
	}
	t.Fatalf("no spec for %q", c.Packager)
	return nil
}

func peerValue(m *message.Message, path string) string {
	if path == "0" {
		return m.MTI()
	}
	return m.Get(path).Text()
}

// text is a value of the file: text, or an object with hexadecimal.
func text(t *testing.T, raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var bytes struct{ Hex string }
	require.NoError(t, json.Unmarshal(raw, &bytes), strconv.Quote(string(raw)))
	return strings.ToUpper(bytes.Hex)
}
