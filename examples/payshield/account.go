package payshield

import (
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/pinblock"
)

// accountDigits are how many digits of a PAN PIN commands take: those before the check digit.
const accountDigits = 12

// noAccount is sent for formats that have no PAN in them.
const noAccount = "000000000000"

// accountOf returns the account number field of a PAN of 13 to 19 digits.
func accountOf(pan crypto.Hidden) (string, error) {
	text := pan.Text()
	if len(text) < accountDigits+1 || len(text) > 19 || !digits(text) {
		return "", pinblock.ErrPAN
	}
	return text[len(text)-1-accountDigits : len(text)-1], nil
}

// formatCode returns the code of a PIN block format. Those whose account field is not settled are left out, and format 4,
// which takes AES keys.
func formatCode(f pinblock.Format) (string, error) {
	switch f {
	case pinblock.ISO0:
		return "01", nil
	case pinblock.Docutel:
		return "02", nil
	case pinblock.Diebold:
		return "03", nil
	case pinblock.ISO1:
		return "05", nil
	case pinblock.ISO3:
		return "47", nil
	}
	return "", fmt.Errorf("%w: %s on the device", crypto.ErrUnsupported, f)
}
