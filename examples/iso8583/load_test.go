package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

func loadHost(address, input string, args ...string) result {
	return try(input, append(append([]string{"load", "-to", address}, wireFlags...), args...)...)
}

func reportOf(t *testing.T, r result) loadReport {
	t.Helper()
	var out loadReport
	require.NoError(t, json.Unmarshal([]byte(r.out), &out), r.errors)
	return out
}

const scenario = `{"name":"sale","weight":3,"send":` + saleJSON + `,"expect":{"39":"00"}}
	{"name":"echo","send":{"0":"0800","11":"000000","41":"TERM0001"},"expect":{"39":"00"}}`

// Both loops send each message in its share and tell what came of it.
func TestLoad(t *testing.T) {
	rules := rulesFile(t, `[{"match":{"0":"0800"},"reply":{"39":"00"}},{"match":{"0":"0200"},"reply":{"39":"00","38":"000042"}}]`)
	address, end := startHost(t, "-count", "121", "-rules", rules)
	first := writeFile(t, "first.json", `{"send":{"0":"0800","11":"000001","41":"TERM0001"},"expect":{"39":"00"}}`)
	r := loadHost(address, scenario, "-rate", "400", "-for", "100ms", "-json", "-connections", "2", "-first", first)
	require.Equal(t, exitGood, r.status, r.errors)
	out := reportOf(t, r)
	require.Equal(t, "open", out.Mode)
	require.EqualValues(t, 40, out.Sent)
	require.EqualValues(t, 40, out.Answered)
	require.Equal(t, map[string]int64{"00": 40}, out.Codes)
	r = loadHost(address, scenario, "-in-flight", "8", "-count", "80")
	require.Equal(t, exitGood, r.status, r.errors)
	require.Contains(t, r.out, "80 sent in ")
	require.Contains(t, r.out, "closed loop with 8 in flight\n")
	require.Contains(t, r.out, "      80 response code 00\n")
	require.Regexp(t, `latency in ms: min \d+\.\d+, mean .*, p50 .*, p99\.9 .*, max \d`, r.out)
	host := end()
	require.Equal(t, exitGood, host.status, host.errors)
	require.Equal(t, 31, strings.Count(host.out, " in  0800 "), "a quarter of both, and the sign-on")
	require.Equal(t, 90, strings.Count(host.out, " in  0200 "))
	require.Equal(t, 40, strings.Count(host.out, " out 0210 ")-50)
}

// A host that stops answering has the time in its percentiles, also of those that were due meanwhile: in an open loop a
// request is due whether or not there is an answer to the one before.
func TestLoadWithoutCoordinatedOmission(t *testing.T) {
	codec := message.MustCompile(spec.UnionPayPOS().With(spec.UnionPayNoHeader()))
	framing, err := connection.FramingByName("binary2")
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var stall sync.Once
	const stalled = 300 * time.Millisecond
	server := &connection.Server{Config: connection.Config{Framing: framing, Order: connection.OrderConn,
		Handler: func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
			stall.Do(func() { time.Sleep(stalled) })
			m := codec.New()
			if err := m.Unpack(frame); err != nil {
				return nil, err
			}
			response, err := message.Response(m)
			if err != nil {
				return nil, err
			}
			response.Set(39, "00")
			return response.AppendPack(reply)
		}}}
	go server.Serve(listener)
	defer server.Close()
	r := loadHost(listener.Addr().String(), saleJSON, "-rate", "200", "-for", "250ms", "-json")
	require.Equal(t, exitGood, r.status, r.errors)
	out := reportOf(t, r)
	require.EqualValues(t, 50, out.Sent)
	require.GreaterOrEqual(t, out.Latency["p50"], 150.0, "the 25th was due 125 ms after the first, which took 300")
	require.GreaterOrEqual(t, out.Latency["max"], 300.0)
	require.GreaterOrEqual(t, out.Latency["min"], 55.0, "the last one was due 245 ms after it")
}

// A request that time ran out for is among the slowest, not left out.
func TestLoadCountsWhoWaitedInVain(t *testing.T) {
	host, err := net.Listen("tcp", "127.0.0.1:0") // connections wait there to be accepted
	require.NoError(t, err)
	defer host.Close()
	for _, loop := range [][]string{{"-rate", "100"}, {"-in-flight", "2"}} {
		r := loadHost(host.Addr().String(), saleJSON, append(loop, "-count", "3", "-timeout", "200ms", "-json")...)
		require.Equal(t, exitBad, r.status)
		out := reportOf(t, r)
		require.Zero(t, out.Answered)
		require.Equal(t, map[string]int64{"no answer in time": 3}, out.Failures)
		require.GreaterOrEqual(t, out.Latency["min"], 200.0)
		require.GreaterOrEqual(t, out.Latency["p50"], 200.0)
		require.Contains(t, r.out, `"codes":{}`)
	}
}

