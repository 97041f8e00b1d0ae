package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const testKeys = `{"mac":{"scheme":"x9.9","key":"0123456789ABCDEF"}}`

// A host sends of itself when a connection opens and behind its answers; the steps of a client await it and answer.
func TestHostThatStarts(t *testing.T) {
	rules := rulesFile(t, `[
		{"connected":true,"then":[{"send":{"0":"0820","11":"900001","41":"TERM0001"},"expect":{"0":"0830","39":"00"}}]},
		{"match":{"0":"0800"},"reply":{"39":"00"},"become":"signed on"},
		{"match":{"0":"0200"},"state":"signed on","times":1,"reply":{"39":"00","37":"123456789012"},
		 "then":[{"send":{"0":"0620","11":"900002","41":"TERM0001"},"take":{"4":"4","38":"11"},"expect":{"39":"00"}},
		         {"send":{"0":"0620","11":"900003","41":"TERM0001"},"no_answer":"50ms"},
		         {"send":{"0":"0620","11":"900004","41":"TERM0001"},"expect":{"39":"00"}}]},
		{"match":{"0":"0200"},"state":"signed on","reply":{"39":"61"}},
		{"reply":{"39":"58"}}]`)
	address, end := startHost(t, "-count", "4", "-rules", rules)
	sale := func(stan string) string { return strings.Replace(saleJSON, "000001\"", stan+"\"", 1) }
	steps := `{"await":{"0":"0820"},"reply":{"39":"00"}}
		{"send":` + sale("000011") + `,"expect":{"39":"58"}}
		{"send":{"0":"0800","11":"000012","41":"TERM0001"},"expect":{"39":"00"},"pause":"1ms"}
		{"send":` + sale("000013") + `,"expect":{"39":"00"}}
		{"await":{"0":"0620","11":"900002"},"expect":{"4":"000000001999","38":"000013"},"reply":{"39":"00"}}
		{"await":{"0":"0620"},"expect":{"11":"900003"}}
		{"await":{"0":"0620","11":"900004"},"reply":{"39":"00"}}
		{"send":` + sale("000014") + `,"take":{"37":"11","38":"38"},"expect":{"39":"61"}}`
	steps = strings.Replace(steps, `"take":{"37":"11","38":"38"}`, `"take":{"4":"sent.4"}`, 1)
	r := sendTo(address, steps, "-json")
	require.Equal(t, exitGood, r.status, r.errors)
	require.Equal(t, 8, strings.Count(r.out, "\n"))
	host := end()
	require.Equal(t, exitGood, host.status, host.errors)
	for _, says := range []string{"out 0820 ", "in  0830 ", "out 0620 ", "in  0630 "} {
		require.Contains(t, host.out, says)
	}
}

func TestStepsThatFail(t *testing.T) {
	rules := rulesFile(t, `[{"match":{"0":"0200"},"reply":{"39":"00"},"then":[{"send":{"0":"0620","11":"900002","41":"TERM0001"},"expect":{"39":"05"}}]},{"reply":{"39":"00"}}]`)
	address, end := startHost(t, "-count", "2", "-rules", rules)
	r := sendTo(address, `{"send":`+saleJSON+`,"no_answer":"5s"}
		{"await":{"0":"0620"},"reply":{"39":"00"}}
		{"await":{"0":"0620"},"within":"10ms"}
		{"send":{"0":"0400","11":"000002","41":"TERM0001"},"take":{"38":"38"}}
		{"send":{"0":"0400","11":"000003","41":"TERM0001"},"expect":{"39":"12"}}`)
	require.Equal(t, exitBad, r.status)
	for _, says := range []string{"line 1: an answer came, and none was to come", "line 3: nothing that fits came within 10ms",
		"line 4: the answer before has no field 38 to take", "line 5: expected 12 in field 39, got 00"} {
		require.Contains(t, r.errors, says)
	}
	host := end()
	require.Equal(t, exitBad, host.status)
	require.Contains(t, host.errors, "rule 1, step 1: expected 05 in field 39, got 00")

	address, end = startHost(t, "-count", "1", "-rules", rules)
	r = sendTo(address, saleJSON+"\n"+`{"await":{"0":"0800"},"within":"1s"}`)
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "the host sent 0620 ", "what is not awaited is told")
	require.Contains(t, end().errors, "rule 1, step 1: ")

	for text, says := range map[string]string{
		`{"send":{"0":"0200"},"await":{"0":"0800"}}`:                  "either sends or awaits",
		`{"send":{"0":"0200"},"within":"1s"}`:                         "within and reply are for",
		`{"await":{"0":"0200"},"no_answer":"1s"}`:                     "take and no_answer are for",
		`{"send":{"0":"0200"},"no_answer":"1s","expect":{"39":"00"}}`: "only one of expect and no_answer",
		`{"send":{"0":"0200"},"no_answer":"soon"}`:                    `no_answer: not a duration such as "200ms"`,
		`{"send":{"0":"0200"},"pause":"-1s"}`:                         "pause: not a duration",
		`{"await":{"199":"1"}}`:                                       "the spec has no field 199",
		`{"await":{"0":"0800"},"reply":{"4":"x"}}`:                    "reply: field 4",
		`{"send":{"0":"0200"},"take":{"4":"sent.199"}}`:               "the spec has no field 199",
		`{"send":{"0":"0200"},"expects":{}}`:                          "unknown field",
	} {
		r := sendTo("127.0.0.1:1", text)
		require.Equal(t, exitBad, r.status, text)
		require.Contains(t, r.errors, "line 1: ")
		require.Contains(t, r.errors, says)
		require.Contains(t, r.errors, "nothing was sent")
	}
}

