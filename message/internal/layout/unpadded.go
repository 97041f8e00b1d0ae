package layout

import "github.com/posline/posline/message/internal/wire"

// AppendUnpadded appends the text without the padding that the spec declares.
func (p *Part) AppendUnpadded(dst []byte) []byte {
	start := len(dst)
	dst = p.AppendText(dst)
	n := p.Node
	if !p.Present() || n.Content == wire.Any || n.HasParts() || n.Padding(0) == 0 {
		return dst
	}
	if n.PadSide == wire.Right {
		return trimRight(dst, start, n.PadChar)
	}
	keep, digits := 0, n.Content == wire.Digit
	if digits {
		keep = 1
	}
	if n.Signed {
		start = min(start+1, len(dst))
	}
	end := start
	for end < len(dst)-keep && dst[end] == n.PadChar {
		end++
	}
	return append(dst[:start], dst[end:]...)
}

// trimRight takes c off the end of dst, but not below length start.
func trimRight(dst []byte, start int, c byte) []byte {
	for len(dst) > start && dst[len(dst)-1] == c {
		dst = dst[:len(dst)-1]
	}
	return dst
}
