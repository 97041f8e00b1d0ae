package crypto_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/internal/keymaterial"
)

// Every scheme with every variant, by the standard library's Triple DES: which byte of the master key is xored with what
// for which part of the key.
func TestVariantsAgainstStandardLibrary(t *testing.T) {
	thales := []byte{0, 0xa6, 0x5a, 0x6a, 0xde, 0x2b, 0x50, 0x74, 0x9c, 0xfa}
	halves, thirds := []byte{0xa6, 0x5a}, []byte{0x6a, 0xde, 0x2b}
	clear := unhex(t, secretHex+"1122334455667788")
	for _, c := range []struct {
		scheme   crypto.VariantScheme
		length   int
		variants int
		mask     func(master []byte, variant, part int)
	}{
		{crypto.SchemeZ, 8, 10, func(m []byte, v, _ int) { m[0] ^= thales[v] }},
		{crypto.SchemeU, 16, 10, func(m []byte, v, part int) { m[0] ^= thales[v]; m[8] ^= halves[part] }},
		{crypto.SchemeT, 24, 10, func(m []byte, v, part int) { m[0] ^= thales[v]; m[8] ^= thirds[part] }},
		{crypto.SchemeX, 16, 1, func([]byte, int, int) {}},
		{crypto.SchemeY, 24, 1, func([]byte, int, int) {}},
		{crypto.SchemeF, 8, 32, futurex}, {crypto.SchemeF, 16, 32, futurex}, {crypto.SchemeF, 24, 32, futurex},
	} {
		attributes := "P0TB00S"
		if c.length == 8 {
			attributes = "M1DC00S"
		}
		key := importKey(t, attributes, hex.EncodeToString(clear[:c.length]))
		master := unhex(t, wrappingHex)
		kek, err := crypto.NewKEK(importKey(t, "K0TB00N", wrappingHex))
		require.NoError(t, err)
		for variant := range c.variants {
			var want []byte
			for part := range c.length / 8 {
				masked := bytes.Clone(master)
				c.mask(masked, variant, part)
				block, err := des.NewTripleDESCipher(masked)
				require.NoError(t, err)
				out := make([]byte, 8)
				block.Encrypt(out, clear[8*part:])
				want = append(want, out...)
			}
			got, err := crypto.AppendWrapVariant(nil, kek, c.scheme, variant, key)
			require.NoError(t, err)
			require.Equal(t, want, got, "scheme %c, variant %d, %d bytes", c.scheme, variant, c.length)
		}
		for _, variant := range []int{-1, c.variants} {
			_, err := crypto.AppendWrapVariant(nil, kek, c.scheme, variant, key)
			require.ErrorIs(t, err, crypto.ErrUnsupported, "scheme %c, variant %d", c.scheme, variant)
		}
	}
}

func futurex(master []byte, modifier, _ int) {
	for i := 0; i < len(master); i += 8 {
		master[i] ^= byte(modifier) << 3
	}
}

// Key wrap of every length, from the shortest to the longest that a key may have.
func TestLengthsOfWrappedKeys(t *testing.T) {
	kek := unhex(t, wrappingHex)
	material := bytes.Repeat([]byte("posline"), 3000)
	for n := range 80 {
		for _, padded := range []bool{false, true} {
			wrapped, err := crypto.AppendWrapBytes(kek, material[:n], padded)
			if padded && n == 0 || !padded && (n < 16 || n%8 != 0) {
				require.ErrorIs(t, err, crypto.ErrKeyLength, "%d bytes", n)
				continue
			}
			require.NoError(t, err)
			require.Len(t, wrapped, (n+7)/8*8+8)
			got, err := crypto.UnwrapBytes(kek, wrapped, padded)
			require.NoError(t, err)
			require.Equal(t, material[:n], got)
			_, err = crypto.UnwrapBytes(kek, wrapped, !padded)
			require.Equal(t, crypto.ErrVerify, err)
			for _, wrong := range [][]byte{wrapped[1:], wrapped[:len(wrapped)-8], wrapped[8:], append(bytes.Clone(wrapped), make([]byte, 8)...)} {
				_, err = crypto.UnwrapBytes(kek, wrong, padded)
				require.Equal(t, crypto.ErrVerify, err)
			}
		}
	}
	for n, want := range map[int]error{16384: nil, 16383: nil, 16385: crypto.ErrKeyLength} {
		wrapped, err := crypto.AppendWrapBytes(kek, material[:n], true)
		require.ErrorIs(t, err, want, "%d bytes", n)
		if want == nil {
			got, err := crypto.UnwrapBytes(kek, wrapped, true)
			require.NoError(t, err)
			require.True(t, bytes.Equal(material[:n], got))
		}
	}
	_, err := crypto.UnwrapBytes(kek, make([]byte, 16408), true)
	require.Equal(t, crypto.ErrVerify, err)
	_, err = crypto.UnwrapBytes(kek, nil, true)
	require.Equal(t, crypto.ErrVerify, err)
}

