package card_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/cryptogram"
)

// updated brings a transaction to where the issuer has sent a card status update, and ends it, the terminal asking for a TC.
func updated(t *testing.T, kind string, inAC bool, u emv.CSU) (*card.Card, *card.Reader, emv.CryptogramType) {
	t.Helper()
	c, b := scripted(t, kind, func(c *card.Config) { c.PIN, c.AuthenticateInAC, c.PKI = "123456", inAC, nil })
	r := begin(t, c, kind)
	response, err := cryptogram.Software{}.AppendResponse(context.Background(), nil, b.keys.Cryptogram, request(kind, r), cryptogram.Answer{CSU: u})
	require.NoError(t, err)
	cid, err := r.Complete(emv.TC, done, emv.AppendTLV(nil, 0x91, response))
	require.NoError(t, err)
	require.Equal(t, emv.TVR{}, r.TVR(), "the issuer was authenticated")
	require.NoError(t, cryptogram.Software{}.VerifyCryptogram(context.Background(), b.keys.Cryptogram, request(kind, r)))
	return c, r, cid.Type()
}

// TestCardStatusUpdate does what the issuer's answer of method 2 says, whichever way it comes.
func TestCardStatusUpdate(t *testing.T) {
	value := func(r *card.Reader, tag emv.Tag) []byte {
		require.NoError(t, r.Get(tag))
		v, _ := r.Value(tag)
		return v
	}
	for _, kind := range []string{"CCD", "Visa 18"} {
		for _, inAC := range []bool{false, true} {
			for _, c := range []struct {
				u     emv.CSU
				want  emv.CryptogramType
				tries byte
			}{
				{emv.CSU{0, 0x80}, emv.TC, 3},
				{emv.CSU{}, emv.AAC, 3}, // the issuer does not approve, whatever the terminal was told
				{emv.CSU{0, 0x0F}, emv.AAC, 3},
				{emv.CSU{0x01, 0x90}, emv.TC, 1},
				{emv.CSU{0x01, 0x80}, emv.TC, 3}, // not to be updated
				{emv.CSU{0x00, 0x90}, emv.TC, 0},
				{emv.CSU{0x0F, 0x10}, emv.AAC, 15},
				{emv.CSU{0, 0xA0}, emv.AAC, 3}, // approved, and the application blocked
				{emv.CSU{0, 0xC0}, emv.AAC, 3}, // or the card
			} {
				chip, r, got := updated(t, kind, inAC, c.u)
				require.Equal(t, c.want, got, "%s %X", kind, c.u)
				require.Equal(t, []byte{c.tries}, value(r, 0x9F17), "%X", c.u)
				require.Equal(t, []byte{0, 1}, value(r, 0x9F13))
				again := &card.Reader{Transmit: chip.Transmit}
				switch err := again.Select(unhex(kinds[kind].aid)); {
				case c.u.Has(emv.CSUCardBlock):
					requireStatus(t, 0x6A81, err)
				case c.u.Has(emv.CSUApplicationBlock):
					requireStatus(t, 0x6283, err)
				default:
					require.NoError(t, err)
				}
			}
		}
	}
}

// TestGoOnlineNext: told to, the card approves nothing offline until its issuer is authenticated again.
func TestGoOnlineNext(t *testing.T) {
	const kind = "CCD"
	c, _, got := updated(t, kind, false, emv.CSU{0, 0x88})
	require.Equal(t, emv.TC, got, "it is about the next transaction")
	for offline, asked := range map[emv.ARC]emv.CryptogramType{emv.ARCUnableOnlineApproved: emv.TC, emv.ARCUnableOnlineDeclined: emv.AAC} {
		r := reader(t, c, kind)
		cid, err := r.GenerateAC(emv.TC)
		require.NoError(t, err)
		require.Equal(t, emv.ARQC, cid.Type())
		cid, err = r.Complete(asked, offline, nil)
		require.NoError(t, err)
		require.Equal(t, asked, cid.Type())
	}
	cid, err := reader(t, c, kind).GenerateAC(emv.AAC)
	require.NoError(t, err)
	require.Equal(t, emv.AAC, cid.Type(), "never more than asked")

	answer := func(u emv.CSU) {
		r := begin(t, c, kind)
		key := imk(t, kinds[kind].algorithm)
		response, err := cryptogram.Software{}.AppendResponse(context.Background(), nil, key, request(kind, r), cryptogram.Answer{CSU: u})
		require.NoError(t, err)
		_, err = r.Complete(emv.TC, done, emv.AppendTLV(nil, 0x91, response))
		require.NoError(t, err)
	}
	first := func() emv.CryptogramType {
		cid, err := reader(t, c, kind).GenerateAC(emv.TC)
		require.NoError(t, err)
		return cid.Type()
	}
	answer(emv.CSU{0, 0x88})
	require.Equal(t, emv.ARQC, first(), "told again")
	answer(emv.CSU{0, 0x80})
	require.Equal(t, emv.TC, first())
}

// TestGoOnlineNextTap: told to, a tapped card goes online or, where the reader cannot, declines.
func TestGoOnlineNextTap(t *testing.T) {
	const kind = "Visa 18"
	for next, want := range map[emv.TTQ]emv.CryptogramType{{0x36, 0, 0x80}: emv.ARQC, {0x3E, 0, 0x80}: emv.AAC} {
		c, b, r, err := tapped(t, kind, emv.TTQ{0x36, 0x80, 0x80}, func(c *card.Config) { c.OfflineLimit = 5000 })
		require.NoError(t, err)
		answer := cryptogram.Answer{CSU: emv.CSU{0, 0x88}}
		response, err := cryptogram.Software{}.AppendResponse(context.Background(), nil, b.keys.Cryptogram, request(kind, r), answer)
		require.NoError(t, err)
		_, err = r.Complete(emv.TC, done, emv.AppendTLV(nil, 0x91, response))
		require.NoError(t, err)
		r, err = tap(t, c, kind, next)
		require.NoError(t, err)
		cid, _ := r.Done()
		require.Equal(t, want, cid.Type())
	}
}
