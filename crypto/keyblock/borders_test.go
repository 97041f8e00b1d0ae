package keyblock_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
)

// headerOf is a header of version B with the text of optional blocks in it, whose length the cipher's block must divide.
func headerOf(count int, blocks string) []byte {
	return fmt.Appendf(nil, "B0000P0TE00N%02d00%s", count, blocks)
}

// Every way to write the length of an optional block, at both ends of what it can say.
func TestLengthsOfOptionalBlocks(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		text string
		data int // characters, -1 for a fault
	}{
		"no data":                           {"LB04" + "PB04", 0},
		"some":                              {"LB08" + x(4), 4},
		"the longest short one":             {"LBFF" + x(251) + "PB09" + x(5), 251},
		"extended, two digits":              {"LB000110" + x(8), 8},
		"extended, two digits, no data":     {"LB000108", 0},
		"extended, four digits":             {"LB00020010" + x(6), 6},
		"extended, four digits, no data":    {"LB0002000A" + "PB06" + x(2), 0},
		"extended by another count":         {"LB00040010" + x(6), 6},
		"extended though short":             {"LB00020100" + x(246), 246},
		"the longest":                       {"LB00021000" + x(4086), 4086},
		"shorter than its own head":         {"LB03xxxx", -1},
		"two digits, shorter than its head": {"LB000107" + x(8), -1},
		"four digits, shorter":              {"LB00020009" + x(6), -1},
		"longer than there is":              {"LB09" + x(4), -1},
		"extended, longer than there is":    {"LB00020011" + x(6), -1},
		"no extended digits":                {"LB0000" + x(2), -1},
		"three extended digits":             {"LB000300A" + x(7), -1},
		"the field cut":                     {"LB000", -1},
		"the digits cut, two":               {"LB00011", -1},
		"the digits cut, four":              {"LB0002001", -1},
		"lower case":                        {"LB0a" + x(6) + "PB06xx", -1},
		"nothing of it":                     {"", -1},
		"identifier only":                   {"LB0", -1},
	} {
		count := strings.Count(c.text, "LB") + strings.Count(c.text, "PB")
		h, err := keyblock.ParseHeader(headerOf(max(1, count), c.text), keyblock.Options{})
		if c.data < 0 {
			require.ErrorIs(t, err, keyblock.ErrBlock, name)
			continue
		}
		require.NoError(t, err, name)
		b, there := h.Optional("LB")
		require.True(t, there)
		require.Equal(t, x(c.data), b.Data, name)
	}
}

// Wrap writes the short form as long as it can, and what it writes is read again.
func TestShortAndExtended(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	for n, head := range map[int]string{0: "LB04", 1: "LB05", 251: "LBFF", 252: "LB00020106", 4000: "LB00020FAA"} {
		w := keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.Label(strings.Repeat("x", n))}}
		block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], w)
		require.NoError(t, err)
		require.Equal(t, head, string(block[16:16+len(head)]))
		h, err := keyblock.Parse(block, keyblock.Options{})
		require.NoError(t, err)
		b, _ := h.Optional("LB")
		require.Len(t, b.Data, n)
	}
}

