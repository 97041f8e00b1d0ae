package keyblock_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/internal/keymaterial"
)

const (
	tdesHex = "0123456789ABCDEFFEDCBA98765432101032547698BADCFE"
	aesHex  = "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6"
)

// Published blocks and keys that the vector files lack: ISO 20038:2017 B.2 and B.3, the latter with the key its MAC input
// has and not the misprinted one. The mode of B.2 does not go with its usage, which takes AllowLegacy.
func TestISO20038(t *testing.T) {
	master := []byte("256-bit AES wrapping (ISO 20038)")
	c, err := aes.NewCipher(master)
	require.NoError(t, err)
	require.Equal(t, unhex(t, "3A3D93E513CB591DCAC550C1554194F08ED9676770D25B727AD628E21B85D5CC"),
		keyblock.Derive(keyblock.VersionE, c, 2, len(master)))
	for _, v := range []struct{ block, attributes, key string }{
		{"E0084B0TV16N0000B2AE5E26BBA7F246E84D5EA24167E208A6B66EF2E27E55A52DB52F0AEACB94C57547", "B0TV16N", "77726170706564203344455320" + "6B6579"},
		{"D0112M3TV16N000018462FA5903B8D2B82FEE26B29713C0BE7ED81601087F12252093D06FC0A012C1CF769AD0E3E9E4877166AB013FC22B4", "M3TV16N", "76736170706464203245455220" + "6B6479"},
	} {
		k, _, err := keyblock.Unwrap(kbpk(t, v.block[0], master), []byte(v.block), lenient)
		require.NoError(t, err)
		require.Equal(t, v.attributes, k.Attributes().String())
		require.Equal(t, unhex(t, v.key), exported(t, kbpk(t, v.block[0], master), []byte(v.block)))
		require.NoError(t, k.CheckKCV(crypto.KCVLegacy, unhex(t, "B29D42")))
		_, _, err = keyblock.Unwrap(kbpk(t, v.block[0], master), []byte(v.block), keyblock.Options{})
		require.Equal(t, v.block[0] == 'E', err != nil)
	}
}

// The RSA key of X9.143:2021 8.5, with a certificate in an extended block, a check value of the protection key, a
// time stamp and padding.
func TestRSAKeyOfTheStandard(t *testing.T) {
	block, err := os.ReadFile("testdata/x9143-8.5.txt")
	require.NoError(t, err)
	master := kbpk(t, 'D', unhex(t, "FA36E44278DB3AB5F298F9F7DA8F1F88"))
	k, header, err := keyblock.Unwrap(master, block, keyblock.Options{})
	require.NoError(t, err)
	private, err := x509.ParsePKCS1PrivateKey(exported(t, master, block))
	require.NoError(t, err)
	require.Equal(t, 2048, private.N.BitLen())
	require.Equal(t, crypto.MustAttributes("S0RS00N"), k.Attributes())

	ct, there := header.Optional("CT")
	require.True(t, there)
	certificates, err := ct.Certificates()
	require.NoError(t, err)
	require.Len(t, certificates, 1)
	parsed, err := x509.ParseCertificate(certificates[0].Data)
	require.NoError(t, err)
	require.True(t, private.PublicKey.Equal(parsed.PublicKey))

	kp, _ := header.Optional("KP")
	method, kcv, err := kp.KCV()
	require.NoError(t, err)
	require.NoError(t, master.CheckKCV(method, kcv))
	ts, _ := header.Optional("TS")
	stamp, err := ts.Time()
	require.NoError(t, err)
	require.Equal(t, time.Date(2020, 8, 18, 22, 12, 18, 0, time.UTC), stamp)

	again, err := keyblock.Seal(header, master, payloadOf(t, master, block))
	require.NoError(t, err)
	require.Equal(t, string(block), string(again))
}

func payloadOf(t *testing.T, master crypto.KBPK, block []byte) []byte {
	t.Helper()
	payload, err := keyblock.Payload(master, block)
	require.NoError(t, err)
	return payload
}

func exported(t *testing.T, master crypto.KBPK, block []byte) []byte {
	t.Helper()
	payload := payloadOf(t, master, block)
	return payload[2 : 2+(int(payload[0])<<8|int(payload[1]))/8]
}

