package emv

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDescribeGivesNobodyAway holds that no tag which can carry a card number, a track, a PIN or a name prints it.
func TestDescribeGivesNobodyAway(t *testing.T) {
	const pan, ascii = "6228480012345678901", "36323238343830303132333435363738393031"
	for _, tag := range []Tag{
		0x44, 0x45, 0x46, 0x52, 0x53, 0x56, 0x57, 0x58, 0x5A, 0x5B, 0x5E, 0x65, 0x86, 0x99, 0x9F05, 0x9F0B, 0x9F1F, 0x9F20, 0x9F2D,
		0x9F46, 0x9F6B, 0x9F70, 0x9F74, 0x9F75, 0x9F79, 0x9F7C, 0x5F20, 0x5F21, 0x5F22, 0x5F23, 0x5F4E, 0x5F53, 0xDF812A, 0xDF812B,
		0xDF7F, 0x9FFF01,
	} {
		for name, value := range map[string]string{"digits": pan + "F", "text": ascii, "track": pan + "D30122010000F"} {
			for _, c := range []Context{{}, {RID: RIDMastercard}} {
				d := TLV(AppendTLV(nil, tag, unhex(t, evenHex(value))))
				var out strings.Builder
				_ = Describe(&out, d, &DescribeOptions{Context: c})
				for _, secret := range []string{"0012345678", "3030313233343536", "622848001234"} {
					require.False(t, strings.Contains(out.String(), secret), "tag %v, %s, %v", tag, name, c)
				}
			}
		}
	}
}

func evenHex(s string) string {
	if len(s)%2 == 1 {
		return s + "F"
	}
	return s
}

// TestDecoders holds what the values say in words.
func TestDecoders(t *testing.T) {
	for _, c := range []struct {
		data string
		rid  RID
		want []string
	}{
		{"9F3303E0F8CC", RID{}, []string{"3.3 security: extended data authentication"}},
		{"9F3303000700", RID{}, []string{"2.3 verification: biometric online", "2.2 verification: biometric by the card",
			"2.1 verification: PIN enciphered with elliptic curves"}},
		{"9F1D084CFF800000000000", RID{}, []string{"1.7 enciphered PIN online (contactless)", "1.4 no verification (contactless)",
			"1.3 consumer device verification (contactless)", "2.8 CVM limit exceeded", "3.8 magnetic stripe mode not supported (contactless)"}},
		{"9F3E0400010002", RID{}, []string{"terminal category: transit gate", "terminal category: loyalty"}},
		{"5F570120", RID{}, []string{"(cheque or debit)"}},
		{"5F570140", RID{}, []string{"5F57 Account Type: 40\n"}},
		{"9F6E0701560000303600", RIDMastercard, []string{"country CN", "unique identifier 0000", `device type "06"`, "proprietary data: 00"}},
		{"9F6E0608408000AABB", RIDMastercard, []string{"country US", "unique identifier 8000", "proprietary data: AABB"}},
		{"9F6D01C8", RIDAmex, []string{"(EMV and magnetic stripe, CVM required)"}},
		{"9F6D01C9", RIDAmex, []string{"(EMV and magnetic stripe, CVM required)"}},
		{"9F6D0140", RIDAmex, []string{"(magnetic stripe, no CVM required)"}},
		{"9F6E0490C04000", RIDAmex, []string{"1.8 contact mode supported", "2.7 online PIN supported", "3.7 CVM required"}},
		{"9F6907018CC9F8078400", RIDVisa, []string{"fDDA version 1, unpredictable number 8CC9F807", "1.8 online PIN required",
			"1.3 switch to contact chip for cash"}},
		{"9F690801112233440000" + "00", RIDUnionPay, []string{"fDDA version 1, unpredictable number 11223344"}},
		{"910801020304039100AB", RID{}, []string{"card status update: 039100AB", "issuer approves the transaction", "set the counters to their upper limits",
			"PIN tries: 3"}},
		{"9109010203040080000055", RID{}, []string{"card status update: 00800000", "proprietary data: 55"}},
		{"9F0A08" + "0001010100020102", RID{}, []string{"European Cards Stakeholders Group: debit"}},
		{"9F0A05" + "0001020101", RID{}, []string{"0001: 0101"}},
		{"910801020304" + "00000000", RID{}, []string{"issuer declines the transaction"}},
	} {
		t.Run(c.data, func(t *testing.T) {
			said := describe(t, c.data, &DescribeOptions{Context: Context{RID: c.rid}})
			for _, want := range c.want {
				require.Contains(t, said, want)
			}
		})
	}
}

// TestMastercardThirdPartyData holds the form of tag 9F6E: a country of three digits, and a device type unless the first bit
// of the identifier says that there is none.
func TestMastercardThirdPartyData(t *testing.T) {
	for value, want := range map[string]struct {
		data MastercardThirdPartyData
		err  error
	}{
		"01560000303600":                 {MastercardThirdPartyData{Country: 156, DeviceType: "06", Proprietary: []byte{0}}, nil},
		"0840800001":                     {MastercardThirdPartyData{Country: 840, Identifier: [2]byte{0x80, 0}, Proprietary: []byte{1}}, nil},
		"09997FFF3033":                   {MastercardThirdPartyData{Country: 999, Identifier: [2]byte{0x7F, 0xFF}, DeviceType: "03", Proprietary: []byte{}}, nil},
		"4761800001":                     {err: ErrDigits}, // four digits
		"1000800001":                     {err: ErrDigits},
		"0A56800001":                     {err: ErrDigits},
		"08408000":                       {err: ErrLength},
		"0840000030":                     {err: ErrLength}, // half a device type
		strings.Repeat("01", 33):         {err: ErrLength},
		"0156" + strings.Repeat("F", 60): {MastercardThirdPartyData{Country: 156, Identifier: [2]byte{0xFF, 0xFF}, Proprietary: unhex(t, strings.Repeat("F", 56))}, nil},
	} {
		d, err := ParseMastercardThirdPartyData(unhex(t, value))
		require.ErrorIs(t, err, want.err, value)
		require.Equal(t, want.data, d, value)
	}
}
