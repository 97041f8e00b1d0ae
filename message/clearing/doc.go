// Package clearing reads and writes the files in which clearing records travel between an institution and a network: the
// VBS form and its 1014-byte blocks, and the PDS lists inside the records. It knows records as bytes; package message
// with a spec such as example-mastercard-ipm reads what is in them.
//
// Start with NewReader and Reader.Next, or NewWriter and Writer.WriteRecord. Elements and Spread take PDS lists apart and
// put them together.
//
// # The forms
//
// A VBS file is records one behind the other, each after its length in four bytes, big-endian; a length of zero ends it.
// A blocked file is the same with two bytes 40 hex after every 1012, and filled up with 40 hex to a multiple of 1014; the
// records take no notice of the blocks. Both are as the open-source cardutil writes them. The RDW and BDW of IBM's V and
// VB files are another format, which this package does not read.
//
// # Memory and security
//
// Files are hostile input. A Reader holds one record and a few blocks, whatever the lengths in the file claim; every
// input either ends with io.EOF or gives an *Error with record and offset. Only io.EOF says that the file is whole: one cut
// between two records gives ErrNoEnd. Errors hold no data of a record. Records hold
// card data: whoever keeps one keeps that.
package clearing
