package payshield_test

import (
	"bytes"
	"context"
	"crypto/des"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/pinblock"
)

// vector is a published case.
type vector struct {
	ID     string
	Inputs map[string]string
	Expect map[string]any
}

func (v vector) want(t *testing.T, name string) string {
	t.Helper()
	text, ok := v.Expect[name].(string)
	require.True(t, ok, "%s: no %s", v.ID, name)
	return text
}

// layoutOnly are the cases whose keys nobody has: the client writes their requests and reads their answers, byte for byte,
// and the values in them are not computed here.
const layoutOnly = "the keys are not known: layout of request and answer only"

func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*")
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join("testdata", "vectors", "payshield.json")}, files)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	var cases []vector
	require.NoError(t, json.Unmarshal(text, &cases))
	require.Len(t, cases, 57)
	layouts := 0
	for _, v := range cases {
		t.Run(v.ID, func(t *testing.T) {
			check, known := layoutCases[v.ID]
			if !known {
				require.Equal(t, "test", v.Inputs["lmk"], "nothing here knows this case")
				t.Log("checked by TestVectors of package simulator")
				return
			}
			layouts++
			check(t, v)
			t.Log(layoutOnly)
		})
	}
	require.Equal(t, len(layoutCases), layouts)
	t.Logf("%s: %d cases, 0 skipped; %d here: %s; the others by the simulator", files[0], len(cases), layouts, layoutOnly)
}

// script is a device that expects one request and has one answer, both without their headers.
type script struct {
	t     *testing.T
	want  []byte
	reply []byte
}

func (s script) Exchange(_ context.Context, frame, dst []byte) ([]byte, error) {
	if s.want != nil {
		require.Equal(s.t, string(s.want), string(frame[4:]))
	}
	return append(append(dst, frame[:4]...), s.reply...), nil
}

// scripted returns a client of a script. Both messages have a header of four bytes.
func scripted(t *testing.T, o payshield.Options, request, reply []byte) *payshield.Client {
	t.Helper()
	c, err := payshield.New(script{t, request[4:], reply[4:]}, o)
	require.NoError(t, err)
	return c
}

// frame cuts a whole frame with its length.
func frame(t *testing.T, text string) []byte {
	t.Helper()
	raw := unhex(t, text)
	cut, err := payshield.Options{}.Framing().Next(raw)
	require.NoError(t, err)
	require.Equal(t, len(raw), cut.Size)
	return cut.Frame
}

// messages returns request and answer of a case that has both in text.
func (v vector) messages(t *testing.T, o payshield.Options) *payshield.Client {
	t.Helper()
	request := []byte(v.Inputs["message"])
	if text := v.Inputs["message_hex"]; text != "" {
		request = unhex(t, text)
	}
	reply := []byte("0000")
	if text, ok := v.Expect["reply"].(string); ok {
		reply = []byte(text)
	}
	return scripted(t, o, request, reply)
}

