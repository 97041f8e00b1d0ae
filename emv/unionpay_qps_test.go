package emv

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const qpsField = "FF805D0010FF803A003010FF803C003060FF80540011FF80550010FF80560011FF80570011FF8058012000000100000FF8059012000000030000FF805A0011"

func TestUnionPayQPS(t *testing.T) {
	q, err := ParseUnionPayQPS(qpsField + "FF80EE0021A")
	require.NoError(t, err)
	require.Equal(t, UnionPayQPS{
		RetapSeconds: 10, RecordSeconds: 60, NoPIN: true, NoPINLimit: 100000, DebitTableB: true, DeviceCVM: true,
		NoSignature: true, NoSignatureLimit: 30000, Others: "FF80EE0021A",
	}, q)
	out, err := q.Append([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, "x"+qpsField+"FF80EE0021A", string(out))

	q, err = ParseUnionPayQPS("FF805D0011FF80550011")
	require.NoError(t, err)
	require.Equal(t, UnionPayQPS{PreferEC: true, OnlyTableA: true}, q)
	const again = "FF8058012000000999999" + "FF805A0010" + "FF80580012" // the first counts, as in the other downloads
	q, err = ParseUnionPayQPS("FF8058012000000100000" + "FF805A0011" + again)
	require.NoError(t, err)
	require.Equal(t, UnionPayQPS{NoPINLimit: 100000, NoSignature: true, Others: again}, q)
	out, err = q.Append(nil)
	require.NoError(t, err)
	back, err := ParseUnionPayQPS(string(out))
	require.NoError(t, err)
	require.Equal(t, q, back)
	q, err = ParseUnionPayQPS("")
	require.NoError(t, err)
	require.Zero(t, q)

	for field, want := range map[string]error{
		"FF80540":                ErrTruncated,
		"FF8054001":              ErrTruncated,
		"FF8054-011":             ErrDigits,
		"FF80540X11":             ErrDigits,
		"FF80540012":             ErrDigits,
		"FF8054002" + "01":       ErrLength,
		"FF805400" + "1A":        ErrDigits,
		"FF803A0041000":          ErrLength,
		"FF803C00312A":           ErrDigits,
		"FF80580130000001000000": ErrLength,
		"FF805900A":              ErrDigits,
		"FF80590000":             ErrTruncated,
		qpsField + "FF80":        ErrTruncated,
	} {
		_, err := ParseUnionPayQPS(field)
		require.ErrorIs(t, err, want, field)
	}
	for tag, q := range map[Tag]UnionPayQPS{
		0xFF803A: {RetapSeconds: 1000}, 0xFF803C: {RecordSeconds: -1}, 0xFF8058: {NoPINLimit: 1e12}, 0xFF8059: {NoSignatureLimit: 1e12},
	} {
		out, err := q.Append([]byte("x"))
		var fault *ValueError
		require.ErrorAs(t, err, &fault)
		require.Equal(t, tag, fault.Tag)
		require.Equal(t, "x", string(out))
	}
}

// TestUnionPayQPSWithoutValues: an entry without a value says nothing; the others of the download count, one with the same
// tag too.
func TestUnionPayQPSWithoutValues(t *testing.T) {
	const empty = "FF805A000" + "FF80EE000" + "FF8059000"
	q, err := ParseUnionPayQPS("FF80540011" + empty + "FF8058012000000100000" + "FF805A0011" + "FF80540010")
	require.NoError(t, err)
	require.Equal(t, UnionPayQPS{NoPIN: true, NoPINLimit: 100000, NoSignature: true, Others: empty + "FF80540010"}, q)
	out, err := q.Append(nil)
	require.NoError(t, err)
	back, err := ParseUnionPayQPS(string(out))
	require.NoError(t, err)
	require.Equal(t, q, back)
	q, err = ParseUnionPayQPS("FF8054000")
	require.NoError(t, err)
	require.Equal(t, UnionPayQPS{Others: "FF8054000"}, q)
}

func TestUnionPayQPSDecide(t *testing.T) {
	type tap = UnionPayQPSInput
	type free = UnionPayQPSDecision
	q := UnionPayQPS{NoPIN: true, NoPINLimit: 100000, NoSignature: true, NoSignatureLimit: 30000, DeviceCVM: true}
	phone := CTQ{0, 0x80}
	for name, c := range map[string]struct {
		edit func(*UnionPayQPS)
		in   tap
		want free
	}{
		"small":                       {nil, tap{Tapped: true, Amount: 30000}, free{true, true}},
		"over the signature limit":    {nil, tap{Tapped: true, Amount: 30001}, free{true, false}},
		"at the PIN limit":            {nil, tap{Tapped: true, Amount: 100000}, free{true, false}},
		"over the PIN limit":          {nil, tap{Tapped: true, Amount: 100001}, free{}},
		"not a tap":                   {nil, tap{Amount: 1, CTQ: phone}, free{}},
		"no PIN off":                  {func(q *UnionPayQPS) { q.NoPIN = false }, tap{Tapped: true, Amount: 1}, free{false, true}},
		"no signature off":            {func(q *UnionPayQPS) { q.NoSignature = false }, tap{Tapped: true, Amount: 1}, free{true, false}},
		"shut out":                    {nil, tap{Tapped: true, Amount: 1, InTableC: true}, free{}},
		"phone, over the limit":       {nil, tap{Tapped: true, Amount: 100001, CTQ: phone}, free{true, false}},
		"phone, shut out":             {nil, tap{Tapped: true, Amount: 1, CTQ: phone, InTableC: true}, free{true, false}},
		"phone does not count":        {func(q *UnionPayQPS) { q.DeviceCVM = false }, tap{Tapped: true, Amount: 100001, CTQ: phone}, free{}},
		"phone asks for a PIN":        {nil, tap{Tapped: true, Amount: 100001, CTQ: CTQ{0x80, 0x80}}, free{}},
		"first stage, in table A":     {func(q *UnionPayQPS) { q.OnlyTableA = true }, tap{Tapped: true, Amount: 1, InTableA: true}, free{true, true}},
		"first stage, not in table A": {func(q *UnionPayQPS) { q.OnlyTableA = true }, tap{Tapped: true, Amount: 1, InTableB: true}, free{}},
		"first stage, shut out":       {func(q *UnionPayQPS) { q.OnlyTableA = true }, tap{Tapped: true, InTableA: true, InTableC: true}, free{}},
		"first stage before second": {func(q *UnionPayQPS) { q.OnlyTableA, q.DebitTableB = true, true },
			tap{Tapped: true, Amount: 1, InTableA: true, DomesticDebit: true}, free{true, true}},
		"second stage, credit":       {func(q *UnionPayQPS) { q.DebitTableB = true }, tap{Tapped: true, Amount: 1}, free{true, true}},
		"second stage, debit":        {func(q *UnionPayQPS) { q.DebitTableB = true }, tap{Tapped: true, Amount: 1, DomesticDebit: true}, free{}},
		"second stage, debit listed": {func(q *UnionPayQPS) { q.DebitTableB = true }, tap{Tapped: true, Amount: 1, DomesticDebit: true, InTableB: true}, free{true, true}},
		"second stage, debit shut out": {func(q *UnionPayQPS) { q.DebitTableB = true },
			tap{Tapped: true, Amount: 1, DomesticDebit: true, InTableB: true, InTableC: true}, free{}},
		"third stage, debit": {nil, tap{Tapped: true, Amount: 1, DomesticDebit: true}, free{true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			q := q
			if c.edit != nil {
				c.edit(&q)
			}
			require.Equal(t, c.want, q.Decide(c.in))
		})
	}
}
