package payshield_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/pinblock"
)

// silent fails a test when anything is sent.
func silent(t *testing.T, o payshield.Options) *payshield.Client {
	t.Helper()
	c, err := payshield.New(refusing{t}, o)
	require.NoError(t, err)
	return c
}

// refusing is a device that must not be asked.
type refusing struct{ t *testing.T }

func (r refusing) Exchange(_ context.Context, _, dst []byte) ([]byte, error) {
	r.t.Error("something was sent")
	return dst, connection.ErrClosed
}

// What the device has not, or is not known of it, is told without asking it.
func TestWhatTheDeviceHasNot(t *testing.T) {
	c := silent(t, payshield.Options{Layouts: []pinblock.Format{pinblock.ISO0}})
	ksn, err := dukpt.ParseKSN(unhex(t, "FFFF9876543210E00001"))
	require.NoError(t, err)
	derived := dukpt.Reference{Base: key(t, payshield.BDK, "B0TX00N", "U8E3D3E2FD5919657F05A1AA90D32A014"), KSN: ksn, Purpose: dukpt.ForPIN}
	under := encrypted(t)
	under.Key = derived
	pvk, offsetKey := key(t, payshield.PVK, "V2TN00N", "X367930344805B1FAD6146EF4ED7502B3"), key(t, payshield.PVK, "V1TN00N", "X367930344805B1FAD6146EF4ED7502B3")
	strange, err := offsetKey.WithOffsetMethod(pinblock.OffsetMethod{Start: 0, Length: 6})
	require.NoError(t, err)
	short, err := offsetKey.WithOffsetMethod(pinblock.OffsetMethod{Start: 3, Length: 1})
	require.NoError(t, err)
	visa := mChipRequest(t)
	visa.Profile = cryptogram.VisaCVN18()
	long := mChipRequest(t)
	long.Card.PAN, long.Profile.Derivation = crypto.Hide("5413330089600010123"), cryptogram.OptionB
	wide := pinblock.Target{Key: zpk(t), Layout: pinblock.ISO4, PAN: cardData.PAN}

	for name, call := range map[string]func() error{
		"PIN": func() error { _, err := c.GeneratePIN(ctx, nil, 4, pinblock.Target{}); return err },
		"script": func() error {
			_, err := c.AppendCommands(ctx, nil, cryptogram.IssuerScriptKeys{}, visa, nil)
			return err
		},
		"DUKPT PVV": func() error { return c.VerifyPVV(ctx, under, pvk, pinblock.PVVData{PAN: cardData.PAN}, "1234") },
		"DUKPT MAC": func() error { _, err := c.AppendMAC(ctx, nil, derived, retail, nil); return err },
		"zone to DUKPT": func() error {
			_, err := c.TranslatePIN(ctx, nil, encrypted(t), pinblock.Target{Key: derived, Layout: pinblock.ISO0, PAN: cardData.PAN})
			return err
		},
		"format 4": func() error {
			_, err := silent(t, payshield.Options{Policy: pinblock.Policy{{From: pinblock.ISO0, To: pinblock.ISO4}}}).TranslatePIN(ctx, nil, encrypted(t), wide)
			return err
		},
		"another account": func() error {
			o := payshield.Options{Policy: pinblock.Policy{{From: pinblock.ISO0, To: pinblock.ISO0, NewPAN: true}}}
			_, err := silent(t, o).TranslatePIN(ctx, nil, encrypted(t), pinblock.Target{Key: zpk(t), Layout: pinblock.ISO0, PAN: crypto.Hide(pan)})
			return err
		},
		"validation data": func() error {
			return c.VerifyOffset(ctx, encrypted(t), strange, pinblock.OffsetData{PAN: cardData.PAN}, "1234")
		},
		"one digit": func() error {
			return c.VerifyOffset(ctx, encrypted(t), short, pinblock.OffsetData{PAN: cardData.PAN}, "1234")
		},
		"answer under the session key": func() error {
			r := mChipRequest(t)
			r.Profile.Response = cryptogram.Response1
			_, err := c.AppendResponse(ctx, nil, key(t, payshield.MKAC, "E0TX00N", mkac), r, cryptogram.Answer{})
			return err
		},
		"session key": func() error { return c.VerifyCryptogram(ctx, key(t, payshield.MKAC, "E0TX00N", mkac), visa) },
		"option B":    func() error { return c.VerifyCryptogram(ctx, key(t, payshield.MKAC, "E0TX00N", mkac), long) },
		"long CVV": func() error {
			card := cardData
			card.Digits = 5
			return c.VerifyCVV(ctx, key(t, payshield.CVK, "C0TC00N", mkac), card, "12345")
		},
		"MAC of 6 bytes": func() error { a := retail; a.Size = 6; return c.VerifyMAC(ctx, tak(t), a, nil, make([]byte, 6)) },
		"long message":   func() error { _, err := c.AppendMAC(ctx, nil, tak(t), retail, make([]byte, 31<<10+1)); return err },
		"CMAC": func() error {
			_, err := c.AppendMAC(ctx, nil, tak(t), crypto.MACAlgorithm{Scheme: crypto.CMAC}, nil)
			return err
		},
		"CMAC with padding": func() error {
			_, err := c.AppendMAC(ctx, nil, tak(t), crypto.MACAlgorithm{Scheme: crypto.CMAC, Padding: crypto.Padding1}, nil)
			return err
		},
		"AES cards": func() error {
			r := visaRequest(t)
			r.Profile.Algorithm = crypto.AES
			return c.VerifyCryptogram(ctx, key(t, payshield.MKAC, "E0TX00N", mkac), r)
		},
		"option C": func() error {
			r := visaRequest(t)
			r.Profile.Derivation = cryptogram.OptionC
			return c.VerifyCryptogram(ctx, key(t, payshield.MKAC, "E0TX00N", mkac), r)
		},
		"from format 4": func() error {
			in := encrypted(t)
			in.Layout = pinblock.ISO4
			_, err := c.TranslatePIN(ctx, nil, in, pinblock.Target{Key: zpk(t), Layout: pinblock.ISO0, PAN: cardData.PAN})
			return err
		},
		"padding 3": func() error {
			_, err := c.AppendMAC(ctx, nil, tak(t), crypto.MACAlgorithm{Scheme: crypto.RetailMAC, Padding: crypto.Padding3}, nil)
			return err
		},
		"check value":   func() error { _, err := c.CheckValue(ctx, zpk(t), crypto.KCVLegacy, 4); return err },
		"CMAC of a key": func() error { _, err := c.CheckValue(ctx, zpk(t), crypto.KCVCMAC, 3); return err },
		"AES":           func() error { _, err := c.Generate(ctx, crypto.MustAttributes("P0AB00N"), 128); return err },
		"usage":         func() error { _, err := c.Generate(ctx, crypto.MustAttributes("D3TB00N"), 128); return err },
		"RSA in a block": func() error {
			_, err := silent(t, payshield.Options{KeyBlocks: true}).Generate(ctx, crypto.MustAttributes("D0TB00N"), 64)
			return err
		},
	} {
		require.ErrorIs(t, call(), crypto.ErrUnsupported, name)
	}
}

