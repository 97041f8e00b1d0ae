package oda

import (
	"crypto/fips140"
	"crypto/sha1"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
)

const testPAN = "6228480012345678"

var today = emv.Date{Year: 2026, Month: 11, Day: 23}

// issue returns a test card's objects, the static data they are over and the key it signs with.
func issue(t testing.TB) (*TestPKI, emv.TLV, []byte, KeyPair) {
	t.Helper()
	p, err := NewTestPKI(emv.RIDUnionPay, testPAN[:6])
	require.NoError(t, err)
	static := []byte("\x5A\x08\x62\x28\x48\x00\x12\x34\x56\x78\x5F\x24\x03\x49\x12\x31")
	d := p.AppendIssuer(nil)
	d, err = p.AppendStatic(d, [2]byte{0xBE, 0xEF}, static)
	require.NoError(t, err)
	d, icc, err := p.AppendICC(d, testPAN, static)
	require.NoError(t, err)
	return p, d, static, icc
}

func get(d emv.TLV, t emv.Tag) []byte {
	v, _ := d.Get(t)
	return v
}

func TestIssuedCardAuthenticates(t *testing.T) {
	p, d, static, pair := issue(t)
	issuer, err := RecoverIssuer(p.CA, get(d, 0x90), get(d, 0x92), get(d, 0x9F32))
	require.NoError(t, err)
	require.Equal(t, p.Issuer, issuer)
	require.NoError(t, issuer.Check(testPAN, today, nil))
	dac, err := VerifySDA(issuer.PublicKey, get(d, 0x93), static)
	require.NoError(t, err)
	require.Equal(t, [2]byte{0xBE, 0xEF}, dac)
	icc, err := RecoverICC(issuer.PublicKey, get(d, 0x9F46), get(d, 0x9F48), get(d, 0x9F47), static)
	require.NoError(t, err)
	require.NoError(t, icc.Check(testPAN, today))
	require.Equal(t, pair.Public(), icc.PublicKey)

	for length := 2; length <= 8; length++ {
		idn := []byte("12345678")[:length]
		sdad, err := SignDynamic(pair, idn, []byte{1, 2, 3, 4})
		require.NoError(t, err)
		got, err := VerifyDDA(icc.PublicKey, sdad, []byte{1, 2, 3, 4})
		require.NoError(t, err)
		require.Equal(t, idn, got)
		_, err = VerifyDDA(icc.PublicKey, sdad, []byte{1, 2, 3, 5})
		require.ErrorIs(t, err, ErrHash)
	}
	cda := CDA{Number: [4]byte{1, 2, 3, 4}, CID: 0x80, Transaction: []byte("transaction")}
	cda.SDAD, err = SignCDA(pair, []byte{5, 6}, [8]byte{7}, cda)
	require.NoError(t, err)
	r, err := VerifyCDA(icc.PublicKey, cda)
	require.NoError(t, err)
	require.Equal(t, CDAResult{[]byte{5, 6}, [8]byte{7}}, r)
	cda.Transaction = []byte("another")
	_, err = VerifyCDA(icc.PublicKey, cda)
	require.ErrorIs(t, err, ErrHash)
	for _, idn := range [][]byte{{1}, make([]byte, 9)} {
		_, err = SignDynamic(pair, idn, nil)
		require.ErrorIs(t, err, ErrLength)
		_, err = SignCDA(pair, idn, [8]byte{}, cda)
		require.ErrorIs(t, err, ErrLength)
	}
}

// TestRemainders holds that keys of every length go into certificates of every length and come back: with filling, with
// nothing, with a remainder.
func TestRemainders(t *testing.T) {
	ca, issuer, _ := testKeys()
	caKey := CAKey{emv.RIDVisa, 1, ca.public}
	for _, size := range []int{64, 96, 128, 149, 150, 151, 176, 205, 211, 212, 213, 248, 255} { // 150 and 212 fit exactly
		key := PublicKey{slices.Repeat([]byte{0xC1}, size), exponent65537}
		c := IssuerCertificate{PublicKey: key, RID: emv.RIDVisa, Index: 1, Identifier: "476173", Expiry: testExpiry, Serial: [3]byte{1, 2, 3}}
		cert, remainder, err := IssueIssuer(ca, c)
		require.NoError(t, err)
		require.Len(t, cert, len(ca.public.Modulus))
		require.Len(t, remainder, max(0, size-(len(cert)-36)))
		got, err := RecoverIssuer(caKey, cert, remainder, exponent65537)
		require.NoError(t, err)
		require.Equal(t, c, got)

		icc := ICCCertificate{PublicKey: key, PAN: "4761739001010010", Expiry: testExpiry, Serial: [3]byte{4, 5, 6}}
		cert, remainder, err = IssueICC(issuer, icc, []byte("static"))
		require.NoError(t, err)
		require.Len(t, remainder, max(0, size-(len(cert)-42)))
		gotICC, err := RecoverICC(issuer.public, cert, remainder, exponent65537, []byte("static"))
		require.NoError(t, err)
		require.Equal(t, icc, gotICC)
		_, err = RecoverICC(issuer.public, cert, append(remainder, 0), exponent65537, []byte("static"))
		require.ErrorIs(t, err, ErrLength)
	}
}

