package crypto_test

import (
	"bytes"
	stdcrypto "crypto"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/crypto/transport"
	"github.com/posline/posline/internal/keymaterial"
	"github.com/posline/posline/pinblock"
)

// arrivals are all ways in which a key of the attributes comes in, under keys made with the options.
func arrivals(t *testing.T, attributes string, under ...crypto.Option) map[string]func(...crypto.Option) (crypto.Key, error) {
	t.Helper()
	key := importKey(t, attributes[:6]+"S", secretHex)
	kbpk := func(options ...crypto.Option) crypto.KBPK {
		k, err := crypto.NewKBPK(importKey(t, "K1AB00N", wrappingHex, options...))
		require.NoError(t, err)
		return k
	}
	kek := func(a string, options ...crypto.Option) crypto.KEK {
		k, err := crypto.NewKEK(importKey(t, a, wrappingHex, options...))
		require.NoError(t, err)
		return k
	}
	block, err := keyblock.Wrap(nil, kbpk(), key, keyblock.Wrapping{Export: crypto.Exportability(attributes[6])})
	require.NoError(t, err)
	kw, err := crypto.AppendWrapAES(nil, kek("K0AB00N"), key, true)
	require.NoError(t, err)
	x917, err := crypto.AppendWrapVariant(nil, kek("K0TB00N"), crypto.SchemeX, 0, key)
	require.NoError(t, err)
	pair, err := gm.GeneratePrivateKey(crypto.MustAttributes("K3EB00S"))
	require.NoError(t, err)
	public, err := pair.Public()
	require.NoError(t, err)
	sm2, err := public.AppendWrap(nil, key)
	require.NoError(t, err)
	der, err := clearkey.Export(pair.Key())
	require.NoError(t, err)
	pair, err = gm.NewPrivateKey(importKey(t, "K3EB00N", hex.EncodeToString(der), under...))
	require.NoError(t, err)
	a := crypto.MustAttributes(attributes[:6] + "N")
	ways := map[string]func(...crypto.Option) (crypto.Key, error){
		"key block": func(o ...crypto.Option) (crypto.Key, error) {
			k, _, err := keyblock.Unwrap(kbpk(under...), block, keyblock.Options{Key: o})
			return k, err
		},
		"legacy key block": func(o ...crypto.Option) (crypto.Key, error) {
			k, _, err := keyblock.Unwrap(kbpk(under...), block, keyblock.Options{Key: o, AllowLegacy: true})
			return k, err
		},
		"AES key wrap": func(o ...crypto.Option) (crypto.Key, error) {
			return crypto.UnwrapAES(kek("K0AB00N", under...), kw, true, a, o...)
		},
		"X9.17": func(o ...crypto.Option) (crypto.Key, error) {
			return crypto.UnwrapVariant(kek("K0TB00N", under...), crypto.SchemeX, 0, x917, a, o...)
		},
		"SM2": func(o ...crypto.Option) (crypto.Key, error) { return pair.Unwrap(sm2, a, o...) },
	}
	if len(under) > 0 {
		return ways
	}
	rsa, err := transport.AppendWrap(nil, &rsaKey().PublicKey, stdcrypto.SHA256, key)
	require.NoError(t, err)
	ways["RSA"] = func(o ...crypto.Option) (crypto.Key, error) {
		return transport.Unwrap(rsaKey(), stdcrypto.SHA256, rsa, a, o...)
	}
	ways["key store"] = func(o ...crypto.Option) (crypto.Key, error) {
		store, err := keystore.New(keystore.Key([32]byte{1}), keystore.Options{})
		require.NoError(t, err)
		require.NoError(t, store.Put("k", key))
		file, err := store.Append(nil)
		require.NoError(t, err)
		store, err = keystore.Decode(file, keystore.Key([32]byte{1}), keystore.Options{Key: o})
		if err != nil {
			return crypto.Key{}, err
		}
		return store.Get("k")
	}
	ways["components"] = func(o ...crypto.Option) (crypto.Key, error) {
		one := importKey(t, attributes[:4]+"c1"+attributes[6:], secretHex)
		two := importKey(t, attributes[:4]+"c2"+attributes[6:], wrappingHex[:32])
		return clearkey.CombineKeys([]crypto.Key{one, two}, o...)
	}
	return ways
}

