package spec

import (
	"slices"
	"strconv"
	"strings"
)

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
	return unchecked(Config{
		Name:      "UnionPay POS terminal",
		Encoding:  BCD,
		Header:    []Field{unionPayTPDU(), unionPayHeader()},
		Bitmap:    Bitmap{Max: 1},
		Fields:    unionPayFields(),
		Responses: unionPayResponses,
		Reversals: unionPayReversals,
	})
}

// UnionPayNoHeader is the message from the message type on, as hosts pass it inside.
func UnionPayNoHeader() Config { return Config{Header: []Field{}} }

// UnionPayNoTPDU is the message from its header of six bytes on, without the TPDU. A response keeps the header as it is,
// since there are no addresses to swap.
func UnionPayNoTPDU() Config {
	header := unionPayHeader()
	header.Number = 1
	responses := slices.Clone(unionPayResponses)
	for i := range responses {
		responses[i].SwapHeader = nil
	}
	return Config{Header: []Field{header}, Responses: responses}
}

// UnionPayHeader is a TPDU and a header of another size than six bytes; with 0 the TPDU stands alone.
func UnionPayHeader(bytes int) Config {
	header := []Field{unionPayTPDU()}
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

func unionPayTPDU() Field {
	return Field{Number: 1, Name: "TPDU", Format: "h 10", Mask: MaskNone, Layout: positional([]row{
		{name: "Protocol", format: "h 2"},
		{name: "Destination", format: "h 4"},
		{name: "Source", format: "h 4"},
	})}
}

func unionPayHeader() Field {
	return Field{Number: 2, Name: "Header", Format: "h 12", Mask: MaskNone, Layout: positional([]row{
		{name: "Application class", format: "h 2"},
		{name: "Software version", format: "h 2"},
		{name: "Terminal state", format: "h 1"},
		{name: "Processing requirement", format: "h 1"},
		{name: "Software sub-version", format: "h 6"},
	})}
}

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
		unionPayField44(),
		unionPayField48(),
		{Number: 49, Name: "Currency code, transaction", Format: "an 3"},
		{Number: 51, Name: "Currency code, cardholder billing", Format: "an 3"},
		{Number: 52, Name: "PIN block", Format: "b 64", Mask: MaskHidden},
		unionPayField53(),
		unionPayField54(),
		{Number: 55, Name: "Chip data", Format: "b...255", Layout: &Layout{Kind: BERTLV, Fields: chipTags()}},
		{Number: 58, Name: "Electronic purse data", Format: "b...100", Mask: MaskHidden},
		unionPayField59(),
		unionPayField60(),
		unionPayField61(),
		unionPayField62(),
		{Number: 63, Name: "Private use (operator, organisation, texts)", Format: "ans...163", Charset: CharsetGBK, Mask: MaskNone},
		{Number: 64, Name: "Message authentication code", Format: "an 8", Mask: MaskNone},
	}
}

// unionPayField44 has parts in the two sizes that are in use; another size is opaque.
func unionPayField44() Field {
	return Field{Number: 44, Name: "Additional response data", Format: "an..25", Mask: MaskNone, Cases: []Case{
		{Size: 22, Layout: unionPayInstitutions()},
		{Size: 25, Layout: unionPayInstitutions()},
	}}
}

func unionPayInstitutions() *Layout {
	return &Layout{Kind: Positional, Fields: []Field{
		{Number: 1, Name: "Issuer", Format: "an 11"},
		{Number: 2, Name: "Acquirer", Format: "an 11"},
		{Number: 3, Name: "Rest", Format: "an..3", ToEnd: true},
	}}
}

func unionPayField48() Field {
	return Field{Number: 48, Name: "Additional data, private", Format: "n...322", AnyFiller: true, Cases: []Case{
		{MTI: "05xx", Size: 62, Layout: positional([]row{
			{name: "Debit amount", format: "n 12"},
			{name: "Debit count", format: "n 3"},
			{name: "Credit amount", format: "n 12"},
			{name: "Credit count", format: "n 3"},
			{name: "Result", format: "n 1"},
			{name: "Debit amount, foreign cards", format: "n 12"},
			{name: "Debit count, foreign cards", format: "n 3"},
			{name: "Credit amount, foreign cards", format: "n 12"},
			{name: "Credit count, foreign cards", format: "n 3"},
			{name: "Result, foreign cards", format: "n 1"},
		})},
		{MTI: "0320", Path: "60.3", Values: []string{"201"}, Layout: &Layout{Kind: Positional, Fields: []Field{
			{Number: 1, Name: "Count", Format: "n 2"},
			{Number: 2, Name: "Transactions", Format: "n...320", ToEnd: true, Mask: MaskHidden, Layout: &Layout{Kind: Repeated, Fields: fields([]row{
				{name: "Card type", format: "n 2"},
				{name: "System trace audit number", format: "n 6"},
				{name: "Primary account number", format: "n 20", mask: MaskHidden},
				{name: "Amount", format: "n 12"},
			})}},
		}}},
		{MTI: "0320", Path: "60.3", Values: []string{"202", "207"}, Size: 4, Layout: positional([]row{
			{name: "Total count", format: "n 4"},
		})},
	}}
}

