package acquirer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/message"
)

// registered is a terminal with its session as far as this process knows it; the store has the truth.
type registered struct {
	Terminal

	mu      sync.Mutex
	session ledger.TerminalSession
	keys    *dialect.WorkKeys   // nil before the first look
	before  []*dialect.WorkKeys // of sessions before, until keys have been used
	looked  int64               // when the store was asked last

	signIns, requests bucket
}

// How often a terminal may sign in: a burst, and then one in a while. Each costs a commit.
const (
	signInBurst = 8
	signInEvery = 2 * time.Second
	lookAgain   = time.Second
)

// signInWithin is how far the clock in a sign-in, fields 12 and 13, may be from the switch's.
const signInWithin = time.Minute

// verify checks a request's code and returns the session and the keys that it was made with. Another process may have
// signed the terminal in since: where the code is wrong the store is asked again.
func (t *registered) verify(ctx context.Context, s *Switch, request *message.Message) (session ledger.TerminalSession, keys *dialect.WorkKeys, code string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for fresh := t.keys == nil; ; fresh = true {
		if fresh {
			if err := t.load(ctx, s); err != nil {
				return session, nil, "77"
			}
		}
		if request.VerifyMAC(t.keys.Verify) == nil || t.seedVerified() {
			t.used(ctx, s)
			return t.session, t.keys, ""
		}
		for _, before := range slices.Backward(t.before) {
			if request.VerifyMAC(before.Verify) == nil {
				return t.session, before, ""
			}
		}
		now := s.now()
		if fresh || t.seedCached() || now >= t.looked && now < t.looked+lookAgain.Milliseconds() {
			return t.session, t.keys, "A0"
		}
	}
}

// load reads the session.
func (t *registered) load(ctx context.Context, s *Switch) error {
	session, err := s.cfg.Store.Session(ctx, t.ID)
	if err != nil {
		return err
	}
	t.looked = s.now()
	return t.take(session)
}

// take opens a session's keys. Keys before that are under another master key are gone.
func (t *registered) take(session ledger.TerminalSession) (err error) {
	keys, err := dialect.OpenWorkKeys(t.Master, session.Keys)
	if err != nil {
		return err
	}
	t.session, t.keys, t.before = session, keys, nil
	for _, block := range session.Before {
		if before, err := dialect.OpenWorkKeys(t.Master, block); err == nil && !t.seedForgotten() {
			t.before = append(t.before, before)
		}
	}
	return nil
}

// used forgets the keys before: the terminal has the new ones.
func (t *registered) used(ctx context.Context, s *Switch) {
	if t.before == nil {
		return
	}
	if s.cfg.Store.Used(ctx, t.ID, t.session.Version) == nil {
		t.before, t.session.Before = nil, nil
	}
}

// mayAsk takes one request of those that the terminal has.
func (t *registered) mayAsk(s *Switch) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.requests.take(s.now(), 4*s.cfg.PerSecond, s.cfg.PerSecond)
}

// signIn gives the terminal new work keys. The batch in field 60 of the answer is the one to work in: a new business day
// begins a new one. A sign-in that is not of now, or of the very second of another, was heard on the line and sent again:
// it is refused with the date's code before it costs a commit, and the answer has the time. It has no code that says whose
// it is, so one that is taken must not keep those of other seconds out.
func (s *Switch) signIn(x *exchange) (code string) {
	t := x.terminal
	t.mu.Lock()
	defer t.mu.Unlock()
	asked, ok := s.clockIn(x.request)
	if !ok && !t.seedReplayed() {
		return "D2"
	}
	ctx := context.Background()
	last, err := s.cfg.Store.Session(ctx, t.ID)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return "96"
	}
	if slices.Contains(last.Asked, asked) && !t.seedReplayed() || t.seedOrdered(last.Asked, asked) {
		return "D2"
	}
	if !t.signIns.take(s.now(), signInBurst, 1/signInEvery.Seconds()) {
		return "96"
	}
	block, err := dialect.GenerateWorkKeys(t.Master, t.MACBits)
	if err != nil {
		return "96"
	}
	session := ledger.TerminalSession{Terminal: t.ID, Batch: last.Batch, Keys: block, Before: keysBefore(&last), At: s.now(),
		Asked: append(recent(last.Asked, s.now()), asked), Version: last.Version}
	if s.cfg.Day.Of(milliTime(last.At)) != s.cfg.Day.Of(milliTime(session.At)) { // so it is where there was none
		session.Batch = session.Batch%lastBatch + 1
	}
	if err := s.cfg.Store.SignIn(ctx, &session); errors.Is(err, ledger.ErrStale) {
		return "D2" // another node was faster
	} else if err != nil {
		s.cfg.Logger.Error("sign-in", "terminal", t.ID, "error", err)
		return "96"
	}
	if t.take(session) != nil {
		return "96"
	}
	x.response.Set(60, "00"+batchText(session.Batch)+"003")
	x.response.SetBytes(62, block)
	return "00"
}

// keptKeys is how many sessions before have their keys kept.
const keptKeys = 8

// keysBefore are the keys that a terminal may still have after a new sign-in. The first of them are those that it has used
// last, or had first: they stay, however many follow.
func keysBefore(last *ledger.TerminalSession) [][]byte {
	if last.Keys == nil {
		return nil
	}
	before := append(slices.Clone(last.Before), last.Keys)
	if len(before) > keptKeys {
		before = slices.Delete(before, 1, 2)
	}
	return before
}

// A sign-in is remembered for askedWithin, however a clock was set in between: that is longer than its time is one of now.
// Their rate bounds how many that can be; several nodes at a time may take more than keptTimes, and then the oldest go.
const (
	askedWithin = time.Hour
	keptTimes   = 256
)

// recent are the times of sign-ins that must not come again.
func recent(asked []int64, now int64) (kept []int64) {
	for _, at := range asked[max(0, len(asked)-keptTimes+1):] {
		if milliTime(now).Sub(milliTime(at)).Abs() <= askedWithin {
			kept = append(kept, at)
		}
	}
	return kept
}

// clockIn returns the terminal's clock as a sign-in has it, and whether it is near enough to the switch's.
func (s *Switch) clockIn(request *message.Message) (ms int64, ok bool) {
	now := s.cfg.Clock.Now().In(dialect.China)
	at, err := dialect.ClockOf(request, now)
	return at.UnixMilli(), err == nil && at.Sub(now).Abs() <= signInWithin
}

const lastBatch = 999_999

func batchText(batch int) string { return fmt.Sprintf("%06d", batch) }

// staleBatch refuses the reversal of a request that is neither of this batch nor of the one before.
func staleBatch(batch string, now int) (code string) {
	number, err := strconv.Atoi(batch)
	if err != nil {
		return "30"
	}
	if age := (now - number + lastBatch) % lastBatch; age > 1 {
		return "40"
	}
	return ""
}

func milliTime(ms int64) time.Time { return time.UnixMilli(ms) }