func TestLoadFailures(t *testing.T) {
	rules := rulesFile(t, `[{"match":{"0":"0800"},"drop":true},{"match":{"4":"000000001999"},"reply":{"39":"51"}},{"match":{"0":"0200"},"garbage":"00"}]`)
	address, end := startHost(t, "-count", "8", "-rules", rules)
	r := loadHost(address, scenario, "-in-flight", "1", "-count", "4", "-timeout", "2s", "-json")
	require.Equal(t, exitBad, r.status)
	out := reportOf(t, r)
	require.EqualValues(t, 4, out.Failed)
	require.Equal(t, map[string]int64{"not as expected": 3, "no answer in time": 1}, out.Failures)
	require.Equal(t, map[string]int64{"51": 3}, out.Codes)
	require.Empty(t, r.errors)
	r = loadHost(address, scenario, "-rate", "100", "-count", "4", "-timeout", "200ms", "-json")
	require.Equal(t, exitBad, r.status)
	require.EqualValues(t, 4, reportOf(t, r).Failed)
	end()
	r = loadHost(address, saleJSON, "-rate", "10")
	require.Equal(t, exitTrouble, r.status, "no host any more")
	require.Contains(t, r.errors, "safe to send again")
}

// What cannot be sent, and calls that are wrong, send nothing.
func TestWrongLoads(t *testing.T) {
	for text, says := range map[string]string{
		`{"send":` + saleJSON + `,"weight":0}`:                  `line 1: weight: from 1 to a million`,
		`{"send":` + saleJSON + `,"await":{}}`:                  "line 1: json: unknown field",
		`{"send":{"0":"0200","4":"x"}}`:                         "line 1: field 4",
		`{"send":` + saleJSON + `,"expect":{"199":"1"}}`:        "line 1: the spec has no field 199",
		saleJSON + "\n" + strings.ReplaceAll(saleJSON, "0", ""): "line 2: ",
		"": "no message", "zz": "line 1, column 1",
	} {
		for _, loop := range [][]string{{"-rate", "10"}, {"-in-flight", "1", "-connections", "1"}} {
			r := loadHost("127.0.0.1:1", text, loop...)
			require.NotEqual(t, exitGood, r.status, text)
			require.NotEqual(t, exitUsage, r.status, text)
			require.Contains(t, r.errors, says)
			require.Equal(t, says == "no message", strings.Contains(r.errors, "no message\n"), "%s: %s", text, r.errors)
			require.Empty(t, r.out)
		}
	}
	for _, args := range [][]string{{}, {"-rate", "1", "-in-flight", "1"}, {"-rate", "-1"}, {"-rate", "-5", "-in-flight", "1"}, {"-rate", "NaN"}, {"-rate", "Inf"}, {"-rate", "1e-300"}, {"-rate", "1", "-for", "0s"}, {"-rate", "1", "-count", "-1"},
		{"-rate", "1", "-connections", "0"}, {"-in-flight", "-1"}, {"-rate", "1", "-new", "199"}} {
		loadHost("127.0.0.1:1", saleJSON, args...).isUsage(t, args)
	}
}

// A first message that is not answered as it must be ends everything.
func TestLoadFirst(t *testing.T) {
	address, end := startHost(t, "-count", "1", "-rules", rulesFile(t, `[{"reply":{"39":"58"}}]`))
	first := writeFile(t, "first.json", `{"send":{"0":"0800","11":"000001","41":"TERM0001"},"expect":{"39":"00"}}`)
	r := loadHost(address, saleJSON, "-rate", "10", "-first", first)
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, first+", line 1: expected 00 in field 39, got 58")
	require.Contains(t, r.errors, "nothing of the load was sent")
	end()
}

// Progress is told where it is asked for.
func TestLoadProgress(t *testing.T) {
	address, end := startHost(t, "-count", "24")
	r := loadHost(address, saleJSON, "-rate", "20", "-for", "1200ms", "-progress")
	require.Equal(t, exitGood, r.status, r.errors)
	require.Regexp(t, `^iso8583: +1 s: \d+ sent, \d+ answers in the last second, 0 failed, p50 `, r.errors)
	end()
}

