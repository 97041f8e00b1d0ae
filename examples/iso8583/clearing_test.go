package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message/clearing"
)

const ipmSpec = "example-mastercard-ipm-ebcdic"

// clearingFile encodes records and returns their JSON and the file.
func clearingFile(t *testing.T, form string, count int) (objects, file string) {
	for i := range count {
		objects += fmt.Sprintf(`{"0":"1240","2":"5412345678901234","3":"000000","4":"%012d","24":"200","48":{"0023":"NA","0148":"7022"},"71":"%08d"}`+"\n", 100+i, i+1)
	}
	return objects, writeFile(t, "T112.ipm", must(t, objects, "encode", "-spec", ipmSpec, "-frame", form, "-raw"))
}

// A clearing file is written from JSON, guessed, read and compared, in both forms, over several blocks.
func TestClearingFiles(t *testing.T) {
	for _, form := range []string{"clearing-vbs", "clearing-1014"} {
		objects, file := clearingFile(t, form, 40)
		wire, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, form == "clearing-1014", len(wire)%1014 == 0)
		require.Equal(t, clearingForms[form], clearing.Detect(wire))

		text := must(t, "", "decode", "-spec", ipmSpec, "-frame", "clearing", "-json", "-clear", file)
		require.Equal(t, objects, text)
		require.Equal(t, string(wire), must(t, text, "encode", "-spec", ipmSpec, "-frame", form, "-raw"))
		masked := must(t, "", "decode", "-spec", ipmSpec, "-frame", form, file)
		require.Equal(t, 40, strings.Count(masked, "541234******1234"))
		require.NotContains(t, masked, "5412345678901234")
		require.Contains(t, must(t, "", "guess", "-spec", ipmSpec, "-spec", "example-mastercard-ipm", file), "iso8583 decode -spec "+ipmSpec+" -frame "+form)

		other := writeFile(t, "other.json", strings.Replace(objects, `"4":"000000000102"`, `"4":"000000000999"`, 1))
		r := try("", "diff", "-spec", ipmSpec, "-frame", "clearing", file, other)
		require.Equal(t, exitBad, r.status, r.errors)
		require.Contains(t, r.out, "message 3\n")
		require.Contains(t, r.out, "000000000999")
	}
}

// Faults are told with the record and its place; what was whole before them is shown.
func TestClearingFaults(t *testing.T) {
	_, file := clearingFile(t, "clearing-vbs", 3)
	wire, err := os.ReadFile(file)
	require.NoError(t, err)
	size := (len(wire) - 4) / 3
	decode := func(wire []byte, more ...string) result {
		name := filepath.Join(t.TempDir(), "bad.ipm")
		require.NoError(t, os.WriteFile(name, wire, 0o600))
		return try("", append([]string{"decode", "-spec", ipmSpec, "-frame", "clearing-vbs", "-json", name}, more...)...)
	}
	r := decode(wire[:2*size+10])
	require.Equal(t, exitBad, r.status)
	require.Equal(t, 2, strings.Count(r.out, `"0":"1240"`))
	require.Contains(t, r.out, fmt.Sprintf(`{"error":{"kind":"bad clearing file","path":"","offset":%d,`, 2*size))

	spoilt := bytes.Clone(wire)
	spoilt[size+4] = 'x' // the message type of the second record
	r = decode(spoilt)
	require.Equal(t, exitBad, r.status)
	require.Equal(t, 2, strings.Count(r.out, `"0":"1240"`), "the records around it are read")
	require.Contains(t, r.out, `"path":"0"`)

	r = try(`{"0":"1240","71":"00000001"}{"0":"1240","71":"x"}`, "encode", "-spec", ipmSpec, "-frame", "clearing-1014", "-raw")
	require.Equal(t, exitBad, r.status)
	require.Empty(t, r.out, "nothing half written")
}

