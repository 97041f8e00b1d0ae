package pool

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/connection/internal/stepclock"
	"github.com/posline/posline/connection/tlsconn"
)

var writeFaults = flag.Bool("pool.faults", false, "write faults.md anew")

// fault is what goes wrong while one request, STAN 7, is on the only line of a pool.
type fault struct {
	name string
	play func(l *hostLine, frame []byte) // what the host does with that request; nil answers it
	dial func(h *host) dialFunc          // another way to the host, instead of its own
	set  func(c *Config)
	line connectiontest.Faults // of the socket of the first connection
	net  func() *network       // between pool and host, until the fault is over
	idle func(l *hostLine)     // what happens to the line before the request

	want error           // nil: it is answered
	sent connection.Sent // if it is not
	took time.Duration   // about how long the caller waits
	sees string          // the same in words
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

var faults = []fault{
	{name: "the host closes an idle line", idle: func(l *hostLine) { l.Close() },
		sees: "nothing: the line is dialled again at once"},
	{name: "the host resets an idle line", idle: func(l *hostLine) { l.Reset() },
		sees: "nothing: the line is dialled again at once"},
	{name: "the host closes its direction with a request in flight", play: func(l *hostLine, _ []byte) { l.CloseWrite() },
		want: connection.ErrPeerClosed, sent: connection.SentYes, sees: "at once: closed by the peer, sent"},
	{name: "the answer, then the end of the line", play: func(l *hostLine, frame []byte) { l.send(answerTo(frame)); l.Close() },
		sees: "the answer"},
	{name: "the answer, then a reset after a moment", play: func(l *hostLine, frame []byte) {
		l.send(answerTo(frame))
		time.Sleep(time.Millisecond)
		l.Reset()
	}, sees: "the answer"},
	{name: "a reset with the request in flight", play: func(l *hostLine, _ []byte) { l.Reset() },
		want: syscall.ECONNRESET, sent: connection.SentYes, sees: "at once: connection lost, sent"},
	{name: "garbage of a good length", play: func(l *hostLine, frame []byte) { l.send([]byte("garbage")); l.send(answerTo(frame)) },
		sees: "the answer; the garbage is counted as malformed"},
	{name: "empty frames", play: func(l *hostLine, frame []byte) { l.SendRaw([]byte{0, 0, 0, 0}); l.send(answerTo(frame)) },
		sees: "the answer"},
	{name: "a length with a sign", set: framing("ascii4"), play: func(l *hostLine, _ []byte) { l.SendRaw([]byte("-001")) },
		want: connection.ErrLengthDigits, sent: connection.SentYes, sees: "at once: a framing error that shows the header, sent"},
	{name: "a length of a gigabyte", set: framing("binary4"), play: func(l *hostLine, _ []byte) { l.SendRaw([]byte{0x40, 0, 0, 0}) },
		want: connection.ErrFrameTooLong, sent: connection.SentYes, sees: "at once: frame longer than the limit, sent; nothing is allocated for it"},
	{name: "an answer of one byte a second", play: func(l *hostLine, frame []byte) {
		for _, b := range append([]byte{0, 10}, answerTo(frame)...) {
			time.Sleep(100 * time.Millisecond)
			l.SendRaw([]byte{b})
		}
	}, took: 1200 * time.Millisecond, sees: "the answer, late"},
	{name: "half a frame, then silence", play: func(l *hostLine, _ []byte) { l.SendRaw([]byte{0, 10, '0'}) },
		want: connection.ErrHalfFrame, sent: connection.SentYes, took: 2 * time.Second, sees: "after FrameTimeout: half a frame, sent; the line is dialled again"},
	{name: "no answer", play: silence,
		want: connection.ErrTimeout, sent: connection.SentYes, took: 5 * time.Second, sees: "at its deadline: timeout, sent"},
	{name: "the answer to another request", play: func(l *hostLine, frame []byte) { l.send(answerTo(sale(8))) },
		want: connection.ErrTimeout, sent: connection.SentYes, took: 5 * time.Second, sees: "at its deadline: timeout, sent; the stray answer is told to Hooks.Unmatched"},
	{name: "the answer of another class with the same STAN", play: func(l *hostLine, frame []byte) { l.send(request("0110", 7, "")); l.send(answerTo(frame)) },
		sees: "its own answer"},
	{name: "the answer twice", play: func(l *hostLine, frame []byte) { l.send(answerTo(frame)); l.send(answerTo(frame)) },
		sees: "the answer, once; the other is told to Hooks.Unmatched"},
	{name: "a host that does not read", set: func(c *Config) { c.Connection.WriteTimeout = time.Second }, line: connectiontest.Faults{WriteChunk: 1, WritePause: 20 * time.Second},
		want: connection.ErrTimeout, sent: connection.SentMaybe, took: 5 * time.Second, sees: "at its deadline: timeout, maybe sent"},
	{name: "a socket that breaks while writing", line: connectiontest.Faults{FailWriteAfter: 6},
		want: syscall.EPIPE, sent: connection.SentMaybe, took: time.Second, sees: "after what had arrived is read: connection lost, maybe sent"},
	{name: "a network of a byte at a time", line: connectiontest.Faults{WriteChunk: 1, ReadChunk: 1, WritePause: 10 * time.Millisecond},
		took: 120 * time.Millisecond, sees: "the answer, late"},
	{name: "nobody listens", dial: func(*host) dialFunc {
		return func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED }
	}, want: ErrNoLine, sent: connection.SentNo, took: 5 * time.Second, sees: "within Wait, or at its deadline: no line, with the dial's error, not sent"},
	{name: "a dial that hangs", dial: func(*host) dialFunc {
		return func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	}, want: ErrNoLine, sent: connection.SentNo, took: 5 * time.Second, sees: "as when nobody listens: HandshakeTimeout bounds each try"},
	{name: "a handshake that hangs", dial: func(h *host) dialFunc {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			nc, err := h.dial(ctx, network, address)
			return hangs{nc}, err
		}
	}, want: ErrNoLine, sent: connection.SentNo, took: 5 * time.Second, sees: "as when nobody listens"},
	{name: "a certificate that has expired", dial: certificate(-time.Hour, "host"),
		want: x509.CertificateInvalidError{}, sent: connection.SentNo, took: 5 * time.Second, sees: "as when nobody listens, with what is wrong with the certificate"},
	{name: "a certificate for somebody else", dial: certificate(time.Hour, "other"),
		want: x509.HostnameError{}, sent: connection.SentNo, took: 5 * time.Second, sees: "as when nobody listens, with what is wrong with the certificate"},
	{name: "no file descriptors", dial: func(*host) dialFunc {
		return func(context.Context, string, string) (net.Conn, error) { return nil, syscall.EMFILE }
	}, want: syscall.EMFILE, sent: connection.SentNo, took: 5 * time.Second, sees: "as when nobody listens; the line goes on trying"},
	{name: "a host that accepts and closes", dial: func(h *host) dialFunc {
		return connectiontest.Dialer(h.framing, func(*connectiontest.Peer) {})
	}, set: func(c *Config) { c.Connection.SignOn = exchange0800("on") },
		want: ErrNoLine, sent: connection.SentNo, took: 5 * time.Second, sees: "as when nobody listens, where there is a sign-on; without one a request may be lost: sent or not as it was"},
	{name: "the host is lost during the sign-on", set: func(c *Config) {
		c.Connection.SignOn = func(ctx context.Context, conn *connection.Conn) error { conn.Close(); return io.ErrUnexpectedEOF }
	}, want: connection.ErrTimeout, sent: connection.SentNo, took: 5 * time.Second, sees: "as when nobody listens"},
	{name: "a storm of answers after a reconnect", set: func(c *Config) { c.SharedKeys = true }, idle: func(l *hostLine) {
		l.Close()
		synctest.Wait()
		for i := range 1000 {
			l.host.live("a").send(answerTo(sale(100 + i)))
		}
	}, sees: "its own answer; those of requests that have ended are told to Hooks.Late"},
	{name: "a network with a second of latency each way", net: func() *network { return &network{latency: time.Second} },
		took: 2 * time.Second, sees: "the answer, late"},
	{name: "a network of a hundred bytes a second", net: func() *network { return &network{bandwidth: 100} },
		took: 240 * time.Millisecond, sees: "the answer, late"},
	{name: "lost packets", net: func() *network { return losing(3, 2) },
		took: 2 * time.Second, sees: "the answer, late: TCP sends them again, after longer and longer pauses"},
	{name: "lost packets, until the deadline is over", net: func() *network { return losing(5) },
		want: connection.ErrTimeout, sent: connection.SentYes, took: 5 * time.Second, sees: "at its deadline: timeout, sent; the answer comes late and is told to Hooks.Late"},
	{name: "a host that is gone without a word", net: func() *network { return &network{} }, set: func(c *Config) { c.Echo, c.EchoIdle = exchange0800("echo"), time.Minute },
		idle: func(l *hostLine) { l.host.network.gone.Store(true) },
		want: connection.ErrTimeout, sent: connection.SentYes, took: 5 * time.Second, sees: "at its deadline: timeout, sent; an echo finds it out after EchoIdle, or after SuspectAfter of them, and the line is dialled again"},
	{name: "a host that closes slowly", play: func(l *hostLine, frame []byte) {
		l.send(answerTo(frame))
		l.CloseWrite()
		time.Sleep(time.Minute)
	}, sees: "the answer; the line is dialled again at once"},
	{name: "a clock that is set a day forwards meanwhile", play: setClock(24 * time.Hour), took: time.Second, sees: "the answer; no deadline moves"},
	{name: "a clock that is set a day back meanwhile", play: setClock(-24 * time.Hour), took: time.Second, sees: "the answer; no deadline moves"},
}

