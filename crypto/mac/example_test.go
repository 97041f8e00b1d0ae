package mac_test

import (
	"encoding/hex"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/mac"
)

// The retail MAC of X9.19 that most acquirer links put into field 64.
func Example() {
	bytes, _ := hex.DecodeString("0123456789ABCDEFFEDCBA9876543210") // a test key
	k, _ := clearkey.Import(crypto.MustAttributes("M3TC00N"), bytes)
	key, err := crypto.NewMACKey(k)
	if err != nil {
		panic(err)
	}
	m, err := mac.New(key, mac.X919())
	if err != nil {
		panic(err)
	}
	tag, err := m.Append(nil, []byte("Now is the time for all \xab\xcd"))
	fmt.Printf("%X %v\n", tag, err)
	fmt.Println(m.Verify([]byte("Now is the time for all"), tag))
	// Output:
	// 1C050879D95816B8 <nil>
	// crypto: verification failed
}

// UnionPay's terminals write the MAC into field 64 as eight hexadecimal characters.
func ExampleNew_unionPay() {
	bytes, _ := hex.DecodeString("C24A8FB57AA20123")
	k, _ := clearkey.Import(crypto.MustAttributes("M1DC00N"), bytes)
	key, _ := crypto.NewMACKey(k)
	m, err := mac.New(key, crypto.MACAlgorithm{Scheme: crypto.UnionPayECB})
	if err != nil {
		panic(err)
	}
	message, _ := hex.DecodeString("0200302004C020C0981100000000000000005100183402100006324390000000000428D13121011200843931" +
		"36363838303134303030303030303030303030303031313536ACF46E73838A82F92600000000000000000822000001")
	field64, _ := m.Append(nil, message)
	fmt.Printf("%s\n", field64)
	// Output: 9F398010
}
