package emv

import "fmt"

// UnionPayDownload is the answer of a UnionPay host to a query or download of keys and applications, taken apart: field
// 62, whose first character says what follows.
type UnionPayDownload struct {
	Control UnionPayControl
	Data    TLV // shares the memory of the field
}

// UnionPayControl is the character before the data of a download.
type UnionPayControl byte

// The control characters.
const (
	UnionPayNothing UnionPayControl = '0' // the host has none
	UnionPayAll     UnionPayControl = '1' // everything follows
	UnionPayMore    UnionPayControl = '2' // a part follows, the next is to be asked for
	UnionPayLast    UnionPayControl = '3' // the last part follows
)

// ParseUnionPayDownload takes field 62 of an answer (60.3 370, 372, 380, 382) apart. Errors, in a *ValueError: ErrLength
// for nothing at all, ErrDigits for another control character; those of data objects are *SyntaxError.
func ParseUnionPayDownload(field62 []byte) (UnionPayDownload, error) {
	if len(field62) == 0 {
		return UnionPayDownload{}, &ValueError{Err: ErrLength}
	}
	d := UnionPayDownload{UnionPayControl(field62[0]), TLV(field62[1:])}
	if d.Control < UnionPayNothing || d.Control > UnionPayLast {
		return UnionPayDownload{}, &ValueError{Err: ErrDigits}
	}
	if err := d.Data.Validate(nil); err != nil {
		return UnionPayDownload{}, err
	}
	return d, nil
}

// Append appends the field.
func (d UnionPayDownload) Append(dst []byte) []byte {
	return append(append(dst, byte(d.Control)), d.Data...)
}

// AppendUnionPayQuery appends field 62 of a query (60.3 372 or 382): how many keys or applications the terminal has heard
// of so far, 0 to 99. ErrDigits, in a *ValueError, for another number.
func AppendUnionPayQuery(dst []byte, heard int) ([]byte, error) {
	if heard < 0 || heard > 99 {
		return dst, &ValueError{Err: ErrDigits}
	}
	return fmt.Appendf(dst, "1%02d", heard), nil
}

// UnionPayCAKeyRef names a key in the answer to a query. The fields but the expiry ask for its download.
type UnionPayCAKeyRef struct {
	RID    RID
	Index  byte
	Expiry Date // zero when the answer has none or one of zeros
}

// Append appends field 62 of the request for the key (60.3 370).
func (r UnionPayCAKeyRef) Append(dst []byte) []byte {
	return AppendTLV(AppendTLV(dst, 0x9F06, r.RID[:]), 0x9F22, []byte{r.Index})
}

// CAKeys returns the keys that the answer to a query (60.3 372) lists: 9F06, 9F22 and perhaps DF05 for each. Errors, in a
// *ValueError that names the object: ErrMissing for an index without an RID or the other way round, ErrLength, ErrDigits,
// ErrDate.
func (d UnionPayDownload) CAKeys() ([]UnionPayCAKeyRef, error) {
	var refs []UnionPayCAKeyRef
	whole := true // nothing stands open
	for t, v := range d.Data.All() {
		var err error
		switch {
		case t == 0x9F06 && !whole:
			err = ErrMissing
		case t == 0x9F06:
			refs, whole = append(refs, UnionPayCAKeyRef{}), false
			err = copyExactly(refs[len(refs)-1].RID[:], v)
		case len(refs) == 0:
			err = ErrMissing
		case t == 0x9F22:
			refs[len(refs)-1].Index, err = octet(v)
			whole = true
		case t == 0xDF05:
			refs[len(refs)-1].Expiry, err = unionPayDate(v)
		}
		if err != nil {
			return nil, &ValueError{Tag: t, Err: err}
		}
	}
	if !whole {
		return nil, &ValueError{Tag: 0x9F22, Err: ErrMissing}
	}
	return refs, nil
}

// AIDs returns the applications that the answer to a query (60.3 382) lists. ErrLength, in a *ValueError, for one that is
// no AID.
func (d UnionPayDownload) AIDs() ([][]byte, error) {
	var aids [][]byte
	for v := range d.Data.GetAll(0x9F06) {
		if !isAID(v) {
			return nil, &ValueError{Tag: 0x9F06, Err: ErrLength}
		}
		aids = append(aids, v)
	}
	return aids, nil
}
