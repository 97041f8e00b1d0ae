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

// counter is an issuer whose interface an attacker may call: he holds the block of a victim's PIN and references to keys.
type counter struct {
	keys   IssuerScriptKeys
	pinKey crypto.PINKey
}

const victim = "4761340000000019"

func newCounter(t *testing.T) counter {
	t.Helper()
	b := func(s string) []byte { return unhex(t, s) }
	k, err := crypto.NewPINKey(importKey(t, "P0", crypto.TDES, "B", b("0123456789ABCDEFFEDCBA9876543210")))
	require.NoError(t, err)
	return counter{IssuerScriptKeys{
		Integrity:       issuerKey(t, "E2", crypto.TDES, b("1122334455667788AABBCCDDEEFF0011")),
		Confidentiality: issuerKey(t, "E1", crypto.TDES, b("0F1E2D3C4B5A69788796A5B4C3D2E1F0")),
		Cryptogram:      issuerKey(t, "E0", crypto.TDES, b("76543210FEDCBA98CDEF89AB01234567")),
	}, k}
}

// script asks for commands for a card.
func (c counter) script(t *testing.T, s Software, pan string, commands ...IssuerCommand) ([]byte, error) {
	t.Helper()
	r := Request{Card: Card{PAN: crypto.Hide(pan)}, Profile: VisaCVN10(), Data: emv.TLV(unhex(t, "9F3602000A9F26081122334455667788"))}
	out, err := s.AppendCommands(context.Background(), nil, c.keys, r, commands)
	if err != nil {
		require.Empty(t, out)
	}
	return out, err
}

// block is the victim's PIN block, said to be of another card.
func (c counter) block(t *testing.T, f pinblock.Format, pan string) *pinblock.Encrypted {
	t.Helper()
	block, err := pinblock.Encrypt(nil, c.pinKey, f, pinOf(t, "7391"), victim)
	require.NoError(t, err)
	return &pinblock.Encrypted{Key: c.pinKey, Layout: f, PAN: crypto.Hide(pan), Block: block}
}

// Nobody who has PINs put into scripts chooses what else is encrypted under the same key, in the same script or another
// one: equal data give equal commands, so that ten thousand of them would name the PIN.
func TestNoChosenDataBesidePINs(t *testing.T) {
	c := newCounter(t)
	change := IssuerCommand{NewPIN: c.block(t, pinblock.ISO0, victim)}
	data := Command{CLA: 0x84, INS: 0xDA, P1: 0x9F, P2: 0x7F, Data: unhex(t, "247391FFFFFFFFFF"), Encrypt: true}
	clear := Command{CLA: 0x84, INS: 0xDA, P1: 0x9F, P2: 0x58, Data: []byte{3}}
	unblock := Command{CLA: 0x84, INS: 0x24}
	pins := Software{PINs: pinblock.Software{Layouts: []pinblock.Format{pinblock.ISO0}}}
	dataOnly := pins
	dataOnly.EncryptsData = true
	for name, try := range map[string]struct {
		software Software
		commands []IssuerCommand
		want     error
	}{
		"a PIN":                    {pins, []IssuerCommand{change, {Command: clear}, {Command: unblock}}, nil},
		"data":                     {dataOnly, []IssuerCommand{{Command: data}, {Command: clear}}, nil},
		"both":                     {pins, []IssuerCommand{change, {Command: data}}, crypto.ErrUsage},
		"data first":               {pins, []IssuerCommand{{Command: data}, change}, crypto.ErrUsage},
		"data alone":               {pins, []IssuerCommand{{Command: data}}, crypto.ErrUsage},
		"a PIN where data go":      {dataOnly, []IssuerCommand{change}, crypto.ErrUsage},
		"a PIN CHANGE of data":     {dataOnly, []IssuerCommand{{Command: Command{CLA: 0x84, INS: 0x24, P2: 2, Data: data.Data, Encrypt: true}}}, ErrCommand},
		"a PIN CHANGE, clear":      {pins, []IssuerCommand{{Command: Command{CLA: 0x84, INS: 0x24, Data: data.Data}}}, ErrCommand},
		"a PIN CHANGE of nothing":  {pins, []IssuerCommand{{Command: Command{CLA: 0x84, INS: 0x24, P2: 2}}}, ErrCommand},
		"with the current PIN too": {pins, []IssuerCommand{{NewPIN: change.NewPIN, CurrentPIN: change.NewPIN, Command: data}}, nil},
	} {
		_, err := c.script(t, try.software, victim, try.commands...)
		require.ErrorIs(t, err, try.want, name)
	}
}

