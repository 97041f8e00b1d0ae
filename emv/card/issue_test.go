package card_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/emv/oda"
)

// TestBordersOfConfigurations holds the shortest and longest of everything that has a length.
func TestBordersOfConfigurations(t *testing.T) {
	set := map[string]func(c *card.Config, n int){
		"AID":         func(c *card.Config, n int) { c.AID = append(unhex("A000000333"), make([]byte, 20)...)[:n] },
		"PAN":         func(c *card.Config, n int) { c.PAN = "622848" + strings.Repeat("1", n-6) },
		"PIN":         func(c *card.Config, n int) { c.PIN = strings.Repeat("1", n) },
		"name":        func(c *card.Config, n int) { c.Name = strings.Repeat("A", n) },
		"label":       func(c *card.Config, n int) { c.Label = strings.Repeat("A", n) },
		"further AID": func(c *card.Config, n int) { c.More = []card.Entry{{AID: make([]byte, n)}} },
		"further label": func(c *card.Config, n int) {
			c.More = []card.Entry{{AID: make([]byte, 5), Label: strings.Repeat("A", n)}}
		},
		"sequence":     func(c *card.Config, n int) { c.Sequence = strings.Repeat("1", n) },
		"service code": func(c *card.Config, n int) { c.ServiceCode = strings.Repeat("1", n) },
		"country":      func(c *card.Config, n int) { c.Country = uint16(n) },
	}
	for name, limits := range map[string][2]int{
		"AID": {5, 16}, "PAN": {12, 19}, "PIN": {4, 12}, "name": {2, 26}, "label": {1, 16}, "further AID": {5, 16},
		"further label": {0, 16}, "sequence": {2, 2}, "service code": {3, 3}, "country": {1, 999},
	} {
		for n := max(limits[0]-1, 1); n <= limits[1]+1; n++ {
			config := card.Config{AID: unionPayDebit, PAN: "6228480012345678", Expiry: expiry, Keys: card.Keys{Cryptogram: imk(t, crypto.TDES)}}
			set[name](&config, n)
			_, err := card.New(config)
			if n >= limits[0] && n <= limits[1] {
				require.NoError(t, err, "%s of %d", name, n)
			} else {
				require.ErrorIs(t, err, card.ErrConfig, "%s of %d", name, n)
			}
		}
	}
	for name, change := range map[string]func(*card.Config){
		"PAN":          func(c *card.Config) { c.PAN = "62284800123456:8" },
		"PIN":          func(c *card.Config) { c.PIN = "12/4" },
		"sequence":     func(c *card.Config) { c.Sequence = "A1" },
		"service code": func(c *card.Config) { c.ServiceCode = "2:1" },
	} {
		config := card.Config{AID: unionPayDebit, PAN: "6228480012345678", Expiry: expiry, Keys: card.Keys{Cryptogram: imk(t, crypto.TDES)}}
		change(&config)
		_, err := card.New(config)
		require.ErrorIs(t, err, card.ErrConfig, name)
	}
	config := card.Config{AID: unionPayDebit, PAN: "6228480012345678", Expiry: expiry, Keys: card.Keys{Cryptogram: imk(t, crypto.TDES)}}
	config.Keys.Confidentiality = keyOf(t, "E1", crypto.AES)
	_, err := card.New(config)
	require.ErrorIs(t, err, crypto.ErrUsage, "a key of another cipher")
	config.Keys.Confidentiality, config.Keys.Integrity = crypto.IMK{}, keyOf(t, "E2", crypto.SM4)
	_, err = card.New(config)
	require.ErrorIs(t, err, crypto.ErrUsage)
}

