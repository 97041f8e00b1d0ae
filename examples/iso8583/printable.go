package main

import (
	"fmt"
	"strings"
	"unicode"
)

// printable is text from an input without what a terminal would take as a command.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsGraphic(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, text)
}

// escaped is a word as a shell takes it, with its bytes in hexadecimal where they are not plain.
func escaped(word string) string {
	var out strings.Builder
	for _, b := range []byte(word) {
		if b < ' ' || b > '~' || b == '\'' || b == '\\' {
			fmt.Fprintf(&out, `\x%02x`, b)
		} else {
			out.WriteByte(b)
		}
	}
	return "$'" + out.String() + "'"
}
