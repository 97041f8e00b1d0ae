package pinblock

// Lengths of a PAN in digits. A block takes twelve digits besides the check digit; format 4 fills up shorter PANs.
const (
	minimumPAN = 13
	maximumPAN = 19
	panDigits  = 12
)

// checkPAN reports ErrPAN for a PAN the layout cannot take. Layouts without one take anything.
func (l *layout) checkPAN(pan string) error {
	least := minimumPAN
	switch l.pan {
	case noPAN:
		return nil
	case wholePAN:
		least = 1
	}
	if len(pan) < least || len(pan) > maximumPAN || !allDigits(pan) {
		return ErrPAN
	}
	return nil
}

// xorPAN combines the block with the digits of the PAN, which stand in its last six bytes.
func (l *layout) xorPAN(block []byte, pan string) {
	switch l.pan {
	case rightmost:
		pan = pan[len(pan)-1-panDigits : len(pan)-1]
	case leftmost:
		pan = pan[:panDigits]
	default:
		return
	}
	tail := block[len(block)-panDigits/2:]
	for i := range tail {
		tail[i] ^= (pan[2*i]-'0')<<4 | (pan[2*i+1] - '0')
	}
}

// panField4 writes the PAN field of format 4: the number of digits beyond twelve, the PAN with zeros in front up to
// twelve digits, zeros.
func panField4(field *[16]byte, pan string) {
	clear(field[:])
	missing := max(0, panDigits-len(pan))
	field[0] = byte(max(0, len(pan)-panDigits)) << 4
	for i := range len(pan) {
		at := 1 + missing + i
		field[at/2] |= (pan[i] - '0') << (4 * (1 - at%2))
	}
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
