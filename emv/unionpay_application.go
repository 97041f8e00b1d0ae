package emv

import "encoding/binary"

// UnionPayApplication is what UnionPay's hosts tell a terminal about an application: one record of the AID download (IC
// 卡参数下载), in field 62. Slices share the memory of what was parsed.
type UnionPayApplication struct {
	AID        []byte  // 9F06
	ExactMatch bool    // DF01: only card applications with this very AID
	Version    [2]byte // 9F08, or 9F09 of a record with that alone: of the terminal's application

	Actions    ActionCodes     // DF13 denial, DF12 online, DF11 default: the terminal action codes
	FloorLimit uint32          // 9F1B, minor units
	Random     RandomSelection // DF15, DF17, DF16
	DDOL       DOL             // DF14: the default, for cards without one
	OnlinePIN  bool            // DF18: the terminal can ask for a PIN that the issuer verifies

	ECLimit               Limit // 9F7B: from here on not paid with electronic cash
	ContactlessFloorLimit Limit // DF19
	ContactlessLimit      Limit // DF20
	ContactlessCVMLimit   Limit // DF21

	Currency uint16 // 5F2A, ISO 4217 numeric; 0 when not told
	Country  uint16 // 9F1A, ISO 3166-1 numeric; 0 when not told

	Others TLV // everything else in the record, in its order; 9F09 as well, see Version

	unusual map[Tag]bool // of zeroWritten, where the parsed record was otherwise
}

// zeroWritten says of each object whether a record made from nothing has it while its value is zero. Limits have a zero
// value of their own.
var zeroWritten = map[Tag]bool{
	0xDF01: true, 0x9F08: true, 0xDF11: true, 0xDF12: true, 0xDF13: true, 0x9F1B: true, 0xDF15: true, 0xDF16: true, 0xDF17: true,
	0xDF14: false, 0xDF18: true, 0x5F2A: false, 0x9F1A: false,
}

// writes reports whether an object is written while its value is zero.
func (a *UnionPayApplication) writes(t Tag) bool { return zeroWritten[t] != a.unusual[t] }

// ParseUnionPayApplication reads a record without the control character before it. Of repeated objects the first counts,
// and the others go to Others. Errors are *SyntaxError, or a *ValueError that names the object.
func ParseUnionPayApplication(record TLV) (UnionPayApplication, error) {
	var a UnionPayApplication
	err := eachOnce(record, func(t Tag, v Value, again bool) error {
		if again {
			a.Others = AppendTLV(a.Others, t, v)
			return nil
		}
		return a.read(t, v)
	})
	if err == nil && a.AID == nil {
		err = &ValueError{Tag: 0x9F06, Err: ErrMissing}
	}
	if err != nil {
		return UnionPayApplication{}, err
	}
	values := map[Tag]bool{0xDF14: len(a.DDOL) > 0, 0x5F2A: a.Currency > 0, 0x9F1A: a.Country > 0}
	a.unusual = unusual(record, zeroWritten, values)
	if !a.writes(0x9F08) {
		a.Version = a.versionOf9F09()
	}
	return a, nil
}

// unusual returns the objects without a value in which a record differs from one of the same values made from nothing.
func unusual(record TLV, written, valued map[Tag]bool) (tags map[Tag]bool) {
	for t, usually := range written {
		if valued[t] || record.has(t) == usually {
			continue
		}
		if tags == nil {
			tags = map[Tag]bool{}
		}
		tags[t] = true
	}
	return tags
}

// versionOf9F09 returns the version a record tells under the other tag; zero when it does not.
func (a *UnionPayApplication) versionOf9F09() (version [2]byte) {
	v, _ := a.Others.Get(0x9F09)
	copy(version[:], v)
	return version
}

// eachOnce visits the objects of a record and says of each whether its tag was there before. It stops at the first error,
// to which it adds the tag.
func eachOnce(record TLV, visit func(t Tag, v Value, again bool) error) error {
	if err := record.Validate(nil); err != nil {
		return err
	}
	seen := map[Tag]bool{}
	for t, v := range record.All() {
		if err := visit(t, v, seen[t]); err != nil {
			return &ValueError{Tag: t, Err: err}
		}
		seen[t] = true
	}
	return nil
}

