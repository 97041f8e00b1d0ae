package pinblock_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/pinblock"
)

// otherRef is a reference of an HSM this process knows nothing of.
type otherRef struct{}

func (otherRef) Attributes() crypto.Attributes { return crypto.MustAttributes("P0TB00N") }

func TestPolicy(t *testing.T) {
	all := []pinblock.Format{
		pinblock.ISO0, pinblock.ISO1, pinblock.ISO2, pinblock.ISO3, pinblock.ISO4, pinblock.VISA2, pinblock.VISA3,
		pinblock.VISA4, pinblock.ECI2, pinblock.ECI3, pinblock.OEM1, pinblock.IBM3624, pinblock.UnionPaySM4, pinblock.UnionPayPlain,
	}
	bound := map[pinblock.Format]bool{pinblock.ISO0: true, pinblock.ISO3: true, pinblock.ISO4: true, pinblock.UnionPaySM4: true}
	for _, from := range all {
		for _, to := range all {
			same := bound[from] && bound[to]
			other := false
			if from == pinblock.ISO1 && (to == pinblock.ISO1 || bound[to]) {
				same, other = true, true
			}
			require.Equal(t, same, pinblock.Policy(nil).Check(from, to, true) == nil, "%s to %s", from, to)
			require.Equal(t, other, pinblock.Policy(nil).Check(from, to, false) == nil, "%s to %s of another PAN", from, to)
		}
	}
	policy := pinblock.Policy{
		{From: pinblock.IBM3624, To: pinblock.ISO0}, {From: pinblock.ISO0, To: pinblock.ISO0, NewPAN: true},
	}
	require.NoError(t, policy.Check(pinblock.IBM3624, pinblock.ISO0, false))
	require.ErrorIs(t, policy.Check(pinblock.IBM3624.WithPad('A'), pinblock.ISO0, false), pinblock.ErrPolicy)
	require.NoError(t, policy.Check(pinblock.ISO0, pinblock.ISO0, false))
	require.ErrorIs(t, policy.Check(pinblock.ISO0, pinblock.ISO3, false), pinblock.ErrPolicy)
	require.ErrorIs(t, policy.Check(pinblock.IBM3624, pinblock.ISO3, true), pinblock.ErrPolicy)
	require.ErrorIs(t, policy.Check(0, 0, true), pinblock.ErrPolicy)
}

func TestTranslate(t *testing.T) {
	keys := map[int]crypto.PINKey{8: pinKey(t, crypto.TDES, unhex(t, desHex)), 16: pinKey(t, crypto.AES, unhex(t, aesHex))}
	formats := []pinblock.Format{pinblock.ISO0, pinblock.ISO1, pinblock.ISO3, pinblock.ISO4, pinblock.UnionPaySM4}
	for _, from := range formats {
		for _, to := range formats {
			block, err := pinblock.Encrypt(nil, keys[from.Size()], from, pin(t, "739164"), testPAN)
			require.NoError(t, err)
			in := pinblock.Encrypted{Key: keys[from.Size()], Layout: from, PAN: crypto.Hide(testPAN), Block: block}
			out := pinblock.Target{Key: keys[to.Size()].Key(), Layout: to, PAN: crypto.Hide(testPAN)}
			s := pinblock.Software{Layouts: []pinblock.Format{pinblock.ISO0, pinblock.ISO1, pinblock.ISO3, pinblock.UnionPaySM4}}
			got, err := s.TranslatePIN(ctx, []byte("x"), in, out)
			if to == pinblock.ISO1 && from != pinblock.ISO1 {
				require.ErrorIs(t, err, pinblock.ErrPolicy)
				require.Equal(t, "x", string(got))
				continue
			}
			require.NoError(t, err)
			require.Equal(t, byte('x'), got[0])
			p, err := pinblock.Decrypt(keys[to.Size()], to, got[1:], testPAN)
			require.NoError(t, err)
			require.True(t, p.Equal(pin(t, "739164")))
		}
	}
}

