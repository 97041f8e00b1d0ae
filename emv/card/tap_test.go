package card_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/emv/oda"
)

// tapped issues a contactless card that takes scripts and taps it on a reader with the qualifiers.
func tapped(t testing.TB, kind string, ttq emv.TTQ, change func(*card.Config)) (*card.Card, bank, *card.Reader, error) {
	t.Helper()
	c, b := scripted(t, kind, func(config *card.Config) {
		config.Contactless = true
		if change != nil {
			change(config)
		}
	})
	r, err := tap(t, c, kind, ttq)
	return c, b, r, err
}

func tap(t testing.TB, c *card.Card, kind string, ttq emv.TTQ) (*card.Reader, error) {
	t.Helper()
	r := &card.Reader{
		Transmit: c.Transmit, Over: emv.Contactless,
		Terminal: unhex("9F02060000000019999F03060000000000009F1A02015695050000000000" + "5F2A0201569A032611239C01009F370452BF4585"),
	}
	r.Set(0x9F66, ttq[:])
	candidates, err := r.Candidates([]emv.SupportedApplication{{AID: unhex(kinds[kind].aid)}})
	require.NoError(t, err)
	_, err = r.SelectFirst(candidates)
	require.NoError(t, err)
	return r, r.Start()
}

// TestTapDecisions holds what a tapped card answers to what the reader can do and asks for, and what becomes of it.
func TestTapDecisions(t *testing.T) {
	offline := func(c *card.Config) { c.OfflineLimit = 1999 }
	phone := func(c *card.Config) { c.DeviceCVM = true }
	for name, c := range map[string]struct {
		ttq    emv.TTQ
		change func(*card.Config)
		cid    emv.CryptogramType
		ctq    emv.CTQ
		want   emv.TapDecision
	}{
		"online card":                {emv.TTQ{0x36, 0, 0, 0x80}, nil, emv.ARQC, emv.CTQ{0, 0x40}, emv.TapDecision{Outcome: emv.OutcomeOnline}},
		"online card, reader is not": {emv.TTQ{0x3E, 0, 0, 0x80}, nil, emv.AAC, emv.CTQ{0, 0x40}, emv.TapDecision{}},
		"offline":                    {emv.TTQ{0x36, 0, 0, 0x80}, offline, emv.TC, emv.CTQ{0, 0x40}, emv.TapDecision{Outcome: emv.OutcomeApproved}},
		"offline, over the limit": {emv.TTQ{0x36, 0, 0, 0x80}, func(c *card.Config) { c.OfflineLimit = 1998 }, emv.ARQC, emv.CTQ{0, 0x40},
			emv.TapDecision{Outcome: emv.OutcomeOnline}},
		"offline, online required": {emv.TTQ{0x36, 0x80, 0, 0x80}, offline, emv.ARQC, emv.CTQ{0, 0x40}, emv.TapDecision{Outcome: emv.OutcomeOnline}},
		"PIN":                      {emv.TTQ{0x36, 0x40, 0, 0x80}, nil, emv.ARQC, emv.CTQ{0x80, 0x40}, emv.TapDecision{Outcome: emv.OutcomeOnline, CVM: emv.OutcomeOnlinePIN}},
		"signature":                {emv.TTQ{0x32, 0x40, 0, 0x80}, nil, emv.ARQC, emv.CTQ{0x40, 0x40}, emv.TapDecision{Outcome: emv.OutcomeOnline, CVM: emv.OutcomeSignature}},
		"offline, no PIN":          {emv.TTQ{0x36, 0x40, 0, 0x80}, offline, emv.TC, emv.CTQ{0x40, 0x40}, emv.TapDecision{Outcome: emv.OutcomeApproved, CVM: emv.OutcomeSignature}},
		"offline, PIN alone":       {emv.TTQ{0x34, 0x40, 0x80, 0x80}, offline, emv.ARQC, emv.CTQ{0x80, 0x40}, emv.TapDecision{Outcome: emv.OutcomeOnline, CVM: emv.OutcomeOnlinePIN}},
		"offline, PIN alone, reader is not online": {emv.TTQ{0x3C, 0x40, 0x80, 0x80}, offline, emv.AAC, emv.CTQ{0, 0x40}, emv.TapDecision{}},
		"offline, signature alone":                 {emv.TTQ{0x3A, 0x40, 0, 0x80}, offline, emv.TC, emv.CTQ{0x40, 0x40}, emv.TapDecision{Outcome: emv.OutcomeApproved, CVM: emv.OutcomeSignature}},
		"offline, verification impossible":         {emv.TTQ{0x30, 0x40, 0, 0x80}, offline, emv.ARQC, emv.CTQ{0, 0x40}, emv.TapDecision{}},
		"phone, offline, no other way": {emv.TTQ{0x30, 0x40, 0x40, 0x80}, func(c *card.Config) { c.DeviceCVM, c.OfflineLimit = true, 1999 }, emv.TC, emv.CTQ{0, 0xC0},
			emv.TapDecision{Outcome: emv.OutcomeApproved, CVM: emv.OutcomeDeviceCVM}},
		"own risk management, PIN alone": {emv.TTQ{0x34, 0x40}, func(c *card.Config) {
			c.Decide = func(asked emv.CryptogramType, _ bool, _ emv.TLV) emv.CryptogramType { return asked }
		}, emv.ARQC, emv.CTQ{0x80, 0x40}, emv.TapDecision{Outcome: emv.OutcomeOnline, CVM: emv.OutcomeOnlinePIN}},
		"verification impossible": {emv.TTQ{0x30, 0x40, 0, 0x80}, nil, emv.ARQC, emv.CTQ{0, 0x40}, emv.TapDecision{}},
		"phone":                   {emv.TTQ{0x36, 0x40, 0x40, 0x80}, phone, emv.ARQC, emv.CTQ{0, 0xC0}, emv.TapDecision{Outcome: emv.OutcomeOnline, CVM: emv.OutcomeDeviceCVM}},
		"phone, old reader":       {emv.TTQ{0x36, 0x40, 0, 0x80}, phone, emv.ARQC, emv.CTQ{0x80, 0x40}, emv.TapDecision{Outcome: emv.OutcomeOnline, CVM: emv.OutcomeOnlinePIN}},
		"phone, offline": {emv.TTQ{0x36, 0x40, 0x40, 0x80}, func(c *card.Config) { c.DeviceCVM, c.OfflineLimit = true, 1999 }, emv.TC, emv.CTQ{0, 0xC0},
			emv.TapDecision{Outcome: emv.OutcomeApproved, CVM: emv.OutcomeDeviceCVM}},
		"switches interface": {emv.TTQ{0x36}, func(c *card.Config) { c.CTQ, c.OfflineLimit = emv.CTQ{0x10}, 1999 }, emv.TC, emv.CTQ{0x10, 0x40},
			emv.TapDecision{Outcome: emv.OutcomeApproved}},
		"own risk management": {emv.TTQ{0x36, 0x80}, func(c *card.Config) {
			c.Decide = func(asked emv.CryptogramType, _ bool, _ emv.TLV) emv.CryptogramType {
				require.Equal(t, emv.ARQC, asked)
				return emv.AAC
			}
		}, emv.AAC, emv.CTQ{0, 0x40}, emv.TapDecision{}},
		"own risk management approves": {emv.TTQ{0x36}, func(c *card.Config) {
			c.Decide = func(asked emv.CryptogramType, _ bool, _ emv.TLV) emv.CryptogramType { return asked }
		}, emv.TC, emv.CTQ{0, 0x40}, emv.TapDecision{Outcome: emv.OutcomeApproved}},
	} {
		for _, kind := range []string{"UnionPay", "Visa 18"} {
			t.Run(kind+", "+name, func(t *testing.T) {
				_, b, r, err := tapped(t, kind, c.ttq, c.change)
				require.NoError(t, err)
				cid, ok := r.Done()
				require.True(t, ok)
				require.Equal(t, c.cid, cid.Type())
				v, _ := r.Value(0x9F6C)
				require.Equal(t, c.ctq[:], v)
				require.Equal(t, c.want, emv.DecideTap(emv.TapInput{TTQ: c.ttq, CID: cid, Card: r.Card()}))
				require.NoError(t, cryptogram.Software{}.VerifyCryptogram(context.Background(), b.keys.Cryptogram, request(kind, r)))
			})
		}
	}
}

