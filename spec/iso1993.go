package spec

// ISO8583v1993ASCII returns ISO 8583:1993 with everything in ASCII: lengths and digits as characters, bitmaps and binary
// data of fixed length as hexadecimal. Binary data of variable length (53, 55, 96) stands as it is, its length in bytes,
// as implementations have it. Its name in BuiltIn is "iso8583-1993-ascii".
//
// Text is declared ans throughout, as in ISO8583v1987ASCII; data elements for ISO, national and private use are opaque.
func ISO8583v1993ASCII() *Spec {
	fields := iso1993()
	for i := range fields {
		if n := fields[i].Number; n == 53 || n == 55 || n == 96 {
			fields[i].Encoding = Raw
		}
	}
	return unchecked(Config{
		Name:      "ISO 8583:1993 ASCII",
		Encoding:  ASCII,
		Fields:    fields,
		Responses: iso1993Responses,
		Reversals: iso1993Reversals("1"),
	})
}

// ISO8583v1993Binary returns ISO 8583:1993 in its packed form: digits and lengths in BCD, text in ASCII, binary data and
// bitmaps as bytes. Its name in BuiltIn is "iso8583-1993-binary".
func ISO8583v1993Binary() *Spec {
	return unchecked(Config{
		Name:      "ISO 8583:1993 binary",
		Encoding:  BCD,
		Fields:    iso1993(),
		Responses: iso1993Responses,
		Reversals: iso1993Reversals("1"),
	})
}

// iso1993Responses follow ISO 8583:1993 table 6, and that of 2003, where notifications (xx4x) may be acknowledged.
var iso1993Responses = []Derivation{
	{From: "xx0x", To: "xx10", Echo: iso1993Echo},
	{From: "xx2x", To: "xx30", Echo: iso1993Echo},
	{From: "xx4x", To: "xx50", Echo: iso1993Echo},
}

var iso1993Echo = []int{2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 16, 20, 23, 24, 28, 29, 30, 32, 33, 34, 37, 41, 42, 49, 50, 51, 58, 59, 71,
	93, 94, 99, 100, 101, 102, 103}

// iso1993Reversals undo requests and advices of a version of the standard, its first digit. A reversal is an advice since
// 1993. Its original data elements (field 56) hold the original's message type, STAN, local time and acquirer, and are
// the caller's to set.
func iso1993Reversals(version string) []Derivation {
	var out []Derivation
	for _, kind := range []string{"1", "2"} {
		for _, function := range []string{"00", "01", "20", "21"} {
			out = append(out, Derivation{From: version + kind + function, To: version + "420", Echo: iso1993Undone})
		}
	}
	return out
}

// iso1993Undone leaves out tracks, PIN and chip data, as iso1987Undone does.
var iso1993Undone = []int{2, 3, 4, 5, 6, 9, 10, 12, 14, 15, 16, 19, 20, 21, 22, 23, 26, 28, 29, 31, 32, 33, 34, 37, 38, 41, 42, 43, 49, 50, 51,
	58, 93, 94, 100, 102, 103}

