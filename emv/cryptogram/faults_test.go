package cryptogram

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/internal/keymaterial"
	"github.com/posline/posline/pinblock"
)

var keyBytes = "0123456789ABCDEFFEDCBA98765432101122334455667788"

// slot is a reference to a key of somebody else's module.
type slot int

func (slot) Attributes() crypto.Attributes { return crypto.MustAttributes("E0TX00N") }

// withCardKey is every function that takes a card's key for cryptograms, with data that are sound.
func withCardKey(t *testing.T) map[string]func(CardKey) error {
	_, d := sale(t, VisaCVN18(), testCard, "06011203A00000")
	answer := make([]byte, 8)
	return map[string]func(CardKey) error{
		"direct":    func(k CardKey) error { return second(DirectKey(k)) },
		"common":    func(k CardKey) error { return second(CommonSessionKey(k, make([]byte, 8))) },
		"Visa":      func(k CardKey) error { return second(VisaSessionKey(k, 1)) },
		"UnionPay":  func(k CardKey) error { return second(UnionPaySessionKey(k, 1)) },
		"tree":      func(k CardKey) error { return second(TreeSessionKey(k, 1, Tree{Branch: 4, Height: 8})) },
		"verify":    func(k CardKey) error { return VisaCVN18().VerifyCard(k, d) },
		"generate":  func(k CardKey) error { return second(VisaCVN18().Generate(k, d)) },
		"answer":    func(k CardKey) error { return second(VisaCVN18().AppendResponseCard(nil, k, d, Answer{})) },
		"is answer": func(k CardKey) error { return second(VisaCVN18().VerifyResponse(k, d, answer)) },
		"CVC3":      func(k CardKey) error { return second(MastercardCVC3(k, [2]byte{}, 1, [4]byte{})) },
		"CVC3 IV":   func(k CardKey) error { return second(MastercardIVCVC3(k, d)) },
		"PIN": func(k CardKey) error {
			keys := scriptKeys(t, crypto.TDES)
			keys.Cryptogram = k
			return second(VisaCVN10().NewScript(keys, 1, [8]byte{}).AppendPINChange(nil, PINChange{New: pinOf(t, "1234")}))
		},
		"PIN, the card's side": func(k CardKey) error {
			keys := scriptKeys(t, crypto.TDES)
			apdu, err := VisaCVN10().NewScript(keys, 1, [8]byte{}).AppendPINChange(nil, PINChange{New: pinOf(t, "1234")})
			require.NoError(t, err)
			keys.Cryptogram = k
			return second(VisaCVN10().NewScript(keys, 1, [8]byte{}).OpenPINChange(apdu, 0, [8]byte{}))
		},
	}
}

// TestCardKeysThatDoNotServe: a key that is gone, that is none, of another length than the double one or of another usage is
// an error wherever a card's key is taken.
func TestCardKeysThatDoNotServe(t *testing.T) {
	b := unhex(t, keyBytes)
	gone := cardKey(t, "E0", crypto.TDES, b[:16])
	gone.Destroy()
	for name, with := range withCardKey(t) {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, with(gone), crypto.ErrDestroyed)
			require.ErrorIs(t, with(CardKey{}), crypto.ErrNoKey)
			require.ErrorIs(t, with(cardKey(t, "E0", crypto.TDES, b[:8])), crypto.ErrUnsupported)
			require.ErrorIs(t, with(cardKey(t, "E0", crypto.TDES, b)), crypto.ErrUnsupported)
			err := with(cardKey(t, "E0", crypto.TDES, b[:16]))
			if err != nil { // the data are of another key
				require.Contains(t, []error{crypto.ErrVerify, ErrPINBlock}, err)
			}
		})
	}
	require.ErrorIs(t, second(MChipDynamicNumber(gone, 1, [4]byte{})), crypto.ErrDestroyed)
	require.ErrorIs(t, second(VisaLimitedUseKey(gone, "1")), crypto.ErrDestroyed)
	for _, usage := range []string{"E1", "E2"} {
		require.ErrorIs(t, second(MastercardIVCVC3(cardKey(t, usage, crypto.TDES, b[:16]), b)), crypto.ErrUsage)
	}
	for _, usage := range []string{"E0", "E4", "E6"} {
		require.NoError(t, second(MastercardIVCVC3(cardKey(t, usage, crypto.TDES, b[:16]), b)))
	}
}

