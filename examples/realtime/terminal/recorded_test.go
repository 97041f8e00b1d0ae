package terminal

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
)

// flaky is a disk that keeps records in memory and is full while full says so.
type flaky struct {
	records []Record
	full    func(records int) bool
	tries   int
}

var errFull = errors.New("no space")

func (f *flaky) Append(r *Record) error {
	f.tries++
	if f.full != nil && f.full(len(f.records)) {
		return errFull
	}
	f.records = append(f.records, *r)
	return nil
}

func (f *flaky) Close() error { return nil }

func newFlaky(t *testing.T) (*kit, *flaky) {
	k, f := newKit(t), &flaky{}
	k.config.Folder, k.config.Disk, k.config.Master = "", f, k.master
	return k, f
}

// TestResultIsRecordedFirst: a result is shown to nobody before it is on the disk, however long that takes.
func TestResultIsRecordedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, disk := newFlaky(t)
		pos := k.open()
		require.NoError(t, pos.SignIn(t.Context()))
		disk.full = func(records int) bool {
			if records == 1 {
				last := pos.Last(1)[0]
				require.Equal(t, []any{Uncertain, ""}, []any{last.Status, last.Reference})
				require.Equal(t, 1, pos.Pending())
			}
			return records == 1 && disk.tries < 5
		}
		began := time.Now()
		e, err := pos.Sale(t.Context(), swipe("D-1"))
		require.NoError(t, err)
		require.Equal(t, Approved, e.Status)
		require.Equal(t, 3*time.Second, time.Since(began), "three pauses of the first length")
		require.Len(t, disk.records, 2)
		require.Equal(t, []any{Uncertain, "D-1", "000001", Approved, "000000000001"}, []any{disk.records[0].Entry.Status, disk.records[0].Entry.Order,
			disk.records[0].Entry.STAN, disk.records[1].Entry.Status, disk.records[1].Entry.Reference})
		require.Equal(t, payment.Sale, disk.records[0].Kept.Open.Kind)
		require.Zero(t, disk.records[1].Kept.Open)
		require.Zero(t, pos.Pending())

		disk.full = func(records int) bool { return records == 3 }
		time.AfterFunc(time.Minute, func() { pos.Close() })
		_, err = pos.Sale(t.Context(), swipe("D-2"))
		require.ErrorIs(t, err, ErrClosed)
		require.Equal(t, Uncertain, pos.Last(1)[0].Status)
		require.Equal(t, 1, pos.Pending())
	})
}

// TestFullDisk: nothing is sold that cannot be recorded; with space the terminal sells on, under a number of its own.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, disk := newFlaky(t)
		pos := k.open()
		require.NoError(t, pos.SignIn(t.Context()))
		k.requests()
		disk.full = func(int) bool { return true }
		for range 2 {
			e, err := pos.Sale(t.Context(), swipe("D-1"))
			require.ErrorIs(t, err, ErrUnwritable)
			require.ErrorIs(t, err, errFull)
			require.Zero(t, e)
		}
		require.Equal(t, 2, disk.tries)
		require.Zero(t, pos.Pending())
		require.Empty(t, pos.Journal())
		require.Empty(t, k.requests())
		disk.full = nil
		e, err := pos.Sale(t.Context(), swipe("D-2"))
		require.NoError(t, err)
		require.Equal(t, Approved, e.Status)
		require.Equal(t, []string{"0200 " + e.STAN}, k.requests())
		require.Equal(t, []Entry{e}, pos.Journal())
	})
}

// TestSwitchedOffOnTheWay: whoever waits is told, and what has left stays recorded as open.
func TestSwitchedOffOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, disk := newFlaky(t)
		pos := k.open()
		k.next(nothing)
		time.AfterFunc(time.Second, func() { pos.Close() })
		began := time.Now()
		_, err := pos.Sale(t.Context(), swipe("D-1"))
		require.ErrorIs(t, err, ErrClosed)
		require.Equal(t, time.Second, time.Since(began))
		require.Equal(t, 1, pos.Pending())
		require.Len(t, disk.records, 1)
		require.NotZero(t, disk.records[0].Kept.Open)
		require.Equal(t, []string{"0800", "0200"}, types(k.requests()))
	})
}