func TestTranslationFaults(t *testing.T) {
	des := pinKey(t, crypto.TDES, unhex(t, desHex))
	block, err := pinblock.Encrypt(nil, des, pinblock.ISO0, pin(t, "739164"), testPAN)
	require.NoError(t, err)
	in := pinblock.Encrypted{Key: des, Layout: pinblock.ISO0, PAN: crypto.Hide(testPAN), Block: block}
	out := pinblock.Target{Key: des, Layout: pinblock.ISO3, PAN: crypto.Hide(testPAN)}
	translate := func(in pinblock.Encrypted, out pinblock.Target) error {
		_, err := pinblock.Software{}.TranslatePIN(ctx, nil, in, out)
		return err
	}
	require.NoError(t, translate(in, out))
	bad := in
	bad.Key = otherRef{}
	require.ErrorIs(t, translate(bad, out), crypto.ErrKeyRef)
	bad.Key = nil
	require.ErrorIs(t, translate(bad, out), crypto.ErrKeyRef)
	bad.Key = importKey(t, "D0TB00N", unhex(t, desHex))
	require.ErrorIs(t, translate(bad, out), crypto.ErrUsage)
	bad = in
	bad.Block = block[:7]
	require.ErrorIs(t, translate(bad, out), pinblock.ErrBlock)
	bad.Block = make([]byte, 8)
	require.ErrorIs(t, translate(bad, out), pinblock.ErrBlock)
	worse := out
	worse.PAN = crypto.Hide("5432101234567891")
	require.ErrorIs(t, translate(in, worse), pinblock.ErrPolicy)
	worse = out
	worse.Key = otherRef{}
	require.ErrorIs(t, translate(in, worse), crypto.ErrKeyRef)
}

func TestIssuer(t *testing.T) {
	var (
		s      pinblock.Software
		des    = pinKey(t, crypto.TDES, unhex(t, desHex))
		visa   = pvk(t, "V2", unhex(t, "0123456789ABCDEFFEDCBA9876543210"))
		ibm    = importKey(t, "V1TN00N", unhex(t, "0123456789ABCDEFFEDCBA9876543210"))
		pvv    = pinblock.PVVData{PAN: crypto.Hide(testPAN), KeyIndex: 1}
		offset = pinblock.OffsetData{PAN: crypto.Hide(testPAN)}
		target = pinblock.Target{Key: des, Layout: pinblock.ISO3, PAN: crypto.Hide(testPAN)}
	)
	s.Layouts = []pinblock.Format{pinblock.ISO3}
	generate := func() pinblock.Encrypted {
		block, err := s.GeneratePIN(ctx, nil, 4, target)
		require.NoError(t, err)
		return pinblock.Encrypted{Key: des, Layout: pinblock.ISO3, PAN: crypto.Hide(testPAN), Block: block}
	}
	current, next := generate(), generate()
	for same := true; same; next = generate() {
		a, err := pinblock.Decrypt(des, pinblock.ISO3, current.Block, testPAN)
		require.NoError(t, err)
		b, err := pinblock.Decrypt(des, pinblock.ISO3, next.Block, testPAN)
		require.NoError(t, err)
		if same = a.Equal(b); !same {
			break
		}
	}
	value, err := s.AppendPVV(ctx, nil, current, visa, pvv)
	require.NoError(t, err)
	require.NoError(t, s.VerifyPVV(ctx, current, visa, pvv, string(value)))
	changed, err := s.ChangePVV(ctx, nil, current, next, visa, pvv, string(value))
	require.NoError(t, err)
	require.NoError(t, s.VerifyPVV(ctx, next, visa, pvv, string(changed)))
	_, err = s.ChangePVV(ctx, nil, current, next, visa, pvv, string(otherDigits(value)))
	require.ErrorIs(t, err, crypto.ErrVerify)

	value, err = s.AppendOffset(ctx, nil, current, ibm, offset)
	require.NoError(t, err)
	require.NoError(t, s.VerifyOffset(ctx, current, ibm, offset, string(value)))
	require.ErrorIs(t, s.VerifyOffset(ctx, next, ibm, offset, string(value)), crypto.ErrVerify)
	changed, err = s.ChangeOffset(ctx, nil, current, next, ibm, offset, string(value))
	require.NoError(t, err)
	require.NoError(t, s.VerifyOffset(ctx, next, ibm, offset, string(changed)))

	broken := current
	broken.Block = make([]byte, 8)
	require.ErrorIs(t, s.VerifyPVV(ctx, broken, visa, pvv, "0000"), pinblock.ErrBlock)
	require.ErrorIs(t, s.VerifyPVV(ctx, current, ibm, pvv, "0000"), crypto.ErrUsage)
	require.ErrorIs(t, s.VerifyPVV(ctx, current, des, pvv, "0000"), crypto.ErrKeyRef)
	require.ErrorIs(t, s.VerifyOffset(ctx, current, otherRef{}, offset, "0000"), crypto.ErrKeyRef)
	_, err = s.GeneratePIN(ctx, nil, 3, target)
	require.ErrorIs(t, err, pinblock.ErrPIN)
}

