package spec

import "strconv"

// UnionPayPOS returns the message between a China UnionPay POS terminal and its acquirer: TPDU, a six-byte header,
// message type, one bitmap and fields 2 to 64. Its name in BuiltIn is "unionpay-pos".
//
// Acquirers differ. What is common stands here; the differences are the UnionPay… overrides, each named by what it
// changes:
//
//	spec.UnionPayPOS().With(spec.UnionPayField64Binary()).With(spec.UnionPayNoHeader())
//
// Odd digit counts are written with a 0 nibble, and any nibble is read and kept, since both 0 and F are in use.
func UnionPayPOS() *Spec {
	return MustNew(Config{
		Name:      "UnionPay POS terminal",
		Encoding:  BCD,
		Header:    []Field{unionPayTPDU, unionPayHeader},
		Bitmap:    Bitmap{Max: 1},
		Fields:    unionPayFields(),
		Responses: unionPayResponses,
		Reversals: unionPayReversals,
	})
}

// UnionPayNoHeader is the message from the message type on, as hosts pass it inside.
func UnionPayNoHeader() Config { return Config{Header: []Field{}} }

// UnionPayHeader is a TPDU and a header of another size than six bytes; with 0 the TPDU stands alone.
func UnionPayHeader(bytes int) Config {
	header := []Field{unionPayTPDU}
	if bytes > 0 {
		header = append(header, Field{Number: 2, Name: "Header", Format: "b " + strconv.Itoa(8*bytes)})
	}
	return Config{Header: header}
}

// UnionPayField52Long is a PIN block of 16 bytes, for SM4 where it does not travel in field 59.
func UnionPayField52Long() Config {
	return Config{Fields: []Field{{Number: 52, Name: "PIN block", Format: "b 128", Mask: MaskHidden}}}
}

// UnionPayField59Opaque is a field 59 without the A1 to A5 entries, of the acquirer's own form.
func UnionPayField59Opaque() Config {
	return Config{Fields: []Field{{Number: 59, Name: "Private use", Format: "b...999"}}}
}

// UnionPayField60ASCII is a field 60 of characters instead of packed digits.
func UnionPayField60ASCII() Config {
	return Config{Fields: []Field{{Number: 60, Name: "Private use", Format: "ans...999"}}}
}

// UnionPayField64Binary is a MAC of eight bytes instead of eight hexadecimal characters.
func UnionPayField64Binary() Config {
	return Config{Fields: []Field{{Number: 64, Name: "Message authentication code", Format: "b 64", Mask: MaskNone}}}
}

// UnionPayVendorFields adds the fields that vendors put to use: 43, 46, 47, 56 and 57.
func UnionPayVendorFields() Config {
	return Config{Fields: []Field{
		{Number: 43, Name: "Card acceptor name and location", Format: "ans 40", Charset: CharsetGBK},
		{Number: 46, Name: "Vendor data", Format: "ans...999", Charset: CharsetGBK},
		{Number: 47, Name: "Vendor data (base station)", Format: "ans...999", Charset: CharsetGBK},
		{Number: 56, Name: "Vendor data", Format: "ans...999", Charset: CharsetGBK},
		{Number: 57, Name: "Vendor data", Format: "ans...999", Charset: CharsetGBK},
	}}
}

var unionPayTPDU = Field{Number: 1, Name: "TPDU", Format: "h 10", Mask: MaskNone, Layout: &Layout{Kind: Positional, Fields: []Field{
	{Number: 1, Name: "Protocol", Format: "h 2"},
	{Number: 2, Name: "Destination", Format: "h 4"},
	{Number: 3, Name: "Source", Format: "h 4"},
}}}

var unionPayHeader = Field{Number: 2, Name: "Header", Format: "h 12", Mask: MaskNone, Layout: &Layout{Kind: Positional, Fields: []Field{
	{Number: 1, Name: "Application class", Format: "h 2"},
	{Number: 2, Name: "Software version", Format: "h 2"},
	{Number: 3, Name: "Terminal state", Format: "h 1"},
	{Number: 4, Name: "Processing requirement", Format: "h 1"},
	{Number: 5, Name: "Software sub-version", Format: "h 6"},
}}}

// unionPaySwap exchanges destination and source of the TPDU.
var unionPaySwap = []Swap{{A: 1, B: 3, Bytes: 2}}

