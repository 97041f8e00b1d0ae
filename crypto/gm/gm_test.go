package gm_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/internal/keymaterial"
	"github.com/posline/posline/internal/shown"
	"github.com/posline/posline/internal/vectortest"
)

func TestVectors(t *testing.T) {
	vectortest.Run(t, map[string]func(*testing.T, *vectortest.Case){"sm2_sm3_sm4": check})
}

func check(t *testing.T, c *vectortest.Case) {
	switch c.Text("algorithm") {
	case "SM4":
		checkSM4(t, c)
	case "SM3":
		sum := gm.SumSM3([]byte(c.Text("data_ascii")))
		require.Equal(t, c.WantHex("digest"), sum[:])
		h := gm.NewSM3()
		h.Write([]byte(c.Text("data_ascii")))
		require.Equal(t, sum[:], h.Sum(nil))
	case "SM2 sign":
		if c.Text("curve") != "sm2p256v1" {
			c.Skip("a curve of a draft, not SM2's")
			return
		}
		c.Ignore("nonce") // signatures here are never made with a chosen one
		key := privateKey(t, "S0EN00N", c.Hex("private_key"))
		public, err := key.Public()
		require.NoError(t, err)
		id, message := []byte(c.Text("id")), []byte(c.Text("message"))
		require.NoError(t, public.Verify(id, message, append(c.WantHex("r"), c.WantHex("s")...)))
		signature, err := key.AppendSign(nil, id, message)
		require.NoError(t, err)
		require.NoError(t, public.Verify(id, message, signature))
	default:
		t.Fatalf("unknown algorithm %q", c.Text("algorithm"))
	}
}

func checkSM4(t *testing.T, c *vectortest.Case) {
	k, err := clearkey.Import(crypto.MustAttributes("D04B00N"), c.Hex("key"), gm.SM4)
	require.NoError(t, err)
	key, err := crypto.NewDataKey(k)
	require.NoError(t, err)
	if n := c.Int("iterations"); n > 1 {
		m, err := k.Open(keymaterial.Grant(), crypto.OpEncrypt)
		require.NoError(t, err)
		defer m.Release()
		block := c.Hex("plaintext")
		for range n {
			m.Block().Encrypt(block, block)
		}
		require.Equal(t, c.WantHex("ciphertext"), block)
		return
	}
	out, err := key.AppendEncrypt(nil, crypto.ECB, nil, c.Hex("plaintext"))
	require.NoError(t, err)
	require.Equal(t, c.WantHex("ciphertext"), out)
	back, err := key.AppendDecrypt(nil, crypto.ECB, nil, out)
	require.NoError(t, err)
	require.Equal(t, c.Hex("plaintext"), back)
}

var scalar, _ = hex.DecodeString("110E7973206F68C19EE5F7328C036F26911C8C73B4E4F36AE3291097F8984FFC")

func privateKey(t testing.TB, attributes string, scalar []byte) gm.PrivateKey {
	t.Helper()
	der, err := gm.EncodePrivateKey(scalar)
	require.NoError(t, err)
	k, err := clearkey.Import(crypto.MustAttributes(attributes), der)
	require.NoError(t, err)
	p, err := gm.NewPrivateKey(k)
	require.NoError(t, err)
	return p
}