// A PIN goes into the script of its own card and no other: a thief would read it out of his own. Format 0 binds twelve
// digits of the PAN, which two cards may have alike; the configuration tells them apart, or format 4 does.
func TestScriptsOfAnotherCard(t *testing.T) {
	const own = "6299991340000000015" // the twelve digits before the check digit are the victim's
	c := newCounter(t)
	ours := Software{PINs: pinblock.Software{Cards: []pinblock.Cards{{Prefix: "47613400", Length: 16}}}}
	both := Software{PINs: pinblock.Software{Cards: append([]pinblock.Cards{{Prefix: "629999", Length: 19}}, ours.PINs.Cards...)}}
	for name, try := range map[string]struct {
		software Software
		format   pinblock.Format
		pan      string
		want     error
	}{
		"the thief's card":               {Software{}, pinblock.ISO0, own, pinblock.ErrPolicy},
		"by the caller's word":           {Software{}, pinblock.ISO0, victim, pinblock.ErrPolicy},
		"no card of ours":                {ours, pinblock.ISO0, own, pinblock.ErrPolicy},
		"two of ours":                    {both, pinblock.ISO0, victim, pinblock.ErrPolicy},
		"a card that is the only one":    {ours, pinblock.ISO0, victim, nil},
		"its fill is random":             {ours, pinblock.ISO3, victim, pinblock.ErrPolicy},
		"without a PAN":                  {ours, pinblock.ISO1, victim, pinblock.ErrPolicy},
		"a rule for it":                  {Software{PINs: pinblock.Software{Policy: pinblock.Policy{{From: pinblock.ISO0, To: pinblock.ISO4}}}}, pinblock.ISO0, victim, nil},
		"a layout that is trusted":       {Software{PINs: pinblock.Software{Layouts: []pinblock.Format{pinblock.ISO3}}}, pinblock.ISO3, victim, nil},
		"a layout for PINs of no PAN":    {Software{PINs: pinblock.Software{Layouts: []pinblock.Format{pinblock.ISO1}}}, pinblock.ISO1, victim, pinblock.ErrPolicy},
		"a layout that is not the block": {Software{PINs: pinblock.Software{Layouts: []pinblock.Format{pinblock.ISO3}}}, pinblock.ISO0, victim, pinblock.ErrPolicy},
	} {
		for _, command := range []IssuerCommand{
			{NewPIN: c.block(t, try.format, try.pan)}, {NewPIN: c.block(t, try.format, try.pan), CurrentPIN: c.block(t, try.format, try.pan)},
		} {
			_, err := c.script(t, try.software, try.pan, command)
			require.ErrorIs(t, err, try.want, name)
		}
	}
	k, err := crypto.NewPINKey(importKey(t, "P0", crypto.AES, "B", unhex(t, "0123456789ABCDEFFEDCBA9876543210")))
	require.NoError(t, err)
	c.pinKey = k
	_, err = c.script(t, Software{}, victim, IssuerCommand{NewPIN: c.block(t, pinblock.ISO4, victim)})
	require.NoError(t, err)
	_, err = c.script(t, Software{}, own, IssuerCommand{NewPIN: c.block(t, pinblock.ISO4, own)})
	require.ErrorIs(t, err, pinblock.ErrBlock)
	_, err = pinblock.Software{}.ForCard(keymaterial.Token{}, *c.block(t, pinblock.ISO4, victim), victim)
	require.ErrorIs(t, err, crypto.ErrUsage)
}

// Blocks in scripts that do not decode are counted with the others, and PANs that the issuer has not are not tried: both
// tell of the PIN, under PANs of a caller's choice.
func TestScriptsAreWatched(t *testing.T) {
	c := newCounter(t)
	alarms := 0
	monitor := &pinblock.Monitor{Limit: 3, Alarm: func(pinblock.Encrypted, int) { alarms++ }}
	s := Software{PINs: pinblock.Software{Layouts: []pinblock.Format{pinblock.ISO0}, Monitor: monitor}}
	bad := 0
	for d := range byte(10) {
		other := victim[:3] + string('0'+d) + victim[4:]
		_, err := c.script(t, s, other, IssuerCommand{NewPIN: c.block(t, pinblock.ISO0, other)})
		if err != nil {
			require.ErrorIs(t, err, pinblock.ErrBlock)
			bad++
		}
	}
	require.GreaterOrEqual(t, bad, 3)
	require.Equal(t, pinblock.Counts{Read: 10, Bad: uint64(bad)}, monitor.Counts())
	require.Equal(t, 1, alarms, "not again within the hour")
	s.PINs.Cards = []pinblock.Cards{{Prefix: "47613400", Length: 16}}
	for d := range byte(10) {
		if other := victim[:3] + string('0'+d) + victim[4:]; other != victim {
			_, err := c.script(t, s, other, IssuerCommand{NewPIN: c.block(t, pinblock.ISO0, other)})
			require.ErrorIs(t, err, pinblock.ErrPolicy)
		}
	}
}
