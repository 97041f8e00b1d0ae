package emv

import (
	"iter"
)

// Language chooses the language of names and meanings.
type Language uint8

// The languages names come in. English is the zero value.
const (
	English Language = iota
	Chinese
)

// text is a wording in both languages.
type text struct{ en, zh string }

func (t text) in(l Language) string {
	if l == Chinese {
		return t.zh
	}
	return t.en
}

// Bit numbers are the octet, counted from 0, times 8 plus the bit, counted from 0 at the low end. The EMV books count
// both from 1: their "byte 1 bit 8" is octet1 + bit8.
const (
	octet1 = iota << 3
	octet2
	octet3
	octet4
	octet5
)

const (
	bit1 = iota
	bit2
	bit3
	bit4
	bit5
	bit6
	bit7
	bit8
)

// fixed are the arrays of bits.
type fixed interface {
	~[2]byte | ~[3]byte | ~[4]byte | ~[5]byte | ~[8]byte
}

// parseFixed copies b into an array of its length.
func parseFixed[A fixed](t Tag, b []byte) (a A, err error) {
	if len(b) != len(a) {
		return a, &ValueError{Tag: t, Err: ErrLength}
	}
	for i := range len(a) {
		a[i] = b[i]
	}
	return a, nil
}

func hasBit[A fixed, B ~uint8](a A, b B) bool {
	return int(b>>3) < len(a) && a[b>>3]>>(b&7)&1 == 1
}

func putBit[A fixed, B ~uint8](a *A, b B, on bool) {
	switch {
	case int(b>>3) >= len(*a):
	case on:
		(*a)[b>>3] |= 1 << (b & 7)
	default:
		(*a)[b>>3] &^= 1 << (b & 7)
	}
}

// eachBit iterates over the bits that are set, from the first octet's highest to the last one's lowest.
func eachBit[B ~uint8, A fixed](a A) iter.Seq[B] {
	return func(yield func(B) bool) {
		for i := range 8 * len(a) {
			b := B(i&^7 | 7 - i&7)
			if hasBit(a, b) && !yield(b) {
				return
			}
		}
	}
}

// bitText words a bit; one without a meaning is RFU, reserved for future use.
func bitText[B ~uint8 | ~int](names []text, b B, l Language) string {
	if int(b) < len(names) && names[b].en != "" {
		return names[b].in(l)
	}
	return text{"RFU", "保留"}.in(l)
}