// every is a key of every kind that is carried.
func every(t *testing.T) map[string]crypto.Key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalECPrivateKey(private)
	require.NoError(t, err)
	k := unhex(t, "A7C01D3B5E927F4486B1D8E2930C4A6F112E3D4C5B6A798897A6B5C4D3E2F101")
	return map[string]crypto.Key{
		"DES": importKey(t, "D0DB00S", k[:8]), "2TDEA": importKey(t, "P0TE12S", k[:16]), "3TDEA": importKey(t, "B0TX00S", k[:24]),
		"AES-128": importKey(t, "K0AB00S", k[:16]), "AES-192": importKey(t, "M6AC00S", k[:24]), "AES-256": importKey(t, "D0AN00S", k),
		"HMAC": importKey(t, "M7HGc1S", k[:20]), "SM4": importKey(t, "P04B00S", k[:16], gm.SM4), "EC": importKey(t, "S0ES00S", der),
	}
}

func TestRoundTrips(t *testing.T) {
	blocks := []keyblock.Block{
		keyblock.Label("retail terminal 7"), keyblock.CheckValueOfKBPK(), keyblock.Created(time.Unix(1600000000, 0)),
		{ID: "10", Data: "proprietary"}, {ID: "WP", Data: "000"},
	}
	for version := keyblock.VersionA; version <= keyblock.VersionE; version++ {
		master := kbpk(t, byte(version), unhex(t, tdesHex))
		if version >= keyblock.VersionD {
			master = kbpk(t, byte(version), unhex(t, aesHex))
		}
		for name, k := range every(t) {
			for _, showLength := range []bool{false, true} {
				for _, optional := range [][]keyblock.Block{nil, blocks, blocks[1:2], {keyblock.Label(strings.Repeat("x", 300))}} {
					w := keyblock.Wrapping{Version: version, Blocks: optional, ShowLength: showLength, AllowLegacy: true}
					dst, err := keyblock.Wrap([]byte("prefix"), master, k, w)
					require.NoError(t, err, name)
					block := bytes.TrimPrefix(dst, []byte("prefix"))
					o := lenient
					o.Key = append(o.Key, gm.SM4)
					got, header, err := keyblock.Unwrap(master, block, o)
					require.NoError(t, err, "%s %s", version, name)
					require.True(t, k.Equal(got))
					require.Equal(t, version, header.Version)
					requireBlocks(t, optional, header, version)
					parsed, err := keyblock.Parse(block, keyblock.Options{})
					require.NoError(t, err)
					require.Equal(t, header, parsed)
				}
			}
		}
	}
}

// requireBlocks checks that the optional blocks came through in their order, a padding block perhaps behind them.
func requireBlocks(t *testing.T, want []keyblock.Block, h keyblock.Header, version keyblock.Version) {
	t.Helper()
	got := h.Blocks
	if n := len(got); n > 0 && got[n-1].ID == "PB" {
		got = got[:n-1]
	}
	require.Len(t, got, len(want))
	for i, b := range want {
		require.Equal(t, b.ID, got[i].ID)
		if b.Data != "" {
			require.Equal(t, b.Data, got[i].Data)
		}
	}
}

// All keys of an algorithm give blocks of one length, unless asked otherwise.
func TestLengthHiding(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	length := func(k crypto.Key, show bool) int {
		block, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{ShowLength: show})
		require.NoError(t, err)
		return len(block)
	}
	keys := every(t)
	require.Equal(t, length(keys["AES-128"], false), length(keys["AES-256"], false))
	require.Equal(t, length(keys["2TDEA"], false), length(keys["3TDEA"], false))
	require.Equal(t, length(keys["2TDEA"], false), length(keys["DES"], false))
	require.Less(t, length(keys["AES-128"], true), length(keys["AES-256"], true))
	require.Equal(t, 112, length(keys["AES-128"], true), "the length of TR-31:2018 A.7.4")
	require.Equal(t, 144, length(keys["AES-128"], false), "the length of X9.143:2021 8.1")
	a, err := keyblock.Wrap(nil, master, keys["AES-128"], keyblock.Wrapping{})
	require.NoError(t, err)
	b, err := keyblock.Wrap(nil, master, keys["AES-128"], keyblock.Wrapping{})
	require.NoError(t, err)
	require.NotEqual(t, string(a), string(b), "the padding is random")
}