const mkac = "UA67981CE67F36A4BD2DE46BA17D6F596"

// Validation data that the PAN is too short for.
func TestValidationDataOfNothing(t *testing.T) {
	c := silent(t, payshield.Options{Layouts: layouts})
	for _, m := range []pinblock.OffsetMethod{{Start: 16}, {Start: 17}, {Start: 2, Length: 15}} {
		k, err := key(t, payshield.PVK, "V1TN00N", "X367930344805B1FAD6146EF4ED7502B3").WithOffsetMethod(m)
		require.NoError(t, err)
		require.ErrorIs(t, c.VerifyOffset(ctx, encrypted(t), k, pinblock.OffsetData{PAN: cardData.PAN}, "1234"), pinblock.ErrData)
	}
}

// Keys that are not to leave, or not for this, do not reach the device.
func TestKeysAreKeptToWhatTheyAreFor(t *testing.T) {
	c := silent(t, payshield.Options{})
	zone := key(t, payshield.ZMK, "K0TB00N", "U1457FF6ADF6250C66C368416B4C9D383")
	for _, attributes := range []string{"P0TB00N", "P0TB00E"} {
		k := key(t, payshield.ZPK, attributes, "U1EF828AA8F6B80EB83E19FBC373F3A85")
		_, err := c.ExportUnder(ctx, zone, k, 'X', 0)
		require.ErrorIs(t, err, crypto.ErrExport, attributes)
	}
	_, err := c.ExportUnder(ctx, zone, key(t, payshield.ZPK, "P0TB00N", "U1EF828AA8F6B80EB83E19FBC373F3A85"), 'S', 0)
	require.ErrorIs(t, err, crypto.ErrExport)
	_, err = c.ExportUnder(ctx, zpk(t), zpk(t), 'S', 0)
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = c.ExportUnder(ctx, zone, payshield.Key{}, 'S', 0)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = c.ImportUnder(ctx, zpk(t), payshield.ZPK, crypto.MustAttributes("P0TB00N"), "X1EF828AA8F6B80EB83E19FBC373F3A85")
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = c.ImportUnder(ctx, zone, payshield.ZPK, crypto.MustAttributes("M3TC00N"), "X1EF828AA8F6B80EB83E19FBC373F3A85")
	require.ErrorIs(t, err, payshield.ErrData)
	_, err = c.ImportUnder(ctx, zone, payshield.ZPK, crypto.MustAttributes("P0TB00N"), "X1EF8")
	require.ErrorIs(t, err, payshield.ErrData)
	_, _, err = c.GenerateUnder(ctx, payshield.ZPK, crypto.MustAttributes("P0TB00N"), 128, zpk(t), 'X')
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = c.GenerateKey(ctx, payshield.ZPK, crypto.MustAttributes("M3TC00N"), 128)
	require.ErrorIs(t, err, crypto.ErrUsage)
	for _, attributes := range []string{"P0TB00N", "P0DB00N"} {
		for _, bits := range []int{0, 63, 256} {
			_, err = c.GenerateKey(ctx, payshield.ZPK, crypto.MustAttributes(attributes), bits)
			require.ErrorIs(t, err, crypto.ErrKeyLength)
		}
	}
	_, err = c.GenerateKey(ctx, payshield.ZPK, crypto.MustAttributes("P0TB00N"), 64)
	require.ErrorIs(t, err, crypto.ErrKeyLength)
	_, err = c.GenerateKey(ctx, payshield.ZPK, crypto.MustAttributes("P0DB00N"), 128)
	require.ErrorIs(t, err, crypto.ErrKeyLength)
	_, err = c.GenerateKey(ctx, payshield.ZPK, crypto.Attributes{}, 128)
	require.ErrorIs(t, err, crypto.ErrAttributes)
	_, _, err = c.NewTerminalKey(ctx, zone, crypto.MustAttributes("P0TB00N"))
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, _, err = c.NewTerminalKey(ctx, key(t, payshield.TMK, "K0TB00N", "U1EF828AA8F6B80EB83E19FBC373F3A85"), crypto.MustAttributes("P0DB00N"))
	require.ErrorIs(t, err, crypto.ErrAttributes)
	_, _, err = c.NewTerminalKey(ctx, key(t, payshield.TMK, "K0TB00N", "U1EF828AA8F6B80EB83E19FBC373F3A85"), crypto.MustAttributes("M3TC00N"))
	require.ErrorIs(t, err, crypto.ErrAttributes)
	_, err = c.AppendMAC(ctx, nil, payshield.Key{}, retail, nil)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = c.CheckValue(ctx, payshield.Key{}, crypto.KCVLegacy, 3)
	require.ErrorIs(t, err, crypto.ErrNoKey)
}

