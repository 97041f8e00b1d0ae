package mac

import (
	"encoding/binary"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/cmac"
)

// maximumBlock is the largest block size of a cipher here, in bytes.
const maximumBlock = cmac.MaximumBlockSize

// chaining is a MAC on the way: the running block and what has not been chained in yet. The last block of a message is
// held back until it is known to be the last, because most schemes treat it in a way of its own.
type chaining struct {
	scheme  crypto.MACScheme
	padding crypto.MACPadding
	size    int // of a block

	value   [maximumBlock]byte
	pending [maximumBlock]byte
	held    int  // bytes in pending
	started bool // a block has been chained in
	any     bool // the message is not empty
}

// begin prepares for a message; its length in bytes counts with padding 3 only.
func (c *chaining) begin(k *keys, length uint64) {
	switch {
	case c.scheme == crypto.CBCR:
		k.first.encrypt(c.value[:c.size])
	case c.padding == crypto.Padding3:
		binary.BigEndian.PutUint64(c.pending[c.size-8:], length<<3)
		c.held = c.size
	}
}

// absorb takes a part of the message.
func (c *chaining) absorb(k *keys, message []byte) {
	if len(message) == 0 {
		return
	}
	c.any = true
	if c.held > 0 {
		n := copy(c.pending[c.held:c.size], message)
		c.held += n
		if message = message[n:]; len(message) == 0 {
			return
		}
		c.chain(k, c.pending[:c.size])
	}
	whole := (len(message) - 1) / c.size * c.size
	c.chain(k, message[:whole])
	c.held = copy(c.pending[:c.size], message[whole:])
}

// chain takes whole blocks.
func (c *chaining) chain(k *keys, blocks []byte) {
	value := c.value[:c.size]
	switch {
	case c.scheme == crypto.UnionPayECB || c.scheme == crypto.UnionPayRaw:
		for ; len(blocks) > 0; blocks = blocks[c.size:] {
			xorBlock(value, blocks)
		}
		return
	case c.scheme == crypto.MacDES && !c.started && len(blocks) > 0:
		c.started = true
		k.first.chain(value, blocks[:c.size])
		k.third.encrypt(value)
		blocks = blocks[c.size:]
	}
	k.first.chain(value, blocks)
}

// finish pads what is held, ends the scheme and writes the whole result to the front of tag.
func (c *chaining) finish(k *keys, m *MAC, tag []byte) {
	value := c.value[:c.size]
	if c.scheme == crypto.CMAC {
		subkeys(k.material).Finish(value, c.pending[:c.held])
		k.first.encrypt(value)
		copy(tag, value)
		return
	}
	incomplete := c.pad(k)
	last := c.pending[:c.held]
	switch c.scheme {
	case crypto.LMAC:
		k.other.chain(value, last)
	case crypto.CBCR:
		xorBlock(value, last)
		rotate(value, incomplete)
		k.first.encrypt(value)
	default:
		c.chain(k, last)
	}
	switch c.scheme {
	case crypto.EMAC, crypto.MacDES:
		k.other.encrypt(value)
	case crypto.RetailMAC:
		k.other.decrypt(value)
		k.last.encrypt(value)
	case crypto.TRCBC:
		if incomplete { // the left end of complete messages, the right end of padded ones
			value = value[c.size-trcbcSize(c.size):]
		}
	case crypto.UnionPayECB, crypto.UnionPayRaw:
		finishUnionPay(c.scheme, &k.first, value, tag)
		return
	}
	copy(tag, value)
}

// pad completes the pending block, or adds one, and reports whether the message did not end with a whole block.
func (c *chaining) pad(k *keys) (incomplete bool) {
	switch c.scheme {
	case crypto.TRCBC, crypto.CBCR:
		if c.held == c.size {
			return false
		}
		c.pending[c.held] = 0x80
		clear(c.pending[c.held+1 : c.size])
	case crypto.UnionPayECB, crypto.UnionPayRaw:
		clear(c.pending[c.held:c.size])
	default:
		c.padISO(k)
	}
	c.held = c.size
	return true
}

// padISO applies padding 1, 2 or 3; a message is at least one block long after it.
func (c *chaining) padISO(k *keys) {
	full := c.held == c.size
	if full && (c.padding == crypto.Padding2 || c.padding == crypto.Padding3 && !c.any) {
		c.chain(k, c.pending[:c.size])
		c.held = 0
	}
	if c.padding == crypto.Padding2 {
		c.pending[c.held] = 0x80
		c.held++
	}
	clear(c.pending[c.held:c.size])
}

// rotate rotates the block by one bit.
func rotate(block []byte, left bool) {
	n := len(block)
	if left {
		top := block[0] >> 7
		for i := range n - 1 {
			block[i] = block[i]<<1 | block[i+1]>>7
		}
		block[n-1] = block[n-1]<<1 | top
		return
	}
	low := block[n-1] << 7
	for i := n - 1; i > 0; i-- {
		block[i] = block[i]>>1 | block[i-1]<<7
	}
	block[0] = block[0]>>1 | low
}
