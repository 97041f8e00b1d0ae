package pinblock_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/pinblock"
)

// withCheckDigit appends the check digit by the formula of ISO 7812-1 annex B.
func withCheckDigit(digits string) string {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	return digits + string(rune('0'+(10-sum%10)%10))
}

// PANs that a block of ISO-0 does not tell from testPAN: all digits before the twelve, with every check digit.
func sameTwelve(n int) (pans []string) {
	for i := range n {
		pans = append(pans, fmt.Sprintf("%03d%s%d", i/10, testPAN[3:15], i%10))
	}
	return pans
}

// siblings of testPAN are read from the same block of format 3: an A in the fill is a B then, and so on.
func siblings() (pans []string) {
	for bits := range 1 << 10 {
		pan := []byte(testPAN[:15])
		for i := range 10 {
			pan[5+i] = '0' + (pan[5+i] - '0') ^ byte(bits>>i&1)
			if pan[5+i] > '9' {
				pan = nil
				break
			}
		}
		if pan != nil {
			pans = append(pans, withCheckDigit(string(pan)))
		}
	}
	return pans
}

// guess finds a PIN from offsets under many PANs: natural PINs have the digits 0 to 5 twice as often as the others.
func guess(offsets []string) string {
	found := make([]byte, 4)
	for at := range found {
		best := math.Inf(-1)
		for digit := range 10 {
			likely := 0.0
			for _, o := range offsets {
				if natural := (digit + 10 - int(o[at]-'0')) % 10; natural <= 5 {
					likely += math.Log(2)
				}
			}
			if likely > best {
				best, found[at] = likely, '0'+byte(digit)
			}
		}
	}
	return string(found)
}

// collect asks for the offset of one block under all PANs, translated on the way if there is a way.
func (d desk) collect(t *testing.T, in pinblock.Encrypted, pans []string, way ...pinblock.Target) (offsets []string) {
	t.Helper()
	for _, pan := range pans {
		block := in
		block.PAN = crypto.Hide(pan)
		var err error
		for _, to := range way {
			to.PAN = crypto.Hide(pan)
			var out []byte
			if out, err = d.TranslatePIN(ctx, nil, block, to); err != nil {
				break
			}
			block = pinblock.Encrypted{Key: to.Key, Layout: to.Layout, PAN: crypto.Hide(pan), Block: out}
		}
		if err == nil {
			var offset []byte
			if offset, err = d.AppendOffset(ctx, nil, block, d.ibm, pinblock.OffsetData{PAN: crypto.Hide(pan)}); err == nil {
				offsets = append(offsets, string(offset))
			}
		}
		if err != nil {
			require.ErrorIs(t, err, pinblock.ErrPolicy)
		}
	}
	return offsets
}

