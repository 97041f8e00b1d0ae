package payshield_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/pinblock"
)

// pinBlock encrypts a PIN under a clear key.
func (s *suite) pinBlock(clear []byte, f pinblock.Format, digits, pan string) []byte {
	k, err := crypto.NewPINKey(software(s, "P0TN00N", clear))
	require.NoError(s, err)
	pin, err := pinblock.ParsePIN([]byte(digits))
	require.NoError(s, err)
	block, err := pinblock.Encrypt(nil, k, f, pin, pan)
	require.NoError(s, err)
	return block
}

// pin decrypts a block under a clear key.
func (s *suite) pin(clear []byte, f pinblock.Format, block []byte, pan string) string {
	k, err := crypto.NewPINKey(software(s, "P0TN00N", clear))
	require.NoError(s, err)
	pin, err := pinblock.Decrypt(k, f, block, pan)
	require.NoError(s, err)
	return string(pin.AppendClear(nil))
}

func (s *suite) translations() {
	first, second := unhex(s, firstHex), unhex(s, secondHex)
	to := s.key(payshield.ZPK, "P0TB00N", second)
	formats := []pinblock.Format{pinblock.ISO0, pinblock.ISO1, pinblock.ISO3, pinblock.Diebold, pinblock.Docutel}
	for _, from := range []crypto.KeyRef{s.key(payshield.ZPK, "P0TB00N", first), s.key(payshield.TPK, "P0TD00N", first)} {
		for _, in := range formats {
			for _, out := range formats {
				for _, pin := range []string{"1234", "123456", "987654321012"} {
					if len(pin) > 6 && in == pinblock.Docutel {
						continue
					}
					e := pinblock.Encrypted{Key: from, Layout: in, PAN: crypto.Hide(pan), Block: s.pinBlock(first, in, pin, pan)}
					s.translate(fmt.Sprint(in, " to ", out), e, pinblock.Target{Key: to, Layout: out, PAN: crypto.Hide(pan)}, second)
				}
			}
		}
	}
	s.badTranslations(s.key(payshield.ZPK, "P0TB00N", first), to, first, second)
}

func (s *suite) translate(name string, in pinblock.Encrypted, out pinblock.Target, clear []byte) {
	block, err := s.TranslatePIN(ctx, []byte("x"), in, out)
	if err != nil {
		s.add(name, nil, err)
		return
	}
	require.Equal(s, "x", string(block[:1]))
	s.add(name, s.pin(clear, out.Layout, block[1:], out.PAN.Text()), nil)
}

// TestPolicyRules: what a rule allows, client and software do alike, and nothing without it.
func TestPolicyRules(t *testing.T) {
	first, second := unhex(t, firstHex), unhex(t, secondHex)
	formats := []pinblock.Format{pinblock.ISO0, pinblock.ISO1, pinblock.ISO3, pinblock.Diebold, pinblock.Docutel}
	for _, rule := range []pinblock.Rule{
		{From: pinblock.ISO1, To: pinblock.ISO0}, {From: pinblock.ISO0, To: pinblock.ISO1}, {From: pinblock.ISO3, To: pinblock.ISO0},
		{From: pinblock.Diebold, To: pinblock.ISO3}, {From: pinblock.ISO0, To: pinblock.Docutel}, {From: pinblock.ISO1, To: pinblock.ISO3},
	} {
		rules := pinblock.Policy{rule}
		software := &suite{T: t, provider: softwareProvider(t)}
		software.Translator = pinblock.Software{Policy: rules}
		device := &suite{T: t, provider: deviceProvider(t, payshield.Options{Policy: rules})}
		device.Translator = connect(t, payshield.Options{Policy: rules})
		for _, s := range []*suite{software, device} {
			from, to := s.key(payshield.ZPK, "P0TB00N", first), s.key(payshield.ZPK, "P0TB00N", second)
			for _, card := range []string{pan, "6217970000000000422", "4012345678909"} {
				for _, in := range formats {
					for _, out := range formats {
						e := pinblock.Encrypted{Key: from, Layout: in, PAN: crypto.Hide(card), Block: s.pinBlock(first, in, "1234", card)}
						s.translate(fmt.Sprint(in, " to ", out), e, pinblock.Target{Key: to, Layout: out, PAN: crypto.Hide(card)}, second)
					}
				}
			}
		}
		require.Equal(t, software.results, device.results, "%v", rule)
		require.Contains(t, software.results, fmt.Sprint(rule.From, " to ", rule.To, ": 1234"))
	}
}

