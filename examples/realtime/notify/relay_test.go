package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/notify"
)

// outbox is a ledger.Outbox in memory.
type outbox struct {
	mu       sync.Mutex
	changed  chan struct{}
	notices  []ledger.Outgoing
	last     map[string]int64
	broken   bool // every call fails
	unmarked bool // Delivered fails
	calls    map[string]int
}

var errBroken = errors.New("disk full")

func newOutbox() *outbox {
	return &outbox{changed: make(chan struct{}), last: map[string]int64{}, calls: map[string]int{}}
}

// add puts a notice in, as a posting does.
func (o *outbox) add(merchant string, row int64, kind string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	id := int64(len(o.notices) + 1)
	now := time.Now()
	o.notices = append(o.notices, ledger.Outgoing{ID: id, Due: now.UnixMilli(), Row: row,
		Tell: ledger.Tell{Key: fmt.Sprintf("%d-%s", row, kind), Type: kind, Merchant: merchant, Order: fmt.Sprint(row), Amount: 100, At: now}})
	close(o.changed)
	o.changed = make(chan struct{})
}

func (o *outbox) call(name string) error {
	o.calls[name]++
	if o.broken {
		return errBroken
	}
	return nil
}

func (o *outbox) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

func (o *outbox) Changed() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.changed
}

func (o *outbox) Waiting(_ context.Context, now int64) (merchants []string, next int64, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range o.notices {
		switch {
		case n.Due == 0:
		case n.Due <= now:
			if !slices.Contains(merchants, n.Tell.Merchant) {
				merchants = append(merchants, n.Tell.Merchant)
			}
		case next == 0 || n.Due < next:
			next = n.Due
		}
	}
	return merchants, next, o.call("Waiting")
}

func (o *outbox) Number(_ context.Context, merchant string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.call("Number"); err != nil {
		return err
	}
	for i := range o.notices {
		if n := &o.notices[i]; n.Tell.Merchant == merchant && n.Tell.Sequence == 0 {
			o.last[merchant]++
			n.Tell.Sequence = o.last[merchant]
		}
	}
	return nil
}

func (o *outbox) Due(_ context.Context, merchant string, now int64, limit int) (list []ledger.Outgoing, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	open := map[int64]bool{}
	for _, n := range o.notices {
		if n.Tell.Merchant != merchant || n.Due == 0 || n.Tell.Sequence == 0 || open[n.Row] {
			continue
		}
		open[n.Row] = true
		if n.Due <= now && len(list) < limit {
			list = append(list, n)
		}
	}
	return list, o.call("Due")
}

func (o *outbox) Delivered(ctx context.Context, ids []int64, at int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := o.call("Delivered"); err != nil || o.unmarked {
		return cmpErr(err)
	}
	for _, id := range ids {
		o.notices[id-1].Due, o.notices[id-1].Delivered = 0, true
	}
	return nil
}

func cmpErr(err error) error {
	if err == nil {
		return errBroken
	}
	return err
}

func (o *outbox) Failed(_ context.Context, id, again int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := &o.notices[id-1]
	n.Due, n.Dead, n.Tries = again, again == 0, n.Tries+1
	return o.call("Failed")
}

func (o *outbox) After(_ context.Context, merchant string, seq int64, limit int) (list []ledger.Outgoing, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range o.notices {
		if n.Tell.Merchant == merchant && n.Tell.Sequence > seq && len(list) < limit {
			list = append(list, n)
		}
	}
	return list, o.call("After")
}

func (o *outbox) open() (count int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range o.notices {
		if n.Due > 0 {
			count++
		}
	}
	return count
}

func (o *outbox) count(name string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.calls[name]
}

// receiver is a merchant's server.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	tells   []ledger.Tell
	answer  func(tell *ledger.Tell, earlier int) int // the status, by how often the key came before
	froms   map[string]bool                          // addresses of connections
	flying  int
	highest int
}

