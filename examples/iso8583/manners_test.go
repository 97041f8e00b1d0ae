package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

func TestHelp(t *testing.T) {
	all := must(t, "", "help")
	require.Equal(t, all, must(t, "", "--help"))
	require.Equal(t, all, must(t, "", "-h"))
	require.Contains(t, all, "Exit status: 0")
	for _, cmd := range commands() {
		require.Contains(t, all, "\n  "+cmd.name+" ")
		help := must(t, "", append([]string{"help"}, strings.Fields(cmd.name)...)...)
		require.True(t, strings.HasPrefix(help, "iso8583 "+cmd.name), help)
		require.Equal(t, help, must(t, "", append(strings.Fields(cmd.name), "-help")...))
	}
	specs := must(t, "", "help", "spec")
	for _, word := range []string{"list", "show", "convert", "check"} {
		require.Contains(t, specs, "iso8583 spec "+word)
	}
	try("", "help", "nope").isUsage(t, "help nope")
	try("", "help", "decode", "more").isUsage(t, "help decode more")
}

func TestVersion(t *testing.T) {
	require.Regexp(t, `^iso8583 \S+.*, go1\.\d+\S* \w+/\w+\n$`, must(t, "", "version"))
	try("", "version", "more").isUsage(t, "version more")
	require.Equal(t, must(t, "", "version"), must(t, "", "--version"))
	require.Equal(t, must(t, "", "version"), must(t, "", "-version"))
}

// A word that is nearly a command is told which.
func TestNearly(t *testing.T) {
	for word, want := range map[string]string{"decod": "decode", "dec": "decode", "decodes": "decode", "encoed": "encode", "gess": "guess", "relay": "replay", "specs": "spec", "foo": "", "d": "", "xencodex": ""} {
		r := try("", word)
		r.isUsage(t, word)
		if want == "" {
			require.NotContains(t, r.errors, "; is it")
		} else {
			require.Contains(t, r.errors, "; is it "+want+"?")
		}
	}
}

// Every name that -frame takes is listed with what it is.
func TestFrames(t *testing.T) {
	out := must(t, "", "frames")
	for _, name := range slices.Concat(connection.FramingNames(), clearingNames()) {
		require.Regexp(t, `(?m)^`+name+`  +\S`, out)
	}
	try("", "frames", "more").isUsage(t, "frames more")
}

// Flags stand before, between and behind the files; - is the standard input.
func TestFlagsAndFiles(t *testing.T) {
	file := writeFile(t, "signon.hex", signOn)
	want := must(t, "", "decode", "-spec", "unionpay-pos+no-header", "-json", file)
	require.Equal(t, want, must(t, "", "decode", file, "-spec", "unionpay-pos+no-header", "-json"))
	require.Equal(t, want, must(t, "", "decode", "--json", file, "--spec=unionpay-pos+no-header"))
	require.Equal(t, want+want, must(t, signOn, "decode", "-json", file, "-", "-spec", "unionpay-pos+no-header"))
	require.Equal(t, want, must(t, "", "decode", "-json", "-spec", "unionpay-pos+no-header", "--", file))
	require.Equal(t, want, must(t, signOn, "decode", "-json", "-spec", "unionpay-pos+no-header", "-"))
	r := try("", "decode", "-spec", "unionpay-pos+no-header", "--", "-json")
	require.Equal(t, exitTrouble, r.status, "a file of that name is not there")
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		require.Contains(t, must(t, "", "completion", shell), "iso8583 completion words")
	}
	try("", "completion").isUsage(t, "no shell")
	try("", "completion", "sh").isUsage(t, "another shell")
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("acquirer.xml", nil, 0o600))
	for _, c := range []struct {
		words string
		want  string // the first ones
	}{
		{"de", "decode"},
		{"spec ", "check convert list show"},
		{"sp", "spec"},
		{"decode -js", "-json"},
		{"decode -spec unionpay", "unionpay-pos"},
		{"decode -spec unionpay-pos+no", "unionpay-pos+no-header"},
		{"decode -spec unionpay-pos+no-header+vendor", "unionpay-pos+no-header+vendor-fields"},
		{"decode -spec acq", "acquirer.xml"},
		{"decode x -frame binary2-", "binary2-inclusive binary2-le"},
		{"decode -frame clearing-", "clearing-vbs clearing-1014"},
		{"decode -input ", "auto hex listing"},
		{"emv -lang ", "en zh"},
		{"emv -clear ", ""},
		{"help en", "encode"},
		{"help spec l", "list"},
		{"completion z", "zsh"},
		{"spec show iso8583-1993-b", "iso8583-1993-binary"},
		{"nope ", ""},
	} {
		got := strings.Fields(must(t, "", append([]string{"completion", "words", "--"}, strings.Split(c.words, " ")...)...))
		require.Equal(t, strings.Fields(c.want), got[:min(len(got), len(strings.Fields(c.want)))], c.words)
		if c.want == "" {
			require.Empty(t, got, c.words)
		}
	}
	require.True(t, slices.Contains(strings.Fields(must(t, "", "completion", "words")), "decode"))
}