// ruling are options that say what a key may do beyond its attributes, with a usage that they mean something to.
func ruling() map[string]struct {
	attributes string
	option     crypto.Option
} {
	return map[string]struct {
		attributes string
		option     crypto.Option
	}{
		"PI":  {"B0TX00N", dukpt.InitialExportable},
		"PL":  {"B0TX00N", dukpt.AllowLegacyData},
		"PS":  {"B0TX00N", dukpt.AllowSingleDES},
		"MV1": {"V1TC00N", pinblock.OffsetMethod{Table: "9876543210987654", Start: 3, Length: 12, Pad: '9'}.Bind},
		"MV2": {"V2TC00N", pinblock.PVVMethod{FirstFour: true}.Bind},
		"PV":  {"C0TC00N", cardverify.ForCAVV},
		"PK":  {"K0TB00N", home.Keeper},
		"F":   {"K0TB00N", crypto.Confers(home.Storable)},
	}
}

// What a key that arrives may do is not said by the call that unwraps it: with a store of his own, a table of his own or
// AllowLegacyData, whoever may unwrap had the key, the PINs or the PIN keys.
func TestNoCallAddsToAKey(t *testing.T) {
	for name, c := range ruling() {
		for way, arrive := range arrivals(t, c.attributes) {
			k, err := arrive(c.option)
			require.ErrorIs(t, err, crypto.ErrUsage, "%s by %s", name, way)
			require.Zero(t, k.Bits())
			k, err = arrive(home.Storable, crypto.TableDES)
			require.ErrorIs(t, err, crypto.ErrUsage, "%s by %s", name, way)
			require.Zero(t, k.Bits())
			k, err = arrive(crypto.TableDES)
			require.NoError(t, err, way)
			require.Empty(t, k.Rules(home), way)
			require.False(t, k.MayStay(home) && k.Attributes().Export != crypto.Sensitive, way)
		}
	}
}

// What the key confers that others arrive under goes over to them.
func TestWhatKeysConfer(t *testing.T) {
	for name, c := range ruling() {
		under := crypto.Confers(c.option, home.Storable, crypto.CarriesOnly(crypto.UsagePIN))
		for way, arrive := range arrivals(t, c.attributes, under) {
			k, err := arrive()
			require.NoError(t, err, "%s by %s", name, way)
			require.Contains(t, k.Rules(home), name, way)
			require.True(t, k.MayStay(home))
			require.Equal(t, c.attributes[:2] == "K0", strings.Contains(k.Rules(home), "CP0"), "a list for keys that carry: %s", way)
		}
		for way, arrive := range arrivals(t, "D0TB00N", under) {
			k, err := arrive()
			require.NoError(t, err)
			require.False(t, strings.ContainsAny(k.Rules(crypto.Home{}), "PMC"), "%s means nothing to data keys by %s: %s", name, way, k.Rules(home))
		}
	}
	for _, option := range []crypto.Option{nil, crypto.Home{}.Storable, crypto.Home{}.Keeper, pinblock.OffsetMethod{Table: "1"}.Bind} {
		_, err := clearkey.Import(crypto.MustAttributes("K0TD00N"), unhex(t, secretHex), crypto.Confers(option))
		require.Error(t, err)
	}
}