// TestNothingIsPaidOffline: a card without a limit for it asks the issuer about an amount of zero, too, and whoever takes the
// card's rules finds them.
func TestNothingIsPaidOffline(t *testing.T) {
	for limit, want := range map[uint64]emv.CryptogramType{0: emv.ARQC, 1: emv.TC} {
		c, _ := scripted(t, "UnionPay", func(config *card.Config) { config.Contactless, config.OfflineLimit = true, limit })
		r := &card.Reader{Transmit: c.Transmit, Over: emv.Contactless, Terminal: unhex("9F0206000000000000" + "9F660436000080" + "9F370401020304")}
		require.NoError(t, r.Select(unionPayDebit))
		require.NoError(t, r.Start())
		cid, ok := r.Done()
		require.True(t, ok)
		require.Equal(t, want, cid.Type())
		for _, tag := range []emv.Tag{0x9F0D, 0x9F0E, 0x9F0F} {
			v, ok := r.Value(tag)
			require.True(t, ok, "%v", tag)
			require.Len(t, v, 5)
		}
	}
}

// TestTapWithoutCID: a card may leave out which cryptogram it gave; its issuer application data say it too.
func TestTapWithoutCID(t *testing.T) {
	for want, change := range map[emv.CryptogramType]func(*card.Config){
		emv.ARQC: nil,
		emv.TC:   func(c *card.Config) { c.OfflineLimit = 1999 },
		emv.AAC: func(c *card.Config) {
			c.Decide = func(emv.CryptogramType, bool, emv.TLV) emv.CryptogramType { return emv.AAC }
		},
	} {
		for _, kind := range []string{"UnionPay", "Visa 18"} {
			c, _, r, err := tapped(t, kind, emv.TTQ{0x36, 0, 0, 0x80}, change)
			require.NoError(t, err)
			var answer emv.TLV
			for tag, v := range r.Card().All() {
				if tag != 0x9F27 && tag != 0x84 {
					answer = emv.AppendTLV(answer, tag, v)
				}
			}
			silent := card.Reader{Transmit: func(command []byte) []byte {
				switch command[1] {
				case 0xA4:
					return unhex("6F0C8408A000000333010101A500" + "9000")
				case 0xA8:
					return append(emv.AppendTLV(nil, 0x77, answer), 0x90, 0x00)
				}
				return c.Transmit(command)
			}}
			require.NoError(t, silent.Select(unionPayDebit))
			_, done := silent.Done()
			require.False(t, done, "an application is selected, no more")
			require.NoError(t, silent.Start())
			cid, done := silent.Done()
			require.True(t, done)
			require.Equal(t, want, cid.Type(), kind)
		}
	}
}

