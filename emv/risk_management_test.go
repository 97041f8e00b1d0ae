package emv

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRandomSelection(t *testing.T) {
	s := RandomSelection{Threshold: 10000, TargetPercent: 20, MaximumTargetPercent: 60}
	for _, c := range []struct {
		amount, floor uint64
		percent       int // how many draws of 1 to 99 select
	}{
		{0, 50000, 20}, {9999, 50000, 20}, // below the threshold
		{10000, 50000, 20}, {20000, 50000, 30}, {30000, 50000, 40}, {49999, 50000, 59}, // biased
		{50000, 50000, 20}, {10000, 10000, 20}, {20000, 5000, 20}, // not below the floor limit, or no room for a bias
		{11999, 50000, 21}, {12000, 50000, 22},
	} {
		selected := 0
		for draw := 1; draw <= 99; draw++ {
			if s.Selects(c.amount, c.floor, draw) {
				selected++
				require.LessOrEqual(t, draw, c.percent, "the low draws select")
			}
		}
		require.Equal(t, c.percent, selected, "amount %d of %d", c.amount, c.floor)
	}
	require.True(t, RandomSelection{Threshold: 100, MaximumTargetPercent: 90}.Selects(101, 110, 9), "the first amount above the threshold is biased")
	require.False(t, RandomSelection{Threshold: 100, MaximumTargetPercent: 90}.Selects(101, 110, 10))
	require.False(t, RandomSelection{Threshold: 100, MaximumTargetPercent: 90}.Selects(100, 110, 1), "at the threshold the bias is nothing yet")
	require.True(t, RandomSelection{Threshold: 100, MaximumTargetPercent: 90}.Selects(107, 110, 63), "7/10 of 90, not a bit less")
	require.False(t, RandomSelection{Threshold: 100, MaximumTargetPercent: 90}.Selects(107, 110, 64))
	require.False(t, s.Selects(0, 50000, 0), "no draw")
	require.False(t, s.Selects(0, 50000, -1))
	require.False(t, RandomSelection{}.Selects(0, 50000, 1))
	require.False(t, RandomSelection{Threshold: 10, MaximumTargetPercent: 0, TargetPercent: 5}.Selects(20, 50, 6), "a maximum below the target")
	require.True(t, RandomSelection{Threshold: 0, TargetPercent: 0, MaximumTargetPercent: 99}.Selects(math.MaxUint64-1, math.MaxUint64, 98))
}

