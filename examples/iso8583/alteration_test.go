package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// A proxy changes, drops, delays and repeats what its rules say, and records what came.
func TestProxyRules(t *testing.T) {
	keys := writeFile(t, "keys.json", testKeys)
	flags := []string{"-spec", "unionpay-pos+no-header+field64-binary", "-frame", "binary2"}
	with := func(command string, more ...string) []string {
		return append(append([]string{command}, flags...), more...)
	}
	host, endHost := started(t, with("listen", "-on", "127.0.0.1:0", "-count", "4", "-new", "64", "-keys", keys, "-rules",
		rulesFile(t, `[{"reply":{"39":"00","64":"0000000000000000"}}]`)))
	rules := rulesFile(t, `[
		{"from":"client","match":{"11":"000003"},"drop":true},
		{"from":"client","match":{"11":"000004"},"delay":"30ms","set":{"4":"000000000001"}},
		{"from":"host","match":{"11":"000002"},"set":{"39":"51"}},
		{"match":{"0":"0210"},"times":1,"twice":true}]`)
	recording := filepath.Join(t.TempDir(), "session.jsonl")
	address, endProxy := started(t, with("proxy", "-on", "127.0.0.1:0", "-to", host, "-sessions", "1", "-rules", rules, "-record", recording, "-new", "64", "-keys", keys))
	sale := func(stan string, more string) string {
		return `{"send":` + strings.Replace(strings.TrimSuffix(saleJSON, "}"), "000001\"", stan+"\"", 1) + `,"64":"0000000000000000"}` + more + "}\n"
	}
	start := time.Now()
	r := try(sale("000001", `,"expect":{"39":"00"}`)+sale("000002", `,"expect":{"39":"51"}`)+sale("000003", `,"no_answer":"100ms"`)+
		sale("000004", `,"expect":{"4":"000000000001","39":"00"}`)+sale("000005", `,"expect":{"39":"00"}`), with("send", "-to", address, "-json", "-new", "64", "-keys", keys)...)
	require.Equal(t, exitGood, r.status, r.errors)
	require.GreaterOrEqual(t, time.Since(start), 130*time.Millisecond)
	require.Contains(t, r.errors, "an answer came that belongs to no request", "it came twice")
	p := endProxy()
	require.Equal(t, exitGood, p.status, p.errors)
	for _, says := range []string{"1 client rule 1: dropped\n", "1 client rule 2: changed to 0200 ", "1 host   rule 3: changed to 0210 ", "1 host   rule 4: sent twice\n"} {
		require.Equal(t, 1, strings.Count(p.out, says), says)
	}
	require.NotContains(t, p.out, "4761739001010119")
	require.Equal(t, exitGood, endHost().status)
	all, err := readRecording("", strings.NewReader(linesOfFile(t, recording, 9)))
	require.NoError(t, err, "five requests and four answers, as they came")
	require.Len(t, all, 9)
}

// What is no frame goes on as it came, with rules and without, also what comes of one at the end.
func TestProxyPassesEverything(t *testing.T) {
	const sent = "\x00\x03abc\x00\x00" + "\x00\x02de" + "\x00\x09half" // frames that are no messages, a keep-alive, half a frame
	for _, more := range [][]string{nil, {"-rules", rulesFile(t, `[{"drop":true}]`)}} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		heard := make(chan string, 1)
		go func() {
			nc, err := listener.Accept()
			if err != nil {
				return
			}
			text, _ := io.ReadAll(nc)
			nc.Close()
			heard <- string(text)
		}()
		address, end := startProxy(t, listener.Addr().String(), more...)
		nc, err := net.Dial("tcp", address)
		require.NoError(t, err)
		_, err = nc.Write([]byte(sent))
		require.NoError(t, err)
		require.NoError(t, nc.(*net.TCPConn).CloseWrite())
		require.Equal(t, sent, <-heard)
		nc.Close()
		require.Equal(t, 2, strings.Count(end().out, "that are no message"))
		listener.Close()
	}
}

// What cannot be changed as a rule says, and what is no frame any more, goes on as it came and is told.
func TestPassageGoesOn(t *testing.T) {
	var out, told bytes.Buffer
	p := &proxy{console: &console{stdout: &out, stderr: &told}}
	p.spec, p.frame = "unionpay-pos+no-header", "ascii4"
	require.NoError(t, p.check(p.console))
	p.changes = &alterations{rules: []alteration{{set: fieldValues{{"48.9", "x"}}}}, used: make([]int, 1)}
	near, far := net.Pipe()
	came := make(chan string)
	go func() {
		all, _ := io.ReadAll(far)
		came <- string(all)
	}()
	way := &passage{proxy: p, session: 1, from: fromClient, out: near, message: p.codec.New()}
	wire, err := hex.DecodeString(strings.ReplaceAll(signOn, " ", ""))
	require.NoError(t, err)
	sent := "0036" + string(wire) + "x136"
	require.True(t, way.pass([]byte(sent)))
	require.True(t, way.pass([]byte("and")))
	require.True(t, way.pass([]byte("more")))
	way.rest()
	near.Close()
	require.Equal(t, sent+"andmore", <-came)
	require.Equal(t, 1, strings.Count(told.String(), "frame at byte 40: "), told.String())
	require.Equal(t, 1, strings.Count(told.String(), "session 1, client: rule 1: field 48"), told.String())
	require.Equal(t, 2, strings.Count(told.String(), "\n"), told.String())
	require.NotContains(t, out.String(), "changed")
}