// TestFastSignature: an offline approval is signed, and the terminal finds out whatever is not as the card signed it.
func TestFastSignature(t *testing.T) {
	const kind = "UnionPay"
	var keys oda.CAKeys
	keys.Add(testPKI(t, emv.RIDUnionPay, "622848").CA)
	ttq := emv.TTQ{0x36, 0, 0, 0x80}
	offline := func(c *card.Config) { c.OfflineLimit = 5000 }
	_, _, r, err := tapped(t, kind, ttq, offline)
	require.NoError(t, err)
	_, signed := r.Value(0x9F4B)
	require.True(t, signed)
	require.NoError(t, r.Authenticate(&keys, today))
	for tag, value := range map[emv.Tag]string{0x9F02: "000000001998", 0x5F2A: "0840", 0x9F37: "52BF4586", 0x9F69: "01000000000040"} {
		before, _ := r.Terminal.Get(tag)
		r.Set(tag, unhex(value))
		require.ErrorIs(t, r.Authenticate(&keys, today), oda.ErrHash, "%v", tag)
		if before != nil {
			r.Set(tag, before)
		}
	}

	_, _, r, err = tapped(t, kind, emv.TTQ{0x36}, offline)
	require.NoError(t, err)
	_, signed = r.Value(0x9F4B)
	require.False(t, signed, "the reader does not know fast signatures")
	_, _, r, err = tapped(t, kind, emv.TTQ{0x36, 0x80, 0, 0x80}, offline)
	require.NoError(t, err)
	_, signed = r.Value(0x9F4B)
	require.False(t, signed, "the issuer checks the cryptogram")
	_, _, r, err = tapped(t, kind, emv.TTQ{0x37, 0x80, 0, 0x80}, offline)
	require.NoError(t, err)
	cid, _ := r.Done()
	require.Equal(t, emv.ARQC, cid.Type())
	require.NoError(t, r.Authenticate(&keys, today), "and so does a reader that authenticates cards online, too")
	for name, ttq := range map[string]emv.TTQ{"a card that declines": {0x3F, 0, 0, 0x80}, "no fast signatures": {0x37, 0x80}} {
		_, _, r, err = tapped(t, kind, ttq, nil)
		require.NoError(t, err)
		_, signed = r.Value(0x9F4B)
		require.False(t, signed, name)
	}
	c, _, r, err := tapped(t, kind, ttq, func(c *card.Config) { c.OfflineLimit, c.PKI = 5000, nil })
	require.NoError(t, err)
	_, signed = r.Value(0x9F4B)
	require.False(t, signed, "a card without a key")
	require.Equal(t, uint16(0x6A82), sw(c.Transmit(unhex("00B2011C00"))))

	// The record of one tap is not there in the next.
	c, _, _, err = tapped(t, kind, ttq, offline)
	require.NoError(t, err)
	require.Equal(t, uint16(0x9000), sw(c.Transmit(unhex("00B2011C00"))))
	_, err = tap(t, c, kind, emv.TTQ{0x36, 0x80, 0, 0x80})
	require.NoError(t, err)
	require.Equal(t, uint16(0x6A82), sw(c.Transmit(unhex("00B2011C00"))))
}