func TestCertificatesRefused(t *testing.T) {
	p, d, static, _ := issue(t)
	cert, remainder, exponent := get(d, 0x90), get(d, 0x92), get(d, 0x9F32)
	for name, c := range map[string]struct {
		cert, exponent []byte
		want           error
	}{
		"short":             {cert[1:], exponent, ErrLength},
		"long":              {append([]byte{0}, cert...), exponent, ErrLength},
		"none":              {nil, exponent, ErrLength},
		"above the modulus": {slices.Repeat([]byte{0xFF}, len(cert)), exponent, ErrLength},
		"changed":           {append([]byte{cert[0] ^ 1}, cert[1:]...), exponent, ErrFormat},
		"other exponent":    {cert, exponent65537, ErrLength},
		"no exponent":       {cert, nil, ErrLength},
	} {
		_, err := RecoverIssuer(p.CA, c.cert, remainder, c.exponent)
		var fault *Error
		require.ErrorAs(t, err, &fault, name)
		require.ErrorIs(t, err, c.want, name)
	}
	_, err := RecoverIssuer(p.CA, cert, remainder, []byte{2})
	require.ErrorIs(t, err, ErrKey)
	_, err = RecoverIssuer(CAKey{}, cert, remainder, exponent)
	require.ErrorIs(t, err, ErrKey)
	_, err = RecoverICC(p.Issuer.PublicKey, get(d, 0x9F46), nil, get(d, 0x9F47), append(static, 0))
	require.ErrorIs(t, err, ErrHash)
	_, err = VerifySDA(p.Issuer.PublicKey, get(d, 0x9F46), static)
	require.Error(t, err)

	require.ErrorIs(t, p.Issuer.Check("6228490012345678", today, nil), ErrIssuer)
	require.ErrorIs(t, p.Issuer.Check(testPAN, emv.Date{Year: 2050, Month: 1, Day: 1}, nil), ErrExpired)
	listed := func(rid emv.RID, index byte, serial [3]byte) bool {
		return rid == emv.RIDUnionPay && index == testIndex && serial == [3]byte{0, 0, 1}
	}
	require.ErrorIs(t, p.Issuer.Check(testPAN, today, listed), ErrRevoked)
	icc := ICCCertificate{PAN: testPAN, Expiry: testExpiry}
	require.ErrorIs(t, icc.Check(testPAN[1:], today), ErrPAN)
	require.ErrorIs(t, icc.Check(testPAN, emv.Date{Year: 2050, Month: 1, Day: 1}), ErrExpired)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", icc, icc, icc), testPAN)
}

// TestMarks holds that header, format and trailer are looked at, under a hash that is right.
func TestMarks(t *testing.T) {
	plain := append([]byte{header, formatStatic, hashSHA1}, make([]byte, 125)...)
	good := rehash(formatStatic, plain)
	whole := slices.Concat([]byte{header}, good.body, good.hash, []byte{trailer})
	_, err := unwrap(formatStatic, whole)
	require.NoError(t, err)
	for _, at := range []int{0, 1, len(whole) - 1} {
		bad := slices.Clone(whole)
		bad[at] ^= 1
		_, err := unwrap(formatStatic, bad)
		require.ErrorIs(t, err, ErrFormat, at)
	}
}

