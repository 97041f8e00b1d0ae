package des

import (
	stddes "crypto/des"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAgainstStandardLibrary checks both forms, both directions and all key lengths block for block: at least a
// million random blocks under fresh keys.
func TestAgainstStandardLibrary(t *testing.T) {
	keys, blocksPerKey := 42_000, 8 // times 3 key lengths: 1,008,000 blocks
	if raceEnabled {
		keys = 500
	}
	random := rand.New(rand.NewPCG(1, 2))
	key := make([]byte, 24)
	var src, want, got [8]byte
	for range keys {
		for i := 0; i < 24; i += 8 {
			binary.BigEndian.PutUint64(key[i:], random.Uint64())
		}
		for _, size := range []int{8, 16, 24} {
			oracle := standardCipher(t, key[:size])
			var constant, table Cipher
			constant.Init(key[:size], ConstantTime)
			table.Init(key[:size], Table)
			for range blocksPerKey {
				binary.BigEndian.PutUint64(src[:], random.Uint64())
				oracle.Encrypt(want[:], src[:])
				for _, c := range []*Cipher{&constant, &table} {
					c.Encrypt(got[:], src[:])
					if got != want {
						t.Fatalf("form %d, %d-byte key: encryption differs", c.form, size)
					}
					c.Decrypt(got[:], got[:])
					if got != src {
						t.Fatalf("form %d, %d-byte key: decryption differs", c.form, size)
					}
				}
			}
		}
	}
}

func standardCipher(t *testing.T, key []byte) interface{ Encrypt(dst, src []byte) } {
	if len(key) == 8 {
		c, err := stddes.NewCipher(key)
		require.NoError(t, err)
		return c
	}
	if len(key) == 16 {
		key = append(append([]byte{}, key...), key[:8]...)
	}
	c, err := stddes.NewTripleDESCipher(key)
	require.NoError(t, err)
	return c
}

func BenchmarkBlock(b *testing.B) {
	for _, f := range []Form{ConstantTime, Table} {
		b.Run([]string{"constant", "table"}[f], func(b *testing.B) {
			var c Cipher
			c.Init([]byte{1, 2, 3, 4, 5, 6, 7, 8}, f)
			var x uint64
			for b.Loop() {
				x = c.EncryptBlock(x)
			}
		})
	}
	b.Run("schedule", func(b *testing.B) {
		var s Schedule
		k := uint64(0x0102030405060708)
		for b.Loop() {
			s.Expand(k)
		}
	})
	b.Run("schedule-table", func(b *testing.B) {
		var s Schedule
		k := uint64(0x0102030405060708)
		for b.Loop() {
			s.ExpandTable(k)
		}
	})
	b.Run("std", func(b *testing.B) {
		c, _ := stddes.NewCipher([]byte{1, 2, 3, 4, 5, 6, 7, 8})
		var x [8]byte
		for b.Loop() {
			c.Encrypt(x[:], x[:])
		}
	})
}

func BenchmarkTwo(b *testing.B) {
	for _, f := range []Form{ConstantTime, Table} {
		b.Run([]string{"constant", "table"}[f], func(b *testing.B) {
			var k1, k2 Schedule
			k1.Expand(1 << 40)
			k2.Expand(1 << 41)
			var x, y uint64
			for b.Loop() {
				x, y = EncryptTwo(f, &k1, &k2, x, y)
			}
		})
	}
}
