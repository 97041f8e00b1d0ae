package message

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/posline/posline/message/internal/words"
	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

func description0210(t *testing.T) *Message {
	m := codecFor(t, "unionpay-pos").New()
	require.NoError(t, m.UnmarshalJSON([]byte(`{"header":"6000000003603100310000","0":"0210","2":"4761739001010119","3":"000000","4":"000000001999",
		"22":"051","25":"00","39":"51","55":{"91":"0102030405060708"},"60":{"1":"22","2":"000001","3":"000"}}`)))
	return m
}

func TestDescribe(t *testing.T) {
	var b strings.Builder
	require.NoError(t, description0210(t).Describe(&b))
	require.Equal(t, strings.TrimLeft(`
UnionPay POS terminal, 64 bytes
offset  size  field       name                                 value             meaning
     0     5  header.1    TPDU
              header.1.1  Protocol                             60
              header.1.2  Destination                          0000
              header.1.3  Source                               0003
     5     6  header.2    Header
              header.2.1  Application class                    60
              header.2.2  Software version                     31
              header.2.3  Terminal state                       0
              header.2.4  Processing requirement               0                 nothing to do
              header.2.5  Software sub-version                 310000
    11     2  0           Message type                         0210              financial request response, from acquirer, ISO 8583:1987
    13     8  1           Bitmap                               7000048002000210  fields 2 3 4 22 25 39 55 60
    21     9  2           Primary account number               476173******0119
    30     3  3           Processing code                      000000            purchase
    33     6  4           Amount, transaction                  000000001999
    39     2  22          POS entry mode                       051               chip, with PIN
    41     1  25          POS condition code                   00                normal
    42     2  39          Response code                        51                not enough funds
    44    12  55          Chip data
    46    10  55.91       Issuer authentication data           0102030405060708
    56     8  60          Private use
              60.1        Transaction type                     22                sale
              60.2        Batch number                         000001
              60.3        Network management information code  000
`, "\n"), b.String())
}

func TestDescribeAfterAnEdit(t *testing.T) {
	m := description0210(t)
	require.NoError(t, m.Set(39, "00"))
	m.Unset(55)
	text := m.String()
	require.Contains(t, string(TextForm{}.AppendDescription(nil, m)), "    44     8  60 ")
	require.Contains(t, string(TextForm{}.AppendDescription(nil, m)), "00                approved")
	require.Equal(t, text, m.String(), "describing changes nothing")
	require.NotNil(t, packed(t, m))
}

type wordsFunc func(path string, field Value) [][]string

func (f wordsFunc) PartMeanings(path string, field Value) [][]string { return f(path, field) }

func TestWords(t *testing.T) {
	var asked []string
	form := TextForm{Words: wordsFunc(func(path string, field Value) [][]string {
		asked = append(asked, path)
		if path != "60" {
			return nil
		}
		require.Equal(t, 3, len(maps.Collect(field.Parts())))
		return [][]string{nil, {"the second", "with a\nsecond line"}}
	})}
	text := string(form.AppendDescription(nil, description0210(t)))
	require.Equal(t, []string{"header.1", "header.2", "55", "60"}, asked)
	blank := strings.Repeat(" ", strings.Index(strings.Split(text, "\n")[1], "meaning"))
	require.Contains(t, text, " sale\n", "where nothing is said the package's own words stay")
	require.Contains(t, text, "  000001            the second\n"+blank+"with a?second line\n")
}

func TestDescribeOfABrokenMessage(t *testing.T) {
	wire := packed(t, description0210(t))
	m := codecFor(t, "unionpay-pos").New()
	require.Error(t, m.Unpack(wire[:50]))
	text := string(TextForm{}.AppendDescription(nil, m))
	require.Contains(t, text, "UnionPay POS terminal, 50 bytes\n")
	require.Contains(t, text, "not enough funds")
	require.Contains(t, text, "fields 2 3 4 22 25 39 55 60\n", "the bitmap as it came")
	require.True(t, strings.HasSuffix(text, "error: field 55 at byte 44: truncated: bytes left, needed: 4, 10\n6 bytes from offset 44 on are not decoded\n"), text)
	require.Contains(t, string(TextForm{}.AppendDescription(nil, &Message{})), "message without a spec, 0 bytes")
}

