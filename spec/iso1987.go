package spec

// ISO8583v1987ASCII returns ISO 8583:1987 with everything in ASCII: lengths and digits as characters, binary data and
// bitmaps as hexadecimal. Its name in BuiltIn is "iso8583-1987-ascii".
//
// Text elements are declared ans, wider than the standard's a or an: networks put blanks and punctuation into them,
// and refusing an answer for the shape of its reference number would lose a payment. Data elements for ISO, national
// and private use are opaque; a dialect gives them a layout with With.
func ISO8583v1987ASCII() *Spec {
	return unchecked(Config{
		Name:      "ISO 8583:1987 ASCII",
		Encoding:  ASCII,
		Fields:    iso1987("ans...999"),
		Responses: iso1987Responses,
		Reversals: iso1987Reversals,
	})
}

// ISO8583v1987Binary returns ISO 8583:1987 in its packed form: digits and lengths in BCD, text in ASCII, binary data
// and bitmaps as bytes. Its name in BuiltIn is "iso8583-1987-binary".
func ISO8583v1987Binary() *Spec {
	return unchecked(Config{
		Name:      "ISO 8583:1987 binary",
		Encoding:  BCD,
		Fields:    iso1987("b...999"),
		Responses: iso1987Responses,
		Reversals: iso1987Reversals,
	})
}

// ISO8583v1987EBCDIC returns ISO 8583:1987 as mainframes have it: lengths, digits and text in EBCDIC, binary data and
// bitmaps as bytes. Its name in BuiltIn is "iso8583-1987-ebcdic".
//
// The code page is 1047, that of z/OS. Others put punctuation elsewhere, letters and digits stand alike in all:
// spec.ISO8583v1987EBCDIC().With(spec.Config{Encoding: spec.EBCDIC500}) has another one.
func ISO8583v1987EBCDIC() *Spec {
	return unchecked(Config{
		Name:      "ISO 8583:1987 EBCDIC",
		Encoding:  EBCDIC1047,
		Fields:    iso1987("b...999"),
		Responses: iso1987Responses,
		Reversals: iso1987Reversals,
	})
}

// iso1987Responses follow ISO 8583:1987 4.1: the response repeats what identifies the transaction.
var iso1987Responses = []Derivation{
	{From: "xx0x", To: "xx10", Echo: iso1987Echo},
	{From: "xx2x", To: "xx30", Echo: iso1987Echo},
	{From: "xx4x", To: "xx50", Echo: iso1987Echo},
}

var iso1987Echo = []int{2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16, 17, 20, 23, 24, 28, 29, 30, 31, 32, 33, 34, 37, 41, 42, 49,
	50, 51, 66, 70, 90, 95, 99, 100, 101, 102, 103}

var iso1987Reversals = []Derivation{
	{From: "0100", To: "0400", Echo: iso1987Undone, Original: 90},
	{From: "0101", To: "0400", Echo: iso1987Undone, Original: 90},
	{From: "0200", To: "0400", Echo: iso1987Undone, Original: 90},
	{From: "0201", To: "0400", Echo: iso1987Undone, Original: 90},
	{From: "0120", To: "0420", Echo: iso1987Undone, Original: 90},
	{From: "0121", To: "0420", Echo: iso1987Undone, Original: 90},
	{From: "0220", To: "0420", Echo: iso1987Undone, Original: 90},
	{From: "0221", To: "0420", Echo: iso1987Undone, Original: 90},
}

// iso1987Undone leaves out tracks, PIN and chip data: a reversal needs none of them, and they must not be kept.
var iso1987Undone = []int{2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 22, 23, 24, 25, 28, 29, 30, 31, 32, 33, 37, 38, 41,
	42, 43, 49, 50, 51, 100, 102, 103}