func TestProxyRulesFaults(t *testing.T) {
	for text, says := range map[string]string{
		`{}`: "not a JSON array of rules", `[{"form":"host"}]`: `line 1: rule 1: json: unknown field "form"`,
		`[{"from":"me"}]`:                     "rule 1: from: client or host",
		`[{},` + "\n" + `{"times":-1}]`:       "line 2: rule 2: times: below zero",
		`[{"drop":true,"twice":true}]`:        "rule 1: what is dropped",
		`[{"drop":true,"set":{"39":"00"}}]`:   "rule 1: what is dropped",
		`[{"delay":"soon"}]`:                  "rule 1: delay: not a duration",
		`[{"match":{"199":"1"}}]`:             "rule 1: match: the spec has no field 199",
		`[{"set":{"4":"x"}}]`:                 "rule 1: set: field 4",
		`[{"from":"host","set":{"199":"1"}}]`: "the spec has no field 199",
	} {
		r := try("", append([]string{"proxy", "-on", "127.0.0.1:0", "-to", "127.0.0.1:1", "-rules", rulesFile(t, text)}, wireFlags...)...)
		require.Equal(t, exitTrouble, r.status, text)
		require.Contains(t, r.errors, says)
		require.Empty(t, r.out, "it does not listen")
	}
}

// A rule of listen or proxy is read or refused, whatever is in it.
func FuzzRule(f *testing.F) {
	for _, seed := range []string{
		`{"match":{"0":"0200"},"state":"a","become":"b","times":1,"reply":{"39":"00"},"then":[{"send":{"0":"0800"},"take":{"11":"sent.11"}}]}`,
		`{"connected":true,"then":[{"send":{"0":"0800"},"no_answer":"1s","pause":"1s"}]}`, `{"delay":"1s","garbage":"00"}`,
		`{"from":"host","match":{"60.2":"1"},"set":{"39":"05"},"delay":"1s","twice":true,"times":2}`,
	} {
		f.Add([]byte(seed))
	}
	codec := message.MustCompile(spec.UnionPayPOS().With(spec.UnionPayNoHeader()))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := parseRule(text, codec); err == nil {
			for _, s := range r.then {
				if s.request == nil || s.silent < 0 || s.pause < 0 {
					t.Fatal("a step that cannot be")
				}
			}
			if r.delay < 0 || r.times < 0 {
				t.Fatal("a rule that cannot be")
			}
		}
		if a, err := parseAlteration(text, codec); err == nil && (a.delay < 0 || a.drop && len(a.set) > 0) {
			t.Fatal("a rule that cannot be")
		}
	})
}

// A delay does not outlast the proxy.
func TestDelayEndsWithTheProxy(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	w := passage{ended: ctx.Done()}
	done := make(chan error, 1)
	go func() {
		frame, err := w.change(alteration{delay: time.Hour}, []byte("x"))
		if err == nil && frame != nil {
			err = io.ErrNoProgress
		}
		done <- err
	}()
	end()
	require.NoError(t, <-done)
}

func TestProxyIsInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot interrupt one process alone")
	}
	host, endHost := startHost(t, "-count", "1")
	recording := filepath.Join(t.TempDir(), "session.jsonl")
	address, endProxy := startTool(t, "proxy", "-on", "127.0.0.1:0", "-to", host, "-record", recording, "-rules", rulesFile(t, `[{"match":{"0":"0200"},"delay":"1h"}]`))
	answered := make(chan result, 1)
	go func() { answered <- sendTo(address, saleJSON) }()
	for held := false; !held; { // the message has come
		text, err := os.ReadFile(recording)
		held = err == nil && strings.HasSuffix(string(text), "}\n")
		time.Sleep(time.Millisecond)
	}
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, self.Signal(os.Interrupt))
	p := endProxy()
	require.Equal(t, exitGood, p.status, p.errors)
	require.Equal(t, exitBad, (<-answered).status)
	require.Equal(t, exitGood, endHost().status, "it is interrupted too")
}
