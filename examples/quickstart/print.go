package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/posline/posline/message"
)

// printer writes what one side does. The sides take turns, so that nothing mixes.
type printer struct {
	out  io.Writer
	side string
}

var meaning = map[string]string{
	"0800": "sign-in request", "0810": "sign-in answer", "0200": "sale request", "0210": "sale answer",
}

// sent prints a message field by field. A value prints masked, as its class in the spec says, and so does every error.
func (p printer) sent(m *message.Message, frame []byte) {
	fmt.Fprintf(p.out, "\n%s -> %s %s, %d bytes\n", p.side, m.MTI(), meaning[m.MTI()], len(frame))
	for number := range m.Numbers() {
		v := m.Field(number)
		fmt.Fprintf(p.out, "%10d  %-44s%s\n", number, v.Name(), wrap(v.String()))
	}
}

// received prints what matters of a message on one line.
func (p printer) received(m *message.Message, frame []byte) {
	line := fmt.Sprintf("<- %s %s, %d bytes:", m.MTI(), meaning[m.MTI()], len(frame))
	for _, number := range []int{11, 2, 4, 39} {
		if v := m.Field(number); v.Present() {
			line += fmt.Sprintf(" %d=%v", number, v)
		}
	}
	p.note("%s", line)
}

func (p printer) note(format string, args ...any) {
	fmt.Fprintf(p.out, p.side+" "+format+"\n", args...)
}

// wrap breaks a long value at its blanks.
func wrap(value string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(value) {
		switch {
		case i > 0 && column+len(word) > 64:
			b.WriteString("\n" + strings.Repeat(" ", 56))
			column = 0
		case i > 0:
			b.WriteString(" ")
		}
		b.WriteString(word)
		column += len(word) + 1
	}
	return b.String()
}
