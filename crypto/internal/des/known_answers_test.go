package des

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKnownAnswers runs the variable plaintext, variable key, permutation and substitution tables of SP 800-17, both
// ways: 64, 56, 32 and 19 answers.
func TestKnownAnswers(t *testing.T) {
	file, err := os.Open("testdata/sp800-17.txt")
	require.NoError(t, err)
	defer file.Close()
	counts := map[string]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		columns := strings.Fields(lines.Text())
		require.Len(t, columns, 4)
		var key, plain, cipher uint64
		for i, to := range []*uint64{&key, &plain, &cipher} {
			*to, err = strconv.ParseUint(columns[i+1], 16, 64)
			require.NoError(t, err)
		}
		counts[columns[0]]++
		for _, form := range []Form{ConstantTime, Table} {
			var c Cipher
			c.Init(bytesOf(key), form)
			require.Equal(t, cipher, c.EncryptBlock(plain), columns)
			require.Equal(t, plain, c.DecryptBlock(cipher), columns)
			c.Init(append(bytesOf(key), bytesOf(key)...), form)
			require.Equal(t, cipher, c.EncryptBlock(plain), "as Triple DES with equal keys: %v", columns)
		}
	}
	require.Equal(t, map[string]int{"A.1": 64, "A.2": 56, "A.3": 32, "A.4": 19}, counts)
}

// TestWeakKeys checks that weak keys undo themselves and semi-weak ones each other (SP 800-67 3.3.2).
func TestWeakKeys(t *testing.T) {
	for _, pair := range [][2]uint64{
		{0x0101010101010101, 0x0101010101010101}, {0xfefefefefefefefe, 0xfefefefefefefefe},
		{0xe0e0e0e0f1f1f1f1, 0xe0e0e0e0f1f1f1f1}, {0x1f1f1f1f0e0e0e0e, 0x1f1f1f1f0e0e0e0e},
		{0x011f011f010e010e, 0x1f011f010e010e01}, {0x01e001e001f101f1, 0xe001e001f101f101},
		{0x01fe01fe01fe01fe, 0xfe01fe01fe01fe01}, {0x1fe01fe00ef10ef1, 0xe01fe01ff10ef10e},
		{0x1ffe1ffe0efe0efe, 0xfe1ffe1ffe0efe0e}, {0xe0fee0fef1fef1fe, 0xfee0fee0fef1fef1},
	} {
		for _, form := range []Form{ConstantTime, Table} {
			var a, b Cipher
			a.Init(bytesOf(pair[0]), form)
			b.Init(bytesOf(pair[1]), form)
			require.Equal(t, uint64(0x0123456789abcdef), b.EncryptBlock(a.EncryptBlock(0x0123456789abcdef)))
		}
	}
}

func bytesOf(word uint64) []byte {
	out := make([]byte, 0, 8)
	for shift := 56; shift >= 0; shift -= 8 {
		out = append(out, byte(word>>shift))
	}
	return out
}