// TestObjectsThatAreTheCardsAffair: what the card gives in another place cannot be set, whatever its value.
func TestObjectsThatAreTheCardsAffair(t *testing.T) {
	for tag, want := range map[emv.Tag]error{
		0x8C: card.ErrConfig, 0x8D: card.ErrConfig, 0x82: card.ErrConfig, 0x94: card.ErrConfig, 0x57: card.ErrConfig,
		0x84: card.ErrConfig, 0x50: card.ErrConfig, 0x87: card.ErrConfig, 0x9F38: card.ErrConfig, 0x5F20: card.ErrConfig,
		0x8F: card.ErrConfig, 0x90: card.ErrConfig, 0x92: card.ErrConfig, 0x93: card.ErrConfig, 0x9F32: card.ErrConfig,
		0x9F46: card.ErrConfig, 0x9F47: card.ErrConfig, 0x9F48: card.ErrConfig, 0x9F4B: card.ErrConfig, 0x9F69: card.ErrConfig,
		0x9F10: card.ErrConfig, 0x9F26: card.ErrConfig, 0x9F27: card.ErrConfig, 0x9F36: card.ErrConfig, 0x9F6C: card.ErrConfig,
		0x5F25: nil, 0x9F0D: nil, 0x9F14: nil, 0xDF01: nil,
	} {
		for _, value := range [][]byte{nil, {1}} {
			_, err := card.New(card.Config{
				AID: unionPayDebit, PAN: "6228480012345678", Expiry: expiry, Keys: card.Keys{Cryptogram: imk(t, crypto.TDES)},
				Data: emv.AppendTLV(nil, tag, value),
			})
			require.ErrorIs(t, err, want, tag)
		}
	}
}

// TestIssuerApplicationData holds the data of the usual cards of each scheme after the first and the second cryptogram:
// what the card gave stands in the CVR.
func TestIssuerApplicationData(t *testing.T) {
	for kind, want := range map[string][2]string{
		"UnionPay":      {"07010103A0000001", "0701010360000001"},
		"UnionPay SM4":  {"07010103A0000004", "0701010360000004"},
		"Visa 18":       {"06011203A00000", "06011203600000"},
		"Mastercard":    {"0114A0000000000000000000000000000000", "011460000000000000000000000000000000"},
		"Amex":          {"06010103A00000", "06010103600000"},
		"Mastercard 10": {"0110A00000000000000000000000000000FF", "0110600000000000000000000000000000FF"},
	} {
		t.Run(kind, func(t *testing.T) {
			c, _, _ := newCard(t, kind, nil)
			r := begin(t, c, kind)
			iad, _ := r.Value(0x9F10)
			require.Equal(t, unhex(want[0]), iad)
			_, err := r.Complete(emv.TC, emv.ARCUnableOnlineApproved, nil)
			require.NoError(t, err)
			iad, _ = r.Value(0x9F10)
			require.Equal(t, unhex(want[1]), iad)
		})
	}
	c, _, _ := newCard(t, "UnionPay", nil)
	r := begin(t, c, "UnionPay")
	_, err := r.Complete(emv.AAC, emv.ARCUnableOnlineDeclined, nil)
	require.NoError(t, err)
	iad, _ := r.Value(0x9F10)
	require.Equal(t, unhex("0701010320000001"), iad, "an AAC after an ARQC")
}

// TestVerdictIsTheCallers: whatever the code of the host, the card is asked for what the caller makes of it, and hears the
// code. UnionPay approves with 16, A2 and A4 to A6, too.
func TestVerdictIsTheCallers(t *testing.T) {
	for _, code := range []string{"00", "08", "10", "11", "16", "A2", "A4", "A5", "A6", "51", "Y3", "Z3"} {
		for _, verdict := range []emv.CryptogramType{emv.TC, emv.AAC} {
			c, b := scripted(t, "UnionPay", nil)
			r := begin(t, c, "UnionPay")
			asked, honest := emv.AAR, r.Transmit
			r.Transmit = func(command []byte) []byte {
				if command[1] == 0xAE {
					asked = emv.CryptogramType(command[2] >> 6)
				}
				return honest(command)
			}
			cid, err := r.Complete(verdict, emv.ARC([]byte(code)), b.answer(t, r))
			require.NoError(t, err)
			require.Equal(t, verdict, cid.Type(), code)
			require.Equal(t, verdict, asked)
			told, _ := r.Value(0x8A)
			require.Equal(t, code, string(told))
		}
	}
}

