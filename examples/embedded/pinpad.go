package main

/*
#include <stdlib.h>
#include "posline.h"

int poslineLoadWorkKeys(const posline_pinpad *p, const uint8_t *block, size_t size);
int poslinePINBlock(const posline_pinpad *p, const char *pan, uint8_t *block);
int poslineMAC(const posline_pinpad *p, const uint8_t *message, size_t size, uint8_t *code);
*/
import "C"

import (
	"crypto/subtle"
	"errors"
	"unsafe"

	"github.com/posline/posline/examples/terminal/firmware"
)

// pinPad is the application's PIN pad as package firmware wants it.
type pinPad struct{ functions C.posline_pinpad }

var errPad = errors.New("the PIN pad has refused")

func (p *pinPad) LoadWorkKeys(block []byte) error {
	data := C.CBytes(block)
	defer C.free(data)
	if C.poslineLoadWorkKeys(&p.functions, (*C.uint8_t)(data), C.size_t(len(block))) != 0 {
		return errPad
	}
	return nil
}

func (p *pinPad) AppendPINBlock(dst []byte, pan string) ([]byte, error) {
	text := C.CString(pan)
	defer func() {
		clear(unsafe.Slice((*byte)(unsafe.Pointer(text)), len(pan)))
		C.free(unsafe.Pointer(text))
	}()
	var block [8]C.uint8_t
	if C.poslinePINBlock(&p.functions, text, &block[0]) != 0 {
		return dst, firmware.ErrCancelled
	}
	return appendBytes(dst, block), nil
}

func (p *pinPad) AppendMAC(dst, message []byte) ([]byte, error) {
	var code [8]C.uint8_t
	if len(message) == 0 || C.poslineMAC(&p.functions, (*C.uint8_t)(unsafe.Pointer(&message[0])), C.size_t(len(message)), &code[0]) != 0 {
		return dst, errPad
	}
	return appendBytes(dst, code), nil
}

func (p *pinPad) VerifyMAC(message, code []byte) error {
	want, err := p.AppendMAC(nil, message)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(want, code) != 1 {
		return firmware.ErrMAC
	}
	return nil
}

func appendBytes(dst []byte, from [8]C.uint8_t) []byte {
	for _, b := range from {
		dst = append(dst, byte(b))
	}
	return dst
}
