package wire

// Check is how the content of a value is checked.
type Check uint8

// The checks.
const (
	CheckNothing   Check = iota // any byte
	CheckDigits                 // ASCII digits
	CheckPrintable              // ASCII blank to tilde
	CheckTrack                  // ASCII track data
	CheckClass                  // ASCII characters of some classes
	CheckBCD                    // decimal nibbles
	CheckNibbles                // any nibble: track data and hexadecimal digits in BCD
	CheckHex                    // hexadecimal characters
	CheckHexText                // hexadecimal characters that stand for characters of some classes
	CheckSeven                  // ASCII, control characters included
	CheckPage                   // EBCDIC characters of some classes
	CheckZoned                  // EBCDIC digits, signed in the last zone
)

// checkOf chooses how content is checked.
func (f *Form) checkOf() Check {
	switch f.Coding {
	case Raw:
		return CheckNothing
	case HexASCII, HexEBCDIC:
		if f.Content != Any {
			return CheckHexText
		}
		return CheckHex
	case Zoned:
		return CheckZoned
	case BCD:
		if f.Content == Digit {
			return CheckBCD
		}
		return CheckNibbles
	}
	switch {
	case f.Content == Any, f.IsText() && f.Classes == Any:
		return CheckNothing
	case f.Coding == EBCDIC:
		return CheckPage
	case f.Classes == Seven:
		return CheckSeven
	case f.Content == Digit:
		return CheckDigits
	case f.Content == Track:
		return CheckTrack
	case f.Content&(Letter|Digit|Special) == Letter|Digit|Special:
		return CheckPrintable
	default:
		return CheckClass
	}
}
