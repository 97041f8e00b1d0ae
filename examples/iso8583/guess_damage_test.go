package main

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/iso8583/internal/dump"
)

// ranked are the rows of guess for an input: the spec and the flags of each.
func ranked(out string) (rows [][]string) {
	table, _, _ := strings.Cut(out, "\n\n")
	for line := range strings.Lines(table) {
		rows = append(rows, strings.Fields(line))
	}
	return rows
}

// What is left of a message that was cut off is best read by its own spec, or by one that has the same fields so far.
func TestGuessCut(t *testing.T) {
	for _, c := range []struct{ file, spec, flags string }{
		{"hex-plain.txt", "unionpay-pos", "-frame binary2"},
		{"od-x1.txt", "unionpay-pos", "-frame binary2"},
		{"hex-blanks.txt", "iso8583-1987-binary", "-frame binary2"},
		{"hexdump-C.txt", "iso8583-1987-ascii", "-frame ascii4"},
		{"od-decimal.txt", "iso8583-1993-binary", ""},
		{"od-b.txt", "iso8583-1987-ebcdic", ""},
		{"raw-visa.bin", "example-visa", "-frame vap"},
		{"xxd-bytes.txt", "example-jcb", ""},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", "dumps", c.file))
		require.NoError(t, err)
		forms, err := dump.Detect(data)
		require.NoError(t, err)
		parts, err := readParts(data, forms[0])
		require.NoError(t, err)
		wire := inStreams(parts).messages[0].wire
		if c.file == "hexdump-C.txt" {
			wire = wire[:len(wire)/2] // of two messages
		}
		for _, percent := range []int{60, 90} {
			text := hex.EncodeToString(wire[:len(wire)*percent/100])
			out, errors := guessedText(t, allCandidates(t), text)
			first := slices.IndexFunc(ranked(out), func(row []string) bool { return row[0] == c.spec })
			require.Contains(t, []int{0, 1}, first, "%s, %d %%: %s", c.file, percent, out)
			require.True(t, strings.HasPrefix(strings.Join(ranked(out)[first][1:], " "), strings.TrimSpace(c.flags+" in part")), "%s, %d %%: %s", c.file, percent, out)
			require.Contains(t, out, "\niso8583 decode -spec ")
			require.Contains(t, errors, "no spec reads all of the input")
		}
	}
}

// guessedText is what guess writes about the standard input.
func guessedText(t *testing.T, specs []*candidate, text string) (out, errors string) {
	t.Helper()
	var written, told bytes.Buffer
	c := &console{stdin: strings.NewReader(text), stdout: &written, stderr: &told, command: "guess"}
	g := &guesser{console: c, candidates: specs}
	g.registerInput(newFlagSet())
	require.NoError(t, g.guess(nil))
	return written.String(), told.String()
}

// A damaged message among others does not make a spec win that reads some of one.
func TestGuessDamagedStream(t *testing.T) {
	wire, err := hex.DecodeString(strings.ReplaceAll(sale, " ", ""))
	require.NoError(t, err)
	wire[5] = 0x20 // field 11 in the place of 14
	wire = slices.Concat([]byte{0x02, 0x00, 0x70, 0x20, 0x04, 0, 0, 0xC0, 0, 0}, wire[10:])
	var stream []byte
	for i := range 10 {
		one := slices.Clone(wire)
		if i == 4 {
			one[22] = 0xAA // in the amount
		}
		stream = append(append(stream, 0, byte(len(one))), one...)
	}
	out, _ := guessedText(t, allCandidates(t), hex.EncodeToString(stream))
	require.Regexp(t, `^iso8583-1987-binary +-frame binary2 +in part +reads 9 of 10, .*message 5: field 4 at byte \d+: `, out)
	require.Contains(t, out, "\niso8583 decode -spec iso8583-1987-binary -frame binary2\n")
}

// A clearing file with damage in it is one all the same.
func TestGuessDamagedClearing(t *testing.T) {
	specs := &guesser{specs: []string{"iso8583-1993-ascii", "iso8583-1987-ebcdic", "example-mastercard-ipm", ipmSpec}}
	require.NoError(t, specs.loadCandidates())
	for _, form := range []string{"clearing-vbs", "clearing-1014"} {
		_, file := clearingFile(t, form, 60)
		wire, err := os.ReadFile(file)
		require.NoError(t, err)
		at := 30 * len(wire) / 60
		at += bytes.Index(wire[at:], []byte{0xF1, 0xF2, 0xF4, 0xF0})
		middle := bytes.Clone(wire)
		middle[at-4] = 0x7F
		for name, damaged := range map[string][]byte{
			"cut off":                       wire[:len(wire)*2/3],
			"a record of the wrong length":  middle,
			"no closing length":             bytes.TrimRight(wire, "\x00\x40"),
			"a wrong character in a record": bytes.Replace(wire, []byte{0xF1, 0xF2, 0xF4, 0xF0}, []byte{0xF1, 0xF2, 0xF4, 0x7A}, 1),
		} {
			out, _ := guessedText(t, specs.candidates, string(damaged))
			require.Contains(t, out, "\niso8583 decode -spec "+ipmSpec+" -frame "+form+"\n", "%s, %s: %s", form, name, out)
		}
		if form == "clearing-1014" {
			spoilt := bytes.Clone(wire)
			spoilt[3*1014+1012] = 0
			out, _ := guessedText(t, specs.candidates, string(spoilt))
			require.Contains(t, out, "\niso8583 decode -spec "+ipmSpec+" -frame clearing-1014\n", out)
			name := writeFile(t, "spoilt", string(spoilt))
			r := try("", "decode", "-spec", ipmSpec, "-frame", "clearing", name)
			require.Equal(t, exitBad, r.status)
			require.Contains(t, r.errors, "at byte 3042: a block does not end with two fill bytes")
		}
	}
}
