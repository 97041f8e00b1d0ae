package emv

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPreProcess(t *testing.T) {
	reader := TTQ{0x36, 0xC0, 0x40, 0x80} // the bits of a transaction, set here, never come from the configuration
	static := TTQ{0x36, 0x00, 0x40, 0x80}
	with := func(second byte) TTQ { return TTQ{0x36, second, 0x40, 0x80} }
	limits := ContactlessLimits{TTQ: reader, TransactionLimit: LimitOf(100000), FloorLimit: LimitOf(5000), CVMLimit: LimitOf(30000)}
	change := func(f func(*ContactlessLimits)) ContactlessLimits {
		l := limits
		f(&l)
		return l
	}
	for name, c := range map[string]struct {
		limits ContactlessLimits
		amount uint64
		want   PreProcessing
	}{
		"nothing configured": {ContactlessLimits{TTQ: reader}, 99999999, PreProcessing{Allowed: true, TTQ: static}},
		"small":              {limits, 4999, PreProcessing{Allowed: true, TTQ: static}},
		"at the floor":       {limits, 5000, PreProcessing{Allowed: true, TTQ: static}},
		"over the floor":     {limits, 5001, PreProcessing{Allowed: true, TTQ: with(0x80), FloorLimitExceeded: true}},
		"below the CVM":      {limits, 29999, PreProcessing{Allowed: true, TTQ: with(0x80), FloorLimitExceeded: true}},
		"at the CVM":         {limits, 30000, PreProcessing{Allowed: true, TTQ: with(0xC0), FloorLimitExceeded: true, CVMLimitExceeded: true}},
		"below the limit":    {limits, 99999, PreProcessing{Allowed: true, TTQ: with(0xC0), FloorLimitExceeded: true, CVMLimitExceeded: true}},
		"at the limit":       {limits, 100000, PreProcessing{TTQ: with(0xC0), FloorLimitExceeded: true, CVMLimitExceeded: true}},
		"limits of zero":     {ContactlessLimits{TTQ: reader, TransactionLimit: LimitOf(0)}, 1, PreProcessing{TTQ: static}},
		"terminal floor limit": {change(func(l *ContactlessLimits) { l.FloorLimit, l.TerminalFloorLimit = Limit{}, LimitOf(100) }), 101,
			PreProcessing{Allowed: true, TTQ: with(0x80), FloorLimitExceeded: true}},
		"terminal floor limit beside the reader's": {change(func(l *ContactlessLimits) { l.TerminalFloorLimit = LimitOf(100) }), 101,
			PreProcessing{Allowed: true, TTQ: static}},
		"status check": {change(func(l *ContactlessLimits) { l.StatusCheck, l.Unit = true, 100 }), 100,
			PreProcessing{Allowed: true, TTQ: with(0x80), StatusCheck: true}},
		"status check off":             {change(func(l *ContactlessLimits) { l.Unit = 100 }), 100, PreProcessing{Allowed: true, TTQ: static}},
		"status check, another amount": {change(func(l *ContactlessLimits) { l.StatusCheck, l.Unit = true, 100 }), 101, PreProcessing{Allowed: true, TTQ: static}},
		"status check without a unit": {change(func(l *ContactlessLimits) { l.StatusCheck = true }), 0,
			PreProcessing{Allowed: true, TTQ: with(0x80), ZeroAmount: true}},
		"zero": {limits, 0, PreProcessing{Allowed: true, TTQ: with(0x80), ZeroAmount: true}},
		"zero, and the limits in the way": {ContactlessLimits{TTQ: reader, TransactionLimit: LimitOf(0), CVMLimit: LimitOf(0)}, 0,
			PreProcessing{TTQ: with(0xC0), ZeroAmount: true, CVMLimitExceeded: true}},
		"zero, offline only":           {ContactlessLimits{TTQ: TTQ{0x28}}, 0, PreProcessing{TTQ: TTQ{0x28}, ZeroAmount: true}},
		"zero refused":                 {change(func(l *ContactlessLimits) { l.ZeroAmount = ZeroAmountRefused }), 0, PreProcessing{TTQ: static}},
		"zero refused, one":            {change(func(l *ContactlessLimits) { l.ZeroAmount = ZeroAmountRefused }), 1, PreProcessing{Allowed: true, TTQ: static}},
		"zero offline":                 {change(func(l *ContactlessLimits) { l.ZeroAmount = ZeroAmountOffline }), 0, PreProcessing{Allowed: true, TTQ: static}},
		"zero offline, offline only":   {ContactlessLimits{TTQ: TTQ{0x28}, ZeroAmount: ZeroAmountOffline}, 0, PreProcessing{Allowed: true, TTQ: TTQ{0x28}}},
		"one, offline only":            {ContactlessLimits{TTQ: TTQ{0x28}}, 1, PreProcessing{Allowed: true, TTQ: TTQ{0x28}}},
		"over the floor, offline only": {ContactlessLimits{TTQ: TTQ{0x28}, FloorLimit: LimitOf(0)}, 1, PreProcessing{Allowed: true, TTQ: TTQ{0x28, 0x80}, FloorLimitExceeded: true}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.limits.PreProcess(c.amount)) })
	}
}
