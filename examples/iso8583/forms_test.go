package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/iso8583/internal/dump"
)

// digits is a message of characters that are all digits.
const digits = "0800" + "2020000000000000" + "000000" + "000001"

// Digits are bytes in hexadecimal or the characters of a message: what can be read counts, and that is told.
func TestDigitsOfEither(t *testing.T) {
	for _, c := range []struct {
		name, text string
		flags      []string
		messages   int
	}{
		{"one message", digits, nil, 1},
		{"lines", digits + "\n" + digits + "\n", []string{"-lines"}, 2},
		{"frames", "0032" + digits + "0032" + digits, []string{"-frame", "ascii4"}, 2},
		{"longer than what is looked at", strings.Repeat(digits+"\n", 1000), []string{"-lines"}, 1000},
	} {
		r := try(c.text, append([]string{"decode", "-spec", "iso8583-1987-ascii", "-json"}, c.flags...)...)
		require.Equal(t, exitGood, r.status, "%s: %s", c.name, r.errors)
		require.Equal(t, c.messages, strings.Count(r.out, `"11":"000001"`), c.name)
		require.Equal(t, "iso8583: standard input is read as text, since no message is in it as hex; -input hex reads it so all the same\n", r.errors)
		r = try(c.text, append([]string{"decode", "-spec", "iso8583-1987-ascii", "-input", "hex"}, c.flags...)...)
		require.Equal(t, exitBad, r.status)
		require.NotContains(t, r.errors, "is read as")
	}
	require.Contains(t, must(t, hexOf(digits), "decode", "-spec", "iso8583-1987-ascii"), "000001")
	r := try(digits, "decode", "-spec", "unionpay-pos")
	require.Equal(t, exitBad, r.status)
	require.NotContains(t, r.errors, "is read as", "neither way")
	file := writeFile(t, "digits", digits)
	r = try(hexOf(digits), "diff", "-spec", "iso8583-1987-ascii", file, "-")
	require.Equal(t, exitGood, r.status, r.errors)
}

// An input that was read in a form that something else may be mistaken for says so where a message is wrong.
func TestFormOfAFault(t *testing.T) {
	for text, form := range map[string]string{"[8, 0, 32, 32, 0, 0, 0, 0, 0, 0, 1, 2]": "array", `"\x08\x00\x20\x20\x00\x00\x00\x00\x00\x00"`: "escaped", "CAAgIAAAAAAAAAECAwQ=": "base64", digits[:30] + "xyz": "text"} {
		r := try(text, "decode", "-spec", "iso8583-1987-binary")
		require.Equal(t, exitBad, r.status, text)
		require.Contains(t, r.errors, "iso8583: standard input was read as "+form+"; -input names another form\n")
		r = try(text, "decode", "-spec", "iso8583-1987-binary", "-input", form)
		require.NotContains(t, r.errors, "was read as")
	}
	r := try("\xD4\xC3\xB2\xA1\x02\x00\x04\x00", "decode", "-spec", "iso8583-1987-binary")
	require.Equal(t, exitBad, r.status)
	require.Equal(t, "iso8583: this is a capture file: print it with tshark -r FILE -Y tcp.payload -T fields -e tcp.stream -e tcp.srcport -e tcp.payload\n", r.errors)
	r = try("\xD4\xC3\xB2\xA1\x02\x00\x04\x00", "guess")
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "standard input: this is a capture file")
	require.Empty(t, r.out)
}

// Lines of a log without a message are counted.
func TestLogPassedOver(t *testing.T) {
	text := "12:00:01 up\n12:00:02 sent " + strings.ReplaceAll(signOn, " ", "") + "\n12:00:03 down\n"
	r := try(text, "decode", "-spec", "unionpay-pos+no-header", "-lines", "-json")
	require.Equal(t, exitGood, r.status, r.errors)
	require.Equal(t, 1, strings.Count(r.out, "\n"))
	require.Equal(t, "iso8583: standard input: 2 lines without a long run of hexadecimal digits were passed over\n", r.errors)
}

// What is shown of a message that cannot be read is bounded.
func TestDumpIsBounded(t *testing.T) {
	file := writeFile(t, "zeros", string(make([]byte, 3_000_000)))
	r := try("", "decode", "-spec", "iso8583-1987-binary", file)
	require.Equal(t, exitBad, r.status)
	require.Less(t, strings.Count(r.out, "\n"), 300)
	require.True(t, strings.HasSuffix(r.out, fmt.Sprintf("\nand %d bytes more\n", 3_000_000-longestDump)))
	short := try(strings.Repeat("00", longestDump), "decode", "-spec", "iso8583-1987-binary")
	require.NotContains(t, short.out, "bytes more")
	require.Contains(t, short.out, "\n00000ff0 ")
}

