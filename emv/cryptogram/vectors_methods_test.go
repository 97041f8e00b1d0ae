package cryptogram

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
)

func checkKeyDerivation(t *testing.T, c *vector) {
	method := c.in.text("method")
	if strings.HasPrefix(method, "ICC master key option ") {
		checkDerivedCardKey(t, c, method)
		return
	}
	switch method {
	case "EMV common session key (also Mastercard SKD when r=ATC||0000||UN)":
		k, err := CommonSessionKey(cardKey(t, "E0", crypto.TDES, c.in.hex("mk")), c.in.hex("r"))
		require.NoError(t, err)
		requireDerived(t, c, k.Key(), true)
	case "EMV2000 tree session key":
		tree := Tree{Branch: c.in.number("branch"), Height: c.in.number("height"), IV: [16]byte(c.in.hex("iv"))}
		k, err := TreeSessionKey(cardKey(t, "E0", crypto.TDES, c.in.hex("mk")), c.in.uint16("atc"), tree)
		require.NoError(t, err)
		requireDerived(t, c, k.Key(), true)
	case "Visa secure-messaging session key":
		k, err := VisaSessionKey(cardKey(t, "E2", crypto.TDES, c.in.hex("mk")), c.in.uint16("atc"))
		require.NoError(t, err)
		requireDerived(t, c, k.Key(), true)
	case "Mastercard SM session key, R = AC + script number":
		r := binary.BigEndian.Uint64(c.in.hex("ac")) + uint64(c.in.number("n"))
		k, err := CommonSessionKey(cardKey(t, c.in.usage(), crypto.TDES, c.in.hex("mk")), binary.BigEndian.AppendUint64(nil, r))
		require.NoError(t, err)
		requireDerived(t, c, k.Key(), false) // published without odd parity
	case "option B decimalise":
		y := decimalize([20]byte(c.in.hex("sha1")))
		require.Equal(t, c.want.text("y"), hex.EncodeToString(y[:]))
	default:
		require.Fail(t, "unknown method", method)
	}
}

// requireDerived compares a key and, where the case has one, its check value.
func requireDerived(t *testing.T, c *vector, k crypto.Key, exact bool) {
	requireKey(t, c.want.hex("key"), k, exact)
	if !c.want.has("kcv") {
		return
	}
	require.NoError(t, k.CheckKCV(crypto.KCVLegacy, c.want.hex("kcv")))
}

func checkDerivedCardKey(t *testing.T, c *vector, method string) {
	option, a := options[method[22:23]], crypto.TDES
	if option == OptionC {
		a = crypto.AES
	}
	imk := issuerKey(t, c.in.usage(), a, c.in.hex("imk"))
	if c.in.has("y") { // the digits in place of the card: 14 of a PAN and the sequence number
		y := c.in.text("y")
		k, err := DeriveCardKey(imk, Card{PAN: crypto.Hide(y[:14]), Sequence: y[14:]}, option)
		require.NoError(t, err)
		requireDerived(t, c, k.Key(), true)
		return
	}
	k, err := DeriveCardKey(imk, c.in.card(), option)
	require.NoError(t, err)
	requireDerived(t, c, k.Key(), !strings.Contains(method, "no parity adjust"))
}

func checkCryptogram(t *testing.T, c *vector) {
	method := c.in.text("method")
	switch {
	case method == "Mastercard ICC dynamic number":
		c.in.ignore("how")
		idn, err := MChipDynamicNumber(cardKey(t, "E6", crypto.TDES, c.in.hex("sk")), c.in.uint16("atc"), c.in.bytes4("un"))
		require.NoError(t, err)
		require.Equal(t, c.want.bytes2("idn"), idn)
	case c.in.has("session"):
		checkJPOSCryptogram(t, c, method)
	case method == "application cryptogram (ISO 9797-1 alg 3)":
		padding := crypto.MACPadding(c.in.number("padding"))
		requireMAC(t, sessionKey(t, crypto.TDES, c.in.hex("sk")), padding, c.in.hex("data"), c.want.hex("ac"))
	case method == "ARPC method 1":
		arpc, err := ARPC1(sessionKey(t, crypto.TDES, c.in.hex("key")), c.in.bytes8("arqc"), c.in.bytes2("arc"))
		require.NoError(t, err)
		require.Equal(t, c.want.bytes8("arpc"), arpc)
	case method == "ARPC method 2":
		k := sessionKey(t, crypto.TDES, c.in.hex("key"))
		arpc, err := ARPC2(k, c.in.bytes8("arqc"), c.in.bytes4("csu"), c.in.hex("proprietary"))
		require.NoError(t, err)
		require.Equal(t, c.want.bytes4("arpc"), arpc)
	default:
		require.Fail(t, "unknown method", method)
	}
}

