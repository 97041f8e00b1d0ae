package cryptogram_test

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
)

// testIssuerKey imports the test key of the published example.
func testIssuerKey() crypto.IMK {
	bytes, _ := hex.DecodeString("0123456789ABCDEFFEDCBA9876543210")
	key, err := clearkey.Import(crypto.MustAttributes("E0TX00N"), bytes)
	if err != nil {
		panic(err)
	}
	imk, err := crypto.NewIMK(key)
	if err != nil {
		panic(err)
	}
	return imk
}

// field55 is a published transaction of a Visa card with cryptogram version 18.
var field55, _ = hex.DecodeString("9F02060000000040009F03060000000000009F1A02012495058000048000" +
	"5F2A0201249A031911059C01019F370452BF4585820218009F3602001C9F100706011203A0B8009F26087A788EA6B8A3E733")

func ExampleProfile_Verify() {
	imk := testIssuerKey()
	card := cryptogram.Card{PAN: crypto.Hide("1234567890123456"), Sequence: "00"}
	data := emv.TLV(field55)

	iad, _ := data.Get(0x9F10)
	profile, err := cryptogram.ProfileFor(emv.RIDVisa, iad)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(profile.Name, profile.Verify(imk, card, data))

	// A status update that approves has emv.CSUApproved set; this one declines.
	response, err := profile.AppendResponse(nil, imk, card, data, cryptogram.Answer{CSU: [4]byte{}})
	fmt.Printf("91 %X %v\n", response, err)

	card.Sequence = "01"
	err = profile.Verify(imk, card, data)
	fmt.Println(errors.Is(err, crypto.ErrVerify))
	// Output:
	// Visa CVN 18 <nil>
	// 91 9AF514C100000000 <nil>
	// true
}
