package card_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/emv/oda"
)

// edited changes the primitive objects of the card's answers on their way: value returns the new value, or false for an
// object that is left out.
func edited(honest func([]byte) []byte, value func(t emv.Tag, v emv.Value) ([]byte, bool)) func([]byte) []byte {
	var rewrite func(d emv.TLV) []byte
	rewrite = func(d emv.TLV) []byte {
		var out []byte
		for t, v := range d.All() {
			if t.Constructed() {
				out = emv.AppendTLV(out, t, rewrite(v.TLV()))
			} else if v, there := value(t, v); there {
				out = emv.AppendTLV(out, t, v)
			}
		}
		return out
	}
	return func(command []byte) []byte {
		response := honest(command)
		data, n := emv.TLV(response[:len(response)-2]), len(response)-2
		if data.Validate(nil) != nil {
			return response
		}
		return append(rewrite(data), response[n:]...)
	}
}

// TestAuthenticateMissingParts: what offline authentication needs and the card does not give, or gives wrong, is an error.
func TestAuthenticateMissingParts(t *testing.T) {
	var keys, none oda.CAKeys
	keys.Add(testPKI(t, emv.RIDUnionPay, "622848").CA)
	for name, c := range map[string]struct {
		static bool
		edits  map[emv.Tag]string // "" leaves the object out
		keys   *oda.CAKeys
		want   error
	}{
		"whole":                      {false, nil, &keys, nil},
		"static":                     {true, nil, &keys, nil},
		"no DDOL, so the terminal's": {false, map[emv.Tag]string{0x9F49: ""}, &keys, oda.ErrHash}, // the static data are others now
		"no card number":             {false, map[emv.Tag]string{0x5A: "", 0x57: ""}, &keys, emv.ErrMissing},
		"two card numbers":           {false, map[emv.Tag]string{0x57: "6228480012345678D30122010000000000"}, &keys, emv.ErrMismatch},
		"no key index":               {false, map[emv.Tag]string{0x8F: ""}, &keys, oda.ErrMissing},
		"key index of two octets":    {false, map[emv.Tag]string{0x8F: "F1F1"}, &keys, oda.ErrMissing},
		"no such key":                {false, map[emv.Tag]string{0x8F: "01"}, &keys, oda.ErrNoKey},
		"no key at all":              {false, nil, &none, oda.ErrNoKey},
		"no issuer certificate":      {false, map[emv.Tag]string{0x90: ""}, &keys, oda.ErrLength},
		"no issuer exponent":         {false, map[emv.Tag]string{0x9F32: ""}, &keys, oda.ErrLength},
		"no card certificate":        {false, map[emv.Tag]string{0x9F46: ""}, &keys, oda.ErrLength},
		"no card exponent":           {false, map[emv.Tag]string{0x9F47: ""}, &keys, oda.ErrLength},
		"no static signature":        {true, map[emv.Tag]string{0x93: ""}, &keys, oda.ErrMissing},
		"no signature":               {false, map[emv.Tag]string{0x9F4B: ""}, &keys, oda.ErrLength},
		"another card's number":      {false, map[emv.Tag]string{0x5A: "6228490012345678901F", 0x57: ""}, &keys, oda.ErrIssuer},
	} {
		t.Run(name, func(t *testing.T) {
			chip, _, _ := newCard(t, "UnionPay", func(config *card.Config) { config.StaticOnly = c.static })
			r := &card.Reader{Terminal: unhex("9F370452BF4585")}
			r.Transmit = edited(chip.Transmit, func(tag emv.Tag, v emv.Value) ([]byte, bool) {
				edit, there := c.edits[tag]
				if !there {
					return v, true
				}
				return unhex(edit), edit != ""
			})
			require.NoError(t, r.Select(unionPayDebit))
			require.NoError(t, r.Start())
			err := r.Authenticate(c.keys, today)
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.want)
			require.NotContains(t, err.Error(), "622848")
		})
	}

	require.ErrorIs(t, new(card.Reader).Authenticate(&keys, today), emv.ErrLength, "nothing was read")
	chip, _, _ := newCard(t, "UnionPay", nil)
	expired := reader(t, chip, "UnionPay")
	require.ErrorIs(t, expired.Authenticate(&keys, emv.Date{Year: 2050, Month: 1, Day: 1}), oda.ErrExpired)

	// The answer to INTERNAL AUTHENTICATE in its other format, and ones that are none.
	for response, want := range map[string]error{"": oda.ErrLength, "77": emv.ErrTruncated, "7700": oda.ErrLength, "8002AABB": oda.ErrLength} {
		chip, _, _ := newCard(t, "UnionPay", nil)
		r := reader(t, chip, "UnionPay")
		r.Transmit = func(command []byte) []byte {
			if command[1] != 0x88 {
				return chip.Transmit(command)
			}
			return append(unhex(response), 0x90, 0)
		}
		require.ErrorIs(t, r.Authenticate(&keys, today), want, response)
	}
	chip, _, _ = newCard(t, "UnionPay", nil)
	r := reader(t, chip, "UnionPay")
	r.Transmit = func(command []byte) []byte {
		response := chip.Transmit(command)
		if command[1] != 0x88 {
			return response
		}
		sdad, _ := emv.TLV(response[:len(response)-2]).Find(0x77, 0x9F4B)
		return append(emv.AppendTLV(nil, 0x80, sdad), 0x90, 0)
	}
	require.NoError(t, r.Authenticate(&keys, today), "format 1")
}

