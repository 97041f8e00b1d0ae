package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/posline/posline/examples/realtime/ledger"
)

// Client sends webhooks. A merchant chooses the address, so it is hostile: only public addresses are connected to, as
// they are after the name was looked up, no redirect is followed, no proxy asked, and little of an answer is read.
type Client struct {
	https, http http.Client
}

// ClientConfig says where webhooks may go. Zero means the default.
type ClientConfig struct {
	Timeout time.Duration // for one delivery; default 5 s

	// Inside are networks that are not public where webhooks may go all the same. Plain http goes to them alone.
	Inside []netip.Prefix
}

// Why an address is refused; test for them with errors.Is.
var (
	ErrInside = errors.New("notify: the address is not a public one")
	ErrURL    = errors.New("notify: the webhook's URL is refused")
)

// NewClient returns a Client.
func NewClient(config ClientConfig) *Client {
	setDefault(&config.Timeout, 5*time.Second)
	inside := func(a netip.Addr) bool {
		return slices.ContainsFunc(config.Inside, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return &Client{
		https: httpClient(config.Timeout, func(a netip.Addr) bool { return public(a) || inside(a) }),
		http:  httpClient(config.Timeout, inside),
	}
}

func httpClient(timeout time.Duration, allowed func(netip.Addr) bool) http.Client {
	dialer := net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		if to, err := netip.ParseAddrPort(address); err != nil || !allowed(to.Addr()) {
			return ErrInside
		}
		return nil
	}}
	return http.Client{Timeout: timeout,
		Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: atOnce, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: timeout, MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // told is who was asked
	}
}

// reserved are networks that netip does not know as private, loopback, link-local or multicast, and where no merchant's
// server is: those of IANA's registries of special-purpose addresses that are not reachable by all, and those that stand for
// other addresses (6to4, IPv4-translated, IPv4-compatible), which may be inside.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("::ffff:0:0:0/96"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("100:0:0:1::/64"),
	netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// public reports whether an address can be a server on the internet.
func public(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) })
}

// CheckURL returns ErrURL for a webhook's address that no notice can be sent to. Whether it leads inside shows only
// when it is connected to.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return ErrURL // and not what the text was: it may hold a password
	}
	return nil
}

// Deliver sends a notice and returns nil if the merchant has confirmed it, by any status from 200 to 299.
func (c *Client) Deliver(ctx context.Context, m *Merchant, tell *ledger.Tell) error {
	if err := CheckURL(m.URL); err != nil {
		return err
	}
	body, err := json.Marshal(tell)
	if err != nil {
		return err
	}
	signature, err := Sign(m.MAC, time.Now(), body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(body))
	if err != nil {
		return ErrURL
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(KeyHeader, tell.Key)
	request.Header.Set(SignatureHeader, signature)
	return c.confirm(request)
}

// confirm sends a request. A little of the answer's body is read, so that the connection can be used again.
func (c *Client) confirm(request *http.Request) error {
	client := &c.https
	if request.URL.Scheme == "http" {
		client = &c.http
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	io.CopyN(io.Discard, response.Body, 4<<10)
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("notify: merchant answered %s", response.Status)
	}
	return nil
}

// Close closes connections that are idle.
func (c *Client) Close() error {
	c.https.CloseIdleConnections()
	c.http.CloseIdleConnections()
	return nil
}
