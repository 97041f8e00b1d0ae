package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// result is what a command did.
type result struct {
	status      int
	out, errors string
}

func try(stdin string, args ...string) result {
	var out, errors bytes.Buffer
	status := run(args, strings.NewReader(stdin), &out, &errors)
	return result{status, out.String(), errors.String()}
}

// isUsage checks that a command was refused in one line, with the way to the help.
func (r result) isUsage(t *testing.T, args any) {
	t.Helper()
	require.Equal(t, exitUsage, r.status, "%v: %s", args, r.errors)
	require.Equal(t, 1, strings.Count(r.errors, "\n"), r.errors)
	require.Regexp(t, `^iso8583: .*; iso8583 help.* tells more\n$`, r.errors)
	require.Empty(t, r.out)
}

// must runs a command that is to succeed without a word on the error output.
func must(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	r := try(stdin, args...)
	require.Equal(t, exitGood, r.status, r.errors)
	require.Empty(t, r.errors)
	return r.out
}

func writeFile(t *testing.T, name, text string) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

type publishedFrame struct {
	Name, Framing, Hex string
	Decoded            struct {
		Fields map[string]struct{ Value string }
	}
}

func publishedFrames(t *testing.T) []publishedFrame {
	text, err := os.ReadFile("../../message/testdata/cup-messages.json")
	require.NoError(t, err)
	var list []publishedFrame
	require.NoError(t, json.Unmarshal(text, &list))
	require.NotEmpty(t, list)
	return list
}

// arguments are the flags for a published frame: the spec that reads it, and whether it has a length header.
func (f publishedFrame) arguments(t *testing.T, command string, more ...string) []string {
	base, framing := "unionpay-pos", []string(nil)
	switch {
	case strings.HasPrefix(f.Framing, "2-byte length"):
		framing = []string{"-frame", "binary2"}
	case strings.HasPrefix(f.Framing, "ISO 8583 from MTI"):
		base += "+no-header"
	}
	for _, variant := range []string{"", "+vendor-fields", "+field59-opaque", "+field59-opaque+field64-binary+vendor-fields", "+field60-ascii", "+field59-opaque+vendor-fields"} {
		args := append([]string{"-spec", base + variant}, framing...)
		if try(f.Hex, append([]string{"decode", "-json"}, args...)...).status == exitGood {
			return append(append([]string{command}, args...), more...)
		}
	}
	require.Fail(t, "no spec reads "+f.Name)
	return nil
}

func TestDecodeThenEncodeGivesTheInputBack(t *testing.T) {
	for _, f := range publishedFrames(t) {
		text := must(t, f.Hex, f.arguments(t, "decode", "-clear", "-json")...)
		require.Equal(t, 1, strings.Count(text, "\n"))
		require.Equal(t, f.Hex+"\n", must(t, text, f.arguments(t, "encode", "-json")...), f.Name)
	}
}

func TestNothingSensitiveWithoutClear(t *testing.T) {
	searched := 0
	for _, f := range publishedFrames(t) {
		for _, form := range []string{"-json", "-json=false"} {
			r := try(f.Hex, f.arguments(t, "decode", form)...)
			cut := try(f.Hex[:len(f.Hex)/4*2], f.arguments(t, "decode", form)...)
			require.Equal(t, exitBad, cut.status)
			clear := must(t, f.Hex, f.arguments(t, "decode", "-clear", form)...)
			for _, number := range []string{"2", "35", "52"} {
				secret := f.Decoded.Fields[number].Value
				if len(secret) < 13 || strings.Trim(secret, "0") == "" {
					continue
				}
				searched++
				require.Contains(t, clear, secret, "the search finds what is there")
				require.NotContains(t, r.out+r.errors+cut.out+cut.errors, secret, "%s field %s", f.Name, number)
			}
		}
	}
	require.Greater(t, searched, 50)
}

const (
	sale   = "0200 7004040000C00000 16 4761739001010119 000000 000000001999 000001 0510 5445524D30303031 4D45524348414E5430303030303031"
	signOn = "0800 0020000000C00000 000002 5445524D30303031 4D45524348414E5430303030303031"
)