// TestKeysAreWipedBehindTheirUsers: a function that has used a key counts itself out, so that the bytes are gone when the key is
// destroyed.
func TestKeysAreWipedBehindTheirUsers(t *testing.T) {
	b := unhex(t, keyBytes)
	wiped := func(k crypto.Key, op crypto.Operation, use func()) {
		t.Helper()
		m, err := k.Open(keymaterial.Grant(), op)
		require.NoError(t, err)
		material := m.Bytes() // looked at after the key is gone
		m.Release()
		use()
		k.Destroy()
		require.Equal(t, make([]byte, len(material)), material)
	}
	for name, with := range withCardKey(t) {
		t.Run(name, func(t *testing.T) {
			k := cardKey(t, "E0", crypto.TDES, b[:16])
			wiped(k.Key(), crypto.OpDerive, func() { _ = with(k) })
		})
	}
	dynamic := cardKey(t, "E6", crypto.TDES, b[:16])
	wiped(dynamic.Key(), crypto.OpDerive, func() { _, _ = MChipDynamicNumber(dynamic, 1, [4]byte{}) })
	limited := cardKey(t, "E0", crypto.TDES, b[:16])
	wiped(limited.Key(), crypto.OpDerive, func() { _, _ = VisaLimitedUseKey(limited, "1") })
	mac := sessionKey(t, crypto.TDES, b[:16])
	wiped(mac.Key(), crypto.OpGenerate, func() {
		_, _ = AppendMAC(nil, mac, crypto.Padding2, b, 8)
		_ = VerifyMAC(mac, crypto.Padding2, b, make([]byte, 8))
		_, _ = ARPC1(mac, [8]byte{}, emv.ARC{})
		_, _ = ARPC2(mac, [8]byte{}, emv.CSU{}, nil)
	})
	data, err := NewSessionKey(importKey(t, "D0", crypto.TDES, "B", b[:16]))
	require.NoError(t, err)
	wiped(data.Key(), crypto.OpEncrypt, func() { _, _ = EncryptScriptData(nil, data, EncryptEMV, b) })
	data, err = NewSessionKey(importKey(t, "D0", crypto.TDES, "B", b[:16]))
	require.NoError(t, err)
	wiped(data.Key(), crypto.OpDecrypt, func() { _, _ = DecryptScriptData(nil, data, EncryptEMV, b[:16]) })
}