func (s *suite) badTranslations(from, to crypto.KeyRef, first, second []byte) {
	good := pinblock.Encrypted{Key: from, Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: s.pinBlock(first, pinblock.ISO0, "1234", pan)}
	target := pinblock.Target{Key: to, Layout: pinblock.ISO0, PAN: crypto.Hide(pan)}
	for i := range good.Block {
		bad := good
		bad.Block = bytes.Clone(good.Block)
		bad.Block[i] ^= 0x10
		s.translate("changed block", bad, target, second)
	}
	for _, n := range []int{0, 7} {
		bad := good
		bad.Block = good.Block[:n]
		s.translate("short block", bad, target, second)
	}
	for _, other := range []string{"6224242900000121", "", "622424290000", "62242429000001134444", "622424290000011a"} {
		bad, badTarget := good, target
		bad.PAN = crypto.Hide(other)
		s.translate("PAN of the block "+other, bad, target, second)
		badTarget.PAN = crypto.Hide(other)
		s.translate("both PANs "+other, bad, badTarget, second)
	}
	bad := good
	bad.Layout = 0
	s.translate("no format", bad, target, second)
	bad = good
	bad.Key = s.key(payshield.TAK, "M3TN00N", first)
	s.translate("MAC key", bad, target, second)
	bad.Key = s.key(payshield.ZPK, "P0TE00N", first)
	s.translate("key that does not decrypt", bad, target, second)
}

func (s *suite) dukpt() {
	zone := unhex(s, secondHex)
	const card = "4012345678909"
	ksn, err := dukpt.ParseKSN(unhex(s, "FFFF9876543210E00001"))
	require.NoError(s, err)
	other, err := ksn.Next()
	require.NoError(s, err)
	at := dukpt.Reference{Base: s.key(payshield.BDK, "B0TX00N", unhex(s, "0123456789ABCDEFFEDCBA9876543210")), KSN: ksn, Purpose: dukpt.ForPIN}
	next := at
	next.KSN = other
	to := pinblock.Target{Key: s.key(payshield.ZPK, "P0TB00N", zone), Layout: pinblock.ISO0, PAN: crypto.Hide(card)}
	in := pinblock.Encrypted{Key: at, Layout: pinblock.ISO0, PAN: crypto.Hide(card), Block: unhex(s, "1B9C1845EB993A7A")}
	s.translate("DUKPT to zone", in, to, zone)
	in.Key = next
	s.translate("DUKPT of another transaction", in, to, zone)

	// And from one terminal's to another's.
	in.Key = at
	back := to
	back.Key = next
	block, err := s.TranslatePIN(ctx, nil, in, back)
	s.add("DUKPT to DUKPT", block, err)
	terminal := in
	terminal.Key, terminal.Block = s.key(payshield.TPK, "P0TB00N", zone), s.pinBlock(zone, pinblock.ISO0, "1234", card)
	block, err = s.TranslatePIN(ctx, nil, terminal, back)
	s.add("terminal to DUKPT", block, err)

	for name, change := range map[string]func(*dukpt.Reference){
		"MAC":        func(r *dukpt.Reference) { r.Purpose = dukpt.ForMAC },
		"no purpose": func(r *dukpt.Reference) { r.Purpose = 0 },
		"no number":  func(r *dukpt.Reference) { r.KSN = dukpt.KSN{} },
		"no counter": func(r *dukpt.Reference) { r.KSN = ksn.Device() },
		"MAC key":    func(r *dukpt.Reference) { r.Base = s.key(payshield.TAK, "M3TN00N", zone) },
		"nobody's":   func(r *dukpt.Reference) { r.Base = foreignKey{} },
		"nothing":    func(r *dukpt.Reference) { r.Base = nil },
	} {
		bad := at
		change(&bad)
		in.Key = bad
		_, err := s.TranslatePIN(ctx, nil, in, to)
		require.Error(s, err, name)
		require.NotErrorIs(s, err, pinblock.ErrBlock, name)
	}
}

