package spec

// ISO8583v2003Binary returns ISO 8583-1:2003 in its packed form: digits and lengths in BCD, text in ASCII, binary data and
// bitmaps as bytes. The third bitmap, for data elements 129 to 192, is data element 65. Its name in BuiltIn is
// "iso8583-2003-binary".
//
// Amounts of field 4 and its like are currency (three digits), number of decimals (one) and minor units (twelve).
// Elements that the standard builds of datasets, and those for ISO, national and private use, are opaque: a dialect
// gives them a layout with With.
func ISO8583v2003Binary() *Spec {
	return unchecked(Config{
		Name:      "ISO 8583:2003 binary",
		Encoding:  BCD,
		Bitmap:    Bitmap{Max: 3, TertiaryField: 65},
		Fields:    iso2003(),
		Responses: iso1993Responses,
		Reversals: iso1993Reversals("2"),
	})
}

// iso2003 returns the data elements of ISO 8583-1:2003, annex A.
func iso2003() []Field {
	fields := []Field{
		{Number: 2, Name: "Primary account number", Format: "n..19", Mask: MaskPAN},
		{Number: 3, Name: "Processing code", Format: "ans 6"},
		{Number: 4, Name: "Amount, transaction", Format: "n 16"},
		{Number: 5, Name: "Amount, reconciliation", Format: "n 16"},
		{Number: 6, Name: "Amount, cardholder billing", Format: "n 16"},
		{Number: 7, Name: "Date and time, transmission", Format: "n 10", Time: "MMDDhhmmss"},
		{Number: 8, Name: "Amount, cardholder billing fee", Format: "n 12"},
		{Number: 9, Name: "Conversion rate, reconciliation", Format: "n 8"},
		{Number: 10, Name: "Conversion rate, cardholder billing", Format: "n 8"},
		{Number: 11, Name: "System trace audit number", Format: "n 12"},
		{Number: 12, Name: "Date and time, local transaction", Format: "n 14", Time: "CCYYMMDDhhmmss"},
		{Number: 13, Name: "Date, effective", Format: "n 6"},
		{Number: 14, Name: "Date, expiration", Format: "n 4", Time: "YYMM", Mask: MaskHidden},
		{Number: 15, Name: "Date, settlement", Format: "n 8", Time: "CCYYMMDD"},
		{Number: 16, Name: "Date, conversion", Format: "n 4", Time: "MMDD"},
		{Number: 17, Name: "Date, capture", Format: "n 4", Time: "MMDD"},
		{Number: 18, Name: "Message error indicator", Format: "ans...140"},
		{Number: 19, Name: "Country code, acquiring institution", Format: "n 3"},
		{Number: 20, Name: "Country code, primary account number", Format: "n 3"},
		{Number: 21, Name: "Transaction life cycle identification data", Format: "b 152"},
		{Number: 22, Name: "Point of service data code", Format: "b 128"},
		{Number: 23, Name: "Card sequence number", Format: "n 3"},
		{Number: 24, Name: "Function code", Format: "n 3"},
		{Number: 25, Name: "Message reason code", Format: "n 4"},
		{Number: 26, Name: "Merchant category code", Format: "n 4"},
		{Number: 27, Name: "Point of service capability", Format: "b 216"},
		{Number: 28, Name: "Date, reconciliation", Format: "n 8", Time: "CCYYMMDD"},
		{Number: 29, Name: "Reconciliation indicator", Format: "n 3"},
		{Number: 30, Name: "Amounts, original", Format: "n 32"},
		{Number: 31, Name: "Acquirer reference number", Format: "n 23"},
		{Number: 32, Name: "Acquirer institution identification code", Format: "n..11"},
		{Number: 33, Name: "Forwarding institution identification code", Format: "n..11"},
		{Number: 34, Name: "Electronic commerce data", Format: "b....9999", Mask: MaskHidden},
		{Number: 35, Name: "Track 2 data", Format: "z..37", Mask: MaskTrack},
		{Number: 36, Name: "Track 3 data", Format: "ans...104", Mask: MaskTrack},
		{Number: 37, Name: "Retrieval reference number", Format: "ans 12"},
		{Number: 38, Name: "Approval code", Format: "ans 6"},
		{Number: 39, Name: "Action code", Format: "n 4"},
		{Number: 40, Name: "Service code", Format: "n 3"},
		{Number: 41, Name: "Card acceptor terminal identification", Format: "ans 16"},
		{Number: 42, Name: "Card acceptor identification code", Format: "ans..35"},
		{Number: 43, Name: "Card acceptor name and location", Format: "b....9999"},
		{Number: 44, Name: "Additional response data", Format: "b....9999"},
		{Number: 45, Name: "Track 1 data", Format: "ans..76", Mask: MaskTrack},
		{Number: 46, Name: "Amounts, fees", Format: "ans...216"},
		{Number: 47, Name: "Additional data, national", Format: "ans...999"},
		{Number: 48, Name: "Additional data, private", Format: "ans...999"},
		{Number: 49, Name: "Verification data", Format: "b....9999", Mask: MaskHidden},
		{Number: 50, Name: "Reserved, ISO", Format: "b....9999"},
		{Number: 51, Name: "Reserved, ISO", Format: "b....9999"},
		{Number: 52, Name: "Personal identification number data", Format: "b 64", Mask: MaskHidden},
		{Number: 53, Name: "Security related control information", Format: "b..48"},
		{Number: 54, Name: "Amounts, additional", Format: "ans...126"},
		{Number: 55, Name: "Integrated circuit card related data", Format: "b....9999", Mask: MaskHidden},
		{Number: 56, Name: "Original data elements", Format: "n..41"},
		{Number: 57, Name: "Authorisation life cycle code", Format: "n 3"},
		{Number: 58, Name: "Authorising agent institution identification code", Format: "n..11"},
		{Number: 59, Name: "Transport data", Format: "ans...999"},
		{Number: 60, Name: "Reserved, national", Format: "ans...999"},
		{Number: 61, Name: "Reserved, national", Format: "ans...999"},
		{Number: 62, Name: "Reserved, private", Format: "ans...999"},
		{Number: 63, Name: "Reserved, private", Format: "ans...999"},
		{Number: 64, Name: "Message authentication code", Format: "b 32", Mask: MaskNone},
	}
	return append(append(fields, iso2003Secondary()...), iso2003Reserved()...)
}

