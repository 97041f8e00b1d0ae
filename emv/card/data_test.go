package card_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/oda"
)

// with is a card whose record has the objects.
func with(data string) func(*card.Config) {
	return func(c *card.Config) { c.Data = unhex(data) }
}

// TestCardsThatTerminalsCheck: what a terminal finds in a card's record, from restrictions to limits, and what it asks the card
// for then. The card's issuer has signed all of it.
func TestCardsThatTerminalsCheck(t *testing.T) {
	const online = "9F0F05" + "FFFFFFFFFF"
	for name, c := range map[string]struct {
		data   string
		before int // transactions since the issuer was asked
		asked  bool
		tvr    emv.TVR
		want   emv.CryptogramType
	}{
		"nothing wanted":                {"", 0, false, emv.TVR{}, emv.TC},
		"not yet effective":             {"5F2503261124" + online, 0, false, emv.TVR{1: 0x20}, emv.ARQC},
		"effective today":               {"5F2503261123" + online, 0, false, emv.TVR{}, emv.TC},
		"not yet effective, denied":     {"5F2503261124" + online + "9F0E050020000000", 0, false, emv.TVR{1: 0x20}, emv.AAC},
		"expired":                       {"5F2403261122" + online, 0, false, emv.TVR{1: 0x40}, emv.ARQC},
		"no expiry":                     {"5F2400" + online, 0, false, emv.TVR{0x20}, emv.ARQC},
		"another version":               {"9F08020031" + online, 0, false, emv.TVR{1: 0x80}, emv.ARQC},
		"service not allowed":           {"9F07028100" + online, 0, false, emv.TVR{1: 0x10}, emv.ARQC},
		"service not allowed, denied":   {"9F07028100" + "9F0E050010000000", 0, false, emv.TVR{1: 0x10}, emv.AAC},
		"any service, no usage control": {"9F0700" + online, 0, false, emv.TVR{}, emv.TC},
		"of another country":            {"9F0702A900" + "5F28020840" + online, 0, false, emv.TVR{1: 0x10}, emv.ARQC},
		"never online":                  {"9F140101" + "9F230102" + online, 0, false, emv.TVR{1: 0x08}, emv.ARQC},
		"at the lower limit":            {"9F140101" + "9F230102" + online, 0, true, emv.TVR{}, emv.TC},
		"over the lower limit":          {"9F140101" + "9F230102" + online, 1, true, emv.TVR{3: 0x40}, emv.ARQC},
		"over both limits":              {"9F140101" + "9F230102" + online, 2, true, emv.TVR{3: 0x60}, emv.ARQC},
		"over a limit, no matter":       {"9F140101" + "9F230102", 1, true, emv.TVR{3: 0x40}, emv.TC},
		"no codes":                      {"9F140101" + "9F230102" + "9F0F00", 1, true, emv.TVR{3: 0x40}, emv.ARQC},
	} {
		t.Run(name, func(t *testing.T) {
			chip, b := scripted(t, "UnionPay", with(c.data))
			if c.asked {
				r := begin(t, chip, "UnionPay")
				_, err := r.Complete(emv.TC, done, b.answer(t, r))
				require.NoError(t, err)
			}
			for range c.before {
				reader(t, chip, "UnionPay")
			}
			r := reader(t, chip, "UnionPay")
			var keys oda.CAKeys
			keys.Add(testPKI(t, emv.RIDUnionPay, "622848").CA)
			require.NoError(t, r.Authenticate(&keys, today))
			require.NoError(t, r.Get(0x9F36))
			require.NoError(t, r.Get(0x9F13))
			r.AddTVR(emv.Restrictions(r.Card(), emv.RestrictionInput{Date: today, Version: [2]byte{0, 0x30}, Country: 156}))
			r.AddTVR(emv.TerminalRiskManagement(r.Card(), emv.RiskInput{Amount: 1999, FloorLimit: 5000}))
			require.Equal(t, c.tvr, r.TVR())
			asked := emv.ActionAnalysis(emv.ActionInput{TVR: r.TVR(), Issuer: emv.IssuerActionCodes(r.Card())})
			require.Equal(t, c.want, asked)
			cid, err := r.GenerateAC(asked)
			require.NoError(t, err)
			require.Equal(t, c.want, cid.Type())
		})
	}
}