func TestMeanings(t *testing.T) {
	m := codecFor(t, "iso8583-1987-ascii").New()
	for _, c := range []struct {
		mti    string
		number int
		value  string
		want   string
	}{
		{"0200", 3, "012000", "cash withdrawal, from cheque account"},
		{"0200", 3, "401020", "transfer between accounts, from savings account, to cheque account"},
		{"0200", 3, "770000", ""},
		{"0200", 22, "071", "contactless chip, with PIN"},
		{"0200", 22, "020", "magnetic stripe"},
		{"0200", 22, "880", ""},
		{"0200", 25, "08", "mail or telephone order"},
		{"0210", 39, "98", "no answer from the issuer: outcome unknown"},
		{"0400", 39, "98", "reason: no answer in time"},
		{"0400", 39, "17", ""},
		{"0410", 39, "25", "original transaction not found"},
		{"0200", 39, "06", "error"},
		{"0410", 39, "06", "error"},
		{"0420", 39, "06", "reason: card refused after approval, or a device fault"},
		{"0800", 70, "301", "echo test"},
		{"0800", 11, "000301", ""},
	} {
		m.Reset()
		require.NoError(t, m.SetMTI(c.mti))
		require.NoError(t, m.Set(c.number, c.value))
		require.Equal(t, c.want, string(appendMeaning(nil, m, m.Field(c.number))))
	}
	require.Equal(t, "reversal advice, from acquirer, repeat, ISO 8583:1987", string(words.AppendMessageType(nil, [4]byte{'0', '4', '2', '1'})))
	require.Equal(t, "network management notification, from issuer, ISO 8583:1993", string(words.AppendMessageType(nil, [4]byte{'1', '8', '4', '2'})))
	require.Equal(t, "reserved reserved, from reserved, reserved", string(words.AppendMessageType(nil, [4]byte{'7', '9', '9', '9'})))
}

// Every digit of a message type has the word that the standard gives it, or is reserved.
func TestWordsOfMessageTypes(t *testing.T) {
	const reserved = "reserved"
	versions := []string{"ISO 8583:1987", "ISO 8583:1993", "ISO 8583:2003", reserved, reserved, reserved, reserved, reserved, "national use", "private use"}
	classes := []string{reserved, "authorisation", "financial", "file action", "reversal", "reconciliation", "administrative", "fee collection", "network management", reserved}
	functions := []string{"request", "request response", "advice", "advice response", "notification", "notification acknowledgement",
		"instruction", "instruction acknowledgement", reserved, reserved}
	origins := []string{"acquirer", "acquirer, repeat", "issuer", "issuer, repeat", "other", "other, repeat", reserved, reserved, reserved, reserved}
	for i := range 10 {
		digit := byte('0' + i)
		for mti, want := range map[[4]byte]string{
			{digit, '2', '0', '0'}: "financial request, from acquirer, " + versions[i],
			{'0', digit, '0', '0'}: classes[i] + " request, from acquirer, ISO 8583:1987",
			{'0', '2', digit, '0'}: "financial " + functions[i] + ", from acquirer, ISO 8583:1987",
			{'0', '2', '0', digit}: "financial request, from " + origins[i] + ", ISO 8583:1987",
		} {
			require.Equal(t, want, string(words.AppendMessageType(nil, mti)), string(mti[:]))
		}
	}
}

// The table of a message with more parts than most, and with texts wider than their columns, is as any other.
func TestDescribeOfAMessageWithManyParts(t *testing.T) {
	codec := MustCompile(spec.MustNew(spec.Config{Name: "many", Fields: []spec.Field{
		{Number: 2, Name: strings.Repeat("a long name ", 5), Format: "ans...999", Mask: spec.MaskNone, Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Digits: 3},
			Unknown: &spec.Field{Format: "ans..50", Mask: spec.MaskNone}}},
	}}))
	m := codec.New()
	require.NoError(t, m.SetMTI("0100"))
	var value strings.Builder
	for i := range 70 {
		fmt.Fprintf(&value, "%03d%02d%s", i, i%9, strings.Repeat("v", i%9))
	}
	fmt.Fprintf(&value, "070%02d%s", 50, strings.Repeat("w", 50))
	require.NoError(t, m.Set(2, value.String()))
	lines := strings.Split(string(TextForm{}.AppendDescription([]byte("before\n"), m)), "\n")
	require.Len(t, lines, 1+2+3+71+1)
	require.Equal(t, "before", lines[0])
	require.Equal(t, "    20   681  2      "+strings.Repeat("a long name ", 4)+"a long name", lines[5])
	for i := range 71 {
		require.Contains(t, lines[6+i], fmt.Sprintf("  2.%03d", i))
	}
	require.True(t, strings.HasSuffix(lines[6], "2.000"), lines[6])
	require.True(t, strings.HasSuffix(lines[6+70], strings.Repeat("w", 50)))
}