// TestFastSignatureTakenAway: a cryptogram of a tap is vouched for by its fast signature and by nothing the card would sign or
// show instead.
func TestFastSignatureTakenAway(t *testing.T) {
	const kind = "UnionPay"
	var keys oda.CAKeys
	keys.Add(testPKI(t, emv.RIDUnionPay, "622848").CA)
	for _, static := range []bool{false, true} {
		for _, limit := range []uint64{0, 5000} { // an ARQC, a TC
			c, _ := scripted(t, kind, func(c *card.Config) { c.Contactless, c.OfflineLimit, c.StaticOnly = true, limit, static })
			r := &card.Reader{
				Transmit: without(c.Transmit, 0xA8, 0x9F4B), Over: emv.Contactless,
				Terminal: unhex("9F02060000000019999F3704010203045F2A0201569F660436000080"),
			}
			require.NoError(t, r.Select(unionPayDebit))
			require.NoError(t, r.Start())
			require.ErrorIs(t, r.Authenticate(&keys, today), oda.ErrMissing)
		}
	}
}

// TestTapsThatAreRefused: a reader that does not tap in EMV mode, and a blocked application.
func TestTapsThatAreRefused(t *testing.T) {
	_, _, _, err := tapped(t, "UnionPay", emv.TTQ{0x80}, nil)
	requireStatus(t, 0x6985, err)

	c, b, r, err := tapped(t, "UnionPay", emv.TTQ{0x36, 0, 0x80}, nil)
	require.NoError(t, err)
	_, err = r.Complete(emv.TC, done, b.answer(t, r, plain(0x1E, 0, 0)))
	require.NoError(t, err)
	require.Equal(t, uint16(0x6283), sw(c.Transmit(append(unhex("00A4040008"), unionPayDebit...))))
	gpo := append(unhex("80A8000023"+"8321"+"36000000"), make([]byte, 29)...)
	require.Equal(t, uint16(0x6984), sw(c.Transmit(gpo)))
}