// The padding of KWP, byte by byte: what is authentic under the key and still no padded key.
func TestPaddingOfKWP(t *testing.T) {
	for name, c := range map[string]struct {
		hex    string
		length int // -1 for a fault
	}{
		"whole":                 {"a65959a600000008" + "0102030405060708", 8},
		"seven bytes":           {"a65959a600000007" + "0102030405060700", 7},
		"one byte":              {"a65959a600000001" + "0100000000000000", 1},
		"nothing":               {"a65959a600000000" + "0000000000000000", -1},
		"a byte behind":         {"a65959a600000007" + "0102030405060701", -1},
		"the first byte behind": {"a65959a600000001" + "0101000000000000", -1},
		"longer than there is":  {"a65959a600000009" + "0102030405060708", -1},
		"far longer":            {"a65959a680000008" + "0102030405060708", -1},
		"another beginning":     {"a65959a700000008" + "0102030405060708", -1},
		"another first byte":    {"a75959a600000008" + "0102030405060708", -1},
	} {
		n, ok := crypto.CheckPadding(unhex(t, c.hex))
		require.Equal(t, c.length >= 0, ok == 1, name)
		if ok == 1 {
			require.Equal(t, c.length, n, name)
		}
	}
}

// The strength of private keys whose lengths are written in every form of DER, and of such as are none.
func TestStrengthByForms(t *testing.T) {
	number := func(length string, n int) string {
		return "02" + length + hex.EncodeToString(bytes.Repeat([]byte{0x81}, n))
	}
	for name, c := range map[string]struct {
		der  string
		want int
	}{
		"short form, 127 bytes":      {number("7f", 127), 56},
		"one digit, 128 bytes":       {number("8180", 128), 80},
		"one digit though short":     {number("8120", 32), 56},
		"two digits, 256 bytes":      {number("820100", 256), 112},
		"three digits, 256 bytes":    {number("83000100", 256), 112},
		"four digits":                {number("8400000100", 256), 256},
		"no digits":                  {number("80", 256), 256},
		"a byte missing":             {number("820101", 256), 256},
		"a digit missing":            {"0282", 256},
		"a leading zero":             {"02820101" + "00" + hex.EncodeToString(bytes.Repeat([]byte{0x81}, 256)), 112},
		"zeros only":                 {"020200" + "00", 56},
		"of several the longest":     {number("8180", 128) + number("820100", 256) + number("8180", 128), 112},
		"in a sequence":              {"30820104" + number("820100", 256), 112},
		"in a sequence and a string": {"0482010830820104" + number("820100", 256), 112},
		"not a number":               {"0320" + hex.EncodeToString(bytes.Repeat([]byte{0x81}, 32)), 256},
		"something behind":           {number("8180", 128) + "02", 256},
		"a bad length behind":        {number("8180", 128) + "028400000001" + "01", 256},
		"one too long behind":        {number("8180", 128) + "0205" + "01", 256},
	} {
		require.Equal(t, c.want, importKey(t, "S0RS00N", c.der).Strength(), name)
	}
	require.Equal(t, 128, importKey(t, "S0ES00N", "3022"+"0420"+hex.EncodeToString(bytes.Repeat([]byte{0x81}, 32))).Strength())
	require.Equal(t, 128, importKey(t, "S0ES00N", "0420"+hex.EncodeToString(append([]byte{0}, bytes.Repeat([]byte{0x81}, 31)...))).Strength(),
		"a leading zero of a scalar counts: the curve has it")
	require.Equal(t, 256, importKey(t, "S0ES00N", "044a"+hex.EncodeToString(bytes.Repeat([]byte{0x81}, 74))).Strength(), "no more than there is")
}

