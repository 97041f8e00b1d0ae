package emv_test

import (
	"encoding/hex"
	"fmt"
	"os"

	"github.com/posline/posline/emv"
)

func fromHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// A host reads what it wants of a field 55.
func Example() {
	field55 := emv.TLV(fromHex("9F2608769577B5ABE9FE629F2701809F36020FFF950500000080009A032607319F02060000000019995F2A0201569F3704DEADBEEF"))
	if err := field55.Validate(nil); err != nil {
		fmt.Println(err)
		return
	}
	v, _ := field55.Get(0x95)
	tvr, err := emv.ParseTVR(v)
	if err != nil {
		fmt.Println(err)
		return
	}
	for bit := range tvr.Bits() {
		fmt.Println(bit)
	}
	cryptogram, _ := field55.Get(0x9F26)
	fmt.Printf("%X\n", cryptogram)
	// Output:
	// transaction exceeds the floor limit
	// 769577B5ABE9FE62
}

func ExampleDescribe() {
	record := emv.TLV(fromHex("70195A0862262200100713675F2403301231" + "5F2D027A68" + "DF770101"))
	if err := emv.Describe(os.Stdout, record, nil); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 70 Record Template
	//   5A Application Primary Account Number: [8 bytes] (622622******1367)
	//   5F24 Application Expiration Date: 301231 (2030-12-31)
	//   5F2D Language Preference: 7A68 (zh)
	//   DF77 unknown tag: [1 byte]
}

// A terminal builds the objects it sends in field 55.
func ExampleAppendTLV() {
	var field55 []byte
	field55, err := emv.AppendN(field55, 0x9F02, 1999, 6) // 19.99, in minor units
	if err != nil {
		fmt.Println(err)
		return
	}
	field55 = emv.AppendTLV(field55, 0x9F37, []byte{0xDE, 0xAD, 0xBE, 0xEF})
	field55 = emv.AppendTemplate(field55, 0x72, func(dst []byte) []byte {
		return emv.AppendTLV(dst, 0x9F18, []byte{0, 0, 0, 1})
	})
	fmt.Printf("%X\n", field55)
	// Output: 9F02060000000019999F3704DEADBEEF72079F180400000001
}

// A card's PDOL says which data it wants; the terminal answers in one row.
func ExampleDOL_AppendData() {
	pdol := emv.DOL(fromHex("9F66049F02069F3704"))
	terminal := emv.TLV(fromHex("9F0206000000001999" + "9F3704DEADBEEF"))
	data, err := pdol.AppendData(nil, func(t emv.Tag) ([]byte, bool) { return terminal.Get(t) }, nil)
	fmt.Printf("%X %v\n", data, err)
	// Output: 00000000000000001999DEADBEEF <nil>
}

// The terminal decides what to ask of the card.
func ExampleActionAnalysis() {
	card := emv.TLV(fromHex("9F0D05B8508C8800" + "9F0E050010000000" + "9F0F05B8708C9800"))
	var tvr emv.TVR
	tvr.Set(emv.TVRFloorLimit)
	in := emv.ActionInput{TVR: tvr, Issuer: emv.IssuerActionCodes(card)}
	fmt.Println(emv.ActionAnalysis(in))
	in.UnableToGoOnline = true
	fmt.Println(emv.ActionAnalysis(in))
	// Output:
	// ARQC
	// AAC
}
