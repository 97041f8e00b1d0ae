package pinblock

import (
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// OffsetMethod is how natural PINs are computed under a PIN verification key of usage V1 (IBM 3624). It belongs to the
// key: its Bind is an option the key is made with, and a key without it has the zero method. No call can choose it,
// because tables and validation data of a caller's choice find out PINs in two dozen calls.
type OffsetMethod struct {
	// Table turns the sixteen hexadecimal digits of a result into decimal ones; "" is "0123456789012345". A table with
	// fewer than eight different digits, or with one of them more than four times, is refused.
	Table string

	// The validation data is Length digits of the PAN from position Start on, filled up to 16 with Pad. Length 0 takes
	// the rest of the PAN. Pad is '0' to '9' or 'A' to 'F', 0 means 'F'.
	Start, Length int
	Pad           byte
}

// Bind is the option that gives the method to a key: clearkey.Import(attributes, bytes, method.Bind). A method out of
// shape refuses the key with ErrData. IBM 3624.
// On a key that is received it counts only by crypto.Confers of the key it arrives under, and less than what comes with it.
func (m OffsetMethod) Bind(o *crypto.KeyOptions) {
	o.BindMethod(keymaterial.Grant(), crypto.UsagePVK3624, m.text(), m.check())
}

// PVVMethod is how Visa PIN verification values are computed under a key of usage V2. It belongs to the key, as
// OffsetMethod does.
type PVVMethod struct {
	// FirstFour takes the first four digits of a longer PIN, as Visa's method has it. Without it a PIN must have four,
	// because its other digits would go unchecked.
	FirstFour bool
}

// Bind is the option that gives the method to a key (Visa PVV).
func (m PVVMethod) Bind(o *crypto.KeyOptions) {
	text := exactlyFour
	if m.FirstFour {
		text = firstFour
	}
	o.BindMethod(keymaterial.Grant(), crypto.UsagePVKVisa, text, nil)
}

// A method goes with its key as text: of an OffsetMethod the table, start and length of two digits each, and the pad; of a
// PVVMethod one letter.
const (
	exactlyFour, firstFour = "X", "F"
	methodText             = validationDigits + 2 + 2 + 1
)

func (m OffsetMethod) text() string {
	pad, _ := padValue(m.Pad)
	return fmt.Sprintf("%s%02d%02d%X", m.table(), m.Start, m.Length, pad)
}

// offsetMethod returns the key's method, the zero one if it has none. A text that is no method is ErrData: it came with a key
// from somebody who knew no better.
func offsetMethod(key crypto.PVK) (m OffsetMethod, err error) {
	text := key.Method()
	if text == "" {
		return m, nil
	}
	if len(text) != methodText || !allDigits(text[:methodText-1]) {
		return m, ErrData
	}
	numbers := text[validationDigits:]
	m = OffsetMethod{
		Table: text[:validationDigits], Start: twoDigits(numbers), Length: twoDigits(numbers[2:]), Pad: text[methodText-1],
	}
	return m, m.check()
}

func twoDigits(text string) int { return 10*int(text[0]-'0') + int(text[1]-'0') }

// pvvMethod is offsetMethod for Visa PVV.
func pvvMethod(key crypto.PVK) (m PVVMethod, err error) {
	switch key.Method() {
	case "", exactlyFour:
		return m, nil
	case firstFour:
		return PVVMethod{FirstFour: true}, nil
	}
	return m, ErrData
}

const (
	usualTable       = "0123456789012345"
	validationDigits = 16
)

func (m OffsetMethod) table() string {
	if m.Table == "" {
		return usualTable
	}
	return m.Table
}

func (m OffsetMethod) check() error {
	_, pad := padValue(m.Pad)
	if !fairTable(m.table()) || !pad || m.Start < 0 || m.Start >= maximumPAN || m.Length < 0 || m.Length > validationDigits {
		return ErrData
	}
	return nil
}

// fairTable refuses tables that make a few digits likely.
func fairTable(table string) bool {
	const different, most = 8, 4
	if len(table) != len(usualTable) || !allDigits(table) {
		return false
	}
	var counts [10]int
	kinds := 0
	for _, c := range []byte(table) {
		if counts[c-'0']++; counts[c-'0'] == 1 {
			kinds++
		}
		if counts[c-'0'] > most {
			return false
		}
	}
	return kinds >= different
}

// validation writes the sixteen nibbles of the validation data.
func (m OffsetMethod) validation(out *nibbles, pan string) error {
	if len(pan) == 0 || len(pan) > maximumPAN || !allDigits(pan) {
		return ErrPAN
	}
	length := m.Length
	if length == 0 {
		length = len(pan) - m.Start
	}
	if length < 1 || length > validationDigits || m.Start > len(pan)-length {
		return ErrData
	}
	pad, _ := padValue(m.Pad)
	for i := range validationDigits {
		out[i] = pad
		if i < length {
			out[i] = pan[m.Start+i] - '0'
		}
	}
	return nil
}

func padValue(digit byte) (byte, bool) {
	switch {
	case digit == 0:
		return 15, true
	case '0' <= digit && digit <= '9':
		return digit - '0', true
	case 'A' <= digit && digit <= 'F':
		return digit - 'A' + 10, true
	case 'a' <= digit && digit <= 'f':
		return digit - 'a' + 10, true
	}
	return 0, false
}
