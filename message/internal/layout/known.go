package layout

import (
	"bytes"

	"github.com/posline/posline/message/internal/fault"
)

// Known returns the inside of a value without the tags that the spec does not list, and without those of its parts. What
// stays is as it was.
func (p *Part) Known(fields Fields) ([]byte, *fault.Fault) {
	inside := p.Inside(fields)
	l := p.Layout(fields)
	if l == nil {
		return inside, nil
	}
	entries, err := l.Collect(inside)
	if err != nil {
		return nil, err
	}
	var out []byte
	kept := 0 // up to where inside is dealt with
	for _, e := range entries {
		if e.Node == l.Unknown {
			out, kept = append(out, inside[kept:e.Start]...), int(e.Span.End)
			continue
		}
		part := l.Part(e.Entry, inside)
		known, err := part.Known(fields)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(known, part.Inside(fields)) {
			continue
		}
		coded, err := e.Node.coded(known, part)
		if err != nil {
			return nil, err
		}
		out = append(out, inside[kept:e.Start]...)
		if out, err = l.AppendEntry(out, e.Node, inside[e.Tag:e.End], coded); err != nil {
			return nil, err
		}
		kept = int(e.Span.End)
	}
	return append(out, inside[kept:]...), nil
}
