package gm_test

import (
	"encoding/hex"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/mac"
)

// A UnionPay terminal with SM4 keys computes field 64.
func Example() {
	bytes, _ := hex.DecodeString("12345678901234567890123456789012")
	k, err := clearkey.Import(crypto.MustAttributes("M14C00N"), bytes, gm.SM4)
	if err != nil {
		panic(err)
	}
	key, _ := crypto.NewMACKey(k)
	m, err := mac.New(key, crypto.MACAlgorithm{Scheme: crypto.UnionPayECB})
	if err != nil {
		panic(err)
	}
	field64, err := m.Append(nil, []byte("6000112018111411003020170930101010120171025000755000000005553"))
	fmt.Printf("%s %v\n", field64, err)
	// Output: 1E80F373 <nil>
}