func iso2003Secondary() []Field {
	return []Field{
		{Number: 66, Name: "Amounts, original fees", Format: "ans...216"},
		{Number: 67, Name: "Extended payment data", Format: "n 2"},
		{Number: 68, Name: "Batch and file transfer message control", Format: "ans 9"},
		{Number: 69, Name: "Batch and file transfer control data", Format: "ans 40"},
		{Number: 70, Name: "File transfer description data", Format: "n 18"},
		{Number: 72, Name: "Data record", Format: "b....9999"},
		{Number: 73, Name: "Date, action", Format: "n 8", Time: "CCYYMMDD"},
		{Number: 74, Name: "Reconciliation data, primary", Format: "n 156"},
		{Number: 75, Name: "Reconciliation data, secondary", Format: "n 90"},
		{Number: 93, Name: "Transaction destination institution identification code", Format: "n..11"},
		{Number: 94, Name: "Transaction originator institution identification code", Format: "n..11"},
		{Number: 95, Name: "Card issuer reference data", Format: "ans..99"},
		{Number: 96, Name: "Key management data", Format: "b...999", Mask: MaskHidden},
		{Number: 97, Name: "Amount, net reconciliation", Format: "x+n 20"},
		{Number: 98, Name: "Payee", Format: "ans 25"},
		{Number: 99, Name: "Settlement institution identification code", Format: "ans..11"},
		{Number: 100, Name: "Receiving institution identification code", Format: "n..11"},
		{Number: 101, Name: "File name", Format: "ans..99"},
		{Number: 102, Name: "Account identification 1", Format: "ans..28", Mask: MaskPAN},
		{Number: 103, Name: "Account identification 2", Format: "ans..28", Mask: MaskPAN},
		{Number: 104, Name: "Transaction specific data", Format: "b....9999"},
		{Number: 109, Name: "Reconciliation fee amounts, credit", Format: "ans...144"},
		{Number: 110, Name: "Reconciliation fee amounts, debit", Format: "ans...144"},
		{Number: 128, Name: "Message authentication code 2", Format: "b 32", Mask: MaskNone},
	}
}

// iso2003Reserved returns the elements that the standard names no content of.
func iso2003Reserved() []Field {
	var fields []Field
	for n := 71; n <= 192; n++ {
		name := "Reserved, ISO"
		switch {
		case n == 71, n >= 76 && n <= 92, n >= 105 && n <= 108:
		case n >= 116 && n <= 122:
			name = "Reserved, national"
		case n >= 111 && n <= 127:
			name = "Reserved, private"
		case n < 129:
			continue
		}
		fields = append(fields, Field{Number: n, Name: name, Format: "b....9999"})
	}
	return fields
}
