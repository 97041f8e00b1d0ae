package gm_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/internal/fipstest"
)

// The form of RFC 5915 for sm2p256v1: version 1, the scalar, the curve 1.2.156.10197.1.301, the public key.
const (
	beforeScalar = "30770201010420"
	afterScalar  = "a00a06082a811ccf5501822da144034200"
)

func TestFormOfPrivateKeys(t *testing.T) {
	der, err := gm.EncodePrivateKey(scalar)
	require.NoError(t, err)
	public, err := privateKey(t, "S0ES00N", scalar).Public()
	require.NoError(t, err)
	require.Equal(t, beforeScalar+hex.EncodeToString(scalar)+afterScalar+hex.EncodeToString(public[:]), hex.EncodeToString(der))

	newKey := func(der []byte) error {
		k, err := clearkey.Import(crypto.MustAttributes("S0ES00N"), der)
		require.NoError(t, err)
		_, err = gm.NewPrivateKey(k)
		return err
	}
	changed := func(at int, to byte) []byte {
		other := bytes.Clone(der)
		other[at] = to
		return other
	}
	require.NoError(t, newKey(der))
	for name, der := range map[string][]byte{
		"a byte more": append(bytes.Clone(der), 0), "a byte less": der[:len(der)-1], "version 0": changed(4, 0), "version 2": changed(4, 2),
		"another curve": changed(50, 0x2e), "another arc": changed(43, 0x52), "no scalar": append(append(bytes.Clone(der[:7]), make([]byte, 32)...), der[39:]...),
	} {
		require.ErrorIs(t, newKey(der), crypto.ErrUnsupported, name)
	}
}

func TestDestroyedKeys(t *testing.T) {
	for attributes, use := range map[string]func(gm.PrivateKey) error{
		"S0ES00N": func(p gm.PrivateKey) error { _, err := p.AppendSign([]byte("x"), nil, nil); return err },
		"D1ED00N": func(p gm.PrivateKey) error { _, err := p.AppendDecrypt(nil, []byte{4}); return err },
		"K3ED00N": func(p gm.PrivateKey) error {
			_, err := p.Unwrap([]byte{4}, crypto.MustAttributes("P0AB00N"))
			return err
		},
		"S2ET00N": func(p gm.PrivateKey) error { _, err := p.Public(); return err },
	} {
		p := privateKey(t, attributes, scalar)
		p.Destroy()
		require.ErrorIs(t, use(p), crypto.ErrDestroyed, attributes)
		_, err := gm.NewPrivateKey(p.Key())
		require.ErrorIs(t, err, crypto.ErrDestroyed)
	}
}

// The longest text has a ciphertext of a mebibyte; point and hash come before it.
func TestTheLongestText(t *testing.T) {
	key := privateKey(t, "D1ED00N", scalar)
	public, err := key.Public()
	require.NoError(t, err)
	longest := bytes.Repeat([]byte{7}, 1<<20-65-32)
	ciphertext, err := public.AppendEncrypt(nil, longest)
	require.NoError(t, err)
	require.Len(t, ciphertext, 1<<20)
	plaintext, err := key.AppendDecrypt(nil, ciphertext)
	require.NoError(t, err)
	require.True(t, bytes.Equal(longest, plaintext))
	dst, err := public.AppendEncrypt([]byte("x"), append(longest, 7))
	require.ErrorIs(t, err, crypto.ErrLength)
	require.Equal(t, "x", string(dst))
	for _, wrong := range [][]byte{nil, {4}, {2}, append([]byte{2}, ciphertext[1:]...), append(bytes.Clone(ciphertext), 0)} {
		dst, err = key.AppendDecrypt([]byte("x"), wrong)
		require.ErrorIs(t, err, crypto.ErrVerify)
		require.Equal(t, "x", string(dst))
	}
}

// Signatures of the wrong length, and of numbers that no signature has, verify nothing; an empty identity is one.
func TestSignaturesOutOfShape(t *testing.T) {
	key := privateKey(t, "S0ES00N", scalar)
	public, err := key.Public()
	require.NoError(t, err)
	signature, err := key.AppendSign([]byte("x"), []byte("ALICE"), []byte("message"))
	require.NoError(t, err)
	require.Len(t, signature, 1+gm.SignatureSize)
	signature = signature[1:]
	require.NoError(t, public.Verify([]byte("ALICE"), []byte("message"), signature))
	require.ErrorIs(t, public.Verify(nil, []byte("message"), signature), crypto.ErrVerify)
	require.ErrorIs(t, public.Verify([]byte{}, []byte("message"), signature), crypto.ErrVerify)
	for _, wrong := range [][]byte{nil, signature[:63], append(bytes.Clone(signature), 0), make([]byte, 64), bytes.Repeat([]byte{0xff}, 64)} {
		require.ErrorIs(t, public.Verify([]byte("ALICE"), []byte("message"), wrong), crypto.ErrVerify)
	}
	usual, err := key.AppendSign(nil, nil, []byte("message"))
	require.NoError(t, err)
	require.NoError(t, public.Verify([]byte("1234567812345678"), []byte("message"), usual))
	off := public
	off[64] ^= 1
	_, err = gm.ParsePublicKey(off[:])
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	dst, err := off.AppendEncrypt([]byte("x"), []byte("text"))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	require.Equal(t, "x", string(dst))
	for _, n := range []int{0, 64, 66} {
		_, err = gm.ParsePublicKey(append(public[:min(n, 65):65], make([]byte, max(0, n-65))...))
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
}

func TestHash(t *testing.T) {
	h := gm.NewSM3()
	h.Write([]byte("abc"))
	sum := gm.SumSM3([]byte("abc"))
	require.Equal(t, sum[:], h.Sum(nil))
	require.Equal(t, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", hex.EncodeToString(sum[:]), "GB/T 32905 example 1")
}

// Where FIPS 140 mode is enforced nothing of SM2 works, and nothing panics.
func TestFIPSOnly(t *testing.T) {
	if !fipstest.Enforced(t) {
		return
	}
	_, err := gm.EncodePrivateKey(scalar)
	require.ErrorIs(t, err, crypto.ErrFIPS)
	_, err = gm.GeneratePrivateKey(crypto.MustAttributes("S0ES00N"))
	require.ErrorIs(t, err, crypto.ErrFIPS)
	der, err := hex.DecodeString(beforeScalar + hex.EncodeToString(scalar) + afterScalar + "04" + hex.EncodeToString(make([]byte, 64)))
	require.NoError(t, err)
	k, err := clearkey.Import(crypto.MustAttributes("S0ES00N"), der)
	require.NoError(t, err)
	_, err = gm.NewPrivateKey(k)
	require.ErrorIs(t, err, crypto.ErrFIPS)
	_, err = gm.ParsePublicKey(make([]byte, 65))
	require.ErrorIs(t, err, crypto.ErrFIPS)
	require.ErrorIs(t, gm.PublicKey{}.Verify(nil, nil, make([]byte, 64)), crypto.ErrFIPS)
	_, err = gm.PublicKey{}.AppendEncrypt(nil, []byte("x"))
	require.ErrorIs(t, err, crypto.ErrFIPS)
	secret, err := clearkey.Import(crypto.MustAttributes("P0AB00S"), make([]byte, 16), crypto.AllowWeak)
	require.NoError(t, err)
	_, err = gm.PublicKey{}.AppendWrap(nil, secret)
	require.ErrorIs(t, err, crypto.ErrFIPS)
}
