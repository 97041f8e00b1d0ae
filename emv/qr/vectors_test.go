package qr

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/internal/vectortest"
	"github.com/stretchr/testify/require"
)

func TestVectors(t *testing.T) {
	vectortest.RunPlain(t, map[string]func(*testing.T, vectortest.Plain){
		"qr-mpm": testMerchantVector,
		"qr-cpm": testConsumerVector,
	})
}

// node is one object of the trees in the vectors: [id, value | children].
type node struct {
	key      string
	value    string
	children []node
}

func (n *node) UnmarshalJSON(text []byte) error {
	var pair [2]json.RawMessage
	if err := json.Unmarshal(text, &pair); err != nil {
		return err
	}
	if err := json.Unmarshal(pair[0], &n.key); err != nil {
		return err
	}
	if pair[1][0] == '[' {
		return json.Unmarshal(pair[1], &n.children)
	}
	return json.Unmarshal(pair[1], &n.value)
}

// requireFields compares objects with the expected tree, and what building the tree gives with the text.
func requireFields(t *testing.T, want []node, f Fields) {
	t.Helper()
	require.NoError(t, f.Err())
	var built []byte
	for id, v := range f.All() {
		require.NotEmpty(t, want)
		require.Equal(t, want[0].key, id.String())
		if want[0].children != nil {
			requireFields(t, want[0].children, Fields(v))
		} else {
			require.Equal(t, want[0].value, v)
		}
		var err error
		built, err = AppendField(built, id, v)
		require.NoError(t, err)
		want = want[1:]
	}
	require.Empty(t, want, "objects missing")
	require.Equal(t, string(f), string(built))
}

func testMerchantVector(t *testing.T, c vectortest.Plain) {
	var input struct{ QR string }
	var expect struct {
		Tree        []node
		Error       string
		CRCField    *string  `json:"crc_field"`
		CRCComputed string   `json:"crc_computed"`
		CRCOK       bool     `json:"crc_ok"`
		Duplicates  []string `json:"duplicate_ids"`
		FirstIs00   bool     `json:"first_is_00"`
		Missing     []string `json:"missing_mandatory"`
	}
	vectortest.Strict(t, c.Input, &input)
	vectortest.Strict(t, c.Expect, &expect)
	err := Validate(input.QR)
	if expect.Tree == nil {
		requireFault(t, expect.Error, err)
		requireFault(t, expect.Error, Fields(input.QR).Err())
		_, err := ParseMerchant(input.QR)
		require.Error(t, err)
		return
	}
	if expect.Error != "" {
		require.Error(t, err)
	}
	requireFields(t, expect.Tree, Fields(input.QR))

	have, ok := Fields(input.QR).Get(Checksum)
	require.Equal(t, expect.CRCField != nil, ok)
	if ok {
		require.Equal(t, strings.ToUpper(*expect.CRCField), strings.ToUpper(have))
		require.Equal(t, expect.CRCComputed, fmt.Sprintf("%04X", CRC(input.QR[:len(input.QR)-4])))
	}
	require.Equal(t, expect.CRCOK, ok && !errors.Is(err, ErrCRC))
	require.Equal(t, expect.Duplicates, idsWith(err, ErrDuplicate))
	require.Equal(t, expect.FirstIs00, strings.HasPrefix(input.QR, "00"))
	require.Equal(t, missingIDs(expect.Missing), idsWith(err, ErrMissing))

	if err != nil {
		return
	}
	m, err := ParseMerchant(input.QR)
	require.NoError(t, err)
	again, err := m.Append(nil)
	require.NoError(t, err)
	require.ElementsMatch(t, objects(input.QR), objects(string(again)))
	back, err := ParseMerchant(string(again))
	require.NoError(t, err)
	require.Equal(t, m, back)
}

// missingIDs names the ids as Validate does: of the merchant accounts the first template stands for all.
func missingIDs(names []string) []string {
	ids := []string{}
	for _, name := range names {
		if len(name) > 2 {
			name = firstTemplate.String()
		}
		ids = append(ids, name)
	}
	return ids
}