// A third bitmap that stands in a data element has a row of its own; the fields that are listed are those of the first
// two. Validate finds nothing wrong with it and goes on to the fields behind it.
func TestDescribeOfAThirdBitmap(t *testing.T) {
	codec := MustCompile(spec.MustNew(spec.Config{Name: "three", Bitmap: spec.Bitmap{Max: 3, TertiaryField: 65}, Fields: []spec.Field{
		{Number: 2, Name: "Before", Format: "n 2"}, {Number: 130, Name: "Behind", Format: "n 2", Values: []string{"77"}}}}))
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(2, "22"))
	require.NoError(t, m.Set(130, "78"))
	for _, received := range []bool{false, true} {
		if received {
			require.NoError(t, m.Unpack(packed(t, m)))
		}
		text := string(TextForm{}.AppendDescription(nil, m))
		require.Contains(t, text, "fields 2 65\n")
		require.Equal(t, 1, strings.Count(text, "fields "), text)
		require.Contains(t, text, "  65     Bitmap        4000000000000000\n")
		require.Empty(t, m.Field(65).String())
		err := m.Validate()
		require.ErrorIs(t, err, ErrValue)
		require.EqualError(t, err, "field 130: illegal value")
	}
}

func TestWidth(t *testing.T) {
	require.Equal(t, 6, width([]byte("ab中文")))
	require.Equal(t, "中文    x", string(append(appendGap([]byte("中文"), 6-width([]byte("中文"))), 'x')))
}

func TestHexDump(t *testing.T) {
	require.Equal(t, strings.TrimLeft(`
00000000  60 00 00 00 03 60 31 00 31 00 00 02 10 70 00 04  |`+"`....`"+`1.1....p..|
00000010  80 02 00 02 10 16 ** ** ** ** ** ** ** ** 00 00  |......********..|
00000020  00 00 00 00 00 19 99 05 10 00 35 31 00 10 91 08  |..........51....|
00000030  01 02 03 04 05 06 07 08 00 11 22 00 00 01 00 00  |..........".....|
`, "\n"), description0210(t).HexDump())
}

// Of a message that Unpack refused the dump shows what was decoded and hides the rest.
func TestHexDumpOfABrokenMessage(t *testing.T) {
	wire := packed(t, description0210(t))
	for size := range wire {
		m := codecFor(t, "unionpay-pos").New()
		require.Error(t, m.Unpack(wire[:size]))
		dump := m.HexDump()
		require.Equal(t, (size+15)/16, strings.Count(dump, "\n"))
		if size > 22 {
			require.Contains(t, dump, "**", "%d bytes", size)
		}
	}
	m := codecFor(t, "unionpay-pos").New()
	require.Error(t, m.Unpack(wire[:50]))
	require.Equal(t, "00000020  00 00 00 00 00 19 99 05 10 00 35 31 ** ** ** **  |..........51****|\n"+
		"00000030  ** **                                            |**|\n", strings.Join(strings.SplitAfter(m.HexDump(), "\n")[2:], ""))
	require.NotContains(t, string(inClear.AppendHexDump(nil, m)), "**", "in the clear nothing is hidden")
}

func TestHexDumpOfAnEditedMessage(t *testing.T) {
	m := description0210(t)
	require.NoError(t, m.Set(2, "4222222222222"))
	require.Contains(t, m.HexDump(), "13 ** ** ** ** ** ** ** 00 00")
	require.Error(t, m.Set(4, "x"))
	require.Empty(t, m.HexDump(), "a message that does not pack has no bytes")
}

// Length before tag, as in the entries of one EBCDIC dialect: the dump marks length and tag as shown.
func TestHexDumpLengthFirst(t *testing.T) {
	s := spec.MustNew(spec.Config{Name: "length first", Fields: []spec.Field{{Number: 48, Format: "ans...999", Layout: &spec.Layout{
		Kind: spec.Tagged, Tag: spec.TagFormat{Digits: 2}, LengthFirst: true, CountsTag: true,
		Fields: []spec.Field{{Tag: "01", Format: "ans..99", Mask: spec.MaskHidden}}, Unknown: &spec.Field{Format: "ans..99"}}}}})
	m := MustCompile(s).New()
	require.NoError(t, m.UnmarshalJSON([]byte(`{"0":"0200","48":{"01":"secret","02":"shown"}}`)))
	require.Contains(t, m.HexDump(), "|0200000000000001|")
	require.Contains(t, m.HexDump(), "|00000190801*****|")
	require.Contains(t, m.HexDump(), "|*0702shown|")
}