// A file that was cut where a record, a block or its fill would end well is not read as a whole one.
func TestClearingCutShort(t *testing.T) {
	_, file := clearingFile(t, "clearing-1014", 3)
	wire, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Len(t, wire, 1014)
	cut := writeFile(t, "cut.ipm", string(wire[:1009]))
	r := try("", "decode", "-spec", ipmSpec, "-frame", "clearing", "-json", cut)
	require.Equal(t, exitBad, r.status)
	require.Equal(t, 3, strings.Count(r.out, `"0":"1240"`))
	require.Contains(t, r.out, "fill bytes of a block that is not whole")
	require.Contains(t, try("", "guess", "-spec", ipmSpec, cut).out, "\niso8583 decode -spec "+ipmSpec+" -frame clearing-1014 ")

	_, file = clearingFile(t, "clearing-vbs", 3)
	wire, err = os.ReadFile(file)
	require.NoError(t, err)
	size := (len(wire) - 4) / 3
	for count := 1; count <= 3; count++ {
		cut := writeFile(t, "cut.ipm", string(wire[:count*size]))
		for _, form := range []string{"clearing", "clearing-vbs"} {
			r := try("", "decode", "-spec", ipmSpec, "-frame", form, cut)
			require.Equal(t, exitBad, r.status)
			require.Equal(t, count, strings.Count(r.out, "541234******1234"))
			require.Equal(t, fmt.Sprintf("iso8583: %s: record %d at byte %d: no end mark: records may be missing\n", cut, count+1, count*size), r.errors)
		}
		require.Equal(t, exitTrouble, try("", "diff", "-spec", ipmSpec, "-frame", "clearing", cut, file).status)
	}
}

// A file with its closing length is one for certain; without, it may be frames of four bytes of length.
func TestAsClearing(t *testing.T) {
	_, file := clearingFile(t, "clearing-vbs", 3)
	wire, err := os.ReadFile(file)
	require.NoError(t, err)
	d := asClearing(division{messages: []sampled{{wire: wire}}})
	require.Len(t, d.messages, 3)
	require.False(t, d.unclosed)
	d = asClearing(division{messages: []sampled{{wire: wire[:len(wire)-4]}}})
	require.Len(t, d.messages, 3)
	require.True(t, d.unclosed)
	d = asClearing(division{messages: []sampled{{wire: wire[:len(wire)-4]}, {wire: wire}}})
	require.True(t, d.unclosed, "one of two files")
	many := bytes.Repeat(wire[:len(wire)-4], maxMessages/3+1)
	require.False(t, asClearing(division{messages: []sampled{{wire: many}}}).unclosed, "the end is behind what is looked at")
}

// Elements that the spec does not know, and free text, may hold a card number, and are not shown.
func TestClearingIsMasked(t *testing.T) {
	const pan = "4444555544445555"
	for _, spec := range []string{ipmSpec, "example-mastercard-ipm"} {
		wire := must(t, `{"0":"1240","48":{"0002":"`+pan+`","0023":"POI"},"62":{"0999":"`+pan+`"},"72":"card `+pan+`","105":"`+pan+`","123":{"0001":"`+pan+`"},"124":{"0001":"`+pan+`"},"125":{"0001":"`+pan+`"},"127":"`+pan+`"}`,
			"encode", "-spec", spec)
		require.Equal(t, 8, strings.Count(must(t, wire, "decode", "-spec", spec, "-clear", "-json"), pan))
		for _, form := range []string{"-json", "-json=false"} {
			out := must(t, wire, "decode", "-spec", spec, form)
			require.NotContains(t, out, pan)
			require.Contains(t, out, "POI")
		}
	}
}

// A short file in the one form is not taken for the other.
func TestClearingFormOfShortFiles(t *testing.T) {
	_, file := clearingFile(t, "clearing-vbs", 15)
	wire, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Greater(t, len(wire), 1014)
	require.Less(t, len(wire), 2*1014)
	copy(wire[1012:], "\x40\x40") // in an element or a number: the record is what is wrong, not the file
	d := asClearing(division{messages: []sampled{{wire: wire}}})
	require.Equal(t, "-frame clearing-vbs", d.flags)
	require.Len(t, d.messages, 15)
}
