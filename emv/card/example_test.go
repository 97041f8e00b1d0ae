package card_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/emv/oda"
)

// unionPayDebit is the AID of UnionPay's debit application.
var unionPayDebit = unhex("A000000333010101")

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// issuerKey imports a test key, which issuer and card factory share.
func issuerKey() crypto.IMK {
	key, err := clearkey.Import(crypto.MustAttributes("E0TX00N"), unhex("F0C34A8124CEE0A91A0B034AA97D6EAC"))
	if err != nil {
		panic(err)
	}
	imk, err := crypto.NewIMK(key)
	if err != nil {
		panic(err)
	}
	return imk
}

// A sale with a UnionPay card: the terminal authenticates the card offline and builds field 55, the issuer verifies the
// cryptogram in it and answers with an ARPC, and the terminal has the card check the answer.
func Example() {
	imk := issuerKey()
	pki, err := oda.NewTestPKI(emv.RIDUnionPay, "622848")
	if err != nil {
		fmt.Println(err)
		return
	}
	chip, err := card.New(card.Config{
		AID: unionPayDebit, PAN: "6228480012345678901", Sequence: "01", Expiry: emv.Date{Year: 2030, Month: 12, Day: 31},
		Keys: card.Keys{Cryptogram: imk}, PKI: pki,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// The terminal: 19.99 yuan.
	terminal := card.Reader{
		Transmit: chip.Transmit,
		Terminal: unhex("9F0206000000001999" + "9F1A020156" + "95050000000000" + "5F2A020156" + "9A03261123" + "9C0100" +
			"9F370452BF4585" + "9F3303E0F8C8" + "9F34031E0300" + "9F350122" + "9F1E0831323334353637389F0306000000000000"),
	}
	var keys oda.CAKeys
	keys.Add(pki.CA)
	err = errors.Join(terminal.Select(unionPayDebit), terminal.Start(),
		terminal.Authenticate(&keys, emv.Date{Year: 2026, Month: 11, Day: 23}))
	fmt.Println("offline authentication:", err)
	cid, err := terminal.GenerateAC(emv.ARQC)
	fmt.Println(cid.Type(), err)
	field55 := terminal.Field55(0x9F26, 0x9F27, 0x9F10, 0x9F37, 0x9F36, 0x95, 0x9A, 0x9C, 0x9F02, 0x5F2A, 0x82, 0x9F1A,
		0x9F03, 0x9F33, 0x9F34, 0x9F35, 0x9F1E, 0x84)

	// The issuer: PAN from field 2, sequence number from field 23.
	request := cryptogram.Request{Card: cryptogram.Card{PAN: "6228480012345678901", Sequence: "01"}, Data: field55}
	issuer, ctx := cryptogram.Software{}, context.Background()
	fmt.Println("issuer:", issuer.VerifyCryptogram(ctx, imk, request))
	response, err := issuer.AppendResponse(ctx, nil, imk, request, cryptogram.Answer{ARC: emv.ARC{'0', '0'}})
	fmt.Println("tag 91:", len(response), "bytes", err)

	// The terminal again.
	fmt.Println("issuer authentication:", terminal.ExternalAuthenticate(response))
	terminal.Terminal = emv.AppendTLV(terminal.Terminal, 0x8A, []byte("00"))
	cid, err = terminal.GenerateAC(emv.TC)
	fmt.Println(cid.Type(), err)

	tampered := request
	tampered.Data = append(emv.TLV(unhex("9F0206000000000001")), field55...)
	fmt.Println(errors.Is(issuer.VerifyCryptogram(ctx, imk, tampered), crypto.ErrVerify))
	// Output:
	// offline authentication: <nil>
	// ARQC <nil>
	// issuer: <nil>
	// tag 91: 10 bytes <nil>
	// issuer authentication: <nil>
	// TC <nil>
	// true
}
