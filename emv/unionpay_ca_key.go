package emv

import (
	"fmt"
	"strconv"
	"time"
)

// UnionPayCAKey is a public key of a certification authority as UnionPay's hosts tell it to a terminal: one record of the
// CAPK download (公钥下载), in field 62. oda.NewUnionPayCAKey makes a key of it that authenticates cards. Slices
// share the memory of what was parsed.
type UnionPayCAKey struct {
	RID           RID
	Index         byte
	Expiry        Date // the last day; zero when the record has none or one of zeros
	HashAlgorithm byte // 1 SHA-1, 7 SM3
	Algorithm     byte // 1 RSA, 4 SM2
	Modulus       []byte
	Exponent      []byte
	Checksum      []byte // SHA-1 over RID, index, modulus and exponent

	Others TLV // everything else in the record, in its order

	unusual map[Tag]bool // of zeroInCAKey, where the parsed record was otherwise
	packed  bool         // the parsed record's expiry is in four octets
}

// zeroInCAKey says of the objects that may be absent whether a record made from nothing has them while they say nothing.
var zeroInCAKey = map[Tag]bool{0xDF05: false, 0xDF06: true, 0xDF07: true, 0xDF03: false}

// ParseUnionPayCAKey reads a record without the control character before it. Of repeated objects the first counts, and
// the others go to Others. Errors are *SyntaxError, or a *ValueError that names the object.
func ParseUnionPayCAKey(record TLV) (UnionPayCAKey, error) {
	var k UnionPayCAKey
	have := map[Tag]bool{}
	err := eachOnce(record, func(t Tag, v Value, again bool) error {
		have[t] = true
		if again {
			k.Others = AppendTLV(k.Others, t, v)
			return nil
		}
		return k.read(t, v)
	})
	for _, t := range []Tag{0x9F06, 0x9F22, 0xDF02, 0xDF04} {
		if err == nil && !have[t] {
			err = &ValueError{Tag: t, Err: ErrMissing}
		}
	}
	if err != nil {
		return UnionPayCAKey{}, err
	}
	values := map[Tag]bool{
		0xDF05: k.Expiry != Date{}, 0xDF06: k.HashAlgorithm > 0, 0xDF07: k.Algorithm > 0, 0xDF03: len(k.Checksum) > 0,
	}
	k.unusual = unusual(record, zeroInCAKey, values)
	return k, nil
}

// read takes over one object.
func (k *UnionPayCAKey) read(t Tag, v Value) (err error) {
	switch t {
	case 0x9F06:
		err = copyExactly(k.RID[:], v)
	case 0x9F22:
		k.Index, err = octet(v)
	case 0xDF05:
		k.Expiry, err = unionPayDate(v)
		k.packed = len(v) == packedDate
	case 0xDF06:
		k.HashAlgorithm, err = octet(v)
	case 0xDF07:
		k.Algorithm, err = octet(v)
	case 0xDF02:
		k.Modulus = v
	case 0xDF04:
		k.Exponent = v
	case 0xDF03:
		k.Checksum = v
	default:
		k.Others = AppendTLV(k.Others, t, v)
	}
	return err
}

func octet(v Value) (byte, error) {
	if len(v) != 1 {
		return 0, ErrLength
	}
	return v[0], nil
}

// packedDate is how many octets the rarer form of UnionPay's dates has.
const packedDate = 4

// unionPayDate reads YYYYMMDD: eight characters as most hosts have it, or packed in four octets. Nothing but zeros is the
// zero Date.
func unionPayDate(v Value) (Date, error) {
	digits := string(v)
	switch len(v) {
	case packedDate:
		digits = nibbles(v)
	case 8:
	default:
		return Date{}, ErrLength
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return Date{}, ErrDigits
	}
	if n == 0 {
		return Date{}, nil
	}
	d := Date{int(n / 10000), time.Month(n / 100 % 100), int(n % 100)}
	if !d.valid() {
		return Date{}, ErrDate
	}
	return d, nil
}

// Append appends the record, its objects in the order that UnionPay's hosts send them. What says nothing, as an expiry of
// zeros does, is written when the parsed record had it, and else left out. An expiry is written as eight characters, or
// packed when the parsed record had it packed. It returns dst unchanged and a *ValueError for an expiry that is no date of
// four-digit years.
func (k UnionPayCAKey) Append(dst []byte) ([]byte, error) {
	expires := k.Expiry != Date{}
	if expires && (!k.Expiry.valid() || k.Expiry.Year < 0 || k.Expiry.Year > 9999) {
		return dst, &ValueError{Tag: 0xDF05, Err: ErrDate}
	}
	out := AppendTLV(AppendTLV(dst, 0x9F06, k.RID[:]), 0x9F22, []byte{k.Index})
	w := recordWriter{out: out, writes: func(t Tag) bool { return zeroInCAKey[t] != k.unusual[t] }}
	if expires || w.writes(0xDF05) {
		w.out = k.appendExpiry(w.out)
	}
	w.bytes(0xDF06, []byte{k.HashAlgorithm})
	w.bytes(0xDF07, []byte{k.Algorithm})
	out = AppendTLV(AppendTLV(w.out, 0xDF02, k.Modulus), 0xDF04, k.Exponent)
	if len(k.Checksum) > 0 || w.writes(0xDF03) {
		out = AppendTLV(out, 0xDF03, k.Checksum)
	}
	return append(out, k.Others...), nil
}

func (k UnionPayCAKey) appendExpiry(dst []byte) []byte {
	digits := fmt.Sprintf("%04d%02d%02d", k.Expiry.Year, k.Expiry.Month, k.Expiry.Day)
	if !k.packed {
		return AppendTLV(dst, 0xDF05, []byte(digits))
	}
	dst, _ = AppendCN(dst, 0xDF05, digits) // digits they are
	return dst
}

// Expired reports whether the key is over on the day. A key without an expiry never is.
func (k UnionPayCAKey) Expired(today Date) bool {
	return k.Expiry != (Date{}) && today.Compare(k.Expiry) > 0
}
