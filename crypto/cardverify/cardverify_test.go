package cardverify_test

import (
	"context"
	"crypto/des"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/internal/shown"
)

func decode(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

const testKey = "0123456789ABCDEFFEDCBA9876543210"

var testCard = cardverify.Card{PAN: crypto.Hide("4111111111111111"), Expiry: "2512", ServiceCode: "101"}

func TestDataOutOfShape(t *testing.T) {
	key := cvk(t, decode(t, testKey))
	for name, change := range map[string]func(*cardverify.Card){
		"no PAN":          func(c *cardverify.Card) { c.PAN = crypto.Hide("") },
		"short PAN":       func(c *cardverify.Card) { c.PAN = crypto.Hide("41111111111") },
		"long PAN":        func(c *cardverify.Card) { c.PAN = crypto.Hide("41111111111111111111") },
		"letter in PAN":   func(c *cardverify.Card) { c.PAN = crypto.Hide("411111111111111A") },
		"slash in PAN":    func(c *cardverify.Card) { c.PAN = crypto.Hide("411111111111111/") },
		"short expiry":    func(c *cardverify.Card) { c.Expiry = "251" },
		"long service":    func(c *cardverify.Card) { c.ServiceCode = "1010" },
		"no service code": func(c *cardverify.Card) { c.ServiceCode = "" },
		"six digits":      func(c *cardverify.Card) { c.Digits = 6 },
		"negative digits": func(c *cardverify.Card) { c.Digits = -1 },
	} {
		card := testCard
		change(&card)
		_, err := cardverify.Append(nil, key, card)
		require.ErrorIs(t, err, crypto.ErrUnsupported, name)
		require.NotContains(t, err.Error(), "411111")
		require.ErrorIs(t, cardverify.Verify(key, card, "000"), crypto.ErrUnsupported, name)
	}
	for _, a := range []cardverify.Authentication{
		{}, {PAN: crypto.Hide("4111111111111111"), TransactionID: "1234", Result: "12", SecondFactor: "0"},
		{PAN: crypto.Hide("4111111111111111"), TransactionID: "123", Result: "1", SecondFactor: "00"},
	} {
		_, err := cardverify.AppendCAVV(nil, cvk(t, decode(t, testKey), cardverify.ForCAVV), a)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
	issuer := imk(t, "E4", decode(t, testKey))
	for _, d := range []cardverify.Dynamic{
		{}, {PAN: crypto.Hide("41111111111")}, {PAN: crypto.Hide("4111111111111111"), Sequence: "1"}, {PAN: crypto.Hide("4111111111111111"), Sequence: "0x"},
		{PAN: crypto.Hide("411111111111111B")}, {PAN: crypto.Hide("4111111111111111"), Derivation: 9},
	} {
		_, err := cardverify.AppendCVC3(nil, issuer, cardverify.CVC3{Dynamic: d})
		require.ErrorIs(t, err, crypto.ErrUnsupported)
		_, err = cardverify.AppendDCVV(nil, issuer, cardverify.DCVV{Dynamic: d, Counter: "0001", Expiry: "2512", ServiceCode: "101"})
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
}

func TestKeysThatDoNotFit(t *testing.T) {
	triple := cvk(t, decode(t, testKey+"1122334455667788"))
	_, err := cardverify.Append(nil, triple, testCard)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	k, err := clearkey.Import(crypto.MustAttributes("C0AC00N"), decode(t, testKey))
	require.NoError(t, err)
	aes, err := crypto.NewCVK(k)
	require.NoError(t, err)
	_, err = cardverify.Append(nil, aes, testCard)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = cardverify.Append(nil, crypto.CVK{}, testCard)
	require.ErrorIs(t, err, crypto.ErrNoKey)

	k, err = clearkey.Import(crypto.MustAttributes("C0TV00N"), decode(t, testKey))
	require.NoError(t, err)
	verifyOnly, err := crypto.NewCVK(k)
	require.NoError(t, err)
	_, err = cardverify.Append(nil, verifyOnly, testCard)
	require.ErrorIs(t, err, crypto.ErrUsage)
	require.ErrorIs(t, cardverify.Verify(verifyOnly, testCard, "000"), crypto.ErrVerify)

	_, err = cardverify.AppendCVC3(nil, imk(t, "E1", decode(t, testKey)), cardverify.CVC3{Dynamic: cardverify.Dynamic{PAN: testCard.PAN}})
	require.ErrorIs(t, err, crypto.ErrUsage)
}

func TestDerivationOptions(t *testing.T) {
	issuer := imk(t, "E4", decode(t, testKey))
	value := func(pan string, o cardverify.Derivation) string {
		out, err := cardverify.AppendCVC3(nil, issuer, cardverify.CVC3{Dynamic: cardverify.Dynamic{PAN: crypto.Hide(pan), Derivation: o}})
		require.NoError(t, err)
		return string(out)
	}
	short, long := "5413330089020011", "541333008902001123"
	require.Equal(t, value(short, cardverify.OptionA), value(short, cardverify.OptionB))
	require.NotEqual(t, value(short, cardverify.OptionA), value(short, cardverify.OptionBHashed))
	require.NotEqual(t, value(long, cardverify.OptionA), value(long, cardverify.OptionB))
	require.Equal(t, value(long, cardverify.OptionB), value(long, cardverify.OptionBHashed))
}

// TestAgainstStandardLibrary computes the value a second time with crypto/des and strings, over enough cards that some
// have fewer than five decimal digits and take letters.
func TestAgainstStandardLibrary(t *testing.T) {
	key := decode(t, testKey)
	a, err := des.NewCipher(key[:8])
	require.NoError(t, err)
	both, err := des.NewTripleDESCipher(append(key[:16:16], key[:8]...))
	require.NoError(t, err)
	withLetters := 0
	for n := range 3000 {
		card := cardverify.Card{PAN: crypto.Hide(fmt.Sprintf("41111111%08d", n)), Expiry: "2512", ServiceCode: "101", Digits: 5}
		blocks := decode(t, (card.PAN.Text() + card.Expiry + card.ServiceCode + strings.Repeat("0", 32))[:32])
		a.Encrypt(blocks[:8], blocks[:8])
		subtle.XORBytes(blocks[:8], blocks[:8], blocks[8:])
		both.Encrypt(blocks[:8], blocks[:8])
		var decimal, letters strings.Builder
		for _, c := range hex.EncodeToString(blocks[:8]) {
			if c <= '9' {
				decimal.WriteRune(c)
			} else {
				letters.WriteRune(c - 'a' + '0')
			}
		}
		if decimal.Len() < 5 {
			withLetters++
		}
		require.NoError(t, cardverify.Verify(cvk(t, key), card, (decimal.String() + letters.String())[:5]))
	}
	require.NotZero(t, withLetters)
}

func TestSoftware(t *testing.T) {
	var provider crypto.CardVerifier = cardverify.Software{}
	key := cvk(t, decode(t, testKey))
	ctx := context.Background()
	for _, ref := range []crypto.KeyRef{key, key.Key()} {
		cvv, err := provider.AppendCVV(ctx, nil, ref, testCard)
		require.NoError(t, err)
		require.NoError(t, provider.VerifyCVV(ctx, ref, testCard, string(cvv)))
	}
	_, err := provider.AppendCVV(ctx, nil, nil, testCard)
	require.ErrorIs(t, err, crypto.ErrKeyRef)
	require.ErrorIs(t, provider.VerifyCVV(ctx, crypto.Key{}, testCard, ""), crypto.ErrNoKey)
}

func TestAllocations(t *testing.T) {
	key := cvk(t, decode(t, testKey))
	buffer := make([]byte, 0, 8)
	require.Zero(t, testing.AllocsPerRun(100, func() { cardverify.Append(buffer, key, testCard) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { cardverify.Verify(key, testCard, "123") }))
}

func TestCardDataDoesNotShow(t *testing.T) {
	const pan = "5432101234567891"
	d := cardverify.Dynamic{PAN: crypto.Hide(pan)}
	for _, v := range []any{
		cardverify.Card{PAN: crypto.Hide(pan)}, &cardverify.Card{PAN: crypto.Hide(pan)}, cardverify.Authentication{PAN: crypto.Hide(pan)}, &cardverify.Authentication{PAN: crypto.Hide(pan)}, d, &d,
		cardverify.DCVV{Dynamic: d, Expiry: "2512"}, &cardverify.DCVV{Dynamic: d}, cardverify.CVC3{Dynamic: d, Track: crypto.Hide([]byte(pan))},
	} {
		require.Empty(t, shown.In(v, []byte(pan)), "%T", v)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("4111111111111111", "2512", "101", "123", 3)
	f.Fuzz(func(t *testing.T, pan, expiry, service, cvv string, digits int) {
		key := cvk(t, decode(t, testKey))
		card := cardverify.Card{PAN: crypto.Hide(pan), Expiry: expiry, ServiceCode: service, Digits: digits}
		want, err := cardverify.Append(nil, key, card)
		if err != nil {
			require.ErrorIs(t, err, crypto.ErrUnsupported)
			return
		}
		require.Equal(t, string(want) == cvv, cardverify.Verify(key, card, cvv) == nil)
	})
}

// A caller may ask for how many digits are compared, so a value of fewer than three is refused: checked with one digit,
// then with two, then with three, thirty tries would find what a thousand must.
func TestNoDigitByDigit(t *testing.T) {
	k, err := clearkey.Import(crypto.MustAttributes("C0TV00N"), []byte("\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10"))
	require.NoError(t, err)
	key, err := crypto.NewCVK(k)
	require.NoError(t, err)
	for digits, want := range map[int]error{
		-1: crypto.ErrUnsupported, 1: crypto.ErrUnsupported, 2: crypto.ErrUnsupported, 6: crypto.ErrUnsupported,
		0: crypto.ErrVerify, 3: crypto.ErrVerify, 5: crypto.ErrVerify,
	} {
		card := cardverify.Card{PAN: crypto.Hide("4123456789012345"), Expiry: "8701", ServiceCode: "101", Digits: digits}
		require.ErrorIs(t, cardverify.Verify(key, card, "x"), want, digits)
	}
}

// A CAVV of chosen data is the CVV2 of a card: who may have the one must not have the other. What the key is for goes with
// it, and the caller who unwraps it does not say so.
func TestCAVVIsNoCVV2(t *testing.T) {
	key, cavvs := cvk(t, decode(t, testKey)), cvk(t, decode(t, testKey), cardverify.ForCAVV)
	card := cardverify.Card{PAN: crypto.Hide("4111111111111111"), Expiry: "1228", ServiceCode: "000"}
	chosen := cardverify.Authentication{PAN: card.PAN, TransactionID: card.Expiry, Result: "0", SecondFactor: "00"}
	cvv2, err := cardverify.Append(nil, key, card)
	require.NoError(t, err)
	same, err := cardverify.AppendCAVV(nil, cavvs, chosen)
	require.NoError(t, err)
	require.Equal(t, cvv2, same, "with the same bytes it is the same value")

	dst, err := cardverify.AppendCAVV([]byte("x"), key, chosen)
	require.ErrorIs(t, err, crypto.ErrUsage)
	require.Equal(t, "x", string(dst))
	require.ErrorIs(t, cardverify.VerifyCAVV(key, chosen, string(cvv2)), crypto.ErrUsage)
	dst, err = cardverify.Append([]byte("x"), cavvs, card)
	require.ErrorIs(t, err, crypto.ErrUsage)
	require.Equal(t, "x", string(dst))
	require.ErrorIs(t, cardverify.Verify(cavvs, card, string(cvv2)), crypto.ErrUsage)
	require.ErrorIs(t, cardverify.Software{}.VerifyCVV(t.Context(), cavvs, card, string(cvv2)), crypto.ErrUsage)
	_, err = cardverify.AppendCAVV(nil, crypto.CVK{}, chosen)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = cardverify.Append(nil, crypto.CVK{}, card)
	require.ErrorIs(t, err, crypto.ErrNoKey)
}
