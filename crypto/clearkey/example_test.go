package clearkey_test

import (
	"encoding/hex"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
)

// Two custodians bring their components of a zone master key, each with its check value.
func ExampleCombine() {
	var components [][]byte
	for _, text := range []string{"E09B073B4007541FAB76B04370451031", "4CBF5D51EA8525EF045EFED6E386D9D9"} {
		component, _ := hex.DecodeString(text)
		kcv, err := clearkey.CheckValue(crypto.TDES, component, 3)
		if err != nil {
			panic(err)
		}
		fmt.Printf("component %X\n", kcv)
		components = append(components, component)
	}
	k, err := clearkey.Combine(crypto.MustAttributes("K0TB00N"), components)
	fmt.Println(k, err)
	// Output:
	// component 30062C
	// component 01A4D8
	// Key(K0TB00N, KCV 40D522) <nil>
}

// Three custodians' components travel as key blocks and become the zone master key without a clear byte.
func ExampleCombineKeys() {
	var components []crypto.Key
	for _, version := range []string{"c1", "c2", "c3"} {
		a := crypto.MustAttributes("K0TB00E")
		a.Version = version
		component, err := crypto.GenerateKey(a, 128)
		if err != nil {
			panic(err)
		}
		components = append(components, component)
	}
	_, err := crypto.NewKEK(components[0])
	fmt.Println(err)
	key, err := clearkey.CombineKeys(components)
	fmt.Println(key.Attributes(), err)
	// Output:
	// crypto: the key is not for this: a K0TBc1E key asked for use as a whole key
	// K0TB00E <nil>
}
