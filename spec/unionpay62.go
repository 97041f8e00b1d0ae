package spec

// unionPayField62 holds something else in every transaction: the request for and the block of work keys at sign-in,
// terminal parameters, card scheme keys and applications. Sizes of the key block that no published rule explains stay
// opaque.
func unionPayField62() Field {
	scheme := &Layout{Kind: BERTLV, Fields: schemeTags()}
	answer := &Layout{Kind: BERTLV, Fields: schemeTags(), Lead: &Field{Name: "Control", Format: "an 1", Encoding: ASCII, Mask: MaskNone}}
	queries, downloads := []string{"372", "382"}, []string{"370", "380"}
	return Field{Number: 62, Name: "Private use", Format: "b...999", Mask: MaskHidden, Cases: []Case{
		{MTI: "0800", Path: "60.3", Values: []string{"001", "003", "004", "005", "006"}, Layout: unionPayLicence()},
		{MTI: "0810", Path: "60.3", Values: []string{"001"}, Size: 24, Layout: unionPayKeys("b 64", "b 64", "")},
		{MTI: "0810", Path: "60.3", Values: []string{"003", "004", "005", "006"}, Size: 40, Layout: unionPayKeys("b 128", "b 128", "")},
		{MTI: "0810", Path: "60.3", Values: []string{"003", "004", "005", "006"}, Size: 60, Layout: unionPayKeys("b 128", "b 128", "b 128")},
		{MTI: "0820", Path: "60.3", Values: queries, Size: 3, Layout: unionPayQuery()},
		{MTI: "0830", Path: "60.3", Values: queries, Layout: answer},
		{MTI: "0800", Path: "60.3", Values: append(downloads, "350"), Layout: scheme},
		{MTI: "0810", Path: "60.3", Values: downloads, Layout: answer},
		{MTI: "0810", Path: "60.3", Values: []string{"360"}, Layout: unionPayParameters()},
		{MTI: "0810", Path: "60.3", Values: []string{"394"}, Layout: unionPayContactless()},
	}}
}

// unionPayLicence is field 62 of the sign-in request: a fixed text, then licence and serial number with their length.
func unionPayLicence() *Layout {
	return &Layout{Kind: Positional, Encoding: ASCII, Fields: []Field{
		{Number: 1, Name: "Label", Format: "ans 11", Mask: MaskNone},
		{Number: 2, Name: "Licence and serial number", Format: "ans..99", Mask: MaskNone},
	}}
}

// unionPayKeys is field 62 of the sign-in answer: work keys enciphered under the terminal master key, each with the
// first four bytes of its check value. A MAC key of single length is followed by eight zero bytes.
func unionPayKeys(pik, mak, tdk string) *Layout {
	keys := []row{
		{name: "PIN key", format: pik, mask: MaskHidden},
		{name: "PIN key check value", format: "b 32", mask: MaskNone},
		{name: "MAC key", format: mak, mask: MaskHidden},
		{name: "MAC key check value", format: "b 32", mask: MaskNone},
		{name: "Track key", format: tdk, mask: MaskHidden},
		{name: "Track key check value", format: "b 32", mask: MaskNone},
	}
	if tdk == "" {
		keys = keys[:4]
	}
	return positional(keys)
}

func unionPayQuery() *Layout {
	return &Layout{Kind: Positional, Encoding: ASCII, Fields: []Field{
		{Number: 1, Name: "Control", Format: "an 1"},
		{Number: 2, Name: "Count", Format: "n 2"},
	}}
}

// unionPayParameters is field 62 of the parameter download: two-digit tags, each with a value of fixed length.
func unionPayParameters() *Layout {
	return &Layout{Kind: Tagged, Encoding: ASCII, Tag: TagFormat{Digits: 2}, Fields: fields([]row{
		{tag: "11", name: "Application type", format: "ans 2", mask: MaskNone},
		{tag: "12", name: "Timeout, seconds", format: "n 2"},
		{tag: "13", name: "Retries", format: "n 1"},
		{tag: "14", name: "Telephone 1", format: "ans 14", mask: MaskNone},
		{tag: "15", name: "Telephone 2", format: "ans 14", mask: MaskNone},
		{tag: "16", name: "Telephone 3", format: "ans 14", mask: MaskNone},
		{tag: "17", name: "Management telephone", format: "ans 14", mask: MaskNone},
		{tag: "18", name: "Tip", format: "n 1"},
		{tag: "19", name: "Tip, per cent", format: "n 2"},
		{tag: "20", name: "Manual entry", format: "n 1"},
		{tag: "21", name: "Automatic sign-off", format: "n 1"},
		{tag: "22", name: "Merchant name", format: "ans 40", charset: CharsetGBK, mask: MaskNone},
		{tag: "23", name: "Resend times", format: "n 1"},
		{tag: "24", name: "Offline upload mode", format: "n 1"},
		{tag: "25", name: "Key index", format: "n 1"},
		{tag: "26", name: "Transactions allowed", format: "b 32", encoding: Raw, mask: MaskNone},
	})}
}

