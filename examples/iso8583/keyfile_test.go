package main

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
	"github.com/posline/posline/spec"
)

const testMaster = "0123456789ABCDEFFEDCBA9876543210"

func TestKeysFaults(t *testing.T) {
	for text, says := range map[string]string{
		"{":               "no keys: unexpected EOF",
		`{"nope":1}`:      "unknown field",
		`{"master":"xy"}`: "master: not hexadecimal",
		`{"master":"01"}`: "master: ",
		`{"mac":{"scheme":"x9.9","from":"62.3"}}`:                                      "mac: a key that comes in a field needs master",
		`{"mac":{"scheme":"nope","key":"0123456789ABCDEF"}}`:                           `mac: no scheme "nope"`,
		`{"mac":{"scheme":"x9.9"}}`:                                                    "mac: one of key and from must be",
		`{"mac":{"scheme":"x9.9","key":"zz"}}`:                                         "mac: key: not hexadecimal",
		`{"mac":{"scheme":"x9.9","key":"0123"}}`:                                       "mac: ",
		`{"mac":{"scheme":"x9.19","key":"0123456789ABCDEF"}}`:                          "mac: ",
		`{"mac":{"scheme":"cmac","cipher":"nope","key":"` + testMaster + `"}}`:         `mac: no cipher "nope"`,
		`{"pin":{"format":"iso9","pin":"1234","key":"` + testMaster + `"}}`:            `pin: no format "iso9"`,
		`{"pin":{"format":"iso0","pin":"12","key":"` + testMaster + `"}}`:              "pin: ",
		`{"mac":{"scheme":"x9.9","size":3,"key":"0123456789ABCDEF"}}`:                  "mac: ",
		`{"pin":{"format":"iso0","pin":"1234","key":"` + testMaster + `","from":"4"}}`: "pin: one of key and from must be",
	} {
		file := writeFile(t, "keys.json", text)
		_, err := readKeys(&console{}, file)
		require.ErrorContains(t, err, file)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "0123")
		r := sendTo("127.0.0.1:1", saleJSON, "-new", "64", "-keys", file)
		require.Equal(t, exitTrouble, r.status)
	}
	sendTo("127.0.0.1:1", saleJSON, "-new", "11,64").isUsage(t, "no keys")
	sendTo("127.0.0.1:1", saleJSON, "-new", "11,x").isUsage(t, "no number")
	sendTo("127.0.0.1:1", saleJSON, "-stan", "-1").isUsage(t, "below zero")
	require.Equal(t, exitTrouble, sendTo("127.0.0.1:1", saleJSON, "-keys", "nosuchfile").status)
}