// Whoever may have offsets made from a block under PANs of his choice finds its PIN, in as many calls as there are digits
// that the block does not bind. Only a configuration that takes the caller's word for the PAN lets him.
func TestNoPINFromOffsets(t *testing.T) {
	d := newDesk(t)
	aes := pinKey(t, crypto.AES, unhex(t, aesHex))
	sm4 := pinKey(t, crypto.SM4, unhex(t, aesHex), gm.SM4)
	zero, three := d.block(t, pinblock.ISO0, "7391", testPAN), d.block(t, pinblock.ISO3, "7391", testPAN)
	careless := d
	careless.Cards = nil
	careless.Layouts = []pinblock.Format{pinblock.ISO0, pinblock.ISO3}
	require.Equal(t, "7391", guess(careless.collect(t, zero, sameTwelve(800))), "the attack, where it is let through")
	require.Equal(t, "7391", guess(careless.collect(t, three, siblings())))
	require.Greater(t, len(siblings()), 250)

	bare := d
	bare.Cards = nil
	for name, c := range map[string]struct {
		in   pinblock.Encrypted
		pans []string
		way  []pinblock.Target
	}{
		"format 0":                  {zero, sameTwelve(10000), nil},
		"format 3":                  {three, sameTwelve(10000), nil},
		"siblings":                  {three, siblings(), nil},
		"by format 4":               {zero, sameTwelve(10000), []pinblock.Target{{Key: aes, Layout: pinblock.ISO4}}},
		"by the SM4 block":          {zero, sameTwelve(10000), []pinblock.Target{{Key: sm4, Layout: pinblock.UnionPaySM4}}},
		"siblings by format 0":      {three, siblings(), []pinblock.Target{{Key: d.des, Layout: pinblock.ISO0}}},
		"siblings by format 4":      {three, siblings(), []pinblock.Target{{Key: aes, Layout: pinblock.ISO4}}},
		"siblings by the SM4 block": {three, siblings(), []pinblock.Target{{Key: sm4, Layout: pinblock.UnionPaySM4}}},
	} {
		require.Empty(t, bare.collect(t, c.in, c.pans, c.way...), name)
		offsets := d.collect(t, c.in, c.pans, c.way...)
		if c.in.Layout == pinblock.ISO3 {
			require.Empty(t, offsets, name)
		} else {
			require.Len(t, offsets, 1, "%s: the card's own", name)
		}
	}
	for i := range 100 {
		pan := withCheckDigit(fmt.Sprintf("543%02d%s", i, testPAN[5:15]))
		in := zero
		in.PAN = crypto.Hide(pan)
		_, err := d.AppendOffset(ctx, nil, in, d.ibm, pinblock.OffsetData{PAN: crypto.Hide(pan)})
		if pan != testPAN && err == nil {
			t.Fatal("an offset under a digit that lies over the PIN")
		}
		err = d.VerifyOffset(ctx, in, d.ibm, pinblock.OffsetData{PAN: crypto.Hide(pan)}, "0000")
		if pan != testPAN && (err == nil || err == crypto.ErrVerify) {
			t.Fatal("a try under a digit that lies over the PIN")
		}
	}
}

// A PIN is bound no more firmly than it was, unless the configuration vouches for the PAN.
func TestNoFirmerBinding(t *testing.T) {
	keys := map[int]crypto.PINKey{8: pinKey(t, crypto.TDES, unhex(t, desHex)), 16: pinKey(t, crypto.AES, unhex(t, aesHex))}
	order := []pinblock.Format{pinblock.ISO3, pinblock.ISO0, pinblock.UnionPaySM4, pinblock.ISO4}
	kinds := []pinblock.Cards{{Prefix: "543210", Length: 16}}
	for i, from := range order {
		block, err := pinblock.Encrypt(nil, keys[from.Size()], from, pin(t, "7391"), testPAN)
		require.NoError(t, err)
		in := pinblock.Encrypted{Key: keys[from.Size()], Layout: from, PAN: crypto.Hide(testPAN), Block: block}
		for j, to := range order {
			out := pinblock.Target{Key: keys[to.Size()], Layout: to, PAN: crypto.Hide(testPAN)}
			for name, c := range map[string]struct {
				s    pinblock.Software
				want bool
			}{
				"nothing":          {pinblock.Software{}, j <= i},
				"a rule":           {pinblock.Software{Policy: pinblock.Policy{{From: from, To: to}}}, true},
				"the other rule":   {pinblock.Software{Policy: pinblock.Policy{{From: to, To: from}}}, j <= i},
				"a layout":         {pinblock.Software{Layouts: []pinblock.Format{from}}, true},
				"the other layout": {pinblock.Software{Layouts: []pinblock.Format{to}}, j <= i},
				"cards":            {pinblock.Software{Cards: kinds}, j <= i || from != pinblock.ISO3},
				"other cards":      {pinblock.Software{Cards: []pinblock.Cards{{Prefix: "543211", Length: 16}}}, false},
			} {
				dst, err := c.s.TranslatePIN(ctx, []byte("x"), in, out)
				if c.want {
					require.NoError(t, err, "%s to %s with %s", from, to, name)
				} else {
					require.ErrorIs(t, err, pinblock.ErrPolicy, "%s to %s with %s", from, to, name)
					require.Equal(t, "x", string(dst))
				}
			}
		}
	}
}