// Which characters may stand in an identifier and in the data, to both sides of every border.
func TestCharactersOfOptionalBlocks(t *testing.T) {
	master, key := kbpk(t, 'D', unhex(t, aesHex)), every(t)["2TDEA"]
	accepts := func(b keyblock.Block) bool {
		_, err := keyblock.Wrap(nil, master, key, keyblock.Wrapping{Blocks: []keyblock.Block{b}})
		if err != nil {
			require.ErrorIs(t, err, keyblock.ErrWrapping)
		}
		_, parseErr := keyblock.ParseHeader(headerOf(1, b.ID+"08"+b.Data), keyblock.Options{})
		require.Equal(t, err == nil, parseErr == nil, "%q: read and written alike", b)
		return err == nil
	}
	for _, c := range []byte("09AZaz") {
		require.True(t, accepts(keyblock.Block{ID: string([]byte{c, 'Q'}), Data: "data"}), "%q", c)
		require.True(t, accepts(keyblock.Block{ID: string([]byte{'Q', c}), Data: "data"}), "%q", c)
	}
	for _, c := range []byte("/:@[`{") {
		require.False(t, accepts(keyblock.Block{ID: string([]byte{c, 'Q'}), Data: "data"}), "%q", c)
		require.False(t, accepts(keyblock.Block{ID: string([]byte{'Q', c}), Data: "data"}), "%q", c)
	}
	for c, want := range map[byte]bool{' ' - 1: false, ' ': true, '~': true, '~' + 1: false, 0: false, 0xff: false} {
		for at := range 4 {
			data := []byte("data")
			data[at] = c
			require.Equal(t, want, accepts(keyblock.Block{ID: "QQ", Data: string(data)}), "%q", data)
		}
	}
	for _, id := range []string{"", "Q", "QQQ"} {
		_, err := keyblock.Wrap(nil, master, key, keyblock.Wrapping{Blocks: []keyblock.Block{{ID: id, Data: "data"}}})
		require.ErrorIs(t, err, keyblock.ErrWrapping)
	}
}

// As many optional blocks as two digits can count, and no more.
func TestNumberOfOptionalBlocks(t *testing.T) {
	master, key := kbpk(t, 'D', unhex(t, aesHex)), every(t)["2TDEA"]
	for n, want := range map[int]error{99: nil, 100: keyblock.ErrWrapping} {
		w := keyblock.Wrapping{}
		for i := range n {
			data := strings.Repeat("x", 12) // a block of 16, so that no padding is added
			w.Blocks = append(w.Blocks, keyblock.Block{ID: fmt.Sprintf("%d%c", i/10%10, 'A'+i%10+10*(i/100)), Data: data})
		}
		block, err := keyblock.Wrap(nil, master, key, w)
		require.ErrorIs(t, err, want, "%d", n)
		if err == nil {
			h, err := keyblock.Parse(block, keyblock.Options{})
			require.NoError(t, err)
			require.Len(t, h.Blocks, n)
		}
	}
}

// The lengths of a check value, from the shortest to the longest and one beyond.
func TestCheckValuesInBlocks(t *testing.T) {
	for _, id := range []string{"KC", "KP", "PK"} {
		for method, longest := range map[string]int{"00": 3, "01": 5} {
			for n := range 7 {
				b := keyblock.Block{ID: id, Data: method + strings.Repeat("A5", n)}
				got, value, err := b.KCV()
				if n < 1 || n > longest {
					require.ErrorIs(t, err, keyblock.ErrBlock, b.Data)
					require.ErrorIs(t, b.Check(), keyblock.ErrBlock)
					continue
				}
				require.NoError(t, err, b.Data)
				require.NoError(t, b.Check())
				require.Len(t, value, n)
				require.Equal(t, map[string]crypto.KCVMethod{"00": crypto.KCVLegacy, "01": crypto.KCVCMAC}[method], got)
			}
		}
	}
	_, _, err := keyblock.Block{ID: "KC", Data: "02A5A5"}.KCV()
	require.ErrorIs(t, err, keyblock.ErrBlock)
	for _, read := range []func(keyblock.Block) error{
		func(b keyblock.Block) error { _, err := b.Ephemeral(); return err },
		func(b keyblock.Block) error { _, err := b.Certificates(); return err },
		func(b keyblock.Block) error { _, err := b.Derivations(); return err },
		func(b keyblock.Block) error { _, err := b.Hash(); return err },
		func(b keyblock.Block) error { _, err := b.Time(); return err },
		func(b keyblock.Block) error { _, err := b.Pedigree(); return err },
		func(b keyblock.Block) error { _, _, err := b.KCV(); return err },
	} {
		for _, data := range []string{"0100", "00MDA=", "01P0TEE", "21", "20200818221218Z", "003", "00A5A5"} {
			for _, id := range []string{"", "X", "XX", "KX", "C K", "T S", " "} {
				require.ErrorIs(t, read(keyblock.Block{ID: id, Data: data}), keyblock.ErrBlock, "%q %q", id, data)
			}
		}
	}
}

