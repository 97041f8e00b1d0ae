package pinblock_test

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/pinblock"
)

// fromTerminals lets PINs of terminals go on in format 4, for the PAN that the terminal sent.
var fromTerminals = pinblock.Policy{{From: pinblock.ISO0, To: pinblock.ISO4}}

// A host derives the PIN key of a terminal's transaction (DUKPT) and translates the block to the issuer's zone key. The
// numbers are those of X9.24-1 annex A.
func ExampleSoftware_TranslatePIN() {
	bytes, _ := hex.DecodeString("0123456789ABCDEFFEDCBA9876543210")
	k, _ := clearkey.Import(crypto.MustAttributes("B0TX00N"), bytes)
	bdk, _ := crypto.NewBDK(k)
	serial, _ := hex.DecodeString("FFFF9876543210E00001")
	ksn, err := dukpt.ParseKSN(serial)
	if err != nil {
		panic(err)
	}
	var seen dukpt.Window // kept for the life of the host
	if err := seen.Check(ksn); err != nil {
		panic(err)
	}
	var tx dukpt.TDES
	if err := tx.DeriveFromBDK(bdk, ksn); err != nil {
		panic(err)
	}
	defer tx.Wipe()
	terminal, err := tx.PIN()
	if err != nil {
		panic(err)
	}

	field52, _ := hex.DecodeString("1B9C1845EB993A7A")
	zone := examplePINKey("P0AB00N", "00112233445566778899AABBCCDDEEFF")
	host := pinblock.Software{Policy: fromTerminals, Monitor: &pinblock.Monitor{Alarm: func(pinblock.Encrypted, int) { fmt.Println("somebody tries out blocks") }}}
	const pan = "4012345678909"
	block, err := host.TranslatePIN(context.Background(), nil,
		pinblock.Encrypted{Key: terminal, Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: field52},
		pinblock.Target{Key: zone, Layout: pinblock.ISO4, PAN: crypto.Hide(pan)})
	fmt.Println(len(block), err)
	fmt.Println(seen.Accept(ksn), seen.Check(ksn) != nil)
	// Output:
	// 16 <nil>
	// <nil> true
}

// zoneKey is how an HSM adaptor names a key: by its handle in the module.
type zoneKey struct{ handle string }

func (zoneKey) Attributes() crypto.Attributes { return crypto.MustAttributes("P0TB00N") }

// module stands for the client of a hardware security module.
type module struct{ call func(command string) []byte }

func (m module) TranslatePIN(_ context.Context, dst []byte, in pinblock.Encrypted, out pinblock.Target) ([]byte, error) {
	from, ok := in.Key.(zoneKey)
	to, too := out.Key.(zoneKey)
	if !ok || !too {
		return dst, crypto.ErrKeyRef
	}
	return append(dst, m.call("CC "+from.handle+" "+to.handle)...), nil
}

// A hardware security module takes the place of Software: a switch that asks for a Translator does not notice.
func ExampleTranslator() {
	pass := func(hsm pinblock.Translator, from, to crypto.KeyRef) {
		block, err := hsm.TranslatePIN(context.Background(), nil,
			pinblock.Encrypted{Key: from, Layout: pinblock.ISO0, PAN: crypto.Hide("6224242900000113"), Block: make([]byte, 8)},
			pinblock.Target{Key: to, Layout: pinblock.ISO0, PAN: crypto.Hide("6224242900000113")})
		fmt.Println(len(block), err)
	}
	hsm := module{call: func(command string) []byte {
		fmt.Println(command)
		return make([]byte, 8)
	}}
	pass(hsm, zoneKey{"terminal 7"}, zoneKey{"bank"})
	pass(hsm, examplePINKey("P0TB00N", "A17320C7CD1A04F4FDDCE3E5CDE5E0C4"), zoneKey{"bank"})
	pass(pinblock.Software{}, zoneKey{"terminal 7"}, zoneKey{"bank"})
	// Output:
	// CC terminal 7 bank
	// 8 <nil>
	// 0 crypto: the key reference belongs to another provider
	// 0 crypto: the key reference belongs to another provider
}
