package main

/*
#include "posline.h"

void poslineSoftPad(posline_pinpad *pad);
*/
import "C"

import (
	"encoding/hex"
	"errors"
	"unsafe"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/examples/terminal/firmware"
)

// soft is the stand-in for a PIN pad, if the application has asked for it.
var soft *firmware.SoftPad

var errMaster = errors.New("the master key must be 32 hexadecimal digits")

// posline_software_pad fills in a PIN pad made of software, for trying things out: a master key in hexadecimal, and the PIN
// that every customer types.
//
//export posline_software_pad
func posline_software_pad(master, pin *C.char, pad *C.posline_pinpad) C.int {
	device.Lock()
	defer device.Unlock()
	if master == nil || pin == nil || pad == nil {
		return told(C.POSLINE_MISUSE, errMaster)
	}
	clearKey, err := hex.DecodeString(C.GoString(master))
	if err != nil || len(clearKey) != 16 {
		return told(C.POSLINE_MISUSE, errMaster)
	}
	defer clear(clearKey)
	key, err := clearkey.Import(crypto.MustAttributes("K0TB00N"), clearKey)
	if err != nil {
		return told(C.POSLINE_MISUSE, err)
	}
	kek, err := crypto.NewKEK(key)
	if err != nil {
		return told(C.POSLINE_MISUSE, err)
	}
	digits := C.GoString(pin)
	soft = firmware.NewSoftPad(kek, func(dst []byte) ([]byte, error) { return append(dst, digits...), nil })
	C.poslineSoftPad(pad)
	return C.POSLINE_OK
}

//export poslineSoftLoadWorkKeys
func poslineSoftLoadWorkKeys(block *C.uint8_t, size C.size_t) C.int {
	if soft.LoadWorkKeys(unsafe.Slice((*byte)(unsafe.Pointer(block)), int(size))) != nil {
		return 1
	}
	return 0
}

//export poslineSoftPINBlock
func poslineSoftPINBlock(pan *C.char, block *C.uint8_t) C.int {
	return give(block)(soft.AppendPINBlock(nil, C.GoString(pan)))
}

//export poslineSoftMAC
func poslineSoftMAC(message *C.uint8_t, size C.size_t, code *C.uint8_t) C.int {
	return give(code)(soft.AppendMAC(nil, unsafe.Slice((*byte)(unsafe.Pointer(message)), int(size))))
}

// give copies eight bytes to where C wants them.
func give(to *C.uint8_t) func([]byte, error) C.int {
	return func(result []byte, err error) C.int {
		if err != nil || len(result) != 8 {
			return 1
		}
		copy(unsafe.Slice((*byte)(unsafe.Pointer(to)), 8), result)
		return 0
	}
}
