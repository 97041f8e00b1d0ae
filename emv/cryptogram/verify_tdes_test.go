package cryptogram

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/emv"
)

// The short way and the long one agree on every profile, every kind of card, right and wrong cryptograms, missing data
// and keys that are not for it.
func TestShortWayEqualsLongWay(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	visa, number := unhex(t, "06011203A00000"), unhex(t, "0FA501A03800000000000000000000000F010000000000000000000000000000")
	mchip := unhex(t, "0110A00003220000000000000000000000FF")
	key := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	profiles := []Profile{VisaCVN10(), VisaCVN17(), VisaCVN18(), VisaCVN22(), CCD(), Interac133(), Amex01(), UnionPay()}
	for version := byte(0x10); version <= 0x15; version++ {
		p, err := MChip(version)
		require.NoError(t, err)
		profiles = append(profiles, p)
	}
	agreed := map[error]int{}
	for _, p := range profiles {
		for _, iad := range [][]byte{visa, number, mchip, nil} {
			for _, pan := range []string{"1234567890123456", "1234567890123456789", "12345678", "12x45678901234"} {
				for _, attributes := range []string{"E0TX00N", "E0TC00N", "E1TX00N", "E0AX00N"} {
					k, err := clearkey.Import(crypto.MustAttributes(attributes), key)
					require.NoError(t, err)
					imk, err := crypto.NewIMK(k)
					require.NoError(t, err)
					card, data := Card{PAN: crypto.Hide(pan)}, randomData(random, iad)
					if c, err := p.DeriveCardKey(imk, card); err == nil && random.IntN(4) > 0 {
						if ac, err := p.Generate(c, data); err == nil {
							data = emv.AppendTLV(data, 0x9F26, ac[:])
						}
					}
					if _, there := data.Get(0x9F26); !there && random.IntN(4) > 0 {
						data = emv.AppendTLV(data, 0x9F26, make([]byte, 8))
					}
					want, got := p.verifyLong(imk, card, data), p.Verify(imk, card, data)
					if errors.Is(want, crypto.ErrUsage) {
						require.ErrorIs(t, got, crypto.ErrUsage) // the long way names the card's key, the short one the issuer's
					} else {
						require.Equal(t, want, got, "%s, %s, %s", p.Name, attributes, pan)
					}
					for _, kind := range []error{nil, crypto.ErrVerify, crypto.ErrUsage, ErrCard} {
						if want == kind {
							agreed[kind]++
						}
					}
				}
			}
		}
	}
	t.Logf("agreed: %v", agreed)
	require.NotZero(t, agreed[nil], "right cryptograms")
	require.NotZero(t, agreed[crypto.ErrVerify], "wrong ones")
}

// randomData are the data objects of a transaction, now and then without one.
func randomData(random *rand.Rand, iad []byte) emv.TLV {
	var d emv.TLV
	for _, e := range elements {
		if random.IntN(60) == 0 {
			continue
		}
		value := make([]byte, e.size)
		for i := range value {
			value[i] = byte(random.Uint32())
		}
		d = emv.AppendTLV(d, e.tag, value)
	}
	if iad != nil {
		d = emv.AppendTLV(d, 0x9F10, iad)
	}
	return d
}

func TestVerifyAllocatesNothing(t *testing.T) {
	if raceEnabled {
		return
	}
	for _, option := range []crypto.Option{func(*crypto.KeyOptions) {}, crypto.TableDES} {
		k, err := clearkey.Import(crypto.MustAttributes("E0TX00N"), unhex(t, "0123456789ABCDEFFEDCBA9876543210"), option)
		require.NoError(t, err)
		imk, err := crypto.NewIMK(k)
		require.NoError(t, err)
		p, card := VisaCVN18(), Card{PAN: crypto.Hide("1234567890123456")}
		c, err := p.DeriveCardKey(imk, card)
		require.NoError(t, err)
		data := randomData(rand.New(rand.NewPCG(1, 2)), unhex(t, "06011203A00000"))
		for _, e := range elements {
			if _, there := data.Get(e.tag); !there {
				data = emv.AppendTLV(data, e.tag, make([]byte, e.size))
			}
		}
		ac, err := p.Generate(c, data)
		require.NoError(t, err)
		data = emv.AppendTLV(data, 0x9F26, ac[:])
		require.NoError(t, p.Verify(imk, card, data))
		require.Zero(t, testing.AllocsPerRun(200, func() { p.Verify(imk, card, data) }))
	}
}