// The script of bash works where there is a bash.
func TestBashCompletion(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	folder := t.TempDir()
	require.NoError(t, exec.Command("go", "build", "-o", filepath.Join(folder, "iso8583"), ".").Run())
	script := `source <(iso8583 completion bash); COMP_WORDS=(iso8583 spec sh); COMP_CWORD=2; _iso8583; echo "${COMPREPLY[@]}"`
	cmd := exec.Command(bash, "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "show\n", string(out))
}

// Exit statuses are what the help says.
func TestExitStatuses(t *testing.T) {
	good := writeFile(t, "good", signOn)
	wrong := writeFile(t, "wrong", "0800")
	spec := []string{"-spec", "unionpay-pos+no-header"}
	for _, c := range []struct {
		name   string
		args   []string
		status int
	}{
		{"read", []string{"decode", good}, exitGood},
		{"not a message", []string{"decode", wrong}, exitBad},
		{"one of two", []string{"decode", wrong, good}, exitBad},
		{"no file", []string{"decode", good + "x"}, exitTrouble},
		{"a folder", []string{"decode", filepath.Dir(good)}, exitTrouble},
		{"a folder of frames", []string{"decode", "-frame", "binary2", filepath.Dir(good)}, exitTrouble},
		{"a folder of lines", []string{"decode", "-lines", filepath.Dir(good)}, exitTrouble},
		{"a folder of records", []string{"decode", "-frame", "clearing", filepath.Dir(good)}, exitTrouble},
		{"no such flag", []string{"decode", "-x", good}, exitUsage},
		{"no such framing", []string{"decode", "-frame", "x", good}, exitUsage},
		{"no such form", []string{"decode", "-input", "x", good}, exitUsage},
		{"lines of bytes", []string{"decode", "-input", "raw", "-lines", good}, exitUsage},
		{"equal", []string{"diff", good, good}, exitGood},
		{"not to be compared", []string{"diff", good, wrong}, exitTrouble},
		{"no host", []string{"send", "-frame", "binary2", "-to", "127.0.0.1:1", good}, exitTrouble},
		{"nothing to send", []string{"send", "-frame", "binary2", "-to", "127.0.0.1:1", writeFile(t, "empty", "")}, exitBad},
		{"a clearing file to a host", []string{"send", "-frame", "clearing", "-to", "127.0.0.1:1", good}, exitUsage},
		{"no address", []string{"listen", "-frame", "binary2", "-on", "256.0.0.1:1"}, exitTrouble},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.status, try("", append(slices.Clone(c.args), spec...)...).status)
		})
	}
	require.Equal(t, exitGood, try(signOn, "guess").status)
	require.Equal(t, exitBad, try("nothing that is a message", "guess").status)
	require.Equal(t, exitTrouble, try("", "guess", good+"x").status)
	require.Equal(t, exitTrouble, try("", "spec", "show", wrong).status, "no spec file")
	require.Equal(t, exitUsage, try("", "spec", "show", "nope").status)
	r := try("", "decode", "-frame", "x", "-spec", "unionpay-pos", good)
	r.isUsage(t, "one line and the way to the help")
	require.Contains(t, r.errors, "; iso8583 help decode tells more")
}

func TestColourIsForATerminalOnly(t *testing.T) {
	require.False(t, isTerminal(&bytes.Buffer{}))
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	require.False(t, isTerminal(file))
	require.Equal(t, "x", (&console{}).paint(red, "x"))
	require.Equal(t, "\x1b[31mx\x1b[0m", (&console{colour: true}).paint(red, "x"))
}

