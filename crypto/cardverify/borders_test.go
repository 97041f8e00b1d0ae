package cardverify_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/internal/released"
)

const nineteen = "4111111111111111111"

// The shortest and the longest PAN of every value, and a digit less and more; characters to both sides of the digits.
func TestBordersOfCardData(t *testing.T) {
	key, issuer := cvk(t, decode(t, testKey)), imk(t, "E4", decode(t, testKey))
	cavvs := cvk(t, decode(t, testKey), cardverify.ForCAVV)
	values := map[string]func(pan, expiry, code string) error{
		"CVV": func(pan, expiry, code string) error {
			_, err := cardverify.Append(nil, key, cardverify.Card{PAN: crypto.Hide(pan), Expiry: expiry, ServiceCode: code})
			return err
		},
		"CAVV": func(pan, expiry, code string) error {
			first, rest := code, ""
			if len(code) > 0 {
				first, rest = code[:1], code[1:]
			}
			_, err := cardverify.AppendCAVV(nil, cavvs, cardverify.Authentication{PAN: crypto.Hide(pan), TransactionID: expiry, Result: first, SecondFactor: rest})
			return err
		},
		"dCVV": func(pan, expiry, code string) error {
			_, err := cardverify.AppendDCVV(nil, issuer, cardverify.DCVV{Dynamic: cardverify.Dynamic{PAN: crypto.Hide(pan)}, Expiry: expiry, ServiceCode: code, Counter: "0001"})
			return err
		},
	}
	for name, value := range values {
		for n := 11; n <= 20; n++ {
			err := value((nineteen + "1")[:n], "2512", "101")
			require.Equal(t, 12 <= n && n <= 19, err == nil, "%s of %d digits", name, n)
		}
		for _, c := range []string{"/", ":", ";", "A", "?", " ", "\x00", "\xff"} {
			for at := range 3 {
				require.ErrorIs(t, value(nineteen[:8+at]+c+nineteen[9+at:], "2512", "101"), crypto.ErrUnsupported, "%s with %q", name, c)
				require.ErrorIs(t, value(nineteen, "251"+c, "101"), crypto.ErrUnsupported, "%s with %q", name, c)
				require.ErrorIs(t, value(nineteen, "2512", "10"+c), crypto.ErrUnsupported, "%s with %q", name, c)
			}
		}
		for n := range 7 {
			require.Equal(t, n == 4, value(nineteen, "251299"[:n], "101") == nil, "%s: %d digits of the date", name, n)
			require.Equal(t, n == 3, value(nineteen, "2512", "101101"[:n]) == nil, "%s: %d digits of the code", name, n)
		}
	}
	for _, c := range []string{"/", ":", "A", " "} {
		for _, d := range []cardverify.Dynamic{{PAN: crypto.Hide(nineteen[:9] + c + nineteen[10:])}, {PAN: crypto.Hide(nineteen), Sequence: "0" + c}, {PAN: crypto.Hide(nineteen), Sequence: c + "0"}} {
			_, err := cardverify.AppendCVC3(nil, issuer, cardverify.CVC3{Dynamic: d})
			require.ErrorIs(t, err, crypto.ErrUnsupported, "%q", c)
		}
	}
	for n := range 7 {
		_, err := cardverify.AppendDCVV(nil, issuer, cardverify.DCVV{
			Dynamic: cardverify.Dynamic{PAN: crypto.Hide(nineteen)}, Expiry: "2512", ServiceCode: "101", Counter: "000111"[:n],
		})
		require.Equal(t, n == 4, err == nil, "%d digits of the counter", n)
	}
}

