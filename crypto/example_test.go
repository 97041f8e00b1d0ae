package crypto_test

import (
	"encoding/hex"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
)

// A key says what it is for, shows its check value only, and refuses the rest.
func Example() {
	bytes, _ := hex.DecodeString("0123456789ABCDEFFEDCBA9876543210") // a test key
	k, err := clearkey.Import(crypto.MustAttributes("P0TE00E"), bytes)
	if err != nil {
		panic(err)
	}
	fmt.Println(k)
	_, err = crypto.NewMACKey(k)
	fmt.Println(err)
	k.Destroy()
	fmt.Println(k)
	// Output:
	// Key(P0TE00E, KCV 08D7B4)
	// crypto: the key is not for this: a P0TE00E key asked for usage M0, M1, M2, M3, M4, M5, M6, M7, M8
	// Key(P0TE00E, destroyed)
}

// A terminal gets its working keys at sign-in, encrypted under its master key, with check values.
func ExampleUnwrapVariant() {
	bytes, _ := hex.DecodeString("F415DA6DC7E507491973A72C7649EF94")
	k, _ := clearkey.Import(crypto.MustAttributes("K0TD00N"), bytes)
	tmk, _ := crypto.NewKEK(k)
	wrapped, _ := hex.DecodeString("9986E1550F53AB2D0FC9AB73B03773DE")
	pik, err := crypto.UnwrapVariant(tmk, crypto.SchemeX, 0, wrapped, crypto.MustAttributes("P0TE00N"))
	if err != nil {
		panic(err)
	}
	fmt.Println(pik, pik.CheckKCV(crypto.KCVLegacy, []byte{0x7a, 0x50, 0x20, 0x96}))
	// Output: Key(P0TE00N, KCV 7A5020) <nil>
}
