package emv

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecideTap(t *testing.T) {
	const tc, arqc, aac = CID(0x40), CID(0x80), CID(0)
	full := TTQ{0x36} // EMV mode, contact chip, online PIN, signature
	cvm := TTQ{0x36, 0x40}
	decline := TapDecision{}
	kind := func(k TransactionKind) func(*TapInput) { return func(in *TapInput) { in.Kind = k } }
	forbidden := func(k TransactionKind) func(*TapInput) {
		return func(in *TapInput) { in.Kind, in.NotAllowed = k, true }
	}
	for name, c := range map[string]struct {
		ttq  TTQ
		cid  CID
		card string
		edit func(*TapInput)
		want TapDecision
	}{
		"approved":               {full, tc, "", nil, TapDecision{OutcomeApproved, OutcomeNoCVM}},
		"online":                 {full, arqc, "", nil, TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"declined":               {full, aac, "", nil, decline},
		"reserved cryptogram":    {full, 0xC0, "", nil, decline},
		"online, offline reader": {TTQ{0x3E}, arqc, "", nil, decline},
		"qualifiers cut":         {full, tc, "9F6C0180", nil, TapDecision{Outcome: OutcomeEndApplication}},

		"signature does not hold":                         {full, tc, "9F6C020000", func(in *TapInput) { in.ODAFailed = true }, decline},
		"signature does not hold, online":                 {full, tc, "9F6C022000", func(in *TapInput) { in.ODAFailed = true }, TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"signature does not hold, online cannot":          {TTQ{0x3E}, tc, "9F6C022000", func(in *TapInput) { in.ODAFailed = true }, decline},
		"signature does not hold, online cannot, chip":    {TTQ{0x3E}, tc, "9F6C023000", func(in *TapInput) { in.ODAFailed = true }, TapDecision{Outcome: OutcomeTryAnotherInterface}},
		"signature does not hold, chip":                   {full, tc, "9F6C021000", func(in *TapInput) { in.ODAFailed = true }, TapDecision{Outcome: OutcomeTryAnotherInterface}},
		"signature does not hold, no chip reader":         {TTQ{0x26}, tc, "9F6C021000", func(in *TapInput) { in.ODAFailed = true }, decline},
		"signature does not hold, chip, reader is online": {full, tc, "9F6C023000", func(in *TapInput) { in.ODAFailed = true }, TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"signature does not matter online":                {full, arqc, "9F6C020000", func(in *TapInput) { in.ODAFailed = true }, TapDecision{OutcomeOnline, OutcomeNoCVM}},

		"expired":                {full, tc, "9F6C020000", func(in *TapInput) { in.Expired = true }, decline},
		"expired, online":        {full, tc, "9F6C020800", func(in *TapInput) { in.Expired = true }, TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"expired, cannot online": {TTQ{0x3E}, tc, "9F6C020800", func(in *TapInput) { in.Expired = true }, decline},
		"expired, issuer asked":  {full, arqc, "9F6C020000", func(in *TapInput) { in.Expired = true }, TapDecision{OutcomeOnline, OutcomeNoCVM}},

		"expired, signature does not hold either, online": {full, tc, "9F6C020800", func(in *TapInput) { in.Expired, in.ODAFailed = true, true },
			TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"expired, signature does not hold either": {full, tc, "9F6C023000", func(in *TapInput) { in.Expired, in.ODAFailed = true, true }, decline},

		"card declines, wants a PIN":      {full, aac, "9F6C028000", nil, decline},
		"card declines, wants a name":     {full, aac, "9F6C024000", nil, decline},
		"cash over chip, no PIN for that": {full, arqc, "9F6C028400", forbidden(ManualCash), TapDecision{Outcome: OutcomeTryAnotherInterface}},
		"cash over chip, no signature":    {full, arqc, "9F6C024400", forbidden(ManualCash), TapDecision{Outcome: OutcomeTryAnotherInterface}},

		"exception file":               {full, tc, "9F6C020000", func(in *TapInput) { in.OnExceptionFile = true }, decline},
		"exception file, issuer asked": {full, arqc, "9F6C020000", func(in *TapInput) { in.OnExceptionFile = true }, TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"exception file, expired":      {full, tc, "9F6C020800", func(in *TapInput) { in.OnExceptionFile, in.Expired = true, true }, decline},

		"online required":                 {TTQ{0x36, 0x80}, tc, "9F6C020000", nil, TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"online required, cannot":         {TTQ{0x3E, 0x80}, tc, "9F6C020000", nil, decline},
		"online required, not signed":     {TTQ{0x36, 0x80}, tc, "9F6C020000", func(in *TapInput) { in.ODAFailed = true }, TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"online required, expired":        {TTQ{0x36, 0x80}, tc, "9F6C020000", func(in *TapInput) { in.Expired = true }, decline},
		"online required, phone":          {TTQ{0x36, 0x80}, tc, "9F6C020080", nil, decline},
		"online required, card declines":  {TTQ{0x36, 0x80}, aac, "9F6C020000", nil, decline},
		"online required, switches later": {TTQ{0x36, 0x80}, tc, "9F6C021000", func(in *TapInput) { in.ODAFailed = true }, TapDecision{OutcomeOnline, OutcomeNoCVM}},

		"cash":                             {full, arqc, "9F6C020400", forbidden(ManualCash), TapDecision{Outcome: OutcomeTryAnotherInterface}},
		"cash from a machine":              {full, arqc, "9F6C020400", forbidden(UnattendedCash), TapDecision{Outcome: OutcomeTryAnotherInterface}},
		"cash, no chip reader":             {TTQ{0x26}, arqc, "9F6C020400", forbidden(ManualCash), decline},
		"cash, card does not switch":       {full, arqc, "9F6C020200", forbidden(ManualCash), decline},
		"cash, no qualifiers":              {full, arqc, "", forbidden(ManualCash), decline},
		"cash, approved by the card":       {full, tc, "9F6C020400", forbidden(ManualCash), TapDecision{Outcome: OutcomeTryAnotherInterface}},
		"cash, declined by the card":       {full, aac, "9F6C020400", forbidden(ManualCash), decline},
		"cash allowed":                     {full, arqc, "9F6C020400", kind(ManualCash), TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"cash allowed, approved":           {full, tc, "9F6C020400", kind(ManualCash), TapDecision{OutcomeApproved, OutcomeNoCVM}},
		"cashback":                         {full, arqc, "9F6C020200", forbidden(PurchaseWithCashback), TapDecision{Outcome: OutcomeTryAnotherInterface}},
		"cashback, card does not switch":   {full, arqc, "9F6C020400", forbidden(PurchaseWithCashback), decline},
		"cashback allowed":                 {full, arqc, "9F6C020200", kind(PurchaseWithCashback), TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"purchase, no matter":              {full, arqc, "9F6C020600", forbidden(Purchase), TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"not for cash machines":            {full, arqc, "9F6C020100", kind(UnattendedCash), decline},
		"not for cash machines, over chip": {full, arqc, "9F6C020100" + "9F0702FF00", kind(UnattendedCash), TapDecision{Outcome: OutcomeTryAnotherInterface}},
		"not for cash machines, no chip":   {TTQ{0x26}, arqc, "9F6C020100" + "9F0702FF00", kind(UnattendedCash), decline},
		"not for cash machines at all":     {full, arqc, "9F6C020100" + "9F0702FD00", kind(UnattendedCash), decline},
		"not for cash machines, usage cut": {full, arqc, "9F6C020100" + "9F0701FF", kind(UnattendedCash), decline},
		"for cash machines":                {full, arqc, "9F6C020000", kind(UnattendedCash), TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"cash machines never pay offline":  {full, tc, "9F6C020000", kind(UnattendedCash), TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"manual cash is no matter":         {full, arqc, "9F6C020100", kind(ManualCash), TapDecision{OutcomeOnline, OutcomeNoCVM}},

		"online PIN":                      {full, arqc, "9F6C028000", nil, TapDecision{OutcomeOnline, OutcomeOnlinePIN}},
		"online PIN goes online":          {full, tc, "9F6C028000", nil, TapDecision{OutcomeOnline, OutcomeOnlinePIN}},
		"online PIN, no pad":              {TTQ{0x32}, arqc, "9F6C028000", nil, TapDecision{OutcomeOnline, OutcomeNoCVM}},
		"online PIN, no pad, signature":   {TTQ{0x32}, arqc, "9F6C02C000", nil, TapDecision{OutcomeOnline, OutcomeSignature}},
		"online PIN, cannot online":       {TTQ{0x3E}, tc, "9F6C028000", nil, TapDecision{OutcomeApproved, OutcomeNoCVM}},
		"signature":                       {full, tc, "9F6C024000", nil, TapDecision{OutcomeApproved, OutcomeSignature}},
		"signature, no printer":           {TTQ{0x34}, tc, "9F6C024000", nil, TapDecision{OutcomeApproved, OutcomeNoCVM}},
		"required, none":                  {cvm, arqc, "9F6C020000", nil, decline},
		"required, signature, no printer": {TTQ{0x34, 0x40}, arqc, "9F6C024000", nil, decline},
		"required, PIN":                   {cvm, arqc, "9F6C028000", nil, TapDecision{OutcomeOnline, OutcomeOnlinePIN}},
		"required, no qualifiers":         {cvm, arqc, "", nil, TapDecision{OutcomeOnline, OutcomeSignature}},
		"required, no qualifiers, PIN":    {TTQ{0x34, 0x40}, tc, "", nil, TapDecision{OutcomeOnline, OutcomeOnlinePIN}},
		"required, no way":                {TTQ{0x30, 0x40}, arqc, "", nil, decline},
		"required, PIN, cannot online":    {TTQ{0x3C, 0x40}, tc, "", nil, decline},

		"phone":                              {cvm, arqc, "9F6C020080", nil, TapDecision{OutcomeOnline, OutcomeDeviceCVM}},
		"phone, PIN comes first":             {cvm, arqc, "9F6C028080", nil, TapDecision{OutcomeOnline, OutcomeOnlinePIN}},
		"phone before signature":             {cvm, arqc, "9F6C024080", nil, TapDecision{OutcomeOnline, OutcomeDeviceCVM}},
		"phone offline, not signed":          {cvm, tc, "9F6C020080", nil, decline},
		"phone offline, signed":              {cvm, tc, "9F6C020080" + "9F690701AABBCCDD0080", nil, TapDecision{OutcomeApproved, OutcomeDeviceCVM}},
		"phone offline, signed otherwise":    {cvm, tc, "9F6C020080" + "9F690701AABBCCDD0000", nil, decline},
		"phone online, signed otherwise":     {cvm, arqc, "9F6C020080" + "9F690701AABBCCDD8080", nil, decline},
		"phone approves, online for expiry":  {cvm, tc, "9F6C020880", func(in *TapInput) { in.Expired = true }, decline},
		"phone offline, signed data cut":     {cvm, tc, "9F6C020080" + "9F690601AABBCCDD00", nil, decline},
		"phone offline, signed data cut off": {cvm, tc, "9F6C020080" + "9F690401AABBCC", nil, decline},
	} {
		t.Run(name, func(t *testing.T) {
			card := TLV(unhex(t, c.card))
			require.NoError(t, card.Validate(nil))
			in := TapInput{TTQ: c.ttq, CID: c.cid, Card: card}
			if c.edit != nil {
				c.edit(&in)
			}
			require.Equal(t, c.want, DecideTap(in))
		})
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	require.Equal(t, "declined", OutcomeDeclined.String())
	require.Equal(t, "请改用其他界面", OutcomeTryAnotherInterface.Text(Chinese))
	require.Equal(t, "RFU", Outcome(99).String())
	require.Equal(t, "online PIN", OutcomeOnlinePIN.String())
	require.Equal(t, "签名", OutcomeSignature.Text(Chinese))
}

func TestCardAuthenticationData(t *testing.T) {
	d, err := ParseCardAuthenticationData(unhex(t, "018CC9F8078400"))
	require.NoError(t, err)
	require.Equal(t, CardAuthenticationData{1, [4]byte{0x8C, 0xC9, 0xF8, 0x07}, CTQ{0x84, 0}}, d)
	d, err = ParseCardAuthenticationData(unhex(t, "018CC9F80784"))
	require.NoError(t, err)
	require.Zero(t, d.CTQ)
	for _, n := range []int{0, 4, 17} {
		_, err := ParseCardAuthenticationData(make([]byte, n))
		require.ErrorIs(t, err, ErrLength)
	}
	for _, n := range []int{5, 16} {
		_, err = ParseCardAuthenticationData(make([]byte, n))
		require.NoError(t, err)
	}
}