// unionPayContactless is field 62 of the contactless parameter download: tags of six characters, each with three digits
// of length.
func unionPayContactless() *Layout {
	return &Layout{Kind: Tagged, Encoding: ASCII, Tag: TagFormat{Digits: 6}, Fields: fields([]row{
		{tag: "FF805D", name: "Electronic cash first", format: "n...1"},
		{tag: "FF803A", name: "Time to tap again, seconds", format: "n...3"},
		{tag: "FF803C", name: "Time to resume a tap, seconds", format: "n...3"},
		{tag: "FF8054", name: "Taps without PIN", format: "n...1"},
		{tag: "FF8055", name: "BIN table A in use", format: "n...1"},
		{tag: "FF8056", name: "BIN table B in use", format: "n...1"},
		{tag: "FF8057", name: "Consumer device CVM counts", format: "n...1"},
		{tag: "FF8058", name: "Limit without PIN", format: "n...12"},
		{tag: "FF8059", name: "Limit without signature", format: "n...12"},
		{tag: "FF805A", name: "Taps without signature", format: "n...1"},
	}), Unknown: &Field{Format: "b...999", Encoding: Raw}}
}

// schemeTags are the tags of card scheme keys (CAPK), applications (AID) and the terminal master key download. What their
// values mean is package emv's: emv.ParseUnionPayCAKey, emv.ParseUnionPayApplication.
func schemeTags() []Field {
	return fields([]row{
		{tag: "9F06", name: "Application identifier", format: "b...999", mask: MaskNone},
		{tag: "9F22", name: "CA public key index", format: "b...999", mask: MaskNone},
		{tag: "DF02", name: "CA public key modulus", format: "b...999", mask: MaskNone},
		{tag: "DF03", name: "CA public key checksum", format: "b...999", mask: MaskNone},
		{tag: "DF04", name: "CA public key exponent", format: "b...999", mask: MaskNone},
		{tag: "DF05", name: "Expiry date of the key", format: "b...999", mask: MaskNone},
		{tag: "DF06", name: "Hash algorithm", format: "b...999", mask: MaskNone},
		{tag: "DF07", name: "Signature algorithm", format: "b...999", mask: MaskNone},
		{tag: "DF01", name: "Application selection indicator", format: "b...999", mask: MaskNone},
		{tag: "9F08", name: "Application version", format: "b...999", mask: MaskNone},
		{tag: "9F09", name: "Application version of the terminal", format: "b...999", mask: MaskNone},
		{tag: "DF11", name: "Terminal action code, default", format: "b...999", mask: MaskNone},
		{tag: "DF12", name: "Terminal action code, online", format: "b...999", mask: MaskNone},
		{tag: "DF13", name: "Terminal action code, denial", format: "b...999", mask: MaskNone},
		{tag: "9F1B", name: "Terminal floor limit", format: "b...999", mask: MaskNone},
		{tag: "DF15", name: "Threshold of biased random selection", format: "b...999", mask: MaskNone},
		{tag: "DF16", name: "Maximum target per cent of biased selection", format: "b...999", mask: MaskNone},
		{tag: "DF17", name: "Target per cent of random selection", format: "b...999", mask: MaskNone},
		{tag: "DF14", name: "Default DDOL", format: "b...999", mask: MaskNone},
		{tag: "DF18", name: "Online PIN capability", format: "b...999", mask: MaskNone},
		{tag: "9F7B", name: "Electronic cash transaction limit", format: "b...999", mask: MaskNone},
		{tag: "DF19", name: "Contactless floor limit", format: "b...999", mask: MaskNone},
		{tag: "DF20", name: "Contactless transaction limit", format: "b...999", mask: MaskNone},
		{tag: "DF21", name: "Contactless CVM limit", format: "b...999", mask: MaskNone},
		{tag: "5F2A", name: "Transaction currency", format: "b...999", mask: MaskNone},
		{tag: "9F1A", name: "Terminal country", format: "b...999", mask: MaskNone},
		{tag: "DF23", name: "Enciphered transport key", format: "b...999", mask: MaskHidden},
		{tag: "DF24", name: "Check value", format: "b...999", mask: MaskNone},
	})
}
