package cardverify_test

import (
	"encoding/hex"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/crypto/clearkey"
)

// An issuer checks the CVV2 a customer typed in.
func Example() {
	bytes, _ := hex.DecodeString("0123456789ABCDEFFEDCBA9876543210") // a test key pair
	k, _ := clearkey.Import(crypto.MustAttributes("C0TC00N"), bytes)
	key, err := crypto.NewCVK(k)
	if err != nil {
		panic(err)
	}
	card := cardverify.Card{PAN: crypto.Hide("4111111111111111"), Expiry: "2512", ServiceCode: "000"}
	fmt.Println(cardverify.Verify(key, card, "765"))
	fmt.Println(cardverify.Verify(key, card, "766"))
	// Output:
	// <nil>
	// crypto: verification failed
}