// layoutCases check what the client writes and reads.
var layoutCases = map[string]func(*testing.T, vector){
	"frame-nc": func(t *testing.T, v vector) {
		c := scripted(t, payshield.Options{}, frame(t, v.Inputs["request"]), frame(t, v.want(t, "response")))
		d, err := c.Diagnose(ctx)
		require.NoError(t, err)
		require.Equal(t, payshield.Diagnosis{LMKCheck: v.want(t, "lmk_check"), Firmware: v.want(t, "firmware")}, d)
	},
	"frame-cy": func(t *testing.T, v vector) {
		c := scripted(t, payshield.Options{}, frame(t, v.Inputs["request"]), frame(t, v.want(t, "response")))
		card := crypto.CardData{PAN: crypto.Hide("4174070000000104"), Expiry: "1712", ServiceCode: "201"}
		require.NoError(t, c.VerifyCVV(ctx, key(t, payshield.CVK, "C0TC00N", "U"+v.Inputs["cvk_used"]), card, v.want(t, "cvv")))
		requireCVV(t, v, card)
	},
	"frame-cw": func(t *testing.T, v vector) {
		reply := []byte("SSSS" + v.want(t, "response_code") + v.want(t, "error") + v.want(t, "cvv"))
		c := scripted(t, payshield.Options{}, frame(t, v.Inputs["request"]), reply)
		card := crypto.CardData{PAN: crypto.Hide("4575272222567122"), Expiry: "2010", ServiceCode: "000"}
		cvv, err := c.AppendCVV(ctx, nil, key(t, payshield.CVK, "C0TC00N", "U"+v.Inputs["cvk_used"]), card)
		require.NoError(t, err)
		require.Equal(t, v.want(t, "cvv"), string(cvv))
		requireCVV(t, v, card)
	},
	"frame-dc":         checkFrameDC,
	"frame-a0":         checkFrameA0,
	"frame-bad-length": checkBadLength,
	"layout-a0-variant": func(t *testing.T, v vector) {
		k, err := v.messages(t, payshield.Options{}).GenerateKey(ctx, payshield.TPK, crypto.MustAttributes("P0TN00N"), 128)
		require.NoError(t, err)
		requireText(t, "U8D6E42E33CCDD7C1ABB2F4C74E3B3DE8", k)
	},
	"layout-a0-mode1": func(t *testing.T, v vector) {
		master := key(t, payshield.ZMK, "K0TB00N", "U99D8FC778055B63D3FD53CDA9EEEFB9E")
		k, out, err := v.messages(t, payshield.Options{}).GenerateUnder(ctx, payshield.TPK, crypto.MustAttributes("P0TN00N"), 128, master, 'X')
		require.NoError(t, err)
		requireText(t, "UAE79B4FFA40D7B229CC683DE461BC734", k)
		require.Equal(t, "X4DC5B9381D893C6626A37D2F40809FEA", out)
	},
	"layout-a0-keyblock": func(t *testing.T, v vector) {
		c := v.messages(t, payshield.Options{KeyBlocks: true, LMK: "01"})
		k, err := c.Generate(ctx, crypto.MustAttributes("K0TB00E"), 128)
		require.NoError(t, err)
		requireText(t, "S00072K0TB00E0001FB8A4952BFE42179AB8D79A81943DF1FAD67CF015117EE8528E79900", k)
	},
	"layout-a6-variant": func(t *testing.T, v vector) {
		master := key(t, payshield.ZMK, "K0TB00N", "UE6565E2D55B9463120398E7729DA524E")
		k, err := v.messages(t, payshield.Options{}).ImportUnder(ctx, master, payshield.MKAC, crypto.MustAttributes("E0TX00N"),
			"X7292BCCA0CD4563354F627B0E8E852B2")
		require.NoError(t, err)
		requireText(t, "UC13E9E92DBA05F2DF2379B821C5766A3", k)
	},
	"layout-a8-keyblock-trust-n": func(t *testing.T, v vector) {
		master := key(t, payshield.KeyBlock, "K0TB00E", "S00072K0TB00E0001DB045F29C053EEFF7B9425B3A88C7258EB7EA7E40E2C47878647072A")
		zone := key(t, payshield.KeyBlock, "P0TB00E", "S00072P0TB00E0001EA421618B34F5FA1A77F7CF6480111B97CF0FAE7BD77D589EC921EF9")
		c := v.messages(t, payshield.Options{KeyBlocks: true, LMK: "01"})
		out, err := c.ExportUnder(ctx, master, zone, 'S', crypto.NonExportable)
		require.NoError(t, err)
		require.Equal(t, "S00072P0TB00N00FFE1D89671C973C7F0DAF91CB2EBF37949D811004295CF66B6AF9CF6A8", out)
	},
	"layout-cc": func(t *testing.T, v vector) {
		from := key(t, payshield.ZPK, "P0TN00N", "UBB224A0D70899E7D216A4DDDA615C078")
		to := key(t, payshield.ZPK, "P0TN00N", "UEE424E608E9CF0071E239F9E15032C81")
		got, err := translate(t, v.messages(t, payshield.Options{}), from, to, "14D3E09CD3B6456E", "5400288000109")
		require.NoError(t, err)
		require.Equal(t, "0E4A2BFA78E244FF", upper(got))
	},
	"layout-ca-to-bdk": checkLayoutToBDK,
	"layout-g0":        checkLayoutG0,
	"layout-m6-binary": checkLayoutM6,
	"layout-kq-mode0":  checkLayoutKQ,
}

// requireText compares what stands in a key.
func requireText(t *testing.T, want string, k crypto.KeyRef) {
	t.Helper()
	text, err := k.(payshield.Key).AppendText(nil)
	require.NoError(t, err)
	require.Equal(t, want, string(text))
}

