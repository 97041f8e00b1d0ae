package main

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

func hexOf(text string) string { return hex.EncodeToString([]byte(text)) }

// ranks are the names in the order that guess puts them.
func ranks(out string) []string {
	var names []string
	table, _, _ := strings.Cut(out, "\n\n")
	for line := range strings.Lines(table) {
		names = append(names, strings.Fields(line)[0])
	}
	return names
}

func TestGuess(t *testing.T) {
	xml := writeFile(t, "packager.xml", packager)
	ascii := hexOf("0800002000000080000000000112345678")
	r := try(ascii, "guess", "-spec", "iso8583-1987-binary", "-spec", "unionpay-pos", "-spec", "iso8583-1987-ascii")
	require.Equal(t, exitGood, r.status, r.errors)
	require.Equal(t, "iso8583-1987-ascii", ranks(r.out)[0])
	require.Contains(t, r.out, "likely  reads 1 of 1")
	require.Contains(t, r.out, "reads 0 of 1, ")

	r = try("0800"+"0020000000100000"+"000001"+"30"+strings.Repeat("41", 30), "guess", "-spec", "unionpay-pos+no-header", "-spec", xml)
	require.Equal(t, exitGood, r.status, r.errors)
	require.Equal(t, []string{xml, "unionpay-pos+no-header"}, ranks(r.out))

	r = try("0800"+"0000000000000000"+"\n"+"0800"+"80000000"+"00000000", "guess", "-lines", "-spec", "iso8583-1987-binary")
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.out, "reads 1 of 2, 95 % of the bytes  line 2: field 1 at byte 10: truncated")

	r = try("0800", "guess", "-spec", "unionpay-pos", "-spec", "iso8583-1987-binary")
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "no spec reads all of the input")
	require.Equal(t, []string{"iso8583-1987-binary", "unionpay-pos+no-header"}, ranks(r.out))
}

// A value that makes no sense puts a spec behind one that reads the same bytes without any.
func TestGuessDoubts(t *testing.T) {
	strict := writeFile(t, "strict.json", `{"name":"strict","encoding":"bcd","fields":[{"number":13,"format":"n 4","time":"MMDD"}]}`)
	loose := writeFile(t, "loose.json", `{"name":"loose","encoding":"bcd","fields":[{"number":13,"format":"n 4"}]}`)
	out := must(t, "0800"+"0008000000000000"+"9999", "guess", "-spec", strict, "-spec", loose)
	require.Equal(t, []string{loose, strict}, ranks(out))
	require.Contains(t, out, "in doubt: field 13 is no MMDD")
	require.Equal(t, []string{strict, loose}, ranks(must(t, "0800"+"0008000000000000"+"1231", "guess", "-spec", strict, "-spec", loose)))

	out = must(t, "0800"+"0008000000000000"+"1231"+"\n"+"1800"+"0008000000000000"+"1231", "guess", "-lines", "-spec", "iso8583-1987-binary", "-spec", loose)
	require.Equal(t, []string{loose, "iso8583-1987-binary"}, ranks(out))
	require.Contains(t, out, "line 2: message type 1800 is of another edition of the standard")
}

// So does a value in what could be read of a damaged message.
func TestGuessDoubtsDamaged(t *testing.T) {
	var specs []string
	for _, time := range []string{`,"time":"MMDD"`, ""} {
		text := `{"name":"x","encoding":"bcd","fields":[{"number":13,"format":"n 4"` + time + `},{"number":14,"format":"n 12"},{"number":18,"format":"n 4"}]}`
		specs = append(specs, "-spec", writeFile(t, "spec.json", text))
	}
	const message = "0800" + "000C400000000000" // 13, 14 and 18
	r := try(message+"9999"+"000000001999"+"00A0", append([]string{"guess"}, specs...)...)
	require.Equal(t, []string{specs[3], specs[1]}, ranks(r.out), r.out)
	r = try(message+"1231"+"000000001999"+"00A0", append([]string{"guess"}, specs...)...)
	require.Equal(t, []string{specs[1], specs[3]}, ranks(r.out), r.out)

	r = try("1800"+message[4:]+"1231"+"000000001999"+"00A0", "guess", "-spec", "iso8583-1987-binary", "-spec", specs[3])
	require.Equal(t, []string{specs[3], "iso8583-1987-binary"}, ranks(r.out), r.out)
}

// What is longer than any message is none, whatever it begins with.
func TestGuessLongest(t *testing.T) {
	codec, err := message.Compile(spec.ISO8583v1987Binary())
	require.NoError(t, err)
	v := &variant{name: "x", message: codec.New()}
	for size, want := range map[int]bool{longest: false, longest + 1: true} {
		require.Equal(t, want, test(v, division{messages: []sampled{{wire: make([]byte, size)}}}).fault == errTooLong.Error(), size)
	}
	require.Equal(t, 65536, longest, "no length header in use tells more than two bytes can")
}

// A fault has its place: also that of a message of which the end is missing.
func TestGuessPlaces(t *testing.T) {
	framed := "0024" + strings.ReplaceAll(signOn, " ", "")
	for n := range 3 {
		r := try(strings.Repeat(framed, n)+framed[:len(framed)-4], "guess", "-frame", "binary2", "-spec", "unionpay-pos+no-header")
		require.Regexp(t, fmt.Sprintf(`reads %d of %d, .*  message %d: field 42 at byte \d+: truncated`, n, n+1, n+1), r.out)
	}
}

func TestPlausibleTypes(t *testing.T) {
	for digits, want := range map[string]bool{
		"0100": true, "0200": true, "1804": true, "2220": true, "0475": true, "0870": true, "0105": true,
		"3100": false, "0000": false, "0900": false, "0180": false, "0106": false, "0250": true, "0176": false,
	} {
		require.Equal(t, want, isMessageType([]byte(digits)), digits)
	}
}

// Every built-in spec is tried when none is named, and nothing of the message is shown.
func TestGuessBuiltIns(t *testing.T) {
	for _, f := range publishedFrames(t)[:3] {
		args := []string{"guess"}
		if strings.HasPrefix(f.Framing, "2-byte length") {
			args = append(args, "-frame", "binary2")
		}
		r := try(f.Hex, args...)
		require.NotEmpty(t, ranks(r.out))
		if pan := f.Decoded.Fields["2"].Value; pan != "" {
			require.NotContains(t, r.out+r.errors, pan)
		}
	}
	for _, args := range [][]string{{"guess", "-spec", "nope"}, {"guess", "-frame", "nope"}, {"guess", "-x"}, {"guess", "nosuchfile"}} {
		require.NotEqual(t, exitGood, try("00", args...).status)
	}
	require.Equal(t, exitBad, try("xyz", "guess").status)
}