// A key that confers wraps nothing: what went out under it would come back with what it confers.
func TestConferringKeysOnlyUnwrap(t *testing.T) {
	confers := crypto.Confers(home.Storable)
	kbpk, err := crypto.NewKBPK(importKey(t, "K1AB00N", wrappingHex, confers))
	require.NoError(t, err)
	_, err = keyblock.Wrap(nil, kbpk, importKey(t, "P0TB00E", secretHex), keyblock.Wrapping{})
	require.ErrorIs(t, err, crypto.ErrUsage)
	for attributes, wrap := range map[string]func(crypto.KEK) error{
		"K0AB00N": func(k crypto.KEK) error {
			_, err := crypto.AppendWrapAES(nil, k, importKey(t, "P0TB00S", secretHex), true)
			return err
		},
		"K0TN00N": func(k crypto.KEK) error {
			_, err := crypto.AppendWrapVariant(nil, k, crypto.SchemeX, 0, importKey(t, "P0TB00S", secretHex))
			return err
		},
	} {
		kek, err := crypto.NewKEK(importKey(t, attributes, wrappingHex, confers))
		require.NoError(t, err)
		require.ErrorIs(t, wrap(kek), crypto.ErrUsage)
		require.ErrorIs(t, kek.Require(crypto.OpEncrypt), crypto.ErrUsage)
		require.NoError(t, kek.Require(crypto.OpDecrypt))
	}
}

// travels are the ways on which a key's rules go along.
func travels(t *testing.T) map[string]func(crypto.Key) crypto.Key {
	kbpk, err := crypto.NewKBPK(importKey(t, "K1AB00N", wrappingHex, home.Keeper))
	require.NoError(t, err)
	block := func(context keyblock.Context) func(crypto.Key) crypto.Key {
		return func(k crypto.Key) crypto.Key {
			block, err := keyblock.Wrap(nil, kbpk, k, keyblock.Wrapping{Context: context})
			require.NoError(t, err)
			k, h, err := keyblock.Unwrap(kbpk, block, keyblock.Options{})
			require.NoError(t, err)
			again, err := keyblock.Wrap(nil, kbpk, k, keyblock.Wrapping{Context: context, Blocks: h.Blocks})
			require.NoError(t, err)
			require.Len(t, again, len(block), "what was read is written once")
			return k
		}
	}
	return map[string]func(crypto.Key) crypto.Key{
		"key block": block(keyblock.ContextExchange), "key block at home": block(keyblock.ContextStorage),
		"key store": func(k crypto.Key) crypto.Key {
			store, err := keystore.New(keystore.Key([32]byte{1}), keystore.Options{Home: home})
			require.NoError(t, err)
			require.NoError(t, store.Put("k", k))
			file, err := store.Append(nil)
			require.NoError(t, err)
			store, err = keystore.Decode(file, keystore.Key([32]byte{1}), keystore.Options{Home: home})
			require.NoError(t, err)
			k, err = store.Get("k")
			require.NoError(t, err)
			return k
		},
	}
}

// Rules go where the key goes: a KEK that carries PIN keys only does so behind a key block and in a key store, and a PIN
// verification key keeps its table.
func TestRulesTravel(t *testing.T) {
	lists := crypto.CarriesOnly(crypto.UsagePIN, crypto.UsageMAC1)
	for name, c := range map[string]struct {
		attributes   string
		options      []crypto.Option
		abroad, kept string
	}{
		"a list": {"K0AB00E", []crypto.Option{lists}, "CP0M1", "CP0M1"}, "an empty list": {"K0AB00E", []crypto.Option{crypto.CarriesOnly()}, "C", "C"},
		"permissions": {"B0TX00E", []crypto.Option{dukpt.AllowLegacyData, dukpt.AllowSingleDES, dukpt.InitialExportable}, "PILS", "PILS"},
		"a table":     {"V1TC00E", []crypto.Option{pinblock.OffsetMethod{Table: "9876543210987654", Start: 3, Length: 12, Pad: 'a'}.Bind}, "MV198765432109876540312A", "MV198765432109876540312A"},
		"a PVV":       {"V2TC00E", []crypto.Option{pinblock.PVVMethod{}.Bind}, "MV2X", "MV2X"},
		"a keeper":    {"K0AB00E", []crypto.Option{home.Keeper, lists}, "CP0M1", "PK CP0M1"},
		"a giver": {"K1AD00E", []crypto.Option{crypto.Confers(home.Storable, dukpt.AllowLegacyData, crypto.Confers(lists))},
			"F PL F CP0M1", "F PLH F CP0M1"},
		"a purpose": {"C0TC00E", []crypto.Option{cardverify.ForCAVV}, "PV", "PV"},
		"nothing":   {"P0TB00E", nil, "", ""},
	} {
		k := importKey(t, c.attributes, wrappingHex[16:48], append(c.options, home.Storable)...)
		if c.attributes[0] == 'V' || c.attributes[2] == 'T' {
			k = importKey(t, c.attributes, secretHex, append(c.options, home.Storable)...)
		}
		require.Equal(t, c.kept, k.Rules(home), name)
		require.Equal(t, c.abroad, k.Rules(crypto.Home{}), name)
		require.Equal(t, c.abroad, k.Rules(crypto.NewHome()), name)
		for way, travel := range travels(t) {
			back := travel(k)
			require.True(t, back.Equal(k))
			want := c.kept
			if way == "key block" {
				want = c.abroad
			}
			require.Equal(t, want, back.Rules(home), "%s by %s", name, way)
			require.Equal(t, way != "key block", back.MayStay(home))
			require.Equal(t, want == c.kept, back.SameRules(travel(back)) && back.Rules(home) == k.Rules(home))
		}
	}
}

