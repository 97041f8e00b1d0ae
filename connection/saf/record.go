package saf

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"
)

// A file is a head and records, in big-endian numbers. The head is there twice, in two sectors, so that one damaged
// place leaves one:
//
//	magic (14) | mode (1) | salt (16) | next ID (8) | length of key check (1) | key check | zeros | checksum (4)
//
// Each file has a salt of its own. A record is
//
//	mark (4) | kind (1) | id (8) | length of body (4) | checksum of the head (4) | body | checksum of all (4) | tail (8)
//
// The mark is the start of the salt. Checksums are CRC-32C over salt, the record's place in the file, and the bytes:
// whatever an old file or a message left on the disk is no record here. The head's own checksum tells a damaged
// length from a record that a crash cut off. The tail is the same everywhere and holds nothing, so that whatever a
// crash cuts off a record, it is whole still or it lacks the tail: then more is missing than damage to a byte or two
// could make look so. In a sealed file a body is nonce and ciphertext, with salt, place, kind and id as additional
// data: a body cannot be moved.
type kind byte

const (
	kindEntry   kind = 'E' // see entryBody
	kindTried   kind = 'T' // sendings begun so far (4)
	kindEnd     kind = 'X' // outcome (1)
	kindReplace kind = 'R' // ID of the entry that is withdrawn (8), then as kindEntry
)

const (
	magic      = "posline saf 3\n"
	modePlain  = 'P'
	modeSealed = 'S'
	saltSize   = 16
	copySize   = 512 // a sector
	headSize   = 2 * copySize
	maxCheck   = math.MaxUint8 // its length is one byte

	markSize   = 4
	recordHead = markSize + 1 + 8 + 4 + 4
	sumSize    = 4
	tail       = "saf end\n"
	recordTail = sumSize + len(tail)
	maxBody    = 1 << 20 // far beyond any message; a length above it is damage
	minNonce   = 12
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type record struct {
	kind kind
	id   uint64
	body []byte
}

// format writes and reads the records of one file.
type format struct {
	seal cipher.AEAD // nil: plaintext
	salt [saltSize]byte
}

func newFormat(seal cipher.AEAD) format {
	f := format{seal: seal}
	rand.Read(f.salt[:])
	f.salt[0] |= 0x80 // zeros hold no mark
	return f
}

func checkSeal(seal cipher.AEAD) error {
	switch {
	case seal == nil:
		return nil
	case seal.NonceSize() < minNonce:
		return fmt.Errorf("saf: nonce of %d bytes is too short to be random", seal.NonceSize())
	case seal.NonceSize()+seal.Overhead() > maxCheck:
		return fmt.Errorf("saf: nonce and tag of %d bytes are too long", seal.NonceSize()+seal.Overhead())
	}
	return nil
}

// head is what a file starts with.
func (f format) head(next uint64) []byte {
	b := append(make([]byte, 0, headSize), magic...)
	b = append(b, modePlain)
	b = append(b, f.salt[:]...)
	b = binary.BigEndian.AppendUint64(b, next)
	if f.seal == nil {
		b = append(b, 0)
	} else {
		b[len(magic)] = modeSealed
		additional := bytes.Clone(b)
		b = append(b, byte(f.seal.NonceSize()+f.seal.Overhead()))
		b = f.sealed(b, nil, additional)
	}
	b = b[:copySize-4] // the rest is zero
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return append(b, b...)
}

// errNoHead means that a copy of a head is damaged, or that the file is none of ours.
var errNoHead = errors.New("no head")

// parseHead reads one copy of a head: the file's salt and the next ID.
func parseHead(b []byte, seal cipher.AEAD) (f format, next uint64, err error) {
	if len(b) < copySize || !bytes.HasPrefix(b, []byte(magic)) ||
		crc32.Checksum(b[:copySize-4], castagnoli) != binary.BigEndian.Uint32(b[copySize-4:]) {
		return f, 0, errNoHead
	}
	mode, rest := b[len(magic)], b[len(magic)+1:]
	f.seal = seal
	copy(f.salt[:], rest)
	next = binary.BigEndian.Uint64(rest[saltSize:])
	check := rest[saltSize+8+1:]
	switch n := int(rest[saltSize+8]); {
	case mode == modePlain && seal == nil:
		return f, next, nil
	case mode == modePlain:
		return f, 0, ErrNotSealed
	case mode != modeSealed:
		return f, 0, errNoHead
	case seal == nil:
		return f, 0, ErrSealed
	case n != seal.NonceSize()+seal.Overhead():
		return f, 0, ErrWrongKey
	default:
		if _, err := f.opened(check[:n], b[:len(magic)+1+saltSize+8]); err != nil {
			return f, 0, ErrWrongKey
		}
		return f, next, nil
	}
}

// bodySize is how long a body becomes in the file.
func (f format) bodySize(body int) int {
	if f.seal == nil {
		return body
	}
	return f.seal.NonceSize() + body + f.seal.Overhead()
}

// recordSize is how long a record with such a body becomes in the file.
func (f format) recordSize(body int) int64 { return int64(recordHead + f.bodySize(body) + recordTail) }

func (f format) sealed(dst, body, additional []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, f.seal.NonceSize())...)
	rand.Read(dst[start:])
	return f.seal.Seal(dst, dst[start:], body, additional)
}

