package dump

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

// mixed is what the tools and languages listed below were given: bytes of all kinds.
const mixed = "0800\x82\x20\x00\x01\x00 |abc\n12~\xff\x001234567890123"

var kinds = []struct {
	name string
	form Form
	text string
}{
	{"xxd -e", Listing, "00000000: 30303830 01002082 617c2000 310a6362  0800. ... |abc.1\n00000010: 00ff7e32 34333231 38373635 32313039  2~..123456789012\n00000020:       33                             3\n"},
	{"xxd -e -g2", Listing, "00000000: 3830 3030 2082 0100 2000 617c 6362 310a  0800. ... |abc.1\n00000010: 7e32 00ff 3231 3433 3635 3837 3039 3231  2~..123456789012\n00000020:   33                                     3\n"},
	{"xxd -b", Listing, "00000000: 00110000 00111000 00110000 00110000 10000010 00100000  0800. \n00000006: 00000000 00000001 00000000 00100000 01111100 01100001  ... |a\n0000000c: 01100010 01100011 00001010 00110001 00110010 01111110  bc.12~\n00000012: 11111111 00000000 00110001 00110010 00110011 00110100  ..1234\n00000018: 00110101 00110110 00110111 00111000 00111001 00110000  567890\n0000001e: 00110001 00110010 00110011                             123\n"},
	{"hexdump -x", Listing, "0000000    3830    3030    2082    0100    2000    617c    6362    310a\n0000010    7e32    00ff    3231    3433    3635    3837    3039    3231\n0000020    0033                                                        \n0000021\n"},
	{"hexdump -d", Listing, "0000000   14384   12336   08322   00256   08192   24956   25442   12554\n0000010   32306   00255   12849   13363   13877   14391   12345   12849\n0000020   00051                                                        \n0000021\n"},
	{"hexdump -o", Listing, "0000000  034060  030060  020202  000400  020000  060574  061542  030412\n0000010  077062  000377  031061  032063  033065  034067  030071  031061\n0000020  000063                                                        \n0000021\n"},
	{"hexdump -c", Listing, "0000000   0   8   0   0 202      \\0 001  \\0       |   a   b   c  \\n   1\n0000010   2   ~ 377  \\0   1   2   3   4   5   6   7   8   9   0   1   2\n0000020   3                                                            \n0000021\n"},
	{"hexdump -b", Listing, "0000000 060 070 060 060 202 040 000 001 000 040 174 141 142 143 012 061\n0000010 062 176 377 000 061 062 063 064 065 066 067 070 071 060 061 062\n0000020 063                                                            \n0000021\n"},
	{"od -c", Listing, "0000000   0   8   0   0 202      \\0 001  \\0       |   a   b   c  \\n   1\n0000020   2   ~ 377  \\0   1   2   3   4   5   6   7   8   9   0   1   2\n0000040   3\n0000041\n"},
	{"od -A x -c", Listing, "000000   0   8   0   0 202      \\0 001  \\0       |   a   b   c  \\n   1\n000010   2   ~ 377  \\0   1   2   3   4   5   6   7   8   9   0   1   2\n000020   3\n000021\n"},
	{"od -td1", Listing, "0000000   48   56   48   48 -126   32    0    1    0   32  124   97   98   99   10   49\n0000020   50  126   -1    0   49   50   51   52   53   54   55   56   57   48   49   50\n0000040   51\n0000041\n"},
	{"od -tu1", Listing, "0000000  48  56  48  48 130  32   0   1   0  32 124  97  98  99  10  49\n0000020  50 126 255   0  49  50  51  52  53  54  55  56  57  48  49  50\n0000040  51\n0000041\n"},
	{"od -A d -tu1", Listing, "0000000  48  56  48  48 130  32   0   1   0  32 124  97  98  99  10  49\n0000016  50 126 255   0  49  50  51  52  53  54  55  56  57  48  49  50\n0000032  51\n0000033\n"},
	{"od -d", Listing, "0000000 14384 12336  8322   256  8192 24956 25442 12554\n0000020 32306   255 12849 13363 13877 14391 12345 12849\n0000040    51\n0000041\n"},
	{"od -td2", Listing, "0000000  14384  12336   8322    256   8192  24956  25442  12554\n0000020  32306    255  12849  13363  13877  14391  12345  12849\n0000040     51\n0000041\n"},
	{"od -tu4", Listing, "0000000  808466480   16785538 1635524608  822764386\n0000020   16743986  875770417  943142453  842084409\n0000040         51\n0000041\n"},
	{"od -tx8", Listing, "0000000 0100208230303830 310a6362617c2000\n0000020 3433323100ff7e32 3231303938373635\n0000040 0000000000000033\n0000041\n"},
	{"od -tx2z", Listing, "0000000 3830 3030 2082 0100 2000 617c 6362 310a  >0800. ... |abc.1<\n0000020 7e32 00ff 3231 3433 3635 3837 3039 3231  >2~..123456789012<\n0000040 0033                                     >3<\n0000041\n"},
	{"od -A n -t d1", Array, "   48   56   48   48 -126   32    0    1    0   32  124   97   98   99   10   49\n   50  126   -1    0   49   50   51   52   53   54   55   56   57   48   49   50\n   51\n"},
	{"Go, %v", Array, "[48 56 48 48 130 32 0 1 0 32 124 97 98 99 10 49 50 126 255 0 49 50 51 52 53 54 55 56 57 48 49 50 51]"},
	{"Go, %#v", Array, "[]byte{0x30, 0x38, 0x30, 0x30, 0x82, 0x20, 0x0, 0x1, 0x0, 0x20, 0x7c, 0x61, 0x62, 0x63, 0xa, 0x31, 0x32, 0x7e, 0xff, 0x0, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31, 0x32, 0x33}"},
	{"Go, decimal", Array, "[]byte{48, 56, 48, 48, 130, 32, 0, 1, 0, 32, 124, 97, 98, 99, 10, 49, 50, 126, 255, 0, 49, 50, 51, 52, 53, 54, 55, 56, 57, 48, 49, 50, 51}"},
	{"Java, casts", Array, "byte[] b = new byte[] {(byte)0x30, (byte)0x38, (byte)0x30, (byte)0x30, (byte)0x82, (byte)0x20, (byte)0x00, (byte)0x01, (byte)0x00, (byte)0x20, (byte)0x7C, (byte)0x61, (byte)0x62, (byte)0x63, (byte)0x0A, (byte)0x31, (byte)0x32, (byte)0x7E, (byte)0xFF, (byte)0x00, (byte)0x31, (byte)0x32, (byte)0x33, (byte)0x34, (byte)0x35, (byte)0x36, (byte)0x37, (byte)0x38, (byte)0x39, (byte)0x30, (byte)0x31, (byte)0x32, (byte)0x33};"},
	{"Java, some casts", Array, "new byte[] { 0x30, 0x38, 0x30, 0x30, (byte) 0x82, 0x20, 0x00, 0x01, 0x00, 0x20, 0x7C, 0x61, 0x62, 0x63, 0x0A, 0x31, 0x32, 0x7E, (byte) 0xFF, 0x00, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31, 0x32, 0x33 };"},
	{"Java, Arrays.toString", Array, "[48, 56, 48, 48, -126, 32, 0, 1, 0, 32, 124, 97, 98, 99, 10, 49, 50, 126, -1, 0, 49, 50, 51, 52, 53, 54, 55, 56, 57, 48, 49, 50, 51]"},
	{"Kotlin", Array, "byteArrayOf(0x30.toByte(), 0x38.toByte(), 0x30.toByte(), 0x30.toByte(), 0x82.toByte(), 0x20.toByte(), 0x00.toByte(), 0x01.toByte(), 0x00.toByte(), 0x20.toByte(), 0x7C.toByte(), 0x61.toByte(), 0x62.toByte(), 0x63.toByte(), 0x0A.toByte(), 0x31.toByte(), 0x32.toByte(), 0x7E.toByte(), 0xFF.toByte(), 0x00.toByte(), 0x31.toByte(), 0x32.toByte(), 0x33.toByte(), 0x34.toByte(), 0x35.toByte(), 0x36.toByte(), 0x37.toByte(), 0x38.toByte(), 0x39.toByte(), 0x30.toByte(), 0x31.toByte(), 0x32.toByte(), 0x33.toByte())"},
	{"Rust", Array, "let b = vec![\n    0x30, 0x38, 0x30, 0x30, 0x82, 0x20, 0x00, 0x01, 0x00, 0x20, 0x7c, 0x61, 0x62, 0x63, 0x0a, 0x31, 0x32, 0x7e, 0xff, 0x00, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31, 0x32, 0x33,\n];"},
	{"Python", Array, "bytes([48, 56, 48, 48, 130, 32, 0, 1, 0, 32, 124, 97, 98, 99, 10, 49, 50, 126, 255, 0, 49, 50, 51, 52, 53, 54, 55, 56, 57, 48, 49, 50, 51])"},
	{"JavaScript", Array, "Uint8Array(33) [\n  48, 56, 48, 48, 130, 32, 0, 1, 0, 32, 124, 97, 98, 99, 10, 49, 50, 126, 255, 0, 49, 50, 51, 52, 53, 54, 55, 56, 57, 48, 49, 50, 51\n]"},
	{"Node.js", Array, "<Buffer 30 38 30 30 82 20 00 01 00 20 7c 61 62 63 0a 31 32 7e ff 00 31 32 33 34 35 36 37 38 39 30 31 32 33>"},
	{"Node.js, as JSON", Array, "{\"type\":\"Buffer\",\"data\":[48,56,48,48,130,32,0,1,0,32,124,97,98,99,10,49,50,126,255,0,49,50,51,52,53,54,55,56,57,48,49,50,51]}"},
	{"pairs in braces", Array, "{30, 38, 30, 30, 82, 20, 00, 01, 00, 20, 7c, 61, 62, 63, 0a, 31, 32, 7e, ff, 00, 31, 32, 33, 34, 35, 36, 37, 38, 39, 30, 31, 32, 33}"},
	{"0x of one digit, without braces", Array, "0x30, 0x38, 0x30, 0x30, 0x82, 0x20, 0x0, 0x1, 0x0, 0x20, 0x7c, 0x61, 0x62, 0x63, 0xa, 0x31, 0x32, 0x7e, 0xff, 0x0, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0x31, 0x32, 0x33"},
	{"decimal, without brackets", Array, "48 56 48 48 130 32 0 1 0 32 124 97 98 99 10 49 50 126 255 0 49 50 51 52 53 54 55 56 57 48 49 50 51"},
	{"C, octal escapes", Escaped, "\"\\060\\070\\060\\060\\202\\040\\000\\001\\000\\040\\174\\141\\142\\143\\012\\061\\062\\176\\377\\000\\061\\062\\063\\064\\065\\066\\067\\070\\071\\060\\061\\062\\063\""},
	{"PostgreSQL, bytea", Log, "\\x303830308220000100207c6162630a31327eff0031323334353637383930313233\n"},
	{"PostgreSQL, psql", Log, " id |                  data\n----+---------------------\n  1 | \\x303830308220000100207c6162630a31327eff0031323334353637383930313233\n(1 row)\n"},
	{"PostgreSQL, INSERT", Log, "INSERT INTO m VALUES (1, '\\x303830308220000100207c6162630a31327eff0031323334353637383930313233'::bytea);\n"},
	{"PostgreSQL, INSERT with an escape string", Log, "INSERT INTO m VALUES (1, E'\\\\x303830308220000100207c6162630a31327eff0031323334353637383930313233');\n"},
	{"SQL, 0x", Log, "INSERT INTO m VALUES (1, 0x303830308220000100207c6162630a31327eff0031323334353637383930313233);\n"},
	{"SQL, 0x behind numbers", Log, "INSERT INTO m VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 0x303830308220000100207c6162630a31327eff0031323334353637383930313233);\n"},
	{"Python, a string of one escape", Escaped, "b'\\x30800\\x82 \\x00\\x01\\x00 |abc\\n12~\\xff\\x001234567890123'\n"},
	{"quoted", Log, "\"303830308220000100207c6162630a31327eff0031323334353637383930313233\""},
	{"JSON", Log, "{\"level\":\"info\",\"hex\":\"303830308220000100207c6162630a31327eff0031323334353637383930313233\",\"n\":12}"},
	{"a log", Log, "2026-11-29 12:00:01.123 INFO  connected\n2026-11-29 12:00:01.234 DEBUG recv:303830308220000100207C6162630A31327EFF0031323334353637383930313233\n2026-11-29 12:00:02 done\n"},
	{"a log, in pairs", Log, "12:00:01 recv 30 38 30 30 82 20 00 01 00 20 7c 61 62 63 0a 31 32 7e ff 00 31 32 33 34 35 36 37 38 39 30 31 32 33\n"},
	{"a log, with colons", Log, "12:00:01 recv=[30:38:30:30:82:20:00:01:00:20:7c:61:62:63:0a:31:32:7e:ff:00:31:32:33:34:35:36:37:38:39:30:31:32:33]\n"},
	{"Python, hex", Log, "data = bytes.fromhex('303830308220000100207c6162630a31327eff0031323334353637383930313233')"},
	{"pairs with characters behind", Log, "30 38 30 30 82 20 00 01 00 20 7c 61 62 63 0a 31   0800......|abc.1\n32 7e ff 00 31 32 33 34 35 36 37 38 39 30 31 32   2~..123456789012\n33                                                3"},
	{"base64", Base64, "MDgwMIIgAAEAIHxhYmMKMTJ+/wAxMjM0NTY3ODkwMTIz\n"},
	{"base64, for URLs, without fill", Base64, "MDgwMIIgAAEAIHxhYmMKMTJ-_wAxMjM0NTY3ODkwMTIz"},
	{"base64, in lines", Base64, "MDgwMIIgAAEAIHxhYmMK\nMTJ+/wAxMjM0NTY3ODkwMTIz\n"},
}

