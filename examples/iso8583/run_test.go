package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

const goodCase = `{"name":"sale and reversal","steps":[
	{"send":` + saleJSON + `,"expect":{"0":"0210","39":"00","38":"000042"}},
	{"send":{"0":"0400","2":"4761739001010119","3":"000000","4":"000000001999","11":"000002","22":"051","41":"TERM0001","42":"MERCHANT0000001"},"take":{"38":"38"},"expect":{"39":"00"}}]}`

func TestRun(t *testing.T) {
	rules := rulesFile(t, `[{"match":{"0":"0200"},"reply":{"39":"00","38":"000042"}},{"match":{"38":"000042"},"reply":{"39":"00"}},{"reply":{"39":"12","2":"4761739001010119"}}]`)
	host, end := startHost(t, "-count", "5", "-rules", rules)
	folder := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	write("a.json", goodCase)
	write("b.json", `{"steps":[{"send":{"0":"0400","3":"000000","4":"000000001999","11":"000003","41":"TERM0001"},"expect":{"39":"00","2":"4761739001010010"}}]}`)
	write("c.json", `{"name":"takes nothing","steps":[{"send":`+saleJSON+`},{"send":{"0":"0400","11":"000005","41":"TERM0001"},"take":{"37":"37"}}]}`)
	write("notes.txt", "no case")
	report := filepath.Join(t.TempDir(), "report.xml")
	r := try("", append([]string{"run", "-to", host, "-junit", report, folder}, wireFlags...)...)
	require.Equal(t, exitBad, r.status, r.errors)
	require.Contains(t, r.out, "sale and reversal                        passed\n")
	require.Contains(t, r.out, "FAILED  step 1: expected 00 in field 39, got 12; expected 476173******0010 in field 2, got 476173******0119\n")
	require.Contains(t, r.out, "FAILED  step 2: the answer before has no field 37 to take\n")
	require.Contains(t, r.out, "3 cases, 2 failed\n")
	require.NotContains(t, r.out+r.errors, "4761739001010119")
	text, err := os.ReadFile(report)
	require.NoError(t, err)
	require.NotContains(t, string(text), "4761739001010119")
	var read junitSuite
	require.NoError(t, xml.Unmarshal(text, &read))
	require.Equal(t, 3, read.Tests)
	require.Equal(t, 2, read.Failures)
	require.Nil(t, read.Cases[0].Failure)
	require.Equal(t, "b", read.Cases[1].Name, "the file's name where the case has none")
	require.NotNil(t, read.Cases[1].Failure)

	r = try("", append([]string{"run", "-json", "-to", host, filepath.Join(folder, "b.json")}, wireFlags...)...)
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.out, `{"case":"b","file":"`)
	require.Contains(t, r.out, `"passed":false,"failure":"step 1: expected 00`)
	require.Equal(t, exitGood, end().status)
}

// A host that cannot be reached is in the report, for all cases that were to run.
func TestRunUnreached(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a.json", "b.json"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(goodCase), 0o600))
	}
	report := filepath.Join(t.TempDir(), "report.xml")
	r := try("", append([]string{"run", "-to", "127.0.0.1:1", "-junit", report, folder}, wireFlags...)...)
	require.Equal(t, exitTrouble, r.status)
	require.Equal(t, 1, strings.Count(r.errors, "\n"), r.errors)
	require.Contains(t, r.errors, "connection refused")
	require.Equal(t, 2, strings.Count(r.out, "NOT RUN\n"))
	require.Contains(t, r.out, "2 cases, 0 failed, 2 not run\n")
	text, err := os.ReadFile(report)
	require.NoError(t, err)
	var read junitSuite
	require.NoError(t, xml.Unmarshal(text, &read))
	require.Equal(t, []int{2, 0, 2}, []int{read.Tests, read.Failures, read.Errors})
	require.Nil(t, read.Cases[1].Failure)
	require.Contains(t, read.Cases[1].Error.Message, "not run: ")

	r = try("", append([]string{"run", "-to", "127.0.0.1:1", "-json", folder}, wireFlags...)...)
	require.Equal(t, exitTrouble, r.status)
	require.Equal(t, 2, strings.Count(r.out, `"passed":false,"error":"not run: `))
}

