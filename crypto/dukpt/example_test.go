package dukpt_test

import (
	"encoding/hex"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/dukpt"
)

// A host finds the PIN key of a message by the key serial number that came with it.
func Example() {
	bytes, _ := hex.DecodeString("0123456789ABCDEFFEDCBA9876543210") // the test key of X9.24-1
	k, _ := clearkey.Import(crypto.MustAttributes("B0TX00N"), bytes)
	bdk, err := crypto.NewBDK(k)
	if err != nil {
		panic(err)
	}
	serial, _ := hex.DecodeString("FFFF9876543210E00008")
	ksn, err := dukpt.ParseKSN(serial)
	if err != nil {
		panic(err)
	}
	var tx dukpt.TDES
	if err := tx.DeriveFromBDK(bdk, ksn); err != nil {
		panic(err)
	}
	defer tx.Wipe()
	pinKey, err := tx.PIN()
	fmt.Println(pinKey, err)
	fmt.Println(tx.DeriveFromBDK(bdk, ksn.Device()))
	// Output:
	// Key(P0TB00N, KCV 21685F) <nil>
	// dukpt: invalid key serial number: its counter is zero
}

// A device makes one transaction after the other and forgets each key.
func ExampleTDESTerminal() {
	bytes, _ := hex.DecodeString("6AC292FAA1315B4D858AB3A3D7D5933A")
	k, _ := clearkey.Import(crypto.MustAttributes("B1TX00N"), bytes)
	ik, _ := crypto.NewInitialKey(k)
	serial, _ := hex.DecodeString("FFFF9876543210E00000")
	ksn, _ := dukpt.ParseKSN(serial)
	terminal, err := dukpt.NewTDESTerminal(ik, ksn)
	if err != nil {
		panic(err)
	}
	ik.Destroy()
	var tx dukpt.TDES
	for range 3 {
		ksn, err := terminal.Next(&tx)
		fmt.Println(ksn, err)
	}
	// Output:
	// FFFF9876543210E00001 <nil>
	// FFFF9876543210E00002 <nil>
	// FFFF9876543210E00003 <nil>
}