func TestKeysOutOfShape(t *testing.T) {
	good := "U1EF828AA8F6B80EB83E19FBC373F3A85"
	for _, c := range []struct {
		kind             payshield.KeyType
		attributes, text string
		want             error
	}{
		{payshield.ZPK, "P0TB00N", good[:32], payshield.ErrData},
		{payshield.ZPK, "P0TB00N", "S00016P0TB00N00FF", payshield.ErrData},
		{payshield.KeyBlock, "P0TB00N", good, payshield.ErrData},
		{payshield.ZPK, "P0TB00N", "RB0016P0TB00E0000", payshield.ErrData},
		{payshield.ZPK, "M3TC00N", good, crypto.ErrUsage},
		{"999", "P0TB00N", good, crypto.ErrUsage},
		{"", "P0TB00N", good, crypto.ErrUsage},
	} {
		_, err := payshield.NewKey(c.kind, crypto.MustAttributes(c.attributes), c.text)
		require.ErrorIs(t, err, c.want, c.text)
		if err != nil {
			require.NotContains(t, err.Error(), good[1:])
		}
	}
	_, err := payshield.NewKey(payshield.ZPK, crypto.Attributes{}, good)
	require.ErrorIs(t, err, crypto.ErrAttributes)
	_, err = payshield.Key{}.AppendText(nil)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	pvk := key(t, payshield.PVK, "V1TN00N", good)
	_, err = pvk.WithOffsetMethod(pinblock.OffsetMethod{Table: "0000000000000000"})
	require.ErrorIs(t, err, pinblock.ErrData)
	_, err = key(t, payshield.PVK, "V2TN00N", good).WithOffsetMethod(pinblock.OffsetMethod{})
	require.ErrorIs(t, err, crypto.ErrUsage)
	require.Equal(t, payshield.PVK, pvk.Type())
	require.Equal(t, crypto.MustAttributes("V1TN00N"), pvk.Attributes())
}
