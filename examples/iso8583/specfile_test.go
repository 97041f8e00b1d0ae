package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

const packager = `<?xml version="1.0"?>
<isopackager>
  <isofield id="0" length="4" name="Message type" class="org.jpos.iso.IFB_NUMERIC"/>
  <isofield id="1" length="8" name="Bitmap" class="org.jpos.iso.IFB_BITMAP"/>
  <isofield id="2" length="19" name="Card number" class="org.jpos.iso.IFB_LLNUM"/>
  <isofield id="11" length="6" name="STAN" class="org.jpos.iso.IFB_NUMERIC"/>
  <isofield id="44" length="150" name="Additional data" class="org.jpos.iso.IFB_LLCHAR"/>
</isopackager>`

const packagerWarning = "line 7: field 44: length 150 is more than org.jpos.iso.IFB_LLCHAR can carry: 99 is used"

// Every form of spec file does for -spec, told by its content alone.
func TestSpecFilesByContent(t *testing.T) {
	wire := "0800" + "4020000000100000" + "16" + "4761739001010119" + "000001" + "03" + "414243"
	want := `{"0":"0800","2":"4761739001010119","11":"000001","44":"ABC"}` + "\n"
	xml := writeFile(t, "spec.txt", packager)
	r := try(wire, "decode", "-spec", xml, "-clear", "-json")
	require.Equal(t, result{exitGood, want, "iso8583: " + xml + ": " + packagerWarning + "\n"}, r)
	require.Equal(t, strings.ToUpper(wire)+"\n", try(want, "encode", "-spec", xml).out)

	converted := try("", "spec", "convert", "-name", "ours", xml)
	require.Equal(t, exitGood, converted.status)
	require.Equal(t, r.errors, converted.errors)
	json := writeFile(t, "ours.xml", converted.out)
	require.Equal(t, want, must(t, wire, "decode", "-spec", json, "-clear", "-json"))
	require.Contains(t, must(t, "", "spec", "check", json), "good, ours, 4 fields")
	require.Equal(t, converted.out, must(t, "", "spec", "convert", json))
	require.Contains(t, must(t, "", "spec", "convert", "unionpay-pos"), `"UnionPay POS terminal"`)
}

func TestSpecFilesOfMoov(t *testing.T) {
	defer func(was func(io.Reader) (*spec.Spec, []string, error)) { parseMoov = was }(parseMoov)
	file := writeFile(t, "spec.json", `{"name":"theirs","fields":{"0":{"type":"String"}}}`)
	parseMoov = nil
	r := try("", "spec", "check", file)
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "a spec file of moov-io/iso8583, which this build does not read")

	parseMoov = func(in io.Reader) (*spec.Spec, []string, error) {
		text, err := io.ReadAll(in)
		require.NoError(t, err)
		require.Contains(t, string(text), "theirs")
		return spec.ISO8583v1987Binary(), []string{"field 3: something"}, nil
	}
	require.Equal(t, result{exitGood, file + ": good, ISO 8583:1987 binary, 128 fields\n", "iso8583: " + file + ": field 3: something\n"}, try("", "spec", "check", file))
}

// Faults of a file name the file and the line; many warnings are one line where they are not what was asked for.
func TestSpecFileFaults(t *testing.T) {
	broken := writeFile(t, "broken.xml", strings.Replace(packager, `length="6"`, `length="six"`, 1))
	r := try("", "decode", "-spec", broken)
	require.Equal(t, exitTrouble, r.status)
	require.Contains(t, r.errors, broken+": jPOS packager: line 6: field 11: length \"six\" is not a number")

	twice := writeFile(t, "twice.xml", strings.Replace(packager, `length="6"`, `length="6" lenght="7"`, 1))
	require.Equal(t, "iso8583: "+twice+": line 6: field 11: attribute \"lenght\" is not known (and 1 more: iso8583 spec check)\n",
		try("0800"+"0000000000000000", "decode", "-spec", twice).errors)
	require.Equal(t, 2, strings.Count(try("", "spec", "check", twice).errors, "\n"))

	for name, text := range map[string]string{"empty": "", "neither": "fields: 2", "cut off": "<isopackager>"} {
		file := writeFile(t, "spec", text)
		require.Equal(t, exitBad, try("", "spec", "check", file).status, name)
		require.Equal(t, exitTrouble, try("", "spec", "convert", file).status, name)
	}
	folder := t.TempDir()
	r = try("", "spec", "check", folder, twice)
	require.Equal(t, exitTrouble, r.status, "what cannot be read at all ends it")
	require.Equal(t, 1, strings.Count(r.errors, "\n"), r.errors)
	require.Empty(t, r.out)
	for _, args := range [][]string{{"spec", "convert"}, {"spec", "convert", "a", "b"}, {"spec", "convert", "-x"}} {
		require.Equal(t, exitUsage, try("", args...).status)
	}
}

// What may stand behind a name is listed, and does so: variants, and a header of any size where a spec has no variants.
func TestNamesWithMore(t *testing.T) {
	list := must(t, "", "spec", "list")
	shipped := ""
	for line := range strings.Lines(list) {
		variant, ok := strings.CutPrefix(strings.TrimSpace(line), "+")
		if !ok {
			shipped, _, _ = strings.Cut(line, "\t")
			continue
		}
		must(t, "", "spec", "show", shipped+"+"+variant)
	}
	require.Contains(t, list, "\n  +no-header\n")
	require.Regexp(t, `^UnionPay POS terminal\nfield +name +format +encoding +length +mask\n`, must(t, "", "spec", "show", "unionpay-pos"))

	file := writeFile(t, "ours.json", must(t, "", "spec", "show", "-json", "iso8583-1987-ascii"))
	for _, base := range []string{"iso8583-1987-ascii", file} {
		require.Equal(t, `{"header":"6000030000","0":"0800","11":"000001"}`+"\n",
			must(t, "6000030000"+hexOf("08000020000000000000000001"), "decode", "-json", "-clear", "-spec", base+"+header-5"))
	}
	for _, name := range []string{"iso8583-1987-ascii", "iso8583-1987-ebcdic", "iso8583-1993-ascii", "iso8583-1987-binary"} {
		require.Regexp(t, `(?m)^header.1 +Header +b 40 +raw`, must(t, "", "spec", "show", name+"+header-5"), name)
	}
	require.Contains(t, try("6000030000"+hexOf("0800"+"0020000000800000"+"000001"+"TERM0001"), "guess").out, "\niso8583 decode -spec iso8583-1987-ascii+header-5\n")
	require.Contains(t, try("", "spec", "show", "iso8583-1987-ascii+x").errors, `iso8583-1987-ascii has no variants, and so no "x"`)
	require.Contains(t, try("", "spec", "show", "unionpay-pos+x").errors, `unionpay-pos has no variant "x" (there are `)
	for _, size := range []string{"0", "256", "x", "-1", ""} {
		try("", "spec", "show", "iso8583-1987-ascii+header-"+size).isUsage(t, size)
	}
}