// TestLimitsThatScriptsChange goes through the data that PUT DATA may change.
func TestLimitsThatScriptsChange(t *testing.T) {
	allowed := map[uint16]bool{}
	for _, tag := range []uint16{0x9F14, 0x9F23, 0x9F53, 0x9F54, 0x9F58, 0x9F59, 0x9F5C, 0x9F6B, 0x9F6D, 0x9F77, 0x9F78, 0x9F79} {
		allowed[tag] = true
	}
	for tag := uint16(0x9F10); tag < 0x9F80; tag++ {
		c, b := scripted(t, "UnionPay", nil)
		r := begin(t, c, "UnionPay")
		_, err := r.Complete(emv.TC, done, b.answer(t, r, plain(0xDA, byte(tag>>8), byte(tag), 0xAB, 0xCD)))
		require.NoError(t, err)
		require.Equal(t, allowed[tag], results(t, r)[0].Outcome() == emv.ScriptSuccessful, "%04X", tag)
		if allowed[tag] {
			require.NoError(t, r.Get(emv.Tag(tag)))
			v, _ := r.Value(emv.Tag(tag))
			require.Equal(t, unhex("ABCD"), v)
		}
	}
}

// TestCountersOfTwoOctets: the counter of transactions and that of the last one online count past 255.
func TestCountersOfTwoOctets(t *testing.T) {
	c, b := scripted(t, "UnionPay", nil)
	for range 0x0102 {
		reader(t, c, "UnionPay")
	}
	r := begin(t, c, "UnionPay")
	response, _ := b.answer(t, r).Get(0x91)
	require.NoError(t, r.ExternalAuthenticate(response))
	reader(t, c, "UnionPay")
	require.Equal(t, unhex("9F360201049000"), c.Transmit(unhex("80CA9F3600")))
	require.Equal(t, unhex("9F130201039000"), c.Transmit(unhex("80CA9F1300")))
}

// TestCounterThatIsFull: a card whose counter has come to its end begins no transaction, so that no counter comes twice.
func TestCounterThatIsFull(t *testing.T) {
	c, _, _ := newCard(t, "UnionPay", func(c *card.Config) { c.PKI = nil })
	selection, options := append(unhex("00A4040008"), unionPayDebit...), unhex("80A80000028300")
	begin := func() uint16 {
		c.Transmit(selection)
		return sw(c.Transmit(options))
	}
	for n := range 0xFFFF {
		if begin() != 0x9000 {
			require.Fail(t, "refused", "transaction %d", n+1)
		}
	}
	for range 2 {
		require.Equal(t, uint16(0x6985), begin())
		require.Equal(t, unhex("9F3602FFFF9000"), c.Transmit(unhex("80CA9F3600")))
	}
}

// brokenRandom gives so many bytes and then an error.
type brokenRandom struct{ left int }

func (r *brokenRandom) Read(b []byte) (int, error) {
	if r.left < len(b) {
		return 0, errors.New("broken")
	}
	r.left -= len(b)
	return len(b), nil
}

// TestWithoutRandomness: a card whose source fails gives no signature and no challenge.
func TestWithoutRandomness(t *testing.T) {
	broken := func(c *card.Config) { c.Random, c.PIN, c.OfflineLimit = &brokenRandom{}, "1234", 5000 }
	c, _, pki := newCard(t, "UnionPay", broken)
	r := reader(t, c, "UnionPay")
	var keys oda.CAKeys
	keys.Add(pki.CA)
	requireStatus(t, 0x6F00, r.Authenticate(&keys, today))
	requireStatus(t, 0x6F00, r.VerifyEncipheredPIN([8]byte(unhex("241234FFFFFFFFFF"))))
	_, err := r.GenerateCombinedAC(emv.TC)
	requireStatus(t, 0x6F00, err)
	_, _, _, err = tapped(t, "UnionPay", emv.TTQ{0x36, 0, 0, 0x80}, broken)
	requireStatus(t, 0x6F00, err)
}

