package payment

import "time"

// An ID has 60 bits: 40 of milliseconds since 2026, 8 of the node, 12 of a count. So the twelve characters of field 37
// hold it, and a node that has lost its database does not begin anew.
const (
	countBits = 12
	nodeBits  = 8
	timeBits  = 40
	idBits    = timeBits + nodeBits + countBits

	// MaxNode is the greatest number of a node.
	MaxNode = 1<<nodeBits - 1

	referenceSize = idBits / 5
)

// begin is the time from which IDs count.
var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// NextID returns an ID that is greater than the last one of the node, however the clock was set in between.
func NextID(last, now int64, node int32) int64 {
	id := max(now-begin, 0)<<(nodeBits+countBits) | int64(node)<<countBits
	if id > last {
		return id
	}
	if next := last + 1; next>>countBits == last>>countBits {
		return next
	}
	return (last>>(nodeBits+countBits)+1)<<(nodeBits+countBits) | int64(node)<<countBits
}

// alphabet is that of Crockford's base 32: digits and capitals that nobody takes for one another.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Reference returns the retrieval reference number of an ID, field 37: twelve characters.
func Reference(id int64) string {
	var text [referenceSize]byte
	for i := range text {
		text[len(text)-1-i] = alphabet[id&31]
		id >>= 5
	}
	return string(text[:])
}

// Reference returns the row's retrieval reference number, field 37.
func (r *Row) Reference() string { return Reference(r.ID) }
