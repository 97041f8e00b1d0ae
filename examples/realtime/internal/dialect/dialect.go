// Package dialect holds what the two sides of a line must agree on: message formats, framing, how answers match
// requests, and the work keys of a terminal.
package dialect

import (
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// The message formats.
var (
	Terminal = message.MustCompile(spec.UnionPayPOS())          // terminal and acquirer
	Bank     = message.MustCompile(spec.ISO8583v1987Binary())   // acquirer and bank
	Binary2  = mustFraming(connection.FramingByName("binary2")) // two length bytes, on both lines
)

// China is the zone of the times on the terminals' lines, fields 12 and 13: one without summer time since 1992.
var China = time.FixedZone("CST", 8*60*60)

// Order is the path of the merchant's order number in a terminal's message: an entry of field 59 that is this acquirer's
// own, beside UnionPay's A1 to A5.
const Order = "59.B1"

// TerminalLine is how terminals and acquirer talk: an answer has its request's message class, STAN and terminal.
func TerminalLine() connection.Config {
	return connection.Config{Framing: Binary2, Key: message.KeyFunc(Terminal, 11, 41)}
}

// BankLine is how acquirer and bank talk: an answer has its request's message class, STAN and retrieval reference
// number.
func BankLine() connection.Config {
	return connection.Config{Framing: Binary2, Key: message.KeyFunc(Bank, 11, 37)}
}

func mustFraming(f connection.Framing, err error) connection.Framing {
	if err != nil {
		panic(err)
	}
	return f
}