// idsWith returns the ids of the joined faults of a kind.
func idsWith(err error, kind error) []string {
	ids := []string{}
	joined, _ := err.(interface{ Unwrap() []error })
	if joined == nil {
		return ids
	}
	for _, e := range joined.Unwrap() {
		var fault *Error
		if errors.As(e, &fault) && errors.Is(e, kind) && !slices.Contains(ids, fault.Path.String()) {
			ids = append(ids, fault.Path.String())
		}
	}
	return ids
}

var vectorDetail = regexp.MustCompile(`^bad (id|length) '[^']*' at (\d+)$`)

// requireFault compares a fault with "bad id 'A0' at 0", "bad length '9X' at 6"; of other texts it is known only that
// the code is cut off.
func requireFault(t *testing.T, detail string, err error) {
	t.Helper()
	match := vectorDetail.FindStringSubmatch(detail)
	if match == nil {
		require.ErrorIs(t, err, ErrTruncated, "error %q", detail)
		return
	}
	require.ErrorIs(t, err, map[string]error{"id": ErrID, "length": ErrLength}[match[1]])
	var fault *Error
	require.ErrorAs(t, err, &fault)
	require.Equal(t, match[2], strconv.Itoa(fault.Offset))
}

func testConsumerVector(t *testing.T, c vectortest.Plain) {
	var input struct{ Base64 string }
	var expect struct {
		Hex   string
		Tree  []node
		Valid bool `json:"valid_cpm"`
		Error string
	}
	vectortest.Strict(t, c.Input, &input)
	vectortest.Strict(t, c.Expect, &expect)
	code, err := ParseConsumer(input.Base64)
	if !expect.Valid {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	require.Equal(t, strings.ToLower(expect.Hex), hex.EncodeToString(code.Data))
	requireObjects(t, expect.Tree, code.Data)

	_, _, templates, err := emv.Next(code.Data)
	require.NoError(t, err)
	require.Equal(t, input.Base64, string(AppendConsumer(nil, templates)))
	for app := range code.Applications() {
		requireFound(t, app, app.Own)
	}
	raw, err := base64.StdEncoding.DecodeString(input.Base64)
	require.NoError(t, err)
	_, err = ParseConsumer(base64.StdEncoding.EncodeToString(raw[7:]))
	require.ErrorIs(t, err, ErrNotConsumer)
}

// requireFound holds that an application gives every object of its template, those of a transparent one too.
func requireFound(t *testing.T, app ConsumerApplication, d emv.TLV) {
	t.Helper()
	seen := map[emv.Tag]bool{}
	for path, v := range d.Walk() {
		tag := path[len(path)-1]
		if tag.Constructed() || seen[tag] || len(path) > 1 && path[0] != tagTransparent || len(path) > 2 {
			continue
		}
		seen[tag] = true
		got, ok := app.Get(tag)
		require.True(t, ok, "%v", tag)
		if len(path) == 1 {
			require.Equal(t, []byte(v), []byte(got))
		}
	}
	require.NotEmpty(t, seen)
}

func requireObjects(t *testing.T, want []node, d emv.TLV) {
	t.Helper()
	for tag, v := range d.All() {
		require.NotEmpty(t, want)
		require.Equal(t, want[0].key, tag.String())
		if want[0].children != nil {
			requireObjects(t, want[0].children, v.TLV())
		} else {
			require.Equal(t, strings.ToLower(want[0].value), hex.EncodeToString(v))
		}
		want = want[1:]
	}
	require.Empty(t, want)
}

// TestConsumerWithoutCryptogram: a code need not carry a cryptogram, and the vectors of one run like others.
func TestConsumerWithoutCryptogram(t *testing.T) {
	testConsumerVector(t, vectortest.Plain{
		Input:  []byte(`{"base64": "hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MQ=="}`),
		Expect: []byte(`{"valid_cpm": true, "hex": "8505435056303161134F07A0000000555555500850726F6475637431", "tree": [["85", "4350563031"], ["61", [["4F", "A0000000555555"], ["50", "50726F6475637431"]]]]}`),
	})
	code, err := ParseConsumer("hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MQ==")
	require.NoError(t, err)
	for app := range code.Applications() {
		_, ok := app.Get(0x9F26)
		require.False(t, ok)
	}
}
