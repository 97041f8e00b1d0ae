package card_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/pinblock"
)

// keyOf imports an issuer's key; every usage has another.
func keyOf(t testing.TB, usage string, a crypto.Algorithm) crypto.IMK {
	t.Helper()
	b := unhex("F0C34A8124CEE0A91A0B034AA97D6EAC")
	b[0] ^= usage[1]
	k, err := clearkey.Import(crypto.MustAttributes(usage+a.String()+"X00N"), b, gm.SM4)
	require.NoError(t, err)
	imk, err := crypto.NewIMK(k)
	require.NoError(t, err)
	return imk
}

// bank is an issuer in software, with the keys of its cards.
type bank struct {
	keys card.Keys
	kind string
}

// scripted issues a card that takes scripts, with a PIN.
func scripted(t testing.TB, kind string, change func(*card.Config)) (*card.Card, bank) {
	t.Helper()
	b := bank{kind: kind}
	c, _, _ := newCard(t, kind, func(config *card.Config) {
		config.PIN = "123456"
		config.Keys.Integrity = keyOf(t, "E2", kinds[kind].algorithm)
		config.Keys.Confidentiality = keyOf(t, "E1", kinds[kind].algorithm)
		if change != nil {
			change(config)
		}
		b.keys = config.Keys
	})
	return c, b
}

// answer is the issuer's response to the request a reader holds: tag 91 and a script of the commands in template 72.
func (b bank) answer(t testing.TB, r *card.Reader, commands ...cryptogram.IssuerCommand) emv.TLV {
	t.Helper()
	issuer, ctx, req := cryptogram.Software{}, context.Background(), request(b.kind, r)
	issuer.PINs.Layouts = []pinblock.Format{pinblock.ISO0}
	require.NoError(t, issuer.VerifyCryptogram(ctx, b.keys.Cryptogram, req))
	response, err := issuer.AppendResponse(ctx, nil, b.keys.Cryptogram, req, cryptogram.Answer{ARC: emv.ARC{'0', '0'}, CSU: emv.CSU{0, 0x80}})
	require.NoError(t, err)
	d := emv.AppendTLV(nil, 0x91, response)
	if len(commands) == 0 {
		return d
	}
	script, err := issuer.AppendCommands(ctx, nil, cryptogram.IssuerScriptKeys{
		Integrity: b.keys.Integrity, Confidentiality: b.keys.Confidentiality, Cryptogram: b.keys.Cryptogram,
	}, req, commands)
	require.NoError(t, err)
	return emv.AppendTLV(d, 0x72, append(unhex("9F180401020304"), script...))
}

func plain(ins, p1, p2 byte, data ...byte) cryptogram.IssuerCommand {
	return cryptogram.IssuerCommand{Command: cryptogram.Command{CLA: 0x84, INS: ins, P1: p1, P2: p2, Data: data}}
}

// newPIN is a PIN CHANGE; the PIN comes enciphered, as from a network.
func newPIN(t testing.TB, kind, pin, current string) cryptogram.IssuerCommand {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes("P0TB00N"), unhex("00112233445566778899AABBCCDDEEFF"))
	require.NoError(t, err)
	key, err := crypto.NewPINKey(k)
	require.NoError(t, err)
	encrypted := func(pin string) *pinblock.Encrypted {
		p, err := pinblock.ParsePIN([]byte(pin))
		require.NoError(t, err)
		block, err := pinblock.Encrypt(nil, key, pinblock.ISO0, p, kinds[kind].pan)
		require.NoError(t, err)
		return &pinblock.Encrypted{Key: key, Layout: pinblock.ISO0, Block: block, PAN: crypto.Hide(kinds[kind].pan)}
	}
	c := cryptogram.IssuerCommand{NewPIN: encrypted(pin)}
	if current != "" {
		c.CurrentPIN = encrypted(current)
	}
	return c
}

// begin brings a transaction to the request for the issuer.
func begin(t testing.TB, c *card.Card, kind string) *card.Reader {
	t.Helper()
	r := reader(t, c, kind)
	cid, err := r.GenerateAC(emv.ARQC)
	require.NoError(t, err)
	require.Equal(t, emv.ARQC, cid.Type())
	return r
}

