package model

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/ledger/storetest"
	"github.com/posline/posline/examples/realtime/payment"
)

// unsynced is a store that leaves it to the test what is lost.
type unsynced struct{ *Store }

func (s unsynced) Submit(op payment.Op, done func(payment.Result)) { done(s.Apply(&op, s.Now())) }

func encoded(t *testing.T, b *Book) []byte {
	code, err := b.AppendBinary([]byte("before"))
	require.NoError(t, err)
	require.Equal(t, "before", string(code[:6]))
	return code
}

// play does the suite's script to a book, each step once to be lost and once to be kept, and syncs it. The functions look at the
// book when a step was lost, and before it is synced, beside a clone of how it was.
func play(t *testing.T, lost, kept func(step string, was, b *Book)) *Book {
	now := storetest.Start
	s := &Store{Now: func() int64 { return now.UnixMilli() }}
	s.init()
	for _, step := range storetest.Script() {
		now = now.Add(step.Wait)
		was := s.Clone()
		step.Do(t.Context(), unsynced{s})
		if len(s.undo) > 0 {
			s.Lose()
			lost(step.Name, was, &s.Book)
			step.Do(t.Context(), unsynced{s})
		}
		kept(step.Name, was, &s.Book)
		s.Sync()
		s.Lose()
	}
	return &s.Book
}

// TestLose: what is not synced is gone without a trace; what is synced stays.
func TestLose(t *testing.T) {
	times := 0
	b := play(t, func(step string, was, b *Book) {
		times++
		require.Empty(t, b.undo)
		require.Equal(t, fmt.Sprint(was), fmt.Sprint(b.Clone()), step)
		require.Equal(t, encoded(t, was), encoded(t, b), step)
	}, func(string, *Book, *Book) {})
	require.Greater(t, times, 20)
	require.Len(t, b.Postings(), 8)
}

// TestClone: a clone does not change with the book that it was made from.
func TestClone(t *testing.T) {
	var clones, copies []*Book
	play(t, func(string, *Book, *Book) {}, func(_ string, _, b *Book) {
		clones, copies = append(clones, b.Clone()), append(copies, deep(b))
	})
	for i := range clones {
		require.Equal(t, copies[i], clones[i], "%d", i)
	}
}

// deep copies a book in another way than Clone does.
func deep(b *Book) *Book {
	c := &Book{head: b.head, postings: append([]ledger.Posted(nil), b.postings...), notices: append([]ledger.Outgoing(nil), b.notices...)}
	c.init()
	for _, table := range [][2]any{{b.rows, c.rows}, {b.marks, c.marks}, {b.claims, c.claims}, {b.used, c.used}, {b.nodes, c.nodes},
		{b.sessions, c.sessions}, {b.last, c.last}, {b.open, c.open}} {
		for key, value := range reflect.ValueOf(table[0]).Seq2() {
			reflect.ValueOf(table[1]).SetMapIndex(key, value)
		}
	}
	return c
}

// TestAppendBinary: books differ in their encoding when, and only when, rows, marks, nodes or postings differ.
func TestAppendBinary(t *testing.T) {
	changes := 0
	b := play(t, func(string, *Book, *Book) {}, func(step string, was, b *Book) {
		same := reflect.DeepEqual([]any{was.rows, was.marks, was.nodes, len(was.postings)}, []any{b.rows, b.marks, b.nodes, len(b.postings)})
		require.Equal(t, same, string(encoded(t, was)) == string(encoded(t, b)), step)
		if !same {
			changes++
		}
	})
	require.Greater(t, changes, 20)
	for range 20 {
		require.Equal(t, encoded(t, b), encoded(t, b.Clone()), "maps have no order, the encoding has")
	}
	without := b.Clone()
	without.postings = without.postings[1:]
	require.NotEqual(t, encoded(t, b), encoded(t, without))
}

func TestCompareOrigins(t *testing.T) {
	var sorted []payment.Origin
	for _, o := range []string{"azzz", "bazz", "bbaz", "bbba", "bbbb"} {
		sorted = append(sorted, payment.Origin{Acquirer: o[:1], Terminal: o[1:2], Batch: o[2:3], STAN: o[3:]})
	}
	for i := range sorted {
		for j := range sorted {
			require.Equal(t, min(1, max(-1, i-j)), compareOrigins(sorted[i], sorted[j]))
		}
	}
}

func TestZero(t *testing.T) {
	var b Book
	bar := payment.Op{Kind: payment.Bar, Row: payment.Row{Origin: payment.Origin{STAN: "000001"}}}
	require.Equal(t, payment.Done, b.Apply(&bar, 0).Kind)
	require.Equal(t, payment.Barred, b.Apply(&bar, 0).Kind)
	b = Book{}
	require.NoError(t, b.SignIn(&ledger.TerminalSession{Terminal: "10000001"}))
}

// TestAllGone: notices that have gone are not looked at again.
func TestAllGone(t *testing.T) {
	b := play(t, func(string, *Book, *Book) {}, func(string, *Book, *Book) {})
	for id := range int64(len(b.notices)) {
		merchants, _ := b.Waiting(1 << 60)
		require.NotEmpty(t, merchants)
		b.Delivered([]int64{id + 1})
	}
	merchants, next := b.Waiting(1 << 60)
	require.Empty(t, merchants)
	require.Zero(t, next)
	require.Equal(t, len(b.notices), b.head)
}

// TestExpire: the lease is over at once, and nothing else of the node.
func TestExpire(t *testing.T) {
	now := storetest.Start.UnixMilli()
	var b Book
	first, second := b.Join(1, now), b.Join(2, now)
	row := payment.Row{ID: 3, Kind: payment.Sale, Origin: payment.Origin{STAN: "000001"}, Merchant: "m", Day: 7, Amount: 50, Owner: 1, Epoch: first, Due: 1}
	require.Equal(t, payment.Done, b.Apply(&payment.Op{Kind: payment.Admit, Row: row, Node: 1, Epoch: first}, now).Kind)
	b.Sync()
	require.Empty(t, b.Open(2, second, now, now, 9))
	b.Expire(1)
	require.Len(t, b.Open(2, second, now, now, 9), 1)
	b.Lose()
	require.Empty(t, b.Open(2, second, now, now, 9))
	b.Expire(1)
	require.NoError(t, b.Renew(1, first, now))
	require.Empty(t, b.Open(2, second, now, now, 9))
	found, ok := b.Find(row.Origin)
	require.True(t, ok)
	require.Equal(t, int64(3), found.ID)
	_, ok = b.Find(payment.Origin{STAN: "000002"})
	require.False(t, ok)
	require.Equal(t, []int64{50, 0, 0}, []int64{b.Used("m", 7), b.Used("m", 8), b.Used("k", 7)})
}
