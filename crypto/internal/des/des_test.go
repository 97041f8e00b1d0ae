package des

import (
	"bytes"
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

// TestEveryWay checks the paths the packages above use against the plain block.
func TestEveryWay(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, form := range []Form{ConstantTime, Table} {
		for range 1000 {
			key := append(append(bytesOf(random.Uint64()), bytesOf(random.Uint64())...), bytesOf(random.Uint64())...)
			for _, size := range []int{8, 16, 24} {
				var c Cipher
				c.Init(key[:size], form)
				message := append(bytesOf(random.Uint64()), bytesOf(random.Uint64())...)
				chain, first, second := random.Uint64(), binary.BigEndian.Uint64(message), binary.BigEndian.Uint64(message[8:])
				require.Equal(t, c.EncryptBlock(c.EncryptBlock(chain^first)^second), c.CBC(chain, message))
				require.Equal(t, c.EncryptBlock(c.CBCPart(0, 0, message)^chain), c.RetailMAC(message, chain))
				for part := range c.Parts() {
					var single Cipher
					single.Init(key[8*part:8*part+8], form)
					require.Equal(t, single.EncryptBlock(first), c.EncryptPart(part, first))
					require.Equal(t, single.DecryptBlock(first), c.DecryptPart(part, first))
					require.Equal(t, single.CBC(chain, message), c.CBCPart(part, chain, message))
				}
			}
			checkVariants(t, form, random.Uint64(), random.Uint64(), random.Uint64())
		}
	}
}

// checkVariants checks what follows from schedules being linear, and that both ways to a schedule agree.
func checkVariants(t *testing.T, form Form, key, mask, block uint64) {
	var k, m, both, wanted, table Schedule
	k.Expand(key)
	m.Expand(mask)
	both.Xor(&k, &m)
	wanted.Expand(key ^ mask)
	table.ExpandTable(key ^ mask)
	require.Equal(t, wanted, both)
	require.Equal(t, wanted, table)

	var plain, masked, direct Cipher
	plain.Init(bytesOf(key), form)
	masked.InitVariant(&plain, &m)
	direct.Init(bytesOf(key^mask), form)
	require.Equal(t, direct.EncryptBlock(block), masked.EncryptBlock(block))
	one, other := form.EncryptTwo(&k, &both, block, ^block)
	require.Equal(t, plain.EncryptBlock(block), one)
	require.Equal(t, direct.EncryptBlock(^block), other)
	masked.Wipe()
	require.Zero(t, masked.k)
}

func TestInitPanicsOnBugs(t *testing.T) {
	for _, n := range []int{0, 7, 9, 15, 17, 23, 25, 32} {
		require.Panics(t, func() { new(Cipher).Init(make([]byte, n), ConstantTime) })
	}
}

func standardCipher(t testing.TB, key []byte) interface{ Encrypt(dst, src []byte) } {
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

func FuzzAgainstStandardLibrary(f *testing.F) {
	f.Add(make([]byte, 8), uint64(0))
	f.Add(bytes.Repeat([]byte{0xff}, 16), ^uint64(0))
	f.Add([]byte("0123456789abcdefghijklmn"), uint64(0x0123456789abcdef))
	f.Fuzz(func(t *testing.T, key []byte, block uint64) {
		if !KeySize(len(key)) {
			return
		}
		var src, want [8]byte
		binary.BigEndian.PutUint64(src[:], block)
		standardCipher(t, key).Encrypt(want[:], src[:])
		for _, form := range []Form{ConstantTime, Table} {
			var c Cipher
			c.Init(key, form)
			got := c.EncryptBlock(block)
			require.Equal(t, binary.BigEndian.Uint64(want[:]), got)
			require.Equal(t, block, c.DecryptBlock(got))
		}
	})
}
