package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

// startProxy runs proxy on a free port, for one connection.
func startProxy(t *testing.T, to string, args ...string) (address string, end func() result) {
	t.Helper()
	return startTool(t, append([]string{"proxy", "-on", "127.0.0.1:0", "-to", to, "-sessions", "1"}, args...)...)
}

// linesOfFile are the first lines of a file.
func linesOfFile(t *testing.T, name string, count int) string {
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return strings.Join(strings.SplitAfter(string(text), "\n")[:count], "")
}

// A session is recorded, and replayed against the same host and one that changed a field: just that difference is told.
func TestProxyAndReplay(t *testing.T) {
	rules := rulesFile(t, `[{"reply":{"39":"00","37":"123456789012","38":"000042"}}]`)
	host, endHost := startHost(t, "-count", "4", "-rules", rules)
	recording := filepath.Join(t.TempDir(), "session.jsonl")
	address, endProxy := startProxy(t, host, "-record", recording)
	two := saleJSON + "\n" + strings.Replace(saleJSON, `"000001"`, `"000002"`, 1)
	r := sendTo(address, two, "-json", "-expect", "38=000042")
	require.Equal(t, exitGood, r.status, r.errors)
	p := endProxy()
	require.Equal(t, exitGood, p.status, p.errors)
	require.Equal(t, 2, strings.Count(p.out, "1 client 0200 2=476173******0119"))
	require.Equal(t, 2, strings.Count(p.out, "1 host   0210 "))
	require.NotContains(t, p.out+p.errors, "4761739001010119")
	info, err := os.Stat(recording)
	require.NoError(t, err)
	require.Zero(t, info.Mode()&0o077, "a recording is for its owner")

	replay := func(to string, more ...string) result {
		return try("", append(append([]string{"replay", "-to", to, recording}, wireFlags...), more...)...)
	}
	r = replay(host)
	require.Equal(t, result{exitGood, "2 requests sent, 0 faults\n", ""}, r)
	require.Equal(t, exitGood, endHost().status)

	changed := rulesFile(t, `[{"match":{"11":"000001"},"reply":{"39":"00","37":"123456789012","38":"000042"}},
		{"reply":{"39":"05","37":"999999999999","38":"000042"}}]`)
	host, endHost = startHost(t, "-count", "4", "-rules", changed)
	r = replay(host, "-ignore", "37")
	require.Equal(t, exitBad, r.status)
	require.Equal(t, "iso8583: line 3: 1 field of the answer differs\n", r.errors)
	lines := strings.Split(r.out, "\n")
	require.Equal(t, []string{"39", "Response", "code", "00", "05"}, strings.Fields(lines[1]))
	require.Equal(t, "2 requests sent, 1 faults", lines[2])
	r = replay(host, "-ignore", "37,39")
	require.Equal(t, exitGood, r.status, r.errors)
	require.Equal(t, exitGood, endHost().status)

	for _, args := range [][]string{{"replay"}, {"proxy"}, {"replay", recording}, {"replay", "-to", "127.0.0.1:1", "-spec", "unionpay-pos", recording},
		append([]string{"replay", "-on", "127.0.0.1:0", "-match", "199", recording}, wireFlags...), {"replay", "-to", "127.0.0.1:1", "-spec", "unionpay-pos", "-frame", "binary2", "-ignore", "x", recording}} {
		try("", args...).isUsage(t, args)
	}
	require.Equal(t, exitTrouble, try("", append([]string{"proxy", "-on", "127.0.0.1:0", "-to", host, "-record", recording}, wireFlags...)...).status, "it writes over nothing")
}

// fullDisk is a file on a disk that has room for so many bytes.
type fullDisk struct {
	bytes.Buffer
	room int
}

