package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wireFlags are how both ends speak in these tests.
var wireFlags = []string{"-spec", "unionpay-pos+no-header", "-frame", "binary2"}

const saleJSON = `{"0":"0200","2":"4761739001010119","3":"000000","4":"000000001999","11":"000001","22":"051","41":"TERM0001","42":"MERCHANT0000001"}`

// startHost runs listen on a free port.
func startHost(t *testing.T, args ...string) (address string, end func() result) {
	t.Helper()
	return startTool(t, append([]string{"listen", "-on", "127.0.0.1:0"}, args...)...)
}

// startTool runs a command that listens. end waits for it to stop and returns what it did.
func startTool(t *testing.T, args ...string) (address string, end func() result) {
	t.Helper()
	return started(t, append(args, wireFlags...))
}

func started(t *testing.T, args []string) (address string, end func() result) {
	t.Helper()
	out, in := io.Pipe()
	var errors bytes.Buffer
	status := make(chan int, 1)
	go func() {
		status <- run(args, strings.NewReader(""), in, &errors)
		in.Close()
	}()
	reader := bufio.NewReader(out)
	first, err := reader.ReadString('\n')
	if err != nil {
		require.NoError(t, err, "status %d: %s", <-status, errors.String())
	}
	rest := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(reader)
		rest <- string(text)
	}()
	return strings.TrimSpace(strings.TrimPrefix(first, "listening on ")), func() result {
		text := <-rest
		return result{<-status, text, errors.String()}
	}
}

func sendTo(address, input string, args ...string) result {
	return try(input, append(append([]string{"send", "-to", address}, wireFlags...), args...)...)
}

func rulesFile(t *testing.T, text string) string { return writeFile(t, "rules.json", text) }

func TestSendAndListen(t *testing.T) {
	address, end := startHost(t, "-count", "2")
	r := sendTo(address, saleJSON, "-json", "-expect", "39=00", "-expect", "0=0210")
	require.Equal(t, exitGood, r.status, r.errors)
	require.Empty(t, r.errors)
	require.Contains(t, r.out, `"0":"0210"`)
	require.Contains(t, r.out, `"39":"00"`)
	r = sendTo(address, strings.ToLower(strings.Replace(sale, "7004040000", "7020040000", 1))+"\n")
	require.Equal(t, exitGood, r.status, r.errors)
	require.Contains(t, r.out, "approved")
	host := end()
	require.Equal(t, exitGood, host.status, host.errors)
	require.Empty(t, host.errors)
	lines := strings.Split(strings.TrimSpace(host.out), "\n")
	require.Len(t, lines, 4, "one line a message")
	require.Contains(t, lines[0], " in  0200 2=476173******0119 3=000000")
	require.Contains(t, lines[1], " out 0210 ")
}

func TestSendManyInOneGo(t *testing.T) {
	address, end := startHost(t, "-count", "6")
	two := saleJSON + "\n" + strings.Replace(saleJSON, `"000001"`, `"000002"`, 1)
	start := time.Now()
	r := sendTo(address, two, "-json", "-repeat", "3", "-rate", "50")
	require.Equal(t, exitGood, r.status, r.errors)
	require.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond, "the sixth leaves 5/50 s after the first")
	require.Equal(t, 6, strings.Count(r.out, "\n"))
	require.Equal(t, 3, strings.Count(r.out, `"11":"000002"`))
	require.Equal(t, 6, strings.Count(end().out, " in "))
}

func TestExpectationsThatFail(t *testing.T) {
	rules := rulesFile(t, `[{"match":{"3":"000000"},"reply":{"39":"51","2":"4761739001010119"}}]`)
	address, end := startHost(t, "-count", "2", "-rules", rules)
	args := []string{"-json", "-expect", "39=00", "-expect", "38=123456", "-expect", "2=4761739001010010", "-expect", "60.3=001", "-expect", "3=000000"}
	r := sendTo(address, saleJSON, args...)
	require.Equal(t, exitBad, r.status)
	require.Equal(t, "iso8583: line 1: expected 00 in field 39, got 51\n"+
		"iso8583: line 1: expected 123456 in field 38, got nothing\n"+
		"iso8583: line 1: expected 476173******0010 in field 2, got 476173******0119\n", withoutLine(r.errors, "60.3"))
	require.Contains(t, r.errors, "in field 60.3, got nothing\n")
	require.NotContains(t, r.out+r.errors, "4761739001010119")
	r = sendTo(address, saleJSON, append(args, "-clear")...)
	require.Contains(t, r.errors, `expected "4761739001010010" in field 2, got "4761739001010119"`)
	require.Contains(t, r.out, `"2":"4761739001010119"`)
	require.Equal(t, exitGood, end().status)
}

