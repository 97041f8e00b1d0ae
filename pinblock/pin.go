package pinblock

import (
	"crypto/rand"
	"crypto/subtle"
)

// A PIN holds 4 to 12 digits and shows them to nobody but AppendClear. It is a small value; copies share the digits.
// The zero PIN has none and is refused with ErrPIN. PINs are compared with Equal; == does not compile. ISO 9564-1
// section 8.1.
type PIN struct {
	// reach is a closure because fmt and the dumpers of test libraries see through pointers, not into a closure.
	reach func() *digits
}

// digits is a clear PIN inside this package: values 0 to 9.
type digits struct {
	d [maximumPIN]byte
	n byte
}

// ParsePIN takes the digits '0' to '9' of a PIN, which it copies; clear them after use. Anything but 4 to 12 digits is
// ErrPIN. ISO 9564-1 section 8.1.
func ParsePIN(text []byte) (PIN, error) {
	d := new(digits)
	if err := d.set(text); err != nil {
		return PIN{}, err
	}
	return PIN{func() *digits { return d }}, nil
}

// Set makes p the PIN of these digits, which it copies, in the memory that p has; copies of p change with it. A PIN pad
// that takes one PIN after another allocates nothing that way. Anything but 4 to 12 digits is ErrPIN and leaves p wiped.
func (p *PIN) Set(text []byte) error {
	if p.reach == nil {
		d := new(digits)
		p.reach = func() *digits { return d }
	}
	return p.reach().set(text)
}

func (d *digits) set(text []byte) error {
	*d = digits{}
	if len(text) < minimumPIN || len(text) > maximumPIN {
		return ErrPIN
	}
	for i, c := range text {
		if c < '0' || c > '9' {
			*d = digits{}
			return ErrPIN
		}
		d.d[i] = c - '0'
	}
	d.n = byte(len(text))
	return nil
}

// GeneratePIN returns a random PIN of n digits, 4 to 12, all values alike but for the Weak ones, which are left out.
// An offset of such a PIN says a little of the card's natural PIN, that which it is not: where offsets are given out for PINs
// made at a caller's will, take Software.GeneratePIN, whose PINs are all alike. ISO 9564-1 section 8.1.
func GeneratePIN(n int) (PIN, error) {
	d := new(digits)
	for again := true; again; again = d.weak() {
		if err := d.generate(n); err != nil {
			return PIN{}, err
		}
	}
	return PIN{func() *digits { return d }}, nil
}

func newPIN(d *digits) PIN {
	own := *d
	return PIN{func() *digits { return &own }}
}

// digits returns nil for the zero PIN and a wiped one.
func (p PIN) digits() *digits {
	if p.reach == nil || p.reach().n == 0 {
		return nil
	}
	return p.reach()
}

// Len returns the number of digits, 0 for the zero PIN and a wiped one.
func (p PIN) Len() int {
	if p.reach == nil {
		return 0
	}
	return int(p.reach().n)
}

// AppendClear appends the digits as text to dst. It is the one way to see them.
func (p PIN) AppendClear(dst []byte) []byte {
	if d := p.digits(); d != nil {
		dst = d.append(dst)
	}
	return dst
}

// Equal compares in constant time. The zero PIN equals none.
func (p PIN) Equal(other PIN) bool {
	a, b := p.digits(), other.digits()
	return a != nil && b != nil && a.equal(b)
}

// Weak reports a PIN people guess first: one digit repeated, or digits that go up or down by one.
func (p PIN) Weak() bool {
	d := p.digits()
	return d != nil && d.weak()
}

// Wipe overwrites the digits; the PIN and its copies are then as the zero PIN. It must not run while another goroutine
// uses the PIN. It is best effort: Go may have left copies behind.
func (p PIN) Wipe() {
	if p.reach != nil {
		*p.reach() = digits{}
	}
}

func (d *digits) append(dst []byte) []byte {
	for _, v := range d.d[:d.n] {
		dst = append(dst, '0'+v)
	}
	return dst
}

func (d *digits) equal(other *digits) bool {
	same := subtle.ConstantTimeCompare(d.d[:], other.d[:])
	return same&subtle.ConstantTimeByteEq(d.n, other.n) == 1
}

func (d *digits) weak() bool {
	steps := [3]int{}
	for i := 1; i < int(d.n); i++ {
		for step := range steps {
			if int(d.d[i])-int(d.d[i-1]) == step-1 {
				steps[step]++
			}
		}
	}
	all := int(d.n) - 1
	return steps[0] == all || steps[1] == all || steps[2] == all
}

func (d *digits) generate(n int) error {
	if n < minimumPIN || n > maximumPIN {
		return ErrPIN
	}
	*d = digits{n: byte(n)}
	d.draw()
	return nil
}

// draw fills in random digits, dropping the bytes that would make some digits likelier.
func (d *digits) draw() {
	const fair = 250
	var random [2 * maximumPIN]byte
	defer clear(random[:])
	for i := 0; i < int(d.n); {
		rand.Read(random[:])
		for _, b := range random {
			if b < fair && i < int(d.n) {
				d.d[i] = b % 10
				i++
			}
		}
	}
}