func (f *fullDisk) Write(b []byte) (int, error) {
	n, _ := f.Buffer.Write(b[:min(len(b), f.room-f.Len())])
	if n < len(b) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (f *fullDisk) Truncate(size int64) error { f.Buffer.Truncate(int(size)); return nil }
func (f *fullDisk) Close() error              { return nil }

// A recording that cannot go on ends behind its last whole line. That is told once, the session goes on, and the exit
// status tells it.
func TestRecordingEnds(t *testing.T) {
	disk := &fullDisk{room: 250}
	var out, errors bytes.Buffer
	p := &proxy{console: &console{stdout: &out, stderr: &errors}, record: "day.jsonl", recorder: &recorder{file: disk}}
	p.spec, p.frame = "unionpay-pos+no-header", "binary2"
	require.NoError(t, p.check(p.console))
	near, far := net.Pipe()
	defer far.Close()
	go io.Copy(io.Discard, far)
	way := &passage{proxy: p, session: 1, from: fromClient, out: near, message: p.codec.New()}
	wire, err := hex.DecodeString(strings.ReplaceAll(signOn, " ", ""))
	require.NoError(t, err)
	frame := append([]byte{0, byte(len(wire))}, wire...)
	for range 4 {
		require.True(t, way.pass(frame))
	}
	require.Equal(t, 4, strings.Count(out.String(), "1 client 0800"))
	require.Equal(t, 1, strings.Count(errors.String(), "\n"), errors.String())
	require.Contains(t, errors.String(), "the recording day.jsonl: it ends here, and the session goes on without: no space left on device")
	all, err := readRecording("", &disk.Buffer)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.EqualError(t, p.stopped, "the recording day.jsonl is not whole")
	require.NoError(t, p.recorder.close())
}

func TestRecordingFaults(t *testing.T) {
	for _, text := range []string{"{", `{"from":"client"}`, `{"from":"client","hex":"0x"}`, `{"from":"nobody","hex":"00"}`} {
		_, err := readRecording("r", strings.NewReader(`{"from":"host","hex":"00"}`+"\n"+text))
		require.ErrorContains(t, err, "r, line 2: no recording")
	}
	_, err := readRecording("r", iotest.ErrReader(io.ErrClosedPipe))
	require.ErrorContains(t, err, "r, line 1: ")
	r := try("", append([]string{"replay", "-to", "127.0.0.1:1", writeFile(t, "empty", "")}, wireFlags...)...)
	require.Equal(t, exitBad, r.status)
}

// The answer to a request is that of its own session, whatever else has the same trace number.
func TestExchangesOfSessions(t *testing.T) {
	var told bytes.Buffer
	r := &replayer{sender: sender{console: &console{stderr: &told}, repeat: 1, timeout: time.Second}}
	r.spec, r.frame = "unionpay-pos+no-header", "binary2"
	require.NoError(t, r.prepareOffline())
	wire := func(text string) []byte {
		wire, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		require.NoError(t, err)
		return wire
	}
	request, answer := wire(signOn), wire("0810"+signOn[4:])
	found := r.exchanges([]recorded{
		{Session: 1, From: fromClient, wire: request},
		{Session: 1, From: fromClient, wire: request}, // repeated
		{Session: 2, From: fromHost, wire: wire("0830" + signOn[4:])},
		{Session: 2, From: fromClient, wire: request},
		{Session: 1, From: fromHost, wire: answer},
		{Session: 1, From: fromHost, wire: request}, // of itself
	})
	require.Len(t, found, 2)
	for i, one := range found {
		require.Equal(t, fmt.Sprintf("line %d", i+1), one.place)
		require.Equal(t, "0810", one.answer.MTI())
	}
	p := &player{replayer: r, exchanges: found}
	for _, want := range []*exchange{found[0], found[1], found[0]} {
		nearest, rows := p.nearest(found[0].request)
		require.Same(t, want, nearest, "equal requests have the recorded answers in turn, and then the first")
		require.Empty(t, rows)
	}
	require.Equal(t, "iso8583: line 4: no answer in the recording, left out\niso8583: line 6: what the host has sent of itself is left out\n", told.String())
}

// A recording is read or refused with the line, whatever is in it.
func FuzzRecording(f *testing.F) {
	f.Add([]byte(`{"at":"2026-01-02T03:04:05Z","session":1,"from":"client","hex":"0800"}` + "\n" + `{"from":"host","hex":"0810"}`))
	f.Add([]byte(`{"from":"host"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := readRecording("r", bytes.NewReader(text))
		if err != nil && (all != nil || !strings.HasPrefix(err.Error(), "r, line ")) {
			t.Fatalf("%d messages and %v", len(all), err)
		}
		for _, one := range all {
			if len(one.wire) == 0 || one.From != fromClient && one.From != fromHost {
				t.Fatal("a line that is no message")
			}
		}
	})
}

// Terminals speak TLS to the proxy, which speaks plainly to the host.
func TestProxyTLS(t *testing.T) {
	cert, key := certificate(t)
	host, endHost := startHost(t, "-count", "1")
	recording := filepath.Join(t.TempDir(), "session.jsonl")
	address, endProxy := startTool(t, "proxy", "-on", "127.0.0.1:0", "-to", host, "-sessions", "3", "-record", recording, "-on-cert", cert, "-on-key", key, "-on-ca", cert)
	r := sendTo(address, saleJSON, "-tls", "-ca", cert, "-timeout", "2s")
	require.Equal(t, exitBad, r.status, "without a certificate of its own")
	r = sendTo(address, saleJSON, "-timeout", "300ms")
	require.Equal(t, exitBad, r.status, "without TLS")
	r = sendTo(address, saleJSON, "-json", "-tls", "-ca", cert, "-cert", cert, "-key", key)
	require.Equal(t, exitGood, r.status, r.errors)
	p := endProxy()
	require.Equal(t, exitBad, p.status)
	require.Equal(t, 2, strings.Count(p.errors, ", client: tls: "), p.errors)
	require.Contains(t, p.out, "3 host   0210 ")
	require.Equal(t, exitGood, endHost().status)
	all, err := readRecording("", strings.NewReader(linesOfFile(t, recording, 2)))
	require.NoError(t, err)
	require.Equal(t, 3, all[1].Session)

	for _, args := range [][]string{{"-on-cert", cert}, {"-on-key", key}, {"-on-ca", cert}} {
		try("", append(append([]string{"proxy", "-on", "127.0.0.1:0", "-to", host}, wireFlags...), args...)...).isUsage(t, args)
	}
	require.Equal(t, exitTrouble, try("", append([]string{"proxy", "-on", "127.0.0.1:0", "-to", host, "-on-cert", "nosuchfile", "-on-key", key}, wireFlags...)...).status)
}
