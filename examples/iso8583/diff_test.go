package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const diffSpec = `{"name":"d","encoding":"bcd","header":[{"number":1,"name":"TPDU","format":"b 40","mask":"none"}],"fields":[
	{"number":2,"name":"PAN","format":"n..19","mask":"pan"},{"number":4,"name":"Amount","format":"n 12"},
	{"number":22,"name":"Entry mode","format":"n 3","align":"left","any_filler":true},{"number":52,"name":"PIN","format":"b 64","mask":"hidden"},
	{"number":55,"name":"Chip","format":"b...255","layout":{"kind":"ber-tlv","fields":[{"tag":"9A","name":"Date","format":"n 6","prefix":{"encoding":"ber"}}]}},
	{"number":60,"name":"Parts","format":"ans...99","layout":{"kind":"positional","fields":[{"number":1,"name":"One","format":"n 2"},{"number":2,"name":"Two","format":"ans 3"}]}}]}`

func TestDiff(t *testing.T) {
	spec := writeFile(t, "d.json", diffSpec)
	base := `{"header":"6000010000","0":"0200","2":"4761739001010119","4":"000000001999","22":"051","52":"0102030405060708","55":{"9A":"260101"},"60":{"1":"12","2":"ABC"}}`
	for _, c := range []struct{ name, from, to, want string }{
		{"nothing", "", "", ""},
		{"order of keys", `"22":"051","52":"0102030405060708"`, `"52":"0102030405060708","22":"051"`, ""},
		{"message type", `"0200"`, `"0210"`, "0 Message type 0200 0210"},
		{"header", "6000010000", "6000010001", "header.1 TPDU 6000010000 6000010001"},
		{"amount", "1999", "2000", "4 Amount 000000001999 000000002000"},
		{"card number in its last digits", "0119", "0127", "2 PAN 476173******0119 476173******0127"},
		{"card number where it is masked", "476173900", "476173910", "2 PAN 476173******0119 476173******0119 other where it is masked"},
		{"PIN block", "0102030405060708", "0102030405060709", "52 PIN <8 bytes> <8 bytes> other where it is masked"},
		{"absent", `"4":"000000001999",`, "", "4 Amount 000000001999 absent"},
		{"part", "ABC", "ABD", "60.2 Two ABC ABD"},
		{"absent part", `"1":"12","2":"ABC"`, `"1":"12"`, "60.2 Two ABC absent"},
		{"tag", "260101", "260102", "55.9A Date 260101 260102"},
		{"another tag", `{"9A":"260101"}`, `{"95":"00","9A":"260101"}`, "55.95 absent <1 bytes>"},
		{"repeated tag", `{"9A":"260101"}`, `{"9A":["260101","260102"]}`, "55.9A[2] Date absent 260102"},
		{"no tags at all", `"55":{"9A":"260101"},`, ``, "55 Chip {9A:260101} absent"},
		{"filler", `{"1":"12","2":"ABC"}}`, `{"1":"12","2":"ABC"},"raw":{"22":"051F"}}`, "22 Entry mode 051 051 the same value in other bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			other := strings.Replace(base, c.from, c.to, 1)
			left, right := writeFile(t, "left", base), writeFile(t, "right", other)
			r := try("", "diff", "-spec", spec, left, right)
			require.Empty(t, r.errors)
			if c.want == "" {
				require.Equal(t, result{}, r)
				return
			}
			require.Equal(t, exitBad, r.status)
			lines := strings.Split(strings.TrimRight(r.out, "\n"), "\n")
			require.Len(t, lines, 2, r.out)
			require.Equal(t, c.want, strings.Join(strings.Fields(lines[1]), " "))
			require.NotContains(t, r.out, "4761739001010119")
		})
	}
	changed := strings.Replace(base, "476173900", "476173910", 1)
	require.Contains(t, try(changed, "diff", "-clear", "-spec", spec, writeFile(t, "left", base), "-").out, "4761739001010119  4761739101010119")
}

// Hexadecimal and JSON, many messages, and what diff(1) does when it cannot compare.
func TestDiffOfFiles(t *testing.T) {
	one, two := strings.ReplaceAll(signOn, " ", ""), strings.ReplaceAll(strings.Replace(sale, "7004040000", "7020040000", 1), " ", "")
	args := []string{"diff", "-spec", "unionpay-pos+no-header", "-lines"}
	left := writeFile(t, "left", one+"\n"+two+"\n")
	require.Equal(t, result{}, try("", append(args, left, left)...))
	r := try(one+"\n"+strings.Replace(two, "1999", "2000", 1)+"\n"+one, append(args, left, "-")...)
	require.Equal(t, exitBad, r.status)
	require.Contains(t, r.out, "message 2\n")
	require.Contains(t, r.out, "2 messages and 3\n")
	json := writeFile(t, "json", must(t, one, "decode", "-spec", "unionpay-pos+no-header", "-clear", "-json"))
	require.Equal(t, result{}, try("", args[0], args[1], args[2], json, writeFile(t, "hex", one)))
	require.Equal(t, exitBad, try("", "diff", "-spec", "iso8583-1987-ascii", writeFile(t, "a", hexOf("080080000000000000000000000000000000")), writeFile(t, "b", hexOf("08000000000000000000"))).status)

	for name, args := range map[string][]string{
		"one file":        {"diff", "-spec", "unionpay-pos", left},
		"no spec":         {"diff", left, left},
		"no such spec":    {"diff", "-spec", "nope", left, left},
		"a flag too many": {"diff", "-x"},
	} {
		try("", args...).isUsage(t, name)
	}
	for name, args := range map[string][]string{
		"no such file":  {"diff", "-spec", "unionpay-pos+no-header", left, left + "x"},
		"not hex":       {"diff", "-spec", "unionpay-pos+no-header", writeFile(t, "x", "xyz"), left},
		"not a message": {"diff", "-spec", "unionpay-pos+no-header", writeFile(t, "x", "0800"), left},
		"not JSON":      {"diff", "-spec", "unionpay-pos+no-header", writeFile(t, "x", "{"), left},
	} {
		r := try("", args...)
		require.Equal(t, exitTrouble, r.status, name)
		require.NotEmpty(t, r.errors, name)
	}
}

// The standard input is read once, and so cannot be compared with itself.
func TestDiffOfOneInput(t *testing.T) {
	try("00", "diff", "-spec", "iso8583-1987-ascii", "-", "-").isUsage(t, "only one can be -")
}
