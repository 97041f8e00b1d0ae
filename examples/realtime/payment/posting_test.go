package payment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEntries are both sides of each posting.
func TestEntries(t *testing.T) {
	row := Row{ID: 1, Merchant: "m", Channel: "bank"}
	for _, c := range []struct {
		posting Posting
		want    []Entry
		key     string
	}{
		{Posting{Row: row, Kind: Paid, Amount: 55_88, Fee: 34}, []Entry{{"receivable:bank", 55_88}, {"payable:m", -55_54}, {"fees", -34}}, "000000000001-paid"},
		{Posting{Row: row, Kind: TakenBack, Amount: 55_88, Fee: 34}, []Entry{{"receivable:bank", -55_88}, {"payable:m", 55_54}, {"fees", 34}}, "000000000001-reversed"},
		{Posting{Row: row, Kind: Refunded, Amount: 10_00}, []Entry{{"receivable:bank", -10_00}, {"payable:m", 10_00}}, "000000000001-refunded"},
	} {
		require.Equal(t, c.want, c.posting.Entries())
		require.Equal(t, c.key, c.posting.Key())
	}
	for amount, fee := range map[int64]int64{0: 0, 83: 0, 84: 1, 250: 2, 5588: 34, 5583: 33, 5584: 34} {
		require.Equal(t, fee, (&Row{FeePPM: 6000}).Fee(amount), amount)
	}
}

// TestEnded: a row that has not ended is due at some time.
func TestEnded(t *testing.T) {
	ends := map[State]bool{Sent: false, Unknown: false, Approved: true, Declined: true, Reversed: true}
	for state, ended := range ends {
		row := Row{State: state, Rev: 4}
		require.Equal(t, ended, row.Ended(), state)
		require.Equal(t, map[bool]int64{true: 0, false: 1}[ended], row.committed().Due, state)
		row.Due = 50
		require.Equal(t, map[bool]int64{true: 0, false: 50}[ended], row.committed().Due, state)
		require.EqualValues(t, 5, row.committed().Rev)
	}
	require.False(t, (&Row{State: Approved, Undo: GivenUp}).Ended())
	for kind := Sale; kind < kinds; kind++ {
		for state := Sent; state < states; state++ {
			require.Equal(t, state == Approved && (kind == Sale || kind == Completion), (&Row{Kind: kind, State: state}).Posted())
		}
	}
}
