package oda_test

import (
	"errors"
	"fmt"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/oda"
)

// A terminal checks a card of the test PKI: issuer, card, and that it answers for itself.
func Example() {
	const pan = "6228480012345678"
	pki, err := oda.NewTestPKI(emv.RIDUnionPay, "622848")
	if err != nil {
		fmt.Println(err)
		return
	}
	static := []byte("the records the card's file locator marks")
	objects, cardKey, err := pki.AppendICC(pki.AppendIssuer(nil), pan, static)
	if err != nil {
		fmt.Println(err)
		return
	}
	value := func(t emv.Tag) []byte { v, _ := emv.TLV(objects).Get(t); return v }
	today := emv.Date{Year: 2026, Month: 11, Day: 23}

	issuer, err := oda.RecoverIssuer(pki.CA, value(0x90), value(0x92), value(0x9F32))
	fmt.Println(issuer.Identifier, issuer.Expiry, err)
	fmt.Println(issuer.Check(pan, today, nil))
	icc, err := oda.RecoverICC(issuer.PublicKey, value(0x9F46), value(0x9F48), value(0x9F47), static)
	fmt.Println(icc, err)
	fmt.Println(icc.Check(pan, today))

	number := []byte{0x52, 0xBF, 0x45, 0x85}
	sdad, _ := oda.SignDynamic(cardKey, []byte{0x11, 0x22, 0x33}, number)
	idn, err := oda.VerifyDDA(icc.PublicKey, sdad, number)
	fmt.Printf("%X %v\n", idn, err)

	_, err = oda.RecoverICC(issuer.PublicKey, value(0x9F46), value(0x9F48), value(0x9F47), []byte("other records"))
	fmt.Println(errors.Is(err, oda.ErrHash), err)
	// Output:
	// 622848 2049-12-31 <nil>
	// <nil>
	// ICCCertificate(hidden) <nil>
	// <nil>
	// 112233 <nil>
	// true oda: ICC certificate: wrong hash
}
