package card_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/oda"
)

// refused reports whether an error is one of those by which a Reader says what is wrong with the card.
func refused(err error) bool {
	var status *card.StatusError
	var syntax *emv.SyntaxError
	var value *emv.ValueError
	var authentication *oda.Error
	return errors.Is(err, card.ErrResponse) || errors.Is(err, card.ErrNoApplication) || errors.As(err, &status) ||
		errors.As(err, &syntax) || errors.As(err, &value) || errors.As(err, &authentication)
}

// transaction goes through everything a Reader does, whatever the steps before have come to.
func transaction(t testing.TB, r *card.Reader, keys *oda.CAKeys, combined bool) {
	candidates, err := r.Candidates([]emv.SupportedApplication{{AID: unhex("A000000333"), Partial: true, Extended: true}, {AID: unionPayDebit}})
	require.True(t, err == nil || refused(err), "%v", err)
	_, err = r.SelectFirst(candidates)
	require.True(t, err == nil || refused(err), "%v", err)
	generate, atOnce := r.GenerateAC, false
	if combined {
		generate = r.GenerateCombinedAC
	}
	for _, step := range []func() error{
		r.Start,
		func() error { return r.Get(0x9F17) },
		func() error { return r.Authenticate(keys, today) },
		func() error { return r.VerifyEncipheredPIN([8]byte(unhex("26123456FFFFFFFF"))) },
		func() error {
			_, atOnce = r.Done()
			cid, err := generate(emv.ARQC)
			require.True(t, err != nil || cid.Type() == emv.AAC || cid.Type() == emv.ARQC)
			return err
		},
		func() error {
			cid, err := r.Complete(emv.TC, done, unhex("910A30303030303030303030"+"7208860684DA00000000"))
			require.True(t, err != nil || cid.Type() == emv.AAC || cid.Type() == emv.TC || atOnce)
			return err
		},
	} {
		err := step()
		require.True(t, err == nil || refused(err), "%v", err)
		if err != nil {
			require.NotContains(t, err.Error(), kinds["UnionPay"].pan[:12])
		}
	}
	r.Done()
	field55(r)
	_, _ = emv.CardPAN(r.Card())
	emv.Restrictions(r.Card(), emv.RestrictionInput{Date: today})
	emv.DecideTap(emv.TapInput{Card: r.Card()})
}

// FuzzReader holds that a card which answers anything at all is refused with an error that says why and shows nothing, and
// comes to an end. Each response is its length and its octets; after the last one the card is gone.
func FuzzReader(f *testing.F) {
	var keys oda.CAKeys
	keys.Add(testPKI(f, emv.RIDUnionPay, "622848").CA)
	for _, over := range []emv.Interface{emv.Contact, emv.Contactless} {
		for _, combined := range []bool{false, true} {
			c, _, _ := newCard(f, "UnionPay", func(c *card.Config) { c.Contactless, c.PIN = over == emv.Contactless, "123456" })
			var dialogue []byte
			r := honest(over, func(command []byte) []byte {
				response := c.Transmit(command)
				dialogue = append(append(dialogue, byte(len(response)-2)), response...)
				return response
			})
			transaction(f, r, &keys, combined)
			f.Add(dialogue, over == emv.Contactless, combined)
		}
	}
	f.Fuzz(func(t *testing.T, dialogue []byte, tapped, combined bool) {
		over, sent, octets := emv.Contact, 0, len(dialogue)
		if tapped {
			over = emv.Contactless
		}
		r := honest(over, func(command []byte) []byte {
			require.True(t, len(command) >= 5 && len(command) <= 261)
			sent++
			if len(dialogue) < 3 {
				return nil
			}
			n := min(int(dialogue[0])+2, len(dialogue)-1)
			response := dialogue[1 : 1+n]
			dialogue = dialogue[1+n:]
			return response
		})
		transaction(t, r, &keys, combined)
		require.Less(t, sent, 100+octets)
	})
}

// honest is a terminal that fills in every list.
func honest(over emv.Interface, transmit func([]byte) []byte) *card.Reader {
	return &card.Reader{Over: over, Transmit: transmit, Terminal: unhex("9F02060000000019999F03060000000000009F1A02015695050000000000" +
		"5F2A0201569A032611239C01009F370452BF45859F660436008080")}
}
