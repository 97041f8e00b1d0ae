package spec

// Layout is the inside of a field.
type Layout struct {
	Kind LayoutKind `json:"kind"`

	// Encoding is the default for the fields inside, as Config.Encoding is for the whole. The zero value takes the
	// encoding of the field around a text value, BCD inside BERTLV, and the spec's default otherwise.
	Encoding Encoding `json:"encoding,omitzero"`

	// Fields are the subfields: in ascending order for Positional, numbered 1, 2, 3 for a record of Repeated, by Tag or
	// Number otherwise.
	Fields []Field `json:"fields,omitzero"`

	// Fill makes a Positional layout write the missing subfields before the last one that is set as empty values:
	// zeros, blanks, zero length. Without it a gap is an error.
	Fill bool `json:"fill,omitzero"`

	// Short lets the value of a Positional layout end inside a subfield of fixed length: the last one that is there may
	// be shorter than its format. It reads as it stands; setting it writes its whole length. Not with Fill.
	Short bool `json:"short,omitzero"`

	// Ordered puts a part that is added to a Tagged or BERTLV layout before those that stand behind it in Fields, in place
	// of behind all that are there. What is received stays in its order.
	Ordered bool `json:"ordered,omitzero"`

	// Tag is the form of the tags of a Tagged layout.
	Tag TagFormat `json:"tag,omitzero"`

	// Unknown describes the entries of a Tagged layout whose tag is not among Fields; nil refuses them. BERTLV takes
	// every tag.
	Unknown *Field `json:"unknown,omitzero"`

	// LengthFirst puts the length of a Tagged entry before its tag; CountsTag makes it count the tag too.
	LengthFirst bool `json:"length_first,omitzero"`
	CountsTag   bool `json:"counts_tag,omitzero"`

	// Lead is a subfield before everything else, "0" in paths; with StartsWith it may be absent.
	Lead *Field `json:"lead,omitzero"`

	// Bitmap announces the subfields of a Bitmapped layout.
	Bitmap Bitmap `json:"bitmap,omitzero"`
}

// TagFormat is how tags are written in a Tagged layout.
type TagFormat struct {
	// Encoding is ASCII, an EBCDIC, BCD or Raw.
	Encoding Encoding `json:"encoding,omitzero"`

	// Digits is the width in characters, BCD digits or raw bytes.
	Digits int `json:"digits,omitzero"`
}

// Bitmap is the form of the bitmaps. Its zero value is what ISO 8583 describes: eight bytes, in the first bit of each
// whether another follows, as many as the highest field number needs.
type Bitmap struct {
	// Encoding is Raw, HexASCII or HexEBCDIC; the zero value follows the spec's.
	Encoding Encoding `json:"encoding,omitzero"`

	// Bytes is the size of one bitmap, 1 to 8; 0 means 8.
	Bytes int `json:"bytes,omitzero"`

	// Max is how many bitmaps may follow one another, 1 to 3; 0 means as many as the field numbers need.
	Max int `json:"max,omitzero"`

	// Min is how many bitmaps there always are, whichever fields there are, 1 to Max; 0 means 1. A message with fewer is
	// refused.
	Min int `json:"min,omitzero"`

	// Plain makes the first bits ordinary ones: there are always Max bitmaps, one by default.
	Plain bool `json:"plain,omitzero"`

	// Absent is for messages without any bitmap: the data elements stand one after the other in ascending order, those at
	// the end may be left out.
	Absent bool `json:"absent,omitzero"`

	// TertiaryField is the data element that carries the third bitmap, for the dialects that put it there instead of
	// behind the second one.
	TertiaryField int `json:"tertiary_field,omitzero"`
}
