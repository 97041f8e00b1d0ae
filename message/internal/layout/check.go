package layout

import (
	"github.com/posline/posline/message/internal/fault"
)

// Check checks the parts of a value, to any depth. base is the offset of the value in the message, for faults; inside a
// decoded value the offset is that of the value.
func (p Part) Check(fields Fields, base int) *fault.Fault {
	l := p.Layout(fields)
	if l == nil {
		return nil
	}
	inside := p.Inside(fields)
	if l.sound(inside) {
		return nil
	}
	decoded := p.Node.Decodes()
	for w := l.Walk(inside); ; {
		e, ok, err := w.Next()
		if err != nil {
			if err.Offset += base; decoded {
				err.Offset = base
			}
			return err
		}
		if !ok {
			return nil
		}
		if e.Node.HasParts() {
			at := base
			if !decoded {
				at += int(e.Span.Content)
			}
			if err := l.Part(e, inside).Check(fields, at); err != nil {
				return err
			}
		}
	}
}

// SoundInside tells, where that takes no walk and no other field, that all is well with the inside of a value, given as it
// stands on the wire. Where it is false Check finds out.
func (n *Node) SoundInside(content []byte, units int) bool {
	switch {
	case len(n.Cases) > 0 || n.Layout == nil:
		return false
	case n.Decodes():
		return units < len(n.Layout.sizes) && n.Layout.sizes[units]
	default:
		return n.Layout.sound(content)
	}
}

// sound tells, where that takes no walk, that all is well with the inside of a value. Where it is false a walk finds
// out.
func (l *Layout) sound(inside []byte) bool {
	if l.objects != nil {
		return l.objects.Sound(inside)
	}
	return len(inside) < len(l.sizes) && l.sizes[len(inside)]
}