func TestSignatures(t *testing.T) {
	key := privateKey(t, "S0ES00N", scalar)
	public, err := key.Public()
	require.NoError(t, err)
	signature, err := key.AppendSign([]byte("x"), nil, []byte("message"))
	require.NoError(t, err)
	signature = signature[1:]
	require.Len(t, signature, gm.SignatureSize)
	require.NoError(t, public.Verify(nil, []byte("message"), signature))
	require.NoError(t, public.Verify([]byte("1234567812345678"), []byte("message"), signature))
	require.ErrorIs(t, public.Verify([]byte("another"), []byte("message"), signature), crypto.ErrVerify)
	require.ErrorIs(t, public.Verify(nil, []byte("Message"), signature), crypto.ErrVerify)
	require.ErrorIs(t, public.Verify(nil, []byte("message"), signature[1:]), crypto.ErrVerify)
	require.ErrorIs(t, public.Verify(nil, []byte("message"), nil), crypto.ErrVerify)
	require.ErrorIs(t, public.Verify(nil, []byte("message"), make([]byte, 64)), crypto.ErrVerify)
	require.ErrorIs(t, public.Verify(nil, []byte("message"), bytes.Repeat([]byte{0xff}, 64)), crypto.ErrVerify)
	for i := range signature {
		signature[i] ^= 1
		require.ErrorIs(t, public.Verify(nil, []byte("message"), signature), crypto.ErrVerify)
		signature[i] ^= 1
	}
	_, err = key.AppendDecrypt(nil, nil)
	require.ErrorIs(t, err, crypto.ErrUsage, "a key for signatures")
}

func TestEncryption(t *testing.T) {
	key := privateKey(t, "D1ED00N", scalar)
	public, err := key.Public()
	require.NoError(t, err)
	ciphertext, err := public.AppendEncrypt([]byte("x"), []byte("0123456789abcdef"))
	require.NoError(t, err)
	plaintext, err := key.AppendDecrypt([]byte("y"), ciphertext[1:])
	require.NoError(t, err)
	require.Equal(t, "y0123456789abcdef", string(plaintext))
	for i := 1; i < len(ciphertext); i++ {
		wrong := bytes.Clone(ciphertext[1:])
		wrong[i-1] ^= 1
		_, err := key.AppendDecrypt(nil, wrong)
		require.ErrorIs(t, err, crypto.ErrVerify)
		_, err = key.AppendDecrypt(nil, ciphertext[1:i])
		require.ErrorIs(t, err, crypto.ErrVerify)
	}
	_, err = public.AppendEncrypt(nil, nil)
	require.ErrorIs(t, err, crypto.ErrLength)
	_, err = key.AppendSign(nil, nil, nil)
	require.ErrorIs(t, err, crypto.ErrUsage, "a key for decryption")
}

// Keys travel under SM2 as they do under RSA: Sensitive ones only, not stronger than the curve, and none that arrives
// leaves again. The private key that unwraps them shows none: it decrypts nothing else.
func TestTransport(t *testing.T) {
	private := privateKey(t, "K3EB00N", scalar)
	public, err := private.Public()
	require.NoError(t, err)
	secret := bytes.Repeat([]byte("0123456789abcdef"), 2)
	sent := func(attributes string, n int) crypto.Key {
		k, err := clearkey.Import(crypto.MustAttributes(attributes), secret[:n], gm.SM4)
		require.NoError(t, err)
		return k
	}
	wrapped, err := public.AppendWrap([]byte("x"), sent("K04B00S", 16))
	require.NoError(t, err)
	require.Equal(t, byte('x'), wrapped[0])
	wrapped = wrapped[1:]
	k, err := private.Unwrap(wrapped, crypto.MustAttributes("K04B00N"), gm.SM4)
	require.NoError(t, err)
	require.True(t, k.Equal(sent("K04B00N", 16)))
	_, err = private.AppendDecrypt(nil, wrapped)
	require.ErrorIs(t, err, crypto.ErrUsage, "the clear key would come out")
	for _, attributes := range []string{"D1EB00N", "S2EB00N", "S0ES00N", "K3EE00N"} {
		_, err = privateKey(t, attributes, scalar).Unwrap(wrapped, crypto.MustAttributes("K04B00N"), gm.SM4)
		require.ErrorIs(t, err, crypto.ErrUsage, attributes)
	}
	for _, attributes := range []string{"K04B00E", "K04B00S"} {
		_, err = private.Unwrap(wrapped, crypto.MustAttributes(attributes), gm.SM4)
		require.ErrorIs(t, err, crypto.ErrExport)
	}
	_, err = private.Unwrap(wrapped, crypto.MustAttributes("K04B00N"))
	require.ErrorIs(t, err, crypto.ErrNoCipher)
	wrapped[len(wrapped)-1] ^= 1
	_, err = private.Unwrap(wrapped, crypto.MustAttributes("K04B00N"), gm.SM4)
	require.ErrorIs(t, err, crypto.ErrVerify)
	for attributes, want := range map[string]error{
		"P0AB00N": crypto.ErrExport, "P0AB00E": crypto.ErrExport, "P0AB00S": nil,
	} {
		dst, err := public.AppendWrap([]byte("x"), sent(attributes, 16))
		require.ErrorIs(t, err, want)
		require.Equal(t, want != nil, string(dst) == "x")
	}
	_, err = public.AppendWrap(nil, sent("P0AB00S", 24))
	require.ErrorIs(t, err, crypto.ErrWeakKey)
	_, err = gm.PublicKey{}.AppendWrap(nil, sent("P0AB00S", 16))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	gone := sent("P0AB00S", 16)
	gone.Destroy()
	_, err = public.AppendWrap(nil, gone)
	require.ErrorIs(t, err, crypto.ErrDestroyed)
}