// A rule would be lost in a form that says nothing but the bytes: such a key leaves in a key block only, Sensitive or not.
func TestBoundKeysDoNotLeaveBare(t *testing.T) {
	for name, c := range map[string]struct {
		attributes string
		option     crypto.Option
		bare       bool
	}{
		"a list":    {"K0TB00S", crypto.CarriesOnly(crypto.UsagePIN), false},
		"a purpose": {"C0TC00S", cardverify.ForCAVV, false},
		"a table":   {"V1TC00S", pinblock.OffsetMethod{}.Bind, false}, "a PVV": {"V2TC00S", pinblock.PVVMethod{}.Bind, false},
		"a permission": {"B0TX00S", dukpt.AllowLegacyData, true}, "a home": {"P0TB00S", home.Storable, true},
	} {
		k := importKey(t, c.attributes, secretHex, c.option)
		for exit, leave := range exits(t) {
			switch exit {
			case "clear bytes", "components", "AES key wrap", "padded key wrap", "X9.17", "RSA", "SM2":
				if err := leave(k); c.bare {
					require.NoError(t, err, "%s by %s", name, exit)
				} else {
					require.ErrorIs(t, err, crypto.ErrExport, "%s by %s", name, exit)
				}
			case "key block", "key block of version C", "key store":
				require.NoError(t, leave(k), "%s by %s", name, exit)
			}
		}
	}
}

// Whoever wraps a key adds no rules to it by a block of his own making.
func TestRulesAreNotForged(t *testing.T) {
	kbpk, err := crypto.NewKBPK(importKey(t, "K1AB00N", wrappingHex, home.Keeper))
	require.NoError(t, err)
	forged := []keyblock.Block{{ID: "70", Data: "POSLINE PLS"}}
	for _, options := range [][]crypto.Option{nil, {dukpt.InitialExportable}} {
		key := importKey(t, "B0TX00E", secretHex, options...)
		for _, w := range []keyblock.Wrapping{{Blocks: forged}, {Blocks: forged, AllowLegacy: true}} {
			block, err := keyblock.Wrap(nil, kbpk, key, w)
			require.NoError(t, err)
			k, _, err := keyblock.Unwrap(kbpk, block, keyblock.Options{})
			require.NoError(t, err)
			require.Equal(t, key.Rules(home), k.Rules(home))
		}
	}
	foreign := keyblock.Wrapping{Blocks: []keyblock.Block{{ID: "70", Data: "POSLINEPLS"}}}
	block, err := keyblock.Wrap(nil, kbpk, importKey(t, "B0TX00E", secretHex), foreign)
	require.NoError(t, err)
	k, h, err := keyblock.Unwrap(kbpk, block, keyblock.Options{})
	require.NoError(t, err)
	require.Empty(t, k.Rules(home), "somebody else's block of that name says nothing here")
	require.Equal(t, foreign.Blocks[0], h.Blocks[0])
	_, err = keyblock.Wrap(nil, kbpk, importKey(t, "B0TX00E", secretHex, dukpt.InitialExportable), foreign)
	require.ErrorIs(t, err, keyblock.ErrWrapping, "one name, two blocks")
}

