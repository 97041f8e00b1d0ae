//go:build amd64 || arm64

// Package moovspec takes specs over from github.com/moov-io/iso8583, and back. From imports the spec a program has,
// ParseJSON and ParseYAML read the files that moov's ImportJSON and ImportYAML read, To goes the other way. A message
// has the same bytes in both libraries; what cannot be carried over is a Warning with its path.
//
// The package imports moov, which does not compile for 32-bit targets, and so carries a build constraint. A program for
// those imports its spec once, on a developer's machine, and keeps the JSON of it:
//
//	json.Marshal(s) // and spec.Parse in the program
//
// # Moving a program
//
// The spec is compiled once, where moov's program makes its spec, and structs stay as they are: tags, types and moov's
// own field types mean the same. The example of the package is one program written for both.
//
//	moov                                      here
//	msg := iso8583.NewMessage(Spec)           msg := codec.New()
//	msg.Marshal(&auth)                        message.Marshal(msg, &auth)
//	msg.Unmarshal(&auth)                      message.Unmarshal(msg, &auth)
//	msg.MTI("0100"), msg.GetMTI()             msg.SetMTI("0100"), msg.MTI()
//	msg.Field(2, pan)                         msg.Set(2, pan)
//	msg.BinaryField(52, block)                msg.SetBytes(52, block)
//	msg.GetString(2), msg.GetBytes(52)        msg.Field(2).Text(), msg.Field(52).Bytes()
//	msg.MarshalPath("48.1", value)            msg.SetPath("48.1", text)
//	msg.UnsetPath("48.1")                     msg.UnsetPath("48.1")
//	msg.Pack(), msg.Unpack(wire)              the same; msg.AppendPack(buf) does not allocate
//	iso8583.Describe(msg, os.Stdout)          fmt.Print(msg), masked by the spec
//	iso8583.NewMessageScanner(Spec, wire)     codec.Scanner()
//
// The Codec is safe for concurrent use. A Message is for one goroutine and may be used again: Unpack and Reset keep its
// memory.
//
// # What is different
//
// Values are what is on the wire. moov strips padding from a String and the zeros from a Numeric; here field 3 reads
// "000000", and Trimmed, Int64 or a Go number in a struct take off what is wanted. A padded field has a Warning.
//
// Everything is checked. Bytes behind the last field, signs in lengths and digits, message types that are no number,
// the first bit of a bitmap that cannot be continued, a part of a positional composite whose forerunner is missing: moov
// takes them, and here they are errors with a kind, a path and an offset. BER-TLV lengths are definite and of at most
// four bytes. A composite of fixed length is set from a struct, or whole with Set: SetPath would leave it too short until
// its last part is there, unless a derived spec has Layout.Fill, which fills in what is left out.
//
// Nothing is lost. The order of tags, tags that the spec does not list, repeated tags, long forms of lengths and the
// nibble beside an odd number of digits come back as they were; a message that is not changed packs to the bytes it
// came from.
//
// moov's defects are not copied: an empty BER-TLV value has its length byte, a binary length of five or six bytes is
// read back, None.Fixed takes packed digits and hexadecimal whole, ASCIIHexToBytes counts bytes both ways, Hex.Fixed
// demands no more than the length, lengths in EBCDIC page 1047 count characters, and a fixed Numeric without padding is
// zero-filled. The characters of page 1047 above 7F are those of ISO 8859-1, and its line feed is 15, as z/OS has it.
//
// Text of a String in ASCII is any character of seven bits; the format is told by the field type alone, since moov
// knows no more. Add what you know with Spec.Derive: "an 6" in place of "ans 6", presence, legal values, masks. Data
// elements have the masks that ISO 8583:1987 gives them.
package moovspec