// The longest texts and tweaks, and that of both halves and every byte of the tweak something depends.
func TestFF1AtItsBounds(t *testing.T) {
	f, err := crypto.NewFF1(dataKey(t, "D0AB00N", secretHex), 36)
	require.NoError(t, err)
	text, tweak := bytes.Repeat([]byte("z0a9"), 256), bytes.Repeat([]byte{0xa5}, 1024)
	out, err := f.AppendEncrypt([]byte("x"), tweak, text)
	require.NoError(t, err)
	require.Len(t, out, 1+1024)
	back, err := f.AppendDecrypt([]byte("x"), tweak, out[1:])
	require.NoError(t, err)
	require.Equal(t, "x"+string(text), string(back))
	seen := map[string]bool{}
	for n := range 40 { // through every length of the padding of the tweak
		got, err := f.AppendEncrypt(nil, tweak[:n], []byte("zzzzzzzzz"))
		require.NoError(t, err)
		require.False(t, seen[string(got)])
		seen[string(got)] = true
	}
	for _, c := range [][2][]byte{{tweak, text[:1023]}, {nil, text[:4]}, {nil, text[:5]}, {tweak[:1], text[:61]}} {
		out, err := f.AppendEncrypt(nil, c[0], c[1])
		require.NoError(t, err)
		require.Len(t, out, len(c[1]))
		back, err := f.AppendDecrypt(nil, c[0], out)
		require.NoError(t, err)
		require.Equal(t, c[1], back)
	}
	dst, err := f.AppendDecrypt([]byte("x"), nil, []byte("A000"))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	require.Equal(t, "x", string(dst))
	for _, mode := range []string{"E", "D"} {
		f, err := crypto.NewFF1(dataKey(t, "D0A"+mode+"00N", secretHex), 10)
		require.NoError(t, err)
		_, err = f.AppendEncrypt(nil, nil, []byte("123456"))
		require.Equal(t, mode == "E", err == nil)
		_, err = f.AppendDecrypt(nil, nil, []byte("123456"))
		require.Equal(t, mode == "D", err == nil)
	}
}

