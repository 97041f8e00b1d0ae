package layout

import (
	"time"

	"github.com/posline/posline/message/internal/clock"
	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/wire"
)

// Time returns the date or time that a value holds, by the notation of its field: of those that it may mean the one
// nearest to ref, in ref's location.
func (p *Part) Time(ref time.Time) (time.Time, *fault.Fault) {
	notation, ok := clock.Parse(p.Node.Field.Time)
	if !ok {
		return time.Time{}, p.Node.noTime()
	}
	var buf [64]byte
	text := p.AppendText(buf[:0])
	if len(text) != len(p.Node.Field.Time) || !wire.AllDigits(text) {
		return time.Time{}, fault.Of(fault.Value, p.Node.Path, nil)
	}
	t, ok := notation.Nearest(text, ref)
	if !ok {
		return time.Time{}, fault.Of(fault.Value, p.Node.Path, nil)
	}
	return t, nil
}

func (n *Node) noTime() *fault.Fault {
	return fault.Of(fault.Type, n.Path, fault.Detail("is not a date or time in the spec"))
}

// HasTime tells whether the field is a date or time.
func (n *Node) HasTime() bool {
	_, ok := clock.Parse(n.Field.Time)
	return ok
}

// AppendFromTime appends the value of a date or time field that shows t.
func (n *Node) AppendFromTime(dst []byte, t time.Time) ([]byte, *fault.Fault) {
	if !n.HasTime() {
		return dst, n.noTime()
	}
	if year := t.Year(); year < 0 || year > 9999 {
		return dst, fault.Of(fault.Value, n.Path, fault.Detail("the year has more than four digits"))
	}
	from := len(dst)
	dst = clock.Append(dst, n.Field.Time, t)
	if n.Content == wire.Any {
		dst, _ = wire.AppendHex(dst[:from], dst[from:]) // in place: a byte is written after its two digits were read
	}
	return dst, nil
}