func withoutLine(text, with string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, with) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func TestRules(t *testing.T) {
	rules := rulesFile(t, `[
		{"match":{"0":"0800"}, "reply":{"39":"00","37":"123456789012"}},
		{"match":{"0":"0200","4":"000000000001"}, "drop":true},
		{"match":{"0":"0200","4":"000000000002"}, "garbage":"DEADBEEF"},
		{"match":{"0":"0200","4":"000000000003"}, "delay":"150ms", "reply":{"39":"91"}},
		{"match":{"0":"0200","4":"000000000004"}, "reply":{"41":"TERM0002"}},
		{"match":{"0":"0200","4":"000000001999"}, "reply":{"38":"000042","39":"00"}}
	]`)
	address, end := startHost(t, "-count", "8", "-rules", rules)
	sum := func(amount string) string { return strings.Replace(saleJSON, "000000001999", amount, 1) }
	good := func(in, says string) {
		r := sendTo(address, in, "-json")
		require.Equal(t, exitGood, r.status, r.errors)
		require.Contains(t, r.out, says)
	}
	good(signOn, `"37":"123456789012"`)
	good(saleJSON, `"38":"000042"`)
	start := time.Now()
	good(sum("000000000003"), `"39":"91"`)
	require.GreaterOrEqual(t, time.Since(start), 150*time.Millisecond)
	for _, c := range []struct{ amount, note string }{
		{"000000000001", ""}, {"000000000002", "something came that is no message"}, {"000000000004", "an answer came that belongs to no request"},
		{"000000000005", ""},
	} {
		r := sendTo(address, sum(c.amount), "-timeout", "300ms")
		require.Equal(t, exitBad, r.status)
		require.Contains(t, r.errors, "line 1: exchange: no answer in time (sent); it is not safe to send again: the host may have acted on it")
		require.Contains(t, r.errors, c.note)
	}
	good(signOn, `"39":"00"`)
	host := end()
	require.Equal(t, exitGood, host.status, host.errors)
	for _, says := range []string{"out nothing, rule 2 drops it", "out 4 bytes of garbage by rule 3", "out nothing, no rule matches"} {
		require.Contains(t, host.out, says)
	}
	require.NotContains(t, host.out+host.errors, "4761739001010119")
}

func TestRulesFaults(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"unknown key", "[\n{\"reply\":{\"39\":\"00\"}},\n{\"macth\":{}}]", `line 3: rule 2: json: unknown field "macth"`},
		{"unknown field in a match", `[{"match":{"199":"1"}}]`, "line 1: rule 1: match: the spec has no field 199"},
		{"unknown field in a reply", `[{"reply":{"pan":"1"}}]`, "rule 1: reply: the spec has no field pan"},
		{"unknown field with parts", `[{"reply":{"130.1":"1"}}]`, "rule 1: reply: the spec has no field 130.1"},
		{"wrong value", `[{"reply":{"4":"1x"}}]`, "rule 1: reply: field 4: "},
		{"wrong type", `[{"reply":{"0":"02100"}}]`, "rule 1: reply: field 0: "},
		{"no string", `[{"match":{"4":1}}]`, "rule 1: field 4: the value is not a string"},
		{"object", `[{"match":{"4":{"1":"2"}}}]`, "rule 1: field 4: the value is not a string"},
		{"twice", `[{"match":{"4":"1","4":"2"}}]`, "rule 1: field 4 is there twice"},
		{"no object", `[{"match":["4"]}]`, "rule 1: match and reply are objects"},
		{"delay", `[{"delay":"soon"}]`, `rule 1: delay: not a duration such as "200ms"`},
		{"negative delay", `[{"delay":"-1s"}]`, "rule 1: delay"},
		{"garbage", `[{"garbage":"xyz"}]`, "rule 1: garbage: not hexadecimal"},
		{"two things", `[{"drop":true,"reply":{"39":"00"}}]`, "rule 1: only one of reply, drop and garbage"},
		{"no array", `{"match":{}}`, "not a JSON array of rules"},
		{"cut off", "[{}\n", "line 1: JSON: unexpected EOF"},
		{"more behind", "[]\n[]", "line 2: something behind the rules"},
		{"broken", "[\n{]", "line 2: JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := rulesFile(t, c.text)
			r := try("", append([]string{"listen", "-on", "127.0.0.1:0", "-rules", file}, wireFlags...)...)
			require.Equal(t, exitTrouble, r.status)
			require.Contains(t, r.errors, "iso8583: "+file)
			require.Contains(t, r.errors, c.says)
			require.Empty(t, r.out, "it does not listen")
		})
	}
}