func results(t testing.TB, r *card.Reader) []emv.ScriptResult {
	t.Helper()
	v, _ := r.Value(0xDF31)
	again, _ := r.Value(0x9F5B)
	require.Equal(t, v, again)
	out, err := emv.ParseScriptResults(v)
	require.NoError(t, err)
	return out
}

var done = emv.ARC{'0', '0'}

// scriptable are the kinds of cards whose scripts the issuer can secure with these keys.
func scriptable() []string {
	var out []string
	for kind := range kinds {
		if kind != "CCD AES" { // whose keys of another length the test does not make
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return out
}

// TestScripts runs every command of an issuer script on every kind of card, and looks at what it changed.
func TestScripts(t *testing.T) {
	for _, kind := range scriptable() {
		t.Run(kind, func(t *testing.T) {
			c, b := scripted(t, kind, nil)
			r := begin(t, c, kind)
			cid, err := r.Complete(emv.TC, done, b.answer(t, r, plain(0xDA, 0x9F, 0x14, 5), newPIN(t, kind, "7788", ""), plain(0x18, 0, 0)))
			require.NoError(t, err)
			require.Equal(t, emv.TC, cid.Type())
			require.Equal(t, []emv.ScriptResult{emv.NewScriptResult(emv.ScriptSuccessful, 0, [4]byte{1, 2, 3, 4})}, results(t, r))
			require.Equal(t, emv.TVR{}, r.TVR())
			tsi, _ := r.Value(0x9B)
			require.Equal(t, unhex("1400"), tsi)
			require.NoError(t, r.Get(0x9F14))
			limit, _ := r.Value(0x9F14)
			require.Equal(t, []byte{5}, limit)

			r = reader(t, c, kind)
			require.Error(t, r.VerifyPIN([8]byte(unhex("26123456FFFFFFFF"))))
			require.NoError(t, r.VerifyPIN([8]byte(unhex("247788FFFFFFFFFF"))))

			r = begin(t, c, kind)
			_, err = r.Complete(emv.TC, done, b.answer(t, r, newPIN(t, kind, "123456789012", "7788"), plain(0x1E, 0, 0)))
			require.NoError(t, err)
			require.Equal(t, emv.ScriptSuccessful, results(t, r)[0].Outcome())
			requireStatus(t, 0x6283, r.Select(unhex(kinds[kind].aid)))
		})
	}
}

// TestScriptsThatAreDamaged: of a script that cannot be read to its end the card gets nothing, and nobody is told that it
// succeeded.
func TestScriptsThatAreDamaged(t *testing.T) {
	const kind = "UnionPay"
	for name, damage := range map[string]func(script emv.TLV) emv.TLV{
		"a command cut off": func(s emv.TLV) emv.TLV { return emv.AppendTLV(nil, 0x72, append(slices.Clone(s), 0x86, 0x20, 0x84)) },
		"template cut off": func(s emv.TLV) emv.TLV {
			d := emv.AppendTLV(nil, 0x72, append(slices.Clone(s), 0))
			return d[:len(d)-1]
		},
		"no command":         func(s emv.TLV) emv.TLV { return emv.AppendTLV(nil, 0x72, s[:7]) },
		"before, no command": func(s emv.TLV) emv.TLV { return emv.AppendTLV(nil, 0x71, s[:7]) },
	} {
		t.Run(name, func(t *testing.T) {
			c, b := scripted(t, kind, nil)
			r := begin(t, c, kind)
			answer := b.answer(t, r, plain(0xDA, 0x9F, 0x14, 5))
			script, _ := answer.Get(0x72)
			response, _ := answer.Get(0x91)
			honest, sent := r.Transmit, 0
			r.Transmit = func(command []byte) []byte {
				if command[0] == 0x84 {
					sent++
				}
				return honest(command)
			}
			damaged := damage(script.TLV())
			_, err := r.Complete(emv.TC, done, append(emv.AppendTLV(nil, 0x91, response), damaged...))
			require.NoError(t, err)
			require.Zero(t, sent)
			require.Equal(t, []emv.ScriptResult{emv.NewScriptResult(emv.ScriptNotPerformed, 0, [4]byte{1, 2, 3, 4})}, results(t, r))
			want := emv.TVR{4: 0x10}
			if damaged[0] == 0x71 {
				want = emv.TVR{4: 0x20}
			}
			require.Equal(t, want, r.TVR())
		})
	}
}

// TestBlocks holds what a blocked application and a blocked card still do.
func TestBlocks(t *testing.T) {
	const kind = "UnionPay"
	c, b := scripted(t, kind, nil)
	r := begin(t, c, kind)
	_, err := r.Complete(emv.TC, done, b.answer(t, r, plain(0x1E, 0, 0)))
	require.NoError(t, err)

	// A blocked application is left out of the list, and declines.
	_, err = r.Candidates([]emv.SupportedApplication{{AID: unionPayDebit}})
	require.NoError(t, err, "the directory still names it")
	r = &card.Reader{Transmit: c.Transmit, Terminal: r.Terminal}
	_, err = r.SelectFirst([]emv.Candidate{{Application: emv.Application{AID: unionPayDebit}}})
	require.ErrorIs(t, err, card.ErrNoApplication)
	requireStatus(t, 0x6283, r.Select(unionPayDebit))
	require.Equal(t, uint16(0x9000), sw(c.Transmit(unhex("80A80000028300"))))
	ac := c.Transmit(append(unhex("80AE40001D"), make([]byte, 30)...))
	require.Equal(t, uint16(0x9000), sw(ac))
	v, _ := emv.TLV(ac[:len(ac)-2]).Find(0x77, 0x9F27)
	require.Equal(t, emv.AAC, emv.CID(v[0]).Type())

	c, b = scripted(t, kind, nil)
	r = begin(t, c, kind)
	_, err = r.Complete(emv.TC, done, b.answer(t, r, plain(0x16, 0, 0)))
	require.NoError(t, err)
	requireStatus(t, 0x6A81, r.Select(unionPayDebit))
	_, err = r.Candidates([]emv.SupportedApplication{{AID: unionPayDebit}})
	requireStatus(t, 0x6A81, err)
	require.Equal(t, unhex("9F1701039000"), c.Transmit(unhex("80CA9F1700")), "a refused selection does nothing else")
	c.Reset()
	for _, command := range []string{"80CA9F1700", "80A80000028300", "00B2010C00"} {
		require.Equal(t, uint16(0x6985), sw(c.Transmit(unhex(command))), "nothing is selected any more")
	}
}

// A PIN CHANGE whose data are no PIN, as no Issuer sends it, does not change the PIN.
func TestPINChangeOfAnotherForm(t *testing.T) {
	const kind = "UnionPay"
	chip, b := scripted(t, kind, nil)
	req := request(kind, begin(t, chip, kind))
	p, err := req.ProfileOf()
	require.NoError(t, err)
	integrity, err := p.DeriveCardKey(b.keys.Integrity, req.Card)
	require.NoError(t, err)
	counter, _ := req.Data.Get(0x9F36)
	ac, _ := req.Data.Get(0x9F26)
	script := p.NewScript(cryptogram.ScriptKeys{Integrity: integrity}, binary.BigEndian.Uint16(counter), [8]byte(ac))
	for _, c := range []struct {
		command cryptogram.Command
		want    uint16
	}{{plain(0x18, 0, 0).Command, 0x9000}, {plain(0x24, 0, 2, 1, 2, 3).Command, 0x6988}, {plain(0x18, 0, 0).Command, 0x6985}} {
		apdu, err := script.AppendCommand(nil, c.command)
		require.NoError(t, err)
		require.Equal(t, c.want, sw(chip.Transmit(apdu)))
	}
}

// TestScriptsThatAreRefused holds that a card takes no command it should not, and after a wrong one none at all.
func TestScriptsThatAreRefused(t *testing.T) {
	const kind = "UnionPay"
	for name, c := range map[string]struct {
		command cryptogram.IssuerCommand
		want    uint16
	}{
		"data nobody may change":     {plain(0xDA, 0x9F, 0x36, 1), 0x6A88},
		"unknown command":            {plain(0x99, 0, 0), 0x6D00},
		"block with P1":              {plain(0x1E, 1, 0), 0x6A86},
		"block with P2":              {plain(0x1E, 0, 1), 0x6A86},
		"block with data":            {plain(0x1E, 0, 0, 1), 0x6700},
		"record of no file":          {plain(0xDC, 1, 9<<3|4, 0x70, 0), 0x6A82},
		"record 0":                   {plain(0xDC, 0, 1<<3|4, 0x70, 0), 0x6A83},
		"record behind the last":     {plain(0xDC, 2, 1<<3|4, 0x70, 0), 0x6A83},
		"record of another form":     {plain(0xDC, 1, 1<<3|5, 0x70, 0), 0x6A86},
		"record that is no template": {plain(0xDC, 1, 1<<3|4, 0x71, 0), 0x6A80},
		"record cut":                 {plain(0xDC, 1, 1<<3|4, 0x70, 1), 0x6A80},
		"record and more":            {plain(0xDC, 1, 1<<3|4, 0x70, 0, 0x57, 0), 0x6A80},
	} {
		t.Run(name, func(t *testing.T) {
			chip, b := scripted(t, kind, nil)
			r := begin(t, chip, kind)
			answer := b.answer(t, r, plain(0x18, 0, 0), c.command, plain(0x18, 0, 0))
			for s := range emv.Scripts(answer) {
				commands := slices.Collect(s.Commands())
				require.Equal(t, uint16(0x9000), sw(chip.Transmit(commands[0])))
				require.Equal(t, fmt.Sprintf("%04X", c.want), fmt.Sprintf("%04X", sw(chip.Transmit(commands[1]))))
				require.Equal(t, uint16(0x6985), sw(chip.Transmit(commands[2])), "no more after a wrong one")
			}
		})
	}

	chip, b := scripted(t, kind, nil)
	block := unhex("841E000008" + "0000000000000000")
	require.Equal(t, uint16(0x6985), sw(chip.Transmit(block)), "nothing selected")
	r := reader(t, chip, kind)
	require.Equal(t, uint16(0x6985), sw(chip.Transmit(block)), "nobody was asked")
	_, err := r.GenerateAC(emv.TC)
	require.NoError(t, err)
	require.Equal(t, uint16(0x6985), sw(chip.Transmit(block)), "approved offline")
	r = begin(t, chip, kind)
	require.Equal(t, uint16(0x6988), sw(chip.Transmit(block)), "another MAC")
	_, err = r.Complete(emv.TC, done, b.answer(t, r, plain(0x18, 0, 0)))
	require.NoError(t, err)
	require.Equal(t, []emv.ScriptResult{emv.NewScriptResult(emv.ScriptFailed, 1, [4]byte{1, 2, 3, 4})}, results(t, r))
	require.Equal(t, emv.TVR{4: 0x10}, r.TVR())

	chip, _ = scripted(t, kind, func(c *card.Config) { c.Keys.Integrity = crypto.IMK{} })
	begin(t, chip, kind)
	require.Equal(t, uint16(0x6985), sw(chip.Transmit(block)), "a card without keys for scripts")

	chip, b = scripted(t, kind, func(c *card.Config) { c.PIN = "" })
	r = begin(t, chip, kind)
	_, err = r.Complete(emv.TC, done, b.answer(t, r, newPIN(t, kind, "1234", "")))
	require.NoError(t, err)
	require.Equal(t, emv.ScriptFailed, results(t, r)[0].Outcome(), "a card without a PIN")
}

// TestPINUnblock gives back the tries, and a record can be rewritten.
func TestPINUnblock(t *testing.T) {
	const kind = "UnionPay"
	c, b := scripted(t, kind, nil)
	r := begin(t, c, kind)
	for left := 2; left >= 0; left-- {
		var status *card.StatusError
		require.ErrorAs(t, r.VerifyPIN([8]byte(unhex("261234567FFFFFFF"))), &status)
		tries, ok := status.TriesLeft()
		require.True(t, ok)
		require.Equal(t, left, tries)
	}
	requireStatus(t, 0x6983, r.VerifyPIN([8]byte(unhex("26123456FFFFFFFF"))))
	record := emv.AppendTLV(nil, 0x70, unhex("57086228480012345678"+"5F20025A5A"))
	_, err := r.Complete(emv.TC, done, b.answer(t, r, plain(0x24, 0, 0), plain(0xDC, 1, 1<<3|4, record...)))
	require.NoError(t, err)
	require.Equal(t, emv.ScriptSuccessful, results(t, r)[0].Outcome())
	require.NoError(t, r.VerifyPIN([8]byte(unhex("26123456FFFFFFFF"))))
	r = reader(t, c, kind)
	name, _ := r.Value(0x5F20)
	require.Equal(t, "ZZ", string(name))
}

// TestScriptsBeforeTheFinalCryptogram run between the issuer's answer and the second GENERATE AC.
func TestScriptsBeforeTheFinalCryptogram(t *testing.T) {
	const kind = "Visa 18"
	c, b := scripted(t, kind, nil)
	r := begin(t, c, kind)
	answer := b.answer(t, r, plain(0x1E, 0, 0))
	script, _ := answer.Get(0x72)
	response, _ := answer.Get(0x91)
	before := emv.AppendTLV(emv.AppendTLV(nil, 0x91, response), 0x71, script)
	cid, err := r.Complete(emv.TC, done, before)
	require.NoError(t, err)
	require.Equal(t, emv.AAC, cid.Type(), "the application was blocked before")
	require.Equal(t, emv.TVR{}, r.TVR())

	for _, kind := range []string{"Visa 18", "UnionPay", "Mastercard", "CCD"} {
		c, b = scripted(t, kind, nil)
		r = begin(t, c, kind)
		answer = b.answer(t, r, plain(0x16, 0, 0), plain(0xDA, 0x9F, 0x14, 5))
		script, _ = answer.Get(0x72)
		response, _ = answer.Get(0x91)
		cid, err = r.Complete(emv.TC, done, emv.AppendTLV(emv.AppendTLV(nil, 0x91, response), 0x71, script))
		require.NoError(t, err, "a blocked card still answers")
		require.Equal(t, emv.AAC, cid.Type(), "the card was blocked before")
		require.Equal(t, emv.ScriptSuccessful, results(t, r)[0].Outcome(), "the script goes on")
		require.NoError(t, cryptogram.Software{}.VerifyCryptogram(context.Background(), b.keys.Cryptogram, request(kind, r)))
		requireStatus(t, 0x6A81, r.Select(unhex(kinds[kind].aid)))
	}

	c, b = scripted(t, kind, nil)
	r = begin(t, c, kind)
	response, _ = b.answer(t, r).Get(0x91)
	two := emv.AppendTLV(emv.AppendTLV(nil, 0x91, response), 0x71, unhex("9F180400000001"+"8603841E00"))
	two = emv.AppendTLV(two, 0x72, unhex("9F180400000002"))
	cid, err = r.Complete(emv.TC, done, two)
	require.NoError(t, err)
	require.Equal(t, emv.TC, cid.Type())
	require.Equal(t, emv.TVR{4: 0x30}, r.TVR(), "what is no command has failed, and a script of none is not performed")
	require.Equal(t, []emv.ScriptResult{
		emv.NewScriptResult(emv.ScriptFailed, 1, [4]byte{3: 1}), emv.NewScriptResult(emv.ScriptNotPerformed, 0, [4]byte{3: 2}),
	}, results(t, r))
}

// TestWarningsOfScripts: a command that ends with a warning was carried out, and the script goes on; of the second octet of the
// status nothing depends. EMV Book 3 section 10.10.
func TestWarningsOfScripts(t *testing.T) {
	script := emv.Script{Phase: emv.AfterFinalAC, ID: [4]byte{3: 1}, Data: unhex("8604841E0000" + "860484160000")}
	for status, carriedOut := range map[uint16]bool{
		0x9000: true, 0x6200: true, 0x6283: true, 0x62FF: true, 0x6300: true, 0x63C2: true, 0x63FF: true,
		0x6400: false, 0x6581: false, 0x6700: false, 0x6985: false, 0x6A81: false, 0x6F00: false, 0x9100: false,
	} {
		sent := 0
		r := &card.Reader{Transmit: func([]byte) []byte {
			if sent++; sent == 1 {
				return []byte{byte(status >> 8), byte(status)}
			}
			return []byte{0x90, 0x00}
		}}
		want := emv.NewScriptResult(emv.ScriptFailed, 1, script.ID)
		if carriedOut {
			want = emv.NewScriptResult(emv.ScriptSuccessful, 0, script.ID)
		}
		require.Equal(t, want, r.RunScript(script), "%04X", status)
		require.Equal(t, carriedOut, sent == 2, "%04X", status)
	}
}

// TestAnswerInSecondAC: cards that have 91 in CDOL2 verify the answer there.
func TestAnswerInSecondAC(t *testing.T) {
	for _, kind := range []string{"UnionPay", "Visa 18", "Mastercard", "CCD"} {
		t.Run(kind, func(t *testing.T) {
			inAC := func(c *card.Config) { c.AuthenticateInAC = true }
			c, b := scripted(t, kind, inAC)
			r := begin(t, c, kind)
			aip, _ := r.Value(0x82)
			require.Zero(t, aip[0]&0x04, "no EXTERNAL AUTHENTICATE")
			answer := b.answer(t, r)
			response, _ := answer.Get(0x91)
			requireStatus(t, 0x6985, r.ExternalAuthenticate(response))
			cid, err := r.Complete(emv.TC, done, answer)
			require.NoError(t, err)
			require.Equal(t, emv.TC, cid.Type())
			require.NoError(t, r.Get(0x9F13))
			last, _ := r.Value(0x9F13)
			require.Equal(t, []byte{0, 1}, last, "the issuer was authenticated")

			c, b = scripted(t, kind, inAC)
			r = begin(t, c, kind)
			answer = b.answer(t, r)
			answer[2] ^= 1
			cid, err = r.Complete(emv.TC, done, answer)
			require.NoError(t, err)
			require.Equal(t, emv.AAC, cid.Type(), "another answer")

			c, _ = scripted(t, kind, inAC)
			r = begin(t, c, kind)
			cid, err = r.Complete(emv.TC, emv.ARCUnableOnlineApproved, nil)
			require.NoError(t, err)
			require.Equal(t, emv.TC, cid.Type(), "no answer")
			require.NoError(t, r.Get(0x9F13))
			last, _ = r.Value(0x9F13)
			require.Equal(t, []byte{0, 0}, last)
		})
	}
}

// TestCompleteNotesAWrongAnswer: the card refuses it, and the terminal says so in its TVR and goes on.
func TestCompleteNotesAWrongAnswer(t *testing.T) {
	c, b := scripted(t, "UnionPay", nil)
	r := begin(t, c, "UnionPay")
	answer := b.answer(t, r)
	answer[3] ^= 0x40
	cid, err := r.Complete(emv.TC, done, answer)
	require.NoError(t, err)
	require.Equal(t, emv.AAC, cid.Type())
	require.Equal(t, emv.TVR{4: 0x40}, r.TVR())
	tsi, _ := r.Value(0x9B)
	require.Equal(t, unhex("1000"), tsi)

	c, b = scripted(t, "UnionPay", nil)
	r = begin(t, c, "UnionPay")
	cid, err = r.Complete(emv.AAC, emv.ARC{'5', '1'}, b.answer(t, r))
	require.NoError(t, err)
	require.Equal(t, emv.AAC, cid.Type(), "the issuer declined")
	code, _ := r.Value(0x8A)
	require.Equal(t, "51", string(code))
}
