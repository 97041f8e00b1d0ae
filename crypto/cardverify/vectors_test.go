package cardverify_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/internal/vectortest"
)

func TestVectors(t *testing.T) {
	vectortest.Run(t, map[string]func(*testing.T, *vectortest.Case){"cvv": check, "emv_cvc3_dcvv_cavv": check})
}

func cvk(t testing.TB, key []byte, options ...crypto.Option) crypto.CVK {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes("C0TC00N"), key, append(options, crypto.AllowWeak)...)
	require.NoError(t, err)
	c, err := crypto.NewCVK(k)
	require.NoError(t, err)
	return c
}

func imk(t testing.TB, usage string, key []byte) crypto.IMK {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes(usage+"TX00N"), key, crypto.AllowWeak)
	require.NoError(t, err)
	i, err := crypto.NewIMK(k)
	require.NoError(t, err)
	return i
}

func check(t *testing.T, c *vectortest.Case) {
	switch method := c.Text("method"); {
	case method == "Visa PVV":
		c.Skip("PVVs are package pinblock's")
	case strings.HasPrefix(method, "Visa dCVV"):
		checkDCVV(t, c)
	case method == "Mastercard CVC3":
		checkCVC3(t, c)
	case strings.HasPrefix(method, "Visa CAVV"):
		a := cardverify.Authentication{
			PAN: crypto.Hide(c.Text("pan")), TransactionID: c.Text("upn"), Result: c.Text("auth_result"), SecondFactor: c.Text("second_factor"),
		}
		key, want := cvk(t, c.Hex("cvk"), cardverify.ForCAVV), c.WantText("cavv")
		got, err := cardverify.AppendCAVV(nil, key, a)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		require.NoError(t, cardverify.VerifyCAVV(key, a, want))
		require.ErrorIs(t, cardverify.VerifyCAVV(key, a, other(want)), crypto.ErrVerify)
	case strings.HasPrefix(method, "CVV"), strings.HasPrefix(method, "CVC"), strings.HasPrefix(method, "iCVV"):
		checkCVV(t, c)
	default:
		t.Fatalf("unknown method %q", method)
	}
}

// other changes the last digit.
func other(digits string) string {
	last := digits[len(digits)-1]
	return digits[:len(digits)-1] + string('0'+(last-'0'+1)%10)
}

func checkCVV(t *testing.T, c *vectortest.Case) {
	c.Ignore("block1_encrypted", "xor_block2", "tdes") // steps on the way
	card := cardverify.Card{PAN: crypto.Hide(c.Text("pan")), Expiry: c.Text("expiry_as_given"), ServiceCode: c.Text("service_code")}
	if c.Has("expiry") {
		card.Expiry = c.Text("expiry")
	}
	want := c.WantText("cvv")
	if c.Expects("cvc4") {
		want, card.Digits = c.WantText("cvc4"), 4
	}
	for _, key := range []crypto.CVK{cvk(t, c.Hex("cvk")), cvk(t, c.Hex("cvk"), crypto.TableDES)} {
		got, err := cardverify.Append(nil, key, card)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		require.NoError(t, cardverify.Verify(key, card, want))
		require.ErrorIs(t, cardverify.Verify(key, card, other(want)), crypto.ErrVerify)
		require.ErrorIs(t, cardverify.Verify(key, card, want+"0"), crypto.ErrVerify)
		require.ErrorIs(t, cardverify.Verify(key, card, want[1:]), crypto.ErrVerify)
		require.ErrorIs(t, cardverify.Verify(key, card, ""), crypto.ErrVerify)
	}
}

func dynamic(c *vectortest.Case) cardverify.Dynamic {
	d := cardverify.Dynamic{PAN: crypto.Hide(c.Text("pan")), Sequence: c.Text("psn")}
	if c.Text("mk_option") == "B" {
		d.Derivation = cardverify.OptionBHashed // jPOS hashes whatever the length
	}
	return d
}

func checkDCVV(t *testing.T, c *vectortest.Case) {
	key := imk(t, "E0", c.Hex("imk"))
	d := cardverify.DCVV{
		Dynamic: dynamic(c), Expiry: c.Text("expiry"), ServiceCode: c.Text("service_code"), Counter: c.Text("atc"),
	}
	want := c.WantText("dcvv")
	got, err := cardverify.AppendDCVV(nil, key, d)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
	require.NoError(t, cardverify.VerifyDCVV(key, d, want))
	require.ErrorIs(t, cardverify.VerifyDCVV(key, d, other(want)), crypto.ErrVerify)
}

func checkCVC3(t *testing.T, c *vectortest.Case) {
	require.Empty(t, c.Text("ivcvc3"), "computed from the track")
	key := imk(t, "E4", c.Hex("imk"))
	track := c.Text("track_data")
	if len(track)%2 == 1 {
		track += "F"
	}
	d := cardverify.CVC3{
		Dynamic: dynamic(c), Track: crypto.Hide(decode(t, track)),
		Number: binary.BigEndian.Uint32(c.Hex("un")), Counter: binary.BigEndian.Uint16(c.Hex("atc")),
	}
	want := c.WantText("cvc3")
	got, err := cardverify.AppendCVC3(nil, key, d)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
	require.NoError(t, cardverify.VerifyCVC3(key, d, want))
	require.NoError(t, cardverify.VerifyCVC3(key, d, want[2:]))
	require.ErrorIs(t, cardverify.VerifyCVC3(key, d, other(want)), crypto.ErrVerify)
	require.ErrorIs(t, cardverify.VerifyCVC3(key, d, want[3:]), crypto.ErrVerify)
	require.ErrorIs(t, cardverify.VerifyCVC3(key, d, ""), crypto.ErrVerify)
}
