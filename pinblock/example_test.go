package pinblock_test

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/pinblock"
)

func examplePINKey(attributes, text string) crypto.PINKey {
	bytes, _ := hex.DecodeString(text)
	k, err := clearkey.Import(crypto.MustAttributes(attributes), bytes)
	if err != nil {
		panic(err)
	}
	key, err := crypto.NewPINKey(k)
	if err != nil {
		panic(err)
	}
	return key
}

// A switch takes a block as the terminal sent it and passes the PIN on as the issuer wants it.
func Example() {
	terminal := examplePINKey("P0TB00N", "A17320C7CD1A04F4FDDCE3E5CDE5E0C4")
	issuer := examplePINKey("P0AB00N", "00112233445566778899AABBCCDDEEFF")
	field52, _ := hex.DecodeString("708C9069021D0B22")
	pan := "6224242900000113"

	var hsm pinblock.Translator = pinblock.Software{Policy: fromTerminals}
	block, err := hsm.TranslatePIN(context.Background(), nil,
		pinblock.Encrypted{Key: terminal, Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: field52},
		pinblock.Target{Key: issuer, Layout: pinblock.ISO4, PAN: crypto.Hide(pan)})
	fmt.Println(len(block), err)

	_, err = hsm.TranslatePIN(context.Background(), nil,
		pinblock.Encrypted{Key: terminal, Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: field52},
		pinblock.Target{Key: issuer, Layout: pinblock.ISO4, PAN: crypto.Hide("6224242900000121")})
	fmt.Println(err)
	// Output:
	// 16 <nil>
	// pinblock: the policy does not allow this use of the PIN: ISO-0 to ISO-4 of another PAN
}

// An issuer verifies an entered PIN against the value on the card.
func ExampleVerifyPVV() {
	bytes, _ := hex.DecodeString("0123456789ABCDEFFEDCBA9876543210")
	k, _ := clearkey.Import(crypto.MustAttributes("V2TV00N"), bytes)
	key, _ := crypto.NewPVK(k)
	pin, err := pinblock.ParsePIN([]byte("4524"))
	if err != nil {
		panic(err)
	}
	defer pin.Wipe()
	fmt.Println(pin)
	fmt.Println(pinblock.VerifyPVV(key, pinblock.PVVData{PAN: crypto.Hide("1122334455667788"), KeyIndex: 1}, pin, "8523"))
	// Output:
	// PIN(hidden)
	// <nil>
}