func TestKeysThatAreNone(t *testing.T) {
	var none gm.PrivateKey
	_, err := none.Public()
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = none.AppendSign(nil, nil, nil)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = gm.NewPrivateKey(crypto.Key{})
	require.ErrorIs(t, err, crypto.ErrNoKey)
	for _, s := range [][]byte{nil, make([]byte, 32), bytes.Repeat([]byte{0xff}, 32), scalar[1:]} {
		_, err := gm.EncodePrivateKey(s)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
	for attributes, want := range map[string]error{"S0EN00N": crypto.ErrUnsupported, "S0RN00N": crypto.ErrUsage} {
		k, err := clearkey.Import(crypto.MustAttributes(attributes), []byte("not DER"))
		require.NoError(t, err)
		_, err = gm.NewPrivateKey(k)
		require.ErrorIs(t, err, want)
	}
	var zero gm.PublicKey
	require.ErrorIs(t, zero.Verify(nil, nil, make([]byte, 64)), crypto.ErrUnsupported)
	_, err = gm.ParsePublicKey(make([]byte, 64))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = gm.ParsePublicKey(bytes.Repeat([]byte{4}, 65))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = gm.GeneratePrivateKey(crypto.Attributes{})
	require.ErrorIs(t, err, crypto.ErrAttributes)
}

func TestGenerateAndParse(t *testing.T) {
	a, err := gm.GeneratePrivateKey(crypto.MustAttributes("S2ET00N"))
	require.NoError(t, err)
	b, err := gm.GeneratePrivateKey(crypto.MustAttributes("S2ET00N"))
	require.NoError(t, err)
	public, err := a.Public()
	require.NoError(t, err)
	other, err := b.Public()
	require.NoError(t, err)
	require.NotEqual(t, public, other)
	parsed, err := gm.ParsePublicKey(public[:])
	require.NoError(t, err)
	require.Equal(t, public, parsed)
	signature, err := a.AppendSign(nil, nil, nil)
	require.NoError(t, err)
	require.NoError(t, parsed.Verify(nil, nil, signature))
}

func TestPrivateKeysDoNotShow(t *testing.T) {
	key := privateKey(t, "S0ES00N", scalar)
	require.Empty(t, shown.Inside(key, scalar))
	require.Empty(t, shown.Inside(&key, scalar))
}

func FuzzVerify(f *testing.F) {
	f.Add(make([]byte, 65), []byte("message"), make([]byte, 64))
	f.Fuzz(func(t *testing.T, public, message, signature []byte) {
		k, err := gm.ParsePublicKey(public)
		if err != nil {
			require.ErrorIs(t, err, crypto.ErrUnsupported)
			return
		}
		require.ErrorIs(t, k.Verify(nil, message, signature), crypto.ErrVerify)
	})
}
