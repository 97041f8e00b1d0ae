package notify

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/posline/posline/examples/realtime/ledger"
)

// Stream serves a merchant's events as server-sent events: GET /events with the merchant's token as bearer. Every event
// has its ID, and the notice as data. A client that comes back with the header Last-Event-ID gets all that
// came after; without it, or with 0, all there are.
type Stream struct {
	Ledger    *ledger.Ledger
	Merchants map[string]Merchant // by ID
}

const (
	streamBatch = 100
	keepAlive   = 15 * time.Second
	writeWithin = 10 * time.Second // a client that takes no byte for so long is left alone
)

// ServeHTTP implements http.Handler.
func (s *Stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	merchant, ok := s.merchant(r)
	if !ok {
		http.Error(w, "unknown token", http.StatusUnauthorized)
		return
	}
	var after int64
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		var err error
		if after, err = strconv.ParseInt(last, 10, 64); err != nil || after < 0 {
			http.Error(w, "Last-Event-ID is no number", http.StatusBadRequest)
			return
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s.send(r.Context(), http.NewResponseController(w), w, merchant, after)
}

func (s *Stream) merchant(r *http.Request) (string, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	for id, m := range s.Merchants {
		if ok && m.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(m.Token)) == 1 {
			return id, true
		}
	}
	return "", false
}

// send writes events until the client or the server has gone.
func (s *Stream) send(ctx context.Context, control *http.ResponseController, w http.ResponseWriter, merchant string, after int64) {
	ticker := time.NewTicker(keepAlive)
	defer ticker.Stop()
	for {
		changed := s.Ledger.Changed()
		events, err := s.Ledger.EventsAfter(ctx, merchant, after, streamBatch)
		if err != nil {
			return
		}
		control.SetWriteDeadline(time.Now().Add(writeWithin))
		for _, e := range events {
			if _, err := fmt.Fprintf(w, "id: %d\nevent: notice\ndata: %s\n\n", e.ID, e.Body); err != nil {
				return
			}
			after = e.ID
		}
		if control.Flush() != nil {
			return
		}
		if len(events) == streamBatch {
			continue
		}
		select {
		case <-changed:
		case <-ticker.C:
			fmt.Fprint(w, ": still here\n\n")
		case <-ctx.Done():
			return
		}
	}
}