// What cards tell about a PAN: where they leave two, they tell nothing.
func TestWhatCardsTell(t *testing.T) {
	d := newDesk(t)
	kind := func(prefix string, length int) pinblock.Cards { return pinblock.Cards{Prefix: prefix, Length: length} }
	thirteen, nineteen := withCheckDigit("432101234567"), withCheckDigit("622848012345678901")
	for _, c := range []struct {
		pan, text string
		cards     []pinblock.Cards
		want      bool
	}{
		{testPAN, "7391", []pinblock.Cards{kind("543210", 16)}, true},
		{testPAN, "7391", []pinblock.Cards{kind("543210", 16), kind("543210", 16)}, true},
		{testPAN, "7391", []pinblock.Cards{kind("54321", 16)}, true},
		{testPAN, "7391", []pinblock.Cards{kind("5432", 16)}, false},
		{testPAN, "73915", []pinblock.Cards{kind("543210", 16)}, true},
		{testPAN, "739164", []pinblock.Cards{kind("543210", 16)}, false},
		{testPAN, "739164", []pinblock.Cards{kind("5432101", 16)}, true},
		{testPAN, "739164820517", []pinblock.Cards{kind("54321012", 16)}, false},
		{testPAN, "739164820517", []pinblock.Cards{kind(testPAN[:13], 16)}, true},
		{testPAN, "7391", []pinblock.Cards{kind(testPAN[:15], 16)}, true},
		{testPAN, "7391", []pinblock.Cards{kind(testPAN, 16)}, false},
		{testPAN, "7391", nil, false},
		{testPAN, "7391", []pinblock.Cards{kind("543210", 16), kind("400001", 16)}, true},
		{testPAN, "7391", []pinblock.Cards{kind("543210", 16), kind("400000", 16)}, false},
		{testPAN, "7391", []pinblock.Cards{kind("543210", 16), kind("543210", 13)}, true},
		{testPAN, "7391", []pinblock.Cards{kind("543210", 16), kind("990123", 13)}, false},
		{testPAN, "7391", []pinblock.Cards{kind("543210", 16), kind("4000", 16)}, false},
		{testPAN, "7391", []pinblock.Cards{kind("543210", 16), kind("", 16)}, false},
		{testPAN, "7391", []pinblock.Cards{kind("543210", 16), kind("54321x", 16)}, false},
		{testPAN, "7391", []pinblock.Cards{kind("543210", 16), kind("400001", 12)}, false},
		{testPAN, "7391", []pinblock.Cards{kind("543210", 16), kind("400001", 20)}, false},
		{testPAN[:15] + "1", "7391", []pinblock.Cards{kind("543210", 16)}, false},
		{thirteen, "7391", []pinblock.Cards{kind("43", 13)}, true},
		{thirteen, "7391", []pinblock.Cards{kind("4", 13)}, false},
		{nineteen, "7391", []pinblock.Cards{kind("62284801", 19)}, true},
		{nineteen, "7391", []pinblock.Cards{kind("622848", 19)}, false},
		{nineteen, "7391", []pinblock.Cards{kind("62284801", 19), kind("33333", 16)}, false},
		{nineteen, "7391", []pinblock.Cards{kind("62284801", 19), kind("33333230", 16)}, true},
		{nineteen, "7391", []pinblock.Cards{kind("62284801", 19), kind("33333234", 16)}, false},
	} {
		s := d
		s.Cards = c.cards
		in := s.block(t, pinblock.ISO0, c.text, c.pan)
		method := pinblock.OffsetMethod{Length: 12}
		key := pvk(t, "V1", unhex(t, "0123456789ABCDEFFEDCBA9876543210"), method.Bind)
		_, err := s.AppendOffset(ctx, nil, in, key, pinblock.OffsetData{PAN: crypto.Hide(c.pan)})
		if c.want {
			require.NoError(t, err, "%+v", c)
		} else {
			require.ErrorIs(t, err, pinblock.ErrPolicy, "%+v", c)
		}
	}
}

