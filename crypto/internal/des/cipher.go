package des

import "encoding/binary"

// A Cipher is DES (one key) or Triple DES in EDE order (two or three keys) as a cipher.Block. It holds its schedules
// itself, so that it can live inside another value; Init makes it usable. It is safe for concurrent use.
type Cipher struct {
	form Form
	keys int // single-length keys: 1, 2 or 3
	k    [3]Schedule
}

// KeySize reports whether n is a key length in bytes: 8, 16 or 24.
func KeySize(n int) bool { return n == 8 || n == 16 || n == 24 }

// Init expands a key of 8, 16 or 24 bytes. It panics on any other length, which is a bug of the caller.
func (c *Cipher) Init(key []byte, form Form) {
	if !KeySize(len(key)) {
		panic("des: bug: key length")
	}
	c.form, c.keys = form, len(key)/8
	for i := range c.keys {
		form.Expand(&c.k[i], binary.BigEndian.Uint64(key[8*i:]))
	}
	if c.keys == 2 {
		c.k[2] = c.k[0]
	}
}

// Form returns the form the cipher was made in.
func (c *Cipher) Form() Form { return c.form }

// Wipe overwrites the schedules.
func (c *Cipher) Wipe() {
	for i := range c.k {
		clear(c.k[i][:])
	}
}

// BlockSize is 8.
func (c *Cipher) BlockSize() int { return BlockSize }

// Encrypt encrypts the first block of src into dst, which may be the same memory.
func (c *Cipher) Encrypt(dst, src []byte) {
	_, _ = dst[BlockSize-1], src[BlockSize-1]
	binary.BigEndian.PutUint64(dst, c.EncryptBlock(binary.BigEndian.Uint64(src)))
}

// Decrypt decrypts the first block of src into dst, which may be the same memory.
func (c *Cipher) Decrypt(dst, src []byte) {
	_, _ = dst[BlockSize-1], src[BlockSize-1]
	binary.BigEndian.PutUint64(dst, c.DecryptBlock(binary.BigEndian.Uint64(src)))
}

// EncryptBlock encrypts one block held in a word, its first byte on top.
func (c *Cipher) EncryptBlock(block uint64) uint64 {
	return c.form.leave(c.forwards(c.form.enter(block)))
}

// DecryptBlock decrypts one block held in a word.
func (c *Cipher) DecryptBlock(block uint64) uint64 {
	return c.form.leave(c.backwards(c.form.enter(block)))
}

// EncryptPart encrypts one block with single DES under one part of the key: 0, 1 or 2.
func (c *Cipher) EncryptPart(part int, block uint64) uint64 {
	left, right := c.form.enter(block)
	return c.form.leave(c.form.encrypt(&c.k[part], left, right))
}

// DecryptPart decrypts one block with single DES under one part of the key.
func (c *Cipher) DecryptPart(part int, block uint64) uint64 {
	left, right := c.form.enter(block)
	return c.form.leave(c.form.decrypt(&c.k[part], left, right))
}

// CBC runs the blocks, whose length is a multiple of BlockSize, through cipher block chaining and returns the last
// block: the core of every CBC-MAC. Between two blocks the halves stay as they are, because the final permutation of
// one and the initial permutation of the next cancel out.
func (c *Cipher) CBC(chain uint64, blocks []byte) uint64 {
	left, right := c.form.enter(chain)
	for ; len(blocks) >= BlockSize; blocks = blocks[BlockSize:] {
		l, r := c.form.enter(binary.BigEndian.Uint64(blocks))
		left, right = c.forwards(left^l, right^r)
	}
	return c.form.leave(left, right)
}

// CBCPart is CBC with single DES under one part of the key.
func (c *Cipher) CBCPart(part int, chain uint64, blocks []byte) uint64 {
	left, right := c.form.enter(chain)
	for ; len(blocks) >= BlockSize; blocks = blocks[BlockSize:] {
		l, r := c.form.enter(binary.BigEndian.Uint64(blocks))
		left, right = c.form.encrypt(&c.k[part], left^l, right^r)
	}
	return c.form.leave(left, right)
}

// RetailMAC is ISO 9797-1 MAC algorithm 3 over whole blocks and a last one: the blocks chained under the first part of
// the key, the last one encrypted under the whole key, without a permutation in between.
func (c *Cipher) RetailMAC(blocks []byte, last uint64) uint64 {
	left, right := c.form.enter(0)
	for ; len(blocks) >= BlockSize; blocks = blocks[BlockSize:] {
		l, r := c.form.enter(binary.BigEndian.Uint64(blocks))
		left, right = c.form.encrypt(&c.k[0], left^l, right^r)
	}
	l, r := c.form.enter(last)
	return c.form.leave(c.forwards(left^l, right^r))
}

func (c *Cipher) forwards(left, right uint64) (uint64, uint64) {
	left, right = c.form.encrypt(&c.k[0], left, right)
	if c.keys > 1 {
		left, right = c.form.decrypt(&c.k[1], left, right)
		left, right = c.form.encrypt(&c.k[2], left, right)
	}
	return left, right
}

func (c *Cipher) backwards(left, right uint64) (uint64, uint64) {
	if c.keys > 1 {
		left, right = c.form.decrypt(&c.k[2], left, right)
		left, right = c.form.encrypt(&c.k[1], left, right)
	}
	return c.form.decrypt(&c.k[0], left, right)
}

// Parts returns the number of single-length keys: 1, 2 or 3.
func (c *Cipher) Parts() int { return c.keys }

// InitVariant makes c the cipher of base's key with variant xored into each single-length part, at the cost of no key
// schedule.
func (c *Cipher) InitVariant(base *Cipher, variant *Schedule) {
	c.form, c.keys = base.form, base.keys
	for i := range c.k {
		c.k[i].Xor(&base.k[i], variant)
	}
}