// TestCommandsOutOfPlace holds the status for commands that come too early, twice, or with another form.
func TestCommandsOutOfPlace(t *testing.T) {
	select_ := append([]byte{0, 0xA4, 4, 0, byte(len(unionPayDebit))}, unionPayDebit...)
	options := unhex("80A8000002830000")
	list := bytes.Repeat([]byte{0}, 29)
	ac := func(p1 byte, data []byte) []byte { return append([]byte{0x80, 0xAE, p1, 0, byte(len(data))}, data...) }
	for name, c := range map[string]struct {
		before [][]byte
		last   []byte
		want   uint16
	}{
		"options twice":                    {[][]byte{select_, options}, options, 0x6985},
		"options of more":                  {[][]byte{select_}, unhex("80A800000383010000"), 0x6700},
		"options of another tag":           {[][]byte{select_}, unhex("80A8000002840000"), 0x6A80},
		"options with more behind":         {[][]byte{select_}, unhex("80A800000483008300"), 0x6A80},
		"cryptogram before options":        {[][]byte{select_}, ac(0x80, list), 0x6985},
		"reserved cryptogram":              {[][]byte{select_, options}, ac(0xC0, list), 0x6A86},
		"reserved bits":                    {[][]byte{select_, options}, ac(0x81, list), 0x6A86},
		"data too short":                   {[][]byte{select_, options}, ac(0x80, list[1:]), 0x6700},
		"a third cryptogram":               {[][]byte{select_, options, ac(0x80, list), ac(0x40, append([]byte{'0', '0'}, list...))}, ac(0x40, append([]byte{'0', '0'}, list...)), 0x6985},
		"a second after a TC":              {[][]byte{select_, options, ac(0x40, list)}, ac(0x40, append([]byte{'0', '0'}, list...)), 0x6985},
		"a record before the first":        {[][]byte{select_}, unhex("00B2000C00"), 0x6A83},
		"a record behind the last":         {[][]byte{select_}, unhex("00B2020C00"), 0x6A83},
		"a record of no file":              {[][]byte{select_}, unhex("00B2012400"), 0x6A82},
		"a record in another way":          {[][]byte{select_}, unhex("00B2010D00"), 0x6A86},
		"signature before options":         {[][]byte{select_}, unhex("008800000401020304"), 0x6985},
		"signature over three octets":      {[][]byte{select_, options}, unhex("0088000003010203"), 0x6700},
		"signature over five octets":       {[][]byte{select_, options}, unhex("00880000050102030405"), 0x6700},
		"an unknown instruction":           {[][]byte{select_, options}, unhex("00FE0000"), 0x6D00},
		"an answer before a question":      {[][]byte{select_, options}, unhex("008200000A30303030303030303030"), 0x6985},
		"an answer of 7 octets":            {[][]byte{select_, options, ac(0x80, list)}, unhex("008200000701020304050607"), 0x6700},
		"an answer of 17 octets":           {[][]byte{select_, options, ac(0x80, list)}, append(unhex("0082000011"), make([]byte, 17)...), 0x6700},
		"a wrong answer":                   {[][]byte{select_, options, ac(0x80, list)}, append(unhex("008200000A"), make([]byte, 10)...), 0x6300},
		"an answer after a wrong one":      {[][]byte{select_, options, ac(0x80, list), append(unhex("008200000A"), make([]byte, 10)...)}, append(unhex("008200000A"), make([]byte, 10)...), 0x6985},
		"a PIN of a card without one":      {[][]byte{select_, options}, unhex("0020008008241234FFFFFFFFFF"), 0x6985},
		"a directory over contactless":     {nil, append([]byte{0, 0xA4, 4, 0, 14}, emv.PPSE...), 0x6A82},
		"selection in another way":         {nil, append([]byte{0, 0xA4, 0, 0, byte(len(unionPayDebit))}, unionPayDebit...), 0x6A86},
		"the next before the first":        {nil, append([]byte{0, 0xA4, 4, 2, byte(len(unionPayDebit))}, unionPayDebit...), 0x9000},
		"the next behind the last":         {[][]byte{select_}, append([]byte{0, 0xA4, 4, 2, byte(len(unionPayDebit))}, unionPayDebit...), 0x6A82},
		"a record of the wrong directory":  {nil, unhex("00B2011400"), 0x6985},
		"a record of the directory":        {nil, unhex("00B2010C00"), 0x9000},
		"a record behind the directory":    {nil, unhex("00B2020C00"), 0x6A83},
		"the zeroth record of a directory": {nil, unhex("00B2000C00"), 0x6A83},
	} {
		t.Run(name, func(t *testing.T) {
			chip, _, _ := newCard(t, "UnionPay", nil)
			for _, command := range c.before {
				chip.Transmit(command)
			}
			response := chip.Transmit(c.last)
			require.Equal(t, fmt.Sprintf("%04X", c.want), fmt.Sprintf("%04X", sw(response)))
			if c.want != 0x9000 {
				require.Len(t, response, 2, "a refusal says no more")
			}
		})
	}
}