// read takes over one object.
func (a *UnionPayApplication) read(t Tag, v Value) (err error) {
	switch t {
	case 0x9F06:
		if !isAID(v) {
			return ErrLength
		}
		a.AID = v
	case 0xDF01:
		a.ExactMatch, err = flagOf(v)
	case 0x9F08:
		err = copyExactly(a.Version[:], v)
	case 0x9F09:
		if len(v) != len(a.Version) {
			return ErrLength
		}
		a.Others = AppendTLV(a.Others, t, v)
	case 0xDF11:
		err = copyExactly(a.Actions.Default[:], v)
	case 0xDF12:
		err = copyExactly(a.Actions.Online[:], v)
	case 0xDF13:
		err = copyExactly(a.Actions.Denial[:], v)
	case 0xDF14:
		if _, faulty := DOL(v).Len(); faulty != nil {
			return ErrLength
		}
		if len(v) > 0 {
			a.DDOL = DOL(v)
		}
	case 0xDF18:
		a.OnlinePIN, err = flagOf(v)
	default:
		return a.readAmount(t, v)
	}
	return err
}

// readAmount takes over one object that is a number.
func (a *UnionPayApplication) readAmount(t Tag, v Value) (err error) {
	switch t {
	case 0x9F1B:
		a.FloorLimit, err = word(v)
	case 0xDF15:
		var threshold uint32
		threshold, err = word(v)
		a.Random.Threshold = uint64(threshold)
	case 0xDF16:
		a.Random.MaximumTargetPercent, err = smallNumber(v, 1)
	case 0xDF17:
		a.Random.TargetPercent, err = smallNumber(v, 1)
	case 0x9F7B:
		a.ECLimit, err = limitOf(v)
	case 0xDF19:
		a.ContactlessFloorLimit, err = limitOf(v)
	case 0xDF20:
		a.ContactlessLimit, err = limitOf(v)
	case 0xDF21:
		a.ContactlessCVMLimit, err = limitOf(v)
	case 0x5F2A:
		a.Currency, err = threeDigits(v)
	case 0x9F1A:
		a.Country, err = threeDigits(v)
	default:
		a.Others = AppendTLV(a.Others, t, v)
	}
	return err
}

func copyExactly(dst []byte, v Value) error {
	if len(v) != len(dst) {
		return ErrLength
	}
	copy(dst, v)
	return nil
}

// flagOf reads an octet that is 0 or 1.
func flagOf(v Value) (bool, error) {
	switch {
	case len(v) != 1:
		return false, ErrLength
	case v[0] > 1:
		return false, ErrDigits
	}
	return v[0] == 1, nil
}

// word reads a binary number of 4 octets.
func word(v Value) (uint32, error) {
	if len(v) != 4 {
		return 0, ErrLength
	}
	return binary.BigEndian.Uint32(v), nil
}

// smallNumber reads packed digits in so many octets, at most 7.
func smallNumber(v Value, octets int) (int, error) {
	n, err := ParseN(v)
	switch {
	case len(v) != octets:
		return 0, ErrLength
	case err != nil:
		return 0, ErrDigits
	}
	return int(n), nil
}

// threeDigits reads a code of three digits in 2 octets.
func threeDigits(v Value) (uint16, error) {
	n, err := smallNumber(v, 2)
	if err == nil && n > 999 {
		return 0, ErrDigits
	}
	return uint16(n), err
}

// limitOf reads an amount of 12 digits.
func limitOf(v Value) (Limit, error) {
	n, err := ParseN(v)
	switch {
	case len(v) != 6:
		return Limit{}, ErrLength
	case err != nil:
		return Limit{}, ErrDigits
	}
	return LimitOf(n), nil
}

