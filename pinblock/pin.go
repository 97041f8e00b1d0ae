package pinblock

import (
	"crypto/rand"
	"crypto/subtle"
)

// A PIN holds 4 to 12 digits and shows them to nobody but AppendClear. It is a small value; copies share the digits.
// The zero PIN has none and is refused with ErrPIN. PINs are compared with Equal; == does not compile.
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
// ErrPIN.
func ParsePIN(text []byte) (PIN, error) {
	if len(text) < minimumPIN || len(text) > maximumPIN {
		return PIN{}, ErrPIN
	}
	d := &digits{n: byte(len(text))}
	for i, c := range text {
		if c < '0' || c > '9' {
			return PIN{}, ErrPIN
		}
		d.d[i] = c - '0'
	}
	return PIN{func() *digits { return d }}, nil
}

// GeneratePIN returns a random PIN of n digits, 4 to 12, all values alike but for the Weak ones, which are left out.
func GeneratePIN(n int) (PIN, error) {
	d := new(digits)
	if err := d.generate(n); err != nil {
		return PIN{}, err
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
	for d.draw(); d.weak(); d.draw() {
	}
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
