package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func openNew(t *testing.T) *Ledger {
	l, err := Open(filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func newSale(stan int) *Transaction {
	return &Transaction{Channel: "bank", Origin: Origin{"10000001", "000001", fmt.Sprintf("%06d", stan)}, Day: "2026-11-23", MTI: "0200",
		Merchant: "898440354110001", Order: fmt.Sprintf("D-%d", stan), Amount: 55_88, Currency: "CNY", Payer: "621797*********2002", PayerHash: []byte{1}}
}

func createNew(t *testing.T, l *Ledger, stan int) *Transaction {
	s := newSale(stan)
	require.NoError(t, l.Create(t.Context(), s))
	return s
}

// paths bring a new sale into every state, with and without the wish to undo it.
var paths = map[string]func(l *Ledger, s *Transaction) error{
	"CREATED": func(*Ledger, *Transaction) error { return nil },
	"SENT":    func(l *Ledger, s *Transaction) error { return l.MarkSent(context.Background(), s.ID) },
	"UNKNOWN": func(l *Ledger, s *Transaction) error {
		return errors.Join(l.MarkSent(context.Background(), s.ID), l.MarkUnknown(context.Background(), s.ID))
	},
	"APPROVED": func(l *Ledger, s *Transaction) error {
		return errors.Join(l.MarkSent(context.Background(), s.ID), l.Approve(context.Background(), s.ID, "A00001"))
	},
	"DECLINED": func(l *Ledger, s *Transaction) error { return l.Decline(context.Background(), s.ID, "51") },
	"SENT REVERSAL": func(l *Ledger, s *Transaction) error {
		return errors.Join(l.MarkSent(context.Background(), s.ID), wish(l, s))
	},
	"UNKNOWN REVERSAL": func(l *Ledger, s *Transaction) error {
		return errors.Join(l.MarkSent(context.Background(), s.ID), l.GiveUp(context.Background(), s.ID))
	},
	"APPROVED REVERSAL": func(l *Ledger, s *Transaction) error {
		return errors.Join(l.MarkSent(context.Background(), s.ID), l.Approve(context.Background(), s.ID, "A00001"), wish(l, s))
	},
	"REVERSED": func(l *Ledger, s *Transaction) error {
		return errors.Join(l.MarkSent(context.Background(), s.ID), wish(l, s), l.Reverse(context.Background(), s.ID))
	},
}

func wish(l *Ledger, s *Transaction) error {
	_, err := l.RequestReversal(context.Background(), s.Origin)
	return err
}

// TestTransitions tries every step from every state: what the state machine does not have is ErrState and changes nothing.
func TestTransitions(t *testing.T) {
	steps := map[string]func(l *Ledger, s *Transaction) error{
		"sent":    func(l *Ledger, s *Transaction) error { return l.MarkSent(t.Context(), s.ID) },
		"unknown": func(l *Ledger, s *Transaction) error { return l.MarkUnknown(t.Context(), s.ID) },
		"approve": func(l *Ledger, s *Transaction) error { return l.Approve(t.Context(), s.ID, "A00002") },
		"decline": func(l *Ledger, s *Transaction) error { return l.Decline(t.Context(), s.ID, "05") },
		"give up": func(l *Ledger, s *Transaction) error { return l.GiveUp(t.Context(), s.ID) },
		"reverse": func(l *Ledger, s *Transaction) error { return l.Reverse(t.Context(), s.ID) },
		"wish":    func(l *Ledger, s *Transaction) error { return wish(l, s) },
	}
	allowed := map[string]map[string]string{ // from state, by step, to
		"CREATED":           {"sent": "SENT", "decline": "DECLINED", "wish": "DECLINED"},
		"SENT":              {"unknown": "UNKNOWN", "approve": "APPROVED", "decline": "DECLINED", "give up": "UNKNOWN REVERSAL", "wish": "SENT REVERSAL"},
		"UNKNOWN":           {"approve": "APPROVED", "decline": "DECLINED", "give up": "UNKNOWN REVERSAL", "wish": "UNKNOWN REVERSAL"},
		"APPROVED":          {"wish": "APPROVED REVERSAL"},
		"DECLINED":          {"wish": "DECLINED"},
		"SENT REVERSAL":     {"unknown": "UNKNOWN REVERSAL", "decline": "DECLINED", "give up": "UNKNOWN REVERSAL", "reverse": "REVERSED", "wish": "SENT REVERSAL"},
		"UNKNOWN REVERSAL":  {"decline": "DECLINED", "give up": "UNKNOWN REVERSAL", "reverse": "REVERSED", "wish": "UNKNOWN REVERSAL"},
		"APPROVED REVERSAL": {"reverse": "REVERSED", "wish": "APPROVED REVERSAL"},
		"REVERSED":          {"wish": "REVERSED"},
	}
	l := openNew(t)
	stan := 0
	for from, path := range paths {
		for name, step := range steps {
			stan++
			s := createNew(t, l, stan)
			require.NoError(t, path(l, s), from)
			require.Equal(t, from, state(t, l, s))
			before := count(t, l)
			err := step(l, s)
			to, ok := allowed[from][name]
			if !ok {
				require.ErrorIs(t, err, ErrState, "%s from %s", name, from)
				require.Equal(t, from, state(t, l, s), "%s from %s", name, from)
				require.Equal(t, before, count(t, l))
				continue
			}
			require.NoError(t, err, "%s from %s", name, from)
			require.Equal(t, to, state(t, l, s), "%s from %s", name, from)
			posts := name == "approve" || name == "reverse" && from == "APPROVED REVERSAL"
			require.Equal(t, posts, count(t, l) == before+1, "%s from %s", name, from)
		}
	}
}

func state(t *testing.T, l *Ledger, s *Transaction) string {
	now, err := l.Get(t.Context(), s.ID)
	require.NoError(t, err)
	if now.Undo != Keep && now.State != Reversed {
		return string(now.State) + " " + string(now.Undo)
	}
	return string(now.State)
}

// count is the number of postings; that of the events is the same.
func count(t *testing.T, l *Ledger) int {
	postings, err := l.Postings(t.Context())
	require.NoError(t, err)
	events, err := l.Events(t.Context())
	require.NoError(t, err)
	require.Len(t, events, len(postings))
	return len(postings)
}

func TestPostings(t *testing.T) {
	l := openNew(t)
	for i, amount := range []int64{1, 50, 83, 84, 100, 55_88, 99_999_999_99} {
		s := newSale(i + 1)
		s.Amount = amount
		require.NoError(t, l.Create(t.Context(), s))
		require.NoError(t, l.MarkSent(t.Context(), s.ID))
		require.NoError(t, l.Approve(t.Context(), s.ID, ""))
		require.NoError(t, wish(l, s))
		require.NoError(t, l.Reverse(t.Context(), s.ID))
	}
	postings, err := l.Postings(t.Context())
	require.NoError(t, err)
	require.Len(t, postings, 14)
	for i, p := range postings {
		require.Zero(t, p.Sum)
		require.Equal(t, []string{"paid", "reversed"}[i%2], p.Kind)
	}
	require.Equal(t, map[string]int64{"receivable:bank": 55_88, "payable:898440354110001": -55_54, Fees: -34}, postings[10].Entries)
	require.Equal(t, map[string]int64{"receivable:bank": 83, "payable:898440354110001": -83}, postings[4].Entries, "half a fen of fee is none")
	balances, err := l.Balances(t.Context())
	require.NoError(t, err)
	for _, b := range balances {
		require.Zero(t, b.Amount, b.Account)
	}
}

func TestEvents(t *testing.T) {
	l := openNew(t)
	changed := l.Changed()
	s := createNew(t, l, 1)
	require.NoError(t, paths["APPROVED REVERSAL"](l, s))
	<-changed
	require.NoError(t, l.Reverse(t.Context(), s.ID))

	events, err := l.Events(t.Context())
	require.NoError(t, err)
	require.Len(t, events, 2)
	for i, kind := range []string{"paid", "reversed"} {
		var n Notice
		require.NoError(t, json.Unmarshal(events[i].Body, &n))
		require.False(t, n.At.IsZero())
		n.At = n.At.Truncate(0)
		require.Equal(t, Notice{Key: events[i].Key, Type: kind, Merchant: s.Merchant, Terminal: "10000001", Order: "D-1",
			Transaction: "000000000001", Channel: "bank", Amount: 55_88, Currency: "CNY", Payer: s.Payer, At: n.At}, n)
	}
	require.NotEqual(t, events[0].Key, events[1].Key)

	due := func() (ids []int64) {
		list, err := l.Undelivered(t.Context(), s.Merchant, 10)
		require.NoError(t, err)
		for _, e := range list {
			ids = append(ids, e.ID)
		}
		return ids
	}
	require.Equal(t, []int64{1}, due(), "what is taken back is told after what came")
	require.NoError(t, l.MarkDelivered(t.Context(), 1))
	require.ErrorIs(t, l.MarkDelivered(t.Context(), 1), ErrState)
	require.Equal(t, []int64{2}, due())
	later, err := l.EventsAfter(t.Context(), s.Merchant, 1, 10)
	require.NoError(t, err)
	require.Len(t, later, 1)
	others, err := l.EventsAfter(t.Context(), "898440354110002", 0, 10)
	require.NoError(t, err)
	require.Empty(t, others)
}

func TestOrderIsPaidOnce(t *testing.T) {
	for name, path := range paths {
		l := openNew(t)
		first := createNew(t, l, 1)
		require.NoError(t, path(l, first))
		second := newSale(2)
		second.Order = first.Order
		err := l.Create(t.Context(), second)
		if name == "DECLINED" || name == "REVERSED" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, ErrOrderPaid, name)
		other := newSale(3)
		other.Order, other.Merchant = first.Order, "898440354110002"
		require.NoError(t, l.Create(t.Context(), other), "another merchant's order")
	}
}

func TestDuplicateAndEarlyReversal(t *testing.T) {
	l := openNew(t)
	createNew(t, l, 1)
	require.ErrorIs(t, l.Create(t.Context(), newSale(1)), ErrDuplicate)

	early := newSale(2)
	for range 2 {
		known, err := l.RequestReversal(t.Context(), early.Origin)
		require.NoError(t, err)
		require.Nil(t, known)
	}
	require.ErrorIs(t, l.Create(t.Context(), early), ErrReversed)
	all, err := l.All(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
}

func TestVoid(t *testing.T) {
	l := openNew(t)
	sale := createNew(t, l, 1)
	void := func(stan int, change func(v *Transaction, original *Origin)) (*Transaction, error) {
		v := newSale(stan)
		v.Order, v.Payer, v.PayerHash, v.Channel = "", "", nil, ""
		original := sale.Origin
		if change != nil {
			change(v, &original)
		}
		return v, l.CreateVoid(t.Context(), v, original)
	}
	_, err := void(10, nil)
	require.ErrorIs(t, err, ErrState, "not approved yet")
	require.NoError(t, paths["APPROVED"](l, sale))
	stan := 20
	for name, change := range map[string]func(v *Transaction, original *Origin){
		"amount":        func(v *Transaction, _ *Origin) { v.Amount-- },
		"currency":      func(v *Transaction, _ *Origin) { v.Currency = "USD" },
		"merchant":      func(v *Transaction, _ *Origin) { v.Merchant = "898440354110002" },
		"terminal":      func(v *Transaction, _ *Origin) { v.Origin.Terminal = "10000002" },
		"batch":         func(v *Transaction, _ *Origin) { v.Origin.Batch = "000002" },
		"STAN of sale":  func(_ *Transaction, o *Origin) { o.STAN = "000009" },
		"batch of sale": func(_ *Transaction, o *Origin) { o.Batch = "000009" },
	} {
		stan++
		_, err := void(stan, change)
		require.ErrorIs(t, err, ErrNotFound, name)
	}
	v, err := void(2, nil)
	require.NoError(t, err)
	require.Equal(t, "SENT", state(t, l, v))
	require.Equal(t, "APPROVED VOID", state(t, l, sale))
	require.Equal(t, 1, count(t, l), "nothing is posted before the channel has confirmed")
	_, err = void(3, nil)
	require.ErrorIs(t, err, ErrState, "it is being voided")
	_, err = void(3, nil)
	require.ErrorIs(t, err, ErrReversed, "a copy of what was refused")
	_, err = void(2, nil)
	require.ErrorIs(t, err, ErrDuplicate)
	require.NoError(t, wish(l, sale))
	require.Equal(t, "APPROVED VOID", state(t, l, sale), "a reversal does not stop a void")

	require.NoError(t, l.Reverse(t.Context(), sale.ID))
	require.Equal(t, "REVERSED", state(t, l, sale))
	require.Equal(t, "APPROVED", state(t, l, v))
	require.Equal(t, 2, count(t, l))
	unsettled, err := l.Unsettled(t.Context())
	require.NoError(t, err)
	require.Empty(t, unsettled)
}

// TestOneOfManyWins lets goroutines race for every step.
func TestOneOfManyWins(t *testing.T) {
	l := openNew(t)
	race := func(step func() error) int {
		var won atomic.Int64
		var running sync.WaitGroup
		for range 8 {
			running.Go(func() {
				switch err := step(); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, ErrState) && !errors.Is(err, ErrDuplicate):
					t.Error(err)
				}
			})
		}
		running.Wait()
		return int(won.Load())
	}
	require.Equal(t, 1, race(func() error { return l.Create(t.Context(), newSale(1)) }))
	s, err := l.Find(t.Context(), newSale(1).Origin)
	require.NoError(t, err)
	require.Equal(t, 1, race(func() error { return l.MarkSent(t.Context(), s.ID) }))
	require.Equal(t, 1, race(func() error { return l.Approve(t.Context(), s.ID, "") }))
	require.NoError(t, wish(l, s))
	require.Equal(t, 1, race(func() error { return l.Reverse(t.Context(), s.ID) }))
	require.Equal(t, 2, count(t, l))
}

