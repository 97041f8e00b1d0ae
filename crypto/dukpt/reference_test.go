package dukpt_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/internal/keymaterial"
)

// A Reference is the key that the transaction gives, from the base key and from the device's initial key.
func TestReferences(t *testing.T) {
	tdes, aes := parse(t, tdesDevice).WithCounter(8), parse(t, aesDevice).WithCounter(8)
	var old dukpt.TDES
	var tx dukpt.AES
	require.NoError(t, old.DeriveFromBDK(bdk(t, crypto.TDES, testBDK), tdes))
	require.NoError(t, tx.DeriveFromBDK(bdk(t, crypto.AES, testBDK), aes))
	key := func(k interface{ Key() crypto.Key }, err error) crypto.Key {
		require.NoError(t, err)
		return k.Key()
	}
	for _, c := range []struct {
		reference dukpt.Reference
		want      crypto.Key
	}{
		{dukpt.Reference{KSN: tdes, Purpose: dukpt.ForPIN}, key(old.PIN())},
		{dukpt.Reference{KSN: tdes, Purpose: dukpt.ForMAC}, key(old.MAC(dukpt.Request, crypto.UsageMAC3))},
		{dukpt.Reference{KSN: tdes, Purpose: dukpt.ForMAC, Direction: dukpt.Response, MAC: crypto.UsageMAC1}, key(old.MAC(dukpt.Response, crypto.UsageMAC1))},
		{dukpt.Reference{KSN: tdes, Purpose: dukpt.ForData, Direction: dukpt.Response}, key(old.Data(dukpt.Response))},
		{dukpt.Reference{KSN: aes, Purpose: dukpt.ForPIN}, key(tx.PIN(dukpt.AES128))},
		{dukpt.Reference{KSN: aes, Purpose: dukpt.ForPIN, Type: dukpt.TDES2}, key(tx.PIN(dukpt.TDES2))},
		{dukpt.Reference{KSN: aes, Purpose: dukpt.ForMAC, Direction: dukpt.BothWays}, key(tx.MAC(dukpt.BothWays, dukpt.AES128, crypto.UsageCMAC))},
		{dukpt.Reference{KSN: aes, Purpose: dukpt.ForMAC, Type: dukpt.HMAC128}, key(tx.MAC(dukpt.Request, dukpt.HMAC128, crypto.UsageHMAC))},
		{dukpt.Reference{KSN: aes, Purpose: dukpt.ForMAC, Type: dukpt.TDES2}, key(tx.MAC(dukpt.Request, dukpt.TDES2, crypto.UsageMAC3))},
		{dukpt.Reference{KSN: aes, Purpose: dukpt.ForData, Direction: dukpt.Response}, key(tx.Data(dukpt.Response, dukpt.AES128))},
	} {
		algorithm := crypto.TDES
		if c.reference.KSN.IsAES() {
			algorithm = crypto.AES
		}
		base := bdk(t, algorithm, testBDK)
		initial, err := dukpt.Initial(base, c.reference.KSN)
		require.NoError(t, err)
		for _, ref := range []crypto.KeyRef{base, base.Key(), initial, initial.Key()} {
			c.reference.Base = ref
			got, err := c.reference.DeriveKey(keymaterial.Grant())
			require.NoError(t, err)
			require.True(t, got.Equal(c.want), "%s", c.want.Attributes())
			require.Equal(t, c.want.Attributes(), got.Attributes())
			require.Equal(t, c.want.Attributes(), c.reference.Attributes(), "known before it is derived")
		}
	}
}

// stranger is a reference of another provider.
type stranger struct{}

func (stranger) Attributes() crypto.Attributes { return crypto.Attributes{} }