// requireCVV computes the value of a case whose key on the wire is the clear one.
func requireCVV(t *testing.T, v vector, card crypto.CardData) {
	t.Helper()
	k, err := crypto.NewCVK(software(t, "C0TC00N", unhex(t, v.Inputs["cvk_used"])))
	require.NoError(t, err)
	require.NoError(t, cardverify.Verify(k, card, v.want(t, "cvv")))
}

// translate has a block in format 0 translated for a card.
func translate(t *testing.T, c *payshield.Client, from, to crypto.KeyRef, block, pan string) ([]byte, error) {
	t.Helper()
	return c.TranslatePIN(ctx, nil,
		pinblock.Encrypted{Key: from, Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: unhex(t, block)},
		pinblock.Target{Key: to, Layout: pinblock.ISO0, PAN: crypto.Hide(pan)})
}

func checkFrameDC(t *testing.T, v vector) {
	request := frame(t, v.Inputs["request"])
	c := scripted(t, payshield.Options{}, request, frame(t, v.want(t, "response")))
	text := string(request[6:])
	tpk, pvk := key(t, payshield.TPK, "P0TN00N", text[:33]), key(t, payshield.PVK, "V2TN00N", text[33:65])
	block, account := text[65:81], text[83:95]
	pin := pinblock.Encrypted{Key: tpk, Layout: pinblock.ISO0, PAN: crypto.Hide(account + "0"), Block: unhex(t, block)}
	data := pinblock.PVVData{PAN: pin.PAN, KeyIndex: 1}
	require.NoError(t, c.VerifyPVV(ctx, pin, pvk, data, v.want(t, "pvv")))

	// The clear block of the case: the key decrypted in plain ECB, the block under it. Its verification value is not that
	// of the case, which says so.
	lmk, _, _ := strings.Cut(v.Inputs["lmk"], " ")
	clear := decrypt(t, unhex(t, lmk), unhex(t, text[1:33]))
	require.Equal(t, v.want(t, "clear_pin_block"), upper(decrypt(t, clear, unhex(t, block))))
}

func decrypt(t *testing.T, key, b []byte) []byte {
	t.Helper()
	c, err := des.NewTripleDESCipher(append(bytes.Clone(key), key[:8]...))
	require.NoError(t, err)
	out := make([]byte, len(b))
	for i := 0; i < len(b); i += 8 {
		c.Decrypt(out[i:], b[i:])
	}
	return out
}

func checkFrameA0(t *testing.T, v vector) {
	require.Equal(t, []string{"1", "70D", "U", ";", "1", "X"}, []string{v.want(t, "mode"), v.want(t, "key_type"),
		v.want(t, "scheme_lmk"), v.want(t, "delimiter"), v.want(t, "zmk_flag"), v.want(t, "scheme_zmk")})
	kept, sent := "U8D6E42E33CCDD7C1ABB2F4C74E3B3DE8", "X4DC5B9381D893C6626A37D2F40809FEA"
	c := scripted(t, payshield.Options{}, frame(t, v.Inputs["request"]), []byte("SSSSA100"+kept+sent+"A24667"))
	master := key(t, payshield.TMK2, "K0TB00N", v.want(t, "zmk"))
	k, out, err := c.GenerateUnder(ctx, payshield.TPK2, crypto.MustAttributes("P0TN00N"), 128, master, 'X')
	require.NoError(t, err)
	requireText(t, kept, k)
	require.Equal(t, sent, out)
}

// checkBadLength: a length of six with two bytes behind it is no frame, and the end of the stream there is an error.
func checkBadLength(t *testing.T, v vector) {
	require.Contains(t, v.want(t, "error"), "refuse")
	raw := unhex(t, v.Inputs["request"])
	cut, err := payshield.Options{}.Framing().Next(raw)
	require.NoError(t, err)
	require.Zero(t, cut.Size)
	device := play(t, payshield.Options{}, func(p *peer) {
		p.Receive()
		p.SendRaw(raw)
	})
	_, err = device.Diagnose(ctx)
	require.Equal(t, connection.SentYes, connection.SentOf(err))
}