func newReceiver(t *testing.T, answer func(tell *ledger.Tell, earlier int) int) *receiver {
	r := &receiver{answer: answer, froms: map[string]bool{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		var tell ledger.Tell
		if notify.Verify(hmac(t, "secret"), time.Now(), request.Header.Get(notify.SignatureHeader), body) != nil ||
			json.Unmarshal(body, &tell) != nil || request.Header.Get(notify.KeyHeader) != tell.Key {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		r.mu.Lock()
		earlier := 0
		for _, one := range r.tells {
			if one.Key == tell.Key {
				earlier++
			}
		}
		r.tells, r.froms[request.RemoteAddr] = append(r.tells, tell), true
		r.flying++
		r.highest = max(r.highest, r.flying)
		r.mu.Unlock()
		status := http.StatusNoContent
		if r.answer != nil {
			status = r.answer(&tell, earlier)
		}
		r.mu.Lock()
		r.flying--
		r.mu.Unlock()
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) keys() (keys []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.tells {
		keys = append(keys, one.Key)
	}
	return keys
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// relayOf starts a relay; stop ends it.
func relayOf(t *testing.T, o *outbox, merchants notify.Fixed, change func(*notify.Relay)) (r *notify.Relay, stop func()) {
	r = &notify.Relay{Outbox: o, Registry: merchants, RetryMin: time.Millisecond, RetryMax: 4 * time.Millisecond,
		Client: notify.NewClient(notify.ClientConfig{Inside: loopback})}
	if change != nil {
		change(r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		r.Client.Close()
	})
	t.Cleanup(stop)
	return r, stop
}

func merchantAt(t *testing.T, id, url string) notify.Merchant {
	return notify.Merchant{ID: id, URL: url, MAC: hmac(t, "secret"), Token: "token of " + id}
}

// next waits for what must come.
func next[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing has come")
	}
	return v
}

func eventually(t *testing.T, what func() bool) {
	t.Helper()
	require.Eventually(t, what, 20*time.Second, time.Millisecond)
}

// A notice is repeated under its key until it is confirmed; those about one payment come in their order.
func TestRelayRepeats(t *testing.T) {
	server := newReceiver(t, func(_ *ledger.Tell, earlier int) int {
		return []int{http.StatusInternalServerError, http.StatusFound, http.StatusNotFound, http.StatusOK}[min(earlier, 3)]
	})
	o := newOutbox()
	o.add("A", 1, "paid")
	o.add("A", 1, "reversed")
	_, stop := relayOf(t, o, notify.Fixed{"A": merchantAt(t, "A", server.URL)}, nil)
	eventually(t, func() bool { return o.open() == 0 })
	want := []string{"1-paid", "1-paid", "1-paid", "1-paid", "1-reversed", "1-reversed", "1-reversed", "1-reversed"}
	require.Equal(t, want, server.keys())
	require.EqualValues(t, 1, server.tells[0].Sequence)
	require.EqualValues(t, 2, server.tells[4].Sequence)
	stop()

	_, stop = relayOf(t, o, notify.Fixed{"A": merchantAt(t, "A", server.URL)}, nil)
	o.add("A", 2, "paid")
	eventually(t, func() bool { return o.open() == 0 })
	stop()
	require.Len(t, server.keys(), 12, "what was confirmed does not come again after a restart")
}

// Sixteen refused notices, and more, block none behind them.
func TestRefusedNoticesBlockNoLaterOnes(t *testing.T) {
	server := newReceiver(t, func(tell *ledger.Tell, _ int) int {
		if tell.Order <= "5" && len(tell.Order) == 1 || len(tell.Order) == 2 && tell.Order < "50" {
			return http.StatusBadRequest
		}
		return http.StatusOK
	})
	o := newOutbox()
	for i := range 60 {
		o.add("A", int64(i+1), "paid")
	}
	relayOf(t, o, notify.Fixed{"A": merchantAt(t, "A", server.URL)}, func(r *notify.Relay) { r.RetryMin, r.RetryMax = time.Hour, time.Hour })
	eventually(t, func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.notices[59].Delivered && o.notices[49].Delivered
	})
	eventually(t, func() bool { return o.open() == 45 }) // 1 to 5 and 10 to 49 are tried again in half an hour or more
	require.LessOrEqual(t, server.highest, 16)
	require.LessOrEqual(t, len(server.froms), 20, "connections are used again")
}

// A merchant who does not answer holds no other up, and is asked by sixteen at most.
func TestADeafMerchant(t *testing.T) {
	hang := make(chan struct{})
	deaf := newReceiver(t, func(*ledger.Tell, int) int { <-hang; return http.StatusOK })
	good := newReceiver(t, nil)
	o := newOutbox()
	for i := range 100 {
		o.add("deaf", int64(i+1), "paid")
	}
	o.add("good", 101, "paid")
	_, stop := relayOf(t, o, notify.Fixed{"deaf": merchantAt(t, "deaf", deaf.URL), "good": merchantAt(t, "good", good.URL)}, nil)
	eventually(t, func() bool { return len(good.keys()) == 1 && len(deaf.keys()) == 16 })
	close(hang)
	eventually(t, func() bool { return o.open() == 0 })
	stop()
	require.Len(t, deaf.keys(), 100)
	require.Equal(t, 16, deaf.highest)
}

// An old notice that is refused again is a dead letter, with an alarm, and what is behind it about the same payment goes.
func TestDeadLetters(t *testing.T) {
	server := newReceiver(t, func(tell *ledger.Tell, _ int) int {
		if tell.Type == "paid" {
			return http.StatusBadRequest
		}
		return http.StatusOK
	})
	o := newOutbox()
	o.add("A", 1, "paid")
	o.add("A", 1, "reversed")
	alarms := make(chan notify.Alarm, 10)
	relayOf(t, o, notify.Fixed{"A": merchantAt(t, "A", server.URL)}, func(r *notify.Relay) {
		r.GiveUp, r.Alarm = 20*time.Millisecond, func(a notify.Alarm) { alarms <- a }
	})
	eventually(t, func() bool { return o.open() == 0 })
	require.True(t, o.notices[0].Dead)
	require.False(t, o.notices[0].Delivered)
	require.True(t, o.notices[1].Delivered)
	a := next(t, alarms)
	require.Equal(t, "1-paid", a.Key)
	require.Equal(t, "A", a.Merchant)
	require.ErrorContains(t, a.Err, "400")
	require.Empty(t, alarms)
}

// A merchant that the registry does not know is told about once, and its notices wait.
func TestUnknownMerchant(t *testing.T) {
	o := newOutbox()
	o.add("nobody", 1, "paid")
	alarms := make(chan notify.Alarm, 100)
	relayOf(t, o, notify.Fixed{}, func(r *notify.Relay) { r.Alarm = func(a notify.Alarm) { alarms <- a } })
	eventually(t, func() bool { return o.count("Failed") > 3 })
	require.Len(t, alarms, 1)
	require.Equal(t, "nobody", next(t, alarms).Merchant)
	require.Equal(t, 1, o.open())
}

// A merchant without a webhook has the stream alone.
func TestNoWebhook(t *testing.T) {
	o := newOutbox()
	o.add("A", 1, "paid")
	relayOf(t, o, notify.Fixed{"A": {ID: "A"}}, nil)
	eventually(t, func() bool { return o.open() == 0 })
	require.True(t, o.notices[0].Delivered)
}

// An outbox that fails is told of, not hammered, and what waits in it goes when it works again.
func TestABrokenOutbox(t *testing.T) {
	server := newReceiver(t, nil)
	o := newOutbox()
	o.broken = true
	o.add("A", 1, "paid")
	alarms := make(chan notify.Alarm, 100)
	_, stop := relayOf(t, o, notify.Fixed{"A": merchantAt(t, "A", server.URL)}, func(r *notify.Relay) { r.Alarm = func(a notify.Alarm) { alarms <- a } })
	require.ErrorIs(t, next(t, alarms).Err, errBroken)
	require.Less(t, o.count("Waiting"), 3)
	o.set(func() { o.broken, o.unmarked = false, true })
	require.ErrorIs(t, next(t, alarms).Err, errBroken) // confirmed, and that could not be recorded
	require.Less(t, len(server.keys()), 3)
	o.set(func() { o.unmarked = false })
	eventually(t, func() bool { return o.open() == 0 })
	stop()
	for _, key := range server.keys() {
		require.Equal(t, "1-paid", key) // at least once, under one key
	}
}

// A thousand merchants with nothing to tell cost nothing: the outbox is not asked until something changes.
func TestIdleMerchantsCostNothing(t *testing.T) {
	o := newOutbox()
	merchants := notify.Fixed{}
	for i := range 1000 {
		id := fmt.Sprint(i)
		merchants[id] = notify.Merchant{ID: id}
	}
	relayOf(t, o, merchants, nil)
	eventually(t, func() bool { return o.count("Waiting") == 1 })
	time.Sleep(200 * time.Millisecond)
	require.Equal(t, 1, o.count("Waiting"))
	o.add("7", 1, "paid")
	eventually(t, func() bool { return o.open() == 0 })
	require.LessOrEqual(t, o.count("Waiting"), 3)
	require.LessOrEqual(t, o.count("Number"), 2)
}

// Notices under way when the relay stops are not failures of the merchant's.
func TestStopIsNobodysFault(t *testing.T) {
	arrived := make(chan struct{}, 1)
	server := newReceiver(t, func(*ledger.Tell, int) int {
		arrived <- struct{}{}
		time.Sleep(50 * time.Millisecond)
		return http.StatusOK
	})
	o := newOutbox()
	o.add("A", 1, "paid")
	_, stop := relayOf(t, o, notify.Fixed{"A": merchantAt(t, "A", server.URL)}, nil)
	next(t, arrived)
	stop()
	require.Zero(t, o.count("Failed"))
	require.Equal(t, 1, o.open())
}
