package payshield_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/examples/payshield"
)

// Keys of every length go under a zone master key and come back, in every scheme.
func TestKeysUnderAZoneMasterKey(t *testing.T) {
	for _, o := range []payshield.Options{{}, {LMK: "00", Trailer: "END"}, {EBCDIC: true, LegacyKCV: true, PlainA0: true}} {
		c := connect(t, o)
		zone := local(t, payshield.ZMK, "K0TB00N", unhex(t, secondHex))
		for _, k := range []struct {
			attributes string
			bits       int
			schemes    string
		}{{"P0DB00S", 64, "Z"}, {"P0TB00S", 128, "UX"}, {"P0TB00S", 192, "TY"}} {
			a := crypto.MustAttributes(k.attributes)
			for _, scheme := range []byte(k.schemes) {
				made, sent, err := c.GenerateUnder(ctx, payshield.ZPK, a, k.bits, zone, scheme)
				require.NoError(t, err)
				again, err := c.ExportUnder(ctx, zone, made, scheme, 0)
				require.NoError(t, err)
				require.Equal(t, sent, again)
				back, err := c.ImportUnder(ctx, zone, payshield.ZPK, a, sent)
				require.NoError(t, err)
				require.Equal(t, made, back)
				kcv, err := c.CheckValue(ctx, back, crypto.KCVLegacy, 3)
				require.NoError(t, err)
				require.Len(t, kcv, 3)
			}
		}
		_, err := c.ExportUnder(ctx, zone, local(t, payshield.ZPK, "P0TB00S", unhex(t, firstHex)), 'Z', 0)
		require.ErrorIs(t, err, crypto.ErrKeyLength)
	}
}

// The receiver of a key block gets the exportability that the sender says, or the key's own.
func TestExportabilityOfTheReceiver(t *testing.T) {
	c := connect(t, payshield.Options{})
	zone := local(t, payshield.ZMK, "K1TB00N", unhex(t, secondHex))
	k := local(t, payshield.ZPK, "P0TB00S", unhex(t, firstHex))
	for given, want := range map[crypto.Exportability]crypto.Exportability{0: crypto.Sensitive, crypto.Exportable: crypto.Exportable} {
		block, err := c.ExportUnder(ctx, zone, k, 'R', given)
		require.NoError(t, err)
		header, err := keyblock.Parse([]byte(block[1:]), keyblock.Options{})
		require.NoError(t, err)
		require.Equal(t, want, header.Attributes.Export)
	}
}

func TestLongestMessage(t *testing.T) {
	c := connect(t, payshield.Options{})
	k := local(t, payshield.TAK, "M3TC00N", unhex(t, firstHex))
	message := make([]byte, 31<<10)
	tag, err := c.AppendMAC(ctx, nil, k, retail, message)
	require.NoError(t, err)
	require.NoError(t, c.VerifyMAC(ctx, k, retail, message, tag))
}

func TestCheckValuesInTheOldForm(t *testing.T) {
	c := connect(t, payshield.Options{LegacyKCV: true})
	kcv, err := c.CheckValue(ctx, zpk(t), crypto.KCVLegacy, 5)
	require.NoError(t, err)
	require.Equal(t, "6F1E3F74F8", upper(kcv))
	_, err = c.CheckValue(ctx, zpk(t), crypto.KCVLegacy, 6)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
}

func TestNewTerminalKey(t *testing.T) {
	c := connect(t, payshield.Options{})
	clear := unhex(t, firstHex)
	current := local(t, payshield.TMK, "K0TB00N", clear)
	k, sent, err := c.NewTerminalKey(ctx, current, crypto.MustAttributes("P0TB00N"))
	require.NoError(t, err)
	kcv, err := c.CheckValue(ctx, k, crypto.KCVLegacy, 3)
	require.NoError(t, err)

	// The terminal opens what it is sent.
	kek, err := crypto.NewKEK(software(t, "K0TB00N", clear))
	require.NoError(t, err)
	own, err := crypto.UnwrapVariant(kek, crypto.SchemeX, 0, unhex(t, sent[1:]), crypto.MustAttributes("P0TB00N"))
	require.NoError(t, err)
	require.NoError(t, own.CheckKCV(crypto.KCVLegacy, kcv))
}

