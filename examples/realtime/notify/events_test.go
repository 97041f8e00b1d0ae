package notify_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/notify"
)

// open asks for the stream.
func open(t *testing.T, ctx context.Context, url, token, last string) *http.Response {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestEvents(t *testing.T) {
	o := newOutbox()
	merchants := notify.Fixed{"A": {ID: "A", Token: "token"}, "B": {ID: "B", Token: "other"}, "C": {ID: "C"}}
	relay, _ := relayOf(t, o, merchants, nil)
	server := httptest.NewServer(&notify.Events{Outbox: o, Registry: merchants, Relay: relay})
	defer server.Close()
	for i := range 3 {
		o.add("A", int64(i+1), "paid")
		o.add("B", int64(i+11), "paid")
	}
	for _, refused := range []struct {
		token, last string
		status      int
	}{{"", "", 401}, {"guessed", "", 401}, {"token", "x", 400}, {"token", "-1", 400}, {"token", "99999999999999999999", 400}} {
		require.Equal(t, refused.status, open(t, t.Context(), server.URL, refused.token, refused.last).StatusCode)
	}
	for _, c := range []struct {
		last string
		want string
	}{{"", "1 2 3 4"}, {"0", "1 2 3 4"}, {"2", "3 4"}} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		response := open(t, ctx, server.URL, "token", c.last)
		require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
		var orders []string
		id := ""
		for lines := bufio.NewScanner(response.Body); strings.Join(orders, " ") != c.want && lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				id = value
			case "data":
				var tell ledger.Tell
				require.NoError(t, json.Unmarshal([]byte(value), &tell))
				require.Equal(t, "A", tell.Merchant)
				require.Equal(t, id, tell.Order) // A's first payment has its first number
				if orders = append(orders, tell.Order); len(orders) == 3 && c.last == "" {
					o.add("A", 4, "paid") // comes while the stream is open
				}
			}
		}
		cancel()
		require.Equal(t, c.want, strings.Join(orders, " "), "after %q", c.last)
	}
}

// One merchant's streams do not take all there are.
func TestStreamsAreBounded(t *testing.T) {
	o := newOutbox()
	merchants := notify.Fixed{"A": {ID: "A", Token: "token"}}
	server := httptest.NewServer(&notify.Events{Outbox: o, Registry: merchants, Relay: &notify.Relay{}})
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	for range 8 {
		require.Equal(t, http.StatusOK, open(t, ctx, server.URL, "token", "").StatusCode)
	}
	require.Equal(t, http.StatusTooManyRequests, open(t, ctx, server.URL, "token", "").StatusCode)
	cancel()
	again, stop := context.WithCancel(t.Context())
	defer stop() // before the server waits for its streams
	eventually(t, func() bool { return open(t, again, server.URL, "token", "").StatusCode == http.StatusOK })
}