var unionPayResponses = []Derivation{
	{From: "xx0x", To: "xx10", Echo: unionPayEcho, SwapHeader: unionPaySwap},
	{From: "xx2x", To: "xx30", Echo: unionPayEcho, SwapHeader: unionPaySwap},
}

var unionPayEcho = []int{2, 3, 4, 11, 25, 41, 42, 49, 60}

// unionPayReversals keep the STAN of what they undo and leave out PIN, tracks and retrieval reference number. Field 39
// gets the reason, field 55 what the card answered: both are the caller's.
var unionPayReversals = []Derivation{
	{From: "0100", To: "0400", Echo: unionPayUndone},
	{From: "0200", To: "0400", Echo: unionPayUndone},
}

var unionPayUndone = []int{2, 3, 4, 11, 14, 22, 23, 25, 38, 41, 42, 49, 60, 61}

func unionPayFields() []Field {
	return []Field{
		{Number: 2, Name: "Primary account number", Format: "n..19", AnyFiller: true, Mask: MaskPAN},
		{Number: 3, Name: "Processing code", Format: "n 6"},
		{Number: 4, Name: "Amount, transaction", Format: "n 12"},
		{Number: 5, Name: "Amount, settlement", Format: "n 12"},
		{Number: 6, Name: "Amount, cardholder billing", Format: "n 12"},
		{Number: 10, Name: "Conversion rate, cardholder billing", Format: "n 8"},
		{Number: 11, Name: "System trace audit number", Format: "n 6"},
		{Number: 12, Name: "Time, local transaction", Format: "n 6", Time: "hhmmss"},
		{Number: 13, Name: "Date, local transaction", Format: "n 4", Time: "MMDD"},
		{Number: 14, Name: "Date, expiration", Format: "n 4", Time: "YYMM", Mask: MaskHidden},
		{Number: 15, Name: "Date, settlement", Format: "n 4", Time: "MMDD"},
		{Number: 22, Name: "POS entry mode", Format: "n 3", Align: Left, AnyFiller: true},
		{Number: 23, Name: "Card sequence number", Format: "n 3", AnyFiller: true},
		{Number: 25, Name: "POS condition code", Format: "n 2"},
		{Number: 26, Name: "POS PIN capture code", Format: "n 2"},
		{Number: 32, Name: "Acquiring institution identification code", Format: "n..11", AnyFiller: true},
		{Number: 35, Name: "Track 2 data", Format: "z..37", AnyFiller: true, Mask: MaskTrack},
		{Number: 36, Name: "Track 3 data", Format: "z...104", AnyFiller: true, Mask: MaskTrack},
		{Number: 37, Name: "Retrieval reference number", Format: "an 12"},
		{Number: 38, Name: "Authorisation identification response", Format: "an 6"},
		{Number: 39, Name: "Response code", Format: "an 2"},
		{Number: 41, Name: "Card acceptor terminal identification", Format: "ans 8"},
		{Number: 42, Name: "Card acceptor identification code", Format: "ans 15"},
		unionPayField44,
		unionPayField48,
		{Number: 49, Name: "Currency code, transaction", Format: "an 3"},
		{Number: 51, Name: "Currency code, cardholder billing", Format: "an 3"},
		{Number: 52, Name: "PIN block", Format: "b 64", Mask: MaskHidden},
		unionPayField53,
		unionPayField54,
		{Number: 55, Name: "Chip data", Format: "b...255", Layout: &Layout{Kind: BERTLV, Fields: chipTags()}},
		{Number: 58, Name: "Electronic purse data", Format: "b...100", Mask: MaskHidden},
		unionPayField59,
		unionPayField60,
		unionPayField61,
		unionPayField62(),
		{Number: 63, Name: "Private use (operator, organisation, texts)", Format: "ans...163", Charset: CharsetGBK, Mask: MaskNone},
		{Number: 64, Name: "Message authentication code", Format: "b 32", Encoding: HexASCII, Mask: MaskNone},
	}
}

// unionPayField44 has parts in the two sizes that are in use; another size is opaque.
var unionPayField44 = Field{Number: 44, Name: "Additional response data", Format: "an..25", Mask: MaskNone, Cases: []Case{
	{Size: 22, Layout: unionPayInstitutions},
	{Size: 25, Layout: unionPayInstitutions},
}}

