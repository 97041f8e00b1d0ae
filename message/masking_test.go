package message

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/posline/posline/message/internal/wire"
	"github.com/stretchr/testify/require"
)

// The card data that is fed through every printing path. What must not appear are pieces that hold nothing that may
// be shown, so that no masking that leaves too much gets by.
const (
	secretPAN   = "4761739001010119"
	secretTail  = "28122017371234567" // expiry, service code, CVV and the rest of a track
	secretName  = "DOE/JOHN"
	secretPIN   = "1A2B3C4D5E6F7081"
	secretLater = "C0FFEE1234DEAD99" // an enciphered PIN, a key: other hidden bytes
)

var secrets = []string{secretPAN[6:12], secretTail[4:12], secretName, secretPIN[:8], secretPIN[8:], secretLater[:8]}

// spilled returns the index of the first secret that text holds in any common rendering, or -1.
func spilled(text string) int {
	squeezed := strings.ToUpper(strings.NewReplacer(" ", "", "\n", "", ",", "", "0X", "", "0x", "").Replace(text))
	for i, secret := range secrets {
		decimal := strings.Trim(strings.ReplaceAll(fmt.Sprint([]byte(secret)), " ", ""), "[]")
		renderings := []string{secret, strings.ToUpper(hex.EncodeToString([]byte(secret))), decimal, inEBCDIC(secret)}
		if packed, err := hex.DecodeString(secret); err == nil {
			renderings = append(renderings, strings.Trim(strings.ReplaceAll(fmt.Sprint(packed), " ", ""), "[]"))
		}
		for _, r := range renderings {
			if strings.Contains(squeezed, r) {
				return i
			}
		}
	}
	return -1
}

// inEBCDIC is text as a message in EBCDIC holds it, in hexadecimal.
func inEBCDIC(text string) string {
	var coded []byte
	for _, c := range []byte(text) {
		coded = append(coded, wire.Page1047.FromLatin1[c])
	}
	return strings.ToUpper(hex.EncodeToString(coded))
}

func cardMessages(t testing.TB) map[string]*Message {
	texts := map[string]string{
		"iso8583-1987-ascii": `{"0":"0200","2":"` + secretPAN + `","4":"000000001999","14":"2812","34":"` + secretPAN + `",
			"35":"` + secretPAN + `=` + secretTail + `","36":"01` + secretPAN + `=` + secretTail + `","39":"00",
			"45":"B` + secretPAN + `^` + secretName + `^` + secretTail + `","48":"card ` + secretPAN + `=` + secretTail + `",
			"52":"` + secretPIN + `","55":"5A084761739001010119 ` + secretTail + ` ` + secretName + `","63":"` + secretPAN + secretTail + `",
			"96":"` + secretLater + secretLater + `","102":"` + secretPAN + `","128":"0011223344556677"}`,
		"unionpay-pos": `{"header":"6000030000603100310000","0":"0200","2":"` + secretPAN + `","4":"000000001999","14":"2812",
			"35":"` + secretPAN + `D` + secretTail + `","36":"01` + secretPAN + `D` + secretTail + `","39":"00","52":"` + secretPIN + `",
			"55":{"57":"` + secretPAN + `D` + secretTail + `","5A":"` + secretPAN + `","5F20":"` + hex.EncodeToString([]byte(secretName)) + `",
				"99":"` + secretPIN + `","9F26":"0102030405060708","DF7E":"` + secretLater + `"},
			"58":"` + secretLater + `","59":{"A1":"` + secretLater + `","A3":"` + secretPAN + `"},"62":"` + secretLater + `"}`,
	}
	texts["iso8583-1987-binary"] = strings.Replace(strings.Replace(texts["iso8583-1987-ascii"], `5A084761739001010119 `+secretTail+` `+secretName,
		"5A08"+secretPAN+"9908"+secretPIN, 1), "=", "D", 1)

	texts["iso8583-1987-ebcdic"] = strings.Replace(texts["iso8583-1987-binary"], "D"+secretTail, "="+secretTail, 1)
	texts["iso8583-1993-binary"] = strings.Replace(strings.Replace(texts["iso8583-1987-binary"], `"0200"`, `"1200"`, 1), `"39":"00"`, `"39":"000"`, 1)
	texts["iso8583-1993-ascii"] = texts["iso8583-1993-binary"]
	texts["iso8583-2003-binary"] = `{"0":"2200","2":"` + secretPAN + `","14":"2812","34":"` + secretLater + `","35":"` + secretPAN + `D` + secretTail + `",
		"36":"01` + secretPAN + `=` + secretTail + `","45":"B` + secretPAN + `^` + secretName + `^` + secretTail + `","49":"0` + secretTail + `","52":"` + secretPIN + `",
		"55":"5A08` + secretPAN + `","63":"` + secretPAN + secretTail + `","96":"` + secretLater + `","102":"` + secretPAN + `"}`
	messages := map[string]*Message{}
	for name, text := range texts {
		m := codecFor(t, name).New()
		require.NoError(t, m.UnmarshalJSON([]byte(text)), name)
		messages[name] = m
	}
	return messages
}