// TestReaderPassesStatusesOn: whatever command the card refuses, the caller hears of it.
func TestReaderPassesStatusesOn(t *testing.T) {
	var keys oda.CAKeys
	keys.Add(testPKI(t, emv.RIDUnionPay, "622848").CA)
	pin := [8]byte(unhex("26123456FFFFFFFF"))
	steps := map[byte]func(r *card.Reader) error{
		0xA8: func(r *card.Reader) error { return r.Start() },
		0xB2: func(r *card.Reader) error { return r.Start() },
		0x88: func(r *card.Reader) error { return r.Authenticate(&keys, today) },
		0x84: func(r *card.Reader) error { return r.VerifyEncipheredPIN(pin) },
		0x20: func(r *card.Reader) error { return r.VerifyEncipheredPIN(pin) },
		0xCA: func(r *card.Reader) error { return r.Get(0x9F17) },
		0xAE: func(r *card.Reader) error { _, err := r.GenerateCombinedAC(emv.ARQC); return err },
		0xA4: func(r *card.Reader) error { return r.Select(unionPayDebit) },
	}
	for ins, step := range steps {
		t.Run(fmt.Sprintf("%02X", ins), func(t *testing.T) {
			c, _ := scripted(t, "UnionPay", nil)
			r := reader(t, c, "UnionPay")
			require.NoError(t, r.Authenticate(&keys, today))
			honest := r.Transmit
			r.Transmit = func(command []byte) []byte {
				if command[1] == ins {
					return []byte{0x6A, 0x80}
				}
				return honest(command)
			}
			if ins == 0xB2 {
				require.NoError(t, r.Select(unionPayDebit))
			}
			requireStatus(t, 0x6A80, step(r))
		})
	}
	// In the second half of a transaction.
	c, b := scripted(t, "UnionPay", nil)
	r := begin(t, c, "UnionPay")
	answer := b.answer(t, r)
	honest := r.Transmit
	refuse := byte(0xAE)
	r.Transmit = func(command []byte) []byte {
		if command[1] == refuse {
			return []byte{0x6A, 0x80}
		}
		return honest(command)
	}
	cid, err := r.Complete(emv.TC, done, answer)
	requireStatus(t, 0x6A80, err)
	require.Zero(t, cid)
	r.Transmit = func([]byte) []byte { return nil }
	_, err = r.Complete(emv.TC, done, answer)
	require.ErrorIs(t, err, card.ErrResponse)
	require.ErrorIs(t, r.Get(0x9F36), card.ErrResponse)
	_, _, tap, err := tapped(t, "UnionPay", emv.TTQ{0x36, 0, 0x80}, nil)
	require.NoError(t, err)
	tap.Transmit = func([]byte) []byte { return []byte{0x6A, 0x82} }
	_, err = tap.Complete(emv.TC, done, answer)
	requireStatus(t, 0x6A82, err)
	tap.Transmit = func(command []byte) []byte {
		if command[1] == 0x82 {
			return nil
		}
		return []byte{0x90, 0x00}
	}
	_, err = tap.Complete(emv.TC, done, answer)
	require.ErrorIs(t, err, card.ErrResponse)
}

// TestListsThatAreNone: a card whose lists of data objects cannot be read gets no data.
func TestListsThatAreNone(t *testing.T) {
	var keys oda.CAKeys
	keys.Add(testPKI(t, emv.RIDUnionPay, "622848").CA)
	for tag, step := range map[emv.Tag]func(r *card.Reader) error{
		0x8C:   func(r *card.Reader) error { _, err := r.GenerateAC(emv.ARQC); return err },
		0x9F38: func(r *card.Reader) error { return r.Start() },
	} {
		r := &card.Reader{Transmit: func(command []byte) []byte {
			d := emv.AppendTLV(emv.AppendTLV(nil, 0x84, unionPayDebit), tag, unhex("9F"))
			return append(emv.AppendTLV(nil, 0x6F, d), 0x90, 0)
		}}
		require.NoError(t, r.Select(unionPayDebit))
		r.Transmit = func([]byte) []byte { require.Fail(t, "nothing is sent"); return nil }
		require.ErrorIs(t, step(r), emv.ErrTruncated)
	}
}