// What no transaction has is refused, and nobody outside the module derives.
func TestReferencesThatAreNone(t *testing.T) {
	good := dukpt.Reference{Base: bdk(t, crypto.TDES, testBDK), KSN: parse(t, tdesDevice).WithCounter(8), Purpose: dukpt.ForPIN}
	_, err := good.DeriveKey(keymaterial.Token{})
	require.ErrorIs(t, err, crypto.ErrUsage)
	for _, c := range []struct {
		change func(*dukpt.Reference)
		want   error
	}{
		{func(r *dukpt.Reference) { r.Purpose = 0 }, crypto.ErrUnsupported},
		{func(r *dukpt.Reference) { r.Purpose = dukpt.ForData + 1 }, crypto.ErrUnsupported},
		{func(r *dukpt.Reference) { r.Type = dukpt.AES128 }, crypto.ErrUnsupported},
		{func(r *dukpt.Reference) { r.KSN, r.Type = parse(t, aesDevice).WithCounter(8), 99 }, crypto.ErrUnsupported},
		{func(r *dukpt.Reference) { r.Direction, r.Purpose = 9, dukpt.ForMAC }, crypto.ErrUnsupported},
		{func(r *dukpt.Reference) { r.KSN = r.KSN.WithCounter(0) }, dukpt.ErrKSN},
		{func(r *dukpt.Reference) { r.Base = nil }, crypto.ErrKeyRef},
		{func(r *dukpt.Reference) { r.Base = stranger{} }, crypto.ErrKeyRef},
		{func(r *dukpt.Reference) { r.Base = crypto.Key{} }, crypto.ErrNoKey},
	} {
		bad := good
		c.change(&bad)
		_, err := bad.DeriveKey(keymaterial.Grant())
		require.ErrorIs(t, err, c.want)
	}
	require.Equal(t, crypto.Attributes{}, dukpt.Reference{}.Attributes())
}

// MACs and data under DUKPT go through the seams as under any key.
func TestReferencesThroughTheSeams(t *testing.T) {
	ctx := context.Background()
	ksn := parse(t, aesDevice).WithCounter(9)
	base := bdk(t, crypto.AES, testBDK)
	var tx dukpt.AES
	require.NoError(t, tx.DeriveFromBDK(base, ksn))

	ref := dukpt.Reference{Base: base, KSN: ksn, Purpose: dukpt.ForMAC}
	algorithm := crypto.MACAlgorithm{Scheme: crypto.CMAC}
	code, err := mac.Software{}.AppendMAC(ctx, nil, ref, algorithm, []byte("message"))
	require.NoError(t, err)
	key, err := tx.MAC(dukpt.Request, dukpt.AES128, crypto.UsageCMAC)
	require.NoError(t, err)
	require.NoError(t, mac.Software{}.VerifyMAC(ctx, key, algorithm, []byte("message"), code))
	require.NoError(t, mac.Software{}.VerifyMAC(ctx, ref, algorithm, []byte("message"), code))
	ref.Direction = dukpt.Response
	require.ErrorIs(t, mac.Software{}.VerifyMAC(ctx, ref, algorithm, []byte("message"), code), crypto.ErrVerify)

	ref.Purpose, ref.Direction = dukpt.ForData, dukpt.Request
	data, err := tx.Data(dukpt.Request, dukpt.AES128)
	require.NoError(t, err)
	iv := make([]byte, 16)
	var e crypto.SoftwareEncrypter
	sealed, err := e.AppendEncrypt(ctx, []byte("x"), ref, crypto.CFB, iv, []byte("track"))
	require.NoError(t, err)
	want, err := data.AppendEncrypt([]byte("x"), crypto.CFB, iv, []byte("track"))
	require.NoError(t, err)
	require.Equal(t, want, sealed)
	for _, by := range []crypto.KeyRef{ref, data, data.Key()} {
		clear, err := e.AppendDecrypt(ctx, nil, by, crypto.CFB, iv, sealed[1:])
		require.NoError(t, err)
		require.Equal(t, "track", string(clear))
	}
	for _, bad := range []struct {
		key  crypto.KeyRef
		want error
	}{{nil, crypto.ErrKeyRef}, {stranger{}, crypto.ErrKeyRef}, {key, crypto.ErrUsage}, {dukpt.Reference{Base: base, KSN: ksn}, crypto.ErrUnsupported}} {
		dst, err := e.AppendEncrypt(ctx, []byte("x"), bad.key, crypto.CFB, iv, nil)
		require.ErrorIs(t, err, bad.want)
		require.Equal(t, "x", string(dst))
	}
	_, err = mac.Software{}.AppendMAC(ctx, nil, dukpt.Reference{Base: base, KSN: ksn, Purpose: dukpt.ForPIN}, algorithm, nil)
	require.ErrorIs(t, err, crypto.ErrUsage)
}