// setClock sets the clock of the pool's machine before the answer.
func setClock(by time.Duration) func(l *hostLine, frame []byte) {
	return func(l *hostLine, frame []byte) {
		l.host.clock.Step(by)
		time.Sleep(time.Second)
		l.send(answerTo(frame))
	}
}

// hostFaults are faults that a host sees, of which its callers see nothing else; tests of package connection and of this one
// show them.
var hostFaults = []struct{ name, sees, test string }{
	{"more connections than MaxConns, or than MaxConnsPerIP of one address", "closed at once; Hooks.Refused is told", "TestServerLimits"},
	{"strangers who connect by the thousand", "closed at once; lines that are up notice nothing", "TestAcceptFlood"},
	{"handshakes that hang", "closed after HandshakeTimeout; others are accepted meanwhile", "TestHandshakeOffTheAcceptLoop"},
	{"a client with a wrong certificate, or none", "the handshake fails; Hooks.Refused is told", "TestStrangersAreRefused"},
	{"no file descriptors", "accepted when there are some again; Hooks.AcceptFailed is told of each try", "TestAcceptBacksOff"},
	{"requests faster than the handler", "answered in turn: what comes next is not read while Workers and Backlog are full", "TestFloodIsHeldBack"},
}

// framing makes both sides speak another one.
func framing(name string) func(c *Config) {
	return func(c *Config) {
		f, err := connection.FramingByName(name)
		if err != nil {
			panic(err)
		}
		c.Connection.Framing = f
	}
}