// TestShortCommands holds the answers to commands of no and of few octets.
func TestShortCommands(t *testing.T) {
	c, _, _ := newCard(t, "UnionPay", nil)
	for command, want := range map[string]uint16{
		"": 0x6700, "00": 0x6700, "00A404": 0x6700, "00A40400": 0x6A82, "00A4040000": 0x6A82, "00A404000200": 0x6700, "00A404000100": 0x6A82,
		"00A40400010000": 0x6A82, "00A4040001000000": 0x6700, "00A40400000000": 0x6700,
		"00840000": 0x6985, "80CA9F36": 0x6985, "80A80000028300": 0x6985, "0088000000": 0x6985, "90840000": 0x6E00, "841E0000": 0x6985,
	} {
		require.Equal(t, fmt.Sprintf("%04X", want), fmt.Sprintf("%04X", sw(c.Transmit(unhex(command)))), command)
	}
	require.Equal(t, "Config(hidden)", fmt.Sprint(card.Config{PAN: "6228480012345678"}))
	require.Equal(t, cryptogram.UnionPay(), c.Profile())
}

// TestVerificationMethods holds the list of each kind of card: PIN by the card only where it has one, enciphered only
// where it has a key; then PIN online, signature, none.
func TestVerificationMethods(t *testing.T) {
	const online = "42035E031F00"
	for name, kind := range map[string]struct {
		change func(*card.Config)
		want   string
	}{
		"no PIN":             {nil, online},
		"PIN":                {func(c *card.Config) { c.PIN = "1234" }, "44034103" + online},
		"PIN, no key":        {func(c *card.Config) { c.PIN, c.PKI = "1234", nil }, "4103" + online},
		"PIN, does not sign": {func(c *card.Config) { c.PIN, c.StaticOnly = "1234", true }, "4103" + online},
	} {
		chip, _, _ := newCard(t, "UnionPay", kind.change)
		r := reader(t, chip, "UnionPay")
		list, _ := r.Value(0x8E)
		require.Equal(t, unhex("0000000000000000"+kind.want), list, name)
	}
}

// TestRecords holds how the card's data lie in its files: the holder's, then what is authenticated, each certificate in a
// record of its own that a response has room for.
func TestRecords(t *testing.T) {
	c, _, _ := newCard(t, "UnionPay", nil)
	r := reader(t, c, "UnionPay")
	afl, _ := r.Value(0x94)
	entries := emv.AFL(afl)
	var files []emv.AFLEntry
	for e := range entries.Entries() {
		files = append(files, e)
	}
	require.Equal(t, emv.AFLEntry{SFI: 1, First: 1, Last: 1}, files[0])
	require.Equal(t, 2, files[1].SFI)
	require.Equal(t, 1, files[1].ODA, "the record with the data, not those with the certificates")
	require.Equal(t, 5, files[1].Last, "data, three long objects, the short ones")
	long := 0
	for n := 1; n <= files[1].Last; n++ {
		record := c.Transmit([]byte{0, 0xB2, byte(n), 2<<3 | 4, 0})
		require.LessOrEqual(t, len(record), 256)
		inside, _ := emv.TLV(record[:len(record)-2]).Get(0x70)
		objects := 0
		for range inside.TLV().All() {
			objects++
		}
		if objects == 1 {
			long++
		}
	}
	require.Equal(t, 3, long)
}

// TestUnusablePKI: a card is not issued without its certificates.
func TestUnusablePKI(t *testing.T) {
	pki := &oda.TestPKI{CA: oda.CAKey{RID: emv.RIDUnionPay}}
	_, err := card.New(card.Config{
		AID: unionPayDebit, PAN: "6228480012345678", Expiry: expiry, PKI: pki, Keys: card.Keys{Cryptogram: imk(t, crypto.TDES)},
	})
	require.ErrorIs(t, err, oda.ErrLength)
}
