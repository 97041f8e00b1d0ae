package keyblock_test

import (
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