// A frame whose end is missing is told, and what has come of its message is shown.
func TestFrameCutOff(t *testing.T) {
	wire := strings.ReplaceAll(signOn, " ", "")
	frame := fmt.Sprintf("%04X%s", len(wire)/2, wire)
	r := try(frame+frame[:60], "decode", "-spec", "unionpay-pos+no-header", "-frame", "binary2")
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, fmt.Sprintf("frame at byte %d: the input ends inside a frame", len(frame)/2))
	require.Contains(t, r.errors, ": field 42 at byte ")
	require.Equal(t, 2, strings.Count(r.out, "System trace audit number              000002"), r.out)
}

// What is looked at of an input does not take memory for every spec and length header.
func TestGuessMemory(t *testing.T) {
	wire, err := hex.DecodeString(strings.ReplaceAll(signOn, " ", ""))
	require.NoError(t, err)
	frame := append([]byte{0, byte(len(wire))}, wire...)
	stream := bytes.Repeat(frame, 20_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	parts, err := readParts(stream, dump.Raw)
	require.NoError(t, err)
	all := divisionsOf(parts, dump.Raw, &options{})
	runtime.ReadMemStats(&after)
	require.NotEmpty(t, all)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(24*len(stream)))

	c := &console{stdin: bytes.NewReader(frame), stdout: io.Discard, stderr: t.Output(), command: "guess"}
	g := &guesser{console: c, specs: []string{"unionpay-pos"}}
	g.registerInput(newFlagSet())
	require.NoError(t, g.guess(nil))
	require.Empty(t, g.candidates[0].made, "the variants of a spec are not kept for the next one's")
}

// Messages with length headers are sent without them.
func TestSendFrames(t *testing.T) {
	wire := strings.ReplaceAll(signOn, " ", "")
	frame := fmt.Sprintf("%04X%s", len(wire)/2, wire)
	second := strings.Replace(frame, "000002", "000003", 1)
	raw, err := hex.DecodeString(frame + second)
	require.NoError(t, err)
	for name, text := range map[string]string{"lines": frame + "\n" + second, "one stream": frame + second, "bytes": string(raw)} {
		host, end := startHost(t, "-count", "2")
		r := try(text, append([]string{"send", "-to", host, "-json"}, wireFlags...)...)
		require.Equal(t, exitGood, r.status, "%s: %s", name, r.errors)
		require.Equal(t, "iso8583: standard input: the messages have the length header binary2, which is taken off them\n", r.errors)
		require.Contains(t, r.out, `"11":"000002"`)
		require.Contains(t, r.out, `"11":"000003"`)
		require.Equal(t, exitGood, end().status)
	}
	r := try(wire+"\n"+frame, append([]string{"send", "-to", "127.0.0.1:1"}, wireFlags...)...)
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "line 2: field 27 at byte 16: ", "one with and one without is a fault")
	require.Contains(t, r.errors, "nothing was sent")
}

// A fault of writing is told once.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	defer full.Close()
	for _, args := range [][]string{{"decode", "-spec", "unionpay-pos+no-header"}, {"decode", "-spec", "unionpay-pos+no-header", "-lines", "-json"}, {"spec", "list"}, {"frames"}, {"help"}, {"help", "decode"}, {"version"}, {"guess"},
		{"encode", "-spec", "unionpay-pos+no-header"}, {"spec", "show", "unionpay-pos"}, {"completion", "bash"}} {
		input := signOn
		if args[0] == "encode" {
			input = `{"0":"0800"}`
		}
		var errors bytes.Buffer
		status := run(args, strings.NewReader(input), full, &errors)
		require.Equal(t, exitTrouble, status, "%v: %s", args, errors.String())
		require.Equal(t, 1, strings.Count(errors.String(), "\n"), "%v: %s", args, errors.String())
	}
	c := &console{stdout: full, stderr: io.Discard}
	c.say("something")
	require.Equal(t, exitTrouble, c.status(nil))
}

// Of a frame whose end is missing there must be the start of a message, and the frame must be one that can be.
func TestStartOfFrame(t *testing.T) {
	framing, err := connection.FramingByName("binary2")
	require.NoError(t, err)
	frame := append([]byte{0, 200}, bytes.Repeat([]byte{7}, 50)...)
	for size, want := range map[int]int{0: 0, 1: 0, 2: 0, 1 + leastStart: 0, 2 + leastStart: leastStart, 52: 50} {
		require.Len(t, startOfFrame(framing, frame[:size]), want, size)
	}
	require.Nil(t, startOfFrame(framing, append([]byte{0xFF, 0xFF}, make([]byte, maxFrame)...)))
	require.Nil(t, startOfFrame(framing, append([]byte{0, 0}, frame[2:]...)), "a keep-alive")
}