// iso1993 returns the data elements of ISO 8583:1993 table 7.
func iso1993() []Field {
	return append(append([]Field{
		{Number: 2, Name: "Primary account number", Format: "n..19", Mask: MaskPAN},
		{Number: 3, Name: "Processing code", Format: "n 6"},
		{Number: 4, Name: "Amount, transaction", Format: "n 12"},
		{Number: 5, Name: "Amount, reconciliation", Format: "n 12"},
		{Number: 6, Name: "Amount, cardholder billing", Format: "n 12"},
		{Number: 7, Name: "Date and time, transmission", Format: "n 10", Time: "MMDDhhmmss"},
		{Number: 8, Name: "Amount, cardholder billing fee", Format: "n 8"},
		{Number: 9, Name: "Conversion rate, reconciliation", Format: "n 8"},
		{Number: 10, Name: "Conversion rate, cardholder billing", Format: "n 8"},
		{Number: 11, Name: "Systems trace audit number", Format: "n 6"},
		{Number: 12, Name: "Date and time, local transaction", Format: "n 12", Time: "YYMMDDhhmmss"},
		{Number: 13, Name: "Date, effective", Format: "n 4", Time: "YYMM"},
		{Number: 14, Name: "Date, expiration", Format: "n 4", Time: "YYMM", Mask: MaskHidden},
		{Number: 15, Name: "Date, settlement", Format: "n 6", Time: "YYMMDD"},
		{Number: 16, Name: "Date, conversion", Format: "n 4", Time: "MMDD"},
		{Number: 17, Name: "Date, capture", Format: "n 4", Time: "MMDD"},
		{Number: 18, Name: "Merchant type", Format: "n 4"},
		{Number: 19, Name: "Country code, acquiring institution", Format: "n 3"},
		{Number: 20, Name: "Country code, primary account number", Format: "n 3"},
		{Number: 21, Name: "Country code, forwarding institution", Format: "n 3"},
		{Number: 22, Name: "Point of service data code", Format: "ans 12"},
		{Number: 23, Name: "Card sequence number", Format: "n 3"},
		{Number: 24, Name: "Function code", Format: "n 3"},
		{Number: 25, Name: "Message reason code", Format: "n 4"},
		{Number: 26, Name: "Card acceptor business code", Format: "n 4"},
		{Number: 27, Name: "Approval code length", Format: "n 1"},
		{Number: 28, Name: "Date, reconciliation", Format: "n 6", Time: "YYMMDD"},
		{Number: 29, Name: "Reconciliation indicator", Format: "n 3"},
		{Number: 30, Name: "Amounts, original", Format: "n 24"},
		{Number: 31, Name: "Acquirer reference data", Format: "ans..99"},
		{Number: 32, Name: "Acquirer institution identification code", Format: "n..11"},
		{Number: 33, Name: "Forwarding institution identification code", Format: "n..11"},
		{Number: 34, Name: "Primary account number, extended", Format: "ans..28", Mask: MaskPAN},
		{Number: 35, Name: "Track 2 data", Format: "z..37", Mask: MaskTrack},
		{Number: 36, Name: "Track 3 data", Format: "ans...104", Mask: MaskTrack},
		{Number: 37, Name: "Retrieval reference number", Format: "ans 12"},
		{Number: 38, Name: "Approval code", Format: "ans 6"},
		{Number: 39, Name: "Action code", Format: "n 3"},
		{Number: 40, Name: "Service code", Format: "n 3"},
		{Number: 41, Name: "Card acceptor terminal identification", Format: "ans 8"},
		{Number: 42, Name: "Card acceptor identification code", Format: "ans 15"},
		{Number: 43, Name: "Card acceptor name and location", Format: "ans..99"},
		{Number: 44, Name: "Additional response data", Format: "ans..99"},
		{Number: 45, Name: "Track 1 data", Format: "ans..76", Mask: MaskTrack},
		{Number: 46, Name: "Amounts, fees", Format: "ans...204"},
		{Number: 47, Name: "Additional data, national", Format: "ans...999"},
		{Number: 48, Name: "Additional data, private", Format: "ans...999"},
		{Number: 49, Name: "Currency code, transaction", Format: "ans 3"},
		{Number: 50, Name: "Currency code, reconciliation", Format: "ans 3"},
		{Number: 51, Name: "Currency code, cardholder billing", Format: "ans 3"},
		{Number: 52, Name: "Personal identification number data", Format: "b 64", Mask: MaskHidden},
		{Number: 53, Name: "Security related control information", Format: "b..48"},
		{Number: 54, Name: "Amounts, additional", Format: "ans...120"},
		{Number: 55, Name: "Integrated circuit card system related data", Format: "b...255", Mask: MaskHidden},
		{Number: 56, Name: "Original data elements", Format: "n..35"},
		{Number: 57, Name: "Authorisation life cycle code", Format: "n 3"},
		{Number: 58, Name: "Authorising agent institution identification code", Format: "n..11"},
		{Number: 59, Name: "Transport data", Format: "ans...999"},
		{Number: 60, Name: "Reserved, national", Format: "ans...999"},
		{Number: 61, Name: "Reserved, national", Format: "ans...999"},
		{Number: 62, Name: "Reserved, private", Format: "ans...999"},
		{Number: 63, Name: "Reserved, private", Format: "ans...999"},
		{Number: 64, Name: "Message authentication code", Format: "b 64", Mask: MaskNone},
	}, iso1993Secondary()...), iso1993Reserved()...)
}

