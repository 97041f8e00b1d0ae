package simulator

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/notify"
)

// Merchant receives notices, as a webhook and as a stream. It counts each idempotency key once.
type Merchant struct {
	Faults Faults
	Heard  func(n ledger.Tell) // told of each notice the first time it comes; may be nil

	mac     *mac.MAC
	mu      sync.Mutex
	notices map[string]ledger.Tell // by key
	order   []ledger.Tell          // as they came
	arrived map[string]time.Time   // by key
	repeats int
	forged  int
	stream  []StreamEvent
	changed chan struct{}
	file    *diary
}

// StreamEvent is one server-sent event.
type StreamEvent struct {
	ID     string
	Notice ledger.Tell
}

// NewMerchant makes a receiver that shares the MAC with the acquirer.
func NewMerchant(m *mac.MAC) *Merchant {
	return &Merchant{mac: m, notices: make(map[string]ledger.Tell), arrived: make(map[string]time.Time), changed: make(chan struct{})}
}

// ServeHTTP implements http.Handler: the webhook.
func (m *Merchant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, delay := m.Faults.Next()
	if fault == Deaf {
		http.Error(w, "out of order", http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	var n ledger.Tell
	if err != nil || notify.Verify(m.mac, time.Now(), r.Header.Get(notify.SignatureHeader), body) != nil ||
		json.Unmarshal(body, &n) != nil || n.Key == "" || n.Key != r.Header.Get(notify.KeyHeader) {
		m.mu.Lock()
		m.forged++
		m.mu.Unlock()
		http.Error(w, "not a notice", http.StatusBadRequest)
		return
	}
	m.keep(n)
	switch fault {
	case Silent, Broken:
		panic(http.ErrAbortHandler)
	case Late:
		time.Sleep(delay)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (m *Merchant) keep(n ledger.Tell) {
	if m.isNew(n) && m.Heard != nil {
		m.Heard(n)
	}
}

func (m *Merchant) isNew(n ledger.Tell) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, seen := m.notices[n.Key]; seen {
		m.repeats++
		return false
	}
	m.file.write(n)
	m.add(n)
	close(m.changed)
	m.changed = make(chan struct{})
	return true
}

// add adds a notice; m is locked.
func (m *Merchant) add(n ledger.Tell) {
	m.notices[n.Key], m.arrived[n.Key] = n, time.Now()
	m.order = append(m.order, n)
}

// Keep keeps what was received in a file, and takes from it what an earlier process received. The stream begins anew.
func (m *Merchant) Keep(path string) (err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.file, err = openDiary(path, func(line []byte) error {
		var n ledger.Tell
		err := json.Unmarshal(line, &n)
		m.add(n)
		return err
	})
	return err
}

// Close closes the file, if there is one.
func (m *Merchant) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.file.close()
}

// Notices returns what was received, by key.
func (m *Merchant) Notices() map[string]ledger.Tell {
	m.mu.Lock()
	defer m.mu.Unlock()
	notices := make(map[string]ledger.Tell, len(m.notices))
	for key, n := range m.notices {
		notices[key] = n
	}
	return notices
}

// Order returns what was received, in the order in which it came first.
func (m *Merchant) Order() []ledger.Tell {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.order)
}

// Count returns how many notices there are, how many came again, and how many were refused as not the acquirer's.
func (m *Merchant) Count() (notices, repeats, forged int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.notices), m.repeats, m.forged
}

// Wait returns the last notice of that type for an order, once there are as many as wanted, and when it came; false if
// the context ends before.
func (m *Merchant) Wait(ctx context.Context, order, kind string, wanted int) (ledger.Tell, time.Time, bool) {
	for {
		m.mu.Lock()
		changed := m.changed
		var last ledger.Tell
		count := 0
		for key, n := range m.notices {
			if n.Order == order && n.Type == kind {
				if count++; count == 1 || m.arrived[key].After(m.arrived[last.Key]) {
					last = n
				}
			}
		}
		at := m.arrived[last.Key]
		m.mu.Unlock()
		if count >= wanted {
			return last, at, true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ledger.Tell{}, time.Time{}, false
		}
	}
}

// Follow reads the stream at that URL until the context ends, and comes back after every break where it was.
func (m *Merchant) Follow(ctx context.Context, url, token string) {
	for ctx.Err() == nil {
		m.followOnce(ctx, url, token)
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (m *Merchant) followOnce(ctx context.Context, url, token string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if list := m.Stream(); len(list) > 0 {
		request.Header.Set("Last-Event-ID", list[len(list)-1].ID)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	var e StreamEvent
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e = StreamEvent{ID: value}
		case "data":
			if json.Unmarshal([]byte(value), &e.Notice) == nil {
				m.mu.Lock()
				m.stream = append(m.stream, e)
				m.mu.Unlock()
			}
		}
	}
}

// Stream returns the events of the stream, in the order they came.
func (m *Merchant) Stream() []StreamEvent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]StreamEvent(nil), m.stream...)
}