// A report that cannot be written is told before anything is sent.
func TestRunReportFirst(t *testing.T) {
	file := writeFile(t, "case.json", goodCase)
	folder := t.TempDir()
	for _, report := range []string{folder, filepath.Join(folder, "none", "report.xml")} {
		r := try("", append([]string{"run", "-to", "127.0.0.1:1", "-junit", report, file}, wireFlags...)...)
		require.Equal(t, exitTrouble, r.status)
		require.Empty(t, r.out)
		require.Contains(t, r.errors, folder)
		require.NotContains(t, r.errors, "refused", "dialled before")
	}
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestCaseFaults(t *testing.T) {
	for text, says := range map[string]string{
		"{": "line 1: unexpected EOF", `{"steps":[]}`: "no steps", `{"nope":1}`: "unknown field", goodCase + "x": "something behind",
		`{"steps":[{"send":{"0":"0200","4":"x"}}]}`:                                   "step 1: field 4",
		`{"steps":[{"send":{"0":"0200"},"expect":{"199":"1"}}]}`:                      "step 1: the spec has no field 199",
		`{"steps":[{"send":{"0":"0200"},"take":{"37":"37"}}]}`:                        "step 1: take: there is no answer before",
		`{"steps":[{"send":{"0":"0200"}},{"send":{"0":"0200"},"take":{"37":"199"}}]}`: "step 2: the spec has no field 199",
		`{"steps":[{}]}`: "step 1",
	} {
		file := writeFile(t, "case.json", text)
		r := try("", append([]string{"run", "-to", "127.0.0.1:1", file}, wireFlags...)...)
		require.Equal(t, exitTrouble, r.status, text)
		require.Contains(t, r.errors, says)
		require.Contains(t, r.errors, file)
	}
	require.Equal(t, exitTrouble, try("", append([]string{"run", "-to", "127.0.0.1:1", t.TempDir()}, wireFlags...)...).status)
	try("", append([]string{"run", "-to", "127.0.0.1:1"}, wireFlags...)...).isUsage(t, "no files")
}

// A case file is read or refused, whatever is in it.
func FuzzCase(f *testing.F) {
	f.Add([]byte(goodCase))
	f.Add([]byte(`{"steps":[{"send":{"0":"0800","11":"000001"},"take":{"37":"37"},"expect":{"60.3":"001"}}]}`))
	codec := message.MustCompile(spec.UnionPayPOS().With(spec.UnionPayNoHeader()))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseCase("f", text, codec, message.TextForm{GBK: gbk{}})
		if err == nil && (len(c.steps) == 0 || c.name == "") {
			t.Fatal("a case without steps or name")
		}
	})
}

// A folder is one whatever its name is.
func TestRunFolderWithAPattern(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cases[1]")
	require.NoError(t, os.Mkdir(folder, 0o700))
	for _, name := range []string{"b.json", "a.json", "c.txt"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(goodCase), 0o600))
	}
	files, err := caseFiles([]string{folder})
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(folder, "a.json"), filepath.Join(folder, "b.json")}, files)
}

// A report is written beside what there is.
func TestReportTakesNoFile(t *testing.T) {
	report := filepath.Join(t.TempDir(), "r.xml")
	mine := map[string]string{report + ".part": "precious", report + ".0.part": "as precious"}
	for name, text := range mine {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	r := try(goodCase, append([]string{"run", "-to", "127.0.0.1:1", "-junit", report, "-"}, wireFlags...)...)
	require.Equal(t, exitTrouble, r.status)
	for name, text := range mine {
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, text, string(got))
	}
	require.FileExists(t, report)
	left, err := os.ReadDir(filepath.Dir(report))
	require.NoError(t, err)
	require.Len(t, left, 3, "and nothing else is left")
}

// What comes from an input commands no terminal.
func TestNothingCommandsTheTerminal(t *testing.T) {
	const evil = "\x1b[31m\u009b2J\a"
	r := try(strings.Replace(goodCase, "sale and reversal", `x\u001b[31m\u009b2J\u0007`, 1), append([]string{"run", "-to", "127.0.0.1:1", "-"}, wireFlags...)...)
	require.Contains(t, r.out, "x?[31m?2J? ")
	r = try("0\tA"+evil+"B\t"+hexOf("08000"), "decode", "-spec", "iso8583-1987-ascii", "-input", "tshark")
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "stream 0 A?[31m?2J?B: ")
	for name, want := range map[string]string{"-x.hex": "-- -x.hex", "esc\x1b[31m.hex": `$'esc\x1b[31m.hex'`, "it's": `'it'\''s'`, "it's\n": `$'it\x27s\x0a'`} {
		t.Chdir(t.TempDir())
		require.NoError(t, os.WriteFile(name, []byte(signOn), 0o600))
		out := try("", "guess", "-spec", "unionpay-pos+no-header", "--", name).out
		require.Contains(t, out, "\niso8583 decode -spec unionpay-pos+no-header "+want+"\n")
	}
}
