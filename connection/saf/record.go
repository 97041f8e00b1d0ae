package saf

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"
)

// A file is a head and records. A record is
//
//	length of body (4) | kind (1) | id (8) | body | CRC-32C of all that (4)
//
// in big-endian numbers. In a sealed file the body is nonce and ciphertext; kind and id are its additional data, so
// that a body cannot be moved to another record.
type kind byte

const (
	kindBase  kind = 'B' // the next ID; first record of a file
	kindEntry kind = 'E' // created (8), length of destination (2), destination, frame
	kindTried kind = 'T' // no body
	kindEnd   kind = 'X' // outcome (1)
)

const (
	recordHead = 4 + 1 + 8
	recordTail = 4
	maxBody    = 1 << 20 // far beyond any message; a length above it is damage
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type record struct {
	kind kind
	id   uint64
	body []byte
}

// appendRecord appends a record, its body sealed unless seal is nil.
func appendRecord(dst []byte, seal cipher.AEAD, r record) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, byte(r.kind))
	dst = binary.BigEndian.AppendUint64(dst, r.id)
	if seal == nil || len(r.body) == 0 {
		dst = append(dst, r.body...)
	} else {
		nonce := make([]byte, seal.NonceSize())
		rand.Read(nonce)
		dst = append(dst, nonce...)
		dst = seal.Seal(dst, nonce, r.body, dst[start+4:start+recordHead])
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-recordHead))
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// parseRecord reads the record at the start of b and returns its size. torn means that b ends before the record does.
func parseRecord(b []byte, seal cipher.AEAD) (r record, size int, torn bool, err error) {
	if len(b) < recordHead {
		return r, 0, true, nil
	}
	length := int(binary.BigEndian.Uint32(b))
	if length > maxBody {
		return r, 0, false, fmt.Errorf("record of %d bytes", length)
	}
	size = recordHead + length + recordTail
	if len(b) < size {
		return r, 0, true, nil
	}
	end := size - recordTail
	if crc32.Checksum(b[:end], castagnoli) != binary.BigEndian.Uint32(b[end:]) {
		return r, 0, false, fmt.Errorf("wrong checksum")
	}
	r = record{kind(b[4]), binary.BigEndian.Uint64(b[5:]), b[recordHead:end]}
	if seal != nil && length > 0 {
		n := seal.NonceSize()
		if length < n {
			return r, 0, false, fmt.Errorf("sealed body without nonce")
		}
		if r.body, err = seal.Open(nil, r.body[:n], r.body[n:], b[4:recordHead]); err != nil {
			return r, 0, false, fmt.Errorf("body does not open")
		}
	}
	return r, size, false, nil
}

func entryBody(destination string, frame []byte, created time.Time) []byte {
	body := make([]byte, 0, 10+len(destination)+len(frame))
	body = binary.BigEndian.AppendUint64(body, uint64(created.UnixNano()))
	body = binary.BigEndian.AppendUint16(body, uint16(len(destination)))
	body = append(body, destination...)
	return append(body, frame...)
}

func parseEntry(r record) (e Entry, err error) {
	if len(r.body) < 10 {
		return e, fmt.Errorf("short entry")
	}
	n := int(binary.BigEndian.Uint16(r.body[8:]))
	if len(r.body) < 10+n {
		return e, fmt.Errorf("short entry")
	}
	return Entry{
		ID:          r.id,
		Created:     time.Unix(0, int64(binary.BigEndian.Uint64(r.body))),
		Destination: string(r.body[10 : 10+n]),
		Frame:       append([]byte(nil), r.body[10+n:]...),
	}, nil
}
