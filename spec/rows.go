package spec

// row is what most fields of a dialect say. Long tables are written in rows and made fields when the spec is made: fields
// are five times as large, which a terminal would carry in its program.
type row struct {
	tag, name, format, time string

	mask     Mask
	encoding Encoding
	charset  Charset
}

// fields makes the fields of a table. Those without a tag are numbered from 1. In line it would stand in a program a dozen
// times.
//
//go:noinline
func fields(table []row) []Field {
	list := make([]Field, len(table))
	for i, r := range table {
		list[i] = Field{Tag: r.tag, Name: r.name, Format: r.format, Time: r.time, Mask: r.mask, Encoding: r.encoding, Charset: r.charset}
		if r.tag == "" {
			list[i].Number = i + 1
		}
	}
	return list
}

// positional is a layout of the fields of a table, one behind the other.
func positional(table []row) *Layout { return &Layout{Kind: Positional, Fields: fields(table)} }