var unionPayInstitutions = &Layout{Kind: Positional, Fields: []Field{
	{Number: 1, Name: "Issuer", Format: "an 11"},
	{Number: 2, Name: "Acquirer", Format: "an 11"},
	{Number: 3, Name: "Rest", Format: "an..3", ToEnd: true},
}}

var unionPayField48 = Field{Number: 48, Name: "Additional data, private", Format: "n...322", AnyFiller: true, Cases: []Case{
	{MTI: "05xx", Size: 62, Layout: &Layout{Kind: Positional, Fields: []Field{
		{Number: 1, Name: "Debit amount", Format: "n 12"},
		{Number: 2, Name: "Debit count", Format: "n 3"},
		{Number: 3, Name: "Credit amount", Format: "n 12"},
		{Number: 4, Name: "Credit count", Format: "n 3"},
		{Number: 5, Name: "Result", Format: "n 1"},
		{Number: 6, Name: "Debit amount, foreign cards", Format: "n 12"},
		{Number: 7, Name: "Debit count, foreign cards", Format: "n 3"},
		{Number: 8, Name: "Credit amount, foreign cards", Format: "n 12"},
		{Number: 9, Name: "Credit count, foreign cards", Format: "n 3"},
		{Number: 10, Name: "Result, foreign cards", Format: "n 1"},
	}}},
	{MTI: "0320", Path: "60.3", Values: []string{"201"}, Layout: &Layout{Kind: Positional, Fields: []Field{
		{Number: 1, Name: "Count", Format: "n 2"},
		{Number: 2, Name: "Transactions", Format: "n...320", ToEnd: true, Mask: MaskHidden, Layout: &Layout{Kind: Repeated, Fields: []Field{
			{Number: 1, Name: "Card type", Format: "n 2"},
			{Number: 2, Name: "System trace audit number", Format: "n 6"},
			{Number: 3, Name: "Primary account number", Format: "n 20", Mask: MaskHidden},
			{Number: 4, Name: "Amount", Format: "n 12"},
		}}},
	}}},
	{MTI: "0320", Path: "60.3", Values: []string{"202", "207"}, Size: 4, Layout: &Layout{Kind: Positional, Fields: []Field{
		{Number: 1, Name: "Total count", Format: "n 4"},
	}}},
}}

var unionPayField53 = Field{Number: 53, Name: "Security control information", Format: "n 16", Layout: &Layout{Kind: Positional, Fields: []Field{
	{Number: 1, Name: "PIN format", Format: "n 1"},
	{Number: 2, Name: "Algorithm", Format: "n 1"},
	{Number: 3, Name: "Track encryption", Format: "n 1"},
	{Number: 4, Name: "Reserved", Format: "n 13"},
}}}

var unionPayField54 = Field{Number: 54, Name: "Additional amounts", Format: "an...20", Mask: MaskNone, Cases: []Case{
	{Size: 20, Layout: &Layout{Kind: Positional, Fields: []Field{
		{Number: 1, Name: "Account type", Format: "n 2"},
		{Number: 2, Name: "Amount type", Format: "n 2"},
		{Number: 3, Name: "Currency", Format: "an 3"},
		{Number: 4, Name: "Amount", Format: "x+n 12"},
	}}},
}}

// unionPayField59 is a sequence of two-character tags with three length digits. A1 is an enciphered PIN block, A3 a
// pay code that must never be shown whole.
var unionPayField59 = Field{Number: 59, Name: "Private use", Format: "b...999", Layout: unionPayEntries([]Field{
	{Tag: "A1", Name: "Enciphered PIN (SM4)", Format: "b...999", Encoding: Raw, Mask: MaskHidden},
	{Tag: "A2", Name: "Terminal information", Format: "b...999", Encoding: Raw, Layout: unionPayEntries([]Field{
		{Tag: "01", Name: "Device type", Format: "ans...999", Mask: MaskNone},
		{Tag: "02", Name: "Terminal serial number (TUSN)", Format: "ans...999", Mask: MaskNone},
		{Tag: "03", Name: "Random factor", Format: "ans...999", Mask: MaskHidden},
		{Tag: "04", Name: "Serial number cipher", Format: "ans...999", Mask: MaskNone},
		{Tag: "05", Name: "Application version", Format: "ans...999", Mask: MaskNone},
	})},
	{Tag: "A3", Name: "Pay code", Format: "ans...999", Mask: MaskPAN},
	{Tag: "A4", Name: "Payment voucher", Format: "ans...999", Mask: MaskNone},
	{Tag: "A5", Name: "Location", Format: "b...999", Encoding: Raw},
})}