// iso1987 returns the data elements of ISO 8583:1987 table 4; icc is the format of the elements reserved for ISO use
// from 55 on, in which chip data travels.
func iso1987(icc string) []Field {
	return append([]Field{
		{Number: 2, Name: "Primary account number", Format: "n..19", Mask: MaskPAN},
		{Number: 3, Name: "Processing code", Format: "n 6"},
		{Number: 4, Name: "Amount, transaction", Format: "n 12"},
		{Number: 5, Name: "Amount, settlement", Format: "n 12"},
		{Number: 6, Name: "Amount, cardholder billing", Format: "n 12"},
		{Number: 7, Name: "Transmission date and time", Format: "n 10", Time: "MMDDhhmmss"},
		{Number: 8, Name: "Amount, cardholder billing fee", Format: "n 8"},
		{Number: 9, Name: "Conversion rate, settlement", Format: "n 8"},
		{Number: 10, Name: "Conversion rate, cardholder billing", Format: "n 8"},
		{Number: 11, Name: "System trace audit number", Format: "n 6"},
		{Number: 12, Name: "Time, local transaction", Format: "n 6", Time: "hhmmss"},
		{Number: 13, Name: "Date, local transaction", Format: "n 4", Time: "MMDD"},
		{Number: 14, Name: "Date, expiration", Format: "n 4", Time: "YYMM", Mask: MaskHidden},
		{Number: 15, Name: "Date, settlement", Format: "n 4", Time: "MMDD"},
		{Number: 16, Name: "Date, conversion", Format: "n 4", Time: "MMDD"},
		{Number: 17, Name: "Date, capture", Format: "n 4", Time: "MMDD"},
		{Number: 18, Name: "Merchant type", Format: "n 4"},
		{Number: 19, Name: "Acquiring institution country code", Format: "n 3"},
		{Number: 20, Name: "PAN extended, country code", Format: "n 3"},
		{Number: 21, Name: "Forwarding institution country code", Format: "n 3"},
		{Number: 22, Name: "POS entry mode", Format: "n 3"},
		{Number: 23, Name: "Card sequence number", Format: "n 3"},
		{Number: 24, Name: "Network international identifier", Format: "n 3"},
		{Number: 25, Name: "POS condition code", Format: "n 2"},
		{Number: 26, Name: "POS PIN capture code", Format: "n 2"},
		{Number: 27, Name: "Authorisation identification response length", Format: "n 1"},
		{Number: 28, Name: "Amount, transaction fee", Format: "x+n 8", Signs: iso1987Signs},
		{Number: 29, Name: "Amount, settlement fee", Format: "x+n 8", Signs: iso1987Signs},
		{Number: 30, Name: "Amount, transaction processing fee", Format: "x+n 8", Signs: iso1987Signs},
		{Number: 31, Name: "Amount, settlement processing fee", Format: "x+n 8", Signs: iso1987Signs},
		{Number: 32, Name: "Acquiring institution identification code", Format: "n..11"},
		{Number: 33, Name: "Forwarding institution identification code", Format: "n..11"},
		{Number: 34, Name: "Primary account number, extended", Format: "ans..28", Mask: MaskPAN},
		{Number: 35, Name: "Track 2 data", Format: "z..37", Mask: MaskTrack},
		{Number: 36, Name: "Track 3 data", Format: "ans...104", Mask: MaskTrack},
		{Number: 37, Name: "Retrieval reference number", Format: "ans 12"},
		{Number: 38, Name: "Authorisation identification response", Format: "ans 6"},
		{Number: 39, Name: "Response code", Format: "ans 2"},
		{Number: 40, Name: "Service restriction code", Format: "ans 3"},
		{Number: 41, Name: "Card acceptor terminal identification", Format: "ans 8"},
		{Number: 42, Name: "Card acceptor identification code", Format: "ans 15"},
		{Number: 43, Name: "Card acceptor name and location", Format: "ans 40"},
		{Number: 44, Name: "Additional response data", Format: "ans..25"},
		{Number: 45, Name: "Track 1 data", Format: "ans..76", Mask: MaskTrack},
		{Number: 46, Name: "Additional data, ISO", Format: "ans...999"},
		{Number: 47, Name: "Additional data, national", Format: "ans...999"},
		{Number: 48, Name: "Additional data, private", Format: "ans...999"},
		{Number: 49, Name: "Currency code, transaction", Format: "ans 3"},
		{Number: 50, Name: "Currency code, settlement", Format: "ans 3"},
		{Number: 51, Name: "Currency code, cardholder billing", Format: "ans 3"},
		{Number: 52, Name: "PIN data", Format: "b 64", Mask: MaskHidden},
		{Number: 53, Name: "Security related control information", Format: "n 16"},
		{Number: 54, Name: "Additional amounts", Format: "ans...120"},
		{Number: 55, Name: "Reserved, ISO (chip data)", Format: icc, Mask: MaskHidden},
		{Number: 56, Name: "Reserved, ISO", Format: "ans...999"},
		{Number: 57, Name: "Reserved, national", Format: "ans...999"},
		{Number: 58, Name: "Reserved, national", Format: "ans...999"},
		{Number: 59, Name: "Reserved, national", Format: "ans...999"},
		{Number: 60, Name: "Reserved, private", Format: "ans...999"},
		{Number: 61, Name: "Reserved, private", Format: "ans...999"},
		{Number: 62, Name: "Reserved, private", Format: "ans...999"},
		{Number: 63, Name: "Reserved, private", Format: "ans...999"},
		{Number: 64, Name: "Message authentication code", Format: "b 64", Mask: MaskNone},
	}, iso1987Secondary()...)
}