// TestCardsOfNoKnownScheme: without issuer application data nothing tells how to compute.
func TestCardsOfNoKnownScheme(t *testing.T) {
	config := card.Config{AID: unhex("A000000999010101"), PAN: "6228480012345678", Expiry: expiry, Keys: card.Keys{Cryptogram: imk(t, crypto.TDES)}}
	for iad, want := range map[string]error{
		"": cryptogram.ErrNoProfile, "0102030405": cryptogram.ErrNoProfile, "07010403A0000001": cryptogram.ErrNoProfile,
		"0FA501800000000000000000000000000F000000000000000000000000000000": nil,
	} {
		config.IAD = unhex(iad)
		_, err := card.New(config)
		require.ErrorIs(t, err, want, iad)
	}
	config.IAD = make([]byte, 33)
	_, err := card.New(config)
	require.ErrorIs(t, err, emv.ErrLength)

	// M/Chip's layouts with more behind the counters have a profile, but not one that says where the CVR stands.
	config.AID, config.IAD = unhex("A0000000041010"), append(unhex("0110"), make([]byte, 23)...)
	_, err = card.New(config)
	require.ErrorIs(t, err, cryptogram.ErrNoProfile)
	config.IAD, config.Expiry = unhex("0110800000000000000000000000000000FF"), emv.Date{}
	_, err = card.New(config)
	require.ErrorIs(t, err, emv.ErrDate)
}