// TestNewDay begins with a sign-in, and there is one a day.
func TestNewDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := newFlaky(t)
		pos := k.open()
		for range 2 {
			for range 2 {
				_, err := pos.Sale(t.Context(), swipe("D-1"))
				require.NoError(t, err)
			}
			require.Equal(t, []string{"0800", "0200", "0200"}, types(k.requests()))
			time.Sleep(24 * time.Hour)
		}
	})
}

// TestUndoneAfterRestart shows in the journal in the place of the sale, with all that the sale had.
func TestUndoneAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		first, err := pos.Sale(t.Context(), swipe("D-1"))
		require.NoError(t, err)
		k.next(nothing, nothing)
		e, err := pos.Sale(t.Context(), swipe("D-2"))
		require.Error(t, err)
		require.Equal(t, Uncertain, e.Status)
		require.NoError(t, pos.Close())
		pos = k.open()
		require.NoError(t, pos.Flush(t.Context()))
		journal := pos.Journal()
		require.Len(t, journal, 2)
		require.Equal(t, first.STAN, journal[0].STAN)
		require.Equal(t, Approved, journal[0].Status)
		e.Status, e.Code = Undone, "00"
		undone := journal[1]
		require.True(t, undone.Pressed.Equal(e.Pressed))
		undone.Pressed, undone.Took = e.Pressed, e.Took
		undone.Reference, undone.Authorisation = e.Reference, e.Authorisation
		require.Equal(t, e, undone)
	})
}

// TestJournal replaces an entry of the same batch and STAN, and counts a refund or void once.
func TestJournal(t *testing.T) {
	var j Journal
	_, ok := j.Find("000001", "000001")
	require.False(t, ok)
	require.Empty(t, j.Entries())
	sale := Entry{Kind: payment.Sale, Batch: "000001", STAN: "000001", Status: Approved, Amount: 100}
	j.Put(sale)
	j.Put(Entry{Kind: payment.Sale, Batch: "000002", STAN: "000001", Status: Approved})
	refund := Entry{Kind: payment.Refund, Batch: "000002", STAN: "000002", Status: Uncertain, Amount: 30, OriginalBatch: "000001", Original: "000001"}
	refunded := func(want int64) {
		t.Helper()
		found, ok := j.Find("000001", "000001")
		require.True(t, ok)
		require.Equal(t, want, found.Refunded)
	}
	j.Put(refund)
	refunded(0)
	refund.Status = Approved
	j.Put(refund)
	j.Put(refund)
	refunded(30)
	refund.STAN = "000003"
	j.Put(refund)
	refunded(60)
	j.Put(Entry{Kind: payment.Void, Batch: "000002", STAN: "000004", Status: Declined, Original: "000001"})
	other, _ := j.Find("000002", "000001")
	require.Equal(t, []any{Approved, int64(0)}, []any{other.Status, other.Refunded})
	j.Put(Entry{Kind: payment.Void, Batch: "000002", STAN: "000005", Status: Approved, Original: "000001"})
	other, _ = j.Find("000002", "000001")
	require.Equal(t, Voided, other.Status, "of the void's own batch, where it names none")
	found, _ := j.Find("000001", "000001")
	require.Equal(t, Approved, found.Status)

	stans := func(list []Entry) (stans []string) {
		for _, e := range list {
			stans = append(stans, e.Batch[5:]+e.STAN[5:])
		}
		return stans
	}
	require.Equal(t, []string{"11", "21", "22", "23", "24", "25"}, stans(j.Entries()))
	require.Equal(t, []string{"24", "25"}, stans(j.Last(2)))
	require.Len(t, j.Last(6), 6)
	require.Len(t, j.Last(99), 6)
	require.Empty(t, j.Last(0))
}

// TestRenewedKeys are asked for once the acquirer has said so, also by what nobody has signed, and once for each time.
func TestRenewedKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := newFlaky(t)
		pos := k.open()
		for _, asks := range []string{"77", "97", "99", "A0"} {
			k.next(func(_, response *message.Message) *message.Message {
				response.SetBytes(64, []byte("badc"))
				return code(asks)(nil, response)
			})
			e, err := pos.Sale(t.Context(), swipe("D-1"))
			require.ErrorIs(t, err, ErrAnswer)
			require.Equal(t, Uncertain, e.Status)
			require.NoError(t, pos.Flush(t.Context()))
			got := types(k.requests())
			require.Equal(t, []string{"0200", "0800", "0400"}, got[len(got)-3:], asks)
		}
	})
}