func checkLayoutToBDK(t *testing.T, v vector) {
	text := v.Inputs["message"][6:]
	ksn, err := dukpt.ParseKSN(unhex(t, text[149:169]))
	require.NoError(t, err)
	from := key(t, payshield.KeyBlock, "P0TN00E", text[:73])
	base := dukpt.Reference{Base: key(t, payshield.KeyBlock, "B0TN00E", text[73:146]), KSN: ksn, Purpose: dukpt.ForPIN}
	c := v.messages(t, payshield.Options{KeyBlocks: true, LMK: "01"})
	_, err = translate(t, c, from, base, text[171:187], "6000000000001")
	require.ErrorIs(t, err, payshield.ErrReply, "the case has no answer")
}

func checkLayoutG0(t *testing.T, v vector) {
	text := v.Inputs["message"][6:]
	ksn, err := dukpt.ParseKSN(unhex(t, text[69:89]))
	require.NoError(t, err)
	base := dukpt.Reference{Base: key(t, payshield.BDK, "B0TX00N", text[:33]), KSN: ksn, Purpose: dukpt.ForPIN}
	got, err := translate(t, v.messages(t, payshield.Options{}), base, key(t, payshield.ZPK, "P0TN00N", text[33:66]), text[89:105], "5400089000091")
	require.NoError(t, err)
	require.Equal(t, "75DB0D1ADD975CF8", upper(got))
}

func checkLayoutM6(t *testing.T, v vector) {
	request := unhex(t, v.Inputs["message_hex"])
	// The case has input format 2, text; the client always sends 0, binary, which counts bytes likewise.
	require.Equal(t, byte('2'), request[7])
	request[7] = '0'
	c := scripted(t, payshield.Options{}, request, []byte(v.want(t, "reply")))
	tak := key(t, payshield.TAK, "M3TN00N", string(request[14:47]))
	mac, err := c.AppendMAC(ctx, nil, tak, crypto.MACAlgorithm{Scheme: crypto.RetailMAC, Padding: crypto.Padding1, Size: 4}, request[51:])
	require.NoError(t, err)
	require.Equal(t, "C57E4295", upper(mac))
}

// checkLayoutKQ puts another key and its cryptogram into the message, which the simulator then verifies; and the client
// reads the answer with the issuer's.
func checkLayoutKQ(t *testing.T, v vector) {
	request := unhex(t, v.Inputs["message_hex"])
	r := bytes.NewBuffer(bytes.Clone(request))
	for _, part := range []string{v.want(t, "header"), "KQ", v.want(t, "mode"), v.want(t, "scheme"), v.want(t, "mk_ac")} {
		require.Equal(t, part, string(r.Next(len(part))))
	}
	card := r.Next(8)
	require.Equal(t, v.want(t, "pan_psn")+v.want(t, "atc")+v.want(t, "un"), upper(card)+upper(r.Next(6)))
	require.Equal(t, v.want(t, "data_length"), string(r.Next(2)))
	data := r.Next(len(v.want(t, "data")) / 2)
	require.Equal(t, v.want(t, "data")+";", upper(data)+string(r.Next(1)))
	require.Equal(t, v.want(t, "arqc"), upper(r.Bytes()))

	clear := unhex(t, "9E15204313F7318ACB79B90BD986AD29")
	imk, err := crypto.NewIMK(software(t, "E0TN00N", clear))
	require.NoError(t, err)
	digits := hex.EncodeToString(card)
	k, err := cryptogram.DeriveCardKey(imk, cryptogram.Card{PAN: crypto.Hide(digits[:14]), Sequence: digits[14:]}, cryptogram.OptionA)
	require.NoError(t, err)
	direct, err := cryptogram.DirectKey(k)
	require.NoError(t, err)
	ac, err := cryptogram.AppendMAC(nil, direct, crypto.Padding1, data, 8)
	require.NoError(t, err)
	copy(request[8:], "UA67981CE67F36A4BD2DE46BA17D6F596")
	copy(request[len(request)-8:], ac)
	answer, err := newSimulator(t, payshield.Options{}).AppendAnswer(nil, request)
	require.NoError(t, err)
	require.Equal(t, "0002"+v.want(t, "reply_ok"), string(answer))

	c, err := payshield.New(script{t, nil, unhex(t, v.want(t, "reply_with_arpc_hex"))[4:]}, payshield.Options{})
	require.NoError(t, err)
	response, err := c.AppendResponse(ctx, nil, key(t, payshield.MKAC, "E0TX00N", v.want(t, "mk_ac")), mChipRequest(t), cryptogram.Answer{ARC: emv.ARC{'0', '0'}})
	require.NoError(t, err)
	require.Equal(t, "95BD8DFD502CA21F3030", upper(response))
}