// Append appends the record, its objects in the order that UnionPay's hosts send them. What is zero is written when the
// parsed record had it, and else left out; the version is written under the tag it had. It returns dst unchanged and a
// *ValueError for what cannot be written: an AID of another length, an amount of more than 12 digits, a percentage above
// 99, a code of more than three digits.
func (a UnionPayApplication) Append(dst []byte) ([]byte, error) {
	if !isAID(a.AID) {
		return dst, &ValueError{Tag: 0x9F06, Err: ErrLength}
	}
	w := recordWriter{out: AppendTLV(dst, 0x9F06, a.AID), writes: a.writes}
	w.flag(0xDF01, a.ExactMatch)
	others := a.Others
	if a.writes(0x9F08) || a.Version != [2]byte{} && !a.Others.has(0x9F09) {
		w.out = AppendTLV(w.out, 0x9F08, a.Version[:])
	} else if a.Version != a.versionOf9F09() {
		others = others.withFirst(0x9F09, a.Version[:])
	}
	w.bytes(0xDF11, a.Actions.Default[:])
	w.bytes(0xDF12, a.Actions.Online[:])
	w.bytes(0xDF13, a.Actions.Denial[:])
	w.bytes(0x9F1B, binary.BigEndian.AppendUint32(nil, a.FloorLimit))
	if a.Random.Threshold > 1<<32-1 {
		return dst, &ValueError{Tag: 0xDF15, Err: ErrDigits}
	}
	w.bytes(0xDF15, binary.BigEndian.AppendUint32(nil, uint32(a.Random.Threshold)))
	w.digits(0xDF16, a.Random.MaximumTargetPercent, 99, 1)
	w.digits(0xDF17, a.Random.TargetPercent, 99, 1)
	if len(a.DDOL) > 0 || a.writes(0xDF14) {
		w.out = AppendTLV(w.out, 0xDF14, a.DDOL)
	}
	w.flag(0xDF18, a.OnlinePIN)
	w.limit(0x9F7B, a.ECLimit)
	w.limit(0xDF19, a.ContactlessFloorLimit)
	w.limit(0xDF20, a.ContactlessLimit)
	w.limit(0xDF21, a.ContactlessCVMLimit)
	w.digits(0x5F2A, int(a.Currency), 999, 2)
	w.digits(0x9F1A, int(a.Country), 999, 2)
	if w.err != nil {
		return dst, w.err
	}
	return append(w.out, others...), nil
}

// withFirst returns the objects with another value in the first of a tag.
func (d TLV) withFirst(t Tag, value []byte) TLV {
	var out TLV
	for tag, v := range d.All() {
		if tag == t && !out.has(t) {
			v = value
		}
		out = AppendTLV(out, tag, v)
	}
	return out
}

// has reports whether an object of this level has the tag.
func (d TLV) has(t Tag) bool {
	_, ok := d.Get(t)
	return ok
}

// recordWriter appends objects and remembers the first fault.
type recordWriter struct {
	out    []byte
	writes func(Tag) bool // what is zero
	err    error
}

func (w *recordWriter) bytes(t Tag, v []byte) {
	if allZero(v) && !w.writes(t) {
		return
	}
	w.out = AppendTLV(w.out, t, v)
}

func allZero(b []byte) bool {
	for _, octet := range b {
		if octet != 0 {
			return false
		}
	}
	return true
}

func (w *recordWriter) flag(t Tag, on bool) {
	v := byte(0)
	if on {
		v = 1
	}
	w.bytes(t, []byte{v})
}

func (w *recordWriter) digits(t Tag, n, maximum, octets int) {
	if n < 0 || n > maximum {
		w.fail(t)
		return
	}
	if n > 0 || w.writes(t) {
		w.out, _ = AppendN(w.out, t, uint64(n), octets)
	}
}

func (w *recordWriter) limit(t Tag, l Limit) {
	if !l.Set {
		return
	}
	out, err := AppendN(w.out, t, l.Amount, 6)
	if err != nil {
		w.fail(t)
		return
	}
	w.out = out
}

func (w *recordWriter) fail(t Tag) {
	if w.err == nil {
		w.err = &ValueError{Tag: t, Err: ErrDigits}
	}
}

// Supported returns the application for the choice of candidates.
func (a UnionPayApplication) Supported() SupportedApplication {
	return SupportedApplication{AID: a.AID, Partial: !a.ExactMatch}
}

// ContactlessLimits returns the limits of a tap for a reader with the given abilities.
func (a UnionPayApplication) ContactlessLimits(reader TTQ) ContactlessLimits {
	return ContactlessLimits{
		TTQ: reader, TransactionLimit: a.ContactlessLimit, FloorLimit: a.ContactlessFloorLimit, CVMLimit: a.ContactlessCVMLimit,
		TerminalFloorLimit: LimitOf(uint64(a.FloorLimit)),
	}
}

// Risk returns what terminal risk management looks at for an amount, with a draw of 1 to 99 for the random selection.
func (a UnionPayApplication) Risk(amount uint64, draw int) RiskInput {
	return RiskInput{Amount: amount, FloorLimit: uint64(a.FloorLimit), Random: a.Random, Draw: draw}
}
