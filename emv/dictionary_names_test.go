package emv

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUnionPayNames holds the names of the tags that schemes disagree on.
func TestUnionPayNames(t *testing.T) {
	for tag, want := range map[Tag]string{
		0x9F6D: "EC Reset Threshold", 0x9F74: "EC Issuer Authorisation Code", 0x9F77: "EC Balance Limit",
		0x9F78: "EC Single Transaction Limit", 0x9F79: "EC Balance", 0x9F7A: "EC Terminal Support Indicator",
		0x9F7B: "EC Terminal Transaction Limit", 0xDF20: "Contactless Reader Transaction Limit", 0x9F6C: "Card Transaction Qualifiers",
	} {
		info, ok := Lookup(tag, Context{RID: RIDUnionPay})
		require.True(t, ok, "%v", tag)
		require.Equal(t, want, info.Name)
	}
	for tag, want := range map[Tag]string{
		0x9F6C: "Mag-stripe Application Version Number (Card)", 0x9F6D: "Mag-stripe Application Version Number (Reader)",
	} {
		info, ok := Lookup(tag, Context{RID: RIDMastercard})
		require.True(t, ok, "%v", tag)
		require.Equal(t, want, info.Name)
		require.Equal(t, [2]int{2, 2}, [2]int{info.Min, info.Max})
	}
	info, _ := Lookup(0x9F6C, Context{RID: RIDVisa})
	require.Equal(t, "Card Transaction Qualifiers", info.Name)
	info, _ = Tag(0x9F6C).Info()
	require.Equal(t, "Card Transaction Qualifiers", info.Name)
	info, _ = Lookup(0x9F79, Context{RID: RIDVisa})
	require.Equal(t, "VLP Available Funds", info.Name)
	info, ok := Tag(0xDF20).Info()
	require.True(t, ok)
	require.Equal(t, "Issuer Proprietary Bitmap (IPB)", info.Name)
	info, _ = Tag(0x9F29).Info()
	require.Zero(t, info.Max, "extended selection is of variable length")

	said := describe(t, "9F6C020001", &DescribeOptions{Context: Context{RID: RIDMastercard}})
	require.Equal(t, "9F6C Mag-stripe Application Version Number (Card): 0001\n", said)
}