// TestSessionKeysThatDoNotServe is the same for session keys.
func TestSessionKeysThatDoNotServe(t *testing.T) {
	b := unhex(t, keyBytes)
	data := func(t *testing.T) SessionKey {
		k, err := NewSessionKey(importKey(t, "D0", crypto.TDES, "B", b[:16]))
		require.NoError(t, err)
		return k
	}
	gone, goneData := sessionKey(t, crypto.TDES, b[:16]), data(t)
	gone.Destroy()
	goneData.Destroy()
	require.ErrorIs(t, second(AppendMAC(nil, gone, crypto.Padding2, b, 8)), crypto.ErrDestroyed)
	require.ErrorIs(t, VerifyMAC(gone, crypto.Padding2, b, make([]byte, 8)), crypto.ErrDestroyed)
	require.ErrorIs(t, second(ARPC1(gone, [8]byte{}, emv.ARC{})), crypto.ErrDestroyed)
	require.ErrorIs(t, second(ARPC2(gone, [8]byte{}, emv.CSU{}, nil)), crypto.ErrDestroyed)
	require.ErrorIs(t, second(EncryptScriptData(nil, goneData, EncryptEMV, b)), crypto.ErrDestroyed)
	require.ErrorIs(t, second(DecryptScriptData(nil, goneData, EncryptEMV, b[:8])), crypto.ErrDestroyed)
	require.ErrorIs(t, VerifyMAC(data(t), crypto.Padding2, b, make([]byte, 8)), crypto.ErrUsage)
	require.ErrorIs(t, second(ARPC2(data(t), [8]byte{}, emv.CSU{}, nil)), crypto.ErrUsage)
	require.ErrorIs(t, second(ARPC2(sessionKey(t, crypto.TDES, b[:16]), [8]byte{}, emv.CSU{}, make([]byte, 9))), ErrAnswer)

	checks, err := NewSessionKey(importKey(t, "M3", crypto.TDES, "V", b[:16]))
	require.NoError(t, err)
	require.ErrorIs(t, second(ARPC1(checks, [8]byte{}, emv.ARC{})), crypto.ErrUsage, "an ARPC is made, not checked")
	for _, size := range []int{0, 3, 9} {
		require.ErrorIs(t, VerifyMAC(checks, crypto.Padding2, b, make([]byte, size)), crypto.ErrVerify)
	}
	for _, size := range []int{4, 8} {
		tag, err := AppendMAC([]byte{9}, sessionKey(t, crypto.TDES, b[:16]), crypto.Padding2, b, size)
		require.NoError(t, err)
		require.Len(t, tag, 1+size)
		require.NoError(t, VerifyMAC(checks, crypto.Padding2, b, tag[1:]))
		tag[size] ^= 1
		require.ErrorIs(t, VerifyMAC(checks, crypto.Padding2, b, tag[1:]), crypto.ErrVerify)
	}
}

// TestProfilesThatAreNone: a profile that leaves out how something is done cannot do it.
func TestProfilesThatAreNone(t *testing.T) {
	imk, d := sale(t, VisaCVN10(), testCard, "06010A03A00000")
	p := VisaCVN10()
	p.Session = 0
	require.ErrorIs(t, p.Verify(imk, testCard, d), crypto.ErrUnsupported)
	p = VisaCVN10()
	p.Contents = 0
	require.ErrorIs(t, p.Verify(imk, testCard, d), ErrNoProfile)
	p = VisaCVN10()
	p.Derivation = 0
	require.ErrorIs(t, p.Verify(imk, testCard, d), crypto.ErrUnsupported)
	p = VisaCVN10()
	p.Script.Session = 0
	_, err := p.NewScript(scriptKeys(t, crypto.TDES), 1, [8]byte{}).AppendCommand(nil, Command{})
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = p.NewScript(scriptKeys(t, crypto.TDES), 1, [8]byte{}).OpenCommand(make([]byte, 13), 0, false)
	require.ErrorIs(t, err, ErrCommand)
	command := append([]byte{0x84, 0x1E, 0, 0, 8}, make([]byte, 8)...)
	_, err = p.NewScript(scriptKeys(t, crypto.TDES), 1, [8]byte{}).OpenCommand(command, 0, false)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	for _, e := range []ScriptEncryption{0, EncryptMChip + 1} {
		k, err := NewSessionKey(importKey(t, "D0", crypto.TDES, "B", unhex(t, keyBytes)[:16]))
		require.NoError(t, err)
		require.ErrorIs(t, second(EncryptScriptData(nil, k, e, []byte{1})), ErrCommand)
		require.ErrorIs(t, second(DecryptScriptData(nil, k, e, make([]byte, 8))), ErrCommand)
	}
}