func TestListenReportsWhatItCannotAnswer(t *testing.T) {
	address, end := startHost(t, "-count", "3", "-rules", rulesFile(t, `[{"reply":{"60.3":"001"}}]`))
	nc, err := net.Dial("tcp", address)
	require.NoError(t, err)
	answer, err := hex.DecodeString(strings.ReplaceAll("0024"+"0810"+signOn[4:], " ", ""))
	require.NoError(t, err)
	_, err = nc.Write(append([]byte{0, 3, 1, 2, 3}, answer...))
	require.NoError(t, err)
	r := sendTo(address, saleJSON, "-timeout", "200ms")
	require.Equal(t, exitBad, r.status)
	nc.Close()
	host := end()
	require.Equal(t, exitBad, host.status)
	require.Contains(t, host.out, " in  3 bytes that are no message\n")
	require.Contains(t, host.errors, "rule 1: field 60")
	require.Equal(t, 3, strings.Count(host.errors, "\n"), "an answer has none: "+host.errors)
}

func TestListenStopsWhenInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot interrupt one process alone")
	}
	address, end := startHost(t, "-rules", rulesFile(t, `[{"delay":"200ms","reply":{"39":"00"}}]`))
	answered := make(chan result, 1)
	go func() { answered <- sendTo(address, saleJSON, "-json") }()
	time.Sleep(100 * time.Millisecond)
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, self.Signal(os.Interrupt))
	host := end()
	require.Equal(t, exitGood, host.status, host.errors)
	r := <-answered
	require.Equal(t, exitGood, r.status, "an answer under way still goes out: "+r.errors)
	require.Contains(t, r.out, `"39":"00"`)
}

func TestSendWithoutAHost(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	listener.Close()
	r := sendTo(address, saleJSON)
	require.Equal(t, exitTrouble, r.status)
	require.Contains(t, r.errors, "dial: ")
	require.Contains(t, r.errors, "it is safe to send again")
}

func TestSendDialsAgain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dialled := make(chan int, 1)
	go func() {
		times := 0
		defer func() { dialled <- times }()
		for {
			nc, err := listener.Accept()
			if err != nil {
				return
			}
			times++
			nc.Read(make([]byte, 1)) // the request is on its way
			nc.Close()
		}
	}()
	r := sendTo(listener.Addr().String(), saleJSON, "-repeat", "2")
	listener.Close()
	require.Equal(t, 2, <-dialled)
	require.Equal(t, exitBad, r.status)
	for _, says := range []string{"line 1: sending 1: ", "line 1: sending 2: "} {
		require.Contains(t, r.errors, says)
	}
	require.Equal(t, 2, strings.Count(r.errors, "it is not safe to send again"))
	require.Equal(t, 2, strings.Count(r.errors, "\n"))
}

func TestSendRefusesItsInput(t *testing.T) {
	for _, c := range []struct{ name, in, says string }{
		{"JSON", saleJSON + "\n" + `{"0":"0200","4":"x"}`, "line 2: field 4: "},
		{"not hexadecimal", signOn + "\n\nzz", "line 3, column 1: not a hexadecimal digit"},
		{"no message", signOn + "\n0800", "line 2: field 1 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := sendTo("127.0.0.1:1", c.in)
			require.Equal(t, exitBad, r.status)
			require.Contains(t, r.errors, c.says)
			require.Contains(t, r.errors, "nothing was sent")
		})
	}
	address, end := startHost(t, "-count", "1")
	r := sendTo(address, strings.Replace(saleJSON, "0200", "0210", 1)+saleJSON, "-json")
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.out, "frame is not a request (not sent); it is safe to send again")
	require.Contains(t, r.out, `"39":"00"`, "the next one is sent")
	end()
}

// Frames without a message in them are nothing to send, and are told as what a line of them is.
func TestSendKeepAlives(t *testing.T) {
	r := sendTo("127.0.0.1:1", "0000")
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "iso8583: line 1: ")
	require.NotContains(t, r.errors, "taken off")
}