func (f format) opened(sealed, additional []byte) ([]byte, error) {
	n := f.seal.NonceSize()
	if len(sealed) < n {
		return nil, errors.New("sealed body without nonce")
	}
	return f.seal.Open(nil, sealed[:n], sealed[n:], additional)
}

// context is what checksums and seals cover beside the record: the file and the place in it.
func (f format) context(at int64) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, saltSize+8+1+8), f.salt[:]...), uint64(at))
}

// append appends the record that goes to place at of the file.
func (f format) append(dst []byte, at int64, r record) []byte {
	start, context := len(dst), f.context(at)
	seed := crc32.Checksum(context, castagnoli)
	dst = append(dst, f.salt[:markSize]...)
	dst = append(dst, byte(r.kind))
	dst = binary.BigEndian.AppendUint64(dst, r.id)
	dst = binary.BigEndian.AppendUint32(dst, uint32(f.bodySize(len(r.body))))
	dst = binary.BigEndian.AppendUint32(dst, crc32.Update(seed, castagnoli, dst[start:]))
	if f.seal == nil {
		dst = append(dst, r.body...)
	} else {
		dst = f.sealed(dst, r.body, append(context, dst[start+markSize:start+markSize+1+8]...))
	}
	dst = binary.BigEndian.AppendUint32(dst, crc32.Update(seed, castagnoli, dst[start:]))
	return append(dst, tail...)
}

// parseRecordHead reads the head of a record at place at: its kind, its ID and the size of the whole record. ok is
// false if there is none.
func (f format) parseRecordHead(b []byte, at int64) (r record, size int, ok bool) {
	if len(b) < recordHead || !bytes.Equal(b[:markSize], f.salt[:markSize]) {
		return r, 0, false
	}
	seed, sum := crc32.Checksum(f.context(at), castagnoli), recordHead-4
	length := binary.BigEndian.Uint32(b[sum-4:])
	if length > maxBody || crc32.Update(seed, castagnoli, b[:sum]) != binary.BigEndian.Uint32(b[sum:]) {
		return r, 0, false // compared as uint32: an int may have 32 bits
	}
	r = record{kind: kind(b[markSize]), id: binary.BigEndian.Uint64(b[markSize+1:])}
	return r, recordHead + int(length) + recordTail, true
}

// parseRecord reads a record whose head is good; b is the whole of it, without the tail.
func (f format) parseRecord(b []byte, at int64) (r record, err error) {
	r, _, _ = f.parseRecordHead(b, at)
	context, end := f.context(at), len(b)-sumSize
	if crc32.Update(crc32.Checksum(context, castagnoli), castagnoli, b[:end]) != binary.BigEndian.Uint32(b[end:]) {
		return r, errors.New("wrong checksum")
	}
	if r.body = b[recordHead:end]; f.seal != nil {
		if r.body, err = f.opened(r.body, append(context, b[markSize:markSize+1+8]...)); err != nil {
			return r, errors.New("body does not open")
		}
	}
	return r, nil
}

// entryBody is when the entry was created in seconds (8) and nanoseconds (4), the length of its destination (2), the
// destination and the frame.
func entryBody(dst []byte, destination string, frame []byte, created time.Time) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(created.Unix()))
	dst = binary.BigEndian.AppendUint32(dst, uint32(created.Nanosecond()))
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(destination)))
	dst = append(dst, destination...)
	return append(dst, frame...)
}

const entryHead = 8 + 4 + 2

func parseEntry(id uint64, body []byte) (*Entry, error) {
	if len(body) < entryHead {
		return nil, errors.New("short entry")
	}
	n := int(binary.BigEndian.Uint16(body[entryHead-2:]))
	if len(body) < entryHead+n {
		return nil, errors.New("short entry")
	}
	seconds, nanoseconds := binary.BigEndian.Uint64(body), binary.BigEndian.Uint32(body[8:])
	return &Entry{
		ID:          id,
		Created:     time.Unix(int64(seconds), int64(nanoseconds)),
		Destination: string(body[entryHead : entryHead+n]),
		Frame:       bytes.Clone(body[entryHead+n:]),
	}, nil
}
