package dukpt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
)

// ErrReplay is a key serial number that was accepted before, or is too old to tell.
var ErrReplay = errors.New("dukpt: this transaction was seen before")

// ErrFull says that a Window knows as many devices as it may.
var ErrFull = errors.New("dukpt: too many devices")

// A Window remembers at the host which transactions of each device were accepted, so that none is accepted twice: a
// message recorded and sent again carries a key serial number that was seen (X9.24-1 section 7.4 leaves that to the
// host). It keeps the highest counter of a device and which of the 64 counters up to it were seen; what is older is
// refused, what is newer moves the window. The zero Window is ready; it is safe for concurrent use.
//
// Look with Check when a message comes and call Accept once its MAC or PIN block has proved that the device made it:
// whoever could move the window with an invented number would lock the device out.
type Window struct {
	// Devices bounds the memory, some 50 bytes a device; 0 is a million. A device beyond that is ErrFull.
	Devices int

	mutex sync.Mutex
	seen  map[KSN]history
}

// history is the highest counter accepted and, in bit n, whether the counter n below it was.
type history struct {
	highest uint32
	before  uint64
}

const (
	usualDevices = 1_000_000
	windowSize   = 64
)

// Check returns nil when the number is valid and was not accepted before, else ErrKSN or ErrReplay. It changes nothing.
func (w *Window) Check(ksn KSN) error {
	if err := ksn.Valid(); err != nil {
		return err
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.seen[ksn.Device()].check(ksn.Counter())
}

// Accept is Check, and remembers the number when it returns nil. Of two calls with one number a single one succeeds.
func (w *Window) Accept(ksn KSN) error {
	if err := ksn.Valid(); err != nil {
		return err
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	h, known := w.seen[ksn.Device()]
	if err := h.check(ksn.Counter()); err != nil {
		return err
	}
	if !known && len(w.seen) >= w.limit() {
		return ErrFull
	}
	if w.seen == nil {
		w.seen = map[KSN]history{}
	}
	w.seen[ksn.Device()] = h.with(ksn.Counter())
	return nil
}

// Forget drops a device, as when it was given a new initial key.
func (w *Window) Forget(device KSN) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.seen, device.Device())
}

func (w *Window) limit() int {
	if w.Devices == 0 {
		return usualDevices
	}
	return w.Devices
}

func (h history) check(counter uint32) error {
	if counter > h.highest {
		return nil
	}
	if age := h.highest - counter; age >= windowSize || h.before>>age&1 == 1 {
		return fmt.Errorf("%w: counter %X, %X was accepted", ErrReplay, counter, h.highest)
	}
	return nil
}

func (h history) with(counter uint32) history {
	if counter > h.highest {
		h.before <<= min(counter-h.highest, windowSize) // a shift by the whole width leaves nothing
		h.highest = counter
	}
	h.before |= 1 << (h.highest - counter)
	return h
}

// An entry of the saved form is length and bytes of the device's number, highest counter, counters before.
const historySize = 1 + aesLength + 4 + 8

// AppendBinary appends what the window remembers to dst, for a host that starts again; it is not secret, but must not be
// changed by others.
func (w *Window) AppendBinary(dst []byte) ([]byte, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for device, h := range w.seen {
		dst = append(append(dst, device.length), device.bytes[:]...)
		dst = binary.BigEndian.AppendUint32(dst, h.highest)
		dst = binary.BigEndian.AppendUint64(dst, h.before)
	}
	return dst, nil
}

// UnmarshalBinary replaces what the window remembers by what AppendBinary wrote. Anything else, such as a device named
// twice or counters that no window has accepted, is ErrKSN, more devices than the window may know ErrFull; then nothing
// changes.
func (w *Window) UnmarshalBinary(data []byte) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if len(data)%historySize != 0 {
		return fmt.Errorf("%w: truncated window", ErrKSN)
	}
	if len(data)/historySize > w.limit() {
		return ErrFull
	}
	seen := make(map[KSN]history, len(data)/historySize)
	for ; len(data) > 0; data = data[historySize:] {
		device, h, err := parseHistory(data[:historySize])
		if err != nil {
			return err
		}
		if _, twice := seen[device]; twice {
			return fmt.Errorf("%w: twice in a window", ErrKSN)
		}
		seen[device] = h
	}
	w.seen = seen
	return nil
}

// parseHistory reads an entry of the saved form. What no window writes is refused: it would accept a number again.
func parseHistory(entry []byte) (KSN, history, error) {
	length := int(entry[0])
	if length > aesLength {
		return KSN{}, history{}, fmt.Errorf("%w: in a window", ErrKSN)
	}
	device, err := ParseKSN(entry[1 : 1+length])
	if err != nil {
		return KSN{}, history{}, err
	}
	rest := entry[1+aesLength:]
	h := history{binary.BigEndian.Uint32(rest), binary.BigEndian.Uint64(rest[4:])}
	last := device.WithCounter(h.highest)
	if device != device.Device() || last.Counter() != h.highest || !bytes.Equal(entry[1+length:1+aesLength], last.bytes[length:]) {
		return KSN{}, history{}, fmt.Errorf("%w: no device in a window", ErrKSN)
	}
	if err := last.Valid(); err != nil {
		return KSN{}, history{}, err
	}
	if !h.possible(device) {
		return KSN{}, history{}, fmt.Errorf("%w: counters in a window", ErrKSN)
	}
	return device, h, nil
}

// possible reports whether accepting numbers of the device leads to this history: the highest was accepted, and whatever
// else was has a transaction key.
func (h history) possible(device KSN) bool {
	for age := range uint32(windowSize) {
		if h.before>>age&1 == 1 && (age > h.highest || device.WithCounter(h.highest-age).Valid() != nil) {
			return false
		}
	}
	return h.before&1 == 1
}
