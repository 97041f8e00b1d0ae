package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/notify"
)

// shop takes webhooks without a network, so that time can be the test's own.
type shop struct {
	mu      sync.Mutex
	flying  int
	highest int
	asked   int
	at      []time.Time
	answer  func(tell *ledger.Tell) (status int, err error) // outside the lock: it may wait
}

// RoundTrip implements http.RoundTripper.
func (s *shop) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var tell ledger.Tell
	if err := json.Unmarshal(body, &tell); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.asked++
	s.flying++
	s.highest = max(s.highest, s.flying)
	s.at = append(s.at, time.Now())
	s.mu.Unlock()
	status := http.StatusOK
	if s.answer != nil {
		status, err = s.answer(&tell)
	}
	s.mu.Lock()
	s.flying--
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
}

// inTime runs a relay of merchant A's notices in time of its own.
func inTime(t *testing.T, s *shop, o ledger.Outbox, change func(*notify.Relay), test func()) {
	t.Helper()
	client := notify.NewClient(notify.ClientConfig{})
	client.SetTransport(s)
	r := &notify.Relay{Outbox: o, Registry: notify.Fixed{"A": merchantAt(t, "A", "https://shop.example/hook")}, Client: client}
	if change != nil {
		change(r)
	}
	ctx, end := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	defer running.Wait()
	defer end()
	test()
}

// pass lets time pass, and all that happens in it happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// Sixteen are asked at the same time and no more, however long they take, and what some take does not keep those that
// have answered from being recorded.
func TestSixteenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		s := &shop{answer: func(tell *ledger.Tell) (int, error) {
			if len(tell.Order) == 1 { // 1 to 9
				<-hang
			}
			time.Sleep(time.Millisecond)
			return http.StatusOK, nil
		}}
		o := newOutbox()
		for i := range 100 {
			o.add("A", int64(i+1), "paid")
		}
		inTime(t, s, o, func(r *notify.Relay) { r.GiveUp = time.Hour }, func() {
			pass(time.Second) // less than the client's patience
			require.Equal(t, 16, s.highest)
			require.Equal(t, 9, o.open())
			close(hang)
			pass(time.Second)
			require.Zero(t, o.open())
			require.Equal(t, 100, s.asked)
		})
	})
}

// slow is an outbox whose disk does not answer for a while. It keeps how many notices were asked for.
type slow struct {
	*outbox
	disk    chan struct{}
	limits  []int
	records int // that are being made
}

func (s *slow) Delivered(ctx context.Context, ids []int64, at int64) error {
	s.set(func() { s.records++ })
	<-s.disk
	return s.outbox.Delivered(ctx, ids, at)
}

func (s *slow) Due(ctx context.Context, merchant string, now int64, limit int) ([]ledger.Outgoing, error) {
	s.set(func() { s.limits = append(s.limits, limit) })
	return s.outbox.Due(ctx, merchant, now, limit)
}

// While nothing can be recorded, 256 are sent and no more: each of them would come again after a crash. What is under way
// is looked up besides what is new.
func TestUnrecordedAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{}
		o := &slow{outbox: newOutbox(), disk: make(chan struct{})}
		for i := range 600 {
			o.add("A", int64(i+1), "paid")
		}
		inTime(t, s, o, nil, func() {
			pass(time.Minute)
			require.Equal(t, 256, s.asked)
			require.Equal(t, 1, o.records, "what has ended meanwhile is recorded together")
			require.Equal(t, 256, o.limits[0])
			require.Equal(t, 512, o.limits[len(o.limits)-1])
			close(o.disk)
			pass(time.Minute)
			require.Zero(t, o.open())
			require.Equal(t, 600, s.asked, "none of them twice")
		})
	})
}

// A refused notice comes again after the pause, doubled each time, and not before; one that is older than GiveUp not again.
func TestPausesGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answer: func(*ledger.Tell) (int, error) { return http.StatusServiceUnavailable, nil }}
		o := newOutbox()
		o.add("A", 1, "paid")
		var alarms []notify.Alarm
		inTime(t, s, o, func(r *notify.Relay) {
			r.RetryMin, r.RetryMax, r.GiveUp = time.Second, 8*time.Second, 30*time.Second
			r.Alarm = func(a notify.Alarm) { alarms = append(alarms, a) }
		}, func() {
			pass(time.Hour)
			for i := 1; i < len(s.at); i++ {
				pause, most := s.at[i].Sub(s.at[i-1]), min(8*time.Second, time.Second<<(i-1))
				require.GreaterOrEqual(t, pause, most/2, "pause %d", i)
				require.LessOrEqual(t, pause, most+10*time.Millisecond, "pause %d", i)
			}
			age := s.at[len(s.at)-1].Sub(s.at[0])
			require.Greater(t, age, 22*time.Second)
			require.Less(t, age, 39*time.Second)
			require.Len(t, alarms, 1)
			require.Equal(t, "1-paid", alarms[0].Key)
			require.True(t, o.notices[0].Dead)
			require.Zero(t, o.count("Delivered"))
		})
	})
}

// A notice is a dead letter at its first failure after GiveUp, and not at one in that very moment.
func TestGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answer: func(*ledger.Tell) (int, error) { time.Sleep(2 * time.Second); return http.StatusGone, nil }}
		o := newOutbox()
		o.add("A", 1, "paid")
		inTime(t, s, o, func(r *notify.Relay) { r.GiveUp = 2 * time.Second }, func() {
			pass(time.Hour)
			require.Equal(t, 2, s.asked)
			require.True(t, o.notices[0].Dead)
		})
	})
}

// Notices that come one after the other are looked up together.
func TestNoticesAreGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, o := &shop{}, newOutbox()
		inTime(t, s, o, nil, func() {
			pass(time.Second)
			for i := range 20 {
				o.add("A", int64(i+1), "paid")
				time.Sleep(time.Millisecond)
			}
			pass(time.Second)
			require.Zero(t, o.open())
			require.LessOrEqual(t, o.count("Waiting"), 7, "at first, and every 5 ms")
			require.LessOrEqual(t, s.at[0].Sub(o.notices[0].Tell.At), 5*time.Millisecond)
		})
	})
}

// A line that breaks is not a confirmation.
func TestABrokenLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		s := &shop{}
		s.answer = func(*ledger.Tell) (int, error) {
			if broken {
				broken = false
				return 0, errors.New("the line is cut")
			}
			return http.StatusOK, nil
		}
		o := newOutbox()
		o.add("A", 1, "paid")
		inTime(t, s, o, nil, func() {
			pass(time.Minute)
			require.Equal(t, 2, s.asked)
			require.True(t, o.notices[0].Delivered)
			require.Equal(t, 1, o.notices[0].Tries)
		})
	})
}

// What a merchant confirms while the relay stops is recorded, and does not come again after a restart.
func TestConfirmedWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		s := &shop{answer: func(*ledger.Tell) (int, error) { <-answer; return http.StatusOK, nil }}
		o := newOutbox()
		o.add("A", 1, "paid")
		client := notify.NewClient(notify.ClientConfig{})
		client.SetTransport(s)
		r := &notify.Relay{Outbox: o, Registry: notify.Fixed{"A": merchantAt(t, "A", "https://shop.example/hook")}, Client: client}
		ctx, end := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { r.Run(ctx) })
		pass(time.Second)
		end()
		synctest.Wait()
		close(answer)
		running.Wait()
		require.True(t, o.notices[0].Delivered)
		require.Equal(t, 1, s.asked)
	})
}
