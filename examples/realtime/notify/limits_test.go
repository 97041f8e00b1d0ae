package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/ledger"
)

func testMAC(t *testing.T) *mac.MAC {
	key, err := clearkey.Import(crypto.MustAttributes("M7HC00N"), bytes.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	k, err := crypto.NewMACKey(key)
	require.NoError(t, err)
	m, err := mac.New(k, mac.Algorithm{Scheme: crypto.HMACSHA256})
	require.NoError(t, err)
	return m
}

// TestBackOff doubles the pause from the least to the most, and half of it is drawn.
func TestBackOff(t *testing.T) {
	r := &Relay{RetryMin: time.Second, RetryMax: time.Minute}
	for tries, most := range map[int]time.Duration{0: time.Second, 1: 2 * time.Second, 5: 32 * time.Second, 6: time.Minute, 29: time.Minute, 30: time.Minute, 64: time.Minute, 1000: time.Minute} {
		low, high := false, false
		for range 200 {
			pause := r.backOff(tries)
			require.True(t, pause >= most/2 && pause <= most, "%d tries: %v", tries, pause)
			low, high = low || pause < most*5/8, high || pause > most*7/8
		}
		require.True(t, low && high, "%d tries", tries)
	}
	r = &Relay{RetryMin: 2, RetryMax: 2}
	for range 200 {
		require.LessOrEqual(t, r.backOff(0), time.Duration(2))
	}
	r = &Relay{RetryMin: 1, RetryMax: 24 * time.Hour} // it is doubled 29 times
	require.LessOrEqual(t, r.backOff(29), time.Duration(1<<29))
	require.GreaterOrEqual(t, r.backOff(30), 12*time.Hour)
}

// TestDefaults are what the documentation says.
func TestDefaults(t *testing.T) {
	c := NewClient(ClientConfig{})
	require.Equal(t, []time.Duration{5 * time.Second, 5 * time.Second}, []time.Duration{c.https.Timeout, c.http.Timeout})
	c = NewClient(ClientConfig{Timeout: time.Second})
	require.Equal(t, time.Second, c.https.Timeout)
	for _, one := range []http.Client{c.https, c.http} {
		require.Nil(t, one.Transport.(*http.Transport).Proxy, "a proxy would look the name up again, and reach inside")
	}
	r := &Relay{}
	r.begin()
	require.Equal(t, []time.Duration{200 * time.Millisecond, time.Minute, 24 * time.Hour}, []time.Duration{r.RetryMin, r.RetryMax, r.GiveUp})
	require.NotNil(t, r.Client)
}

// TestConnectionsAreUsedAgain, also where the answer has a body; an answer's header is bounded.
func TestConnectionsAreUsedAgain(t *testing.T) {
	var connections atomic.Int32
	header := ""
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if header != "" {
			w.Header().Set("X-Long", header)
		}
		w.Write(make([]byte, 3<<10))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	c := NewClient(ClientConfig{Inside: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	defer c.Close()
	m := &Merchant{URL: server.URL, MAC: testMAC(t)}
	for range 5 {
		require.NoError(t, c.Deliver(t.Context(), m, &ledger.Tell{Key: "k"}))
	}
	require.EqualValues(t, 1, connections.Load())
	header = strings.Repeat("h", 8<<10)
	require.NoError(t, c.Deliver(t.Context(), m, &ledger.Tell{Key: "k"}))
	header = strings.Repeat("h", 40<<10)
	require.Error(t, c.Deliver(t.Context(), m, &ledger.Tell{Key: "k"}))
}

// shelf is an outbox that is only read by streams.
type shelf struct {
	ledger.Outbox
	notices []ledger.Outgoing
	asked   []int
	err     error
}

func (s *shelf) After(_ context.Context, _ string, seq int64, limit int) ([]ledger.Outgoing, error) {
	s.asked = append(s.asked, int(seq))
	return s.notices[seq:min(len(s.notices), int(seq)+limit)], s.err
}

// TestStreamCatchesUp: a stream that is far behind gets all there is without waiting for what is new.
func TestStreamCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		for n := range 250 {
			s.notices = append(s.notices, ledger.Outgoing{Tell: ledger.Tell{Sequence: int64(n + 1)}})
		}
		e := &Events{Outbox: s, Relay: &Relay{}}
		w := httptest.NewRecorder()
		ctx, end := context.WithTimeout(t.Context(), 15*time.Second+time.Millisecond)
		defer end()
		began := time.Now()
		e.send(ctx, deadlines{w, 10 * time.Second}, "m", 0)
		require.Equal(t, 15*time.Second+time.Millisecond, time.Since(began))
		require.Equal(t, []int{0, 100, 200, 250}, s.asked, "three batches at once, and one with the sign of life")
		require.Equal(t, 250, strings.Count(w.Body.String(), "event: notice"))
		require.Equal(t, 1, strings.Count(w.Body.String(), ": still here"))
		require.Contains(t, w.Body.String(), "id: 250\n")

		short, end := context.WithTimeout(t.Context(), 15*time.Second-time.Millisecond)
		defer end()
		w = httptest.NewRecorder()
		e.send(short, deadlines{w, 10 * time.Second}, "m", 250)
		require.Empty(t, w.Body.String(), "a sign of life comes every 15 s")

		s.notices[249].Tell.At = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
		w = httptest.NewRecorder()
		e.send(t.Context(), deadlines{w, 10 * time.Second}, "m", 248)
		require.Equal(t, 1, strings.Count(w.Body.String(), "event: notice"), "one that cannot be written ends the stream, and is not left out")

		s.asked, s.err = nil, errors.New("the disk is on fire")
		e.send(t.Context(), deadlines{httptest.NewRecorder(), 10 * time.Second}, "m", 0)
		require.Len(t, s.asked, 1, "the client comes back")
	})
}