// A long input is told about on the error output where a person looks at it, and nowhere else.
func TestProgress(t *testing.T) {
	for _, watched := range []bool{false, true} {
		var errors bytes.Buffer
		c := &console{stderr: &errors, watched: watched}
		name := writeFile(t, "long", strings.Repeat("x", 3<<20))
		file, err := os.Open(name)
		require.NoError(t, err)
		p := c.watch(name, file)
		p.next = time.Now().Add(-time.Second)
		_, err = io.Copy(io.Discard, struct{ io.Reader }{p})
		require.NoError(t, err)
		p.done()
		file.Close()
		if watched {
			require.Contains(t, errors.String(), "MiB of 3, ")
			require.True(t, strings.HasSuffix(errors.String(), "\n"))
		} else {
			require.Empty(t, errors.String())
		}
	}
	var errors bytes.Buffer
	p := (&console{stderr: &errors, watched: true}).watch("", strings.NewReader("short"))
	_, err := io.ReadAll(p)
	require.NoError(t, err)
	p.done()
	require.Empty(t, errors.String())
}

// An input without a message is a fault in every way to read it, and "-" is the standard input wherever a file can be.
func TestEmptyInput(t *testing.T) {
	wire := []string{"-spec", "unionpay-pos+no-header", "-frame", "binary2"}
	for _, input := range []string{"", "\n\n"} {
		for _, args := range [][]string{
			{"decode", "-spec", "unionpay-pos"}, {"decode", "-spec", "unionpay-pos", "-frame", "binary2"}, {"decode", "-spec", "unionpay-pos", "-lines"}, {"decode", "-spec", ipmSpec, "-frame", "clearing"},
			{"encode", "-spec", "unionpay-pos"}, {"encode", "-spec", "unionpay-pos", "-lines"}, {"encode", "-lines", "-raw", "-spec", ipmSpec, "-frame", "clearing-vbs"}, {"emv", "-lines", "tlv"}, {"guess"}, {"emv", "tlv"}, append([]string{"send", "-to", "127.0.0.1:1"}, wire...), append([]string{"load", "-to", "127.0.0.1:1", "-rate", "1"}, wire...),
		} {
			r := try(input, append(args, "-")...)
			require.Equal(t, exitBad, r.status, "%v: %s", args, r.errors)
			require.Empty(t, r.out)
			first, _, _ := strings.Cut(r.errors, "\n")
			require.Regexp(t, `^iso8583: (standard input: )?no message$`, first, args)
		}
	}
	r := try("", append([]string{"run", "-to", "127.0.0.1:1", "-"}, wire...)...)
	require.Equal(t, exitTrouble, r.status)
	require.Equal(t, "iso8583: standard input: no case\n", r.errors)
	require.Equal(t, exitGood, try("00000000", "decode", "-spec", ipmSpec, "-frame", "clearing").status, "a file without records")
	require.Equal(t, exitGood, try("0000", "decode", "-spec", "unionpay-pos", "-frame", "binary2").status, "a keep-alive")

	file := must(t, "", "spec", "show", "-json", "unionpay-pos")
	require.Equal(t, file, must(t, file, "spec", "convert", "-"))
	require.Contains(t, must(t, file, "spec", "check", "-"), "-: good, ")
	require.Equal(t, file, must(t, file, "spec", "show", "-json", "-"))
	r = try(goodCase, append([]string{"run", "-to", "127.0.0.1:1", "-"}, wire...)...)
	require.Contains(t, r.out, "sale and reversal                        NOT RUN")
	require.Equal(t, exitTrouble, try("{", append([]string{"listen", "-on", "127.0.0.1:0", "-rules", "-"}, wire...)...).status)
	try("", "spec", "check", "nosuchfile").isUsage(t, "spec check")
}

// The help of encode names the forms of clearing files that it writes, and that of the program the status for a wrong spec.
func TestHelpSaysWhatIsSo(t *testing.T) {
	require.Contains(t, must(t, "", "help", "encode"), "clearing-vbs or clearing-1014 as -frame")
	for _, command := range []string{"decode", "encode", "diff", "guess"} {
		require.Contains(t, must(t, "", "help", command), "or form of a clearing file, by name", command)
	}
	for _, command := range []string{"send", "listen", "proxy", "replay", "run", "load"} {
		require.NotContains(t, must(t, "", "help", command), "clearing file", command)
	}
	require.Contains(t, must(t, "", "help"), "2 for a wrong command line, as with a spec that there is not")
}