func unionPayEntries(fields []Field) *Layout {
	return &Layout{Kind: Tagged, Encoding: ASCII, Tag: TagFormat{Digits: 2}, Fields: fields,
		Unknown: &Field{Name: "Unknown", Format: "b...999", Encoding: Raw}}
}

var unionPayField60 = Field{Number: 60, Name: "Private use", Format: "n...30", AnyFiller: true, Mask: MaskNone, Layout: &Layout{Kind: Positional, Fields: []Field{
	{Number: 1, Name: "Transaction type", Format: "n 2"},
	{Number: 2, Name: "Batch number", Format: "n 6"},
	{Number: 3, Name: "Network management information code", Format: "n 3"},
	{Number: 4, Name: "Terminal read capability", Format: "n 1"},
	{Number: 5, Name: "Chip condition", Format: "n 1"},
	{Number: 6, Name: "Partial approval", Format: "n 1"},
	{Number: 7, Name: "Account type", Format: "n 3"},
	{Number: 8, Name: "Extension", Format: "n..13", ToEnd: true},
}}}

var unionPayField61 = Field{Number: 61, Name: "Original data", Format: "n...29", AnyFiller: true, Mask: MaskNone, Layout: &Layout{Kind: Positional, Fields: []Field{
	{Number: 1, Name: "Original batch number", Format: "n 6"},
	{Number: 2, Name: "Original system trace audit number", Format: "n 6"},
	{Number: 3, Name: "Original date", Format: "n 4", Time: "MMDD"},
	{Number: 4, Name: "Authorisation mode", Format: "n 2"},
	{Number: 5, Name: "Authorising institution", Format: "n 11"},
}}}

// chipTags are the tags of field 55 in sales, reversals and script advices. Values are bytes: the emv package says
// what they mean. Only what is known to be harmless is shown.
func chipTags() []Field {
	shown := func(tag, name string) Field { return Field{Tag: tag, Name: name, Format: "b...999", Mask: MaskNone} }
	secret := func(tag, name string, mask Mask) Field {
		return Field{Tag: tag, Name: name, Format: "b...999", Mask: mask}
	}
	return []Field{
		shown("50", "Application label"),
		secret("56", "Track 1 data", MaskHidden),
		secret("57", "Track 2 equivalent data", MaskTrack),
		secret("5A", "Primary account number", MaskPAN),
		secret("5F20", "Cardholder name", MaskHidden),
		secret("5F24", "Application expiration date", MaskHidden),
		shown("5F2A", "Transaction currency code"),
		shown("5F34", "PAN sequence number"),
		shown("71", "Issuer script 1"),
		shown("72", "Issuer script 2"),
		shown("82", "Application interchange profile"),
		shown("84", "Dedicated file name"),
		shown("8A", "Authorisation response code"),
		shown("91", "Issuer authentication data"),
		shown("95", "Terminal verification results"),
		secret("99", "Transaction PIN data", MaskHidden),
		shown("9A", "Transaction date"),
		shown("9B", "Transaction status information"),
		shown("9C", "Transaction type"),
		shown("9F02", "Amount, authorised"),
		shown("9F03", "Amount, other"),
		shown("9F09", "Application version number"),
		shown("9F10", "Issuer application data"),
		shown("9F1A", "Terminal country code"),
		shown("9F1E", "Interface device serial number"),
		shown("9F26", "Application cryptogram"),
		shown("9F27", "Cryptogram information data"),
		shown("9F33", "Terminal capabilities"),
		shown("9F34", "CVM results"),
		shown("9F35", "Terminal type"),
		shown("9F36", "Application transaction counter"),
		shown("9F37", "Unpredictable number"),
		shown("9F41", "Transaction sequence counter"),
		shown("9F63", "Card product identification"),
		secret("9F6B", "Track 2 data", MaskTrack),
		shown("9F74", "Electronic cash issuer authorisation code"),
		shown("DF31", "Issuer script results"),
	}
}
