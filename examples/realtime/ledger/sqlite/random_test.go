package sqlite

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/ledger/model"
	"github.com/posline/posline/examples/realtime/payment"
)

// TestModel lets random operations happen to the file and to the model of it: the results are equal, and so are rows,
// postings and notices, also after the file was closed and opened again.
func TestModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "ledger.db")
	now := time.UnixMilli(1_800_000_000_000)
	options := Options{Now: func() time.Time { return now }}
	s, err := Open(path, options)
	require.NoError(t, err)
	var book model.Book
	epoch, err := s.Join(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, book.Join(1, now.UnixMilli()), epoch)
	done := make(map[payment.ResultKind]int)
	for i := range 1500 {
		op := randomOp(random, &book, int64(i+1), epoch)
		result := make(chan payment.Result, 1)
		s.Submit(op, func(r payment.Result) { result <- r })
		want := book.Apply(&op, now.UnixMilli())
		require.Equal(t, want, <-result, "operation %d: %v", i, op.Kind)
		done[want.Kind]++
		now = now.Add(time.Millisecond)
		if i%500 == 499 {
			require.NoError(t, s.Close())
			s, err = Open(path, options)
			require.NoError(t, err)
		}
	}
	t.Log(done)
	for _, kind := range []payment.ResultKind{payment.Done, payment.Duplicate, payment.OrderTaken, payment.Barred, payment.OverLimit,
		payment.Stale, payment.Fenced, payment.Refused} {
		require.Positive(t, done[kind], "%v", kind)
	}
	compareOutbox(t, random, s, &book, now.UnixMilli())
	rows, err := s.Rows(t.Context())
	require.NoError(t, err)
	require.Equal(t, book.Rows(), rows)
	postings, err := s.Postings(t.Context())
	require.NoError(t, err)
	require.Equal(t, book.Postings(), postings)
	notices, err := s.Notices(t.Context())
	require.NoError(t, err)
	require.Equal(t, book.Notices(), notices)
	open, err := s.Open(t.Context(), 1, epoch, now.UnixMilli(), 10_000)
	require.NoError(t, err)
	require.Equal(t, book.Open(1, epoch, now.UnixMilli(), now.UnixMilli(), 10_000), open)
	require.NoError(t, s.Close())
}

// randomOp is an operation that often meets what is there.
func randomOp(random *rand.Rand, book *model.Book, id, epoch int64) payment.Op {
	rows := book.Rows()
	origin := payment.Origin{Acquirer: "48025800", Terminal: "10000001", Batch: "000001", STAN: fmt.Sprintf("%06d", random.IntN(900)+1)}
	op := payment.Op{Kind: payment.Admit, Node: 1, Epoch: epoch, Row: payment.Row{ID: id, Kind: payment.Kind(random.IntN(5) + 1), Origin: origin,
		Merchant: "m", Order: fmt.Sprint(random.IntN(300)), Amount: int64(random.IntN(3)+1) * 100, Currency: "156", Channel: "bank",
		Hash: "h", FeePPM: 6000, Day: 20261129, At: id, Owner: 1, Epoch: epoch, Due: id + 1}}
	if op.Row.Kind == payment.Completion || op.Row.Kind.Carried() {
		op.Row.Order, op.Row.Hash = "", ""
		if len(rows) > 0 {
			parent := rows[random.IntN(len(rows))]
			op.Original, op.Row.Amount = parent.Origin, parent.Amount
		}
	}
	switch random.IntN(8) {
	case 0:
		op.Kind = payment.Bar
	case 1:
		op.Ceiling = int64(random.IntN(10_000))
	case 2:
		if random.IntN(10) == 0 {
			op.Epoch--
		}
	case 3, 4, 5, 6:
		if len(rows) > 0 {
			op.Kind, op.Row = payment.Change, rows[random.IntN(len(rows))]
			op.Row.State, op.Row.Approved, op.Row.Code = payment.State(random.IntN(5)+1), op.Row.Amount, "00"
			if op.Row.State == payment.Reversed || op.Row.State == payment.Unknown || random.IntN(4) == 0 {
				op.Row.Undo = payment.Asked
			}
			if random.IntN(10) == 0 {
				op.Row.Rev--
			}
		}
	}
	return op
}

// compareOutbox lets random things happen to outbox and sessions of the file and of the model.
func compareOutbox(t *testing.T, random *rand.Rand, s *Store, book *model.Book, now int64) {
	ctx := t.Context()
	for i := range 300 {
		at := now + int64(i)
		switch random.IntN(6) {
		case 0:
			require.NoError(t, s.Number(ctx, "m"))
			book.Number("m")
		case 1:
			t1 := ledger.TerminalSession{Terminal: fmt.Sprint(random.IntN(3)), Batch: i, Keys: []byte{byte(i)}, At: at, Asked: []int64{at - 1, at}}
			if last, known := book.Session(t1.Terminal); known {
				t1.Version = last.Version - int64(random.IntN(2))
				t1.Before = append(slices.Clone(last.Before), last.Keys)
			}
			t2 := t1
			require.ErrorIs(t, s.SignIn(ctx, &t1), book.SignIn(&t2))
			require.Equal(t, t2.Version, t1.Version)
		case 2:
			name, version := fmt.Sprint(random.IntN(3)), int64(random.IntN(20))
			require.NoError(t, s.Used(ctx, name, version))
			book.UsedKeys(name, version)
			want, known := book.Session(name)
			got, err := s.Session(ctx, name)
			require.Equal(t, known, err == nil)
			if known {
				require.Equal(t, want, got)
			}
		default:
			due, err := s.Due(ctx, "m", at, 20)
			require.NoError(t, err)
			require.Equal(t, book.Due("m", at, 20), due)
			settleRandomly(t, random, s, book, due, at)
		}
		merchants, next, err := s.Waiting(ctx, at)
		require.NoError(t, err)
		wantMerchants, wantNext := book.Waiting(at)
		require.Equal(t, []any{wantMerchants, wantNext}, []any{merchants, next})
	}
	after, err := s.After(ctx, "m", 3, 50)
	require.NoError(t, err)
	require.Equal(t, book.After("m", 3, 50), after)
	last, err := s.LastID(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, book.LastID(), last)
	n, err := s.Prune(ctx, now/2)
	require.NoError(t, err)
	require.Equal(t, book.Prune(now/2), n)
}

// settleRandomly records for some notices that they were delivered, will be tried again, or are dead.
func settleRandomly(t *testing.T, random *rand.Rand, s *Store, book *model.Book, due []ledger.Outgoing, at int64) {
	for _, o := range due {
		switch random.IntN(4) {
		case 0:
			require.NoError(t, s.Delivered(t.Context(), []int64{o.ID}, at))
			book.Delivered([]int64{o.ID})
		case 1:
			again := at + int64(random.IntN(20))*int64(random.IntN(2))
			if random.IntN(5) == 0 {
				again = 0
			}
			require.NoError(t, s.Failed(t.Context(), o.ID, again))
			book.Failed(o.ID, again)
		}
	}
}