func otherDigits(value []byte) []byte {
	other := append([]byte(nil), value...)
	other[0] = '0' + (other[0]-'0'+1)%10
	return other
}

func TestVerificationModesAndData(t *testing.T) {
	k := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	onlyVerify, err := crypto.NewPVK(importKey(t, "V2TV00N", k))
	require.NoError(t, err)
	data := pinblock.PVVData{PAN: crypto.Hide("1122334455667788"), KeyIndex: 1}
	require.NoError(t, pinblock.VerifyPVV(onlyVerify, data, pin(t, "4524"), "8523"))
	_, err = pinblock.AppendPVV(nil, onlyVerify, data, pin(t, "4524"))
	require.ErrorIs(t, err, crypto.ErrUsage)
	require.ErrorIs(t, pinblock.VerifyPVV(onlyVerify, data, pin(t, "45240"), "8523"), pinblock.ErrPIN)
	longer, err := crypto.NewPVK(importKey(t, "V2TV00N", k, pinblock.PVVMethod{FirstFour: true}.Bind))
	require.NoError(t, err)
	require.NoError(t, pinblock.VerifyPVV(longer, data, pin(t, "45240"), "8523"))
	require.ErrorIs(t, pinblock.VerifyPVV(pvk(t, "V2", k[:8]), data, pin(t, "4524"), "8523"), crypto.ErrUnsupported)
	require.ErrorIs(t, pinblock.VerifyPVV(crypto.PVK{}, data, pin(t, "4524"), "8523"), crypto.ErrNoKey)
	require.ErrorIs(t, pinblock.VerifyPVV(onlyVerify, data, pinblock.PIN{}, "8523"), pinblock.ErrPIN)

	for _, m := range []pinblock.OffsetMethod{
		{Table: "0000000000000000"}, {Table: "0123456777777777"}, {Table: "0123456012345601"}, {Table: "012345678901234A"},
		{Table: "012345678901234"}, {Table: "01234560123456012"},
		{Start: -1}, {Start: 19}, {Start: math.MaxInt, Length: 4}, {Length: -1}, {Length: 17}, {Pad: 'g'}, {Pad: 'G'}, {Pad: '/'}, {Pad: ':'},
	} {
		_, err := clearkey.Import(crypto.MustAttributes("V1TN00N"), k, m.Bind)
		require.ErrorIs(t, err, pinblock.ErrData, "%+v", m)
	}
	for _, m := range []pinblock.OffsetMethod{
		{Table: "0123456701234567"}, {Table: "0000123456777789"}, {Start: 18}, {Length: 16}, {Pad: '0'}, {Pad: '9'}, {Pad: 'A'}, {Pad: 'f'},
	} {
		_, err := clearkey.Import(crypto.MustAttributes("V1TN00N"), k, m.Bind)
		require.NoError(t, err, "%+v", m)
	}
	key := pvk(t, "V1", k)
	_, err = pinblock.AppendOffset(nil, pvk(t, "V1", k, pinblock.OffsetMethod{Start: 16}.Bind), pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, pin(t, "1234"))
	require.ErrorIs(t, err, pinblock.ErrData, "nothing is left of the PAN")
	_, err = pinblock.AppendOffset(nil, pvk(t, "V1", k, pinblock.OffsetMethod{Start: 4, Length: 13}.Bind), pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, pin(t, "1234"))
	require.ErrorIs(t, err, pinblock.ErrData)
	_, err = pinblock.AppendOffset(nil, pvk(t, "V1", k, pinblock.OffsetMethod{Start: 3, Length: 13}.Bind), pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, pin(t, "1234"))
	require.NoError(t, err)
	for _, pan := range []string{"", testPAN + "1234", testPAN[:12] + "x"} {
		_, err = pinblock.AppendOffset(nil, key, pinblock.OffsetData{PAN: crypto.Hide(pan)}, pin(t, "1234"))
		require.ErrorIs(t, err, pinblock.ErrPAN)
	}
	_, err = pinblock.AppendOffset(nil, key, pinblock.OffsetData{PAN: crypto.Hide(testPAN + "123")}, pin(t, "1234"))
	require.ErrorIs(t, err, pinblock.ErrData, "nineteen digits are more than the validation data take")
	_, err = pinblock.PINFromOffset(key, pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, "12a4")
	require.ErrorIs(t, err, pinblock.ErrData)
	_, err = pinblock.NaturalPIN(key, pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, 13)
	require.ErrorIs(t, err, pinblock.ErrPIN)
}

