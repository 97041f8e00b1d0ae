package simulator

import (
	"errors"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/pinblock"
)

// A fault is an error code, two characters.
type fault string

func (f fault) Error() string { return "simulator: error code " + string(f) }

// codes are the codes of the library's errors. The first that matches counts.
var codes = []struct {
	err  error
	code string
}{
	{crypto.ErrVerify, "01"},
	{pinblock.ErrBlock, "20"},
	{pinblock.ErrPAN, "22"},
	{pinblock.ErrFormat, "23"},
	{pinblock.ErrPIN, "24"},
	{pinblock.ErrData, "25"},
	{crypto.ErrParity, "10"},
	{crypto.ErrKeyLength, "27"},
	{crypto.ErrWeakKey, "27"},
	{crypto.ErrUsage, "29"},
	{crypto.ErrExport, "29"},
	{keyblock.ErrBlock, "A4"},
	{keyblock.ErrLegacy, "A4"},
	{keyblock.ErrWeakKBPK, "BB"},
	{crypto.ErrAttributes, "A6"},
	{crypto.ErrKCV, "82"},
	{dukpt.ErrKSN, "15"},
	{crypto.ErrUnsupported, "68"},
}

// codeOf returns the code that tells of an error: 41, an internal fault, for one that nobody expects.
func codeOf(err error) string {
	var f fault
	if errors.As(err, &f) {
		return string(f)
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return "41"
}