// iso1987Signs adds 0 to credit and debit: hosts fill the sign of a fee that is nil with it.
const iso1987Signs = "CD0"

func iso1987Secondary() []Field {
	fields := []Field{
		{Number: 65, Name: "Bitmap, extended", Format: "b 8", Mask: MaskNone},
		{Number: 66, Name: "Settlement code", Format: "n 1"},
		{Number: 67, Name: "Extended payment code", Format: "n 2"},
		{Number: 68, Name: "Receiving institution country code", Format: "n 3"},
		{Number: 69, Name: "Settlement institution country code", Format: "n 3"},
		{Number: 70, Name: "Network management information code", Format: "n 3"},
		{Number: 71, Name: "Message number", Format: "n 4"},
		{Number: 72, Name: "Message number, last", Format: "n 4"},
		{Number: 73, Name: "Date, action", Format: "n 6", Time: "YYMMDD"},
		{Number: 74, Name: "Credits, number", Format: "n 10"},
		{Number: 75, Name: "Credits, reversal number", Format: "n 10"},
		{Number: 76, Name: "Debits, number", Format: "n 10"},
		{Number: 77, Name: "Debits, reversal number", Format: "n 10"},
		{Number: 78, Name: "Transfer, number", Format: "n 10"},
		{Number: 79, Name: "Transfer, reversal number", Format: "n 10"},
		{Number: 80, Name: "Inquiries, number", Format: "n 10"},
		{Number: 81, Name: "Authorisations, number", Format: "n 10"},
		{Number: 82, Name: "Credits, processing fee amount", Format: "n 12"},
		{Number: 83, Name: "Credits, transaction fee amount", Format: "n 12"},
		{Number: 84, Name: "Debits, processing fee amount", Format: "n 12"},
		{Number: 85, Name: "Debits, transaction fee amount", Format: "n 12"},
		{Number: 86, Name: "Credits, amount", Format: "n 16"},
		{Number: 87, Name: "Credits, reversal amount", Format: "n 16"},
		{Number: 88, Name: "Debits, amount", Format: "n 16"},
		{Number: 89, Name: "Debits, reversal amount", Format: "n 16"},
		{Number: 90, Name: "Original data elements", Format: "n 42"},
		{Number: 91, Name: "File update code", Format: "ans 1"},
		{Number: 92, Name: "File security code", Format: "ans 2"},
		{Number: 93, Name: "Response indicator", Format: "ans 6"},
		{Number: 94, Name: "Service indicator", Format: "ans 7"},
		{Number: 95, Name: "Replacement amounts", Format: "ans 42"},
		{Number: 96, Name: "Message security code", Format: "b 128", Mask: MaskHidden},
		{Number: 97, Name: "Amount, net settlement", Format: "x+n 16", Signs: iso1987Signs},
		{Number: 98, Name: "Payee", Format: "ans 25"},
		{Number: 99, Name: "Settlement institution identification code", Format: "n..11"},
		{Number: 100, Name: "Receiving institution identification code", Format: "n..11"},
		{Number: 101, Name: "File name", Format: "ans..17"},
		{Number: 102, Name: "Account identification 1", Format: "ans..28", Mask: MaskPAN},
		{Number: 103, Name: "Account identification 2", Format: "ans..28", Mask: MaskPAN},
		{Number: 104, Name: "Transaction description", Format: "ans...100"},
	}
	for n := 105; n <= 127; n++ {
		name := "Reserved, private"
		switch {
		case n <= 111:
			name = "Reserved, ISO"
		case n <= 119:
			name = "Reserved, national"
		}
		fields = append(fields, Field{Number: n, Name: name, Format: "ans...999"})
	}
	return append(fields, Field{Number: 128, Name: "Message authentication code 2", Format: "b 64", Mask: MaskNone})
}