func TestCertificatesCut(t *testing.T) {
	whole := "02" + "000004MDA=" + "010008MDEyMw=="
	b := keyblock.Block{ID: "CT", Data: whole}
	all, err := b.Certificates()
	require.NoError(t, err)
	require.Equal(t, []keyblock.Certificate{{Data: []byte("00")}, {EMV: true, Data: []byte("0123")}}, all)
	for n := range whole {
		part, err := keyblock.Block{ID: "CT", Data: whole[:n]}.Certificates()
		if n == 12 {
			require.NoError(t, err, "the first alone")
			require.Len(t, part, 1)
			continue
		}
		require.ErrorIs(t, err, keyblock.ErrBlock, whole[:n])
		require.Empty(t, part)
	}
	for _, bad := range []string{"02000000", "00MDA", "0G", "020000G4MDA=", "02020004MDA=", "01====", "00!!!!"} {
		_, err := keyblock.Block{ID: "CT", Data: bad}.Certificates()
		require.ErrorIs(t, err, keyblock.ErrBlock, bad)
	}
}

func TestDerivationsOfSeveralKeys(t *testing.T) {
	b := keyblock.Block{ID: "DA", Data: "01" + "P0TEE" + "M3TGN"}
	all, err := b.Derivations()
	require.NoError(t, err)
	require.Equal(t, []crypto.Attributes{crypto.MustAttributes("P0TE00E"), crypto.MustAttributes("M3TG00N")}, all)
	for n := range len(b.Data) - 1 {
		if n == 7 {
			continue // one key
		}
		_, err := keyblock.Block{ID: "DA", Data: b.Data[:n]}.Derivations()
		require.ErrorIs(t, err, keyblock.ErrBlock, b.Data[:n])
	}
	_, err = keyblock.Block{ID: "DA", Data: "01P0TEEM3TBN"}.Derivations()
	require.ErrorIs(t, err, keyblock.ErrBlock, "a mode that does not go with the usage")
}

// Lower-case digits are for the encrypted part alone, and by their own option alone.
func TestLowerCase(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.CheckValue()}})
	require.NoError(t, err)
	require.Equal(t, strings.ToUpper(string(block)), string(block))
	h := 16 + 16 // fixed header, KC and padding
	lower := string(block[:h]) + strings.ToLower(string(block[h:]))
	mixed := string(block[:h]) + strings.ToLower(string(block[h:h+20])) + string(block[h+20:])
	for _, text := range []string{lower, mixed} {
		for _, o := range []keyblock.Options{{}, {AllowLegacy: true}} {
			_, _, err := keyblock.Unwrap(master, []byte(text), o)
			var fault *keyblock.FormatError
			require.ErrorAs(t, err, &fault)
			require.Equal(t, "hexadecimal digit", fault.What)
			_, err = keyblock.Parse([]byte(text), o)
			require.ErrorAs(t, err, &fault)
		}
		k, header, err := keyblock.Unwrap(master, []byte(text), keyblock.Options{LowerCase: true})
		require.NoError(t, err)
		require.True(t, every(t)["2TDEA"].Equal(k))
		again, err := keyblock.Parse([]byte(text), keyblock.Options{LowerCase: true})
		require.NoError(t, err)
		require.Equal(t, header, again)
	}
	for _, c := range []byte("/:@G`g") {
		broken := []byte(lower)
		broken[len(broken)-1] = c
		_, _, err := keyblock.Unwrap(master, broken, keyblock.Options{LowerCase: true})
		var fault *keyblock.FormatError
		require.ErrorAs(t, err, &fault, "%c", c)
	}
	header := strings.ToLower(string(block[:h])) + lower[h:]
	_, _, err = keyblock.Unwrap(master, []byte(header), keyblock.Options{LowerCase: true})
	require.ErrorIs(t, err, keyblock.ErrBlock)
	legacy, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], keyblock.Wrapping{})
	require.NoError(t, err)
	legacy[len(legacy)-1] ^= 1
	_, _, err = keyblock.Unwrap(master, []byte(strings.ToLower(string(legacy[16:]))), keyblock.Options{LowerCase: true})
	require.ErrorIs(t, err, keyblock.ErrBlock)
}

