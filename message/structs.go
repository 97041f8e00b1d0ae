package message

import (
	"errors"
	"time"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/structs"
)

// StructError is the cause of an *Error from Marshal or Unmarshal: which field of the Go struct it is about.
type StructError struct {
	Field string // "Sale.Card.PAN"
	Cause error  // nil where the kind of the *Error says it all
}

// Error implements error.
func (e *StructError) Error() string {
	if e.Cause == nil {
		return e.Field
	}
	return e.Field + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *StructError) Unwrap() error { return e.Cause }

// Marshal sets fields of the message from a struct, or a pointer to one:
//
//	type Sale struct {
//		MTI    string    `iso8583:"0"`
//		PAN    string    `iso8583:"2"`
//		Amount int64     `iso8583:"4"` // minor units
//		Sent   time.Time `iso8583:"7"`
//		F11    int       // the number is in the name
//		Chip   *Chip     `iso8583:"55"`
//	}
//
//	type Chip struct {
//		Cryptogram [8]byte `iso8583:"9F26"`
//		Amount     string  `iso8583:"9F02"`
//	}
//
// The tag is the number of the field or the key of the part; the tag index means the same and goes first. Without a
// tag, a name of F and a number or a tag of the spec counts (F11, F9F26), and other fields of the struct are left
// alone, as are those tagged "-". Embedded structs count as if their fields stood in the struct itself. A field with
// parts takes a struct, or a slice of structs when its parts are records that repeat; a tag that may be repeated takes
// a slice.
//
// A value is a string (hexadecimal for b), a []byte or [N]byte (the characters, or the bytes of b), an int or uint of
// any size, a bool (1 and 0 in a field of one character), a time.Time (by the field's notation, as the clock of its
// location shows it), a type with MarshalText and UnmarshalText, one of moov-io/iso8583's String, Numeric, Binary, Hex
// and Track types, or a pointer to any of these.
//
// The option trim, as in `iso8583:"43,trim"`, makes Unmarshal take the padding off a text, see Value.Unpadded; Marshal pads
// a short value with or without it.
//
// Zero values are skipped and leave the message as it is, unless the tag has the option keepzero. A pointer that is
// not nil is never skipped. A part that is zero and stands before one that is set, in a layout without tags, is written
// as zero. Where a value may end inside its last part (spec.Layout.Short), text too short for the part that comes last is
// ErrTooShort: it could be a part cut short, as Unmarshal reads it, or one to be padded. A number is filled with zeros
// there too, since it does not tell how many of its digits were read. Parts that the struct does not set stay as they are, and so does the form of those that do not change; new
// tagged parts go behind the others in the spec's order. All fields of a record are written.
//
// The error is an *Error, whose cause is a *StructError that names the Go field. It is also kept, so that a message
// that was set in part never packs. A type that cannot be marshalled, because of a field the spec does not have or a
// Go type that cannot hold it, is an error whatever its values are. The work on the type is done once.
func Marshal(m *Message, v any) error {
	if m == nil || m.codec == nil {
		return errNoCodec
	}
	if m.writer == nil {
		m.writer = new(structs.Writer)
	}
	return m.kept(exported(m.writer.Marshal(&m.codec.plans, m.layout, (*bound)(m), v)))
}

// Unmarshal sets the fields of a struct, given by a pointer, from the message; see Marshal for what a struct may hold.
// It is UnmarshalAt with the present time in UTC: times without a year or a zone are read as times near to now, in
// UTC.
func Unmarshal(m *Message, v any) error { return UnmarshalAt(m, v, time.Now().UTC()) }

// UnmarshalAt is Unmarshal with a reference for the time.Time fields, see Value.Time: they get ref's zone, and the
// year nearest to it.
//
// Every field of the struct that Marshal would look at is set: a field that is absent in the message, or a part that
// is absent in its field, makes it zero, so that nothing is left of what the struct held before. Pointers are nil for
// what is absent, and an embedded pointer is made when one of its fields is present. Values are what is on the wire:
// padding of text is not stripped, and numbers lose their leading zeros only in numeric Go types. Of equal tags, a
// slice gets all, another type the first.
//
// The strings and bytes are copies, which share one piece of new memory. Memory that the struct has is reused: what a pointer or a slice in it refers to is
// overwritten.
//
// The error is an *Error, whose cause is a *StructError that names the Go field: ErrType for a value that is no number
// or that has no parts in this message, ErrTooLong for a number that the Go type cannot hold, ErrValue for what the Go
// type refuses. The struct is then set in part. A message with an error of its own gives that error.
func UnmarshalAt(m *Message, v any, ref time.Time) error {
	return m.unmarshal(v, ref, structs.Manner{})
}

// UnmarshalTrimmed is UnmarshalAt as if every tag had the option trim: text comes without its padding, as it does from
// moov-io/iso8583's Unmarshal, so that a program that comes from there may go on comparing it. See Value.Unpadded for
// what padding is.
func UnmarshalTrimmed(m *Message, v any, ref time.Time) error {
	return m.unmarshal(v, ref, structs.Manner{Trim: true})
}

// UnmarshalOver is UnmarshalTrimmed that leaves a field of the struct as it is where the message, or the field with parts,
// has nothing for it: for structs that hold defaults, or a request over which its response is read. So does
// moov-io/iso8583's Unmarshal. Slices are set whole.
func UnmarshalOver(m *Message, v any, ref time.Time) error {
	return m.unmarshal(v, ref, structs.Manner{Trim: true, Over: true})
}

func (m *Message) unmarshal(v any, ref time.Time, how structs.Manner) error {
	if m == nil || m.codec == nil {
		return errNoCodec
	}
	if m.err != nil {
		return m.err
	}
	return asError(exported(m.codec.plans.Unmarshal(m.layout, (*bound)(m), v, ref, how)))
}

// exported makes a fault's cause the exported error that names the Go field.
func exported(f *fault.Fault) *fault.Fault {
	if f == nil {
		return nil
	}
	var misuse *structs.Misuse
	if errors.As(f.Cause, &misuse) {
		f.Cause = &StructError{Field: misuse.Field, Cause: misuse.Cause}
	}
	return f
}

// bound is a message as structs are bound to it.
type bound Message

// MessageType implements layout.Fields.
func (b *bound) MessageType() []byte { return (*Message)(b).typeDigits() }

// Field implements layout.Fields.
func (b *bound) Field(number int) layout.Part { return (*Message)(b).part(number) }

// Decoded implements layout.Fields.
func (b *bound) Decoded(n *layout.Node) []byte { return (*siblings)(b).Decoded(n) }

// Bound implements structs.Source.
func (b *bound) Bound(number int) layout.Part {
	if m := (*Message)(b); number == 0 && m.hasMTI {
		return layout.Type(m.mti[:])
	}
	return b.Field(number)
}

// Size implements structs.Source.
func (b *bound) Size() int { return len(b.image) + len(b.arena) }

// Node implements structs.Target.
func (b *bound) Node(number int) *layout.Node { return (*Message)(b).node(number) }

// SetMessageType implements structs.Target.
func (b *bound) SetMessageType(digits []byte) *fault.Fault { return (*Message)(b).setMTI(digits) }

// Set implements structs.Target.
func (b *bound) Set(n *layout.Node, number int, value []byte) *fault.Fault {
	return (*Message)(b).set(n, number, value)
}

// SetWire implements structs.Target.
func (b *bound) SetWire(n *layout.Node, number int, coded []byte) *fault.Fault {
	return (*Message)(b).setWire(number, n, coded)
}
