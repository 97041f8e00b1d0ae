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
// own field types mean the same, save a string for a Numeric without zero padding, see below. The example of the package
// is one program written for both.
//
//	moov                                      here
//	iso8583.NewMessage(Spec)                  codec.New()
//	msg.Marshal(&auth)                        message.Marshal(msg, &auth)
//	msg.Unmarshal(&auth)                      message.Unmarshal(msg, &auth)
//	msg.Unmarshal(&padded)                    message.UnmarshalTrimmed(msg, &padded, now)
//	msg.Unmarshal(&kept)                      message.UnmarshalOver(msg, &kept, now)
//	msg.MTI("0100"), msg.GetMTI()             msg.SetMTI("0100"), msg.MTI()
//	msg.Field(2, pan)                         msg.Set(2, pan)
//	msg.GetString(2)                          msg.Field(2).Unpadded()
//	msg.GetBytes(2)                           msg.Field(2).AppendUnpadded(nil)
//	msg.MarshalPath("48.1", text)             msg.SetPath("48.1", text)
//	msg.UnmarshalPath("48.1", &text)          msg.Get("48.1").Unpadded()
//	msg.GetFields()                           msg.Numbers()
//	msg.UnsetField(2)                         msg.Unset(2)
//	msg.UnsetPath("48.1")                     msg.UnsetPath("48.1")
//	msg.UnsetFields("2", "48.1")              msg.Unset(2), msg.UnsetPath("48.1")
//	msg.Pack(), msg.Unpack(wire)              msg.Pack(), msg.Unpack(wire)
//	untyped.Pack()                            msg.AppendBody(nil)
//	dropping.Unpack(wire)                     msg.Unpack(wire), msg.UnsetUnknown("54")
//	iso8583.Describe(msg, os.Stdout)          fmt.Print(msg)
//	iso8583.NewMessageScanner(Spec, wire)     codec.Scanner()
//
// Unmarshal makes the fields of a struct zero that the message lacks; moov leaves them, as UnmarshalOver does: for kept, a
// struct that holds something already, such as the request that its response is read over.
//
// untyped is a message without a type, of which moov packs bitmap and fields; it cannot read that itself, and Pack refuses
// it here. dropping has a composite, like field 54, with SkipUnknownTLVTags and without StoreUnknownTLVTags: moov forgets
// the tags that it does not know, here they are kept until UnsetUnknown, which a Warning names, removes them. What is set
// of a number whose bit announces a bitmap, such as 65 of three bitmaps, is dropped in both (there is a Warning).
//
// Field and GetString take and give bytes, whatever the field is. Here text and digits are text, and bytes are bytes. A
// Binary and a Hex are bytes. A composite with tags or positions is text, like field 48 here, where moov writes all that
// stands in it in ASCII: its tags, the lengths of its parts, and every part, be it a Binary or a composite itself; a String
// in encoding.Binary counts as ASCII, and so does what unknown tags hold. Any other composite is bytes, like field 55:
//
//	moov                                      here
//	msg.Field(48, text)                       msg.Set(48, text)
//	msg.GetString(48)                         msg.Field(48).Text()
//	msg.Field(52, string(block))              msg.SetBytes(52, block)
//	msg.BinaryField(52, block)                msg.SetBytes(52, block)
//	msg.GetString(52)                         msg.Field(52).Text()
//	msg.GetBytes(52)                          msg.Field(52).Bytes()
//	msg.Field(55, string(tags))               msg.SetBytes(55, tags)
//	msg.GetString(55)                         string(msg.Field(55).Bytes())
//	msg.MarshalPath("55.9F02", octets)        msg.SetPath("55.9F02", hexadecimal)
//
// A Numeric is a number in moov, which takes "007" for 7 and "" for 0, and digits here. It makes no difference where the
// Numeric is padded on the left with '0', like field 4, or has a fixed length and no padding. Of any other, like field 6,
// the zeros would go out on the wire (there is a Warning): give it a number, and read one.
//
//	moov                                      here
//	msg.Field(6, "007")                       msg.SetInt(6, 7)
//	msg.GetString(6)                          msg.Field(6).Int64()
//	msg.MarshalPath("48.5", "007")            msg.SetPathInt("48.5", 7)
//	Rate string `iso8583:"6"`                 Rate int64 `iso8583:"6"`
//
// The Codec is safe for concurrent use. A Message is for one goroutine and may be used again: Unpack and Reset keep its
// memory.
//
// # What is different
//
// Values are what is on the wire. moov strips padding from a String and the zeros from a Numeric; here Text reads
// "000000", and Unpadded, UnmarshalTrimmed, the option trim of a struct's tag, Int64 or a Go number in a struct take off
// what is wanted. A padded field has a Warning. Zeros before a Numeric without zero padding are part of its text, in
// Unpadded as well. A composite that is set or read as a whole is as it was given; moov takes it apart and writes its
// parts, in its own order, padded, and their numbers without zeros. Parts that are set one by one go to the places that
// moov gives them.
//
// An empty Numeric reads as "" where moov reads 0, and one padded with blanks keeps the zeros under them: take Int64 or a
// Go number for it. A Track1 keeps the blanks behind its name, which moov takes off and then writes no more (there is a
// Warning). UnsetPath of the last part of a composite removes the field; moov leaves it there, empty, as Set(48, "") does.
// json.Marshal of a message is for logs: it masks card data, and has no bitmap; AppendJSON of a message.TextForm with
// CardDataInClear gives all of it.
//
// Everything is checked. Bytes behind the last field, signs in lengths and digits, message types that are no number,
// the first bit of a bitmap that cannot be continued, a part of a positional composite that SetPath gives without its
// forerunner: moov takes them, and here they are errors with a kind, a path and an offset. Of a struct, a zero part before
// one that is set is written, as a zero; moov leaves it out, and then reads another part in its place. BER-TLV lengths are definite and of at most
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
