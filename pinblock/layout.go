package pinblock

import (
	"crypto/rand"
	"crypto/subtle"
)

// layout describes the clear block as nibbles: control, length, PIN, fill.
type layout struct {
	name    string
	size    int // bytes
	control int8
	counted bool // a length nibble follows the control nibble
	fixed   int  // digits of every PIN, 0 when it varies
	longest int  // digits
	fill    fill
	pads    string // pad digits to choose from, the usual one first
	anyPad  bool   // without a pad digit chosen, any one that is repeated is read
	pan     panRule
}

const noControl = -1

// Lengths of a PIN in digits (ISO 9564-1 section 8.1).
const (
	minimumPIN = 4
	maximumPIN = 12
)

const maximumNibbles = 32

// fill is what stands after the PIN.
type fill uint8

const (
	fillF          fill = iota
	fillRandom          // any nibble
	fillLetters         // random A to F
	fillISO4            // A in the first half, anything in the second
	fillZeroPad         // zeros up to six digits, then the pad digit
	fillZeroRandom      // zeros up to six digits, then any nibble
	fillDelimited       // F, then the pad digit
	fillPad             // the pad digit
)

// zeroFilled is the number of digits VISA-2 and ECI-3 fill up with zeros.
const zeroFilled = 6

// panRule says which digits of the PAN go into the last six bytes.
type panRule uint8

const (
	noPAN panRule = iota
	rightmost
	leftmost
	wholePAN // a field of its own, ISO format 4
)

const hexDigits = "0123456789ABCDEF"

var layouts = [...]layout{
	ISO0:          {name: "ISO-0", size: 8, control: 0, counted: true, longest: 12, fill: fillF, pan: rightmost},
	ISO1:          {name: "ISO-1", size: 8, control: 1, counted: true, longest: 12, fill: fillRandom},
	ISO2:          {name: "ISO-2", size: 8, control: 2, counted: true, longest: 12, fill: fillF},
	ISO3:          {name: "ISO-3", size: 8, control: 3, counted: true, longest: 12, fill: fillLetters, pan: rightmost},
	ISO4:          {name: "ISO-4", size: 16, control: 4, counted: true, longest: 12, fill: fillISO4, pan: wholePAN},
	VISA2:         {name: "VISA-2", size: 8, control: noControl, counted: true, longest: 6, fill: fillZeroPad, pads: "0123456789", anyPad: true},
	VISA3:         {name: "VISA-3", size: 8, control: noControl, longest: 12, fill: fillDelimited, pads: "F" + hexDigits[:15], anyPad: true},
	VISA4:         {name: "VISA-4", size: 8, control: 0, counted: true, longest: 12, fill: fillF, pan: leftmost},
	ECI2:          {name: "ECI-2", size: 8, control: noControl, fixed: 4, longest: 4, fill: fillRandom},
	ECI3:          {name: "ECI-3", size: 8, control: noControl, counted: true, longest: 6, fill: fillZeroRandom},
	OEM1:          {name: "OEM-1", size: 8, control: noControl, longest: 12, fill: fillPad, pads: "F" + hexDigits[:15], anyPad: true},
	IBM3624:       {name: "IBM 3624", size: 8, control: noControl, longest: 12, fill: fillPad, pads: "F" + hexDigits[:15]},
	UnionPaySM4:   {name: "UnionPay SM4", size: 16, control: 0, counted: true, longest: 12, fill: fillF, pan: rightmost},
	UnionPayPlain: {name: "UnionPay without PAN", size: 8, control: 0, counted: true, longest: 12, fill: fillF},
}

func (f Format) layout() *layout {
	if k := f.kind(); k != 0 && int(k) < len(layouts) {
		return &layouts[k]
	}
	return nil
}

// nibbles is a block, a nibble in each byte.
type nibbles [maximumNibbles]byte

func (n *nibbles) unpack(block []byte) {
	for i, b := range block {
		n[2*i], n[2*i+1] = b>>4, b&15
	}
}

func (n *nibbles) pack(block []byte) {
	for i := range block {
		block[i] = n[2*i]<<4 | n[2*i+1]
	}
}

// randomize makes every nibble what a random fill may hold, all values alike.
func (n *nibbles) randomize(kind fill) {
	switch kind {
	case fillLetters:
		n.randomLetters()
	case fillRandom, fillZeroRandom, fillISO4:
		var draw [maximumNibbles / 2]byte
		rand.Read(draw[:])
		n.unpack(draw[:])
	}
}