func TestDecodeJSON(t *testing.T) {
	args := []string{"decode", "-spec", "unionpay-pos+no-header", "-json"}
	hexText := strings.Replace(sale, "7004040000", "7020040000", 1)
	require.Equal(t, `{"0":"0200","2":"476173******0119","3":"000000","4":"000000001999","11":"000001","22":"051","41":"TERM0001","42":"MERCHANT0000001"}`+"\n",
		must(t, hexText, args...))
	require.Equal(t, `{"0":"0200","2":"4761739001010119","3":"000000","4":"000000001999","11":"000001","22":"051","41":"TERM0001","42":"MERCHANT0000001",`+
		`"raw":{"22":"051F"}}`+"\n", must(t, strings.Replace(hexText, "0510", "051F", 1), append(args, "-clear")...))
}

func TestDecodeTable(t *testing.T) {
	out := must(t, "\n"+signOn+"\n", "decode", "-spec", "unionpay-pos+no-header")
	require.Contains(t, out, "offset  size  field")
	require.Contains(t, out, "network management request, from acquirer")
	require.Contains(t, out, "TERM0001")
	two := must(t, signOn+"\n\n"+signOn+"\n", "decode", "-lines", "-spec", "unionpay-pos+no-header")
	require.Equal(t, out+"\n"+out, two)
}

func TestDecodeReportsAndGoesOn(t *testing.T) {
	in := signOn + "\n" + strings.Replace(signOn, "000002", "0000A2", 1) + "\n" + "08 0X\n" + signOn + "\n"
	r := try(in, "decode", "-spec", "unionpay-pos+no-header", "-json", "-lines")
	require.Equal(t, exitBad, r.status)
	require.Empty(t, r.errors)
	lines := strings.Split(r.out, "\n")
	require.Len(t, lines, 5)
	require.Equal(t, lines[0], lines[3])
	require.Equal(t, `{"error":{"kind":"not a digit","path":"11","offset":12,"message":"field 11 at byte 12: not a digit"}}`, lines[1])
	require.Equal(t, `{"error":{"kind":"bad hexadecimal","path":"","offset":1,"message":"line 3, column 5: not a hexadecimal digit"}}`, lines[2])

	r = try(in, "decode", "-spec", "unionpay-pos+no-header", "-lines")
	require.Equal(t, exitBad, r.status)
	require.Equal(t, "iso8583: line 2: field 11 at byte 12: not a digit\niso8583: line 3, column 5: not a hexadecimal digit\n", r.errors)
	require.Equal(t, 2, strings.Count(r.out, "TERM0001"))
	require.Contains(t, r.out, "00000000  08 00 00 20 00 00 00 c0 00 00 ** ** ** **", "a dump of what was refused")
	require.NotContains(t, r.out, "54 45 52 4d")
}

func TestDecodeFrames(t *testing.T) {
	args := []string{"decode", "-spec", "unionpay-pos+no-header", "-frame", "binary2", "-json"}
	framed := "0024" + signOn // 10 + 3 + 8 + 15
	require.Equal(t, 2, strings.Count(must(t, framed+"0000"+framed, args...), "TERM0001"), "two frames and a keep-alive")
	r := try(framed+framed[:21], args...)
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.out, `{"error":{"kind":"bad frame","path":"","offset":38,"message":"frame at byte 38: the input ends inside a frame"}}`)
	r = try("3030"+signOn, args...)
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.out, `"kind":"bad frame"`)
}

func TestFiles(t *testing.T) {
	one, two := writeFile(t, "one", signOn), writeFile(t, "two", "zz")
	r := try("", "decode", "-spec", "unionpay-pos+no-header", one, two, one)
	require.Equal(t, exitBad, r.status)
	require.Equal(t, 2, strings.Count(r.out, "TERM0001"))
	require.Equal(t, "iso8583: "+two+": line 1, column 1: not a hexadecimal digit\n", r.errors)
	r = try("", "decode", "-spec", "unionpay-pos+no-header", filepath.Join(t.TempDir(), "none"))
	require.Equal(t, exitTrouble, r.status)
	require.Contains(t, r.errors, "none")
	r = try(" \n", "decode", "-spec", "unionpay-pos+no-header")
	require.Equal(t, exitBad, r.status)
	require.Equal(t, "iso8583: standard input: no message\n", r.errors)
}

func TestEncode(t *testing.T) {
	args := []string{"encode", "-spec", "unionpay-pos+no-header", "-json"}
	text := must(t, signOn, "decode", "-spec", "unionpay-pos+no-header", "-json")
	plain := strings.ReplaceAll(signOn, " ", "") + "\n"
	require.Equal(t, plain, must(t, text, args...))
	require.Equal(t, "0024"+plain, must(t, text, append(args, "-frame", "binary2")...))
	require.Equal(t, plain+plain, must(t, text+"\n\n"+strings.ReplaceAll(text, ",", ",\n"), args...), "objects may stand on one line or on many")
	require.Equal(t, plain+plain, must(t, text+text, append(args, "-lines")...))
}