// What is made anew is verified where it is a code, follows its request where it was an echo, and differs in nothing else.
func TestReplayAnew(t *testing.T) {
	keys := writeFile(t, "keys.json", testKeys)
	spec := []string{"-spec", "unionpay-pos+no-header+field64-binary", "-frame", "binary2"}
	with := func(command string, more ...string) []string {
		return append(append([]string{command}, spec...), more...)
	}
	rules := rulesFile(t, `[{"reply":{"39":"00","12":"000000","13":"0101","37":"000000000000","64":"0000000000000000"}}]`)
	host, endHost := started(t, with("listen", "-on", "127.0.0.1:0", "-count", "8", "-rules", rules, "-new", "12,13,37,64", "-stan", "5", "-keys", keys))
	recording := filepath.Join(t.TempDir(), "session.jsonl")
	address, endProxy := started(t, with("proxy", "-on", "127.0.0.1:0", "-to", host, "-sessions", "1", "-record", recording))
	coded := strings.TrimSuffix(saleJSON, "}") + `,"7":"0101000000","12":"000000","13":"0101","64":"0000000000000000"}`
	r := try(strings.ReplaceAll(coded, `"7":"0101000000",`, ""), with("send", "-to", address, "-new", "11,12,13,64", "-stan", "100", "-keys", keys, "-repeat", "2", "-json")...)
	require.Equal(t, exitGood, r.status, r.errors)
	require.Contains(t, r.out, `"11":"000100"`)
	require.Contains(t, r.out, `"11":"000101"`)
	require.Contains(t, r.out, `"37":"000000000006"`)
	require.NotContains(t, r.out, `"64":"0000000000000000"`)
	require.Equal(t, exitGood, endProxy().status)

	replay := func(more ...string) result {
		return try("", with("replay", append(more, "-to", host, recording)...)...)
	}
	r = replay("-new", "11,12,13,64", "-stan", "200", "-keys", keys, "-ignore", "37")
	require.Equal(t, result{exitGood, "2 requests sent, 0 faults\n", ""}, r)
	r = replay("-new", "11,12,13,64", "-stan", "300", "-keys", writeFile(t, "other.json", strings.Replace(testKeys, "01234", "F1234", 1)), "-ignore", "37")
	require.Equal(t, exitBad, r.status)
	require.Equal(t, 2, strings.Count(r.errors, "its authentication code: "))
	r = replayOne(t, with("replay", "-to", host, "-ignore", "12,13", "-exact"), recording)
	require.Equal(t, exitBad, r.status, "a reference and its code")
	require.Equal(t, []string{"37", "64"}, firstWords(r.out))
	r = replayOne(t, with("replay", "-to", host), recording)
	require.Equal(t, exitBad, r.status, "a reference")
	require.Equal(t, []string{"37"}, firstWords(r.out))
	require.Regexp(t, `: fields that differed as they may, without -exact: (12, 13, |12, |13, )?64\n`, r.errors)
	require.Equal(t, exitGood, endHost().status)
}

// replayOne replays the first exchange of a recording.
func replayOne(t *testing.T, args []string, recording string) result {
	t.Helper()
	return try(linesOfFile(t, recording, 2), append(args, "-")...)
}

// firstWords are those of the rows of a table with a heading, up to its end.
func firstWords(table string) (words []string) {
	for i, line := range strings.Split(table, "\n") {
		if strings.HasSuffix(line, "faults") {
			break
		}
		if i > 0 {
			words = append(words, strings.Fields(line)[0])
		}
	}
	return words
}