// Keys come in the fields of an answer, with check values; PIN blocks are made for the card of field 2 or 35.
func TestKeysOfAnswers(t *testing.T) {
	codec := message.MustCompile(spec.UnionPayPOS().With(spec.UnionPayNoHeader()))
	file := writeFile(t, "keys.json", `{"master":"`+testMaster+`","mac":{"scheme":"unionpay-ecb","from":"62.3","bytes":8,"check":"62.4"},
		"pin":{"format":"iso0","pin":"1234","from":"62.1","check":"62.2"}}`)
	k, err := readKeys(&console{}, file)
	require.NoError(t, err)
	clear, err := hex.DecodeString(testMaster)
	require.NoError(t, err)
	bare, err := clearkey.Import(crypto.MustAttributes("K0TB00N"), clear)
	require.NoError(t, err)
	master, err := crypto.NewKEK(bare)
	require.NoError(t, err)
	work := func(scheme crypto.VariantScheme, attributes, key string) (crypto.Key, []byte) {
		clear, err := hex.DecodeString(key)
		require.NoError(t, err)
		k, err := clearkey.Import(crypto.MustAttributes(attributes), clear)
		require.NoError(t, err)
		wrapped, err := crypto.AppendWrapVariant(nil, master, scheme, 0, k)
		require.NoError(t, err)
		check, err := k.KCV(crypto.KCVLegacy, 4)
		require.NoError(t, err)
		return k, append(append(wrapped, make([]byte, 16-len(wrapped))...), check...)
	}
	pinKey, pinField62 := work(crypto.SchemeX, "P0TB00S", "1133557799BBDDFF0022446688AACCEE")
	_, macField62 := work(crypto.SchemeZ, "M1DC00S", "13579BDF02468ACE")
	answer := codec.New()
	require.NoError(t, answer.SetMTI("0810"))
	require.NoError(t, answer.Set(60, "00000001003"))
	require.NoError(t, answer.SetBytes(62, append(pinField62, macField62...)))

	sale := codec.New()
	require.NoError(t, sale.SetMTI("0200"))
	require.NoError(t, sale.Set(35, "6217970000000000422D231222012345"))
	require.NoError(t, sale.SetBytes(52, make([]byte, 8)))
	require.NoError(t, sale.Set(64, "00000000"))
	_, err = k.sign(sale)
	require.ErrorContains(t, err, "no key for authentication codes has come yet")
	require.ErrorContains(t, k.setPIN(sale), "no key for PIN blocks has come yet")
	require.NoError(t, k.check(sale), "not before there is a key")

	require.NoError(t, k.learn(answer))
	require.NoError(t, k.setPIN(sale))
	typed, err := crypto.NewPINKey(pinKey)
	require.NoError(t, err)
	pin, err := pinblock.Decrypt(typed, pinblock.ISO0, sale.Field(52).Bytes(), "6217970000000000422")
	require.NoError(t, err)
	want, err := pinblock.ParsePIN([]byte("1234"))
	require.NoError(t, err)
	require.True(t, pin.Equal(want))
	wire, err := k.sign(sale)
	require.NoError(t, err)
	received := codec.New()
	require.NoError(t, received.Unpack(wire))
	require.NoError(t, k.check(received))
	if last := &wire[len(wire)-1]; *last == '0' {
		*last = '1'
	} else {
		*last = '0'
	}
	require.NoError(t, received.Unpack(wire))
	require.ErrorContains(t, k.check(received), "its authentication code: ")

	spoilt := answer.Clone()
	require.NoError(t, spoilt.SetBytes(62, append(append([]byte{}, macField62...), pinField62...)))
	require.ErrorContains(t, k.learn(spoilt), "the key in field 62.3: its check value in field 62.4")
}

// Every scheme and cipher of the help makes a key.
func TestKeySchemes(t *testing.T) {
	for _, text := range []string{
		`{"mac":{"scheme":"x9.9","key":"0123456789ABCDEF"}}`,
		`{"mac":{"scheme":"x9.19","key":"` + testMaster + `"}}`,
		`{"mac":{"scheme":"cmac","cipher":"aes","key":"` + testMaster + `"}}`,
		`{"mac":{"scheme":"cmac","cipher":"tdes","key":"` + testMaster + `"}}`,
		`{"mac":{"scheme":"unionpay-ecb","cipher":"sm4","key":"` + testMaster + `"}}`,
		`{"mac":{"scheme":"unionpay-raw","key":"` + testMaster + `"}}`,
		`{"pin":{"format":"unionpay-sm4","cipher":"sm4","pin":"123456","key":"` + testMaster + `"}}`,
		`{"pin":{"format":"iso1","pin":"1234","key":"` + testMaster + `"}}`,
		`{"pin":{"format":"iso3","pin":"1234","key":"` + testMaster + `"}}`,
	} {
		k, err := readKeys(&console{}, writeFile(t, "keys.json", text))
		require.NoError(t, err, text)
		require.True(t, k.code != nil || k.pin != nil)
	}
	_, err := clearkey.Import(crypto.MustAttributes("P04E00N"), make([]byte, 16), gm.SM4, crypto.AllowWeak)
	require.NoError(t, err)
}

func TestCounting(t *testing.T) {
	codec := message.MustCompile(spec.UnionPayPOS().With(spec.UnionPayNoHeader()))
	m := codec.New()
	for count, want := range map[int]string{0: "000001", 1: "000001", 999999: "999999", 1000000: "000001", 1999999: "000001"} {
		require.NoError(t, m.Set(11, "000000"))
		require.NoError(t, setCount(m, 11, count))
		require.Equal(t, want, m.Field(11).Text(), "%d", count)
	}
}
