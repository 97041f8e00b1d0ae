package payment

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shelf is a View of a few rows.
type shelf struct {
	marks   map[Origin]Mark
	rows    map[int64]Row
	claimed bool
	used    int64
	epochs  map[int32]int64
	dead    map[int32]bool
}

func (s *shelf) Mark(o Origin) (Mark, bool)            { m, ok := s.marks[o]; return m, ok }
func (s *shelf) Row(id int64) (Row, bool)              { r, ok := s.rows[id]; return r, ok }
func (s *shelf) Claim(string, string) bool             { return s.claimed }
func (s *shelf) Used(string, int32) int64              { return s.used }
func (s *shelf) Node(node int32) (epoch int64, _ bool) { return s.epochs[node], !s.dead[node] }

func from(stan string) Origin {
	return Origin{Acquirer: "48025800", Terminal: "10000001", Batch: "000001", STAN: stan}
}

// newShelf has one row of a kind and state under STAN 000001, owned by node 1 in its epoch 5.
func newShelf(row Row) *shelf {
	row.ID, row.Origin, row.Rev, row.Owner, row.Epoch = 1, from("000001"), 3, 1, 5
	row.Merchant, row.Currency, row.Order, row.Hash, row.Day, row.FeePPM = "m", "156", "D-1", "hash", 20261130, 6000
	row.Channel, row.Line, row.Payer = "bank", "line 1", "621797*********2002"
	return &shelf{marks: map[Origin]Mark{row.Origin: {ID: 1}}, rows: map[int64]Row{1: row}, epochs: map[int32]int64{1: 5, 2: 7}, dead: map[int32]bool{}}
}

// TestLegal goes through all changes of a state: these are allowed, and no others.
func TestLegal(t *testing.T) {
	reversible := strings.Fields(`
		SENT->SENT SENT->SENTa SENT->SENTg SENTa->SENTa SENTa->SENTg SENTg->SENTa SENTg->SENTg
		SENT->UNKNOWNa SENT->UNKNOWNg SENTa->UNKNOWNa SENTa->UNKNOWNg SENTg->UNKNOWNa SENTg->UNKNOWNg
		SENT->APPROVED UNKNOWN->APPROVED
		UNKNOWN->UNKNOWN UNKNOWN->UNKNOWNa UNKNOWN->UNKNOWNg UNKNOWNa->UNKNOWNa UNKNOWNa->UNKNOWNg UNKNOWNg->UNKNOWNa UNKNOWNg->UNKNOWNg
		SENT->DECLINED SENT->DECLINEDa SENT->DECLINEDg SENTa->DECLINED SENTa->DECLINEDa SENTa->DECLINEDg SENTg->DECLINED SENTg->DECLINEDa SENTg->DECLINEDg
		UNKNOWN->DECLINED UNKNOWN->DECLINEDa UNKNOWN->DECLINEDg UNKNOWNa->DECLINED UNKNOWNa->DECLINEDa UNKNOWNa->DECLINEDg UNKNOWNg->DECLINED UNKNOWNg->DECLINEDa UNKNOWNg->DECLINEDg
		SENTa->REVERSEDa SENTa->REVERSEDg SENTg->REVERSEDa SENTg->REVERSEDg
		UNKNOWNa->REVERSEDa UNKNOWNa->REVERSEDg UNKNOWNg->REVERSEDa UNKNOWNg->REVERSEDg
		APPROVED->APPROVED APPROVED->APPROVEDa APPROVED->APPROVEDg APPROVEDa->APPROVEDa APPROVEDa->APPROVEDg APPROVEDg->APPROVEDa APPROVEDg->APPROVEDg
		APPROVEDa->REVERSEDa APPROVEDa->REVERSEDg APPROVEDg->REVERSEDa APPROVEDg->REVERSEDg`)
	letters := [undos]string{"", "a", "g"}
	for kind := Sale; kind < kinds; kind++ {
		want := make(map[string]bool)
		for _, name := range reversible {
			to := strings.TrimRight(name[strings.Index(name, ">")+1:], "ag")
			never := kind.Carried() && (to == "REVERSED" || to == "UNKNOWN" && !strings.HasPrefix(name, "UNKNOWN")) || kind == Void && to == "DECLINED"
			want[name] = !never
		}
		for a := Sent; a < states; a++ {
			for b := Sent; b < states; b++ {
				for u := Keep; u < undos; u++ {
					for v := Keep; v < undos; v++ {
						name := fmt.Sprint(a, letters[u], "->", b, letters[v])
						was, row := Row{Kind: kind, State: a, Undo: u, Amount: 10}, Row{Kind: kind, State: b, Undo: v, Amount: 10, Approved: 10}
						require.Equal(t, want[name], legal(&was, &row), "%v: %s", kind, name)
					}
				}
			}
		}
	}
	for approved, good := range map[int64]bool{-1: false, 0: false, 1: true, 10: true, 11: false} {
		require.Equal(t, good, legal(&Row{State: Sent}, &Row{State: Approved, Amount: 10, Approved: approved}), approved)
	}
	for _, change := range []func(r *Row){func(r *Row) { r.Refunded = 1 }, func(r *Row) { r.Captured = 1 }, func(r *Row) { r.Void = 9 }} {
		was := Row{Kind: Sale, State: Approved, Undo: Asked}
		require.True(t, legal(&was, &Row{Kind: Sale, State: Reversed, Undo: Asked}))
		change(&was)
		require.False(t, legal(&was, &Row{Kind: Sale, State: Reversed, Undo: Asked}), "what something else rests on is not reversed")
	}
}