func unionPayField53() Field {
	return Field{Number: 53, Name: "Security control information", Format: "n 16", Layout: positional([]row{
		{name: "PIN format", format: "n 1"},
		{name: "Algorithm", format: "n 1"},
		{name: "Track encryption", format: "n 1"},
		{name: "Reserved", format: "n 13"},
	})}
}

func unionPayField54() Field {
	return Field{Number: 54, Name: "Additional amounts", Format: "an...20", Mask: MaskNone, Cases: []Case{
		{Size: 20, Layout: positional([]row{
			{name: "Account type", format: "n 2"},
			{name: "Amount type", format: "n 2"},
			{name: "Currency", format: "an 3"},
			{name: "Amount", format: "x+n 12"},
		})},
	}}
}

// unionPayField59 is a sequence of two-character tags with three length digits. A1 is an enciphered PIN block, A3 a
// pay code that must never be shown whole.
func unionPayField59() Field {
	return Field{Number: 59, Name: "Private use", Format: "b...999", Layout: unionPayEntries([]Field{
		{Tag: "A1", Name: "Enciphered PIN (SM4)", Format: "b...999", Encoding: Raw, Mask: MaskHidden},
		{Tag: "A2", Name: "Terminal information", Format: "b...999", Encoding: Raw, Layout: unionPayEntries(fields([]row{
			{tag: "01", name: "Device type", format: "ans...999", mask: MaskNone},
			{tag: "02", name: "Terminal serial number (TUSN)", format: "ans...999", mask: MaskNone},
			{tag: "03", name: "Random factor", format: "ans...999", mask: MaskHidden},
			{tag: "04", name: "Serial number cipher", format: "ans...999", mask: MaskNone},
			{tag: "05", name: "Application version", format: "ans...999", mask: MaskNone},
		}))},
		{Tag: "A3", Name: "Pay code", Format: "ans...999", Mask: MaskPAN},
		{Tag: "A4", Name: "Payment voucher", Format: "ans...999", Mask: MaskNone},
		{Tag: "A5", Name: "Location", Format: "b...999", Encoding: Raw},
	})}
}

func unionPayEntries(fields []Field) *Layout {
	return &Layout{Kind: Tagged, Encoding: ASCII, Tag: TagFormat{Digits: 2}, Fields: fields,
		Unknown: &Field{Name: "Unknown", Format: "b...999", Encoding: Raw}}
}

func unionPayField60() Field {
	return Field{Number: 60, Name: "Private use", Format: "n...30", AnyFiller: true, Mask: MaskNone, Layout: &Layout{Kind: Positional, Short: true, Fields: []Field{
		{Number: 1, Name: "Transaction type", Format: "n 2"},
		{Number: 2, Name: "Batch number", Format: "n 6"},
		{Number: 3, Name: "Network management information code", Format: "n 3"},
		{Number: 4, Name: "Terminal read capability", Format: "n 1"},
		{Number: 5, Name: "Chip condition", Format: "n 1"},
		{Number: 6, Name: "Partial approval", Format: "n 1"},
		{Number: 7, Name: "Account type", Format: "n 3"},
		{Number: 8, Name: "Extension", Format: "n..13", ToEnd: true},
	}}}
}

func unionPayField61() Field {
	return Field{Number: 61, Name: "Original data", Format: "n...29", AnyFiller: true, Mask: MaskNone, Layout: &Layout{Kind: Positional, Short: true, Fields: fields([]row{
		{name: "Original batch number", format: "n 6"},
		{name: "Original system trace audit number", format: "n 6"},
		{name: "Original date", format: "n 4", time: "MMDD"},
		{name: "Authorisation mode", format: "n 2"},
		{name: "Authorising institution", format: "n 11"},
	})}}
}

