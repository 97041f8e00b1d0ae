package emv

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestActionAnalysis(t *testing.T) {
	var floor, expired TVR
	floor.Set(TVRFloorLimit)
	expired.Set(TVRExpired)
	codes := ActionCodes{Denial: expired, Online: floor, Default: floor}
	for name, c := range map[string]struct {
		in   ActionInput
		want CryptogramType
	}{
		"nothing found":           {ActionInput{}, TC},
		"denied":                  {ActionInput{TVR: expired, Issuer: codes}, AAC},
		"denied by terminal":      {ActionInput{TVR: expired, Terminal: codes}, AAC},
		"online":                  {ActionInput{TVR: floor, Issuer: codes}, ARQC},
		"no answer":               {ActionInput{TVR: floor, Issuer: codes, UnableToGoOnline: true}, AAC},
		"no answer, no matter":    {ActionInput{TVR: floor, Issuer: ActionCodes{Online: floor}, UnableToGoOnline: true}, TC},
		"offline only":            {ActionInput{TVR: floor, Issuer: codes, Capability: OfflineOnly}, AAC},
		"offline only, no matter": {ActionInput{TVR: floor, Issuer: ActionCodes{Online: floor}, Capability: OfflineOnly}, TC},
		"online only":             {ActionInput{Issuer: codes, Capability: OnlineOnly}, ARQC},
		"online only, no answer":  {ActionInput{Issuer: codes, Capability: OnlineOnly, UnableToGoOnline: true}, AAC},
		"online only, denied":     {ActionInput{TVR: expired, Issuer: codes, Capability: OnlineOnly}, AAC},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, ActionAnalysis(c.in)) })
	}

	for i := range 40 { // every bit counts, whoever asks for it
		var bit TVR
		bit[i/8] = 1 << (i % 8)
		require.Equal(t, AAC, ActionAnalysis(ActionInput{TVR: bit, Issuer: ActionCodes{Denial: bit}}), i)
		require.Equal(t, ARQC, ActionAnalysis(ActionInput{TVR: bit, Terminal: ActionCodes{Online: bit}}), i)
	}
	missing := IssuerActionCodes(unhex(t, "9F0F021234"))
	all := TVR{0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
	require.Equal(t, ActionCodes{Online: all, Default: all}, missing)
	nested := IssuerActionCodes(unhex(t, "70089F0E050010000000"))
	require.Equal(t, TVR{0, 0x10}, nested.Denial)
}