func TestSession(t *testing.T) {
	l := openNew(t)
	_, err := l.Session(t.Context(), "10000001")
	require.ErrorIs(t, err, ErrNotFound)
	signIn := func(day string) int {
		s := Session{Terminal: "10000001", Day: day, WorkKeys: []byte(day)}
		require.NoError(t, l.SignIn(t.Context(), &s))
		kept, err := l.Session(t.Context(), "10000001")
		require.NoError(t, err)
		require.Equal(t, s, *kept)
		return s.Batch
	}
	require.Equal(t, 1, signIn("2026-11-23"))
	require.Equal(t, 1, signIn("2026-11-23"), "the day goes on in its batch")
	require.Equal(t, 2, signIn("2026-11-24"))
}

// TestUnsettledIsIndexed: what is looked for ten times a second must not read the whole history.
func TestUnsettledIsIndexed(t *testing.T) {
	l := openNew(t)
	for _, statement := range []string{"SELECT " + columns + " FROM txn WHERE " + unsettled + " ORDER BY id", "SELECT 1 FROM txn WHERE original = 1"} {
		var id, parent, unused int
		var plan string
		require.NoError(t, l.read.QueryRow("EXPLAIN QUERY PLAN "+statement).Scan(&id, &parent, &unused, &plan))
		require.Contains(t, plan, "INDEX txn_", plan)
	}
}