func TestNoAllocation(t *testing.T) {
	des := pinKey(t, crypto.TDES, unhex(t, desHex))
	for _, c := range []struct {
		name string
		to   pinblock.Format
		key  crypto.PINKey
	}{
		{"ISO-4 under AES", pinblock.ISO4, pinKey(t, crypto.AES, unhex(t, aesHex))},
		{"ISO-3 under Triple DES", pinblock.ISO3, des},
		{"UnionPay under SM4", pinblock.UnionPaySM4, pinKey(t, crypto.SM4, unhex(t, aesHex), gm.SM4)},
	} {
		block, err := pinblock.Encrypt(nil, des, pinblock.ISO0, pin(t, "1234"), testPAN)
		require.NoError(t, err)
		in := pinblock.Encrypted{Key: des, Layout: pinblock.ISO0, PAN: crypto.Hide(testPAN), Block: block}
		out := pinblock.Target{Key: c.key, Layout: c.to, PAN: crypto.Hide(testPAN)}
		dst := make([]byte, 0, 16)
		s := pinblock.Software{Cards: []pinblock.Cards{{Prefix: "400001", Length: 16}, {Prefix: "543210", Length: 16}}}
		allocations := testing.AllocsPerRun(200, func() {
			dst, err = s.TranslatePIN(ctx, dst[:0], in, out)
		})
		require.NoError(t, err)
		if !raceEnabled {
			require.Zero(t, allocations, c.name)
		}
	}
	for _, f := range []pinblock.Format{pinblock.ISO0, pinblock.ISO1, pinblock.ISO3} {
		p, dst := pin(t, "1234"), make([]byte, 0, 8)
		allocations := testing.AllocsPerRun(200, func() { pinblock.Encrypt(dst, des, f, p, testPAN) })
		if !raceEnabled {
			require.Zero(t, allocations, "Encrypt %s", f)
		}
	}
	visa := pvk(t, "V2", unhex(t, desHex))
	data := pinblock.PVVData{PAN: crypto.Hide(testPAN)}
	p := pin(t, "1234")
	allocations := testing.AllocsPerRun(200, func() { pinblock.VerifyPVV(visa, data, p, "0000") })
	if !raceEnabled {
		require.Zero(t, allocations, "VerifyPVV")
	}
}