// randomLetters draws from A to F, dropping the bytes that would make some letters likelier.
func (n *nibbles) randomLetters() {
	const letters, fair = 6, 256 - 256%6
	for i := 0; i < len(n); {
		var draw [maximumNibbles]byte
		rand.Read(draw[:])
		for _, b := range draw {
			if b < fair && i < len(n) {
				n[i] = 10 + b%letters
				i++
			}
		}
	}
}

// start is the position of the first digit.
func (l *layout) start() int {
	at := 0
	if l.control != noControl {
		at++
	}
	if l.counted {
		at++
	}
	return at
}

// padNibble is the pad digit's value; the format was checked.
func (l *layout) padNibble(f Format) byte {
	if l.pads == "" {
		return 0
	}
	digit := f.pad()
	if digit == 0 {
		digit = l.pads[0]
	}
	if digit >= 'A' {
		return digit - 'A' + 10
	}
	return digit - '0'
}

// encode replaces n, which holds what a random fill takes, by the clear block.
func (l *layout) encode(n *nibbles, f Format, pin *digits) {
	if l.control != noControl {
		n[0] = byte(l.control)
	}
	start := l.start()
	if l.counted {
		n[start-1] = pin.n
	}
	pad := l.padNibble(f)
	for k := range 2*l.size - start {
		at := start + k
		if k < int(pin.n) {
			n[at] = pin.d[k]
			continue
		}
		switch l.fill {
		case fillF:
			n[at] = 15
		case fillISO4:
			if at < maximumNibbles/2 {
				n[at] = 10
			}
		case fillZeroPad:
			n[at] = pad
			fallthrough
		case fillZeroRandom:
			if k < zeroFilled {
				n[at] = 0
			}
		case fillDelimited:
			n[at] = pad
			if k == int(pin.n) {
				n[at] = 15
			}
		case fillPad:
			n[at] = pad
		}
	}
}

// decode reads the clear block and reports whether all of it is as it must be: control, length, digits, every nibble
// of the fill. It takes the same steps whatever the block holds. A false answer leaves pin to be cleared.
func (l *layout) decode(n *nibbles, f Format, pin *digits) bool {
	start, end := l.start(), 2*l.size
	bad := 0
	if l.control != noControl {
		bad |= differs(n[0], byte(l.control))
	}
	length := l.pinLength(n, f, start, end)
	bad |= 1 ^ subtle.ConstantTimeLessOrEq(minimumPIN, length)
	bad |= 1 ^ subtle.ConstantTimeLessOrEq(length, l.longest)
	if f.length() != 0 {
		bad |= 1 ^ subtle.ConstantTimeEq(int32(length), int32(f.length()))
	}
	pad := l.padNibble(f)
	if f.pad() == 0 && l.anyPad {
		pad = n[end-1]
	}
	if l.fill == fillZeroPad {
		bad |= 1 ^ atMost(pad, 9)
	}
	for k := range end - start {
		inside := subtle.ConstantTimeLessOrEq(k+1, length)
		v := n[start+k]
		bad |= subtle.ConstantTimeSelect(inside, 1^atMost(v, 9), l.badFill(v, pad, start+k, k, length))
		if k < maximumPIN {
			pin.d[k] = v & -byte(inside)
		}
	}
	pin.n = byte(length)
	return bad == 0
}

// pinLength is the length the block states, or the number of decimal digits it begins with.
func (l *layout) pinLength(n *nibbles, f Format, start, end int) int {
	switch {
	case l.counted:
		return int(n[start-1])
	case l.fixed != 0:
		return l.fixed
	case l.fill == fillPad && f.length() != 0:
		return f.length()
	}
	length, running := 0, 1
	for i := start; i < end; i++ {
		running &= atMost(n[i], 9)
		length += running
	}
	return length
}

// badFill is 1 for a nibble that may not stand in the fill, at position at of the block and k after the first digit.
func (l *layout) badFill(v, pad byte, at, k, length int) int {
	switch l.fill {
	case fillF:
		return differs(v, 15)
	case fillLetters:
		return atMost(v, 9)
	case fillISO4:
		if at < maximumNibbles/2 {
			return differs(v, 10)
		}
	case fillZeroPad, fillZeroRandom:
		if k < zeroFilled {
			return differs(v, 0)
		}
		if l.fill == fillZeroPad {
			return differs(v, pad)
		}
	case fillDelimited:
		first := subtle.ConstantTimeEq(int32(k), int32(length))
		return subtle.ConstantTimeSelect(first, differs(v, 15), differs(v, pad))
	case fillPad:
		return differs(v, pad)
	}
	return 0
}

func differs(a, b byte) int { return 1 ^ subtle.ConstantTimeByteEq(a, b) }

func atMost(v, limit byte) int { return subtle.ConstantTimeLessOrEq(int(v), int(limit)) }
