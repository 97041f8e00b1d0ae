package notify_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/notify"
)

const merchant = "898440354110001"

func hmac(t *testing.T, secret string) *mac.MAC {
	k, err := clearkey.Import(crypto.MustAttributes("M7HC00N"), []byte(secret))
	require.NoError(t, err)
	key, err := crypto.NewMACKey(k)
	require.NoError(t, err)
	m, err := mac.New(key, mac.Algorithm{Scheme: crypto.HMACSHA256})
	require.NoError(t, err)
	return m
}

func TestSignature(t *testing.T) {
	m, at, body := hmac(t, "secret"), time.Unix(1_700_000_000, 0), []byte(`{"type":"paid"}`)
	header, err := notify.Sign(m, at, body)
	require.NoError(t, err)
	// python3 -c 'import hmac;print(hmac.new(b"secret",b"1700000000."+b"{\"type\":\"paid\"}","sha256").hexdigest())'
	require.Equal(t, "t=1700000000,v1="+pythonSays, header)
	require.NoError(t, notify.Verify(m, at.Add(notify.Tolerance), header, body))
	require.NoError(t, notify.Verify(m, at.Add(-notify.Tolerance), header, body))
	for name, wrong := range map[string]error{
		"body":      notify.Verify(m, at, header, []byte(`{"type":"reversed"}`)),
		"key":       notify.Verify(hmac(t, "another"), at, header, body),
		"too late":  notify.Verify(m, at.Add(notify.Tolerance+time.Second), header, body),
		"too early": notify.Verify(m, at.Add(-notify.Tolerance-time.Second), header, body),
		"time":      notify.Verify(m, at, strings.Replace(header, "1700000000", "1700000001", 1), body),
		"nothing":   notify.Verify(m, at, "", body),
		"no time":   notify.Verify(m, at, "t=,v1="+pythonSays, body),
		"no hex":    notify.Verify(m, at, "t=1700000000,v1=xy", body),
		"no code":   notify.Verify(m, at, "t=1700000000,v1=", body),
	} {
		require.ErrorIs(t, wrong, notify.ErrSignature, name)
	}
}

const pythonSays = "35fae6103485b3d584e694cbcc5909014545fb5a0cee66f26ee7acc72846159b"

// world is a ledger with events and a receiver that answers as told.
type world struct {
	ledger   *ledger.Ledger
	server   *httptest.Server
	mu       sync.Mutex
	keys     []string // of each delivery
	bodies   []string
	statuses []int // of the next answers; then 204
}

func newWorld(t *testing.T) *world {
	l, err := ledger.Open(filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	w := &world{ledger: l}
	w.server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		if notify.Verify(hmac(t, "secret"), time.Now(), r.Header.Get(notify.SignatureHeader), body) != nil {
			out.WriteHeader(http.StatusForbidden)
			return
		}
		w.keys, w.bodies = append(w.keys, r.Header.Get(notify.KeyHeader)), append(w.bodies, string(body))
		status := http.StatusNoContent
		if len(w.statuses) > 0 {
			status, w.statuses = w.statuses[0], w.statuses[1:]
		}
		out.WriteHeader(status)
	}))
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) merchants(t *testing.T) map[string]notify.Merchant {
	return map[string]notify.Merchant{merchant: {ID: merchant, URL: w.server.URL, MAC: hmac(t, "secret"), Token: "token"}}
}

// pay adds the event of one more payment.
func (w *world) pay(t *testing.T, number int) *ledger.Transaction {
	return w.payTo(t, number, merchant)
}

func (w *world) payTo(t *testing.T, number int, merchant string) *ledger.Transaction {
	s := &ledger.Transaction{Channel: "bank", Origin: ledger.Origin{Terminal: "10000001", Batch: "000001", STAN: fmt.Sprintf("%06d", number)},
		Merchant: merchant, Order: fmt.Sprint(number), Amount: 100, Currency: "CNY", PayerHash: []byte{}}
	require.NoError(t, w.ledger.Create(t.Context(), s))
	require.NoError(t, w.ledger.MarkSent(t.Context(), s.ID))
	require.NoError(t, w.ledger.Approve(t.Context(), s.ID, ""))
	return s
}

