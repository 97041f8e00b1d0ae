package spec

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// formats returns the parsed format of each data element of a built-in spec.
func formats(t *testing.T, name string) map[int]Format {
	s, err := BuiltIn(name)
	require.NoError(t, err)
	all := make(map[int]Format)
	for _, f := range s.Resolved().Fields {
		all[f.Number], err = ParseFormat(f.Format)
		require.NoError(t, err)
	}
	return all
}

// The fields as published for UnionPay's terminals, and what of them is otherwise here.
func TestUnionPayAsPublished(t *testing.T) {
	b, err := os.ReadFile("testdata/unionpay-fields.json")
	require.NoError(t, err)
	var published []struct {
		Field   int
		Type    string
		LenKind string `json:"len_kind"`
		Max     int
	}
	require.NoError(t, json.Unmarshal(b, &published))
	ours := formats(t, "unionpay-pos+vendor-fields")
	differing := make(map[int]string)
	for _, p := range published {
		length := map[string]string{"FIX": " ", "LLVAR": "..", "LLLVAR": "..."}[p.LenKind]
		size := p.Max
		if p.Type == "b" && p.LenKind == "FIX" {
			size *= 8
		}
		notation := p.Type + length + strconv.Itoa(size)
		if f, ok := ours[p.Field]; !ok || f.String() != notation {
			differing[p.Field] = notation
		}
		delete(ours, p.Field)
	}
	require.Equal(t, map[int]string{
		58: "ans...100", // its bytes are binary
		59: "ans...999", // so are those of some entries
		60: "n...17",    // 30 digits are in use
		64: "b 64",      // eight hexadecimal characters of four bytes
	}, differing)
	require.Equal(t, map[int]Format{0: {Content: ContentN, Max: 4}, 46: {Content: ContentANS, Max: 999, Digits: 3}, 56: {Content: ContentANS, Max: 999, Digits: 3}},
		ours, "fields that are not published: the message type and two of vendors")
}

// The lengths of ISO 8583:1987 as pyiso8583 has them, and where they are otherwise here.
func TestISO1987LengthsAsElsewhere(t *testing.T) {
	b, err := os.ReadFile("../message/testdata/pyiso8583-specs.json")
	require.NoError(t, err)
	var specs map[string]map[string]struct {
		Encoding string `json:"data_enc"`
		Digits   int    `json:"len_type"`
		Max      int    `json:"max_len"`
	}
	require.NoError(t, json.Unmarshal(b, &specs))
	for _, name := range []string{"iso8583-1987-ascii", "iso8583-1987-binary", "iso8583-1987-ebcdic"} {
		ours := formats(t, name)
		var differing []string
		for number := 2; number <= 128; number++ {
			theirs := specs["default"][strconv.Itoa(number)]
			f := ours[number]
			size := f.Max
			if f.Content == ContentB && f.Fixed() {
				size /= 8
			}
			if f.Sign {
				size++
			}
			if f.Digits != theirs.Digits || size != theirs.Max {
				differing = append(differing, fmt.Sprintf("%d: %s", number, f))
			}
		}
		icc := "55: " + ours[55].String()
		require.True(t, strings.HasSuffix(icc, "...999"), "chip data travels in 55: pyiso8583 has 255, hosts have more")
		require.Equal(t, []string{
			"54: ans...120", // the standard's length; pyiso8583 has that of 1993
			icc,
			"65: b 8",   // as in the standard; pyiso8583 has eight bytes
			"93: ans 6", // as jPOS has it; five in the standard
			"96: b 128", // as jPOS has it; eight bytes in the standard
		}, differing, name)
	}
}
