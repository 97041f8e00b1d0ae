package cryptogram

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/pinblock"
)

// pinBlock2 writes a PIN as a block of ISO 9564-1 format 2.
func pinOf(t *testing.T, digits string) pinblock.PIN {
	t.Helper()
	pin, err := pinblock.ParsePIN([]byte(digits))
	require.NoError(t, err)
	return pin
}

func pinBlock2(t *testing.T, pin string) (block [8]byte) {
	text := "2" + strings.ToUpper(hex.EncodeToString([]byte{byte(len(pin))})[1:]) + pin
	b, err := hex.DecodeString(text + strings.Repeat("F", 16-len(text)))
	require.NoError(t, err)
	return [8]byte(b)
}

var scriptRules = struct {
	session    map[string]ScriptSession
	input      map[string]ScriptMACInput
	encryption map[string]ScriptEncryption
	pinBlock   map[string]ScriptPINBlock
}{
	map[string]ScriptSession{"visa": ScriptVisa, "csk_arqc": ScriptCommon},
	map[string]ScriptMACInput{"hdr|atc|ac|data": ScriptOverCryptogram, "hdr|data": ScriptOverCommand},
	map[string]ScriptEncryption{"visa": EncryptVisa, "emv": EncryptEMV, "mastercard": EncryptMChip},
	map[string]ScriptPINBlock{"vis": PINBlockVIS, "iso2": PINBlockISO2},
}

// script derives the keys of a case and begins a script.
func (o *object) script(t *testing.T, rules ScriptRules) *Script {
	card, p := o.card(), Profile{Name: "test", Algorithm: crypto.TDES, Derivation: OptionA, Script: rules}
	var keys ScriptKeys
	for name, key := range map[string]*CardKey{"imk_ac": &keys.Cryptogram, "imk_smi": &keys.Integrity, "imk_smc": &keys.Confidentiality} {
		if !o.has(name) {
			continue
		}
		usage := map[string]string{"imk_ac": "E0", "imk_smi": "E2", "imk_smc": "E1"}[name]
		k, err := p.DeriveCardKey(issuerKey(t, usage, crypto.TDES, o.hex(name)), card)
		require.NoError(t, err)
		*key = k
	}
	return p.NewScript(keys, o.uint16("atc"), o.bytes8("arqc"))
}

// requireRulesOf holds that the profile a case is named after has the rules the case states; zero rules say nothing.
func requireRulesOf(t *testing.T, name string, stated ScriptRules) {
	kind, _, _ := strings.Cut(name, "-")
	profile, ok := map[string]string{
		"visa10": "visa10", "visa18": "visa18", "visa22": "visa22", "interac": "interac133",
		"mc16": "mc10", "mc17": "mc11", "mc20": "mc14", "mc21": "mc15",
	}[kind]
	if !ok {
		return
	}
	rules := profiles(t, profile).Script
	if rules.Session == ScriptCommonCounting { // the same for the first command
		rules.Session = ScriptCommon
	}
	if stated.Encryption == 0 {
		rules.Encryption, rules.PINBlock = 0, 0
	}
	require.Equal(t, stated, rules)
}

func checkScriptMAC(t *testing.T, c *vector) {
	rules := ScriptRules{
		Session: scriptRules.session[c.in.text("sm_key_method")], MACInput: scriptRules.input[c.in.text("mac_input")],
	}
	requireRulesOf(t, c.name, rules)
	s := c.in.script(t, rules)
	k, err := s.sessionKey(s.keys.Integrity, crypto.UsageEMVIntegrity)
	require.NoError(t, err)
	requireKey(t, c.want.hex("session_key"), k.Key(), true)
	header, data := [5]byte(c.in.hex("header")), c.in.hex("data")
	mac, err := s.appendMAC(nil, header, data, 8)
	require.NoError(t, err)
	require.Equal(t, c.want.hex("mac"), mac)
	if int(header[4]) != len(data)+8 {
		return // the source left the length of longer data standing
	}
	command := Command{CLA: header[0], INS: header[1], P1: header[2], P2: header[3], Data: data}
	apdu, err := s.AppendCommand(nil, command)
	require.NoError(t, err)
	require.Equal(t, slices.Concat(header[:], data, mac), apdu)
}

func checkPINChange(t *testing.T, c *vector) {
	rules := ScriptRules{
		Session:    scriptRules.session[c.in.text("sm_key_method")],
		MACInput:   scriptRules.input[c.in.text("mac_input")],
		Encryption: scriptRules.encryption[c.in.text("encryption")],
		PINBlock:   scriptRules.pinBlock[c.in.text("pin_format")],
	}
	if c.in.values["current_pin"] == nil { // with the current PIN the form is that of VIS whatever the rules
		requireRulesOf(t, c.name, rules)
	}
	s := c.in.script(t, rules)
	change := PINChange{New: pinOf(t, c.in.text("pin"))}
	if current := c.in.text("current_pin"); current != "" {
		change.Current = pinOf(t, current)
	}
	block, err := s.pinBlock(change)
	require.NoError(t, err)
	if c.want.has("pin_block") {
		require.Equal(t, c.want.bytes8("pin_block"), block)
	}
	encrypted, err := s.encrypt(block[:])
	require.NoError(t, err)
	require.Equal(t, c.want.hex("encrypted"), encrypted)
	header := [5]byte(c.in.hex("header"))
	if c.want.has("mac") {
		mac, err := s.appendMAC(nil, header, encrypted, 8)
		require.NoError(t, err)
		require.Equal(t, c.want.hex("mac"), mac)
		return
	}
	apdu, err := s.AppendPINChange(nil, change)
	require.NoError(t, err)
	require.Equal(t, c.want.hex("command"), apdu)
	require.Equal(t, header[:], apdu[:5])
}

