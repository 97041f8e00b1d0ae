package notify

import "net/http"

// SetTransport has a client's webhooks taken by somebody else than the network.
func (c *Client) SetTransport(t http.RoundTripper) { c.https.Transport, c.http.Transport = t, t }