// A recording answers in the place of its host.
func TestReplayAsHost(t *testing.T) {
	rules := rulesFile(t, `[{"match":{"4":"000000001999"},"reply":{"39":"00","37":"123456789012"}},{"reply":{"39":"51"}}]`)
	host, endHost := startHost(t, "-count", "2", "-rules", rules)
	recording := filepath.Join(t.TempDir(), "session.jsonl")
	address, endProxy := startProxy(t, host, "-record", recording)
	other := strings.NewReplacer("000000001999", "000000000500", `"000001"`, `"000002"`)
	r := sendTo(address, saleJSON+other.Replace(saleJSON), "-json")
	require.Equal(t, exitGood, r.status, r.errors)
	endProxy()
	endHost()

	address, end := startTool(t, "replay", "-on", "127.0.0.1:0", "-count", "2", recording)
	later := strings.NewReplacer(`"000001"`, `"000077"`, `"000002"`, `"000078"`)
	r = sendTo(address, later.Replace(other.Replace(saleJSON)), "-json", "-expect", "39=51", "-expect", "11=000078", "-expect", "4=000000000500")
	require.Equal(t, exitGood, r.status, r.errors)
	r = sendTo(address, later.Replace(saleJSON), "-json", "-expect", "39=00", "-expect", "11=000077", "-expect", "37=123456789012")
	require.Equal(t, exitGood, r.status, r.errors)
	played := end()
	require.Equal(t, exitGood, played.status, played.errors)
	require.NotContains(t, played.out, "4761739001010119")

	address, end = startTool(t, "replay", "-on", "127.0.0.1:0", "-count", "2", "-ignore", "11", recording)
	r = sendTo(address, strings.Replace(saleJSON, "000000001999", "000000001998", 1), "-json", "-expect", "39=00", "-expect", "4=000000001998")
	require.Equal(t, exitGood, r.status, r.errors)
	r = sendTo(address, strings.Replace(saleJSON, "0200", "0400", 1), "-json", "-timeout", "200ms")
	require.Equal(t, exitBad, r.status)
	played = end()
	require.Equal(t, exitBad, played.status)
	require.Contains(t, played.errors, "line 1: 1 field of the request differs")
	require.Contains(t, played.errors, "no request of this type in the recording")
	require.Regexp(t, `(?m)^4 +\S.* 000000001999 +000000001998 *$`, played.out)

	address, end = startTool(t, "replay", "-on", "127.0.0.1:0", "-count", "1", "-exact", recording)
	r = sendTo(address, later.Replace(saleJSON), "-json")
	require.Equal(t, exitGood, r.status, r.errors)
	played = end()
	require.Equal(t, exitBad, played.status, "a trace number")
	require.Equal(t, []string{"11"}, firstWords(strings.Join(strings.Split(played.out, "\n")[1:3], "\n")), played.out)

	try("", append([]string{"replay", "-on", "127.0.0.1:0", "-to", host, recording}, wireFlags...)...).isUsage(t, "both")
	try("", append([]string{"replay", "-to", host, "-count", "1", recording}, wireFlags...)...).isUsage(t, "count")
	require.Equal(t, exitBad, try("", append([]string{"replay", "-on", "127.0.0.1:0", writeFile(t, "empty", "")}, wireFlags...)...).status)
}

// Silence is that nothing comes and the line stays.
func TestSilence(t *testing.T) {
	step := `{"send":` + saleJSON + `,"no_answer":"100ms"}`
	address, end := startHost(t, "-count", "3", "-rules", rulesFile(t, `[{"times":1,"garbage":"DEADBEEF"},{"drop":true}]`))
	r := sendTo(address, step)
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "something came that is no message, and nothing was to come")
	r = sendTo(address, step)
	require.Equal(t, exitGood, r.status, r.errors)
	sendTo(address, step) // the host ends with it
	end()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		nc, err := listener.Accept()
		if err == nil {
			nc.Read(make([]byte, 1))
			nc.Close()
		}
	}()
	r = sendTo(listener.Addr().String(), strings.Replace(step, "100ms", "1m", 1))
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "it is not safe to send again")
}

// An answer without the code that the recorded one had, and without a time, differs from it.
func TestReplayTellsWhatIsAbsent(t *testing.T) {
	keys := writeFile(t, "keys.json", testKeys)
	flags := []string{"-spec", "unionpay-pos+no-header+field64-binary", "-frame", "binary2"}
	with := func(command string, more ...string) []string {
		return append(append([]string{command}, flags...), more...)
	}
	host := func(reply string) (string, func() result) {
		return started(t, with("listen", "-on", "127.0.0.1:0", "-count", "1", "-rules", rulesFile(t, `[{"reply":`+reply+`}]`), "-new", "64", "-keys", keys))
	}
	signed := strings.TrimSuffix(saleJSON, "}") + `,"64":"0000000000000000"}`
	recording := filepath.Join(t.TempDir(), "session.jsonl")
	address, end := host(`{"39":"00","12":"101010","64":"0000000000000000"}`)
	proxy, endProxy := started(t, with("proxy", "-on", "127.0.0.1:0", "-to", address, "-sessions", "1", "-record", recording))
	r := try(signed, with("send", "-to", proxy, "-new", "64", "-keys", keys, "-json")...)
	require.Equal(t, exitGood, r.status, r.errors)
	require.Empty(t, r.errors)
	endProxy()
	end()
	for _, more := range [][]string{{"-new", "64", "-keys", keys}, {"-exact", "-new", "64", "-keys", keys}, {}} {
		address, end := host(`{"39":"00"}`)
		r := try("", with("replay", append(more, "-to", address, recording)...)...)
		require.Equal(t, exitBad, r.status, more)
		require.Equal(t, []string{"12", "64"}, firstWords(r.out), r.out)
		end()
	}
	address, end = host(`{"39":"00"}`)
	r = try(signed, with("send", "-to", address, "-new", "64", "-keys", keys, "-json")...)
	require.Equal(t, exitGood, r.status)
	require.Contains(t, r.errors, "the answer has no authentication code, and its request had one")
	end()
}
