package message

import (
	"fmt"
	"log/slog"
)

// A Scanner holds the bytes of a message, which package fmt would print.

// String returns the message type of what is scanned: "scanner of 0200".
func (s Scanner) String() string { return "scanner of " + s.MTI() }

// GoString returns the scanner for %#v, without any of its bytes.
func (s Scanner) GoString() string { return "message.Scanner(" + s.MTI() + ")" }

// Format implements fmt.Formatter: every verb prints what String returns, %q quoted.
func (s Scanner) Format(f fmt.State, verb rune) { printMasked(f, verb, s) }

// LogValue implements slog.LogValuer: what String returns.
func (s Scanner) LogValue() slog.Value { return slog.StringValue(s.String()) }