// hangs is a socket whose handshake never ends.
type hangs struct{ net.Conn }

func (h hangs) HandshakeContext(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// certificate makes the host speak TLS with a certificate for a name that is valid for so long from now.
func certificate(valid time.Duration, name string) func(h *host) dialFunc {
	return func(*host) dialFunc {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
			if err != nil {
				return nil, err
			}
			template := &x509.Certificate{
				SerialNumber: big.NewInt(1), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
				NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(valid),
			}
			der, err := x509.CreateCertificate(crand.Reader, template, template, key.Public(), key)
			if err != nil {
				return nil, err
			}
			roots := x509.NewCertPool()
			if signed, err := x509.ParseCertificate(der); err == nil {
				roots.AddCert(signed)
			}
			client, server := connectiontest.Pipe()
			go func() {
				defer server.Close()
				tls.Server(server, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}).Handshake()
			}()
			dial := tlsconn.Dialer(&tls.Config{ServerName: "host", RootCAs: roots}, func(context.Context, string, string) (net.Conn, error) { return client, nil })
			return dial(ctx, network, address)
		}
	}
}

// TestFaults: what the caller sees of each fault, and that the pool works again when the fault is over.
func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f.run(t) })
		})
	}
}

func (f fault) run(t *testing.T) {
	h := newHost(t)
	c := h.config("a")
	c.Connection.FrameTimeout, c.Connection.HandshakeTimeout = 2*time.Second, 2*time.Second
	if f.set != nil {
		f.set(&c)
	}
	h.framing, h.clock = c.Connection.Framing, stepclock.New()
	if f.net != nil {
		h.network = f.net()
	}
	c.clock = h.clock.Now
	var over atomic.Bool
	c.Connection.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		if f.dial != nil && !over.Load() {
			return f.dial(h)(ctx, network, address)
		}
		way := h.dial
		if f.net != nil && !over.Load() {
			way = h.network.dial(h.dial)
		}
		nc, err := way(ctx, network, address)
		if err == nil && len(h.dialTimes(address)) == 1 {
			nc = connectiontest.Inject(nc, f.line)
		}
		return nc, err
	}
	if f.play != nil {
		h.play = func(l *hostLine, frame []byte) {
			if string(frame[4:10]) == "000007" {
				f.play(l, frame)
				return
			}
			l.send(answerTo(frame))
		}
	}
	defer h.closeAll() // those that nobody told of the end
	p := open(t, c)
	defer p.Close()
	synctest.Wait()
	if f.idle != nil {
		f.idle(h.live("a"))
		synctest.Wait()
	}
	start := time.Now()
	reply, err := p.Exchange(t.Context(), sale(7), nil)
	took := time.Since(start)
	require.InDelta(t, f.took.Seconds(), took.Seconds(), 0.05)
	if f.want == nil {
		require.NoError(t, err)
		require.Equal(t, string(answerTo(sale(7))), string(reply))
	} else {
		switch want := f.want.(type) {
		case x509.CertificateInvalidError:
			require.ErrorAs(t, err, &want)
		case x509.HostnameError:
			require.ErrorAs(t, err, &want)
		default:
			require.ErrorIs(t, err, want)
		}
		require.Equal(t, f.sent, connection.SentOf(err), "%v", err)
		require.NotContains(t, err.Error(), string(sale(7)), "no frame in an error")
	}

	over.Store(true)
	if strings.Contains(f.name, "sign-on") {
		return // the configuration itself is the fault
	}
	h.set(func() { h.play = nil })
	time.Sleep(2 * time.Minute)
	for i := range 10 {
		_, err = p.Exchange(t.Context(), sale(2000+i), nil)
		require.NoError(t, err, "it works again")
	}
}

