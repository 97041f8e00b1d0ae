package pinblock_test

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/internal/vectortest"
	"github.com/posline/posline/pinblock"
)

func TestVectors(t *testing.T) {
	vectortest.Run(t, map[string]func(*testing.T, *vectortest.Case){
		"pinblock":            checkBlock,
		"pinblock_negative":   checkBadBlock,
		"pin_verify":          checkVerification,
		"pin_verify_negative": checkBadVerification,
	})
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func pin(t testing.TB, text string) pinblock.PIN {
	t.Helper()
	p, err := pinblock.ParsePIN([]byte(text))
	require.NoError(t, err)
	return p
}

func importKey(t testing.TB, attributes string, key []byte, options ...crypto.Option) crypto.Key {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes(attributes), key, append(options, crypto.AllowWeak)...)
	require.NoError(t, err)
	return k
}

func pinKey(t testing.TB, algorithm crypto.Algorithm, key []byte, options ...crypto.Option) crypto.PINKey {
	t.Helper()
	k, err := crypto.NewPINKey(importKey(t, "P0"+algorithm.String()+"N00N", key, options...))
	require.NoError(t, err)
	return k
}

func pvk(t testing.TB, usage string, key []byte, options ...crypto.Option) crypto.PVK {
	t.Helper()
	algorithm := "T"
	if len(key) == 8 {
		algorithm = "D"
	}
	k, err := crypto.NewPVK(importKey(t, usage+algorithm+"N00N", key, options...))
	require.NoError(t, err)
	return k
}

// formats gives the names the vectors use; what follows a name in brackets explains it.
var formats = map[string]pinblock.Format{
	"ISO-0": pinblock.ISO0, "ISO-1": pinblock.ISO1, "ISO-2": pinblock.ISO2, "ISO-3": pinblock.ISO3, "ISO-4": pinblock.ISO4,
	"ANSI X9.8": pinblock.ANSIX98, "ECI-1 = ISO-0": pinblock.ECI1, "ECI-1": pinblock.ECI1, "ECI-2": pinblock.ECI2,
	"ECI-3": pinblock.ECI3, "ECI-4": pinblock.ECI4, "VISA-1": pinblock.VISA1, "VISA-2": pinblock.VISA2,
	"VISA-3": pinblock.VISA3, "VISA-4": pinblock.VISA4, "OEM-1": pinblock.OEM1, "DOCUTEL": pinblock.Docutel,
	"DIEBOLD / IBM ATM": pinblock.Diebold, "PLUS network": pinblock.Plus, "IBM 3624": pinblock.IBM3624,
	"UnionPay SM4":   pinblock.UnionPaySM4,
	"ECI-2 / VISA-2": pinblock.ECI3, // the case's definition says which it is
}

func format(t *testing.T, name string) pinblock.Format {
	t.Helper()
	name, _, _ = strings.Cut(name, " (")
	f, known := formats[name]
	require.True(t, known, "unknown format %q", name)
	return f
}

// nibbles writes a block with a nibble in each byte.
func nibbles(block []byte) []byte {
	var all []byte
	for _, b := range block {
		all = append(all, b>>4, b&15)
	}
	return all
}

// padded gives the format the pad digit a vector's block ends with, where the format leaves it open.
func padded(f pinblock.Format, block []byte, length int) pinblock.Format {
	switch last := strings.ToUpper(hex.EncodeToString(block)); f {
	case pinblock.VISA2, pinblock.VISA3:
		return f.WithPad(last[len(last)-1])
	case pinblock.OEM1:
		if pad := last[len(last)-1]; pad >= 'A' {
			return f.WithPad(pad)
		}
		fallthrough
	case pinblock.IBM3624:
		return f.WithPad(last[len(last)-1]).WithLength(length)
	}
	return f
}

func checkBlock(t *testing.T, c *vectortest.Case) {
	switch name := c.Text("format"); name {
	case "ISO-4":
		checkISO4(t, c)
		return
	case "ISO-4 PAN field":
		field, err := pinblock.PANField4(c.Text("pan"))
		require.NoError(t, err)
		require.Equal(t, c.WantHex("pan_field"), field)
		return
	case "ISO-4 PIN field":
		field, err := pinblock.EncodeFilled(pinblock.ISO4, pin(t, c.Text("pin")), "4111111111111111", nil)
		require.NoError(t, err)
		require.Equal(t, c.WantHex("first8"), field[:8])
		return
	}
	c.Ignore("definition", "fill", "pad") // said by the block as well
	text, pan, want := c.Text("pin"), c.Text("pan"), c.WantHex("block")
	f := padded(format(t, c.Text("format")), want, len(text))
	got, err := pinblock.EncodeFilled(f, pin(t, text), pan, nibbles(mixPAN(f, want, pan)))
	require.NoError(t, err)
	require.Equal(t, want, got)
	decoded, err := pinblock.Decode(f, want, pan)
	require.NoError(t, err)
	require.True(t, decoded.Equal(pin(t, text)))
	if c.Has("key") {
		algorithm := crypto.TDES
		if f == pinblock.UnionPaySM4 {
			algorithm = crypto.SM4
		}
		key := pinKey(t, algorithm, c.Hex("key"), gm.SM4)
		decrypted, err := pinblock.Decrypt(key, f, c.WantHex("encrypted"), pan)
		require.NoError(t, err)
		require.True(t, decrypted.Equal(decoded))
		if f == pinblock.ISO0 || f == pinblock.UnionPaySM4 { // nothing random in them
			encrypted, err := pinblock.Encrypt(nil, key, f, decoded, pan)
			require.NoError(t, err)
			require.Equal(t, c.WantHex("encrypted"), encrypted)
		}
	}
}

