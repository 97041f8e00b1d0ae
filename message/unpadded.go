package message

// AppendUnpadded appends the text without the padding that the spec declares: the pad character (spec.Pad) on its side,
// however much of it there is. A number keeps its sign and at least one digit. Values that are never padded, binary data
// and values with parts are appended as AppendText does. It appends nothing when the field is absent.
//
// A value that ends, or begins, with the pad character itself loses it: Text shows what is on the wire.
func (v Value) AppendUnpadded(dst []byte) []byte { return v.part.AppendUnpadded(dst) }

// Unpadded returns what AppendUnpadded appends: field 4 reads "1999" where Text reads "000000001999".
func (v Value) Unpadded() string { return string(v.AppendUnpadded(nil)) }
