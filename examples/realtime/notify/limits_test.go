package notify

import (
	"bytes"
	"context"
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
}

// TestDefaults are what the documentation says.
func TestDefaults(t *testing.T) {
	c := NewClient(ClientConfig{})
	require.Equal(t, []time.Duration{5 * time.Second, 5 * time.Second}, []time.Duration{c.https.Timeout, c.http.Timeout})
	c = NewClient(ClientConfig{Timeout: time.Second})
	require.Equal(t, time.Second, c.https.Timeout)
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
		ctx, end := context.WithTimeout(t.Context(), keepAlive+time.Second)
		defer end()
		began := time.Now()
		e.send(ctx, deadlines{w}, "m", 0)
		require.Equal(t, keepAlive+time.Second, time.Since(began))
		require.Equal(t, []int{0, 100, 200, 250}, s.asked, "three batches at once, and one with the sign of life")
		require.Equal(t, 250, strings.Count(w.Body.String(), "event: notice"))
		require.Equal(t, 1, strings.Count(w.Body.String(), ": still here"))
		require.Contains(t, w.Body.String(), "id: 250\n")

		s.asked, s.err = nil, errors.New("the disk is on fire")
		e.send(t.Context(), deadlines{httptest.NewRecorder()}, "m", 0)
		require.Len(t, s.asked, 1, "the client comes back")
	})
}

// deadlines is a recorder that takes deadlines, as connections do.
type deadlines struct{ *httptest.ResponseRecorder }

func (deadlines) SetWriteDeadline(time.Time) error { return nil }

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
