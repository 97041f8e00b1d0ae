package main

/*
#include "posline.h"

void poslineWatchdog(void (*watchdog)(void));
*/
import "C"

import (
	"context"
	"errors"
	"sync"
	"time"
	"unsafe"

	"github.com/posline/posline/examples/terminal/firmware"
)

// device is the process's one terminal.
var device struct {
	sync.Mutex
	terminal *firmware.Terminal
	log      firmware.Ring
	text     string // of the last error
}

// Errors of POSLINE_MISUSE.
var (
	errOpen = errors.New("the terminal is open already, or not open")
	errHost = errors.New("no host is given")
)

// posline_open opens the terminal.
//
//export posline_open
func posline_open(c *C.posline_config) C.int {
	device.Lock()
	defer device.Unlock()
	if c == nil || device.terminal != nil || c.pinpad.load_work_keys == nil || c.pinpad.pin_block == nil || c.pinpad.mac == nil {
		return told(C.POSLINE_MISUSE, errOpen)
	}
	host := C.GoString(c.host)
	if host == "" {
		return told(C.POSLINE_MISUSE, errHost)
	}
	watchdog := c.watchdog
	config := firmware.Config{
		Terminal: C.GoString(c.terminal), Merchant: C.GoString(c.merchant), Dir: C.GoString(c.folder),
		Dials: []firmware.Dial{{Name: "host", Address: host}}, PINPad: &pinPad{c.pinpad},
		Timeout: time.Duration(c.timeout_seconds) * time.Second, Log: &device.log,
		Watchdog: func() { C.poslineWatchdog(watchdog) },
	}
	if c.backup != nil {
		config.Dials = append(config.Dials, firmware.Dial{Name: "backup", Address: C.GoString(c.backup)})
	}
	for i, b := range c.tpdu {
		config.TPDU[i] = byte(b)
	}
	terminal, err := firmware.Open(config)
	if err != nil {
		return told(C.POSLINE_MISUSE, err)
	}
	device.terminal = terminal
	return C.POSLINE_OK
}

// posline_sign_in fetches the day's keys and sends what is left to reverse.
//
//export posline_sign_in
func posline_sign_in() C.int {
	device.Lock()
	defer device.Unlock()
	if device.terminal == nil {
		return told(C.POSLINE_MISUSE, errOpen)
	}
	return result(device.terminal.SignIn(context.Background()))
}

// posline_sale takes a payment of an amount in fen with the stripe's track 2. receipt is filled in for POSLINE_OK.
//
//export posline_sale
func posline_sale(amount C.int64_t, track2 *C.char, receipt *C.posline_receipt) C.int {
	device.Lock()
	defer device.Unlock()
	if device.terminal == nil || track2 == nil || receipt == nil {
		return told(C.POSLINE_MISUSE, errOpen)
	}
	*receipt = C.posline_receipt{}
	r, err := device.terminal.Sale(context.Background(), firmware.Sale{Amount: int64(amount), Track2: C.GoString(track2)})
	if err != nil {
		return result(err)
	}
	receipt.amount, receipt.stan = C.int64_t(r.Amount), C.int32_t(r.STAN)
	put(receipt.batch[:], r.Batch)
	put(receipt.reference[:], r.Reference)
	put(receipt.authorisation[:], r.Authorisation)
	put(receipt.card[:], r.Card)
	return C.POSLINE_OK
}

// posline_text writes what the last error was into a buffer of size bytes, the zero byte included. It holds no card data.
//
//export posline_text
func posline_text(buffer *C.char, size C.size_t) {
	device.Lock()
	defer device.Unlock()
	if buffer != nil && size > 0 {
		put(unsafe.Slice(buffer, int(min(size, 1<<16))), device.text)
	}
}

// posline_close closes the terminal.
//
//export posline_close
func posline_close() C.int {
	device.Lock()
	defer device.Unlock()
	if device.terminal == nil {
		return told(C.POSLINE_MISUSE, errOpen)
	}
	err := device.terminal.Close()
	device.terminal = nil
	return result(err)
}

// result is the number of an outcome. device is locked.
func result(err error) C.int {
	var declined *firmware.Declined
	var unknown *firmware.Unknown
	switch {
	case err == nil:
		return C.POSLINE_OK
	case errors.As(err, &declined):
		return told(C.POSLINE_DECLINED, err)
	case errors.As(err, &unknown):
		return told(C.POSLINE_UNKNOWN, err)
	}
	return told(C.POSLINE_NOT_SENT, err)
}

func told(code C.int, err error) C.int {
	device.text = err.Error()
	return code
}

// put writes a text, cut to what fits, and a zero byte.
func put(dst []C.char, text string) {
	n := min(len(text), len(dst)-1)
	for i := range n {
		dst[i] = C.char(text[i])
	}
	dst[n] = 0
}
