// Package message reads, builds and writes ISO 8583 messages of any format that package spec describes.
//
// Start with Compile, which turns a spec into a Codec, and Codec.New, which makes a Message:
//
//	codec, err := message.Compile(spec.UnionPayPOS())
//	m := codec.New()
//	err = m.Unpack(wire)
//	amount, err := m.Field(4).Int64()
//
// Pack and unpack go between a message and its bytes; Marshal and Unmarshal between a message and a Go struct. Length
// headers and sockets are package connection's.
//
// # What is on the wire is what you read
//
// Unpack keeps the received bytes, and a message that nobody changed packs to them. A value reads just as it stands:
// field 4 is "000000001999"; Int64 converts, Trimmed trims. Setting a field encodes it at once and replaces the bytes
// of that field, its length and its bit alone: the order of tags, repeated and unknown tags, filler nibbles and
// unusual lengths elsewhere stay as they came.
//
// # Memory
//
// A Message owns its memory and reuses it; Unpack, Set, AppendPack into a large enough buffer and reads that return no
// new memory do not allocate. A Value, and bytes that a method returns without saying "new memory", are valid until
// the message changes. Messages are not locked: any number of goroutines may read one that none changes.
//
// # Security
//
// Every input is hostile. Each byte string either unpacks or gives an *Error with kind, path and offset, in memory
// bounded by its size; nothing panics. Printing a message or a value in any way (String, %v, %#v, log/slog, JSON,
// Describe) masks card data by the spec's classes and hides what the spec does not know; clear values need a call
// whose name says so. Package fmt calls no methods on an unexported field of a struct: a program's own type that keeps a
// message in one has a Format or String method of its own. Errors hold no data. Wipe clears the memory of a message.
package message