func checkISO4(t *testing.T, c *vectortest.Case) {
	key, text, pan := c.Hex("key"), c.Text("pin"), c.Text("pan")
	fill := append(make([]byte, 16), nibbles(c.Hex("random"))...)
	field, err := pinblock.EncodeFilled(pinblock.ISO4, pin(t, text), pan, fill)
	require.NoError(t, err)
	cipher, err := aes.NewCipher(key)
	require.NoError(t, err)
	a, mixed, encrypted := pinblock.EncryptField4(cipher, field, pan)
	if c.Expects("block_a") {
		require.Equal(t, c.WantHex("block_a"), a)
		require.Equal(t, c.WantHex("block_b"), mixed)
	}
	require.Equal(t, c.WantHex("encrypted"), encrypted)
	decoded, err := pinblock.Decrypt(pinKey(t, crypto.AES, key), pinblock.ISO4, encrypted, pan)
	require.NoError(t, err)
	require.True(t, decoded.Equal(pin(t, text)))
	again, err := pinblock.Encrypt(nil, pinKey(t, crypto.AES, key), pinblock.ISO4, decoded, pan)
	require.NoError(t, err)
	require.NotEqual(t, encrypted, again, "the fill is random")
}

func checkBadBlock(t *testing.T, c *vectortest.Case) {
	require.NotEmpty(t, c.WantText("error"))
	name := c.Text("format")
	if from, to, translation := strings.Cut(strings.TrimPrefix(name, "translate "), "->"); translation {
		policy := pinblock.Policy(nil)
		require.ErrorIs(t, policy.Check(format(t, from), format(t, to), true), pinblock.ErrPolicy)
		return
	}
	words := strings.Split(name, " ")
	f := format(t, words[0])
	switch strings.Join(words[1:], " ") {
	case "encode", "encipher":
		refuseEncoding(t, c, f)
	case "decode":
		_, err := pinblock.Decode(f, c.Hex("block"), c.Text("pan"))
		require.Error(t, err)
	case "PIN field decode":
		_, err := pinblock.DecodeField4(c.Hex("pin_field"))
		require.ErrorIs(t, err, pinblock.ErrBlock)
	case "PAN field":
		_, err := pinblock.PANField4(c.Text("pan"))
		require.ErrorIs(t, err, pinblock.ErrPAN)
	case "decipher":
		_, err := pinblock.Decrypt(pinKey(t, crypto.AES, c.Hex("key")), f, c.Hex("encrypted"), c.Text("pan"))
		require.Error(t, err)
	case "translate":
		same := c.Text("pan") == c.Text("new_pan")
		require.ErrorIs(t, pinblock.Policy(nil).Check(format(t, c.Text("from")), format(t, c.Text("to")), same), pinblock.ErrPolicy)
	default:
		t.Fatalf("unknown kind of case %q", name)
	}
}

func refuseEncoding(t *testing.T, c *vectortest.Case, f pinblock.Format) {
	p, err := pinblock.ParsePIN([]byte(c.Text("pin")))
	pan := c.Text("pan")
	if err != nil {
		require.ErrorIs(t, err, pinblock.ErrPIN)
		c.Ignore("key")
		return
	}
	if f == pinblock.ISO4 {
		_, err = pinblock.Encrypt(nil, pinKey(t, crypto.AES, c.Hex("key")), f, p, pan)
	} else {
		_, err = pinblock.Encode(nil, f, p, pan)
	}
	require.ErrorIs(t, err, pinblock.ErrPAN)
}

func pvvData(c *vectortest.Case) (pinblock.PVVData, bool) {
	index := c.Text("pvki")
	if len(index) != 1 {
		return pinblock.PVVData{}, false
	}
	return pinblock.PVVData{PAN: crypto.Hide(c.Text("pan")), KeyIndex: int(index[0]) - '0'}, true
}