// What a provider cannot do it says, and gives nothing: no reference, no block.
func TestSoftwareFails(t *testing.T) {
	ctx, s := context.Background(), keyblock.Software{}
	master := kbpk(t, 'D', unhex(t, aesHex))
	key := importKey(t, "P0TB00E", unhex(t, tdesHex)[:16])
	block, err := s.Export(ctx, []byte("x"), master, key)
	require.NoError(t, err)
	require.Equal(t, byte('x'), block[0])
	block = block[1:]
	for _, ref := range []crypto.KeyRef{master, master.Key()} {
		k, err := s.Import(ctx, ref, block)
		require.NoError(t, err)
		require.True(t, key.Equal(k.(crypto.Key)))
	}
	other := kbpk(t, 'D', unhex(t, aesHex)[:16])
	cut := block[:len(block)-1]
	for name, c := range map[string]struct {
		ref   crypto.KeyRef
		block []byte
		want  error
	}{
		"another key": {other, block, keyblock.ErrBlock}, "a cut block": {master, cut, keyblock.ErrBlock}, "nothing": {master, nil, keyblock.ErrBlock},
		"no reference": {nil, block, crypto.ErrKeyRef}, "no protection key": {key, block, crypto.ErrUsage}, "no key": {crypto.Key{}, block, crypto.ErrNoKey},
	} {
		ref, err := s.Import(ctx, c.ref, c.block)
		require.ErrorIs(t, err, c.want, name)
		require.Nil(t, ref, name)
	}
	ref, err := s.Generate(ctx, crypto.MustAttributes("P0TB00E"), 100)
	require.ErrorIs(t, err, crypto.ErrKeyLength)
	require.Nil(t, ref)
	for _, c := range []struct {
		master, key crypto.KeyRef
		want        error
	}{
		{nil, key, crypto.ErrKeyRef}, {key, key, crypto.ErrUsage}, {master, nil, crypto.ErrKeyRef}, {master, crypto.Key{}, crypto.ErrNoKey},
		{master, importKey(t, "P0TB00N", unhex(t, tdesHex)[:16]), crypto.ErrExport},
	} {
		dst, err := s.Export(ctx, []byte("x"), c.master, c.key)
		require.ErrorIs(t, err, c.want)
		require.Equal(t, "x", string(dst))
	}
	kcv, err := s.CheckValue(ctx, nil, crypto.KCVLegacy, 3)
	require.ErrorIs(t, err, crypto.ErrKeyRef)
	require.Nil(t, kcv)
	kcv, err = s.CheckValue(ctx, master, crypto.KCVCMAC, 5)
	require.NoError(t, err)
	require.NoError(t, master.CheckKCV(crypto.KCVCMAC, kcv))
}