// printings renders a message, its values and an error in every way there is.
func printings(m *Message, err error) map[string]string {
	out := map[string]string{"describe": string(TextForm{}.AppendDescription(nil, m)), "hex dump": m.HexDump()}
	text, _ := m.MarshalJSON()
	out["json"] = string(text)
	text, _ = json.Marshal(struct{ M any }{m})
	out["json inside"] = string(text)
	var log bytes.Buffer
	options := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{} // its digits could be anything
		}
		return a
	}}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, options), slog.NewJSONHandler(&log, options)} {
		l := slog.New(handler)
		l.Info("m", "pointer", m, "copy", *m, "error", err, "group", slog.GroupValue(slog.Any("m", m)))
		for number := range m.elements() {
			l.Info("v", "value", m.Field(number))
		}
	}
	out["slog"] = log.String()
	things := []any{m, *m, err, struct{ M *Message }{m}, []*Message{m}, map[string]Message{"m": *m}}
	for number := range m.elements() {
		things = append(things, m.Field(number), []Value{m.Field(number)}, struct{ V Value }{m.Field(number)})
		for _, part := range m.Field(number).Parts() {
			things = append(things, part)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%U", "%c", "%t", "%e"} {
		for _, thing := range things {
			out[verb] += fmt.Sprintf(verb, thing)
		}
	}
	if err != nil {
		out["error"] = err.Error()
	}
	return out
}

func TestNothingPrintsCardData(t *testing.T) {
	for name, m := range cardMessages(t) {
		for how, text := range printings(m, nil) {
			require.Equal(t, -1, spilled(text), "%s by %s", name, how)
			require.NotContains(t, how, "PANIC")
			require.True(t, text != "" || how == "error")
		}
		var clear bytes.Buffer
		clear.Write(inClear.AppendDescription(nil, m))
		require.Equal(t, 0, spilled(clear.String()), "the search finds what is there: a clear description of %s", name)
		require.Equal(t, 0, spilled(string(inClear.AppendHexDump(nil, m))), name)
		require.Equal(t, 0, spilled(string(clearJSON(t, m))), name)
	}
}

// A message cut at any place prints as little: neither the error nor what was decoded before it spills.
func TestBrokenMessagesPrintNoCardData(t *testing.T) {
	for name, whole := range cardMessages(t) {
		codec, wire := codecFor(t, name), packed(t, whole)
		step := 1
		if strings.HasPrefix(name, "iso8583-") && name != "iso8583-1987-ascii" {
			step = 5 // these differ from the first in their encodings alone
		}
		for size := 0; size < len(wire); size += step {
			m := codec.New()
			err := m.Unpack(wire[:size])
			require.Error(t, err)
			for how, text := range printings(m, err) {
				require.Equal(t, -1, spilled(text), "%s cut at %d by %s", name, size, how)
			}
		}
		for at := range wire {
			broken := append([]byte(nil), wire...)
			broken[at] ^= 0x5C
			m := codec.New()
			err := m.Unpack(broken)
			require.Equal(t, -1, spilled(fmt.Sprintf("%v %+v %#v", err, err, errors.Unwrap(err))), "%s broken at %d", name, at)
		}
	}
}

func TestRefusedValuesAreNotInErrors(t *testing.T) {
	m := codecFor(t, "unionpay-pos").New()
	for _, err := range []error{m.Set(2, secretPAN+secretPAN), m.Set(2, secretPAN+"x"), m.Set(35, secretPAN+secretTail+secretTail), m.Set(52, secretPIN+"zz"),
		m.SetPath("55.5A", secretPAN+"x"), m.UnmarshalJSON([]byte(`{"0":"0200","2":"` + secretPAN + secretTail + `"}`)),
		m.UnmarshalJSON([]byte(`{"0":"0200","` + secretPAN + `":"1"}`)), m.UnmarshalJSON([]byte(`{"0":"0200","raw":{"` + secretPAN + `":"1"}}`)),
		m.UnmarshalJSON([]byte(`{"0":"0200","55":{"` + secretPAN + `":"1"}}`)), m.UnmarshalJSON([]byte(`{"0":"0200","60":{"` + secretPAN + `":"1"}}`)),
		m.UnmarshalJSON([]byte(`{"0":"0200","52":"` + secretPIN + `","raw":{"52":"0011223344556677"}}`))} {
		require.Error(t, err)
		require.Equal(t, -1, spilled(fmt.Sprintf("%v %+v %#v", err, err, err)))
	}
	require.Equal(t, -1, spilled(fmt.Sprint(m)))
}

// What fmt does with an unexported field is not ours: SECURITY.md says so, and names the two ways out.
func TestStructsAroundMessages(t *testing.T) {
	for name, m := range cardMessages(t) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			shown := fmt.Sprintf(verb, struct{ M *Message }{m}) + fmt.Sprintf(verb, struct{ V Value }{m.Field(2)}) +
				fmt.Sprintf(verb, keeper{m}) + fmt.Sprintf(verb, &keeper{m})
			require.Negative(t, spilled(shown), "%s %s", name, verb)
		}
		require.GreaterOrEqual(t, spilled(fmt.Sprintf("%v", struct{ m Message }{*m})), 0, "no longer so: say it in SECURITY.md")
	}
}

type keeper struct{ m *Message }

func (k keeper) Format(s fmt.State, verb rune) { k.m.Format(s, verb) }