func iso1993Secondary() []Field {
	return []Field{
		{Number: 65, Name: "Reserved, ISO", Format: "b 64"},
		{Number: 66, Name: "Amounts, original fees", Format: "ans...204"},
		{Number: 67, Name: "Extended payment data", Format: "n 2"},
		{Number: 68, Name: "Country code, receiving institution", Format: "n 3"},
		{Number: 69, Name: "Country code, settlement institution", Format: "n 3"},
		{Number: 70, Name: "Country code, authorising agent institution", Format: "n 3"},
		{Number: 71, Name: "Message number", Format: "n 8"},
		{Number: 72, Name: "Data record", Format: "ans...999"},
		{Number: 73, Name: "Date, action", Format: "n 6", Time: "YYMMDD"},
		{Number: 74, Name: "Credits, number", Format: "n 10"},
		{Number: 75, Name: "Credits, reversal number", Format: "n 10"},
		{Number: 76, Name: "Debits, number", Format: "n 10"},
		{Number: 77, Name: "Debits, reversal number", Format: "n 10"},
		{Number: 78, Name: "Transfer, number", Format: "n 10"},
		{Number: 79, Name: "Transfer, reversal number", Format: "n 10"},
		{Number: 80, Name: "Inquiries, number", Format: "n 10"},
		{Number: 81, Name: "Authorisations, number", Format: "n 10"},
		{Number: 82, Name: "Inquiries, reversal number", Format: "n 10"},
		{Number: 83, Name: "Payments, number", Format: "n 10"},
		{Number: 84, Name: "Payments, reversal number", Format: "n 10"},
		{Number: 85, Name: "Fee collections, number", Format: "n 10"},
		{Number: 86, Name: "Credits, amount", Format: "n 16"},
		{Number: 87, Name: "Credits, reversal amount", Format: "n 16"},
		{Number: 88, Name: "Debits, amount", Format: "n 16"},
		{Number: 89, Name: "Debits, reversal amount", Format: "n 16"},
		{Number: 90, Name: "Authorisations, reversal number", Format: "n 10"},
		{Number: 91, Name: "Country code, transaction destination institution", Format: "n 3"},
		{Number: 92, Name: "Country code, transaction originator institution", Format: "n 3"},
		{Number: 93, Name: "Transaction destination institution identification code", Format: "n..11"},
		{Number: 94, Name: "Transaction originator institution identification code", Format: "n..11"},
		{Number: 95, Name: "Card issuer reference data", Format: "ans..99"},
		{Number: 96, Name: "Key management data", Format: "b...999", Mask: MaskHidden},
		{Number: 97, Name: "Amount, net reconciliation", Format: "x+n 16"},
		{Number: 98, Name: "Payee", Format: "ans 25"},
		{Number: 99, Name: "Settlement institution identification code", Format: "ans..11"},
		{Number: 100, Name: "Receiving institution identification code", Format: "n..11"},
		{Number: 101, Name: "File name", Format: "ans..17"},
		{Number: 102, Name: "Account identification 1", Format: "ans..28", Mask: MaskPAN},
		{Number: 103, Name: "Account identification 2", Format: "ans..28", Mask: MaskPAN},
		{Number: 104, Name: "Transaction description", Format: "ans...100"},
		{Number: 105, Name: "Credits, chargeback amount", Format: "n 16"},
		{Number: 106, Name: "Debits, chargeback amount", Format: "n 16"},
		{Number: 107, Name: "Credits, chargeback number", Format: "n 10"},
		{Number: 108, Name: "Debits, chargeback number", Format: "n 10"},
		{Number: 109, Name: "Credits, fee amounts", Format: "ans..84"},
		{Number: 110, Name: "Debits, fee amounts", Format: "ans..84"},
	}
}

func iso1993Reserved() []Field {
	var fields []Field
	for n := 111; n <= 127; n++ {
		name := "Reserved, private"
		switch {
		case n <= 115:
			name = "Reserved, ISO"
		case n <= 122:
			name = "Reserved, national"
		}
		fields = append(fields, Field{Number: n, Name: name, Format: "ans...999"})
	}
	return append(fields, Field{Number: 128, Name: "Message authentication code 2", Format: "b 64", Mask: MaskNone})
}
