package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/posline/posline/examples/realtime/ledger"
)

// Events serves a merchant's notices as server-sent events: GET /events with the merchant's token as bearer. The ID of
// an event is the notice's sequence number, its data the notice. A client that comes back with the header Last-Event-ID
// gets all that came after; without it, or with 0, all there are.
type Events struct {
	Outbox   ledger.Outbox
	Registry Registry
	Relay    *Relay // gives the numbers; streams wait for it

	mu   sync.Mutex
	open map[string]int // streams by merchant
}

const (
	streamsAtOnce = 8 // of one merchant
	streamBatch   = 100
	keepAlive     = 15 * time.Second
	writeWithin   = 10 * time.Second // a client that takes no byte for so long is left alone
)

// ServeHTTP implements http.Handler.
func (s *Events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	merchant, known := s.Registry.ByToken(token)
	if !bearer || !known {
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
	after = seedSkip(after)
	if !s.enter(merchant) {
		http.Error(w, "too many streams", http.StatusTooManyRequests)
		return
	}
	defer s.exit(merchant)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s.send(r.Context(), w, merchant, after)
}

func (s *Events) enter(merchant string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = make(map[string]int)
	}
	if s.open[merchant] == streamsAtOnce {
		return false
	}
	s.open[merchant]++
	return true
}

func (s *Events) exit(merchant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[merchant]--; s.open[merchant] == 0 {
		delete(s.open, merchant)
	}
}

// send writes events until the client or the server has gone.
func (s *Events) send(ctx context.Context, w http.ResponseWriter, merchant string, after int64) {
	control := http.NewResponseController(w)
	ticker := time.NewTicker(keepAlive)
	defer ticker.Stop()
	for {
		numbered := s.Relay.Numbered(merchant)
		notices, err := s.Outbox.After(ctx, merchant, after, streamBatch)
		if err != nil {
			return
		}
		control.SetWriteDeadline(time.Now().Add(writeWithin))
		for i := range notices {
			if writeEvent(w, &notices[i].Tell) != nil {
				return
			}
			after = notices[i].Tell.Sequence
		}
		if control.Flush() != nil {
			return
		}
		if len(notices) == streamBatch {
			continue
		}
		select {
		case <-numbered:
		case <-ticker.C: // what another node has numbered shows now at the latest
			fmt.Fprint(w, ": still here\n\n")
		case <-ctx.Done():
			return
		}
	}
}

func writeEvent(w http.ResponseWriter, tell *ledger.Tell) error {
	body, err := json.Marshal(tell)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "id: %d\nevent: notice\ndata: %s\n\n", tell.Sequence, body)
	return err
}