// A list given where a key arrives takes away, and never gives back.
func TestListsOnlyShrink(t *testing.T) {
	kbpk, err := crypto.NewKBPK(importKey(t, "K1AB00N", wrappingHex))
	require.NoError(t, err)
	list := func(usages ...crypto.Usage) crypto.Option { return crypto.CarriesOnly(usages...) }
	for _, c := range []struct {
		own, call crypto.Option
		want      string
	}{
		{list(crypto.UsagePIN, crypto.UsageMAC1), list(crypto.UsageMAC1, crypto.UsageData), "CM1"},
		{list(crypto.UsagePIN), list(crypto.UsageData), "C"}, {nil, list(crypto.UsageData), "CD0"}, {list(crypto.UsagePIN), nil, "CP0"},
		{list(), list(crypto.UsageData), "C"},
	} {
		options := slices.DeleteFunc([]crypto.Option{c.own}, func(o crypto.Option) bool { return o == nil })
		block, err := keyblock.Wrap(nil, kbpk, importKey(t, "K0TB00E", secretHex, options...), keyblock.Wrapping{})
		require.NoError(t, err)
		options = slices.DeleteFunc([]crypto.Option{c.call}, func(o crypto.Option) bool { return o == nil })
		k, _, err := keyblock.Unwrap(kbpk, block, keyblock.Options{Key: options})
		require.NoError(t, err)
		require.Equal(t, c.want, k.Rules(home))
	}
}

// Components combine if they are ruled alike, and the whole key is ruled as they are.
func TestRulesOfComponents(t *testing.T) {
	component := func(n, text string, options ...crypto.Option) crypto.Key {
		return importKey(t, "K0TB"+n+"N", text, options...)
	}
	only := crypto.CarriesOnly(crypto.UsagePIN)
	k, err := clearkey.CombineKeys([]crypto.Key{component("c1", secretHex, only, home.Storable), component("c2", wrappingHex[:32], only, home.Storable)})
	require.NoError(t, err)
	require.Equal(t, "CP0", k.Rules(home))
	require.True(t, k.MayStay(home))
	for name, options := range map[string][]crypto.Option{
		"none": nil, "another list": {crypto.CarriesOnly(crypto.UsageData), home.Storable}, "no home": {only},
		"another home": {only, crypto.NewHome().Storable}, "a keeper": {only, home.Storable, home.Keeper},
		"a giver": {only, home.Storable, crypto.Confers()},
	} {
		_, err := clearkey.CombineKeys([]crypto.Key{component("c1", secretHex, only, home.Storable), component("c2", wrappingHex[:32], options...)})
		require.ErrorIs(t, err, crypto.ErrAttributes, name)
	}
	require.False(t, crypto.Key{}.SameRules(k))
	require.False(t, k.SameRules(crypto.Key{}))
}