func TestIssuingRefuses(t *testing.T) {
	ca, issuer, card := testKeys()
	good := IssuerCertificate{PublicKey: issuer.public, Identifier: "622848", Expiry: testExpiry}
	for _, id := range []string{"", "62", "622848001", "62284A"} {
		c := good
		c.Identifier = id
		_, _, err := IssueIssuer(ca, c)
		require.ErrorIs(t, err, ErrFormat, id)
	}
	c := good
	c.Expiry = emv.Date{}
	_, _, err := IssueIssuer(ca, c)
	require.ErrorIs(t, err, ErrFormat)
	c = good
	c.PublicKey = PublicKey{}
	_, _, err = IssueIssuer(ca, c)
	require.ErrorIs(t, err, ErrKey)
	_, _, err = IssueICC(KeyPair{}, ICCCertificate{PublicKey: card.public, PAN: testPAN, Expiry: testExpiry}, nil)
	require.Error(t, err)
	_, err = NewTestPKI(emv.RIDVisa, "47")
	require.ErrorIs(t, err, ErrFormat)
	p, err := NewTestPKI(emv.RIDVisa, "4761")
	require.NoError(t, err)
	_, _, err = p.AppendICC(nil, testPAN, nil)
	require.ErrorIs(t, err, ErrIssuer)
	_, err = SignStatic(KeyPair{}, [2]byte{}, nil)
	require.Error(t, err)
}

func TestStaticData(t *testing.T) {
	afl := emv.AFL{0x08, 1, 2, 1, 0x60, 1, 1, 1} // SFI 1 records 1 and 2, the first signed; SFI 12 record 1
	records := map[[2]int][]byte{{1, 1}: {0x70, 3, 0x5A, 1, 0x62}, {1, 2}: {0x70, 3, 0x5F, 0x50, 0}, {12, 1}: {0x70, 3, 0x9F, 0x4D, 0}}
	record := func(r emv.RecordRef) ([]byte, bool) { b, ok := records[[2]int{r.SFI, r.Record}]; return b, ok }
	aip := emv.AIP{0x39, 0}
	want := []byte{0x5A, 1, 0x62, 0x70, 3, 0x9F, 0x4D, 0}
	for _, c := range []struct {
		list, want []byte
	}{{nil, want}, {[]byte{0x82}, append(slices.Clone(want), 0x39, 0)}} {
		got, err := AppendStaticData([]byte{0xFF}, afl, record, c.list, aip)
		require.NoError(t, err)
		require.Equal(t, append([]byte{0xFF}, c.want...), got)
	}
	for _, list := range [][]byte{{}, {0x9F, 0x36}, {0x82, 0x82}} {
		got, err := AppendStaticData([]byte{1}, afl, record, list, aip)
		require.ErrorIs(t, err, ErrFormat)
		require.Equal(t, []byte{1}, got)
	}
	for _, bad := range [][]byte{nil, {0x71, 0}, {0x70, 1}, {0x70, 0, 0x5A}} {
		records[[2]int{1, 1}] = bad
		_, err := AppendStaticData(nil, afl, record, nil, aip)
		require.ErrorIs(t, err, ErrFormat)
	}
	delete(records, [2]int{1, 1})
	_, err := AppendStaticData(nil, afl, record, nil, aip)
	require.ErrorIs(t, err, ErrMissing)
}

// TestStaticDataOfFilesWithoutATemplate: up to file 10 the template 70 is left out, from file 11 on it is signed too.
func TestStaticDataOfFilesWithoutATemplate(t *testing.T) {
	record := func(emv.RecordRef) ([]byte, bool) { return []byte{0x70, 3, 0x5A, 1, 0x62}, true }
	for sfi := byte(1); sfi <= 30; sfi++ {
		want := []byte{0x70, 3, 0x5A, 1, 0x62}
		if sfi <= 10 {
			want = want[2:]
		}
		got, err := AppendStaticData(nil, emv.AFL{sfi << 3, 1, 1, 1}, record, nil, emv.AIP{})
		require.NoError(t, err)
		require.Equal(t, want, got, "file %d", sfi)
	}
}

