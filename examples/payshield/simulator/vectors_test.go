package simulator_test

import (
	"bytes"
	"crypto/des"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/examples/payshield/simulator"
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

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func upper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// pairOf are the pairs that types of keys are under, by the end of the type.
var pairOf = map[string]int{
	"00": 2, "01": 3, "02": 7, "03": 8, "06": 11, "08": 13, "09": 14, "0A": 15, "0B": 16, "0C": 17, "0D": 18,
}

// TestVectors answers the published cases whose keys are known; the layouts of the others are the client's to check.
func TestVectors(t *testing.T) {
	const file = "../testdata/vectors/payshield.json"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var cases []vector
	require.NoError(t, json.Unmarshal(text, &cases))
	checked := 0
	for _, v := range cases {
		t.Run(v.ID, func(t *testing.T) {
			check := checkCommand
			switch {
			case strings.HasPrefix(v.ID, "frame-") || strings.HasPrefix(v.ID, "layout-"):
				t.Log("checked by TestVectors of package payshield")
				return
			case v.ID == "test-lmk":
				check = checkTestLMK
			case strings.HasPrefix(v.ID, "lmk-wrap-"):
				check = checkWrap
			case v.ID == "k2-mskd":
				check = checkK2
			}
			checked++
			check(t, v)
		})
	}
	require.Equal(t, 41, checked)
	t.Logf("%s: %d cases, 0 skipped; %d here, the others by the client", file, len(cases), checked)
}

func checkTestLMK(t *testing.T, v vector) {
	pairs := v.Expect["pairs"].(map[string]any)
	names := []string{"00-01", "02-03", "04-05", "06-07", "08-09", "10-11", "12-13", "14-15", "16-17", "18-19", "20-21", "22-23",
		"24-25", "26-27", "28-29", "30-31", "32-33", "34-35", "36-37", "38-39"}
	require.Len(t, pairs, len(names))
	var keys [][]byte
	for _, name := range names {
		keys = append(keys, unhex(t, pairs[name].(string)))
	}
	sum := make([]byte, 16)
	for _, key := range keys {
		for i := range sum {
			sum[i] ^= key[i]
		}
	}
	lmk, err := simulator.NewLMK(keys)
	require.NoError(t, err)
	require.Equal(t, lmk.CheckValue(), simulator.TestLMK().CheckValue())
	require.Equal(t, upper(encryptZeros(t, sum)), lmk.CheckValue())

	for variant, mask := range v.Expect["variant_bytes"].(map[string]any) {
		master := bytes.Clone(keys[14])
		master[0] ^= unhex(t, mask.(string))[0]
		got := make([]byte, 8)
		require.NoError(t, lmk.Wrap(payshield.KeyType(variant+"09"), 'Z', got))
		require.Equal(t, encryptZeros(t, master), got)
	}
	for kind, at := range pairOf {
		got := make([]byte, 8)
		require.NoError(t, lmk.Wrap(payshield.KeyType("0"+kind), 'Z', got))
		require.Equal(t, encryptZeros(t, keys[at]), got, kind)
	}
	for scheme, masks := range v.Expect["scheme_bytes"].(map[string]any) {
		var want []byte
		for _, mask := range masks.([]any) {
			master := bytes.Clone(keys[14])
			master[8] ^= unhex(t, mask.(string))[0]
			want = append(want, encryptZeros(t, master)...)
		}
		got := make([]byte, len(want))
		require.NoError(t, lmk.Wrap(payshield.BDK, scheme[0], got))
		require.Equal(t, want, got)
	}
}

func encryptZeros(t *testing.T, key []byte) []byte {
	c, err := des.NewTripleDESCipher(append(bytes.Clone(key), key[:8]...))
	require.NoError(t, err)
	out := make([]byte, 8)
	c.Encrypt(out, out)
	return out
}

func checkWrap(t *testing.T, v vector) {
	kind, text := payshield.KeyType(v.Inputs["key_type"]), v.want(t, "under_lmk")
	scheme, digits := text[0], text[1:]
	switch {
	case len(text) == 16:
		scheme, digits = 'Z', text
	case len(text) == 32:
		scheme, digits = 'X', text
	}
	own := unhex(t, v.Inputs["clear_key"])
	require.NoError(t, simulator.TestLMK().Wrap(kind, scheme, own))
	require.Equal(t, digits, upper(own))
	require.NoError(t, simulator.TestLMK().Unwrap(kind, scheme, own))
	require.Equal(t, v.Inputs["clear_key"], upper(own))

	flag := "1"
	if scheme == 'Z' {
		flag = "0"
	}
	require.Equal(t, "BV00"+v.want(t, "kcv16"), ask(t, newSimulator(t, simulator.Config{}), "BUFF"+flag+text+";"+string(kind)))
}

func checkCommand(t *testing.T, v vector) {
	require.Equal(t, "test", v.Inputs["lmk"])
	body := []byte(v.Inputs["body"])
	if v.ID == "ma" { // the data are bytes
		body = append(bytes.Clone(body[:16]), unhex(t, string(body[16:]))...)
	}
	s := newSimulator(t, simulator.Config{Device: payshield.Options{MACLength: strings.HasPrefix(v.ID, "m6-")}})
	answer := ask(t, s, v.Inputs["command"]+string(body))
	require.Equal(t, v.want(t, "response")+v.want(t, "error")+v.want(t, "body"), answer)
	if pin := v.Inputs["pin"]; pin != "" {
		require.Equal(t, len(pin), int(answer[5]-'0'))
	}
}

// checkK2 asks for the parts of a case of another command with KQ.
func checkK2(t *testing.T, v vector) {
	data := append(unhex(t, v.Inputs["data"]), 0x80)
	for len(data)%8 != 0 {
		data = append(data, 0)
	}
	require.Len(t, data, 40)
	body := []byte("01UA67981CE67F36A4BD2DE46BA17D6F596")
	for _, name := range []string{"pan_psn", "atc", "un"} {
		body = append(body, unhex(t, v.Inputs[name])...)
	}
	body = append(append(append(body, "28"...), data...), ';')
	body = append(body, unhex(t, v.Inputs["arqc"])...)
	s := newSimulator(t, simulator.Config{})
	require.Equal(t, "KR00", ask(t, s, "KQ"+string(body)))
	body[len(body)-1] ^= 1
	require.Equal(t, "KR01", ask(t, s, "KQ"+string(body)))
}