// checkJPOSCryptogram runs the whole way from the issuer's key. VSDC has no session key, CSKD the common one, MCHIP that
// of counter and unpredictable number.
func checkJPOSCryptogram(t *testing.T, c *vector, method string) {
	k, err := DeriveCardKey(issuerKey(t, "E0", crypto.TDES, c.in.hex("imk")), c.in.card(), c.in.option("mk_option"))
	require.NoError(t, err)
	counter, number := c.in.hex("atc"), c.in.hex("un")
	var s SessionKey
	switch session := c.in.text("session"); {
	case c.in.text("key_used") == "ICC master key", session == "VSDC":
		s, err = DirectKey(k)
	case session == "CSKD":
		s, err = CommonSessionKey(k, counter)
	case session == "MCHIP":
		s, err = CommonSessionKey(k, append(append(counter, 0, 0), number...))
	default:
		require.Fail(t, "unknown session", session)
	}
	require.NoError(t, err)
	require.Contains(t, []string{"", "ICC master key", "session key"}, c.in.text("key_used"))
	switch method {
	case "ARQC":
		requireMAC(t, s, crypto.MACPadding(c.in.number("padding")), c.in.hex("data"), c.want.hex("ac"))
	case "ARPC method 1":
		arpc, err := ARPC1(s, c.in.bytes8("arqc"), c.in.bytes2("arc"))
		require.NoError(t, err)
		require.Equal(t, c.want.bytes8("arpc"), arpc)
	case "ARPC method 2":
		arpc, err := ARPC2(s, c.in.bytes8("arqc"), c.in.bytes4("csu"), c.in.hex("proprietary"))
		require.NoError(t, err)
		require.Equal(t, c.want.bytes4("arpc"), arpc)
	default:
		require.Fail(t, "unknown method", method)
	}
}

func checkLimitedUse(t *testing.T, c *vector) {
	switch {
	case c.in.has("y"):
		require.Equal(t, "UDK option A", c.in.text("method"))
		y := c.in.text("y")
		k, err := DeriveCardKey(issuerKey(t, "E0", crypto.TDES, c.in.hex("imk")), Card{PAN: crypto.Hide(y[:14]), Sequence: y[14:]}, OptionA)
		require.NoError(t, err)
		requireKey(t, c.want.hex("udk"), k.Key(), true)
	case c.in.has("udk"):
		c.in.ignore("block_1", "block_2") // steps on the way
		digits := c.in.text("year") + c.in.text("hhhh") + c.in.text("cc")
		k, err := VisaLimitedUseKey(cardKey(t, "E0", crypto.TDES, c.in.hex("udk")), digits)
		require.NoError(t, err)
		requireKey(t, c.want.hex("luk"), k.Key(), false)
	default:
		s, err := DirectKey(cardKey(t, "E0", crypto.TDES, c.in.hex("luk")))
		require.NoError(t, err)
		requireMAC(t, s, crypto.MACPadding(c.in.number("padding")), c.in.hex("data"), c.want.hex("ac"))
	}
}

func checkPBOCAndAES(t *testing.T, c *vector) {
	switch {
	case c.in.has("arc_ascii"):
		c.in.ignore("session")
		checkUnionPay(t, c, crypto.TDES)
	case c.in.has("rules"):
		c.in.ignore("rules")
		checkUnionPay(t, c, crypto.SM4)
	case c.in.has("imk"):
		card := c.in.card()
		if c.in.has("y") {
			y, err := card.packed()
			require.NoError(t, err)
			require.Equal(t, c.in.hex("y"), y[:])
		}
		want := c.want.hex("mk")
		option := map[int]Derivation{16: OptionC128, 32: OptionC256}[len(want)]
		k, err := DeriveCardKey(issuerKey(t, "E0", crypto.AES, c.in.hex("imk")), card, option)
		require.NoError(t, err)
		requireKey(t, want, k.Key(), true)
	case c.in.has("r"):
		r := c.in.hex("r")
		require.Equal(t, make([]byte, 8), r[8:])
		k, err := CommonSessionKey(cardKey(t, "E0", crypto.AES, c.in.hex("mk")), r[:8])
		require.NoError(t, err)
		requireKey(t, c.want.hex("sk"), k.Key(), true)
	default:
		requireMAC(t, sessionKey(t, crypto.AES, c.in.hex("sk")), 0, c.in.hex("data"), c.want.hex("ac"))
	}
}

// checkUnionPay runs the way from the issuer's key to the ARPC.
func checkUnionPay(t *testing.T, c *vector, a crypto.Algorithm) {
	k, err := DeriveCardKey(issuerKey(t, "E0", a, c.in.hex("imk_ac")), c.in.card(), OptionA)
	require.NoError(t, err)
	s, err := UnionPaySessionKey(k, c.in.uint16("atc"))
	require.NoError(t, err)
	padding := crypto.Padding2
	if c.in.has("padding") {
		require.Equal(t, int(padding), c.in.number("padding"))
	}
	ac := requireMAC(t, s, padding, c.in.hex("data"), c.want.hex("arqc"))
	if a == crypto.TDES {
		arpc, err := ARPC1(s, ac, emv.ARC([]byte(c.in.text("arc_ascii"))))
		require.NoError(t, err)
		require.Equal(t, c.want.bytes8("arpc"), arpc)
		return
	}
	y, err := c.in.card().seed(OptionA)
	require.NoError(t, err)
	require.Equal(t, c.want.bytes8("y"), y)
	requireKey(t, c.want.hex("mk"), k.Key(), true)
	requireKey(t, c.want.hex("sk"), s.Key(), true)
	input := c.want.hex("arpc_input") // the request cryptogram with the response code "00" xored in, and zeros
	require.Equal(t, [2]byte{ac[0] ^ '0', ac[1] ^ '0'}, [2]byte(input))
	arpc, err := ARPC1(s, ac, emv.ARC{'0', '0'})
	require.NoError(t, err)
	require.Equal(t, "dc16134d6ff5cf97", hex.EncodeToString(arpc[:])) // from the case's note
}
