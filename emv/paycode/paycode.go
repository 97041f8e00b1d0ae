package paycode

import (
	"fmt"
	"strings"

	"github.com/posline/posline/emv/qr"
)

// Wallet is whose pay code it is.
type Wallet uint8

// The wallets whose codes are told apart. NoWallet is anything else.
const (
	NoWallet     Wallet = iota
	WeChatPay           // 18 digits from 10 to 15
	Alipay              // 16 to 24 digits from 25 to 30
	UnionPayQR          // 19 digits from 62
	EMVCoPayload        // EMVCo consumer-presented: base64
)

// String returns the name of the wallet.
func (w Wallet) String() string {
	if w > EMVCoPayload {
		return fmt.Sprintf("wallet %d", uint8(w))
	}
	return [...]string{"none", "WeChat Pay", "Alipay", "UnionPay", "EMVCo"}[w]
}

// Source is how the string came in. A card number and a pay code can look alike; the source decides.
type Source uint8

// The sources. The zero value is the careful one.
const (
	Keyboard Source = iota // typed, or from a device that types
	Scanner                // read from an image
)

// Code is a recognised pay code. It is worth money for a minute, so it prints masked, with every verb of fmt; Text is
// clear. The zero value is no code.
type Code struct {
	Wallet Wallet
	text   string
}

// Text returns the code itself, for the request to the acquirer and for nothing else.
func (c Code) Text() string { return c.text }

// Format prints the wallet and the masked code.
func (c Code) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%v %s", c.Wallet, c.Masked()) }

// MarshalText writes the masked code, so that logs and JSON hold nothing else.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.Masked()), nil }

// Masked returns the code with all but its first two and last four characters hidden.
func (c Code) Masked() string {
	if len(c.text) < 12 {
		return strings.Repeat("*", len(c.text))
	}
	return c.text[:2] + strings.Repeat("*", len(c.text)-6) + c.text[len(c.text)-4:]
}

// consumerStart is the base64 of the tag 85 with "CPV01".
const consumerStart = "hQVDUFYwMW"

// Recognize tells which wallet a pay code belongs to, by length and prefix. Blanks around it are trimmed. It returns
// false for what is no pay code, and for what could as well be a card number when it was not scanned: 62 with 19
// digits is then a UnionPay card.
func Recognize(s string, from Source) (Code, bool) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, consumerStart) {
		if _, err := qr.ParseConsumer(s); err != nil {
			return Code{}, false
		}
		return Code{EMVCoPayload, s}, true
	}
	w := walletOf(s)
	if w == NoWallet || from != Scanner && maybeCard(s) {
		return Code{}, false
	}
	return Code{w, s}, true
}

func walletOf(s string) Wallet {
	if len(s) < 2 || strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) >= 0 {
		return NoWallet
	}
	prefix := 10*int(s[0]-'0') + int(s[1]-'0')
	switch n := len(s); {
	case n == 18 && prefix >= 10 && prefix <= 15:
		return WeChatPay
	case n == 19 && prefix == 62:
		return UnionPayQR
	case n >= 16 && n <= 24 && prefix >= 25 && prefix <= 30:
		return Alipay
	}
	return NoWallet
}

// maybeCard reports whether digits that are a pay code could be a card number too: UnionPay's from 62, Mastercard's
// from 2221 to 2720, and the numbers of 30 that Diners Club has, up to 19 digits.
func maybeCard(s string) bool {
	switch {
	case len(s) > 19:
		return false
	case strings.HasPrefix(s, "62"), strings.HasPrefix(s, "30"):
		return true
	}
	return len(s) == 16 && s[:4] >= "2221" && s[:4] <= "2720"
}