// A block below X9.24 is no key block: only a Sensitive key leaves in it. Nor does any wrapping make a key leave further
// than it may.
func TestExportabilityOfWeakBlocks(t *testing.T) {
	at := crypto.NewHome()
	weak, home := kbpk(t, 'D', unhex(t, aesHex)[:16]), kbpk(t, 'D', unhex(t, aesHex), at.Keeper)
	old := kbpk(t, 'C', unhex(t, tdesHex))
	for attributes, want := range map[string]error{"D0AB00E": crypto.ErrExport, "D0AB00N": crypto.ErrExport, "D0AB00S": nil} {
		k := importKey(t, attributes, unhex(t, aesHex))
		_, err := keyblock.Wrap(nil, weak, k, keyblock.Wrapping{AllowLegacy: true})
		require.ErrorIs(t, err, want, attributes)
		_, err = keyblock.Wrap(nil, old, importKey(t, "D0TB00"+attributes[6:], unhex(t, tdesHex)[:16]), keyblock.Wrapping{Version: 'C', AllowLegacy: true})
		require.ErrorIs(t, err, want, attributes)
	}
	stored := importKey(t, "D0AB00N", unhex(t, aesHex)[:24], at.Storable)
	for _, loosened := range []crypto.Exportability{crypto.Exportable, crypto.Sensitive} {
		_, err := keyblock.Wrap(nil, home, stored, keyblock.Wrapping{Context: keyblock.ContextStorage, Export: loosened})
		require.ErrorIs(t, err, crypto.ErrExport)
	}
	block, err := keyblock.Wrap(nil, home, stored, keyblock.Wrapping{Context: keyblock.ContextStorage})
	require.NoError(t, err)
	k, _, err := keyblock.Unwrap(home, block, keyblock.Options{})
	require.NoError(t, err)
	require.Equal(t, crypto.NonExportable, k.Attributes().Export)
	_, err = keyblock.Wrap(nil, home, importKey(t, "D0AB00S", unhex(t, aesHex)[:24]), keyblock.Wrapping{Export: 'X'})
	require.ErrorIs(t, err, crypto.ErrExport)
}

// What goes wrong inside is told, not swallowed: a key without a check value, one too long for a block, one that cannot
// be made here.
func TestFaultsInside(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	hmac := importKey(t, "M7HC00S", unhex(t, aesHex))
	dst, err := keyblock.Wrap([]byte("x"), master, hmac, keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.CheckValue()}})
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	require.Equal(t, "x", string(dst))
	for n, want := range map[int]error{4000: nil, 5000: keyblock.ErrWrapping, 8191: keyblock.ErrWrapping, 8192: keyblock.ErrWrapping, 16384: keyblock.ErrWrapping} {
		rsa := importKey(t, "S0RS00S", append([]byte{4, 0}, make([]byte, n-2)...))
		_, err := keyblock.Wrap(nil, master, rsa, keyblock.Wrapping{AllowLegacy: true})
		require.ErrorIs(t, err, want, "%d bytes", n)
	}
	block, err := keyblock.Wrap(nil, master, every(t)["SM4"], keyblock.Wrapping{})
	require.NoError(t, err)
	k, header, err := keyblock.Unwrap(master, block, keyblock.Options{})
	require.ErrorIs(t, err, crypto.ErrNoCipher)
	require.Zero(t, k.Attributes())
	require.Zero(t, header)
	weak := importKey(t, "M1DC00S", make([]byte, 8))
	block, err = keyblock.Wrap(nil, master, weak, keyblock.Wrapping{})
	require.NoError(t, err)
	_, _, err = keyblock.Unwrap(master, block, keyblock.Options{})
	require.ErrorIs(t, err, crypto.ErrWeakKey)
}

// The lengths that hide those of keys: X9.143 section 6.1 for the ciphers, multiples of 64 bytes for HMAC.
func TestHiddenLengths(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	blocks := func(bytes int) int { return 16 + 2*((bytes+2+15)/16*16) + 2*16 } // header, payload, authentication code
	for n, hidden := range map[int]int{1: 64, 63: 64, 64: 64, 65: 128, 128: 128, 129: 192, 1000: 1024} {
		k := importKey(t, "M7HC00S", append([]byte{1}, make([]byte, n-1)...))
		block, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{})
		require.NoError(t, err)
		require.Len(t, block, blocks(hidden), "HMAC of %d bytes", n)
		block, err = keyblock.Wrap(nil, master, k, keyblock.Wrapping{ShowLength: true})
		require.NoError(t, err)
		require.Len(t, block, blocks(n), "HMAC of %d bytes, shown", n)
	}
	for name, hidden := range map[string]int{"DES": 24, "2TDEA": 24, "3TDEA": 24, "AES-128": 32, "AES-192": 32, "AES-256": 32, "SM4": 32} {
		block, err := keyblock.Wrap(nil, master, every(t)[name], keyblock.Wrapping{})
		require.NoError(t, err)
		require.Len(t, block, blocks(hidden), name)
	}
}