func TestEncipheredPIN(t *testing.T) {
	_, _, _, pair := issue(t)
	block, challenge := [8]byte{0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
	first, err := EncipherPIN(pair.Public(), block, challenge)
	require.NoError(t, err)
	next, err := EncipherPIN(pair.Public(), block, challenge)
	require.NoError(t, err)
	require.NotEqual(t, first, next)
	got, err := pair.DecipherPIN(first, challenge)
	require.NoError(t, err)
	require.Equal(t, block, got)
	_, err = pair.DecipherPIN(first, [8]byte{})
	require.ErrorIs(t, err, ErrFormat)
	_, err = pair.DecipherPIN(first[1:], challenge)
	require.ErrorIs(t, err, ErrFormat)
	_, err = EncipherPIN(PublicKey{}, block, challenge)
	require.ErrorIs(t, err, ErrKey)
	for header, want := range map[byte]error{pinHeader: nil, 0x7E: ErrFormat, 0x00: ErrFormat} { // all else as it should be
		plain := plainPIN(block, challenge, make([]byte, len(pair.public.Modulus)-pinFixed))
		plain[0] = header
		enciphered, err := pair.public.apply(plain)
		require.NoError(t, err)
		_, err = pair.DecipherPIN(enciphered, challenge)
		require.ErrorIs(t, err, want, "%02X", header)
	}
}

func TestKeyPairs(t *testing.T) {
	for _, k := range slices.Collect(func(yield func(KeyPair) bool) {
		ca, issuer, card := testKeys()
		_ = yield(ca) && yield(issuer) && yield(card)
	}) {
		same, err := NewKeyPair(k.public.Modulus, k.public.Exponent, k.private)
		require.NoError(t, err)
		require.Equal(t, k, same)
		_, err = NewKeyPair(k.public.Modulus, k.public.Exponent, k.private[1:])
		require.ErrorIs(t, err, ErrKey)
		private := new(big.Int).SetBytes(k.private).String()
		require.NotContains(t, fmt.Sprintf("%v %+v %#v %x %d", k, k, k, k, k), private[:8])
		require.Equal(t, "KeyPair(hidden)", fmt.Sprintf("%x", k))
	}
	k, err := GenerateKeyPair(512)
	require.NoError(t, err)
	_, err = NewKeyPair(k.public.Modulus, k.public.Exponent, k.private)
	require.NoError(t, err)
	for _, bits := range []int{0, 504, 520, 2056} {
		_, err = GenerateKeyPair(bits)
		require.ErrorIs(t, err, ErrKey)
	}
	_, err = NewKeyPair(nil, nil, nil)
	require.ErrorIs(t, err, ErrKey)
}

func TestCAKeys(t *testing.T) {
	var none *CAKeys
	_, ok := none.Find(emv.RIDVisa, 1)
	require.False(t, ok)
	var keys CAKeys
	keys.Add(CAKey{RID: emv.RIDVisa, Index: 1})
	keys.Add(CAKey{RID: emv.RIDVisa, Index: 1, PublicKey: PublicKey{Modulus: []byte{1}}})
	k, ok := keys.Find(emv.RIDVisa, 1)
	require.True(t, ok)
	require.Equal(t, []byte{1}, k.Modulus)
	_, ok = keys.Find(emv.RIDVisa, 2)
	require.False(t, ok)
	require.Len(t, keys.keys, 1, "in place of the one before")
	keys.Add(CAKey{RID: emv.RIDVisa, Index: 2, PublicKey: PublicKey{Modulus: []byte{2}}})
	keys.Add(CAKey{RID: emv.RIDUnionPay, Index: 1, PublicKey: PublicKey{Modulus: []byte{3}}})
	for modulus, c := range map[byte]CAKey{1: {RID: emv.RIDVisa, Index: 1}, 2: {RID: emv.RIDVisa, Index: 2}, 3: {RID: emv.RIDUnionPay, Index: 1}} {
		k, ok := keys.Find(c.RID, c.Index)
		require.True(t, ok)
		require.Equal(t, []byte{modulus}, k.Modulus)
	}
}

// TestFIPS runs itself in FIPS 140 mode, where SHA-1 panics: nothing here may come so far.
func TestFIPS(t *testing.T) {
	if !fips140.Enforced() {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFIPS$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG=fips140=only")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "PASS: TestFIPS")
		return
	}
	ca, issuer, card := testKeys()
	key := CAKey{emv.RIDVisa, 1, ca.public}
	signature := make([]byte, len(card.public.Modulus))
	for name, err := range map[string]error{
		"checksum": second(key.Checksum()), "new key": second(NewCAKey(key.RID, 1, key.Modulus, key.Exponent, nil)),
		"issuer": second(RecoverIssuer(key, signature, nil, exponent3)), "icc": second(RecoverICC(issuer.public, signature, nil, exponent3, nil)),
		"sda": second(VerifySDA(card.public, signature, nil)), "dda": second(VerifyDDA(card.public, signature, nil)),
		"cda": second(VerifyCDA(card.public, CDA{SDAD: signature})), "sign": second(SignCDA(card, []byte{1, 2}, [8]byte{}, CDA{})),
		"pki": second(NewTestPKI(emv.RIDVisa, "476173")), "pin": second(EncipherPIN(card.public, [8]byte{}, [8]byte{})),
	} {
		require.ErrorIs(t, err, crypto.ErrFIPS, name)
	}
	expiry := emv.Date{Year: 2030, Month: 12, Day: 31}
	cert, _, err := IssueIssuer(ca, IssuerCertificate{PublicKey: issuer.public, Identifier: "476173", Expiry: expiry})
	require.ErrorIs(t, err, crypto.ErrFIPS)
	require.Nil(t, cert)
	cert, _, err = IssueICC(issuer, ICCCertificate{PublicKey: card.public, PAN: "4761739001010010", Expiry: expiry}, nil)
	require.ErrorIs(t, err, crypto.ErrFIPS)
	require.Nil(t, cert)
}

func second[T any](_ T, err error) error { return err }

// FuzzCertificate holds that no bytes panic or pass for more than they are. With the exponent 3 anybody can try what a
// signature recovers to, so the fuzzer's bytes go in below the signature, with the right hash put in: what parses then
// must keep its promises.
func FuzzCertificate(f *testing.F) {
	p, d, static, _ := issue(f)
	for _, c := range []struct {
		key                 PublicKey
		tag, rest, exponent emv.Tag
	}{{p.CA.PublicKey, 0x90, 0x92, 0x9F32}, {p.Issuer.PublicKey, 0x9F46, 0x9F48, 0x9F47}, {p.Issuer.PublicKey, 0x93, 0, 0x9F47}} {
		plain, err := c.key.apply(get(d, c.tag))
		require.NoError(f, err)
		f.Add(plain, get(d, c.rest), get(d, c.exponent), static)
	}
	dynamic := append([]byte{header, formatDynamic, hashSHA1, 38, 8}, make([]byte, 80)...)
	f.Add(dynamic, []byte{}, []byte{}, []byte{1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, plain, remainder, exponent, static []byte) {
		_, _ = RecoverIssuer(p.CA, plain, remainder, exponent)
		_, _ = RecoverICC(p.Issuer.PublicKey, plain, remainder, exponent, static)
		if len(plain) < minimumModulus || len(plain) > maximumModulus {
			return
		}
		fuzzCertificate(t, plain, remainder, exponent, static)
		fuzzSignature(t, plain, static)
	})
}

// rehash puts the hash of the data into recovered bytes, and the marks around them.
func rehash(format byte, plain []byte, data ...[]byte) signed {
	plain = slices.Clone(plain)
	end := len(plain) - 1
	plain[0], plain[1], plain[end] = header, format, trailer
	h := sha1.New()
	h.Write(plain[1 : end-hashSize])
	for _, d := range data {
		h.Write(d)
	}
	copy(plain[end-hashSize:], h.Sum(nil))
	s, _ := unwrap(format, plain)
	return s
}

func fuzzCertificate(t *testing.T, plain, remainder, exponent, static []byte) {
	s := rehash(formatICC, plain, remainder, exponent, static)
	c, err := s.certificate(iccHolder, remainder, exponent)
	if err != nil {
		return
	}
	require.NoError(t, c.verify(static))
	require.NoError(t, c.Validate())
	require.ErrorIs(t, c.verify(append(slices.Clone(static), 0)), ErrHash)
	icc, err := c.icc()
	if err != nil {
		return
	}
	require.NotEmpty(t, icc.PAN)
	require.LessOrEqual(t, len(icc.PAN), 20)
	id, err := packHolder(icc.PAN, iccHolder)
	require.NoError(t, err)
	require.Equal(t, c.holder, id)
	require.NoError(t, icc.Check(icc.PAN, icc.Expiry))
}

func fuzzSignature(t *testing.T, plain, data []byte) {
	_, _ = rehash(formatStatic, plain, data).static(data)
	dynamic, err := rehash(formatDynamic, plain, data).dynamic(data)
	if err != nil {
		return
	}
	if idn, _, err := dynamicNumber(dynamic); err == nil {
		require.True(t, len(idn) >= 2 && len(idn) <= 8)
	}
	_, err = CDA{Transaction: data, CID: 0x80}.check(dynamic)
	if err == nil {
		require.GreaterOrEqual(t, len(dynamic), 1+2+1+8+hashSize)
	}
}
