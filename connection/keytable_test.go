package connection

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// TestKeyTable does what a map does, step for step, with few keys so that slots collide, fill and empty again.
func TestKeyTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var table keyTable
		model := make(map[[32]byte]entry)
		for step := range 20_000 {
			var key [32]byte
			binary.BigEndian.PutUint32(key[4:], r.Uint32N(200))
			if r.IntN(2) == 0 {
				e := entry{tomb: uint64(step + 1)}
				table.put(table.find(&key), &key, e)
				model[key] = e
			} else {
				table.remove(&key)
				delete(model, key)
			}
			binary.BigEndian.PutUint32(key[4:], r.Uint32N(200))
			if got := table.get(&key); got != model[key] || table.used != len(model) {
				t.Fatalf("step %d: %v, %d in use; want %v, %d", step, got, table.used, model[key], len(model))
			}
		}
		seen := 0
		for key, e := range table.all() {
			if seen++; model[*key] != e {
				t.Fatalf("key %x: %v, want %v", *key, e, model[*key])
			}
		}
		if seen != len(model) {
			t.Fatalf("%d entries, want %d", seen, len(model))
		}
	}
}

// BenchmarkKeyTable measures what one request costs: get, put, get, remove, among 64 others.
func BenchmarkKeyTable(b *testing.B) {
	var key [32]byte
	ca := new(call)
	b.Run("table", func(b *testing.B) {
		var table keyTable
		for n := range b.N {
			binary.BigEndian.PutUint32(key[4:], uint32(n))
			if s := table.find(&key); s.call == nil {
				table.put(s, &key, entry{call: ca})
			}
			binary.BigEndian.PutUint32(key[4:], uint32(n-64))
			if table.get(&key).call != nil {
				table.remove(&key)
			}
		}
	})
	b.Run("map", func(b *testing.B) {
		table := make(map[[32]byte]entry)
		for n := range b.N {
			binary.BigEndian.PutUint32(key[4:], uint32(n))
			if _, ok := table[key]; !ok {
				table[key] = entry{call: ca}
			}
			binary.BigEndian.PutUint32(key[4:], uint32(n-64))
			delete(table, key)
		}
	})
}