func TestEncodeWritesAllOrNothing(t *testing.T) {
	good := `{"0":"0800","11":"000001"}` + "\n"
	for _, c := range []struct{ name, bad, says string }{
		{"wrong value", `{"0":"0800","11":"00000x"}`, "line 3: field 11: not a digit"},
		{"unknown key", "\n" + `{"0":"0800","terminal":"1"}`, "line 4: field terminal: unknown field"},
		{"other raw", `{"0":"0800","11":"000001","raw":{"11":"000002"}}`, "line 3: field 11: illegal value: raw does not decode to the value"},
		{"masked", `{"0":"0200","2":"476173******0119"}`, "line 3: field 2: not a digit"},
		{"an error object", `{"error":{"kind":"truncated"}}`, "line 3: not a message: it tells"},
		{"no object", `"0800"`, "line 3: message: wrong type"},
		{"broken", `{"0":"0800",`, "JSON: unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := try(good+good+c.bad, "encode", "-spec", "unionpay-pos+no-header", "-json")
			require.Equal(t, exitBad, r.status)
			require.Empty(t, r.out)
			require.Contains(t, r.errors, c.says)
		})
	}
	r := try(good+`{"0":"08`+"\n"+good, "encode", "-spec", "unionpay-pos+no-header", "-lines")
	require.Equal(t, exitBad, r.status)
	require.Empty(t, r.out)
	require.Contains(t, r.errors, "line 2: JSON")
	r = try(good, "encode", "-spec", "unionpay-pos+no-header", "-frame", "vap")
	require.Equal(t, exitBad, r.status, "a message without the header that the framing needs")
	require.Contains(t, r.errors, "line 1: framing")
}

func TestSpecCommands(t *testing.T) {
	list := must(t, "", "spec", "list")
	for _, name := range []string{"iso8583-1987-ascii", "iso8583-1987-binary", "unionpay-pos", "+field64-binary"} {
		require.Contains(t, list, name)
	}
	table := must(t, "", "spec", "show", "unionpay-pos")
	for _, row := range []string{"n..19", "55.9F26", "when type 0810, field 60.3 is 001, 24 bytes long", "63          Private use"} {
		require.Contains(t, table, row)
	}
	file := writeFile(t, "mine.json", must(t, "", "spec", "show", "-json", "unionpay-pos+no-header"))
	require.Contains(t, must(t, "", "spec", "check", file), "mine.json: good, UnionPay POS terminal, no-header, ")
	require.Equal(t, must(t, signOn, "decode", "-spec", "unionpay-pos+no-header", "-json"), must(t, signOn, "decode", "-spec", file, "-json"))
}

func TestSpecCheckNamesThePlace(t *testing.T) {
	good := writeFile(t, "good.json", `{"name":"good","fields":[{"number":2,"format":"n..19"}]}`)
	typo := writeFile(t, "typo.json", "{\"name\":\"typo\",\n\"fields\":[{\"number\":2,\"lenght\":3}]}")
	wrong := writeFile(t, "wrong.json", `{"name":"wrong","fields":[{"number":2,"format":"n..190"},{"number":3,"format":"q 3"}]}`)
	r := try("", "spec", "check", good, typo, wrong)
	require.Equal(t, exitBad, r.status)
	require.Equal(t, good+": good, good, 2 fields\n", r.out)
	for _, says := range []string{"typo.json: spec file: line 2", "lenght", "wrong.json", "2: 190 does not fit", "3: format"} {
		require.Contains(t, r.errors, says)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"frobnicate"}, {"decode"}, {"decode", "-nope"}, {"decode", "-spec", "unionpay-pos", "-frame", "nope"}, {"spec"},
		{"encode", "-json=false", "-spec", "unionpay-pos"}, {"spec", "frobnicate"}, {"spec", "show"}, {"spec", "check"}, {"spec", "list", "all"}} {
		r := try("", args...)
		r.isUsage(t, args)
	}
	for _, name := range []string{"nope", "unionpay-pos+nope"} {
		r := try(signOn, "decode", "-spec", name)
		r.isUsage(t, name)
		require.Contains(t, r.errors, "nope")
		require.Less(t, len(r.errors), 200, "a line, not a list")
	}
}