// TestResponsesThatAreNone holds what the card takes for an answer of its issuer by its length, and what no answer is made
// of.
func TestResponsesThatAreNone(t *testing.T) {
	b := unhex(t, keyBytes)[:16]
	k := cardKey(t, "E0", crypto.TDES, b)
	for name, c := range map[string]struct {
		profile Profile
		iad     string
		lengths [2]int
		answer  Answer
	}{
		"method 1":              {VisaCVN10(), "06010A03A00000", [2]int{10, 10}, Answer{ARC: emv.ARC{'0', '0'}}},
		"method 2":              {VisaCVN18(), "06011203A00000", [2]int{8, 16}, Answer{CSU: emv.CSU{1, 2, 3, 4}}},
		"method 2, proprietary": {VisaCVN18(), "06011203A00000", [2]int{8, 16}, Answer{CSU: emv.CSU{1, 2, 3, 4}, Proprietary: b[:8]}},
	} {
		t.Run(name, func(t *testing.T) {
			_, d := sale(t, c.profile, testCard, c.iad)
			sound, err := c.profile.AppendResponseCard([]byte{7}, k, d, c.answer)
			require.NoError(t, err)
			got, err := c.profile.VerifyResponse(k, d, sound[1:])
			require.NoError(t, err)
			require.Equal(t, c.answer.ARC, got.ARC)
			require.Equal(t, c.answer.CSU, got.CSU)
			require.Equal(t, append([]byte{}, c.answer.Proprietary...), append([]byte{}, got.Proprietary...))
			for n := range 20 {
				answer, err := c.profile.VerifyResponse(k, d, make([]byte, n))
				require.ErrorIs(t, err, crypto.ErrVerify, n)
				require.Equal(t, Answer{}, answer, "nothing of an answer that does not hold")
			}
			for i := range sound[1:] {
				wrong := append([]byte{}, sound[1:]...)
				wrong[i] ^= 1
				require.ErrorIs(t, second(c.profile.VerifyResponse(k, d, wrong)), crypto.ErrVerify, i)
			}
			require.ErrorIs(t, second(c.profile.VerifyResponse(k, nil, sound[1:])), ErrMissing)

			none := c.profile
			none.Response = NoResponse
			dst, err := none.AppendResponseCard([]byte{7}, k, d, Answer{})
			require.ErrorIs(t, err, ErrAnswer)
			require.Equal(t, []byte{7}, dst)
			require.ErrorIs(t, second(none.VerifyResponse(k, d, sound[1:])), ErrAnswer)
			dst, err = c.profile.AppendResponseCard([]byte{7}, k, d, Answer{Proprietary: make([]byte, 9)})
			require.ErrorIs(t, err, ErrAnswer)
			require.Equal(t, []byte{7}, dst)
		})
	}
	_, d := sale(t, VisaCVN10(), testCard, "06010A03A00000")
	require.ErrorIs(t, second(VisaCVN10().AppendResponseCard(nil, k, d, Answer{Proprietary: b[:1]})), ErrAnswer, "method 1 has no room")
}