// deadlines is a recorder that takes deadlines, as connections do: all of them so far ahead.
type deadlines struct {
	*httptest.ResponseRecorder
	ahead time.Duration
}

func (d deadlines) SetWriteDeadline(at time.Time) error {
	if time.Until(at) != d.ahead {
		panic("another deadline: " + time.Until(at).String())
	}
	return nil
}

// TestStreamResumes: after the notice of any number.
func TestStreamResumes(t *testing.T) {
	s := &shelf{}
	for n := range 300 {
		s.notices = append(s.notices, ledger.Outgoing{Tell: ledger.Tell{Sequence: int64(n + 1)}})
	}
	e := &Events{Outbox: s, Registry: Fixed{"m": {ID: "m", Token: "token"}}, Relay: &Relay{}}
	for last, after := range map[string]int{"9": 9, "00198": 198, "289": 289} {
		s.asked = nil
		gone, end := context.WithCancel(t.Context())
		end()
		r := httptest.NewRequestWithContext(gone, http.MethodGet, "/events", nil)
		r.Header.Set("Authorization", "Bearer token")
		r.Header.Set("Last-Event-ID", last)
		e.ServeHTTP(httptest.NewRecorder(), r)
		require.Equal(t, after, s.asked[0])
		require.Empty(t, e.open)
	}
}

// TestStreamsAreCounted: a merchant has eight at the same time, and nothing is kept of one that has none.
func TestStreamsAreCounted(t *testing.T) {
	e := &Events{}
	for range 3 {
		for n := range 8 {
			require.True(t, e.enter("m"), n)
		}
		require.False(t, e.enter("m"))
		require.True(t, e.enter("other"))
		e.exit("m")
		require.True(t, e.enter("m"))
		for range 8 {
			e.exit("m")
		}
		e.exit("other")
		require.Empty(t, e.open)
	}
}

// TestPublic: addresses on either side of the borders of what is reserved.
func TestPublic(t *testing.T) {
	for _, text := range []string{"1.0.0.0", "9.255.255.255", "93.184.216.34", "100.63.255.255", "100.128.0.0", "192.0.1.0", "198.17.255.255",
		"198.20.0.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "2606:2800:220:1::1", "2003::1", "2001:200::1", "::ffff:93.184.216.34"} {
		require.True(t, public(netip.MustParseAddr(text)), text)
	}
	for _, text := range []string{"0.255.255.255", "10.0.0.0", "100.64.0.0", "100.127.255.255", "127.0.0.1", "169.254.0.1", "172.31.255.255", "192.0.0.255",
		"192.168.0.0", "198.18.0.0", "198.19.255.255", "203.0.113.0", "224.0.0.1", "240.0.0.0", "255.255.255.255", "::1", "::", "fc00::1", "fe80::1",
		"fec0::1", "ff02::1", "3fff::1", "5f00::1", "100:0:0:1::1", "192.88.99.1", "::ffff:0:a00:1", "::ffff:100.64.0.1", "::ffff:192.0.2.1", "2001::1", "2001:1ff:ffff::1", "2001:db8::1", "2002::1", "64:ff9b::1", "64:ff9b:1::1", "100::1", "::ffff:10.0.0.1"} {
		require.False(t, public(netip.MustParseAddr(text)), text)
	}
}

