package emv

// CardAuthenticationData is the Card Authentication Related Data, tag 9F69, of a Visa or UnionPay card: what the card
// brings to fast DDA, beside the terminal's data, and the qualifiers it wants protected. Book C-3 Annex C.
type CardAuthenticationData struct {
	Version byte    // of fDDA; 1 is the only one in use
	Number  [4]byte // the card's unpredictable number
	CTQ     CTQ     // zero when the data end before it
}

// ParseCardAuthenticationData reads the value of tag 9F69, 5 to 16 octets. What is behind the qualifiers is not looked
// at.
func ParseCardAuthenticationData(b []byte) (CardAuthenticationData, error) {
	if len(b) < 5 || len(b) > 16 {
		return CardAuthenticationData{}, &ValueError{Tag: 0x9F69, Err: ErrLength}
	}
	d := CardAuthenticationData{Version: b[0], Number: [4]byte(b[1:5])}
	if len(b) >= 7 {
		d.CTQ = CTQ(b[5:7])
	}
	return d, nil
}
