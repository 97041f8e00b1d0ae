package simulation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/payment"
)

func TestDays(t *testing.T) {
	row := func(batch string, day int32, at time.Time) payment.Row {
		return payment.Row{Kind: payment.Sale, Origin: payment.Origin{Terminal: "1", Batch: batch}, Day: day, At: at.UnixMilli()}
	}
	midnight := time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC)
	require.Empty(t, days([]payment.Row{row("1", 20261130, midnight.Add(-1)), row("2", 20261201, midnight)}))
	require.Len(t, days([]payment.Row{row("1", 20261201, midnight.Add(-1))}), 1)
	require.Len(t, days([]payment.Row{row("1", 20261130, midnight)}), 1)
	require.Len(t, days([]payment.Row{row("1", 20261130, midnight.Add(-1)), row("1", 20261201, midnight)}), 1)
	refund := row("1", 20261201, midnight)
	refund.Kind = payment.Refund
	require.Empty(t, days([]payment.Row{row("1", 20261130, midnight.Add(-1)), refund, row("1", 20261130, midnight.Add(-1))}))
}