// Rules that nobody knows may forbid something: a key that comes with them is refused.
func TestRulesOutOfShape(t *testing.T) {
	token := keymaterial.Grant()
	for text, ok := range map[string]bool{
		"": true, "PL": true, "P": true, "PL C MV1x F PH": true, "F": true, "F F": true, "F PKH": true, "PX": false, "PH": false, "X": false,
		" ": false, "PL ": true, " PL": false, "PL  PS": false, "CP": false, "CP0x": false, "C?0": false, "M": false, "MV": false, "MV1": true, "M??x": false,
		"FPL": false, "F X": false, "F F F": false, "F CP": false, "L": false, "PLS CP0M1": true,
	} {
		_, err := crypto.Receive(token, crypto.Arrival{Rules: text}, crypto.MustAttributes("B0TX00N"), unhex(t, secretHex))
		if ok {
			require.NoError(t, err, "%q", text)
		} else {
			require.ErrorIs(t, err, crypto.ErrAttributes, "%q", text)
		}
	}
	_, err := crypto.Receive(keymaterial.Token{}, crypto.Arrival{}, crypto.MustAttributes("B0TX00N"), unhex(t, secretHex))
	require.ErrorIs(t, err, crypto.ErrUsage)
	require.Empty(t, crypto.Key{}.Rules(home))
	require.Zero(t, crypto.Key{}.Keeps(token))
	require.False(t, crypto.Key{}.MayStay(home))
	require.False(t, importKey(t, "P0TB00N", secretHex).MayStay(crypto.Home{}), "no home is nobody's")
	_, err = crypto.Key{}.OpenToStay(token, home)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = importKey(t, "P0TB00S", secretHex).Emptied(keymaterial.Token{}, crypto.MustAttributes("P0TB00S"))
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = crypto.Key{}.Emptied(token, crypto.MustAttributes("P0TB00S"))
	require.ErrorIs(t, err, crypto.ErrNoKey)
	for _, option := range []crypto.Option{crypto.Home{}.Storable, crypto.Home{}.Keeper} {
		_, err := clearkey.Import(crypto.MustAttributes("K0TB00N"), unhex(t, secretHex), option)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
}

// A terminal that goes on from a sealed state derives what its initial key permitted, and no call adds to it.
func TestRulesOfATerminal(t *testing.T) {
	kek, err := crypto.NewKEK(importKey(t, "K0AB00N", wrappingHex, home.Keeper))
	require.NoError(t, err)
	other, err := crypto.NewKEK(importKey(t, "K0AB00N", wrappingHex))
	require.NoError(t, err)
	ksn, err := dukpt.ParseKSN(unhex(t, "ffff9876543210e00000"))
	require.NoError(t, err)
	for _, options := range [][]crypto.Option{{home.Storable}, {home.Storable, dukpt.AllowLegacyData}} {
		ik, err := crypto.NewInitialKey(importKey(t, "B1TX00N", secretHex, options...))
		require.NoError(t, err)
		terminal, err := dukpt.NewTDESTerminal(ik, ksn)
		require.NoError(t, err)
		_, err = terminal.Seal(nil, other)
		require.ErrorIs(t, err, crypto.ErrExport, "a key whose bytes somebody knows")
		sealed, err := terminal.Seal(nil, kek)
		require.NoError(t, err)
		for _, option := range []crypto.Option{dukpt.AllowLegacyData, crypto.NewHome().Storable, home.Storable} {
			_, err = dukpt.OpenTDESTerminal(sealed, kek, option)
			require.ErrorIs(t, err, crypto.ErrUsage)
		}
		restored, err := dukpt.OpenTDESTerminal(sealed, other)
		require.NoError(t, err)
		_, err = restored.Seal(nil, other)
		require.ErrorIs(t, err, crypto.ErrExport)
		restored, err = dukpt.OpenTDESTerminal(sealed, kek, crypto.TableDES)
		require.NoError(t, err)
		var tx dukpt.TDES
		_, err = restored.Next(&tx)
		require.NoError(t, err)
		_, err = tx.LegacyData()
		require.Equal(t, len(options) == 2, err == nil)
		again, err := restored.Seal(nil, kek)
		require.NoError(t, err)
		require.False(t, bytes.Equal(sealed, again))
	}
	ik, err := crypto.NewInitialKey(importKey(t, "B1TX00S", secretHex))
	require.NoError(t, err)
	terminal, err := dukpt.NewTDESTerminal(ik, ksn)
	require.NoError(t, err)
	sealed, err := terminal.Seal(nil, other)
	require.NoError(t, err, "Sensitive: under any key")
	terminal, err = dukpt.OpenTDESTerminal(sealed, other)
	require.NoError(t, err)
	_, err = terminal.Seal(nil, other)
	require.NoError(t, err, "and again")
}

// An option sees the KeyOptions it is given, and may keep them: of a key that arrives they hold nothing but what options
// said, lest the keeper of a home be copied to a key whose bytes somebody knows.
func TestOptionsLearnNothing(t *testing.T) {
	kbpk, err := crypto.NewKBPK(importKey(t, "K1AB00N", wrappingHex, home.Keeper))
	require.NoError(t, err)
	stored := importKey(t, "K0AB00N", secretHex, home.Storable, home.Keeper, crypto.CarriesOnly(crypto.UsagePIN))
	block, err := keyblock.Wrap(nil, kbpk, stored, keyblock.Wrapping{Context: keyblock.ContextStorage})
	require.NoError(t, err)
	var seen *crypto.KeyOptions
	k, _, err := keyblock.Unwrap(kbpk, block, keyblock.Options{Key: []crypto.Option{func(o *crypto.KeyOptions) { seen = o }}})
	require.NoError(t, err)
	require.Equal(t, home, k.Keeps(keymaterial.Grant()))
	forged := importKey(t, "K1AB00N", wrappingHex, func(o *crypto.KeyOptions) { *o = *seen })
	require.Empty(t, forged.Rules(home))
	require.Zero(t, forged.Keeps(keymaterial.Grant()))
	require.False(t, forged.MayStay(home))
	var given *crypto.KeyOptions
	confers := importKey(t, "K0AD00N", secretHex, crypto.Confers(home.Storable, func(o *crypto.KeyOptions) { given = o }))
	home.Keeper(given)
	require.Equal(t, "F PH", confers.Rules(home), "what an option does later has no effect")
	require.Zero(t, kbpk.Keeps(keymaterial.Token{}), "who could ask a key for its home could make keepers of it")
}

// An option that holds on to what it was shown adds nothing to a key that arrives, whenever it tries: not before the rules
// are looked at, and not between that and the making of the key.
func TestRulesAddedBehindTheCheck(t *testing.T) {
	var held *crypto.KeyOptions
	later := func() {
		if held != nil {
			dukpt.AllowLegacyData(held)
			home.Storable(held)
			pinblock.PVVMethod{}.Bind(held)
		}
	}
	of := crypto.Watched(importKey(t, "B0TX00N", secretHex), later)
	arrival := crypto.Arrival{Of: of, Under: crypto.Watched(importKey(t, "K0AB00N", wrappingHex), later)}
	k, err := crypto.Receive(keymaterial.Grant(), arrival, crypto.MustAttributes("B0TX00N"), unhex(t, secretHex),
		func(o *crypto.KeyOptions) { held = o })
	require.NoError(t, err)
	require.NotNil(t, held)
	require.Empty(t, k.Rules(home))
	require.False(t, k.Permits(keymaterial.LegacyData))
	require.False(t, k.MayStay(home))
}

// A method that a key brings along counts, and the one it would be given is not added to it. A permission that a key has no
// use for is none.
func TestRulesOnceAndWhereTheyBelong(t *testing.T) {
	under := importKey(t, "K0AD00N", wrappingHex, crypto.Confers(pinblock.OffsetMethod{Table: "9876543210987654"}.Bind, pinblock.PVVMethod{}.Bind))
	k, err := crypto.Receive(keymaterial.Grant(), crypto.Arrival{Under: under, Rules: "MV2X"}, crypto.MustAttributes("V2TC00N"), unhex(t, secretHex))
	require.NoError(t, err)
	require.Equal(t, "MV2X", k.Rules(home))
	k, err = crypto.Receive(keymaterial.Grant(), crypto.Arrival{Under: under}, crypto.MustAttributes("V2TC00N"), unhex(t, secretHex))
	require.NoError(t, err)
	require.Equal(t, "MV2X", k.Rules(home))
	require.False(t, importKey(t, "C0TC00N", secretHex, dukpt.AllowLegacyData).Permits(keymaterial.LegacyData))
	for attributes, want := range map[string]bool{"C0TC00N": true, "B0TX00N": false, "B1TX00N": false, "P0TB00N": false} {
		require.Equal(t, want, importKey(t, attributes, secretHex, cardverify.ForCAVV).Permits(keymaterial.CAVV), attributes)
	}
}