// UnionPay's SM4 block binds its twelve digits firmly: validation data among them need nothing else. Format 4 binds all.
func TestOffsetsFromFirmBlocks(t *testing.T) {
	k := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	sm4, aes := pinKey(t, crypto.SM4, unhex(t, aesHex), gm.SM4), pinKey(t, crypto.AES, unhex(t, aesHex))
	offset := func(key crypto.PINKey, f pinblock.Format, pan string, m pinblock.OffsetMethod) error {
		block, err := pinblock.Encrypt(nil, key, f, pin(t, "739164820517"), pan)
		require.NoError(t, err)
		in, data := pinblock.Encrypted{Key: key, Layout: f, PAN: crypto.Hide(pan), Block: block}, pinblock.OffsetData{PAN: crypto.Hide(pan)}
		var s pinblock.Software
		value, err := s.AppendOffset(ctx, nil, in, pvk(t, "V1", k, m.Bind), data)
		verified := s.VerifyOffset(ctx, in, pvk(t, "V1", k, m.Bind), data, string(value))
		require.Equal(t, err == nil, verified == nil)
		require.Equal(t, err == nil, len(value) > 0)
		return err
	}
	for m, want := range map[pinblock.OffsetMethod]error{
		{Start: 3, Length: 12}: nil, {Start: 4, Length: 11}: nil, {Start: 3, Length: 1}: nil, {Start: 2, Length: 12}: pinblock.ErrPolicy,
		{Start: 4, Length: 12}: pinblock.ErrPolicy, {Start: 3}: pinblock.ErrPolicy, {}: pinblock.ErrPolicy, {Start: 14, Length: 1}: nil, {Start: 15, Length: 1}: pinblock.ErrPolicy,
	} {
		require.ErrorIs(t, offset(sm4, pinblock.UnionPaySM4, testPAN, m), want, "%+v", m)
		require.NoError(t, offset(aes, pinblock.ISO4, testPAN, m))
	}
	require.NoError(t, offset(aes, pinblock.ISO4, testPAN[:12], pinblock.OffsetMethod{}))
	require.ErrorIs(t, offset(aes, pinblock.ISO4, testPAN[:11], pinblock.OffsetMethod{}), pinblock.ErrPolicy, "with and without a zero in front it is the same block")
	d := newDesk(t)
	err := func() error {
		in := d.block(t, pinblock.ISO0, "7391", testPAN)
		d.Cards = nil
		return d.VerifyOffset(ctx, in, pvk(t, "V1", k, pinblock.OffsetMethod{Start: 5, Length: 10}.Bind), pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, "0000")
	}()
	require.ErrorIs(t, err, pinblock.ErrPolicy, "the digits over the PIN are open, whatever the validation data are")
}

// An issuer that tells its cards does not try blocks under other PANs: whether they decode says something of the PIN.
func TestNoOracleBesideCards(t *testing.T) {
	d := newDesk(t)
	d.Monitor = new(pinblock.Monitor)
	target := pinblock.Target{Key: d.des, Layout: pinblock.ISO0}
	tried := 0
	for _, f := range []pinblock.Format{pinblock.ISO0, pinblock.ISO3} {
		in := d.block(t, f, "7391", testPAN)
		for i := range 1000 {
			pan := withCheckDigit(fmt.Sprintf("54%02d%01d%s", i/10, i%10, testPAN[5:15]))
			in.PAN, target.PAN, target.Layout = crypto.Hide(pan), crypto.Hide(pan), f
			_, err := d.TranslatePIN(ctx, nil, in, target)
			if pan == testPAN {
				require.NoError(t, err)
				tried++
				continue
			}
			require.ErrorIs(t, err, pinblock.ErrPolicy)
			require.ErrorIs(t, d.VerifyPVV(ctx, in, d.visa, pinblock.PVVData{PAN: crypto.Hide(pan)}, "0000"), pinblock.ErrPolicy)
		}
	}
	require.Equal(t, 2, tried)
	require.Equal(t, pinblock.Counts{Read: 2}, d.Monitor.Counts())
	in := d.block(t, pinblock.ISO0, "7391", testPAN)
	for _, pan := range []string{"", "5", testPAN[:15], testPAN + "0", testPAN[:15] + "3", testPAN[:15] + "x", "x" + testPAN[1:]} {
		in.PAN = crypto.Hide(pan)
		require.ErrorIs(t, d.VerifyPVV(ctx, in, d.visa, pinblock.PVVData{PAN: crypto.Hide(pan)}, "0000"), pinblock.ErrPolicy, pan)
	}
	d.Cards = []pinblock.Cards{{Prefix: "", Length: 20}}
	in.PAN = crypto.Hide(testPAN)
	require.ErrorIs(t, d.VerifyPVV(ctx, in, d.visa, pinblock.PVVData{PAN: crypto.Hide(testPAN)}, "0000"), pinblock.ErrPolicy)
}