// TestMayOwn is who may change what, and who may take a row over.
func TestMayOwn(t *testing.T) {
	type owner struct {
		node  int32
		epoch int64
	}
	row := Row{Kind: Sale, State: Sent, Amount: 100}
	for _, c := range []struct {
		name    string
		change  func(s *shelf)
		to      owner
		state   State
		by      owner
		allowed bool
	}{
		{"its owner decides", nil, owner{1, 5}, Declined, owner{1, 5}, true},
		{"its owner notes something", nil, owner{1, 5}, Sent, owner{1, 5}, true},
		{"another notes something, such as a reversal", nil, owner{1, 5}, Sent, owner{2, 7}, true},
		{"another decides", nil, owner{1, 5}, Declined, owner{2, 7}, false},
		{"another takes it over from one that lives", nil, owner{2, 7}, Sent, owner{2, 7}, false},
		{"its owner takes it anew", func(s *shelf) { s.epochs[1] = 6 }, owner{1, 6}, Sent, owner{1, 6}, true},
		{"it is given to a third", func(s *shelf) { s.dead[1] = true }, owner{3, 1}, Sent, owner{2, 7}, false},
		{"it is given to another epoch", func(s *shelf) { s.dead[1] = true }, owner{2, 6}, Sent, owner{2, 7}, false},
		{"another takes it over when the lease is over", func(s *shelf) { s.dead[1] = true }, owner{2, 7}, Sent, owner{2, 7}, true},
		{"another takes it over when the process is gone", func(s *shelf) { s.epochs[1] = 6 }, owner{2, 7}, Sent, owner{2, 7}, true},
		{"another takes it over and decides", func(s *shelf) { s.dead[1] = true }, owner{2, 7}, Declined, owner{2, 7}, true},
		{"a process that is gone", func(s *shelf) { s.epochs[1] = 6 }, owner{1, 5}, Sent, owner{1, 5}, false},
	} {
		s := newShelf(row)
		if c.change != nil {
			c.change(s)
		}
		to := s.rows[1]
		to.Owner, to.Epoch, to.State = c.to.node, c.to.epoch, c.state
		result, w := Apply(s, &Op{Kind: Change, Row: to, Node: c.by.node, Epoch: c.by.epoch}, 9)
		require.Equal(t, c.allowed, result.Kind == Done, "%s: %v", c.name, result.Kind)
		if !c.allowed {
			require.Empty(t, w, c.name)
		}
	}
	ended := newShelf(Row{Kind: Sale, State: Approved, Amount: 100, Approved: 100})
	to := ended.rows[1]
	to.Owner, to.Epoch, to.Undo = 2, 7, Asked
	result, _ := Apply(ended, &Op{Kind: Change, Row: to, Node: 2, Epoch: 7}, 9)
	require.Equal(t, Done, result.Kind, "what has ended is anybody's to begin with again")
}

// TestChangeIsOfNow: what is not here, or has changed since, is not changed.
func TestChangeIsOfNow(t *testing.T) {
	s := newShelf(Row{Kind: Sale, State: Sent, Amount: 100})
	for _, rev := range []int64{2, 4} {
		row := s.rows[1]
		row.Rev, row.State = rev, Declined
		result, w := Apply(s, &Op{Kind: Change, Row: row, Node: 1, Epoch: 5}, 9)
		require.Equal(t, Result{Kind: Stale, Row: s.rows[1]}, result)
		require.Empty(t, w)
	}
	row := s.rows[1]
	row.ID = 2
	result, _ := Apply(s, &Op{Kind: Change, Row: row, Node: 1, Epoch: 5}, 9)
	require.Equal(t, Result{Kind: Refused, Code: "96"}, result)
	result, _ = Apply(s, &Op{Kind: 9, Row: row, Node: 1, Epoch: 5}, 9)
	require.Equal(t, Result{Kind: Refused, Code: "96"}, result)
	result, _ = Apply(s, &Op{Kind: Change, Row: s.rows[1], Node: 1, Epoch: 4}, 9)
	require.Equal(t, Fenced, result.Kind)
}
