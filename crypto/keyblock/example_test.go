package keyblock_test

import (
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
)

// A host sends a new PIN key to a terminal under the key block protection key they share, with its serial number and a
// check value, and may use it for encryption only.
func Example() {
	master, err := crypto.GenerateKey(crypto.MustAttributes("K1AB00N"), 256)
	if err != nil {
		panic(err)
	}
	kbpk, err := crypto.NewKBPK(master)
	if err != nil {
		panic(err)
	}
	pinKey, err := crypto.GenerateKey(crypto.MustAttributes("P0TE01E"), 128)
	if err != nil {
		panic(err)
	}
	block, err := keyblock.Wrap(nil, kbpk, pinKey, keyblock.Wrapping{
		Blocks: []keyblock.Block{keyblock.Label("lane 7"), keyblock.CheckValue()},
		Export: crypto.NonExportable,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(block[:26]))

	received, header, err := keyblock.Unwrap(kbpk, block, keyblock.Options{})
	if err != nil {
		panic(err)
	}
	label, _ := header.Optional("LB")
	fmt.Println(received.Attributes(), label.Data)

	block[40] ^= 1
	_, _, err = keyblock.Unwrap(kbpk, block, keyblock.Options{})
	fmt.Println(err != nil)
	// Output:
	// D0144P0TE01N0300LB0Alane 7
	// P0TE01N lane 7
	// true
}