// TestIssuerRefuses: what an issuer cannot do leaves dst as it was.
func TestIssuerRefuses(t *testing.T) {
	ctx, software, b := context.Background(), Software{}, unhex(t, keyBytes)[:16]
	imk, d := sale(t, VisaCVN18(), testCard, "06011203A00000")
	r := Request{Card: testCard, RID: emv.RIDVisa, Data: d}
	without := func(tag emv.Tag) Request {
		tree, err := emv.Parse(d, nil)
		require.NoError(t, err)
		require.Equal(t, 1, tree.Delete(tag))
		return Request{Card: testCard, RID: emv.RIDVisa, Data: tree.Append(nil)}
	}
	for name, c := range map[string]struct {
		key  crypto.KeyRef
		r    Request
		want error
	}{
		"no key":           {nil, r, crypto.ErrKeyRef},
		"another's key":    {slot(5), r, crypto.ErrKeyRef},
		"key of no card":   {importKey(t, "P0", crypto.TDES, "B", b), r, crypto.ErrUsage},
		"wrong cryptogram": {issuerKey(t, "E0", crypto.TDES, append([]byte{9}, b[1:]...)), r, crypto.ErrVerify},
		"no profile":       {imk, without(0x9F10), ErrMissing},
		"no such card":     {imk, Request{Card: Card{PAN: crypto.Hide("1")}, RID: emv.RIDVisa, Data: d}, ErrCard},
	} {
		dst, err := software.AppendResponse(ctx, []byte{7}, c.key, c.r, Answer{})
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, []byte{7}, dst, name)
		require.ErrorIs(t, software.VerifyCryptogram(ctx, c.key, c.r), c.want, name)
	}
	require.NoError(t, software.VerifyCryptogram(ctx, imk.Key(), r), "the plain key serves too")

	integrity, unbound := issuerKey(t, "E2", crypto.TDES, b), pinblock.Encrypted{Layout: pinblock.ISO2, PAN: testCard.PAN}
	dst, err := software.AppendCommands(ctx, []byte{7}, IssuerScriptKeys{Integrity: integrity, Cryptogram: slot(5)}, r, nil)
	require.ErrorIs(t, err, crypto.ErrKeyRef, "behind a key that is left out")
	require.Equal(t, []byte{7}, dst)
	bound := func(key crypto.KeyRef) *pinblock.Encrypted {
		return &pinblock.Encrypted{Layout: pinblock.ISO0, PAN: testCard.PAN, Key: key}
	}
	all := IssuerScriptKeys{Integrity: integrity, Confidentiality: issuerKey(t, "E1", crypto.TDES, b), Cryptogram: imk}
	for name, c := range map[string]struct {
		keys    IssuerScriptKeys
		r       Request
		command IssuerCommand
		want    error
	}{
		"no profile":              {all, without(0x9F10), IssuerCommand{}, ErrMissing},
		"no counter":              {all, without(0x9F36), IssuerCommand{}, ErrMissing},
		"no cryptogram":           {all, without(0x9F26), IssuerCommand{}, ErrMissing},
		"no such card":            {all, Request{Card: Card{PAN: crypto.Hide("1")}, RID: emv.RIDVisa, Data: d}, IssuerCommand{}, ErrCard},
		"no key for MACs":         {IssuerScriptKeys{}, r, IssuerCommand{}, crypto.ErrNoKey},
		"a key for cryptograms":   {IssuerScriptKeys{Integrity: imk}, r, IssuerCommand{}, crypto.ErrUsage},
		"another's key":           {IssuerScriptKeys{Integrity: integrity, Confidentiality: slot(5)}, r, IssuerCommand{}, crypto.ErrKeyRef},
		"command too long":        {all, r, IssuerCommand{Command: Command{Data: make([]byte, 240)}}, ErrCommand},
		"PIN of nobody":           {all, r, IssuerCommand{NewPIN: &unbound}, pinblock.ErrPolicy},
		"PIN under another's key": {all, r, IssuerCommand{NewPIN: bound(slot(5))}, crypto.ErrKeyRef},
		"PIN under no PIN key":    {all, r, IssuerCommand{NewPIN: bound(importKey(t, "M3", crypto.TDES, "C", b))}, crypto.ErrUsage},
		"PIN that does not open":  {all, r, IssuerCommand{NewPIN: bound(importKey(t, "P0", crypto.TDES, "B", b))}, pinblock.ErrBlock},
	} {
		dst, err := software.AppendCommands(ctx, []byte{7}, c.keys, c.r, []IssuerCommand{{}, c.command})
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, []byte{7}, dst, name)
	}
}

// TestScriptKeysAreDestroyed holds that none of a script's keys outlives it, and that a PIN goes into no encoding.
func TestScriptKeysAreDestroyed(t *testing.T) {
	_, err := PINChange{}.MarshalBinary()
	require.ErrorIs(t, err, crypto.ErrExport)
	keys := scriptKeys(t, crypto.TDES)
	keys.destroy()
	for _, k := range []CardKey{keys.Integrity, keys.Confidentiality, keys.Cryptogram} {
		require.ErrorIs(t, second(DirectKey(k)), crypto.ErrDestroyed)
	}
}

// TestLongestIAD: issuer application data have 32 octets at most, whatever part of them is under the cryptogram.
func TestLongestIAD(t *testing.T) {
	for contents, want := range map[Contents]int{
		ContentsCVR: 4, ContentsIAD: 32, ContentsCVN17: 1, ContentsMChip: 6, ContentsMChipCounters: 14,
	} {
		p := Profile{Contents: contents}
		iad := append([]byte{6, 1, 0x0A, 3}, make([]byte, 28)...)
		part, err := p.iadPart(iad)
		require.NoError(t, err)
		require.Len(t, part, want)
		_, err = p.iadPart(append(iad, 0))
		require.ErrorIs(t, err, emv.ErrLength, "contents %d", contents)
	}
}