// The standard input has one reader. Whoever is second is told so before anything is done.
func TestStandardInputIsReadOnce(t *testing.T) {
	spec := must(t, "", "spec", "show", "-json", "unionpay-pos+no-header")
	file := writeFile(t, "signon.hex", signOn)
	object := must(t, "", "decode", "-clear", "-json", "-spec", "unionpay-pos+no-header", file)
	require.Equal(t, object, must(t, spec, "decode", "-clear", "-json", "-spec", "-", file))
	wire := []string{"-frame", "binary2", "-to", "127.0.0.1:1"}
	for _, args := range [][]string{
		{"decode", "-spec", "-"}, {"decode", "-spec", "-", "-"}, {"decode", "-spec", "-", file, "-"}, {"encode", "-spec", "-", "-"}, {"guess", "-spec", "-"},
		{"decode", "-spec", "unionpay-pos", "-", file, "-"}, {"emv", "tlv", "-", "-"}, {"diff", "-spec", "-", file, "-"},
		append([]string{"send", "-spec", "-", "-"}, wire...), append([]string{"run", "-spec", "-", "-"}, wire...), append([]string{"replay", "-spec", "-", "-"}, wire...),
		append([]string{"send", "-spec", "-", "-new", "64", "-keys", "-", file}, wire...),
		{"listen", "-spec", "-", "-frame", "binary2", "-on", "127.0.0.1:0", "-rules", "-"},
	} {
		try(spec, args...).isUsage(t, args)
	}
	r := try(goodCase, append([]string{"run", "-spec", "unionpay-pos+no-header", "-", "-"}, wire...)...)
	r.isUsage(t, "two cases from one input")
}

// Keys come from the standard input too.
func TestKeysFromStandardInput(t *testing.T) {
	send := []string{"send", "-spec", "unionpay-pos+no-header", "-frame", "binary2", "-to", "127.0.0.1:1", "-new", "64", "-keys", "-", writeFile(t, "signon.hex", signOn)}
	r := try(`{"mac":{"scheme":"x9.9","key":"00112233445566778899AABBCCDDEEFF"}}`, send...)
	require.Contains(t, r.errors, "127.0.0.1:1: ", "the host is what is not there")
	r = try(`{"nothing":1}`, send...)
	require.Equal(t, exitTrouble, r.status)
	require.Equal(t, "iso8583: standard input: no keys: json: unknown field \"nothing\"\n", r.errors)
}

// What is written to a file needs its name: - is the standard input, and the output is taken.
func TestFilesWrittenNeedAName(t *testing.T) {
	t.Chdir(t.TempDir())
	wire := []string{"-spec", "unionpay-pos", "-frame", "binary2", "-to", "127.0.0.1:1"}
	try(goodCase, append([]string{"run", "-junit", "-", "-"}, wire...)...).isUsage(t, "-junit -")
	try("", append([]string{"proxy", "-on", "127.0.0.1:-1", "-record", "-"}, wire...)...).isUsage(t, "-record -")
	require.NoFileExists(t, "-")
	require.NoFileExists(t, "-.part")
}

// -json goes with that of decode and changes nothing; what is no JSON is told what reads it.
func TestEncodeReadsJSONOnly(t *testing.T) {
	spec := []string{"-spec", "unionpay-pos+no-header"}
	object := must(t, signOn, append([]string{"decode", "-clear", "-json"}, spec...)...)
	want := must(t, object, append([]string{"encode"}, spec...)...)
	for _, flag := range []string{"-json", "--json", "-json=true"} {
		require.Equal(t, want, must(t, object, append([]string{"encode", flag}, spec...)...))
	}
	r := try(object, append([]string{"encode", "-json=false"}, spec...)...)
	r.isUsage(t, "-json=false")
	require.Contains(t, r.errors, "encode reads JSON only")
	try(object, append([]string{"encode", "-json=x"}, spec...)...).isUsage(t, "-json=x")
	require.NotContains(t, must(t, "", "help", "encode"), "default")

	r = try(signOn, append([]string{"encode"}, spec...)...)
	require.Equal(t, exitBad, r.status)
	require.Equal(t, "iso8583: no JSON object: encode reads what decode -clear -json writes; iso8583 decode reads the bytes of messages\niso8583: nothing was written\n", r.errors)
	r = try(object+signOn+"\n"+object, append([]string{"encode", "-lines"}, spec...)...)
	require.Contains(t, r.errors, "iso8583: line 2: no JSON object")
	require.Empty(t, r.out)

	broken := try(signOn+"\n0800\n", append([]string{"decode", "-clear", "-json", "-lines"}, spec...)...).out
	r = try(broken, append([]string{"encode"}, spec...)...)
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "iso8583: line 2: not a message: it tells why decode could not read one\n")
	require.Empty(t, r.out)
}
