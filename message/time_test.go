package message

import (
	"testing"
	"time"

	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

// timeCodec has a field for each notation.
func timeCodec(t testing.TB) *Codec {
	s, err := spec.New(spec.Config{Name: "times", Fields: []spec.Field{
		{Number: 2, Format: "n 10", Time: "MMDDhhmmss"},
		{Number: 3, Format: "n 4", Time: "MMDD"},
		{Number: 4, Format: "n 6", Time: "hhmmss"},
		{Number: 5, Format: "n 4", Time: "YYMM"},
		{Number: 6, Format: "n 6", Time: "YYMMDD"},
		{Number: 7, Format: "n 12", Time: "YYMMDDhhmmss"},
		{Number: 8, Format: "n 8", Time: "CCYYMMDD"},
		{Number: 9, Format: "b 24", Time: "YYMMDD"},
		{Number: 10, Format: "n 4"},
		{Number: 11, Format: "n 4", Time: "hhmm"},
	}})
	require.NoError(t, err)
	return MustCompile(s)
}

func TestTimeIsTheOneNearestToTheReference(t *testing.T) {
	m := timeCodec(t).New()
	shanghai := time.FixedZone("CST", 8*3600)
	for _, c := range []struct {
		number         int
		text, ref, out string
	}{
		{2, "1231235959", "2026-01-01T00:00:05Z", "2025-12-31T23:59:59Z"},
		{2, "0101000005", "2025-12-31T23:59:59Z", "2026-01-01T00:00:05Z"},
		{2, "0630120000", "2026-11-23T06:30:00Z", "2026-06-30T12:00:00Z"},
		{2, "0501120000", "2026-11-23T06:30:00Z", "2027-05-01T12:00:00Z"},
		{2, "0101000000", "2027-07-02T12:00:00Z", "2027-01-01T00:00:00Z"}, // 182.5 days to both sides: the earlier
		{3, "0229", "2027-03-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{3, "0229", "2026-02-01T00:00:00Z", "2024-02-29T00:00:00Z"},
		{3, "0229", "2100-02-01T00:00:00Z", "2096-02-29T00:00:00Z"},
		{4, "235959", "2026-01-01T00:00:05Z", "2025-12-31T23:59:59Z"},
		{4, "000005", "2025-12-31T23:59:59Z", "2026-01-01T00:00:05Z"},
		{4, "120000", "2025-12-31T23:00:00Z", "2025-12-31T12:00:00Z"},
		{5, "2812", "2026-11-23T00:00:00Z", "2028-12-01T00:00:00Z"},
		{5, "9912", "2026-11-23T00:00:00Z", "1999-12-01T00:00:00Z"},
		{5, "0101", "2098-01-01T00:00:00Z", "2101-01-01T00:00:00Z"},
		{6, "260228", "2026-11-23T00:00:00Z", "2026-02-28T00:00:00Z"},
		{7, "260228235901", "2026-11-23T00:00:00Z", "2026-02-28T23:59:01Z"},
		{8, "19700101", "2026-11-23T00:00:00Z", "1970-01-01T00:00:00Z"},
		{9, "260228", "2026-11-23T00:00:00Z", "2026-02-28T00:00:00Z"},
		{11, "2359", "2026-11-23T00:01:00Z", "2026-11-22T23:59:00Z"},
	} {
		ref, err := time.Parse(time.RFC3339, c.ref)
		require.NoError(t, err)
		require.NoError(t, m.Set(c.number, c.text))
		got, err := m.Field(c.number).Time(ref)
		require.NoError(t, err, c)
		require.Equal(t, c.out, got.Format(time.RFC3339), c)
		require.Equal(t, ref.Location(), got.Location())

		require.NoError(t, m.Set(c.number, map[int]string{9: "000101", 3: "0101", 5: "0001", 11: "0000"}[c.number]+map[int]string{
			2: "0101000000", 4: "000000", 6: "000101", 7: "000101000000", 8: "20000101"}[c.number]))
		require.NoError(t, m.SetTime(c.number, got))
		require.Equal(t, c.text, m.Field(c.number).Text(), "SetTime writes what Time reads")
	}
	require.NoError(t, m.Set(2, "0101000000"))
	got, err := m.Field(2).Time(time.Date(2026, 1, 1, 7, 0, 0, 0, shanghai))
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 1, 1, 0, 0, 0, 0, shanghai), got)
}

func TestTimeRefuses(t *testing.T) {
	m := timeCodec(t).New()
	ref := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for number, texts := range map[int][]string{
		2: {"0000000000", "1301000000", "0230000000", "0101240000", "0101006000", "0101000060"},
		3: {"0100", "0431"},
		4: {"240000"},
		5: {"2600", "2613"},
		6: {"260229"},
		8: {"21000229"},
		9: {"AB0101"},
	} {
		for _, text := range texts {
			require.NoError(t, m.Set(number, text))
			_, err := m.Field(number).Time(ref)
			require.ErrorIs(t, err, ErrValue, "%d %s", number, text)
		}
	}
	require.NoError(t, m.Set(10, "0101"))
	_, err := m.Field(10).Time(ref)
	require.ErrorIs(t, err, ErrType)
	_, err = m.Field(11).Time(ref)
	require.ErrorIs(t, err, ErrMissing)
	_, err = Value{}.Time(ref)
	require.ErrorIs(t, err, ErrMissing)

	require.ErrorIs(t, timeCodec(t).New().SetTime(10, ref), ErrType)
	require.ErrorIs(t, timeCodec(t).New().SetTime(60, ref), ErrUnknown)
	require.ErrorIs(t, timeCodec(t).New().SetTime(2, time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)), ErrValue)
}

func TestTimeDoesNotAllocate(t *testing.T) {
	m := timeCodec(t).New()
	ref := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		m.Reset()
		if m.SetTime(2, ref) != nil {
			t.Fatal("set")
		}
		if got, err := m.Field(2).Time(ref); err != nil || !got.Equal(ref) {
			t.Fatal(got)
		}
	}))
}
