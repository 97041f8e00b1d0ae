package spec

// unionPayField62 holds something else in every transaction: the request for and the block of work keys at sign-in,
// terminal parameters, card scheme keys and applications. Sizes of the key block that no published rule explains stay
// opaque.
func unionPayField62() Field {
	scheme := &Layout{Kind: BERTLV, Fields: schemeTags}
	answer := &Layout{Kind: BERTLV, Fields: schemeTags, Lead: &Field{Name: "Control", Format: "an 1", Encoding: ASCII, Mask: MaskNone}}
	queries, downloads := []string{"372", "382"}, []string{"370", "380"}
	return Field{Number: 62, Name: "Private use", Format: "b...999", Mask: MaskHidden, Cases: []Case{
		{MTI: "0800", Path: "60.3", Values: []string{"001", "003", "004", "005", "006"}, Layout: unionPayLicence},
		{MTI: "0810", Path: "60.3", Values: []string{"001"}, Size: 24, Layout: unionPayKeys("b 64", "b 64", "")},
		{MTI: "0810", Path: "60.3", Values: []string{"003", "004", "005", "006"}, Size: 40, Layout: unionPayKeys("b 128", "b 128", "")},
		{MTI: "0810", Path: "60.3", Values: []string{"003", "004", "005", "006"}, Size: 60, Layout: unionPayKeys("b 128", "b 128", "b 128")},
		{MTI: "0820", Path: "60.3", Values: queries, Size: 3, Layout: unionPayQuery},
		{MTI: "0830", Path: "60.3", Values: queries, Layout: answer},
		{MTI: "0800", Path: "60.3", Values: append(downloads, "350"), Layout: scheme},
		{MTI: "0810", Path: "60.3", Values: downloads, Layout: answer},
		{MTI: "0810", Path: "60.3", Values: []string{"360"}, Layout: unionPayParameters},
	}}
}

// unionPayLicence is field 62 of the sign-in request: a fixed text, then licence and serial number with their length.
var unionPayLicence = &Layout{Kind: Positional, Encoding: ASCII, Fields: []Field{
	{Number: 1, Name: "Label", Format: "ans 11", Mask: MaskNone},
	{Number: 2, Name: "Licence and serial number", Format: "ans..99", Mask: MaskNone},
}}

// unionPayKeys is field 62 of the sign-in answer: work keys enciphered under the terminal master key, each with the
// first four bytes of its check value. A MAC key of single length is followed by eight zero bytes.
func unionPayKeys(pik, mak, tdk string) *Layout {
	fields := []Field{
		{Number: 1, Name: "PIN key", Format: pik, Mask: MaskHidden},
		{Number: 2, Name: "PIN key check value", Format: "b 32", Mask: MaskNone},
		{Number: 3, Name: "MAC key", Format: mak, Mask: MaskHidden},
		{Number: 4, Name: "MAC key check value", Format: "b 32", Mask: MaskNone},
	}
	if tdk != "" {
		fields = append(fields, Field{Number: 5, Name: "Track key", Format: tdk, Mask: MaskHidden},
			Field{Number: 6, Name: "Track key check value", Format: "b 32", Mask: MaskNone})
	}
	return &Layout{Kind: Positional, Fields: fields}
}

var unionPayQuery = &Layout{Kind: Positional, Encoding: ASCII, Fields: []Field{
	{Number: 1, Name: "Control", Format: "an 1"},
	{Number: 2, Name: "Count", Format: "n 2"},
}}

// unionPayParameters is field 62 of the parameter download: two-digit tags, each with a value of fixed length.
var unionPayParameters = &Layout{Kind: Tagged, Encoding: ASCII, Tag: TagFormat{Digits: 2}, Fields: []Field{
	{Tag: "11", Name: "Application type", Format: "ans 2", Mask: MaskNone},
	{Tag: "12", Name: "Timeout, seconds", Format: "n 2"},
	{Tag: "13", Name: "Retries", Format: "n 1"},
	{Tag: "14", Name: "Telephone 1", Format: "ans 14", Mask: MaskNone},
	{Tag: "15", Name: "Telephone 2", Format: "ans 14", Mask: MaskNone},
	{Tag: "16", Name: "Telephone 3", Format: "ans 14", Mask: MaskNone},
	{Tag: "17", Name: "Management telephone", Format: "ans 14", Mask: MaskNone},
	{Tag: "18", Name: "Tip", Format: "n 1"},
	{Tag: "19", Name: "Tip, per cent", Format: "n 2"},
	{Tag: "20", Name: "Manual entry", Format: "n 1"},
	{Tag: "21", Name: "Automatic sign-off", Format: "n 1"},
	{Tag: "22", Name: "Merchant name", Format: "ans 40", Charset: CharsetGBK, Mask: MaskNone},
	{Tag: "23", Name: "Resend times", Format: "n 1"},
	{Tag: "24", Name: "Offline upload mode", Format: "n 1"},
	{Tag: "25", Name: "Key index", Format: "n 1"},
	{Tag: "26", Name: "Transactions allowed", Format: "b 32", Encoding: Raw, Mask: MaskNone},
}}

// schemeTags are the tags of card scheme keys (CAPK), applications (AID) and the terminal master key download.
var schemeTags = []Field{
	{Tag: "9F06", Name: "Application identifier", Format: "b...999", Mask: MaskNone},
	{Tag: "9F22", Name: "CA public key index", Format: "b...999", Mask: MaskNone},
	{Tag: "DF02", Name: "CA public key modulus", Format: "b...999", Mask: MaskNone},
	{Tag: "DF03", Name: "CA public key checksum", Format: "b...999", Mask: MaskNone},
	{Tag: "DF04", Name: "CA public key exponent", Format: "b...999", Mask: MaskNone},
	{Tag: "DF05", Name: "Expiry date of the key", Format: "b...999", Mask: MaskNone},
	{Tag: "DF06", Name: "Hash algorithm", Format: "b...999", Mask: MaskNone},
	{Tag: "DF07", Name: "Signature algorithm", Format: "b...999", Mask: MaskNone},
	{Tag: "DF23", Name: "Enciphered transport key", Format: "b...999", Mask: MaskHidden},
	{Tag: "DF24", Name: "Check value", Format: "b...999", Mask: MaskNone},
}