func TestSelectCVM(t *testing.T) {
	// X = 10.00, Y = 20.00
	const amounts = "000003E8000007D0"
	all := TerminalCapabilities{0, 0xF8, 0}
	noPIN := TerminalCapabilities{0, 0x28, 0}
	for name, c := range map[string]struct {
		rules string
		in    CVMInput
		want  CVRule
		tvr   []TVRBit
	}{
		"first that applies":        {"42031E031F03", CVMInput{Supports: all.Supports}, CVRule{0x42, 3}, nil},
		"unsupported is passed":     {"42031E031F03", CVMInput{Supports: noPIN.Supports}, CVRule{0x1E, 3}, nil},
		"unsupported, go on":        {"42001E00", CVMInput{Supports: noPIN.Supports}, CVRule{0x1E, 0}, []TVRBit{TVRPINPadMissing}},
		"unsupported, fail":         {"02001E00", CVMInput{Supports: noPIN.Supports}, CVRule{}, []TVRBit{TVRCVMFailed, TVRPINPadMissing}},
		"unrecognised, go on":       {"70001E00", CVMInput{Supports: all.Supports}, CVRule{0x1E, 0}, []TVRBit{TVRCVMUnrecognised}},
		"unrecognised, fail":        {"30001E00", CVMInput{Supports: all.Supports}, CVRule{}, []TVRBit{TVRCVMFailed, TVRCVMUnrecognised}},
		"fail rule":                 {"40001E00", CVMInput{Supports: all.Supports}, CVRule{}, []TVRBit{TVRCVMFailed}},
		"nothing applies":           {"1E011E041E05", CVMInput{Supports: all.Supports}, CVRule{}, []TVRBit{TVRCVMFailed}},
		"unattended cash":           {"1E041E01", CVMInput{Kind: UnattendedCash, Supports: all.Supports}, CVRule{0x1E, 1}, nil},
		"manual cash":               {"1E021E04", CVMInput{Kind: ManualCash, Supports: all.Supports}, CVRule{0x1E, 4}, nil},
		"cashback":                  {"1E021E05", CVMInput{Kind: PurchaseWithCashback, Supports: all.Supports}, CVRule{0x1E, 5}, nil},
		"purchase":                  {"1E051E02", CVMInput{Supports: all.Supports}, CVRule{0x1E, 2}, nil},
		"at X is neither":           {"1E061E071F00", CVMInput{Amount: 1000, ApplicationCurrency: true, Supports: all.Supports}, CVRule{0x1F, 0}, nil},
		"at Y is neither":           {"1E081E091F00", CVMInput{Amount: 2000, ApplicationCurrency: true, Supports: all.Supports}, CVRule{0x1F, 0}, nil},
		"under X":                   {"1E071E06", CVMInput{Amount: 999, ApplicationCurrency: true, Supports: all.Supports}, CVRule{0x1E, 6}, nil},
		"over X":                    {"1E061E07", CVMInput{Amount: 1001, ApplicationCurrency: true, Supports: all.Supports}, CVRule{0x1E, 7}, nil},
		"under Y":                   {"1E091E08", CVMInput{Amount: 1999, ApplicationCurrency: true, Supports: all.Supports}, CVRule{0x1E, 8}, nil},
		"over Y":                    {"1E081E09", CVMInput{Amount: 2001, ApplicationCurrency: true, Supports: all.Supports}, CVRule{0x1E, 9}, nil},
		"other currency":            {"1E061E071E081E091F00", CVMInput{Amount: 1, Supports: all.Supports}, CVRule{0x1F, 0}, nil},
		"reserved condition":        {"1E0A1F00", CVMInput{Supports: all.Supports}, CVRule{0x1F, 0}, nil},
		"terminal supports nothing": {"42031F00", CVMInput{}, CVRule{}, []TVRBit{TVRCVMFailed}},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := ParseCVMList(unhex(t, amounts+c.rules))
			require.NoError(t, err)
			step := SelectCVM(list, c.in, 0)
			var tvr TVR
			for _, b := range c.tvr {
				tvr.Set(b)
			}
			require.Equal(t, tvr, step.TVR)
			if c.want == (CVRule{}) {
				require.Equal(t, FailCVM, step.Action)
				return
			}
			require.Equal(t, PerformCVM, step.Action)
			require.Equal(t, c.want, step.Rule)
		})
	}
}

// TestCVMResultsOfFailures holds the results where no method was performed, and lists too short to have a rule.
func TestCVMResultsOfFailures(t *testing.T) {
	for _, rule := range []CVRule{{}, {0x00, 0x03}, {0x40, 0x00}} {
		require.Equal(t, CVMResults{0x3F, 0, 1}, CVMStep{Action: FailCVM, Rule: rule}.Results(CVMSuccessful), rule)
	}
	require.Equal(t, CVMResults{0x42, 3, 1}, CVMStep{Action: FailCVM, Rule: CVRule{0x42, 3}}.Results(CVMSuccessful))
	require.Equal(t, CVMResults{0x1E, 3, 0}, CVMStep{Rule: CVRule{0x1E, 3}}.Results(CVMUnknown))
	for n, want := range map[int]CVMAction{0: NoCVMRules, 8: NoCVMRules, 9: NoCVMRules, 10: FailCVM} {
		require.Equal(t, want, SelectCVM(make(CVMList, n), CVMInput{}, 0).Action, n)
	}
}