func TestWebhooksAreRepeatedUnderOneKey(t *testing.T) {
	w := newWorld(t)
	w.statuses = []int{http.StatusInternalServerError, http.StatusFound, http.StatusNotFound}
	s := w.pay(t, 1)
	_, err := w.ledger.RequestReversal(t.Context(), s.Origin)
	require.NoError(t, err)
	require.NoError(t, w.ledger.Reverse(t.Context(), s.ID))

	run := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		hooks := &notify.Webhooks{Ledger: w.ledger, Merchants: w.merchants(t), RetryMin: time.Millisecond, RetryMax: 4 * time.Millisecond}
		var running sync.WaitGroup
		running.Go(func() { hooks.Run(ctx) })
		return func() { cancel(); running.Wait() }
	}
	stop := run()
	require.Eventually(t, func() bool {
		list, err := w.ledger.Undelivered(t.Context(), merchant, 10)
		return err == nil && len(list) == 0
	}, 10*time.Second, 5*time.Millisecond)
	stop()
	events, err := w.ledger.Events(t.Context())
	require.NoError(t, err)
	first, second := events[0], events[1]
	require.Equal(t, []string{first.Key, first.Key, first.Key, first.Key, second.Key}, w.keys, "until it is confirmed, and in order")
	require.Equal(t, []string{string(first.Body), string(first.Body), string(first.Body), string(first.Body), string(second.Body)}, w.bodies)

	w.pay(t, 2)
	stop = run()
	require.Eventually(t, func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.keys) == 6 }, 10*time.Second, 5*time.Millisecond)
	stop()
	require.Len(t, w.keys, 6, "what was confirmed does not come again after a restart")
}

// TestDeadMerchant: however much waits for one merchant, the others are told.
func TestDeadMerchant(t *testing.T) {
	w := newWorld(t)
	hang := make(chan struct{})
	dead := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer dead.Close()
	defer close(hang)
	const other = "898440354110002"
	merchants := w.merchants(t)
	merchants[other] = notify.Merchant{ID: other, URL: dead.URL, MAC: hmac(t, "secret")}
	for i := range 100 {
		w.payTo(t, i+1, other)
	}
	w.pay(t, 101)
	ctx, cancel := context.WithCancel(t.Context())
	hooks := &notify.Webhooks{Ledger: w.ledger, Merchants: merchants}
	var running sync.WaitGroup
	running.Go(func() { hooks.Run(ctx) })
	require.Eventually(t, func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.keys) == 1 }, 10*time.Second, 5*time.Millisecond)
	cancel()
	running.Wait()
}

func TestStream(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(&notify.Stream{Ledger: w.ledger, Merchants: w.merchants(t)})
	defer server.Close()
	for i := range 3 {
		w.pay(t, i+1)
	}
	get := func(ctx context.Context, token, last string) *http.Response {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+token)
		if last != "" {
			request.Header.Set("Last-Event-ID", last)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		return response
	}
	for _, refused := range []struct {
		token, last string
		status      int
	}{{"", "", 401}, {"guessed", "", 401}, {"token", "x", 400}, {"token", "-1", 400}, {"token", "99999999999999999999", 400}} {
		response := get(t.Context(), refused.token, refused.last)
		response.Body.Close()
		require.Equal(t, refused.status, response.StatusCode)
	}
	for _, c := range []struct {
		last string
		want []string
	}{{"", []string{"1", "2", "3", "4"}}, {"0", []string{"1", "2", "3", "4"}}, {"2", []string{"3", "4"}}} {
		ctx, cancel := context.WithCancel(t.Context())
		response := get(ctx, "token", c.last)
		var ids []string
		for lines := bufio.NewScanner(response.Body); len(ids) < len(c.want) && lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			if name == "data" {
				var n ledger.Notice
				require.NoError(t, json.Unmarshal([]byte(value), &n))
				if ids = append(ids, n.Order); len(ids) == 3 && c.last == "" {
					w.pay(t, 4) // comes while the stream is open
				}
			}
		}
		cancel()
		response.Body.Close()
		require.Equal(t, c.want, ids, "after %q", c.last)
	}
}