func (s *suite) pvvs() {
	first := unhex(s, firstHex)
	pvk := s.key(payshield.PVK, "V2TN00N", unhex(s, thirdHex))
	data := pinblock.PVVData{PAN: crypto.Hide(pan), KeyIndex: 9}
	for _, k := range []crypto.KeyRef{s.key(payshield.ZPK, "P0TB00N", first), s.key(payshield.TPK, "P0TB00N", first)} {
		for _, f := range []pinblock.Format{pinblock.ISO0, pinblock.ISO3, pinblock.ISO1, pinblock.Diebold} {
			in := pinblock.Encrypted{Key: k, Layout: f, PAN: crypto.Hide(pan), Block: s.pinBlock(first, f, "1234", pan)}
			pvv, err := s.AppendPVV(ctx, nil, in, pvk, data)
			s.add("PVV", string(pvv), err)
			if err != nil {
				s.add("PVV", nil, s.VerifyPVV(ctx, in, pvk, data, "1234"))
				continue
			}
			s.add("PVV", "verified", s.VerifyPVV(ctx, in, pvk, data, string(pvv)))
			for _, other := range []string{next(pvv), string(pvv[:3]), "", "abcd"} {
				s.add("another PVV", nil, s.VerifyPVV(ctx, in, pvk, data, other))
			}
			changed := in
			changed.Block = s.pinBlock(first, f, "4321", pan)
			s.add("another PIN", nil, s.VerifyPVV(ctx, changed, pvk, data, string(pvv)))
			after, err := s.ChangePVV(ctx, nil, in, changed, pvk, data, string(pvv))
			s.add("changed PIN", string(after), err)
			_, err = s.ChangePVV(ctx, nil, changed, in, pvk, data, string(pvv))
			s.add("change by another", nil, err)
			broken := in
			broken.Block = in.Block[:7]
			_, err = s.ChangePVV(ctx, nil, in, broken, pvk, data, string(pvv))
			s.add("change to no block", nil, err)
			noCard := in
			noCard.PAN = crypto.Hide("123")
			if f == pinblock.ISO0 {
				s.add("no card", nil, s.VerifyPVV(ctx, noCard, pvk, pinblock.PVVData{PAN: noCard.PAN}, string(pvv)))
			}
			s.add("another card", nil, s.VerifyPVV(ctx, in, pvk, pinblock.PVVData{PAN: crypto.Hide("6224242900000121")}, string(pvv)))
			s.add("PVKI", nil, s.VerifyPVV(ctx, in, pvk, pinblock.PVVData{PAN: data.PAN, KeyIndex: 10}, string(pvv)))
			changed.Block = bytes.Clone(in.Block)
			changed.Block[3] ^= 1
			s.add("changed block", nil, s.VerifyPVV(ctx, changed, pvk, data, string(pvv)))
		}
	}
}

func (s *suite) offsets() {
	first, third := unhex(s, firstHex), unhex(s, thirdHex)
	data := pinblock.OffsetData{PAN: crypto.Hide(pan)}
	k := s.key(payshield.TPK, "P0TB00N", first)
	in := pinblock.Encrypted{Key: k, Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: s.pinBlock(first, pinblock.ISO0, "1234", pan)}
	for _, m := range []pinblock.OffsetMethod{{}, {Table: "9876543210012345"}, {Start: 5, Length: 10, Pad: 'D'}, {Start: 2, Length: 13, Pad: 'a'}, {Start: 10}} {
		pvk := s.pvk(third, m)
		offset, err := s.AppendOffset(ctx, nil, in, pvk, data)
		s.add("offset", string(offset), err)
		s.add("offset", "verified", s.VerifyOffset(ctx, in, pvk, data, string(offset)))
		for _, other := range []string{next(offset), string(offset) + "0", string(offset[:3]), "", "abcd"} {
			s.add("another offset", nil, s.VerifyOffset(ctx, in, pvk, data, other))
		}
		changed := in
		changed.Block = s.pinBlock(first, pinblock.ISO0, "4321", pan)
		after, err := s.ChangeOffset(ctx, nil, in, changed, pvk, data, string(offset))
		s.add("changed PIN", string(after), err)
		_, err = s.ChangeOffset(ctx, nil, changed, in, pvk, data, string(offset))
		s.add("change by another", nil, err)
	}
	pvk := s.pvk(third, pinblock.OffsetMethod{})
	six := in
	six.Block = s.pinBlock(first, pinblock.ISO0, "123456", pan)
	s.add("offset for less than the PIN", nil, s.VerifyOffset(ctx, six, pvk, data, "1234"))
	twelve := in
	twelve.Block = s.pinBlock(first, pinblock.ISO0, "987654321012", pan)
	clear, err := crypto.NewPVK(software(s, "V1TN00N", third))
	require.NoError(s, err)
	longest, err := pinblock.ParsePIN([]byte("987654321012"))
	require.NoError(s, err)
	offset, err := pinblock.AppendOffset(nil, clear, data, longest)
	require.NoError(s, err)
	s.add("offset of a long PIN", "verified", s.VerifyOffset(ctx, twelve, pvk, data, string(offset)))
	s.add("another offset of a long PIN", nil, s.VerifyOffset(ctx, twelve, pvk, data, next(offset)))
	in.Layout, in.Block = pinblock.ISO3, s.pinBlock(first, pinblock.ISO3, "1234", pan)
	s.add("format that is not allowed", nil, s.VerifyOffset(ctx, in, pvk, data, "1234"))
}
