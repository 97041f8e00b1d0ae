package scenario

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"sync"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv/paycode"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/pinblock"
)

// card is a payer's card with what only the payer knows.
type card struct {
	pan, track2 string
	pin         pinblock.PIN
}

// newCards makes cards of numbers nobody has.
func newCards(n int) (list []keptCard, err error) {
	for i := range n {
		pan := withCheckDigit(fmt.Sprintf("621797%012d", 4_200+i))
		pin, err := pinblock.GeneratePIN(6)
		if err != nil {
			return nil, err
		}
		list = append(list, keptCard{pan + "D30122200" + fmt.Sprintf("%07d", 7_310_451+i), string(pin.AppendClear(nil))})
	}
	return list, nil
}

// openCards gives payers their cards, and the bank what it keeps of them.
func openCards(list []keptCard, key crypto.PVK) (cards []card, accounts []simulator.Account, err error) {
	for _, c := range list {
		pan, _, _ := strings.Cut(c.Track2, "D")
		pin, err := pinblock.ParsePIN([]byte(c.PIN))
		if err != nil {
			return nil, nil, err
		}
		pvv, err := pinblock.AppendPVV(nil, key, pinblock.PVVData{PAN: crypto.Hide(pan), KeyIndex: 1}, pin)
		if err != nil {
			return nil, nil, err
		}
		cards = append(cards, card{pan, c.Track2, pin})
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
func (p *payers) code() (paycode.Code, error) {
	number, err := rand.Int(rand.Reader, big.NewInt(1e16))
	if err != nil {
		return paycode.Code{}, err
	}
	text := fmt.Sprintf("13%016d", number)
	code, ok := paycode.Recognize(text, paycode.Scanner)
	if !ok {
		return paycode.Code{}, fmt.Errorf("scenario: not a pay code: %v", code)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes = append(p.codes, text)
	return code, nil
}
