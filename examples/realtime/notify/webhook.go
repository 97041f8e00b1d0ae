package notify

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/posline/posline/examples/realtime/internal/defect"
	"github.com/posline/posline/examples/realtime/ledger"
)

// Webhooks delivers events until Run's context ends. Set the fields before Run; zero durations mean the default.
type Webhooks struct {
	Ledger    *ledger.Ledger
	Merchants map[string]Merchant // by ID

	Timeout  time.Duration // for one delivery; default 5 s
	RetryMin time.Duration // pause after the first failure, doubled with each further one; default 200 ms
	RetryMax time.Duration // default 1 min

	client http.Client
	mu     sync.Mutex
	trying map[int64]*attempt
}

// attempt is how far the delivery of an event is.
type attempt struct {
	running  bool
	failures int
	due      time.Time
}

const (
	atOnce    = 16                    // deliveries to one merchant at the same time
	lookAgain = 50 * time.Millisecond // for retries that are due
)

// Run delivers until the context ends.
func (w *Webhooks) Run(ctx context.Context) {
	setDefault(&w.Timeout, 5*time.Second)
	setDefault(&w.RetryMin, 200*time.Millisecond)
	setDefault(&w.RetryMax, time.Minute)
	w.trying = make(map[int64]*attempt)
	w.client = http.Client{Timeout: w.Timeout, Transport: &http.Transport{MaxIdleConnsPerHost: atOnce},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }} // told is who was asked
	defer w.client.CloseIdleConnections()
	var deliveries sync.WaitGroup
	defer deliveries.Wait()
	ticker := time.NewTicker(lookAgain)
	defer ticker.Stop()
	for ctx.Err() == nil {
		changed := w.Ledger.Changed()
		for id := range w.Merchants {
			w.begin(ctx, id, &deliveries)
		}
		select {
		case <-changed:
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// begin starts the deliveries that are due for a merchant. One that does not answer holds no other up.
func (w *Webhooks) begin(ctx context.Context, merchant string, deliveries *sync.WaitGroup) {
	events, err := w.Ledger.Undelivered(ctx, merchant, atOnce)
	if err != nil {
		return // the context's, or the database's: tried again
	}
	for _, e := range events {
		if w.take(e.ID) {
			deliveries.Go(func() { w.end(e.ID, w.deliver(ctx, e)) })
		}
	}
}

func setDefault(field *time.Duration, value time.Duration) {
	if *field <= 0 {
		*field = value
	}
}

// take reports whether an event is to be delivered now.
func (w *Webhooks) take(id int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.trying[id]
	if a == nil {
		a = new(attempt)
		w.trying[id] = a
	}
	if a.running || time.Now().Before(a.due) {
		return false
	}
	a.running = true
	return true
}

func (w *Webhooks) end(id int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.trying[id]
	if err == nil {
		delete(w.trying, id)
		return
	}
	pause := w.RetryMax
	if a.failures < 16 {
		pause = min(pause, w.RetryMin<<a.failures)
	}
	a.running, a.failures, a.due = false, a.failures+1, time.Now().Add(pause)
}

// deliver sends one event and records that the merchant has confirmed it, by any status from 200 to 299.
func (w *Webhooks) deliver(ctx context.Context, e ledger.Event) error {
	m := w.Merchants[e.Merchant]
	if defect.NewKeyOnRetry() && w.failed(e.ID) {
		e = underNewKey(e)
	}
	signature, err := Sign(m.MAC, time.Now(), e.Body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(e.Body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(KeyHeader, e.Key)
	request.Header.Set(SignatureHeader, signature)
	response, err := w.client.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("notify: merchant answered %s", response.Status)
	}
	return w.Ledger.MarkDelivered(context.WithoutCancel(ctx), e.ID)
}

func (w *Webhooks) failed(id int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trying[id].failures > 0
}

// underNewKey is a seeded defect.
func underNewKey(e ledger.Event) ledger.Event {
	var n ledger.Notice
	if json.Unmarshal(e.Body, &n) == nil {
		n.Key = rand.Text()
		e.Key = n.Key
		e.Body, _ = json.Marshal(n)
	}
	return e
}
