package card_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/cryptogram"
)

// TestVerificationResults: the card tells its issuer what became of the PIN and of the issuer's answer, and the terminal why
// it declines, in the layouts whose bits are public; in others the octets stay as they were given.
func TestVerificationResults(t *testing.T) {
	good, bad := [8]byte(unhex("26123456FFFFFFFF")), [8]byte(unhex("26654321FFFFFFFF"))
	for kind, want := range map[string]struct {
		at                                        int // where the two octets stand
		none, right, wrong, blocked, next, refuse string
	}{
		"UnionPay":   {4, "A000", "A400", "A600", "A640", "A040", "2C00"},
		"Visa 10":    {4, "A000", "A400", "A600", "A640", "A040", "2C00"},
		"CCD":        {3, "A000", "A008", "A00C", "A00E", "A002", "2108"},
		"Mastercard": {2, "A000", "A000", "A000", "A000", "A000", "2000"},
	} {
		t.Run(kind, func(t *testing.T) {
			told := func(r *card.Reader) string {
				iad, _ := r.Value(0x9F10)
				return fmt.Sprintf("%X", iad[want.at:want.at+2])
			}
			c, b := scripted(t, kind, nil)
			pay := func(pins ...[8]byte) (*card.Reader, string) {
				r := reader(t, c, kind)
				for _, pin := range pins {
					if err := r.VerifyPIN(pin); pin == good {
						require.NoError(t, err)
					} else {
						require.Error(t, err)
					}
				}
				cid, err := r.GenerateAC(emv.ARQC)
				require.NoError(t, err)
				require.Equal(t, emv.NoReason, cid.Reason())
				require.NoError(t, cryptogram.Software{}.VerifyCryptogram(context.Background(), b.keys.Cryptogram, request(kind, r)))
				return r, told(r)
			}
			for _, step := range []struct {
				pins [][8]byte
				want string
			}{
				{nil, want.none},
				{[][8]byte{good}, want.right},
				{[][8]byte{bad, good}, want.right},
				{[][8]byte{good, bad}, want.wrong},
				{nil, want.none},
				{[][8]byte{bad, bad}, want.blocked}, // the third one with that of before
				{nil, want.next},
				{[][8]byte{bad}, want.next}, // refused without a look
			} {
				_, got := pay(step.pins...)
				require.Equal(t, step.want, got, "%d PINs", len(step.pins))
			}
			r := reader(t, c, kind)
			cid, err := r.GenerateAC(emv.AAC)
			require.NoError(t, err)
			require.Equal(t, emv.PINTryLimitExceeded, cid.Reason())

			for _, n := range []int{8, 3} { // a wrong answer, and one that is none
				c, b = scripted(t, kind, nil)
				r, _ = pay(good)
				require.Error(t, r.ExternalAuthenticate(make([]byte, n)))
				r.Set(0x8A, done[:])
				cid, err = r.GenerateAC(emv.TC)
				require.NoError(t, err)
				require.Equal(t, emv.AAC, cid.Type())
				require.Equal(t, emv.IssuerAuthenticationFailed, cid.Reason())
				require.Equal(t, want.refuse, told(r))
				_, got := pay()
				require.Equal(t, want.none, got, "the next transaction begins anew")
			}
			c, _ = scripted(t, kind, nil)
			r = reader(t, c, kind)
			cid, err = r.GenerateAC(emv.AAC)
			require.NoError(t, err)
			require.Equal(t, emv.NoReason, cid.Reason())
		})
	}
}