// What is asked of a device whose master key makes key blocks.
func TestKeyBlockAttributes(t *testing.T) {
	const block = "S00072P0TB00E0001FB8A4952BFE42179AB8D79A81943DF1FAD67CF015117EE8528E79900"
	for attributes, want := range map[string]map[int]string{
		"P0AB00E": {128: "P0A1B00E00", 192: "P0A2B00E00", 256: "P0A3B00E00"},
		"P0TB00S": {128: "P0T2B00S00", 192: "P0T3B00S00"},
		"M1DC12N": {64: "M1D1C12N00"},
	} {
		for bits, text := range want {
			c := scripted(t, payshield.Options{KeyBlocks: true}, []byte("0000A00FFFS#"+text), []byte("0000A100"+block+"D4A3E8"))
			k, err := c.Generate(ctx, crypto.MustAttributes(attributes), bits)
			require.NoError(t, err)
			requireText(t, block, k)
			require.Equal(t, crypto.MustAttributes(attributes), k.Attributes())
		}
		_, err := silent(t, payshield.Options{KeyBlocks: true}).Generate(ctx, crypto.MustAttributes(attributes), 512)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
}

// A key of another kind than was asked for is no answer.
func TestKeysOfAnotherKind(t *testing.T) {
	const block = "S00072P0TB00E0001FB8A4952BFE42179AB8D79A81943DF1FAD67CF015117EE8528E79900"
	_, err := answering(t, "A100"+block+"D4A3E8").Generate(ctx, crypto.MustAttributes("P0TB00N"), 128)
	require.ErrorIs(t, err, payshield.ErrReply)
	zone := key(t, payshield.ZMK, "K0TB00N", "U1457FF6ADF6250C66C368416B4C9D383")
	k := key(t, payshield.ZPK, "P0TB00S", "U1EF828AA8F6B80EB83E19FBC373F3A85")
	_, err = answering(t, "A900U1EF828AA8F6B80EB83E19FBC373F3A85123456").ExportUnder(ctx, zone, k, 'S', 0)
	require.ErrorIs(t, err, payshield.ErrReply)
	_, err = answering(t, "A910").ExportUnder(ctx, zone, k, 'X', 0)
	require.ErrorIs(t, err, crypto.ErrParity)
	_, _, err = answering(t, "HD00U4DC5B9381D893C6626A37D2F40809FEAU8D6E42E33CCDD7C1ABB2F4C74E3B3DE8").NewTerminalKey(ctx,
		key(t, payshield.TMK, "K0TB00N", "U1EF828AA8F6B80EB83E19FBC373F3A85"), crypto.MustAttributes("P0TB00N"))
	require.ErrorIs(t, err, payshield.ErrReply)
}

// A key that has no odd parity comes with a warning, and comes.
func TestParityWarning(t *testing.T) {
	zone := key(t, payshield.ZMK, "K0TB00N", "U1457FF6ADF6250C66C368416B4C9D383")
	k, err := answering(t, "A701U1EF828AA8F6B80EB83E19FBC373F3A856F1E3F").ImportUnder(ctx, zone, payshield.ZPK,
		crypto.MustAttributes("P0TB00N"), "XC8E3118AFA853807EB7E92294663A5BA")
	require.NoError(t, err)
	requireText(t, "U1EF828AA8F6B80EB83E19FBC373F3A85", k)
	_, err = answering(t, "A101U1EF828AA8F6B80EB83E19FBC373F3A856F1E3F").Generate(ctx, crypto.MustAttributes("P0TB00N"), 128)
	require.Error(t, err, "no other command has the warning")
}