// No block with one character changed is accepted, whatever the version.
func TestEveryCharacter(t *testing.T) {
	for version := keyblock.VersionA; version <= keyblock.VersionE; version++ {
		master := kbpk(t, byte(version), unhex(t, tdesHex)[:16], crypto.TableDES)
		if version >= keyblock.VersionD {
			master = kbpk(t, byte(version), unhex(t, aesHex)[:16])
		}
		w := keyblock.Wrapping{Version: version, Blocks: []keyblock.Block{keyblock.CheckValue()}, AllowLegacy: true}
		block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], w)
		require.NoError(t, err)
		require.Zero(t, acceptedMutants(t, master, block), "version %s", version)
		for n := range len(block) {
			_, _, err := keyblock.Unwrap(master, block[:n], lenient)
			require.ErrorIs(t, err, keyblock.ErrBlock)
		}
		other := kbpk(t, byte(version), unhex(t, "404142434445464748494A4B4C4D4E4F"))
		_, _, err = keyblock.Unwrap(other, block, lenient)
		require.Equal(t, keyblock.ErrBlock, err)
	}
}

func TestPolicy(t *testing.T) {
	strong, weak := kbpk(t, 'D', unhex(t, aesHex)), kbpk(t, 'D', unhex(t, aesHex)[:16])
	keys := every(t)
	wrap := func(master crypto.KBPK, k crypto.Key, w keyblock.Wrapping) error {
		dst, err := keyblock.Wrap([]byte("x"), master, k, w)
		if err != nil {
			require.Equal(t, "x", string(dst))
		}
		return err
	}
	require.ErrorIs(t, wrap(weak, keys["AES-256"], keyblock.Wrapping{}), keyblock.ErrWeakKBPK)
	require.NoError(t, wrap(weak, keys["AES-256"], keyblock.Wrapping{AllowLegacy: true}))
	require.ErrorIs(t, wrap(kbpk(t, 'C', unhex(t, tdesHex)), keys["2TDEA"], keyblock.Wrapping{Version: 'C'}), keyblock.ErrLegacy)
	require.ErrorIs(t, wrap(strong, keys["2TDEA"], keyblock.Wrapping{Version: 'B'}), crypto.ErrUnsupported)
	require.ErrorIs(t, wrap(kbpk(t, 'B', unhex(t, tdesHex)), keys["2TDEA"], keyblock.Wrapping{Version: 'D'}), crypto.ErrUnsupported)
	require.ErrorIs(t, wrap(kbpk(t, 'B', unhex(t, tdesHex)[:8]), keys["DES"], keyblock.Wrapping{}), crypto.ErrUnsupported)
	require.ErrorIs(t, wrap(strong, crypto.Key{}, keyblock.Wrapping{}), crypto.ErrNoKey)
	require.ErrorIs(t, wrap(crypto.KBPK{}, keys["DES"], keyblock.Wrapping{}), crypto.ErrNoKey)
	for _, w := range []keyblock.Wrapping{
		{Version: 'F'}, {Context: '3'}, {Blocks: []keyblock.Block{{ID: "K", Data: "1"}}}, {Blocks: []keyblock.Block{{ID: "??"}}},
		{Blocks: []keyblock.Block{{ID: "KS", Data: "00"}}}, {Blocks: []keyblock.Block{keyblock.Label("a\nb")}},
		{Blocks: []keyblock.Block{keyblock.Label("a"), keyblock.Label("b")}}, {Blocks: []keyblock.Block{keyblock.Label(strings.Repeat("a", 10000))}},
	} {
		require.ErrorIs(t, wrap(strong, keys["DES"], w), keyblock.ErrWrapping)
	}
	destroyed := importKey(t, "P0TE00E", unhex(t, tdesHex)[:16])
	destroyed.Destroy()
	require.ErrorIs(t, wrap(strong, destroyed, keyblock.Wrapping{}), crypto.ErrDestroyed)

	notExportable := importKey(t, "P0TE00N", unhex(t, tdesHex)[:16])
	require.ErrorIs(t, wrap(strong, notExportable, keyblock.Wrapping{}), crypto.ErrExport)
	require.ErrorIs(t, wrap(strong, notExportable, keyblock.Wrapping{Context: keyblock.ContextStorage}), crypto.ErrExport)
	require.ErrorIs(t, wrap(strong, notExportable, keyblock.Wrapping{Context: '1', Export: crypto.Exportable}), crypto.ErrExport)
	exportable := importKey(t, "P0TE00E", unhex(t, tdesHex)[:16])
	require.ErrorIs(t, wrap(strong, exportable, keyblock.Wrapping{Export: crypto.Sensitive}), crypto.ErrExport)
	block, err := keyblock.Wrap(nil, strong, keys["3TDEA"], keyblock.Wrapping{Export: crypto.NonExportable, Context: keyblock.ContextExchange})
	require.NoError(t, err)
	k, header, err := keyblock.Unwrap(strong, block, keyblock.Options{})
	require.NoError(t, err)
	require.Equal(t, "B0TX00N", k.Attributes().String())
	require.Equal(t, keyblock.ContextExchange, header.Context)
}

