package spec

// Field describes one data element, subfield or header part. Only what differs from the defaults is filled in; most
// fields are a Number, a Name and a Format.
type Field struct {
	// Number is the data element number, or the number of a subfield: its bit, or what the dialect calls it where
	// numbers only have to ascend. 0 is the message type indicator, or a positional subfield that counts from there.
	Number int `json:"number,omitzero"`

	// Tag names an entry of a Tagged or BERTLV layout in place of Number: as text where tags are characters ("A3"),
	// in upper-case hexadecimal where they are bytes ("9F26").
	Tag string `json:"tag,omitzero"`

	Name string `json:"name,omitzero"`

	// Format is content and length in the standard's notation, see ParseFormat.
	Format string `json:"format,omitzero"`

	// Encoding of the value. A layout inside the field works on the bytes of the value, so on the decoded bytes of a
	// hexadecimal field and on the digits of a BCD one.
	Encoding Encoding `json:"encoding,omitzero"`

	// Charset of text that is shown to people.
	Charset Charset `json:"charset,omitzero"`

	// Prefix is the length prefix of a variable field, where it differs from the spec's.
	Prefix Prefix `json:"prefix,omitzero"`

	// Align is the side an odd number of BCD digits stands on; the other side gets the Filler nibble.
	Align Side `json:"align,omitzero"`

	// Filler is the nibble written beside an odd number of BCD digits. With AnyFiller a reader takes every nibble and
	// keeps it; without, another one than Filler is an error.
	Filler    uint8 `json:"filler,omitzero"`
	AnyFiller bool  `json:"any_filler,omitzero"`

	// Pad tells how a value shorter than a fixed length is filled up when it is set. Padding is never stripped on
	// reading.
	Pad Pad `json:"pad,omitzero"`

	// Min is the shortest length allowed, in the unit of Format.
	Min int `json:"min,omitzero"`

	// Reserve makes the value area of a variable field always take the full length, filled up with the pad character:
	// the prefix holds the real length.
	Reserve bool `json:"reserve,omitzero"`

	// ToEnd makes the field take all bytes that are left, at most its maximum, without a length prefix.
	ToEnd bool `json:"to_end,omitzero"`

	// Terminator ends the value in place of a length prefix; it is not part of the value. It is given as text, or in
	// hexadecimal for a Raw value.
	Terminator string `json:"terminator,omitzero"`

	// StartsWith makes a positional subfield optional: it is there only if the next character is one of these.
	StartsWith string `json:"starts_with,omitzero"`

	// Signs are the characters allowed in the sign position of x+n; "CD" (credit, debit) by default.
	Signs string `json:"signs,omitzero"`

	// Separator is the character that nibble D of a BCD z field reads as; "D" by default, "=" in jPOS.
	Separator string `json:"separator,omitzero"`

	// Time is the standard's notation of a date or time value: "MMDDhhmmss", "YYMM", "hhmmss", "CCYYMMDD".
	Time string `json:"time,omitzero"`

	// Values are the legal values; none means any. Validate checks them, Unpack does not: a message with a code
	// nobody knows is still a message.
	Values []string `json:"values,omitzero"`

	Mask Mask `json:"mask,omitzero"`

	// Presence tells for message types whether the field must be there. The first entry that matches counts.
	Presence []Presence `json:"presence,omitzero"`

	// ByMTI lists other definitions of the field for some message types. The first entry that matches counts.
	ByMTI []Framing `json:"by_mti,omitzero"`

	// Layout is the inside of the field; nil means the value has no parts. Cases come first.
	Layout *Layout `json:"layout,omitzero"`

	// Cases choose the inside by the message type, by another field's value or by the size of the value. The first
	// that matches counts, Layout when none does.
	Cases []Case `json:"cases,omitzero"`
}

// Prefix is a length prefix. The zero value of each member takes the default: the spec's encoding, as many digits as
// the format has dots.
type Prefix struct {
	// Encoding is ASCII, an EBCDIC, BCD, HexASCII, BER or Binary.
	Encoding Encoding `json:"encoding,omitzero"`

	// Digits is the width: decimal digits (two a byte in BCD), or bytes of a Binary or HexASCII number.
	Digits int `json:"digits,omitzero"`

	// Unit is what the prefix counts.
	Unit Unit `json:"unit,omitzero"`

	// Inclusive makes the prefix count its own bytes too.
	Inclusive bool `json:"inclusive,omitzero"`
}

// Pad is the filling of short values.
type Pad struct {
	Side Side   `json:"side,omitzero"`
	Char string `json:"char,omitzero"` // one character; "0" for n and blank for text by default

	// To is the length that a short value of a variable field is filled up to when it is set, where that is more than
	// the shortest length allowed. Shorter values are read as they come.
	To int `json:"to,omitzero"`
}

// Presence is the requirement of a field in the message types that match MTI.
type Presence struct {
	// MTI is a message type with x for any digit: "0200", "02x0".
	MTI string `json:"mti"`

	Is Requirement `json:"is"`
}

// Framing is another definition of a field for the message types that match MTI.
type Framing struct {
	MTI   string `json:"mti"`
	Field Field  `json:"field"`
}

// Case is one of several layouts of a field. Every condition that is given must hold.
type Case struct {
	// MTI is a message type with x for any digit; empty means any.
	MTI string `json:"mti,omitzero"`

	// Path names another field, which may come later in the message, and Values what it must hold: "60.3".
	Path   string   `json:"path,omitzero"`
	Values []string `json:"values,omitzero"`

	// Size is the number of bytes the layout is for; 0 means any.
	Size int `json:"size,omitzero"`

	// Layout is the inside; nil means that the value has no parts in this case.
	Layout *Layout `json:"layout,omitzero"`
}