func TestTerminalRiskManagement(t *testing.T) {
	const card = "5A0862284800123456785F340101"
	always := RandomSelection{TargetPercent: 99}
	listed := func(pan, sequence string) bool { return pan == "6228480012345678" && sequence == "01" }
	for name, c := range map[string]struct {
		card string
		in   RiskInput
		want []TVRBit
	}{
		"below the floor limit":       {card, RiskInput{Amount: 999, FloorLimit: 1000}, nil},
		"at the floor limit":          {card, RiskInput{Amount: 1000, FloorLimit: 1000}, []TVRBit{TVRFloorLimit}},
		"split sale":                  {card, RiskInput{Amount: 400, Logged: 600, FloorLimit: 1000}, []TVRBit{TVRFloorLimit}},
		"split sale below":            {card, RiskInput{Amount: 400, Logged: 599, FloorLimit: 1000}, nil},
		"sum of amounts wraps":        {card, RiskInput{Amount: math.MaxUint64, Logged: 2, FloorLimit: 1000}, []TVRBit{TVRFloorLimit}},
		"floor limit zero":            {card, RiskInput{}, []TVRBit{TVRFloorLimit}},
		"selected":                    {card, RiskInput{Amount: 1, FloorLimit: 10, Random: always, Draw: 99}, []TVRBit{TVRRandomOnline}},
		"not selected":                {card, RiskInput{Amount: 1, FloorLimit: 10, Random: always, Draw: 100}, nil},
		"over the limit, no draw":     {card, RiskInput{Amount: 10, FloorLimit: 10, Random: always, Draw: 1}, []TVRBit{TVRFloorLimit}},
		"offline only, no draw":       {card, RiskInput{Amount: 1, FloorLimit: 10, Random: always, Draw: 1, Capability: OfflineOnly}, nil},
		"online only, no draw":        {card, RiskInput{Amount: 1, FloorLimit: 10, Random: always, Draw: 1, Capability: OnlineOnly}, nil},
		"forced":                      {card, RiskInput{FloorLimit: 10, ForcedOnline: true}, []TVRBit{TVRMerchantForcedOnline}},
		"on the exception file":       {card, RiskInput{FloorLimit: 10, Exception: listed}, []TVRBit{TVROnExceptionFile}},
		"another sequence number":     {"5A0862284800123456785F340102", RiskInput{FloorLimit: 10, Exception: listed}, nil},
		"no card number to look up":   {"5F340101", RiskInput{FloorLimit: 10, Exception: func(string, string) bool { return true }}, []TVRBit{TVRCardDataMissing}},
		"card numbers that differ":    {"5A0862284800123456785706628480D3012F", RiskInput{FloorLimit: 10, Exception: listed}, []TVRBit{TVRCardDataMissing}},
		"velocity, at both limits":    {"9F140103" + "9F230105" + "9F36020013" + "9F13020010", RiskInput{FloorLimit: 1}, nil},
		"velocity, over the lower":    {"9F140103" + "9F230105" + "9F36020014" + "9F13020010", RiskInput{FloorLimit: 1}, []TVRBit{TVRLowerOfflineLimit}},
		"velocity, at the upper":      {"9F140103" + "9F230105" + "9F36020015" + "9F13020010", RiskInput{FloorLimit: 1}, []TVRBit{TVRLowerOfflineLimit}},
		"velocity, over both":         {"9F140103" + "9F230105" + "9F36020016" + "9F13020010", RiskInput{FloorLimit: 1}, []TVRBit{TVRLowerOfflineLimit, TVRUpperOfflineLimit}},
		"velocity, no lower limit":    {"9F230105" + "9F36020016" + "9F13020000", RiskInput{FloorLimit: 1}, nil},
		"velocity, no upper limit":    {"9F140103" + "9F36020016" + "9F13020000", RiskInput{FloorLimit: 1}, nil},
		"velocity, new card":          {"9F140103" + "9F230105" + "9F36020001" + "9F13020000", RiskInput{FloorLimit: 1}, []TVRBit{TVRNewCard}},
		"velocity, no last online":    {"9F140103" + "9F230105" + "9F36020001", RiskInput{FloorLimit: 1}, []TVRBit{TVRLowerOfflineLimit, TVRUpperOfflineLimit}},
		"velocity, no counter":        {"9F140103" + "9F230105" + "9F13020001", RiskInput{FloorLimit: 1}, []TVRBit{TVRLowerOfflineLimit, TVRUpperOfflineLimit}},
		"velocity, counter stands":    {"9F140103" + "9F230105" + "9F36020010" + "9F13020010", RiskInput{FloorLimit: 1}, []TVRBit{TVRLowerOfflineLimit, TVRUpperOfflineLimit}},
		"velocity, counter cut":       {"9F140103" + "9F230105" + "9F360110" + "9F13020001", RiskInput{FloorLimit: 1}, []TVRBit{TVRLowerOfflineLimit, TVRUpperOfflineLimit}},
		"velocity, limit of 2 octets": {"9F14020003" + "9F230105" + "9F36020002" + "9F13020001", RiskInput{FloorLimit: 1}, []TVRBit{TVRLowerOfflineLimit, TVRUpperOfflineLimit}},
		"velocity, limit of 0 octets": {"9F140103" + "9F2300" + "9F36020002" + "9F13020001", RiskInput{FloorLimit: 1}, []TVRBit{TVRLowerOfflineLimit, TVRUpperOfflineLimit}},
	} {
		t.Run(name, func(t *testing.T) {
			var want TVR
			for _, b := range c.want {
				want.Set(b)
			}
			require.Equal(t, want, TerminalRiskManagement(unhex(t, c.card), c.in))
		})
	}
	record := unhex(t, "7008"+"9F140103"+"9F230105"+"9F36020016"+"9F13020010") // and what GET DATA gave, beside it
	require.Equal(t, TVR{3: 0x60}, TerminalRiskManagement(record, RiskInput{FloorLimit: 1}))
}

func TestTVROr(t *testing.T) {
	require.Equal(t, TVR{0x81, 2, 4, 8, 0xF0}, TVR{0x80, 2, 0, 8, 0x50}.Or(TVR{1, 0, 4, 8, 0xA0}))
}
