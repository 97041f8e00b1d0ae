package scenario

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"sync"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv/qr"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/pinblock"
)

// card is a payer's card with what only the payer knows.
type card struct {
	pan, track2 string
	pin         pinblock.PIN
}

// newCards makes cards of numbers nobody has, and what the bank keeps of them.
func newCards(n int, key crypto.PVK) (cards []card, accounts []simulator.Account, err error) {
	for i := range n {
		pan := withCheckDigit(fmt.Sprintf("621797%012d", 4_200+i))
		pin, err := pinblock.GeneratePIN(6)
		if err != nil {
			return nil, nil, err
		}
		pvv, err := pinblock.AppendPVV(nil, key, pinblock.PVVData{PAN: pan, KeyIndex: 1, FirstFour: true}, pin)
		if err != nil {
			return nil, nil, err
		}
		cards = append(cards, card{pan, pan + "D30122200" + fmt.Sprintf("%07d", 7_310_451+i), pin})
		accounts = append(accounts, simulator.Account{PAN: pan, PVV: string(pvv)})
	}
	return cards, accounts, nil
}

// withCheckDigit appends the Luhn digit (ISO/IEC 7812-1, annex B).
func withCheckDigit(digits string) string {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return digits + string(rune('0'+(10-sum%10)%10))
}

// payers hands out pay codes, and remembers them for those who look for leaks.
type payers struct {
	mu    sync.Mutex
	codes []string
}

// code returns a WeChat pay code that nobody has used.
func (p *payers) code() (qr.Code, error) {
	number, err := rand.Int(rand.Reader, big.NewInt(1e16))
	if err != nil {
		return qr.Code{}, err
	}
	text := fmt.Sprintf("13%016d", number)
	code, ok := qr.Recognize(text, qr.Scanner)
	if !ok {
		return qr.Code{}, fmt.Errorf("scenario: not a pay code: %v", code)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes = append(p.codes, text)
	return code, nil
}
