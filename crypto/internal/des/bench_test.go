package des

import (
	stddes "crypto/des"
	"testing"
)

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
				x, y = f.EncryptTwo(&k1, &k2, x, y)
			}
		})
	}
}

func BenchmarkCBC(b *testing.B) {
	message := make([]byte, 304)
	for _, f := range []Form{ConstantTime, Table} {
		b.Run([]string{"constant", "table"}[f], func(b *testing.B) {
			var c Cipher
			c.Init([]byte{1, 2, 3, 4, 5, 6, 7, 8}, f)
			var x uint64
			for b.Loop() {
				x = c.CBCPart(0, x, message)
			}
		})
	}
	b.Run("std", func(b *testing.B) {
		c, _ := stddes.NewCipher([]byte{1, 2, 3, 4, 5, 6, 7, 8})
		var x [8]byte
		for b.Loop() {
			for range 38 {
				c.Encrypt(x[:], x[:])
			}
		}
	})
}