// TestIssuerThatCannotBeAsked: the card's default codes tell what becomes of a transaction whose issuer does not answer.
func TestIssuerThatCannotBeAsked(t *testing.T) {
	for defaults, want := range map[string]emv.CryptogramType{
		"0000000000": emv.TC, "0000008000": emv.AAC, "0000004000": emv.TC, "": emv.AAC,
	} {
		c, _, _ := newCard(t, "UnionPay", func(c *card.Config) {
			c.Data = emv.AppendTLV(unhex("9F0F050000008000"), 0x9F0D, unhex(defaults))
		})
		r := reader(t, c, "UnionPay")
		r.AddTVR(emv.TerminalRiskManagement(r.Card(), emv.RiskInput{Amount: 1999, FloorLimit: 1999}))
		in := emv.ActionInput{TVR: r.TVR(), Issuer: emv.IssuerActionCodes(r.Card())}
		require.Equal(t, emv.CryptogramType(emv.ARQC), emv.ActionAnalysis(in))
		_, err := r.GenerateAC(emv.ARQC)
		require.NoError(t, err)
		in.UnableToGoOnline = true
		code := map[emv.CryptogramType]emv.ARC{emv.TC: emv.ARCUnableOnlineApproved, emv.AAC: emv.ARCUnableOnlineDeclined}
		asked := emv.ActionAnalysis(in)
		cid, err := r.Complete(asked, code[asked], nil)
		require.NoError(t, err)
		require.Equal(t, want, cid.Type(), defaults)
	}
}

// TestMethodsWithAmounts: a list whose rules go by the amount. X is 10.00, Y is 20.00: under X nothing, under Y a signature,
// over it a PIN.
func TestMethodsWithAmounts(t *testing.T) {
	c, _, _ := newCard(t, "UnionPay", with("8E0E"+"000003E8000007D0"+"1F06"+"1E08"+"4209"))
	r := reader(t, c, "UnionPay")
	v, _ := r.Card().Get(0x8E)
	list, err := emv.ParseCVMList(v)
	require.NoError(t, err)
	for amount, want := range map[uint64]emv.CVMMethod{
		999: emv.CVMNone, 1000: emv.CVMSignature, 1999: emv.CVMSignature, 2001: emv.CVMOnlinePIN,
	} {
		step := emv.SelectCVM(list, emv.CVMInput{
			Amount: amount, ApplicationCurrency: true, Supports: emv.TerminalCapabilities{0xE0, 0xF8, 0xC8}.Supports,
		}, 0)
		require.Equal(t, emv.PerformCVM, step.Action)
		require.Equal(t, want, step.Rule.Method(), amount)
	}
}

// TestDataAreSigned: the objects are in the record that the issuer signed, each in the place of the card's own.
func TestDataAreSigned(t *testing.T) {
	var keys oda.CAKeys
	keys.Add(testPKI(t, emv.RIDUnionPay, "622848").CA)
	data := unhex("DF010155" + "9F0702FF80" + "9F0800")
	c, _, _ := newCard(t, "UnionPay", func(c *card.Config) { c.Data = data })
	data[3] = 0xAA // the card has its own
	for _, change := range []emv.Tag{0, 0xDF01, 0x9F07} {
		r := &card.Reader{Terminal: unhex("9F370452BF4585"), Transmit: edited(c.Transmit, func(tag emv.Tag, v emv.Value) ([]byte, bool) {
			if tag == change {
				return append([]byte{v[0] ^ 1}, v[1:]...), true
			}
			return v, true
		})}
		require.NoError(t, r.Select(unionPayDebit))
		require.NoError(t, r.Start())
		if change != 0 {
			require.ErrorIs(t, r.Authenticate(&keys, today), oda.ErrHash)
			continue
		}
		require.NoError(t, r.Authenticate(&keys, today))
		var found []string
		for tag, v := range r.Card().All() {
			if tag == 0x9F07 || tag == 0x9F08 || tag == 0xDF01 {
				found = append(found, tag.String(), string(v))
			}
		}
		require.Equal(t, []string{"9F07", "\xFF\x80", "DF01", "\x55"}, found)
	}
}

// TestDataThatMakeNoCard: objects that are none, the lists that the card itself goes by, and more than a record holds.
func TestDataThatMakeNoCard(t *testing.T) {
	const room = 115 // octets beside what the record of the card has otherwise, for the value of one object
	for data, want := range map[string]error{
		"9F07":                                     card.ErrConfig,
		"8C039F0206":                               card.ErrConfig,
		"8D00":                                     card.ErrConfig,
		"DF0173" + strings.Repeat("00", room):      nil,
		"DF0174" + strings.Repeat("00", room+1):    card.ErrConfig,
		"DF018180" + strings.Repeat("00", 0x80):    card.ErrConfig,
		"DF01820100" + strings.Repeat("00", 0x100): card.ErrConfig,
	} {
		c, err := card.New(card.Config{
			AID: unionPayDebit, PAN: "6228480012345678", Expiry: expiry, Data: unhex(data), Keys: card.Keys{Cryptogram: imk(t, crypto.TDES)},
		})
		require.ErrorIs(t, err, want, data[:4])
		if err == nil {
			c.Transmit(append(unhex("00A4040008"), unionPayDebit...))
			require.Len(t, c.Transmit(unhex("00B2011400")), 256)
		}
	}
}
