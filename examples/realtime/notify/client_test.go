package notify_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/notify"
)

// A webhook's address cannot lead inside, whatever form it has.
func TestWebhooksCannotReachInside(t *testing.T) {
	var reached atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reached.Add(1) }))
	defer server.Close()
	port := server.URL[strings.LastIndexByte(server.URL, ':'):]
	client := notify.NewClient(notify.ClientConfig{Timeout: 2 * time.Second})
	for _, url := range []string{
		server.URL, "https://localhost" + port, "https://[::1]" + port, "https://[::ffff:127.0.0.1]" + port, "https://127.1.2.3" + port,
		"https://0.0.0.0" + port, "https://10.0.0.1", "https://172.16.0.1", "https://192.168.1.1", "https://169.254.169.254/latest/meta-data",
		"https://100.64.0.1", "https://198.18.0.1", "https://224.0.0.1", "https://240.0.0.1", "https://255.255.255.255", "https://192.0.2.1",
		"https://[fe80::1]", "https://[fd00::1]", "https://[64:ff9b::7f00:1]", "https://[2002:7f00:1::1]", "https://[::127.0.0.1]", "https://[ff02::1]",
		"http://127.0.0.1" + port, "http://93.184.216.34", // plain http goes inside alone, and inside is nothing here
	} {
		err := client.Deliver(t.Context(), &notify.Merchant{URL: url, MAC: hmac(t, "secret")}, &ledger.Tell{Key: "k"})
		require.ErrorIs(t, err, notify.ErrInside, url)
	}
	require.Zero(t, reached.Load())
}

func TestInsideWhereAllowed(t *testing.T) {
	var reached atomic.Int32
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reached.Add(1) })
	plain := httptest.NewServer(handler)
	defer plain.Close()
	client := notify.NewClient(notify.ClientConfig{Inside: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	defer client.Close()
	tell := &ledger.Tell{Key: "k"}
	require.NoError(t, client.Deliver(t.Context(), &notify.Merchant{URL: plain.URL, MAC: hmac(t, "secret")}, tell))
	require.EqualValues(t, 1, reached.Load())
	err := client.Deliver(t.Context(), &notify.Merchant{URL: "http://127.0.0.2:1", MAC: hmac(t, "secret")}, tell)
	require.ErrorIs(t, err, notify.ErrInside)

	secure := httptest.NewTLSServer(handler)
	defer secure.Close()
	err = client.Deliver(t.Context(), &notify.Merchant{URL: secure.URL, MAC: hmac(t, "secret")}, tell)
	require.ErrorContains(t, err, "certificate") // reached, and not trusted
	require.EqualValues(t, 1, reached.Load())
}

// Redirects are not followed: they would lead anywhere.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var reached atomic.Int32
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer inner.Close()
	outer := httptest.NewServer(http.RedirectHandler(inner.URL, http.StatusTemporaryRedirect))
	defer outer.Close()
	client := notify.NewClient(notify.ClientConfig{Inside: loopback})
	err := client.Deliver(t.Context(), &notify.Merchant{URL: outer.URL, MAC: hmac(t, "secret")}, &ledger.Tell{Key: "k"})
	require.ErrorContains(t, err, "307")
	require.Zero(t, reached.Load())
}

func TestCheckURL(t *testing.T) {
	for _, good := range []string{"https://shop.example/hook?x=1", "http://127.0.0.1:80"} {
		require.NoError(t, notify.CheckURL(good), good)
	}
	for _, bad := range []string{"", "shop.example", "ftp://shop.example", "file:///etc/passwd", "https://", "https://user:word@shop.example", "https://sh op", "javascript:alert(1)", "//shop.example"} {
		err := notify.CheckURL(bad)
		require.ErrorIs(t, err, notify.ErrURL, bad)
		require.NotContains(t, err.Error(), "word")
		require.ErrorIs(t, notify.NewClient(notify.ClientConfig{}).Deliver(t.Context(), &notify.Merchant{URL: bad}, &ledger.Tell{}), notify.ErrURL)
	}
}

// A merchant that answers for ever is not read for ever.
func TestAnEndlessAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	client := notify.NewClient(notify.ClientConfig{Inside: loopback, Timeout: time.Minute})
	began := time.Now()
	require.NoError(t, client.Deliver(t.Context(), &notify.Merchant{URL: server.URL, MAC: hmac(t, "secret")}, &ledger.Tell{Key: "k"}))
	require.Less(t, time.Since(began), 20*time.Second)
}