func TestSelectCVMGoesOn(t *testing.T) {
	list, err := ParseCVMList(unhex(t, "000000000000000042034403"+"1E03"))
	require.NoError(t, err)
	in := CVMInput{Supports: func(CVMMethod) bool { return true }}
	var tried []CVMMethod
	for from := 0; ; {
		step := SelectCVM(list, in, from)
		if step.Action != PerformCVM {
			break
		}
		tried = append(tried, step.Rule.Method())
		if !step.Rule.ApplyNext() {
			break
		}
		from = step.Next
	}
	require.Equal(t, []CVMMethod{CVMOnlinePIN, CVMEncipheredPIN, CVMSignature}, tried)
	require.Equal(t, FailCVM, SelectCVM(list, in, 3).Action)

	none := SelectCVM(nil, in, 0)
	require.Equal(t, NoCVMRules, none.Action)
	require.True(t, none.TVR.Has(TVRCardDataMissing))
	_, err = ParseCVMList(unhex(t, "000000000000000042"))
	require.ErrorIs(t, err, ErrLength)
	require.Zero(t, CVMList(nil).X())

	require.Equal(t, CVMResults{0x3F, 0, 0}, none.Results(CVMSuccessful))
	require.Equal(t, CVMResults{0x1E, 3, 0}, CVMStep{Rule: CVRule{0x1E, 3}}.Results(CVMUnknown))
	require.Equal(t, CVMResults{0x3F, 0, 1}, CVMStep{Action: FailCVM}.Results(CVMSuccessful))
	require.Equal(t, CVMResults{0x02, 0, 1}, CVMStep{Action: FailCVM, Rule: CVRule{2, 0}}.Results(CVMSuccessful))
	require.Equal(t, CVMSuccessful, CVMResults{0x1F, 3, 2}.Outcome())
}

func TestRestrictions(t *testing.T) {
	in := RestrictionInput{Date: Date{2026, 7, 31}, Version: [2]byte{0, 0x8C}, Country: 156}
	for name, c := range map[string]struct {
		card string
		edit func(*RestrictionInput)
		want []TVRBit
	}{
		"all well":                 {"701B9F0802008C9F0702FFC05F24032607315F25032607315F28020156", nil, nil},
		"other version":            {"9F0802008D", nil, []TVRBit{TVRVersionsDiffer}},
		"expired yesterday":        {"5F2403260730", nil, []TVRBit{TVRExpired}},
		"effective tomorrow":       {"5F2503260801", nil, []TVRBit{TVRNotYetEffective}},
		"bad date":                 {"5F2403261301", nil, []TVRBit{TVRCardDataMissing}},
		"bad usage control":        {"9F070101", nil, []TVRBit{TVRCardDataMissing}},
		"domestic goods":           {"9F070221005F28020156", nil, nil},
		"domestic goods, abroad":   {"9F070221005F28020156", func(in *RestrictionInput) { in.Country = 840 }, []TVRBit{TVRServiceNotAllowed}},
		"services abroad":          {"9F070205005F28020840", nil, nil},
		"cash":                     {"9F070281005F28020156", func(in *RestrictionInput) { in.Kind = ManualCash }, nil},
		"no cash":                  {"9F070221005F28020156", func(in *RestrictionInput) { in.Kind = ManualCash }, []TVRBit{TVRServiceNotAllowed}},
		"cashback":                 {"9F070221805F28020156", func(in *RestrictionInput) { in.Kind = PurchaseWithCashback }, nil},
		"cashback on services":     {"9F070209805F28020156", func(in *RestrictionInput) { in.Kind = PurchaseWithCashback }, nil},
		"cashback on nothing":      {"9F070281805F28020156", func(in *RestrictionInput) { in.Kind = PurchaseWithCashback }, []TVRBit{TVRServiceNotAllowed}},
		"no cashback":              {"9F070221405F28020156", func(in *RestrictionInput) { in.Kind = PurchaseWithCashback }, []TVRBit{TVRServiceNotAllowed}},
		"cash machine":             {"9F070282005F28020156", func(in *RestrictionInput) { in.ATM, in.Kind = true, UnattendedCash }, nil},
		"not at cash machines":     {"9F070281005F28020156", func(in *RestrictionInput) { in.ATM, in.Kind = true, UnattendedCash }, []TVRBit{TVRServiceNotAllowed}},
		"not at other terminals":   {"9F07022200", nil, []TVRBit{TVRServiceNotAllowed}},
		"no issuer country":        {"9F07020100", nil, nil},
		"issuer country no number": {"9F070221005F28020A56", nil, []TVRBit{TVRServiceNotAllowed, TVRCardDataMissing}},
		"issuer country 4761":      {"9F070221005F28024761", func(in *RestrictionInput) { in.Country = 4761 }, []TVRBit{TVRServiceNotAllowed, TVRCardDataMissing}},
		"issuer country cut":       {"9F070221005F280156", nil, []TVRBit{TVRServiceNotAllowed, TVRCardDataMissing}},
	} {
		t.Run(name, func(t *testing.T) {
			in := in
			if c.edit != nil {
				c.edit(&in)
			}
			var want TVR
			for _, b := range c.want {
				want.Set(b)
			}
			card := TLV(unhex(t, c.card))
			if _, has := card.Lookup(0x5F24); !has {
				card = append(card, unhex(t, "5F2403260731")...)
			}
			require.NoError(t, card.Validate(nil))
			require.Equal(t, want, Restrictions(card, in))
		})
	}
}

