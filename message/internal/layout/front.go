package layout

import (
	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/wire"
)

// front is the header and the message type where all of it has a fixed length, to be checked in one go.
type front struct {
	size    int // 0 where it has none
	mti     int // where the message type starts
	windows []wire.Window
}

func (c *Compiled) fixFront() {
	size := 0
	nodes := append(c.Header[:len(c.Header):len(c.Header)], c.MTI)
	for _, n := range nodes {
		if !n.Plain || n.Framed || n.Ending != wire.EndFixed {
			return
		}
		c.front.mti = size
		size += n.Size
	}
	at := 0
	for _, n := range nodes {
		c.front.windows = n.AppendWindows(c.front.windows, 0, at, size)
		at += n.Size
	}
	c.front.windows = wire.MergeWindows(c.front.windows)
	c.front.size = size
}

// ParseFront reads header and message type, which it appends to digits. It returns where the message type starts and
// where the bitmaps do; with a fault the first is the end of the header where that could be read, and 0 otherwise.
func (c *Compiled) ParseFront(buf, digits []byte) (mti, pos int, err *fault.Fault) {
	if f := &c.front; f.size > 0 && len(buf) >= f.size && wire.Sound(f.windows, buf[:f.size]) {
		c.MTI.AppendValue(digits, buf[f.mti:f.size], typeDigits)
		return f.mti, f.size, nil
	}
	for _, n := range c.Header {
		s, err := n.Parse(buf, pos)
		if err != nil {
			return 0, 0, err
		}
		pos = int(s.End)
	}
	s, err := c.MTI.Parse(buf, pos)
	if err != nil {
		return pos, 0, err
	}
	c.MTI.AppendValue(digits, buf[s.Content:s.End], typeDigits)
	return pos, int(s.End), nil
}

// typeDigits is the length of a message type.
const typeDigits = 4