// Faults of the public part say what and where.
func TestFormatErrors(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	w := keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.Label("terminal 123")}}
	block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], w)
	require.NoError(t, err)
	text := string(block)
	for _, c := range []struct {
		block, what string
		offset      int
	}{
		{"", "header", 0},
		{text[:15], "header", 15},
		{"F" + text[1:], "version", 0},
		{text[:1] + "01x4" + text[5:], "length", 1},
		{text + "00000000000000000000000000000000", "length", 1},
		{text[:5] + "??" + text[7:], "key attributes", 5},
		{text[:12] + "0x" + text[14:], "number of optional blocks", 12},
		{text[:14] + "30" + text[16:], "reserved field", 14},
		{text[:14] + "01" + text[16:], "reserved field", 14},
		{text[:16] + "L?" + text[18:], "optional block identifier", 16},
		{text[:18] + "03" + text[20:], "length of optional block LB", 16},
		{text[:18] + "0C" + text[20:], "length of the optional blocks", 16},
		{text[:20] + "\x7f" + text[21:], "character in optional block LB", 16},
		{text[:12] + "02" + text[14:32] + text[16:], "order of optional block LB", 32},
		{text[:40] + "g" + text[41:], "hexadecimal digit", 40},
		{text[:16] + "KS" + text[18:], "optional block KS", 16},
	} {
		_, err := keyblock.Parse([]byte(c.block), keyblock.Options{})
		var fault *keyblock.FormatError
		require.ErrorAs(t, err, &fault, c.what)
		require.Equal(t, c.what, fault.What)
		require.Equal(t, c.offset, fault.Offset)
		require.ErrorIs(t, err, keyblock.ErrBlock)
	}
	for _, c := range []string{"D0048P0TE00E0000" + strings.Repeat("0", 32), "D0064P0TE00E0000" + strings.Repeat("0", 48)} {
		_, err := keyblock.Parse([]byte(c), keyblock.Options{})
		var fault *keyblock.FormatError
		require.ErrorAs(t, err, &fault)
		require.Equal(t, "encrypted part", fault.What)
	}
}

func TestUsageAndMode(t *testing.T) {
	wrapOnly, err := crypto.NewKBPK(importKey(t, "K1AE00N", unhex(t, aesHex)))
	require.NoError(t, err)
	iso, err := crypto.NewKBPK(importKey(t, "K4AB00N", unhex(t, aesHex)))
	require.NoError(t, err)
	isoTDES, err := crypto.NewKBPK(importKey(t, "K4TB00N", unhex(t, tdesHex)))
	require.NoError(t, err)
	block, err := keyblock.Wrap(nil, wrapOnly, every(t)["2TDEA"], keyblock.Wrapping{})
	require.NoError(t, err)
	_, _, err = keyblock.Unwrap(wrapOnly, block, keyblock.Options{})
	require.ErrorIs(t, err, crypto.ErrUsage)
	k, _, err := keyblock.Unwrap(iso, block, keyblock.Options{})
	require.NoError(t, err)
	require.ErrorIs(t, k.Require(crypto.OpDecrypt), crypto.ErrUsage, "the mode of the header holds")
	_, err = crypto.NewMACKey(k)
	require.ErrorIs(t, err, crypto.ErrUsage, "the usage of the header holds")
	_, err = keyblock.Wrap(nil, isoTDES, every(t)["2TDEA"], keyblock.Wrapping{})
	require.ErrorIs(t, err, crypto.ErrUsage)
}