// An answer that is no message is shown as far as it can be read.
func TestSendShowsWhatIsNoAnswer(t *testing.T) {
	wire, err := hex.DecodeString(strings.ReplaceAll(signOn, " ", ""))
	require.NoError(t, err)
	wire[1] = 0x10 // the answer to it
	address, end := startHost(t, "-count", "2", "-rules", rulesFile(t, `[{"garbage":"`+hex.EncodeToString(wire)+`FF"}]`))
	r := sendTo(address, signOn)
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.errors, "it is not safe to send again")
	require.Contains(t, r.out, "TERM0001")
	require.Contains(t, r.out, "00000000  08 10 ")
	r = sendTo(address, signOn, "-json")
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.out, `{"error":{"kind":"`)
	end()
}

// A host that is told to end begins nothing any more.
func TestHostThatEnds(t *testing.T) {
	h := newHost(&console{})
	require.True(t, h.begin())
	h.flows.Done()
	h.finish(t.Context())
	require.False(t, h.begin())
	reply, err := h.handle(nil, []byte{1}, []byte("before"))
	require.NoError(t, err)
	require.Equal(t, "before", string(reply))
	require.Zero(t, h.seen)
}

// An answer that cannot be made is told, and none goes out.
func TestListenCannotSign(t *testing.T) {
	keys := writeFile(t, "keys.json", `{"master":"0123456789ABCDEFFEDCBA9876543210","mac":{"scheme":"x9.9","from":"62"}}`)
	address, end := startHost(t, "-count", "1", "-new", "64", "-keys", keys, "-rules", rulesFile(t, `[{"reply":{"39":"00","64":"00000000"}}]`))
	r := sendTo(address, saleJSON, "-timeout", "200ms")
	require.Equal(t, exitBad, r.status)
	host := end()
	require.Equal(t, exitBad, host.status)
	require.Contains(t, host.errors, ": rule 1: ")
	require.Contains(t, host.out, " out nothing\n")
}

func TestTLS(t *testing.T) {
	cert, key := certificate(t)
	address, end := startHost(t, "-count", "1", "-tls", "-cert", cert, "-key", key, "-ca", cert)
	r := sendTo(address, saleJSON, "-tls")
	require.Equal(t, exitTrouble, r.status, "a stranger's certificate")
	require.Contains(t, r.errors, "safe to send again")
	r = sendTo(address, saleJSON, "-tls", "-ca", cert)
	require.Equal(t, exitBad, r.status, "the host asks for a certificate")
	r = sendTo(address, saleJSON, "-json", "-tls", "-ca", cert, "-cert", cert, "-key", key)
	require.Equal(t, exitGood, r.status, r.errors)
	require.Contains(t, r.out, `"39":"00"`)
	host := end()
	require.Equal(t, exitGood, host.status, host.errors)
	require.Contains(t, host.errors, "refused")
}

// certificate makes one for 127.0.0.1, good at both ends, and returns its files.
func certificate(t *testing.T) (cert, key string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert = writeFile(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	key = filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	return cert, key
}

func TestNetworkUsage(t *testing.T) {
	send := append([]string{"send", "-to", "127.0.0.1:1"}, wireFlags...)
	listen := append([]string{"listen", "-on", "127.0.0.1:0"}, wireFlags...)
	for _, expect := range []string{"2:4111111111111111", "=4111111111111111", "199=4111111111111111"} {
		r := try(saleJSON, append(send, "-expect", expect)...)
		r.isUsage(t, expect)
		require.NotContains(t, r.errors, "4111111111111111")
	}
	require.Contains(t, try(saleJSON, append(send, "-match", "11,x")...).errors, `-match: "x" is not the number of a field`)
	proxy := append([]string{"proxy", "-on", "127.0.0.1:0"}, wireFlags...)
	for _, args := range [][]string{
		append(proxy, "-to", "nonsense"), append(proxy, "-to", "127.0.0.1:1", "-sessions", "-1"), append(listen, "-match", "199"), append(send, "-new", "2.1"),
		{"send"}, {"listen"}, {"send", "-to", "127.0.0.1:1"}, {"listen", "-on", "127.0.0.1:0", "-spec", "unionpay-pos"},
		append(send, "-expect", "39"), append(send, "-expect", "199=1"), append(send, "-repeat", "0"), append(send, "-rate", "-1"), append(send, "-rate", "NaN"),
		append(send, "-match", "11,x"), append(send, "-match", "199"), append(send, "-cert", "x"), append(send, "-tls", "-cert", "x"),
		append(listen, "-tls"), append(listen, "-count", "-1"), append(listen, "file"),
	} {
		r := try(saleJSON, args...)
		r.isUsage(t, args)
	}
}
