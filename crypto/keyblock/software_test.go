package keyblock_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
)

func TestSoftware(t *testing.T) {
	ctx := context.Background()
	var s crypto.KeyManager = keyblock.Software{}
	master, err := s.Generate(ctx, crypto.MustAttributes("K1AB00N"), 256)
	require.NoError(t, err)
	k, err := s.Generate(ctx, crypto.MustAttributes("P0TB00E"), 128)
	require.NoError(t, err)
	block, err := s.Export(ctx, nil, master, k)
	require.NoError(t, err)
	got, err := s.Import(ctx, master, block)
	require.NoError(t, err)
	require.True(t, got.(crypto.Key).Equal(k.(crypto.Key)))
	pinKey, err := crypto.NewPINKey(got.(crypto.Key))
	require.NoError(t, err)
	kcv, err := s.CheckValue(ctx, pinKey, crypto.KCVLegacy, 3)
	require.NoError(t, err)
	require.NoError(t, k.(crypto.Key).CheckKCV(crypto.KCVLegacy, kcv))
	_, err = s.Import(ctx, k, block)
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = s.Export(ctx, nil, nil, k)
	require.ErrorIs(t, err, crypto.ErrKeyRef)
	_, err = s.Export(ctx, nil, master, nil)
	require.ErrorIs(t, err, crypto.ErrKeyRef)
	home := crypto.NewHome()
	s = keyblock.Software{Generated: []crypto.Option{home.Storable}, Options: keyblock.Options{Key: []crypto.Option{crypto.TableDES}}}
	k, err = s.Generate(ctx, crypto.MustAttributes("P0TB00E"), 128)
	require.NoError(t, err)
	require.True(t, k.(crypto.Key).MayStay(home))
	require.True(t, k.(crypto.Key).TableDES())
	got, err = s.Import(ctx, master, block)
	require.NoError(t, err)
	require.False(t, got.(crypto.Key).MayStay(home), "what arrives is not what is generated")
	require.True(t, got.(crypto.Key).TableDES())
}

// What a provider cannot do it says, and gives nothing: no reference, no block.
func TestSoftwareFails(t *testing.T) {
	ctx, s := context.Background(), keyblock.Software{}
	master := kbpk(t, 'D', unhex(t, aesHex))
	key := importKey(t, "P0TB00E", unhex(t, tdesHex)[:16])
	block, err := s.Export(ctx, []byte("x"), master, key)
	require.NoError(t, err)
	require.Equal(t, byte('x'), block[0])
	block = block[1:]
	for _, ref := range []crypto.KeyRef{master, master.Key()} {
		k, err := s.Import(ctx, ref, block)
		require.NoError(t, err)
		require.True(t, key.Equal(k.(crypto.Key)))
	}
	other := kbpk(t, 'D', unhex(t, aesHex)[:16])
	cut := block[:len(block)-1]
	for name, c := range map[string]struct {
		ref   crypto.KeyRef
		block []byte
		want  error
	}{
		"another key": {other, block, keyblock.ErrBlock}, "a cut block": {master, cut, keyblock.ErrBlock}, "nothing": {master, nil, keyblock.ErrBlock},
		"no reference": {nil, block, crypto.ErrKeyRef}, "no protection key": {key, block, crypto.ErrUsage}, "no key": {crypto.Key{}, block, crypto.ErrNoKey},
	} {
		ref, err := s.Import(ctx, c.ref, c.block)
		require.ErrorIs(t, err, c.want, name)
		require.Nil(t, ref, name)
	}
	ref, err := s.Generate(ctx, crypto.MustAttributes("P0TB00E"), 100)
	require.ErrorIs(t, err, crypto.ErrKeyLength)
	require.Nil(t, ref)
	for _, c := range []struct {
		master, key crypto.KeyRef
		want        error
	}{
		{nil, key, crypto.ErrKeyRef}, {key, key, crypto.ErrUsage}, {master, nil, crypto.ErrKeyRef}, {master, crypto.Key{}, crypto.ErrNoKey},
		{master, importKey(t, "P0TB00N", unhex(t, tdesHex)[:16]), crypto.ErrExport},
	} {
		dst, err := s.Export(ctx, []byte("x"), c.master, c.key)
		require.ErrorIs(t, err, c.want)
		require.Equal(t, "x", string(dst))
	}
	kcv, err := s.CheckValue(ctx, nil, crypto.KCVLegacy, 3)
	require.ErrorIs(t, err, crypto.ErrKeyRef)
	require.Nil(t, kcv)
	kcv, err = s.CheckValue(ctx, master, crypto.KCVCMAC, 5)
	require.NoError(t, err)
	require.NoError(t, master.CheckKCV(crypto.KCVCMAC, kcv))
}