// taker is a transport that answers with an endless body.
type taker struct{ sent, read int }

func (k *taker) RoundTrip(r *http.Request) (*http.Response, error) {
	k.sent++
	return &http.Response{StatusCode: http.StatusOK, Body: k, Request: r}, nil
}
func (k *taker) Read(p []byte) (int, error) { k.read += len(p); return len(p), nil }
func (k *taker) Close() error               { return nil }

// TestLittleIsRead of an answer; and what cannot be written as JSON is not sent.
func TestLittleIsRead(t *testing.T) {
	k := &taker{}
	c := NewClient(ClientConfig{})
	c.SetTransport(k)
	m := &Merchant{URL: "https://shop.example", MAC: testMAC(t)}
	require.NoError(t, c.Deliver(t.Context(), m, &ledger.Tell{}))
	require.Equal(t, 4096, k.read)
	require.Error(t, c.Deliver(t.Context(), m, &ledger.Tell{At: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}))
	require.Equal(t, 1, k.sent)
	require.Error(t, c.Deliver(t.Context(), &Merchant{URL: "https://shop.example", MAC: new(mac.MAC)}, &ledger.Tell{}), "nothing goes without a signature")
	require.Equal(t, 1, k.sent)
}

// TestOneConnectionForAll: to a merchant whose server speaks HTTP/2.
func TestOneConnectionForAll(t *testing.T) {
	var old atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			old.Add(1)
		}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	c := NewClient(ClientConfig{Inside: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	defer c.Close()
	c.https.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	require.NoError(t, c.Deliver(t.Context(), &Merchant{URL: server.URL, MAC: testMAC(t)}, &ledger.Tell{Key: "k"}))
	require.Zero(t, old.Load())
}

// failing is an outbox of which one call fails a few times.
type failing struct {
	ledger.Outbox
	fail string
	due  []ledger.Outgoing

	mu   sync.Mutex
	left int
	done []int64
}

// call fails where it should. The caller holds f.mu.
func (f *failing) call(name string) error {
	if name == f.fail && f.left > 0 {
		f.left--
		return fmt.Errorf("%s: the disk is on fire", name)
	}
	return nil
}

func (f *failing) Changed() <-chan struct{} { return make(chan struct{}) }
func (f *failing) Waiting(context.Context, int64) ([]string, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.done) > 0 {
		return nil, 0, nil
	}
	return []string{"m"}, 0, f.call("waiting")
}
func (f *failing) Number(context.Context, string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.call("number")
}
func (f *failing) Due(context.Context, string, int64, int) ([]ledger.Outgoing, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.done) > 0 {
		return nil, nil
	}
	return slices.Clone(f.due), f.call("due")
}
func (f *failing) Delivered(_ context.Context, ids []int64, _ int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.call("delivered")
	if err == nil {
		f.done = append(f.done, ids...)
	}
	return err
}

// TestFailingOutbox: whichever call fails, it is told, tried again after a while, and the notice goes its way once.
func TestFailingOutbox(t *testing.T) {
	for _, call := range []string{"", "waiting", "number", "due", "delivered"} {
		synctest.Test(t, func(t *testing.T) {
			f := &failing{fail: call, left: 2, due: []ledger.Outgoing{{ID: 9, Due: 1, Tell: ledger.Tell{Key: "k", Merchant: "m"}}}}
			var told []string
			r := &Relay{Outbox: f, Registry: Fixed{"m": {ID: "m"}}, Alarm: func(a Alarm) {
				f.mu.Lock()
				defer f.mu.Unlock()
				told = append(told, a.Err.Error())
			}}
			ctx, end := context.WithTimeout(t.Context(), 10*time.Second)
			defer end()
			r.Run(ctx)
			require.Equal(t, []int64{9}, f.done, call)
			if call == "" {
				require.Empty(t, told)
				return
			}
			require.Len(t, told, 2, call)
			require.Contains(t, told[0], call)
		})
	}
}