// What is told each second is what came in it.
func TestProgressOfLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told bytes.Buffer
		l := &loader{sender: sender{console: &console{stderr: &told}}, tell: true}
		done := l.progressEvery(time.Now())
		for _, count := range []int{3, 0, 2} {
			for range count {
				l.results.sent.Add(1)
				l.results.answered.Add(1)
				l.results.times.add(5 * time.Millisecond)
			}
			time.Sleep(time.Second + time.Millisecond)
			l.results.fail("x")
		}
		close(done)
		synctest.Wait()
		require.Equal(t, "iso8583:   1 s: 3 sent, 3 answers in the last second, 0 failed, p50 5.000 ms, p99 5.000 ms\n"+
			"iso8583:   2 s: 3 sent, 0 answers in the last second, 1 failed, p50 5.000 ms, p99 5.000 ms\n"+
			"iso8583:   3 s: 5 sent, 2 answers in the last second, 2 failed, p50 5.000 ms, p99 5.000 ms\n", told.String())
	})
	l := &loader{sender: sender{console: &console{}}}
	close(l.progressEvery(time.Now())) // and nothing is told
}

// Kinds beyond the bound are counted together; those that there are go on.
func TestTally(t *testing.T) {
	var kinds map[string]int64
	for i := range maxKinds + 10 {
		tally(&kinds, strconv.Itoa(i))
		tally(&kinds, "0")
	}
	require.Len(t, kinds, maxKinds+1)
	require.EqualValues(t, 10, kinds["others"])
	require.EqualValues(t, maxKinds+11, kinds["0"])
	require.EqualValues(t, 1, kinds[strconv.Itoa(maxKinds-1)])
}

func TestChoose(t *testing.T) {
	parts := []*part{{name: "a", weight: 3}, {name: "b", weight: 1}, {name: "c", weight: 2}}
	got := ""
	for range 12 {
		got += choose(parts).name
	}
	require.Equal(t, "acabca"+"acabca", got)
}

// Quantiles are those of the sorted times, at most a hundredth too high.
func TestLatencies(t *testing.T) {
	var none latencies
	require.Zero(t, none.quantile(0.5)+none.mean()+none.min()+none.max())
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, size := range []int{1, 2, 10, 1000} {
		var l latencies
		var all []time.Duration
		for range size {
			d := time.Duration(random.Int64N(1 << (7 + random.IntN(50))))
			all = append(all, d)
			l.add(d)
		}
		slices.Sort(all)
		require.Equal(t, all[0], l.min())
		require.Equal(t, all[size-1], l.max())
		for _, share := range []float64{0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1} {
			rank := max(1, int(share*float64(size)+0.999999))
			exact, got := all[rank-1], l.quantile(share)
			require.GreaterOrEqual(t, got, exact)
			require.LessOrEqual(t, float64(got), float64(exact)*1.01)
		}
	}
	last := uint64(0)
	for ns := uint64(0); ns < 1<<20; ns += 1 + ns/1000 {
		b := bucketOf(ns)
		require.LessOrEqual(t, ns, highest(b))
		require.GreaterOrEqual(t, highest(b), last, "buckets rise")
		last = highest(b)
		if b > 0 {
			require.Less(t, highest(b-1), ns, "and do not overlap")
		}
	}
	require.Less(t, bucketOf(1<<63-1), len(none.buckets))
}

// A host that goes away and comes back is dialled again, what was due meanwhile has failed, and an interrupt ends in a report.
func TestLoadDialsAgain(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot interrupt one process alone")
	}
	address, end := startHost(t, "-count", "5")
	ended := make(chan result, 1)
	go func() { ended <- loadHost(address, saleJSON, "-rate", "50", "-for", "5m", "-json", "-timeout", "5s") }()
	require.Equal(t, exitGood, end().status)
	var again func() result
	for again == nil { // the port is free as soon as the first host has let it go
		listener, err := net.Listen("tcp", address)
		if err != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		listener.Close()
		_, again = startTool(t, "listen", "-on", address, "-count", "1")
	}
	again()
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, self.Signal(os.Interrupt))
	r := <-ended
	require.Equal(t, exitBad, r.status)
	out := reportOf(t, r)
	require.EqualValues(t, 6, out.Answered)
	require.Positive(t, out.Failed)
	require.Equal(t, out.Sent, out.Answered+out.Failed)
}