// chipTags are the tags of field 55 in sales, reversals and script advices. Numbers are packed digits (EMV Book 3, annex A;
// those of three digits take two bytes), other values bytes: the emv package says what they mean. Only what is known to
// be harmless is shown.
func chipTags() []Field {
	list := fields([]row{
		{tag: "50", name: "Application label", format: "b...999", mask: MaskNone},
		{tag: "56", name: "Track 1 data", format: "b...999", mask: MaskHidden},
		{tag: "57", name: "Track 2 equivalent data", format: "b...999", mask: MaskTrack},
		{tag: "5A", name: "Primary account number", format: "b...999", mask: MaskPAN},
		{tag: "5F20", name: "Cardholder name", format: "b...999", mask: MaskHidden},
		{tag: "5F24", name: "Application expiration date", format: "n 6", time: "YYMMDD", mask: MaskHidden},
		{tag: "5F2A", name: "Transaction currency code", format: "n 4", mask: MaskNone},
		{tag: "5F34", name: "PAN sequence number", format: "n 2", mask: MaskNone},
		{tag: "71", name: "Issuer script 1", format: "b...999", mask: MaskNone},
		{tag: "72", name: "Issuer script 2", format: "b...999", mask: MaskNone},
		{tag: "82", name: "Application interchange profile", format: "b...999", mask: MaskNone},
		{tag: "84", name: "Dedicated file name", format: "b...999", mask: MaskNone},
		{tag: "8A", name: "Authorisation response code", format: "b...999", mask: MaskNone},
		{tag: "91", name: "Issuer authentication data", format: "b...999", mask: MaskNone},
		{tag: "95", name: "Terminal verification results", format: "b...999", mask: MaskNone},
		{tag: "99", name: "Transaction PIN data", format: "b...999", mask: MaskHidden},
		{tag: "9A", name: "Transaction date", format: "n 6", time: "YYMMDD", mask: MaskNone},
		{tag: "9B", name: "Transaction status information", format: "b...999", mask: MaskNone},
		{tag: "9C", name: "Transaction type", format: "n 2", mask: MaskNone},
		{tag: "9F02", name: "Amount, authorised", format: "n 12", mask: MaskNone},
		{tag: "9F03", name: "Amount, other", format: "n 12", mask: MaskNone},
		{tag: "9F09", name: "Application version number", format: "b...999", mask: MaskNone},
		{tag: "9F10", name: "Issuer application data", format: "b...999", mask: MaskNone},
		{tag: "9F1A", name: "Terminal country code", format: "n 4", mask: MaskNone},
		{tag: "9F1E", name: "Interface device serial number", format: "b...999", mask: MaskNone},
		{tag: "9F26", name: "Application cryptogram", format: "b...999", mask: MaskNone},
		{tag: "9F27", name: "Cryptogram information data", format: "b...999", mask: MaskNone},
		{tag: "9F33", name: "Terminal capabilities", format: "b...999", mask: MaskNone},
		{tag: "9F34", name: "CVM results", format: "b...999", mask: MaskNone},
		{tag: "9F35", name: "Terminal type", format: "n 2", mask: MaskNone},
		{tag: "9F36", name: "Application transaction counter", format: "b...999", mask: MaskNone},
		{tag: "9F37", name: "Unpredictable number", format: "b...999", mask: MaskNone},
		{tag: "9F41", name: "Transaction sequence counter", format: "b...999", mask: MaskNone},
		{tag: "9F63", name: "Card product identification", format: "b...999", mask: MaskNone},
		{tag: "9F6B", name: "Track 2 data", format: "b...999", mask: MaskTrack},
		{tag: "9F74", name: "Electronic cash issuer authorisation code", format: "b...999", mask: MaskNone},
		{tag: "DF31", name: "Issuer script results", format: "b...999", mask: MaskNone},
	})
	for i := range list {
		f := &list[i]
		switch {
		case strings.HasPrefix(f.Format, "n"):
			f.Encoding, f.Filler, f.Prefix.Unit = BCD, 0xF, Bytes
		case f.Tag == "71" || f.Tag == "72":
			f.Layout = &Layout{Kind: BERTLV, Fields: fields([]row{
				{tag: "9F18", name: "Issuer script identifier", format: "b...999", mask: MaskNone},
				{tag: "86", name: "Issuer script command", format: "b...999", mask: MaskNone},
			})}
		}
	}
	return list
}