func offsetData(c *vectortest.Case) (pinblock.OffsetData, pinblock.OffsetMethod, bool) {
	pad := c.Text("pad")
	m := pinblock.OffsetMethod{Table: c.Text("table"), Start: c.Int("verify_offset"), Length: c.Int("verify_length")}
	if len(pad) == 1 {
		m.Pad = pad[0]
	}
	return pinblock.OffsetData{PAN: crypto.Hide(c.Text("pan"))}, m, len(pad) == 1
}

func checkVerification(t *testing.T, c *vectortest.Case) {
	c.Ignore("validation_data") // a step on the way
	switch method := c.Text("method"); method {
	case "Visa PVV":
		data, ok := pvvData(c)
		require.True(t, ok)
		key, p, want := pvk(t, "V2", c.Hex("pvk")), pin(t, c.Text("pin")), c.WantText("pvv")
		got, err := pinblock.AppendPVV(nil, key, data, p)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		requireVerifies(t, want, func(pvv string) error { return pinblock.VerifyPVV(key, data, p, pvv) })
	case "IBM 3624 PIN from offset":
		data, method, ok := offsetData(c)
		require.True(t, ok)
		got, err := pinblock.PINFromOffset(pvk(t, "V1", c.Hex("pvk"), method.Bind), data, c.Text("offset"))
		require.NoError(t, err)
		require.True(t, got.Equal(pin(t, c.WantText("pin"))))
		if strings.Trim(c.Text("offset"), "0") == "" {
			natural, err := pinblock.NaturalPIN(pvk(t, "V1", c.Hex("pvk"), method.Bind), data, got.Len())
			require.NoError(t, err)
			require.True(t, natural.Equal(got))
		}
	case "IBM 3624 offset":
		data, method, ok := offsetData(c)
		require.True(t, ok)
		key, p, want := pvk(t, "V1", c.Hex("pvk"), method.Bind), pin(t, c.Text("pin")), c.WantText("offset")
		got, err := pinblock.AppendOffset(nil, key, data, p)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		requireVerifies(t, want, func(offset string) error { return pinblock.VerifyOffset(key, data, p, offset) })
	default:
		t.Fatalf("unknown method %q", method)
	}
}

// requireVerifies checks that the value verifies and that none that differs in a digit or in length does.
func requireVerifies(t *testing.T, value string, verify func(string) error) {
	t.Helper()
	require.NoError(t, verify(value))
	for i := range value {
		for d := byte('0'); d <= '9'; d++ {
			if d != value[i] {
				require.ErrorIs(t, verify(value[:i]+string(d)+value[i+1:]), crypto.ErrVerify)
			}
		}
	}
	for _, wrong := range []string{"", value[1:], value + "0", strings.Repeat("0", 40)} {
		require.ErrorIs(t, verify(wrong), crypto.ErrVerify)
	}
}

func checkBadVerification(t *testing.T, c *vectortest.Case) {
	require.NotEmpty(t, c.WantText("error"))
	usage, length := "V1", c.Int("pvk_len")
	if c.Has("pvki") {
		usage = "V2"
	}
	text := c.Text("pin")
	data, ibm, dataOK := offsetData(c)
	visa, visaOK := pvvData(c)
	offset := c.Text("offset")
	if length != 8 && length != 16 {
		_, err := clearkey.Import(crypto.MustAttributes(usage+"DN00N"), make([]byte, length), crypto.AllowWeak)
		require.ErrorIs(t, err, crypto.ErrKeyLength)
		return
	}
	p, err := pinblock.ParsePIN([]byte(text))
	if c.Has("pin") && err != nil {
		require.ErrorIs(t, err, pinblock.ErrPIN)
		return
	}
	if usage == "V2" {
		if !visaOK {
			return // a key index of two digits cannot even be said
		}
		key := pvk(t, usage, bytes.Repeat([]byte{1, 2}, 8))
		_, err = pinblock.AppendPVV(nil, key, visa, p)
		require.Error(t, err)
		require.NotErrorIs(t, err, crypto.ErrUnsupported)
		return
	}
	if !dataOK {
		return // a pad that is not one character cannot even be said
	}
	k, err := clearkey.Import(crypto.MustAttributes("V1DN00N"), make([]byte, length), crypto.AllowWeak, ibm.Bind)
	if err != nil {
		require.ErrorIs(t, err, pinblock.ErrData)
		return
	}
	key, err := crypto.NewPVK(k)
	require.NoError(t, err)
	if c.Has("offset") {
		_, err = pinblock.PINFromOffset(key, data, offset)
	} else {
		_, err = pinblock.AppendOffset(nil, key, data, p)
	}
	require.Error(t, err)
	require.NotErrorIs(t, err, crypto.ErrUnsupported)
}