func checkSecureMessaging(t *testing.T, c *vector) {
	switch method := c.in.text("method"); method {
	case "script MAC":
		requireMAC(t, sessionKey(t, crypto.TDES, c.in.hex("sk_smi")), crypto.Padding2, c.in.hex("command"), c.want.hex("mac"))
	case "Mastercard script MAC", "Visa script MAC":
		data := slices.Concat(c.in.hex("header"), c.in.hex("atc"), c.in.hex("ac"), c.in.hex("data"))
		requireMAC(t, sessionKey(t, crypto.TDES, c.in.hex("sk_smi")), crypto.Padding2, data, c.want.hex("mac"))
	case "ISO-2 PIN block":
		require.Empty(t, c.in.text("current_pin"), "the block has the new PIN alone")
		block := pinBlock2(t, c.in.text("pin"))
		require.Equal(t, c.want.bytes8("block"), block)
		require.True(t, format2(block))
	case "VIS PIN block":
		change := PINChange{New: pinOf(t, c.in.text("pin"))}
		if current := c.in.text("current_pin"); current != "" {
			change.Current = pinOf(t, current)
		}
		s := &Script{rules: ScriptRules{PINBlock: PINBlockVIS}, keys: ScriptKeys{Cryptogram: cardKey(t, "E0", crypto.TDES, c.in.hex("mk_ac"))}}
		block, err := s.pinBlock(change)
		require.NoError(t, err)
		require.Equal(t, c.want.bytes8("block"), block)
	case "script data encryption":
		k, err := NewSessionKey(importKey(t, "D0", crypto.TDES, "B", c.in.hex("sk_smc")))
		require.NoError(t, err)
		scheme, ok := scriptRules.encryption[strings.ToLower(c.in.text("scheme"))]
		require.True(t, ok)
		got, err := EncryptScriptData(nil, k, scheme, c.in.hex("data"))
		require.NoError(t, err)
		require.Equal(t, c.want.hex("encrypted"), got)
	case "script MAC over header||ATC||ARQC||data":
		rules := ScriptRules{Session: jposSession(t, c.in.text("session")), MACInput: ScriptOverCryptogram}
		mac, err := c.in.script(t, rules).appendMAC(nil, [5]byte(c.in.hex("header")), c.in.hex("data"), 8)
		require.NoError(t, err)
		require.Equal(t, c.want.hex("mac"), mac)
	case "PIN change script":
		checkJPOSPINChange(t, c)
	default:
		require.Fail(t, "unknown method", method)
	}
}

// TestPINBlockCaseWithoutACurrentPIN: a case may say that there is no current PIN.
func TestPINBlockCaseWithoutACurrentPIN(t *testing.T) {
	in := newObject(t, map[string]any{"method": "ISO-2 PIN block", "pin": "1234", "current_pin": nil})
	want := newObject(t, map[string]any{"block": "241234FFFFFFFFFF"})
	checkSecureMessaging(t, &vector{"test", in, want})
	in.requireRead()
	want.requireRead()
}

// jposSession: for M/Chip and the common method the session key of a first command is the same.
func jposSession(t *testing.T, name string) ScriptSession {
	s, ok := map[string]ScriptSession{"VSDC": ScriptVisa, "MCHIP": ScriptCommonCounting, "EMV_CSKD": ScriptCommon}[name]
	require.True(t, ok, "unknown session %s", name)
	return s
}

// checkJPOSPINChange: payShield's PIN formats 41 and 42 are those of VIS without and with the current PIN.
func checkJPOSPINChange(t *testing.T, c *vector) {
	c.in.ignore("padding")
	c.in.values["imk_smi"], c.in.values["imk_smc"] = c.in.text("imk_smi_smc"), c.in.text("imk_smi_smc")
	encryption := strings.ToLower(strings.Fields(c.in.text("encryption"))[0])
	s := c.in.script(t, ScriptRules{
		Session: jposSession(t, c.in.text("session")), MACInput: ScriptOverCryptogram,
		Encryption: scriptRules.encryption[encryption], PINBlock: PINBlockVIS,
	})
	change := PINChange{New: pinOf(t, c.in.text("new_pin"))}
	if current := c.in.text("current_pin"); current != "" {
		change.Current = pinOf(t, current)
	}
	require.Equal(t, map[bool]string{false: "41", true: "42"}[change.Current.Len() > 0], c.in.text("payshield_pin_format"))
	block, err := s.pinBlock(change)
	require.NoError(t, err)
	encrypted, err := s.encrypt(block[:])
	require.NoError(t, err)
	require.Equal(t, c.want.hex("encrypted"), encrypted)
	mac, err := s.appendMAC(nil, [5]byte(c.in.hex("header")), encrypted, 8)
	require.NoError(t, err)
	require.Equal(t, c.want.hex("mac"), mac)
}
