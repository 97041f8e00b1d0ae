package payment_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/payment"
)

// fullRow has something in every field.
func fullRow(t testing.TB) payment.Row {
	var r payment.Row
	var fill func(v reflect.Value, n int) int
	fill = func(v reflect.Value, n int) int {
		for i := range v.NumField() {
			n++
			switch f := v.Field(i); f.Kind() {
			case reflect.Struct:
				n = fill(f, n)
			case reflect.String:
				f.SetString(string(rune('a' + n%26)))
			case reflect.Uint8:
				f.SetUint(uint64(n))
			default:
				f.SetInt(int64(n) << 20)
			}
		}
		return n
	}
	fill(reflect.ValueOf(&r).Elem(), 0)
	return r
}

func TestEncoding(t *testing.T) {
	full := fullRow(t)
	data, err := full.AppendBinary(nil)
	require.NoError(t, err)
	var back payment.Row
	require.NoError(t, back.UnmarshalBinary(data))
	require.Equal(t, full, back)
	for size := range data {
		require.ErrorIs(t, back.UnmarshalBinary(data[:size]), payment.ErrEncoding)
	}
	require.ErrorIs(t, back.UnmarshalBinary(append(data, 0)), payment.ErrEncoding)
	require.Equal(t, full, back, "what is refused changes nothing")

	v := reflect.ValueOf(&full).Elem()
	for i := range v.NumField() {
		other := full
		f := reflect.ValueOf(&other).Elem().Field(i)
		f.SetZero()
		changed, err := other.AppendBinary(nil)
		require.NoError(t, err)
		require.NotEqual(t, data, changed, v.Type().Field(i).Name)
	}
	flight := payment.Flight{Row: full, Reply: true}
	one, err := flight.AppendBinary(nil)
	require.NoError(t, err)
	flight.Reply = false
	two, err := flight.AppendBinary(nil)
	require.NoError(t, err)
	require.NotEqual(t, one, two)
}

func FuzzRow(f *testing.F) {
	row := fullRow(f)
	data, _ := row.AppendBinary(nil)
	f.Add(data)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var r payment.Row
		if r.UnmarshalBinary(data) != nil {
			return
		}
		again, err := r.AppendBinary(nil)
		require.NoError(t, err)
		require.Equal(t, data, again, "one encoding for one row")
	})
}

func TestReference(t *testing.T) {
	now := int64(1_800_000_000_000)
	last, seen := int64(0), make(map[string]bool)
	for i := range 100_000 {
		step := int64(i % 3)
		if i%1000 == 999 {
			step = -500 // the clock is set back
		}
		now += step
		id := payment.NextID(last, now, 7)
		require.Greater(t, id, last)
		text := payment.Reference(id)
		require.Len(t, text, 12)
		require.False(t, seen[text])
		seen[text], last = true, id
	}
	require.Less(t, last, int64(1)<<60)
	require.NotEqual(t, payment.NextID(0, now, 1), payment.NextID(0, now, 2), "no two nodes share any")
	require.Equal(t, "000000000000", payment.Reference(0))
	require.Equal(t, "00000000000Z", payment.Reference(31))
	full := payment.NextID(0, now, 7) | 4095
	next := payment.NextID(full, now, 7)
	require.Equal(t, full>>20+1, next>>20, "a full millisecond goes on in the next")
	require.Equal(t, int64(7), next>>12&255)
	require.Zero(t, next&4095)
}

func TestClasses(t *testing.T) {
	data, err := os.ReadFile("testdata/response-codes.json")
	require.NoError(t, err)
	var table struct {
		Approved        []string
		ApprovedPartial []string `json:"approved_partial"`
		UnknownOutcome  []string `json:"unknown_outcome"`
		Codes           []struct{ Code, ZH, EN string }
	}
	require.NoError(t, json.Unmarshal(data, &table))
	want := make(map[string]payment.Class)
	for _, c := range table.Codes {
		want[c.Code] = payment.ClassDeclined
		require.Equal(t, payment.Text{Chinese: c.ZH, English: c.EN}, payment.TextOf(c.Code))
	}
	for class, list := range map[payment.Class][]string{payment.ClassApproved: table.Approved,
		payment.ClassPartial: table.ApprovedPartial, payment.ClassUnknown: table.UnknownOutcome} {
		require.NotEmpty(t, list)
		for _, code := range list {
			want[code] = class
		}
	}
	for code, class := range want {
		require.Equal(t, class, payment.ClassOf(code), code)
	}
	for _, code := range []string{"", "0", "ZZ", "100", "E7"} {
		require.Equal(t, payment.ClassUnknown, payment.ClassOf(code), "a code that the table lacks")
		require.Equal(t, "交易失败", payment.TextOf(code).Chinese)
	}
}

// TestGenerated holds that the table is the generator's.
func TestGenerated(t *testing.T) {
	before, err := os.ReadFile("codes_generated.go")
	require.NoError(t, err)
	out, err := exec.Command("go", "run", "generate.go").CombinedOutput()
	require.NoError(t, err, "%s", out)
	after, err := os.ReadFile("codes_generated.go")
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

// TestNumbers are in databases and on receipts, and never change.
func TestNumbers(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	require.EqualValues(t, 5<<20|3<<12, payment.NextID(0, begin+5, 3))
	require.Equal(t, []payment.Verb{1, 2, 3}, []payment.Verb{payment.Do, payment.Query, payment.Take})
	require.Equal(t, []payment.State{1, 2, 3, 4, 5}, []payment.State{payment.Sent, payment.Unknown, payment.Approved, payment.Declined, payment.Reversed})
	require.Equal(t, []payment.Kind{1, 2, 3, 4, 5}, []payment.Kind{payment.Sale, payment.Auth, payment.Completion, payment.Void, payment.Refund})
	require.Equal(t, []payment.PostingKind{1, 2, 3}, []payment.PostingKind{payment.Paid, payment.TakenBack, payment.Refunded})
	require.Equal(t, []payment.Undo{0, 1, 2}, []payment.Undo{payment.Keep, payment.Asked, payment.GivenUp})
}

func TestNames(t *testing.T) {
	names := []string{}
	for i := range uint8(20) {
		names = append(names, payment.Kind(i).String(), payment.State(i).String(), payment.Undo(i).String(), payment.Phase(i).String(),
			payment.OpKind(i).String(), payment.ResultKind(i).String(), payment.PostingKind(i).String(), payment.EventKind(i).String(),
			payment.Outcome(i).String())
	}
	require.Contains(t, names, "pre-authorisation")
	require.Contains(t, names, "REVERSED")
	require.Equal(t, "reversed", payment.TakenBack.String(), "as notices name it")
	require.False(t, payment.Kind(0).Known() || payment.Kind(6).Known() || payment.State(0).Known() || payment.State(6).Known())
	require.True(t, payment.Refund.Known() && payment.Reversed.Known())
}
