// Package spec describes what an ISO 8583 message looks like: which data elements there are, in the notation of the
// standard's own tables, and how their lengths and values are written on the wire. It is plain data without
// behaviour; package message compiles a Spec and does the work.
//
// Start with New (or MustNew for a literal) and Config. The built-in specs are ISO 8583:1987 (ISO8583v1987ASCII, …Binary,
// …EBCDIC), :1993 (ISO8583v1993ASCII, …Binary), :2003 (ISO8583v2003Binary) and UnionPayPOS; Spec.With derives a dialect
// from any of them:
//
//	acquirer := spec.UnionPayPOS().With(spec.Config{
//		Name:   "acquirer with a binary MAC",
//		Fields: []spec.Field{{Number: 64, Name: "Message authentication code", Format: "b 64"}},
//	})
//
// # Notation
//
// A Format is written as ISO 8583 writes it: content, then length.
//
//	n 6        six digits                      ans...999  up to 999 printable characters, three length digits
//	n..19      up to 19 digits, two length digits        b 64       64 bits, that is eight bytes
//	x+n 8      a sign character and eight digits         b...255    up to 255 bytes, three length digits
//	z..37      track data: digits, separators and the rest of the 16-character track code set
//
// Content is a (letters), n (digits), s (special characters) and their combinations an, as, ns, ans, with p appended
// where the standard names the pad character; letters and specials may always be blank. z is the track 2 and 3 code
// set of ISO/IEC 7813, b is binary, h (not in the standard) is hexadecimal digits, for elements that pack one digit
// a nibble without being decimal.
//
// # Security
//
// A Spec comes from a programmer or from a file that may be hostile. New and Parse check all of it, report every
// fault with its path, and bound depth and size; a Spec that exists is valid and never causes a panic later.
package spec