// Digits are digits: in the length of a block, in the number of optional blocks, in their lengths.
func TestDigits(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.Label("a label 1234")}})
	require.NoError(t, err)
	for _, at := range []int{1, 2, 3, 4, 12, 13, 18, 19} {
		for _, c := range []byte("/:@G`ag") {
			changed := append([]byte(nil), block...)
			changed[at] = c
			_, err := keyblock.Parse(changed, keyblock.Options{LowerCase: true, AllowLegacy: true})
			var fault *keyblock.FormatError
			require.ErrorAs(t, err, &fault, "%c at %d", c, at)
		}
	}
	certificates, err := keyblock.Block{ID: "CT", Data: "00MA=="}.Certificates()
	require.NoError(t, err)
	require.Equal(t, []byte("0"), certificates[0].Data)
}

// A block under a protection key weaker than the key in it is refused when it comes as when it goes, unless asked for.
func TestWeakBlocksComing(t *testing.T) {
	weak := kbpk(t, 'D', unhex(t, aesHex)[:16])
	block, err := keyblock.Wrap(nil, weak, every(t)["AES-256"], keyblock.Wrapping{AllowLegacy: true})
	require.NoError(t, err)
	k, header, err := keyblock.Unwrap(weak, block, keyblock.Options{})
	require.ErrorIs(t, err, keyblock.ErrWeakKBPK)
	require.Zero(t, k.Attributes())
	require.Zero(t, header)
	k, _, err = keyblock.Unwrap(weak, block, keyblock.Options{AllowLegacy: true})
	require.NoError(t, err)
	require.True(t, every(t)["AES-256"].Equal(k))
	itself := importKey(t, "D0AB00S", unhex(t, aesHex)[:16])
	payload := append([]byte{0, 128}, unhex(t, aesHex)[:16]...)
	payload = append(payload, make([]byte, 14)...)
	block, err = keyblock.Seal(keyblock.Header{Version: 'D', Attributes: itself.Attributes(), Context: keyblock.ContextNone}, weak, payload)
	require.NoError(t, err)
	for _, o := range []keyblock.Options{{}, {AllowLegacy: true}} {
		_, _, err = keyblock.Unwrap(weak, block, o)
		require.ErrorIs(t, err, keyblock.ErrWeakKBPK, "the protection key itself")
	}
}

// What stands in the header for context and version.
func TestLettersOfTheHeader(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	for context, letter := range map[keyblock.Context]byte{0: '0', keyblock.ContextNone: '0', keyblock.ContextStorage: '1', keyblock.ContextExchange: '2'} {
		block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], keyblock.Wrapping{Context: context})
		require.NoError(t, err)
		require.Equal(t, letter, block[14])
		require.Equal(t, byte('0'), block[15])
		header, err := keyblock.Parse(block, keyblock.Options{})
		require.NoError(t, err)
		require.Equal(t, keyblock.Context(letter), header.Context)
	}
	for version := range 256 {
		want := "?"
		if 'A' <= version && version <= 'E' {
			want = string(rune(version))
		}
		require.Equal(t, want, keyblock.Version(version).String())
	}
}

// The shortest payload holds the length of a key and a byte of one.
func TestShortestPayloads(t *testing.T) {
	master := kbpk(t, 'E', unhex(t, aesHex))
	header := keyblock.Header{Version: keyblock.VersionE, Attributes: crypto.MustAttributes("M7HC00E"), Context: keyblock.ContextNone}
	for n := range 5 {
		payload := append([]byte{0, 8}, 0xa5, 1, 2)[:n]
		block, err := keyblock.Seal(header, master, payload)
		require.NoError(t, err)
		_, err = keyblock.Parse(block, keyblock.Options{})
		require.Equal(t, n >= 3, err == nil, "%d bytes", n)
		k, _, err := keyblock.Unwrap(master, block, keyblock.Options{})
		require.Equal(t, n >= 3, err == nil, "%d bytes: %v", n, err)
		if err == nil {
			require.Equal(t, 8, k.Bits())
		}
	}
}