// A check value in the header that is not the key's is refused although the block is authentic.
func TestWrongCheckValue(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	for _, id := range []string{"KC", "KP"} {
		w := keyblock.Wrapping{Blocks: []keyblock.Block{{ID: id, Data: "00123456"}}}
		block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], w)
		require.NoError(t, err)
		_, _, err = keyblock.Unwrap(master, block, keyblock.Options{})
		require.ErrorIs(t, err, crypto.ErrKCV)
		_, _, err = keyblock.Unwrap(master, block, keyblock.Options{AllowLegacy: true})
		require.ErrorIs(t, err, crypto.ErrKCV)
		w = keyblock.Wrapping{Blocks: []keyblock.Block{{ID: id, Data: "no check value"}}, AllowLegacy: true}
		block, err = keyblock.Wrap(nil, master, every(t)["2TDEA"], w)
		require.NoError(t, err)
		_, _, err = keyblock.Unwrap(master, block, keyblock.Options{AllowLegacy: true})
		require.NoError(t, err, "what says nothing is not compared")
		_, _, err = keyblock.Unwrap(master, block, keyblock.Options{})
		require.ErrorIs(t, err, keyblock.ErrBlock)
	}
}

// The check value in the header of a key that only verifies is no MAC.
func TestCheckValueOfAVerifier(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	for attributes, want := range map[string]int{"M6AV00E": 8, "M6AC00E": 12} {
		k := importKey(t, attributes, unhex(t, aesHex)[:16])
		block, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.CheckValue()}})
		require.NoError(t, err)
		_, h, err := keyblock.Unwrap(master, block, keyblock.Options{})
		require.NoError(t, err)
		kc, _ := h.Optional("KC")
		require.Len(t, kc.Data, want)
	}
}

// A payload whose length field lies is refused with the one error.
func TestPayloadLength(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	header := keyblock.Header{Version: 'D', Attributes: crypto.MustAttributes("P0TE00E"), Context: keyblock.ContextNone}
	for _, bits := range []int{0, 1, 127, 129, 15 * 8, 65535, 65528} {
		payload := make([]byte, 16)
		payload[0], payload[1] = byte(bits>>8), byte(bits)
		block, err := keyblock.Seal(header, master, payload)
		require.NoError(t, err)
		_, _, err = keyblock.Unwrap(master, block, lenient)
		require.Equal(t, keyblock.ErrBlock, err, "%d bits", bits)
	}
	header.Version = keyblock.VersionE // whose payload may have any length
	for n := range 3 {
		block, err := keyblock.Seal(header, master, make([]byte, n))
		require.NoError(t, err)
		_, _, err = keyblock.Unwrap(master, block, lenient)
		require.ErrorIs(t, err, keyblock.ErrBlock, "%d bytes", n)
	}
}

func TestSoftware(t *testing.T) {
	ctx := context.Background()
	var s crypto.KeyManager = keyblock.Software{}
	master, err := s.Generate(ctx, crypto.MustAttributes("K1AB00N"), 256)
	require.NoError(t, err)
	k, err := s.Generate(ctx, crypto.MustAttributes("P0TB00E"), 128)
	require.NoError(t, err)
	block, err := s.Export(ctx, nil, master, k)
	require.NoError(t, err)
	got, err := s.Import(ctx, master, block)
	require.NoError(t, err)
	require.True(t, got.(crypto.Key).Equal(k.(crypto.Key)))
	pinKey, err := crypto.NewPINKey(got.(crypto.Key))
	require.NoError(t, err)
	kcv, err := s.CheckValue(ctx, pinKey, crypto.KCVLegacy, 3)
	require.NoError(t, err)
	require.NoError(t, k.(crypto.Key).CheckKCV(crypto.KCVLegacy, kcv))
	_, err = s.Import(ctx, k, block)
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = s.Export(ctx, nil, nil, k)
	require.ErrorIs(t, err, crypto.ErrKeyRef)
	_, err = s.Export(ctx, nil, master, nil)
	require.ErrorIs(t, err, crypto.ErrKeyRef)
	home := crypto.NewHome()
	s = keyblock.Software{Generated: []crypto.Option{home.Storable}, Options: keyblock.Options{Key: []crypto.Option{crypto.TableDES}}}
	k, err = s.Generate(ctx, crypto.MustAttributes("P0TB00E"), 128)
	require.NoError(t, err)
	require.True(t, k.(crypto.Key).MayStay(home))
	require.True(t, k.(crypto.Key).TableDES())
	got, err = s.Import(ctx, master, block)
	require.NoError(t, err)
	require.False(t, got.(crypto.Key).MayStay(home), "what arrives is not what is generated")
	require.True(t, got.(crypto.Key).TableDES())
}

