package payshield_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/payshield"
)

// yes is how the answers look that calls are content with.
var yes = map[string]*regexp.Regexp{
	"NC": regexp.MustCompile(`^ND00[0-9A-F]{16}[ -~]{9}$`),
	"NO": regexp.MustCompile(`^NP00[0-3][01]([0-9]{2}|[0-9]{4})[ -~]{14}$`),
	"B2": regexp.MustCompile(`^B300abc$`),
	"A0": regexp.MustCompile(`^A100([0-9A-F]{16}|Z[0-9A-F]{16}|[UX][0-9A-F]{32}|[TY][0-9A-F]{48}|[UXTY]?K[0-9]{3})[0-9A-F]{6}$`),
	"BU": regexp.MustCompile(`^BV00[0-9A-F]{6}$`),
	"HC": regexp.MustCompile(`^HD00X([0-9A-F]{32}|K[0-9]{3})([0-9A-F]{16}|Z[0-9A-F]{16}|[UX][0-9A-F]{32}|[TY][0-9A-F]{48}|[UXTY]?K[0-9]{3})$`),
	"CC": regexp.MustCompile(`^CD00(0[4-9]|1[0-2])[0-9A-F]{16}01$`),
	"EC": regexp.MustCompile(`^ED00$`),
	"FW": regexp.MustCompile(`^FX00[0-9]{4}$`),
	"CW": regexp.MustCompile(`^CX00[0-9]{3}$`),
	"CY": regexp.MustCompile(`^CZ00$`),
	"M6": regexp.MustCompile(`^M700[0-9A-F]{16}$`),
	"M8": regexp.MustCompile(`^M900$`),
	"EA": regexp.MustCompile(`^EB00$`),
	"BK": regexp.MustCompile(`^BL00[0-9]{4}FFFFFFFF$`),
	"KQ": regexp.MustCompile(`^KR00$`),
}

// FuzzReply gives the client any answer. It is content with those that look as they should, and with no other; a
// verification fails by 01 alone, whatever the device says behind it.
func FuzzReply(f *testing.F) {
	for command, c := range calls {
		f.Add(c.yes)
		f.Add(c.yes[:2] + "01")
		f.Add(c.yes[:2] + "20")
		require.NotNil(f, yes[command], command)
	}
	f.Add("ZZ68")
	f.Add("A100S00072K0TB00E0001FB8A4952BFE42179AB8D79A81943DF1FAD67CF015117EE8528E79900D4A3E8")
	f.Fuzz(func(t *testing.T, reply string) {
		c := answering(t, reply)
		for command, one := range calls {
			err := one.call(t, c)
			require.Equal(t, yes[command].MatchString(reply), err == nil, "%s: %v", command, err)
			require.Equal(t, verifies[command] && strings.HasPrefix(reply, one.yes[:2]+"01"), errors.Is(err, crypto.ErrVerify), command)
			var refusal *payshield.Error
			if err != nil && !errors.As(err, &refusal) {
				require.ErrorIs(t, err, payshield.ErrReply)
			}
		}
	})
}

// FuzzKey takes any text for a key, and frames for the function that matches answers.
func FuzzKey(f *testing.F) {
	for _, seed := range []string{"U1EF828AA8F6B80EB83E19FBC373F3A85", "BAB32D775A38E4AB", "S00016P0TB00N00FF", "K001", "0000CD00", "SSSSNC"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []payshield.KeyType{payshield.ZPK, payshield.KeyBlock} {
			k, err := payshield.NewKey(kind, crypto.MustAttributes("P0TB00N"), text)
			if err != nil {
				continue
			}
			back, err := k.AppendText(nil)
			require.NoError(t, err)
			require.Equal(t, text, string(back))
		}
		for _, o := range []payshield.Options{{}, {Header: 32}, {NoHeader: true, EBCDIC: true}} {
			key, _, err := o.KeyFunc()([]byte(text))
			if err == nil {
				require.Equal(t, text[:o.HeaderLength()], string(key[:o.HeaderLength()]))
			}
		}
	})
}