// TestIssuerUpdate: the issuer's answer and script reach a tapped card with a second tap, when both sides can.
func TestIssuerUpdate(t *testing.T) {
	for _, kind := range []string{"UnionPay", "UnionPay SM4", "Visa 18"} {
		t.Run(kind, func(t *testing.T) {
			c, b, r, err := tapped(t, kind, emv.TTQ{0x36, 0, 0x80, 0x80}, nil)
			require.NoError(t, err)
			answer := b.answer(t, r, plain(0xDA, 0x9F, 0x79, 0, 0, 0, 1, 0, 0))
			c.Reset() // the card leaves the field
			cid, err := r.Complete(emv.TC, done, answer)
			require.NoError(t, err)
			require.Equal(t, emv.ARQC, cid.Type())
			require.Equal(t, emv.ScriptSuccessful, results(t, r)[0].Outcome())
			require.Equal(t, emv.TVR{}, r.TVR())
			require.NoError(t, r.Get(0x9F79))
			require.NoError(t, r.Get(0x9F13))
			last, _ := r.Value(0x9F13)
			require.Equal(t, []byte{0, 1}, last)
			response, _ := answer.Get(0x91)
			requireStatus(t, 0x6985, r.ExternalAuthenticate(response)) // once

			// The next tap ends what was open.
			c, b, r, err = tapped(t, kind, emv.TTQ{0x36, 0, 0x80, 0x80}, nil)
			require.NoError(t, err)
			answer = b.answer(t, r)
			response, _ = answer.Get(0x91)
			_, err = tap(t, c, kind, emv.TTQ{0x36, 0, 0x80, 0x80})
			require.NoError(t, err)
			requireStatus(t, 0x6300, r.ExternalAuthenticate(response))
		})
	}
	// A reader or an issuer that does not.
	for name, c := range map[string]struct {
		ttq    emv.TTQ
		answer bool
	}{"reader": {emv.TTQ{0x36}, true}, "no answer": {emv.TTQ{0x36, 0, 0x80}, false}} {
		_, b, r, err := tapped(t, "UnionPay", c.ttq, nil)
		require.NoError(t, err)
		var answer emv.TLV
		if c.answer {
			answer = b.answer(t, r, plain(0x1E, 0, 0))
		}
		r.Transmit = func([]byte) []byte { require.Fail(t, "nothing is sent", name); return nil }
		cid, err := r.Complete(emv.TC, done, answer)
		require.NoError(t, err)
		require.Equal(t, emv.ARQC, cid.Type())
		require.Empty(t, results(t, r))
	}
	// A card over contacts does not remember.
	chip, b := scripted(t, "UnionPay", nil)
	r := begin(t, chip, "UnionPay")
	response, _ := b.answer(t, r).Get(0x91)
	require.NoError(t, r.Select(unionPayDebit))
	requireStatus(t, 0x6985, r.ExternalAuthenticate(response))
}