func TestConcurrentUse(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	k := every(t)["2TDEA"]
	shared, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{})
	require.NoError(t, err)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 20 {
				got, _, err := keyblock.Unwrap(master, shared, keyblock.Options{})
				if err != nil || !got.Equal(k) {
					t.Error("another key", err)
				}
				if _, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

func TestErrorsShowNothing(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.Label("secret label")}})
	require.NoError(t, err)
	for i := range block {
		changed := bytes.Clone(block)
		changed[i] ^= 1
		_, _, err := keyblock.Unwrap(master, changed, keyblock.Options{})
		text := fmt.Sprintf("%v %+v", err, err)
		require.NotContains(t, text, "secret")
		require.NotContains(t, text, strings.ToUpper(tdesHex[:8]))
	}
}

func FuzzUnwrap(f *testing.F) {
	for version := keyblock.VersionA; version <= keyblock.VersionE; version++ {
		w := keyblock.Wrapping{Version: version, AllowLegacy: true, Blocks: []keyblock.Block{keyblock.Label("fuzz"), keyblock.CheckValue()}}
		block, err := keyblock.Wrap(nil, kbpk(f, byte(version), unhex(f, tdesHex)), importKey(f, "P0TE00S", unhex(f, aesHex)[:16]), w)
		if version >= keyblock.VersionD {
			block, err = keyblock.Wrap(nil, kbpk(f, byte(version), unhex(f, aesHex)), importKey(f, "P0TE00S", unhex(f, aesHex)[:16]), w)
		}
		require.NoError(f, err)
		f.Add(block)
	}
	f.Add([]byte("B0000P0TE00N0200KS04TT00011F"))
	f.Add([]byte("B9999P0TE00N9900KS0004FFFF"))
	f.Fuzz(func(t *testing.T, block []byte) {
		before := string(block)
		parsed, err := keyblock.Parse(block, lenient)
		if err != nil {
			require.ErrorIs(t, err, keyblock.ErrBlock)
			return
		}
		hex := tdesHex
		if parsed.Version >= keyblock.VersionD {
			hex = aesHex
		}
		master := kbpk(t, byte(parsed.Version), unhex(t, hex))
		k, header, err := keyblock.Unwrap(master, block, lenient)
		require.Equal(t, before, string(block))
		if err != nil {
			return
		}
		require.Equal(t, parsed, header)
		again, err := keyblock.Seal(header, master, payloadOf(t, master, block))
		require.NoError(t, err)
		require.Equal(t, string(block), string(again))
		require.Equal(t, k.Attributes(), header.Attributes)
	})
}

// FuzzPayload seals what the fuzzer gives under the right key: nothing authentic makes Unwrap panic, and what it takes
// for a key is in the payload.
func FuzzPayload(f *testing.F) {
	f.Add(byte(0), []byte{0, 128}, "LB", "label")
	f.Add(byte(1), unhex(f, "0080"+tdesHex), "KC", "00123456")
	f.Add(byte(2), unhex(f, "0100"+aesHex), "KS", "")
	f.Fuzz(func(t *testing.T, which byte, payload []byte, id, data string) {
		version := []keyblock.Version{'B', 'D', 'E'}[which%3]
		master := kbpk(t, byte(version), unhex(t, aesHex)[:16])
		header := keyblock.Header{Version: version, Attributes: crypto.MustAttributes("D0AB00E"), Context: keyblock.ContextNone}
		if id != "" {
			header.Blocks = []keyblock.Block{{ID: id, Data: data}}
		}
		if version != keyblock.VersionE {
			payload = append(payload, make([]byte, (16-len(payload)%16)%16)...)
		}
		block, err := keyblock.Seal(header, master, bytes.Clone(payload))
		if err != nil {
			return
		}
		k, _, err := keyblock.Unwrap(master, block, lenient)
		if err != nil {
			return
		}
		m, err := k.Unguarded(keymaterial.Grant())
		require.NoError(t, err)
		defer m.Release()
		require.Equal(t, payload[2:2+len(m.Bytes())], m.Bytes())
	})
}