// Faults of the data are told as such by the functions that verify, not as a wrong value, and leave dst as it is.
func TestFaultsAreNoWrongValues(t *testing.T) {
	key, issuer := cvk(t, decode(t, testKey)), imk(t, "E4", decode(t, testKey))
	cavvs := cvk(t, decode(t, testKey), cardverify.ForCAVV)
	bad := cardverify.Dynamic{PAN: crypto.Hide("1")}
	for name, err := range map[string]error{
		"CVV":  cardverify.Verify(key, cardverify.Card{}, "123"),
		"CAVV": cardverify.VerifyCAVV(cavvs, cardverify.Authentication{Result: "12", SecondFactor: "3"}, "123"),
		"dCVV": cardverify.VerifyDCVV(issuer, cardverify.DCVV{Dynamic: bad}, "123"),
		"CVC3": cardverify.VerifyCVC3(issuer, cardverify.CVC3{Dynamic: bad}, "12345"),
	} {
		require.ErrorIs(t, err, crypto.ErrUnsupported, name)
		require.NotErrorIs(t, err, crypto.ErrVerify, name)
	}
	for name, appendTo := range map[string]func(dst []byte) ([]byte, error){
		"CVV": func(dst []byte) ([]byte, error) { return cardverify.Append(dst, key, cardverify.Card{}) },
		"CAVV": func(dst []byte) ([]byte, error) {
			return cardverify.AppendCAVV(dst, cavvs, cardverify.Authentication{})
		},
		"dCVV": func(dst []byte) ([]byte, error) {
			return cardverify.AppendDCVV(dst, issuer, cardverify.DCVV{Dynamic: bad})
		},
		"CVC3": func(dst []byte) ([]byte, error) {
			return cardverify.AppendCVC3(dst, issuer, cardverify.CVC3{Dynamic: bad})
		},
	} {
		dst, err := appendTo([]byte("x"))
		require.Error(t, err, name)
		require.Equal(t, "x", string(dst), name)
	}
}

// Issuer keys of another length or cipher, or with no right to derive, derive nothing.
func TestIssuerKeysThatDoNotFit(t *testing.T) {
	d := cardverify.CVC3{Dynamic: cardverify.Dynamic{PAN: crypto.Hide(nineteen)}}
	for attributes, want := range map[string]error{
		"E4TX00N": nil, "E0TX00N": nil, "E6TX00N": nil, "E4TN00N": nil,
		"E4AX00N": crypto.ErrUnsupported, "E44X00N": crypto.ErrUnsupported, "E4HX00N": crypto.ErrUnsupported,
		"E4TC00N": crypto.ErrUsage, "E2TX00N": crypto.ErrUsage, "E5TX00N": crypto.ErrUsage,
	} {
		k, err := clearkey.Import(crypto.MustAttributes(attributes), decode(t, testKey), gm.SM4)
		require.NoError(t, err)
		issuer, err := crypto.NewIMK(k)
		require.NoError(t, err)
		released.After(t, k, attributes, func() {
			_, err = cardverify.AppendCVC3(nil, issuer, d)
			require.ErrorIs(t, err, want, attributes)
			require.Error(t, cardverify.VerifyCVC3(issuer, cardverify.CVC3{}, "1"))
		})
		_, err = cardverify.AppendCVC3(nil, issuer, d)
		require.Error(t, err, "destroyed")
	}
	for _, key := range []string{testKey[:16], testKey + "1122334455667788"} {
		_, err := cardverify.AppendCVC3(nil, imk(t, "E4", decode(t, key)), d)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
	for _, attributes := range []string{"C0TC00N", "C0AC00N"} {
		k, err := clearkey.Import(crypto.MustAttributes(attributes), decode(t, testKey))
		require.NoError(t, err)
		key, err := crypto.NewCVK(k)
		require.NoError(t, err)
		released.After(t, k, attributes, func() {
			cardverify.Append(nil, key, testCard)
			cardverify.Verify(key, testCard, "123")
		})
	}
}

// Values of every length begin alike, and only the whole value verifies.
func TestDigitsOfValues(t *testing.T) {
	key, card := cvk(t, decode(t, testKey)), testCard
	card.Digits = 5
	longest, err := cardverify.Append(nil, key, card)
	require.NoError(t, err)
	require.Len(t, longest, 5)
	for digits, n := range map[int]int{0: 3, 3: 3, 4: 4, 5: 5} {
		card.Digits = digits
		got, err := cardverify.Append([]byte("x"), key, card)
		require.NoError(t, err)
		require.Equal(t, "x"+string(longest[:n]), string(got))
		value := string(got[1:])
		require.NoError(t, cardverify.Verify(key, card, value))
		for _, wrong := range []string{value[1:], value[:n-1], value + "0", value + value, "", strings.Repeat("0", 64)} {
			require.ErrorIs(t, cardverify.Verify(key, card, wrong), crypto.ErrVerify, "%d digits, %q", n, wrong)
		}
	}
}