// FF1 written down once more, after SP 800-38G algorithm 7, for texts of every length up to some whose halves take
// several blocks of the round function.
func TestFF1AgainstTheBook(t *testing.T) {
	block, err := aes.NewCipher(unhex(t, secretHex))
	require.NoError(t, err)
	for _, radix := range []int{2, 10, 36} {
		f, err := crypto.NewFF1(dataKey(t, "D0AB00N", secretHex), radix)
		require.NoError(t, err)
		for _, n := range []int{20, 21, 22, 23, 40, 63, 64, 129, 300, 1001, 1024} {
			text := make([]byte, n)
			for i := range text {
				text[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[i*i%radix]
			}
			tweak := bytes.Repeat([]byte{0x5a}, n%29)
			got, err := f.AppendEncrypt(nil, tweak, text)
			require.NoError(t, err)
			require.Equal(t, ff1(block, radix, tweak, string(text)), string(got), "radix %d, %d characters", radix, n)
		}
	}
}

func ff1(block cipher.Block, radix int, tweak []byte, text string) string {
	n := len(text)
	u, v := n/2, n-n/2
	left, right := text[:u], text[u:]
	number := func(s string) *big.Int { x, _ := new(big.Int).SetString(s, radix); return x }
	power := func(m int) *big.Int { return new(big.Int).Exp(big.NewInt(int64(radix)), big.NewInt(int64(m)), nil) }
	b := (new(big.Int).Sub(power(v), big.NewInt(1)).BitLen() + 7) / 8
	d := 4*((b+3)/4) + 4
	for i := range 10 {
		p := []byte{1, 2, 1, 0, 0, byte(radix), 10, byte(u), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 0, 0, byte(len(tweak) >> 8), byte(len(tweak))}
		q := append(append([]byte{}, tweak...), make([]byte, (160000-len(tweak)-b-1)%16)...)
		q = append(append(q, byte(i)), number(right).FillBytes(make([]byte, b))...)
		out := make([]byte, 16*(1+len(q)/16))
		cipher.NewCBCEncrypter(block, make([]byte, 16)).CryptBlocks(out, append(p, q...))
		r := out[len(out)-16:]
		s := bytes.Clone(r)
		for j := 1; len(s) < d; j++ {
			next := bytes.Clone(r)
			next[14] ^= byte(j >> 8)
			next[15] ^= byte(j)
			block.Encrypt(next, next)
			s = append(s, next...)
		}
		m := u
		if i%2 == 1 {
			m = v
		}
		c := new(big.Int).Add(number(left), new(big.Int).SetBytes(s[:d]))
		digits := c.Mod(c, power(m)).Text(radix)
		left, right = right, strings.Repeat("0", m-len(digits))+digits
	}
	return left + right
}

// Whitening is what X9.24-1:1992 has: the key xored in on both sides of DES. It goes with the key when that is destroyed.
func TestWhitening(t *testing.T) {
	clear := unhex(t, secretHex[:16])
	k := importKey(t, "P0DB00N", secretHex[:16], func(o *crypto.KeyOptions) { o.Whiten(keymaterial.Grant()) })
	m, err := k.Open(keymaterial.Grant(), crypto.OpEncrypt)
	require.NoError(t, err)
	block, err := des.NewCipher(clear)
	require.NoError(t, err)
	require.Equal(t, 8, m.Block().BlockSize())
	in := unhex(t, "A1B2C3D4E5F60718")
	want, got := make([]byte, 8), make([]byte, 8)
	for i := range want {
		want[i] = in[i] ^ clear[i]
	}
	block.Encrypt(want, want)
	for i := range want {
		want[i] ^= clear[i]
	}
	m.Block().Encrypt(got, in)
	require.Equal(t, want, got)
	m.Block().Decrypt(got, got)
	require.Equal(t, in, got)
	c := m.Block()
	m.Release()
	k.Destroy()
	after := make([]byte, 8)
	c.Encrypt(after, in)
	require.NotEqual(t, want, after, "neither schedule nor key is left")
	for i := range after {
		after[i] = 0
	}
	zero, err := des.NewCipher(make([]byte, 8))
	require.NoError(t, err)
	zero.Encrypt(after, in)
	fresh := make([]byte, 8)
	c.Encrypt(fresh, in)
	require.Equal(t, fresh, wiped(t, in), "what is left is a schedule of zeros and no key")
	long := importKey(t, "P0TB00N", secretHex, func(o *crypto.KeyOptions) { o.Whiten(keymaterial.Grant()) })
	require.Equal(t, encrypted(t, importKey(t, "P0TB00N", secretHex)), encrypted(t, long), "single DES only")
}

// wiped is a block through a DES key that was destroyed.
func wiped(t *testing.T, in []byte) []byte {
	t.Helper()
	k := importKey(t, "P0DB00N", "1122334455667788")
	m, err := k.Open(keymaterial.Grant(), crypto.OpEncrypt)
	require.NoError(t, err)
	c := m.Block()
	m.Release()
	k.Destroy()
	out := make([]byte, 8)
	c.Encrypt(out, in)
	return out
}

// A Scratch computes what the keys would: both blocks of a derived key, and the retail MAC of every length.
func TestScratchAgainstStandardLibrary(t *testing.T) {
	key := [16]byte(unhex(t, secretHex))
	double, err := des.NewTripleDESCipher(append(key[:], key[:8]...))
	require.NoError(t, err)
	left, err := des.NewCipher(key[:8])
	require.NoError(t, err)
	for _, options := range [][]crypto.Option{nil, {crypto.TableDES}} {
		var s crypto.Scratch
		require.True(t, s.Init(keymaterial.Grant(), importKey(t, "E0TX00N", wrappingHex[:32], options...), &key))
		blocks := [16]byte(unhex(t, "00112233445566778899aabbccddeeff"))
		want := blocks
		double.Encrypt(want[:8], want[:8])
		double.Encrypt(want[8:], want[8:])
		s.Encrypt(&blocks)
		require.Equal(t, want, blocks)
		message := bytes.Repeat([]byte("retail"), 6)
		for n := range len(message) + 1 {
			for _, padding := range []crypto.MACPadding{crypto.Padding1, crypto.Padding2} {
				padded := bytes.Clone(message[:n])
				if padding == crypto.Padding2 {
					padded = append(padded, 0x80)
				}
				for len(padded) == 0 || len(padded)%8 != 0 {
					padded = append(padded, 0)
				}
				last := len(padded) - 8
				chain := make([]byte, 8)
				if last > 0 {
					out := make([]byte, last)
					cipher.NewCBCEncrypter(left, make([]byte, 8)).CryptBlocks(out, padded[:last])
					copy(chain, out[last-8:])
				}
				for i := range chain {
					chain[i] ^= padded[last+i]
				}
				double.Encrypt(chain, chain)
				tag := s.RetailMAC(padding, message[:n])
				require.Equal(t, chain, tag[:], "%d bytes, %s", n, padding)
			}
		}
		s.Wipe()
		require.NotEqual(t, want, func() [16]byte { b := [16]byte(unhex(t, "00112233445566778899aabbccddeeff")); s.Encrypt(&b); return b }())
	}
	for _, attributes := range []string{"E0AX00N", "M1DC00N", "E04X00N"} {
		var s crypto.Scratch
		n := map[string]int{"M1DC00N": 16}[attributes]
		if n == 0 {
			n = 32
		}
		require.False(t, s.Init(keymaterial.Grant(), importKey(t, attributes, secretHex[:n], gm.SM4), &key), attributes)
	}
}