func TestKinds(t *testing.T) {
	for _, c := range kinds {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.form, detected(t, c.text)[0])
			for _, text := range []string{c.text, strings.ReplaceAll(c.text, "\n", "\r\n"), "\xEF\xBB\xBF" + c.text, wide(c.text, "\xFF\xFE", 0), wide(c.text, "\xFE\xFF", 8), wide(c.text, "", 0), wide(c.text, "", 8)} {
				for _, source := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
					streams, _, err := read(NewReader(source, Auto))
					require.NoError(t, err)
					require.Equal(t, map[string]string{"": mixed}, streams)
				}
				streams, _, err := read(NewReader(strings.NewReader(text), c.form))
				require.NoError(t, err)
				require.Equal(t, map[string]string{"": mixed}, streams)
			}
		})
	}
}

// wide is a text in UTF-16 behind a mark, little-endian with a shift of 0, big-endian with 8.
func wide(text, mark string, shift int) string {
	out := []byte(mark)
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit>>shift), byte(unit>>(8-shift)))
	}
	return string(out)
}

// Half a character at the end of UTF-16 is a fault with its place.
func TestHalfCharacter(t *testing.T) {
	for _, shift := range []int{0, 8} {
		r := NewReader(strings.NewReader(wide("0800\n20", "", shift)+"0"), Auto)
		_, err := r.Next()
		require.NoError(t, err)
		_, err = r.Next()
		var fault *Error
		require.ErrorAs(t, err, &fault)
		require.Equal(t, []int{2, 3}, []int{fault.Line, fault.Column})
		require.NotErrorIs(t, err, io.ErrUnexpectedEOF)
	}
}
