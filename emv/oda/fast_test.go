package oda

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
)

func fromHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// TestFDDA signs as a tapped card does and checks as a terminal does: every octet under the signature counts.
func TestFDDA(t *testing.T) {
	const sent = "9F3704A1B2C3D4" + "9F0206000000001999" + "5F2A020156"
	d := emv.TLV(fromHex(t, sent+"700A"+"9F6907018CC9F8078400"))
	data, err := AppendFDDAData([]byte{9}, d)
	require.NoError(t, err)
	require.Equal(t, fromHex(t, "09"+"A1B2C3D4"+"000000001999"+"0156"+"018CC9F8078400"), data)
	_, _, card := testKeys()
	counter := []byte{0x00, 0x2A}
	sdad, err := SignDynamic(card, counter, data[1:])
	require.NoError(t, err)
	idn, err := VerifyDDA(card.Public(), sdad, data[1:])
	require.NoError(t, err)
	require.Equal(t, counter, idn)
	for i := 1; i < len(data); i++ {
		data[i] ^= 1
		_, err := VerifyDDA(card.Public(), sdad, data[1:])
		require.ErrorIs(t, err, ErrHash, "octet %d", i)
		data[i] ^= 1
	}

	for objects, want := range map[string]error{
		"": ErrMissing,
		"9F0206000000001999" + "5F2A020156" + "9F6907018CC9F8078400":     ErrMissing,
		"9F3704A1B2C3D4" + "5F2A020156" + "9F6907018CC9F8078400":         ErrMissing,
		"9F3704A1B2C3D4" + "9F0206000000001999" + "9F6907018CC9F8078400": ErrMissing,
		sent: ErrMissing,
		"9F3703A1B2C3" + "9F0206000000001999" + "5F2A020156" + "9F6907018CC9F8078400":      ErrLength,
		"9F3704A1B2C3D4" + "9F02050000001999" + "5F2A020156" + "9F690701" + "8CC9F8078400": ErrLength,
		"9F3704A1B2C3D4" + "9F0206000000001999" + "5F2A03000156" + "9F6907018CC9F8078400":  ErrLength,
		sent + "9F690401020304":       ErrLength,
		sent + "9F6907008CC9F8078400": ErrFormat,
		sent + "9F6907028CC9F8078400": ErrFormat,
	} {
		out, err := AppendFDDAData([]byte{9}, fromHex(t, objects))
		require.ErrorIs(t, err, want, objects)
		require.Equal(t, []byte{9}, out)
	}
}

// TestUnionPayCAKey takes a published key as a UnionPay host downloads it.
func TestUnionPayCAKey(t *testing.T) {
	k, err := emv.ParseUnionPayCAKey(fromHex(t, "9F0605A0000003339F220108DF05083230323031323331DF060101DF070101DF028190B61645EDFD5498FB2464"+
		"44037A0FA18C0F101EBD8EFA54573CE6E6A7FBF63ED21D66340852B0211CF5EEF6A1CD989F66AF21A8EB19DBD8DBC3706D135363A0D683D046304F5A836BC1BC63"+
		"2821AFE7A2F75DA3C50AC74C545A754562204137169663CFCC0B06E67E2109EBA41BC67FF20CC8AC80D7B6EE1A95465B3B2657533EA56D92D539E5064360EA4850"+
		"FED2D1BFDF040103DF0314EE23B616C95C02652AD18860E48787C079E8E85A"))
	require.NoError(t, err)
	ca, err := NewUnionPayCAKey(k)
	require.NoError(t, err)
	require.Equal(t, emv.RIDUnionPay, ca.RID)
	require.Equal(t, byte(8), ca.Index)
	require.NoError(t, ca.Validate())

	for _, change := range []func(*emv.UnionPayCAKey){
		func(k *emv.UnionPayCAKey) { k.Algorithm = 4 },     // SM2
		func(k *emv.UnionPayCAKey) { k.HashAlgorithm = 7 }, // SM3
		func(k *emv.UnionPayCAKey) { k.Algorithm = 0 },
	} {
		other := k
		change(&other)
		_, err := NewUnionPayCAKey(other)
		require.ErrorIs(t, err, ErrFormat)
	}
	k.Checksum = nil
	_, err = NewUnionPayCAKey(k)
	require.ErrorIs(t, err, ErrChecksum)
}