// TestFaultsAreWritten keeps faults.md what TestFaults shows.
func TestFaultsAreWritten(t *testing.T) {
	var b strings.Builder
	b.WriteString("# What the caller sees when something goes wrong\n\n")
	b.WriteString("One request on a pool of one line whose Timeout is 5 s. TestFaults shows each row, and that the pool works again when the\n")
	b.WriteString("fault is over. Where more lines are up, whatever ends as \"not sent\" here goes over one of them. This file is written by\n")
	b.WriteString("`go test ./connection/pool -run TestFaultsAreWritten -pool.faults`.\n\n| fault | the caller sees |\n|---|---|\n")
	for _, f := range faults {
		fmt.Fprintf(&b, "| %s | %s |\n", f.name, f.sees)
	}
	b.WriteString("\nWhere the program is the host (`connection.Server`):\n\n| fault | who connects sees | test |\n|---|---|---|\n")
	for _, f := range hostFaults {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.name, f.sees, f.test)
		require.True(t, exists(t, f.test), f.test)
	}
	if *writeFaults {
		require.NoError(t, os.WriteFile("faults.md", []byte(b.String()), 0o644))
	}
	have, err := os.ReadFile("faults.md")
	require.NoError(t, err)
	require.Equal(t, b.String(), strings.ReplaceAll(string(have), "\r\n", "\n"))
}

// exists reports whether a package of connections has a test.
func exists(t *testing.T, test string) bool {
	files, err := filepath.Glob("../*_test.go")
	require.NoError(t, err)
	here, err := filepath.Glob("../*/*_test.go")
	require.NoError(t, err)
	for _, name := range append(files, here...) {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		if strings.Contains(string(text), "\nfunc "+test+"(t *testing.T)") {
			return true
		}
	}
	return false
}

// TestManyInFlightOnAReset: all end at once, each as sent, and none is sent again.
func TestManyInFlightOnAReset(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = silence })
		var ends []func() (string, error)
		for i := range 100 {
			ends = append(ends, async(p, sale(i)))
		}
		synctest.Wait()
		start := time.Now()
		h.live("a").Reset()
		for _, end := range ends {
			_, err := end()
			require.ErrorIs(t, err, syscall.ECONNRESET)
			require.Equal(t, connection.SentYes, connection.SentOf(err))
		}
		require.Equal(t, start, time.Now())
		require.Equal(t, 100, h.count("", "0200"))
	})
}

// TestCloseIsQuick: whatever is under way.
func TestCloseIsQuick(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = silence })
		end := async(p, sale(1))
		synctest.Wait()
		start := time.Now()
		require.NoError(t, p.Close())
		_, err := end()
		require.ErrorIs(t, err, connection.ErrClosed)
		require.Equal(t, connection.SentYes, connection.SentOf(err))
		require.Equal(t, start, time.Now())
	})
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config("a")
		c.Connection.Dialer = func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
		p := open(t, c)
		synctest.Wait()
		start := time.Now()
		require.NoError(t, p.Close())
		require.Equal(t, start, time.Now(), "a dial is broken off")
	})
}

// TestDuplicateInFlight: the second request with a key does not touch the first.
func TestDuplicateInFlight(t *testing.T) {
	within(t, func(h *host) Config { h.slow["a"] = time.Second; return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		end := async(p, sale(1))
		synctest.Wait()
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrDuplicateKey)
		require.True(t, connection.SafeToRetry(err))
		_, err = end()
		require.NoError(t, err)
	})
}