// TestExpiryIsMandatory: a card without an expiry date lacks mandatory data.
func TestExpiryIsMandatory(t *testing.T) {
	in := RestrictionInput{Date: Date{2026, 11, 29}, Version: [2]byte{0, 0x30}, Country: 156}
	require.Equal(t, TVR{0x20}, Restrictions(nil, in))
	require.Equal(t, TVR{}, Restrictions(unhex(t, "5F2403301231"), in))
	require.Equal(t, TVR{0x20}, Restrictions(unhex(t, "5F2403301331"), in))
}

// TestSupports holds which bits of the terminal capabilities each method needs: all of them.
func TestSupports(t *testing.T) {
	all := []CapabilityBit{CapPlaintextPIN, CapOnlinePIN, CapSignature, CapEncipheredPIN, CapNoCVM}
	for method, needs := range map[CVMMethod][]CapabilityBit{
		CVMPlaintextPIN: {CapPlaintextPIN}, CVMOnlinePIN: {CapOnlinePIN}, CVMPlaintextPINAndSignature: {CapPlaintextPIN, CapSignature},
		CVMEncipheredPIN: {CapEncipheredPIN}, CVMEncipheredPINAndSignature: {CapEncipheredPIN, CapSignature},
		CVMSignature: {CapSignature}, CVMNone: {CapNoCVM},
	} {
		var exactly TerminalCapabilities
		for _, b := range needs {
			exactly.Set(b)
		}
		require.True(t, exactly.Supports(method), "%v", method)
		for _, missing := range needs {
			var without TerminalCapabilities
			for _, b := range all {
				without.Set(b)
			}
			without.Clear(missing)
			require.False(t, without.Supports(method), "%v without %v", method, missing)
		}
	}
	require.True(t, TerminalCapabilities{}.Supports(CVMFail))
	require.False(t, TerminalCapabilities{0xFF, 0xFF, 0xFF}.Supports(0x06))
	amounts := CVMList(unhex(t, "00000001000000020000")[:8])
	require.Equal(t, [2]uint32{1, 2}, [2]uint32{amounts.X(), amounts.Y()})
	require.Zero(t, amounts[:7].X())
}