// TestTapsGiveOneCryptogram: a card that gave its cryptogram with the processing options is not asked for another, whether it
// shows qualifiers or not, and gives none; one that did not is asked, whatever else it has in 9F6C.
func TestTapsGiveOneCryptogram(t *testing.T) {
	for _, kind := range []string{"UnionPay", "Visa 18"} {
		c, b := scripted(t, kind, func(c *card.Config) { c.Contactless = true })
		asked := 0
		options := without(c.Transmit, 0xA8, 0x9F6C)
		r := &card.Reader{
			Transmit: func(command []byte) []byte {
				if command[1] == 0xAE {
					asked++
				}
				return options(command)
			},
			Over: emv.Contactless, Terminal: unhex("9F02060000000019999F03060000000000009F1A02015695050000000000" +
				"5F2A0201569A032611239C01009F370452BF4585" + "9F660436008080"),
		}
		require.NoError(t, r.Select(unhex(kinds[kind].aid)))
		require.NoError(t, r.Start())
		cid, err := r.Complete(emv.TC, done, b.answer(t, r))
		require.NoError(t, err)
		require.Equal(t, emv.ARQC, cid.Type())
		require.Zero(t, asked)
		_, err = r.GenerateAC(emv.TC)
		requireStatus(t, 0x6985, err)
	}
	_, b, r, err := tapped(t, "Mastercard", emv.TTQ{}, nil)
	require.NoError(t, err)
	honest := r.Transmit
	r.Transmit = func([]byte) []byte { return unhex("9F6C0200019000") } // the version of its magnetic stripe mode
	require.NoError(t, r.Get(0x9F6C))
	r.Transmit = honest
	_, err = r.GenerateAC(emv.ARQC)
	require.NoError(t, err)
	cid, err := r.Complete(emv.TC, done, b.answer(t, r))
	require.NoError(t, err)
	require.Equal(t, emv.TC, cid.Type())
}

// TestTappedMastercard goes the way of contacts, with a second cryptogram.
func TestTappedMastercard(t *testing.T) {
	_, b, r, err := tapped(t, "Mastercard", emv.TTQ{}, nil)
	require.NoError(t, err)
	_, given := r.Done()
	require.False(t, given)
	cid, err := r.GenerateAC(emv.ARQC)
	require.NoError(t, err)
	require.Equal(t, emv.ARQC, cid.Type())
	cid, err = r.Complete(emv.TC, done, b.answer(t, r))
	require.NoError(t, err)
	require.Equal(t, emv.TC, cid.Type())
	require.NotContains(t, fmt.Sprint(r), "5413")
}

// TestTapsWithoutAWholeCryptogram: what a tapped card gives with the processing options has a cryptogram of eight octets and
// a counter of two; only its type may be left out.
func TestTapsWithoutAWholeCryptogram(t *testing.T) {
	const ac, counter, iad = "9F26080102030405060708", "9F36020001", "9F10080701010390000001" // a TC
	for options, want := range map[string]error{
		"9F270140" + ac + counter:                         nil,
		ac + counter + iad:                                nil,
		"9F270140" + "9F2600" + counter:                   card.ErrResponse,
		"9F270140" + "9F2600":                             card.ErrResponse,
		"9F270140" + "9F260101" + counter:                 card.ErrResponse,
		"9F270140" + "9F2609010203040506070809" + counter: card.ErrResponse,
		"9F270140" + ac:                                   card.ErrResponse,
		"9F270140" + ac + "9F3600":                        card.ErrResponse,
		"9F270140" + ac + "9F360101":                      card.ErrResponse,
		"9F270140" + ac + "9F3603000001":                  card.ErrResponse,
		"9F2700" + ac + counter + iad:                     card.ErrResponse,
		"9F27024040" + ac + counter:                       card.ErrResponse,
		"9F2600" + counter + iad:                          card.ErrResponse,
	} {
		r := &card.Reader{Over: emv.Contactless, Transmit: func(command []byte) []byte {
			if command[1] == 0xA4 {
				return unhex("6F0F" + "8408A000000333010101" + "A5035001559000")
			}
			inside := append(unhex("82027D00"+"9F6C020040"), unhex(options)...)
			return append(emv.AppendTLV(nil, 0x77, inside), 0x90, 0)
		}}
		require.NoError(t, r.Select(unionPayDebit))
		require.ErrorIs(t, r.Start(), want, options)
		cid, given := r.Done()
		require.Equal(t, want == nil, given, options)
		if given {
			require.Equal(t, emv.TC, cid.Type())
		}
	}
}
