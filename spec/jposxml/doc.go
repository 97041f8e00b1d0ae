// Package jposxml reads the packager files of jPOS (GenericPackager and its kin, in XML) as specs, so that a format
// that was written for jPOS works here without being written again:
//
//	file, err := os.Open("acquirer.xml")
//	s, warnings, err := jposxml.Parse(file)
//	codec, err := message.Compile(s)
//
// A message that jPOS packs with the file has the same bytes here and reads as the same values, subfields under the
// same numbers; tags are named by the tag itself.
//
// What jPOS does wrong is not copied; the package's tests show each of these. Values longer than their length, text
// that ISO 8859-1 does not have and letters in packed digits are refused, not cut or mangled. Received lengths with
// nibbles that are no digits, and bytes behind the last field, are errors. EBCDIC hexadecimal (IFE_BINARY) and fillers
// (IFEB_LLLNUM) read as they were packed. A message without data elements has a bitmap.
//
// What a file says and a spec cannot is reported as a Warning with its line, never dropped in silence. Classes of
// one's own are mapped with WithClasses, packagers with WithPackagers, tag mappers with WithTags.
//
// # Security
//
// A file may come from anywhere. Its DTD is read past, never fetched; entities other than those of XML itself are
// refused, so nothing expands; size, depth and number of elements are bounded. Values that are known to be sensitive
// by their number or name are masked when messages are printed.
package jposxml
