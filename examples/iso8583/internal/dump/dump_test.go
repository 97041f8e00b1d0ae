package dump

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// sample is what the tools listed below were given: thirty bytes, among them characters that look like digits.
var sample = []byte("\x08\x00\x20\x20\x00\x00\x00\xc0\x00\x00 hello 0123456789 AB")

// read puts the parts of each stream together.
func read(r *Reader) (streams map[string]string, starts int, err error) {
	streams = map[string]string{}
	for {
		p, err := r.Next()
		if err == io.EOF {
			return streams, starts, nil
		}
		if err != nil {
			return streams, starts, err
		}
		if p.Start {
			starts++
		}
		streams[p.Stream] += string(p.Bytes)
	}
}

// detected are the forms that a text may have; none where it is refused.
func detected(t *testing.T, text string) []Form {
	forms, err := Detect([]byte(text))
	if err != nil {
		require.ErrorAs(t, err, new(*Refusal))
		require.Empty(t, forms)
		return []Form{Auto}
	}
	return forms
}

func TestForms(t *testing.T) {
	plain := hex.EncodeToString(sample)
	for _, c := range []struct {
		name string
		form Form
		text string
	}{
		{"digits", Hex, plain},
		{"upper case, in lines", Hex, strings.ToUpper(plain[:20]) + "\r\n" + plain[20:] + "\r\n"},
		{"a byte over the end of a line", Hex, plain[:21] + "\n" + plain[21:]},
		{"blanks", Hex, "08 00 2020 000000c0 0000 2068656c6c6f2030313233 34 35 36 37 38 39 204142"},
		{"colons", Hex, "08:00:20:20:00:00:00:c0:00:00:20:68:65:6c:6c:6f:20:30:31:32:33:34:35:36:37:38:39:20:41:42"},
		{"dashes", Hex, "08-00-20-20-00-00-00-c0-00-00-20-68-65-6c-6c-6f-20-30-31-32-33-34-35-36-37-38-39-20-41-42"},
		{"0x in front", Hex, "0x" + plain},
		{"0x before every byte", Hex, "0x08, 0x00, 0x20, 0x20, 0x00,0x00,0x00,0xC0,0x00,0x00\n0x20, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x30 0x31 0x32 0x33 0x34 0x35 0x36 0x37 0x38 0x39 0x20 0x41 0x42"},
		{"xxd", Listing, "00000000: 0800 2020 0000 00c0 0000 2068 656c 6c6f  ..  ...... hello\n00000010: 2030 3132 3334 3536 3738 3920 4142        0123456789 AB\n"},
		{"xxd, one byte a group", Listing, "00000000: 08 00 20 20 00 00 00 c0 00 00 20 68 65 6c 6c 6f  ..  ...... hello\n00000010: 20 30 31 32 33 34 35 36 37 38 39 20 41 42         0123456789 AB\n"},
		{"xxd, wide", Listing, "00000000: 0800 2020 0000 00c0 0000 2068 656c 6c6f 2030 3132 3334 3536 3738 3920 4142            ..  ...... hello 0123456789 AB\n"},
		{"xxd -p", Hex, plain + "\n"},
		{"hexdump -C", Listing, "00000000  08 00 20 20 00 00 00 c0  00 00 20 68 65 6c 6c 6f  |..  ...... hello|\n00000010  20 30 31 32 33 34 35 36  37 38 39 20 41 42        | 0123456789 AB|\n0000001e\n"},
		{"hexdump", Listing, "0000000 0008 2020 0000 c000 0000 6820 6c65 6f6c\n0000010 3020 3231 3433 3635 3837 2039 4241     \n000001e\n"},
		{"od", Listing, "0000000 000010 020040 000000 140000 000000 064040 066145 067554\n0000020 030040 031061 032063 033065 034067 020071 041101\n0000036\n"},
		{"od -A x -t x1z", Listing, "000000 08 00 20 20 00 00 00 c0 00 00 20 68 65 6c 6c 6f  >..  ...... hello<\n000010 20 30 31 32 33 34 35 36 37 38 39 20 41 42        > 0123456789 AB<\n00001e\n"},
		{"od -t x1", Listing, "0000000 08 00 20 20 00 00 00 c0 00 00 20 68 65 6c 6c 6f\n0000020 20 30 31 32 33 34 35 36 37 38 39 20 41 42\n0000036\n"},
		{"od -A d -t x1", Listing, "0000000 08 00 20 20 00 00 00 c0 00 00 20 68 65 6c 6c 6f\n0000016 20 30 31 32 33 34 35 36 37 38 39 20 41 42\n0000030\n"},
		{"od -b", Listing, "0000000 010 000 040 040 000 000 000 300 000 000 040 150 145 154 154 157\n0000020 040 060 061 062 063 064 065 066 067 070 071 040 101 102\n0000036\n"},
		{"od -t x4", Listing, "0000000 20200008 c0000000 68200000 6f6c6c65\n0000020 32313020 36353433 20393837 00004241\n0000036\n"},
		{"od -A n -t x1", Hex, " 08 00 20 20 00 00 00 c0 00 00 20 68 65 6c 6c 6f\n 20 30 31 32 33 34 35 36 37 38 39 20 41 42\n"},
		{"Wireshark", Listing, "0000   08 00 20 20 00 00 00 c0 00 00 20 68 65 6c 6c 6f   ..  ...... hello\n0010   20 30 31 32 33 34 35 36 37 38 39 20 41 42          0123456789 AB\n"},
		{"Wireshark without characters", Listing, "0000   08 00 20 20 00 00 00 c0 00 00 20 68 65 6c 6c 6f\n0010   20 30 31 32 33 34 35 36 37 38 39 20 41 42\n"},
		{"Wireshark, a stream", Listing, "00000000  08 00 20 20 00 00 00 c0  00 00 20 68 65 6c 6c 6f  ..  .... .. hello\n00000010  20 30 31 32 33 34 35 36  37 38 39 20 41 42         0123456 789 AB\n"},
		{"Windows debugger", Listing, "0000  08 00 20 20 00 00 00 c0-00 00 20 68 65 6c 6c 6f   ..  ...... hello\n0010  20 30 31 32 33 34 35 36-37 38 39 20 41 42          0123456789 AB\n"},
		{"tcpdump -x, of a payload", Listing, "\t0x0000:  0800 2020 0000 00c0 0000 2068 656c 6c6f\n\t0x0010:  2030 3132 3334 3536 3738 3920 4142\n"},
		{"tshark", Fields, "0\t080020200000\n0\t00c0000020\n\n0\t68656c6c6f2030313233343536373839204142\n"},
		{"tshark, colons and a port", Fields, "0\t49152\t08:00:20:20:00:00:00:c0:00:00:20\n0\t49152\t68656c6c6f2030313233343536373839204142\n"},
		{"C array", Array, "/* Frame (30 bytes) */\nstatic const unsigned char pkt1[30] = {\n0x08, 0x00, 0x20, 0x20, 0x00, 0x00, 0x00, 0xc0, /* ..  .... */\n0x00, 0x00, 0x20, 0x68, 0x65, 0x6c, 0x6c, 0x6f, // .. hello\n" +
			"0x20, 0x30, 0x31, 0x32, /* over\nlines */ 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x20, 0x41, 0x42\n};\n"},
		{"xxd -i", Array, "unsigned char t_bin[] = {\n  0x08, 0x00, 0x20, 0x20, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x20, 0x68,\n  0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36,\n  0x37, 0x38, 0x39, 0x20, 0x41, 0x42\n};\nunsigned int t_bin_len = 30;\n"},
		{"Go", Array, "[]byte{0x08, 0x00, 0x20, 0x20, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x20, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x20, 0x41, 0x42}"},
		{"C string", Escaped, "\"\\x08\\x00\\x20\\x20\\x00\\x00\\x00\\xc0\" \\\n\"\\x00\\x00 hello 0123456789 AB\"\n"},
		{"Python", Escaped, `b'\x08\x00  \x00\x00\x00\xc0\x00\x00 hello 0123456789 AB'`},
		{"escapes alone", Escaped, `\x08\0  \x00\x00\x00\xC0\x00\x00 hello 0123456789 AB`},
		{"bytes", Raw, string(sample)},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.form, detected(t, c.text)[0])
			for _, source := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
				r := NewReader(source, Auto)
				streams, _, err := read(r)
				require.NoError(t, err)
				require.Equal(t, c.form, r.Form())
				require.Len(t, streams, 1)
				for _, got := range streams {
					require.Equal(t, string(sample), got)
				}
			}
		})
	}
}

func TestText(t *testing.T) {
	for _, text := range []string{"0800A22000000080000004000000000000000112345678TERM0001", "0200F23C000000000000 Hello, whole world"} {
		require.Equal(t, Text, detected(t, text)[0])
		streams, _, err := read(NewReader(strings.NewReader(text+"\r\n"), Auto))
		require.NoError(t, err)
		require.Equal(t, text, streams[""])
	}
	require.Equal(t, []Form{Hex, Text}, detected(t, "080022200000008000000400000000000000011234567890"), "digits may be either")
}

// Offsets end where a new listing begins, and a * stands for lines like the one before.
func TestListings(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       string
		starts     int
	}{
		{"repeated lines", "00000000  30 30 30 30 30 30 30 30  30 30 30 30 30 30 30 30  |0000000000000000|\n*\n00000030  31 32                                             |12|\n00000032\n", strings.Repeat("0", 48) + "12", 1},
		{"repeated to the end", "00000000  30 31 30 31 30 31 30 31  30 31 30 31 30 31 30 31  |0101010101010101|\n*\n00000028\n", strings.Repeat("01", 20), 1},
		{"two packets", "0000   41 42\n\n0000   43 44\n", "ABCD", 2},
		{"headings", "Frame (2 bytes):\n0000   41 42\nReassembled:\n0000   43 44\n", "ABCD", 2},
		{"characters that look like a byte", "00000000: 4142 4344 4546 4748 4142 4344 4546 4748  ABCDEFGHABCDEFGH\n00000010: 4142                                     AB\n", "ABCDEFGHABCDEFGHAB", 1},
		{"Wireshark, characters that look like bytes", "0000   30 31 20 30 32 20 41 42 20 30 31 20 30 32 20 41   01 02 AB 01 02 A\n0010   42 20 30 31                                       B 01\n", "01 02 AB 01 02 AB 01", 1},
		{"one line", "0000   41 42", "AB", 1},
		{"xxd, one group a line", "00000000: " + strings.Repeat("41", 32) + "  AAAA\n00000020: 4242  BB\n", strings.Repeat("A", 32) + "BB", 1},
		{"xxd, groups of three", "00000000: 414243 444546 4748  ABCDEFGH\n00000008: 494a  IJ\n", "ABCDEFGHIJ", 1},
		{"text between two listings", "0000   41 42\n00zz   43\n0000   43 44\n", "ABCD", 2},
		{"something glued to an offset", "0000   41 42\n0002x  43\n0000   43 44\n", "ABCD", 2},
		{"one line of xxd", "00000000: 4142 4344 41                             ABCDA", "ABCDA", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, Listing, detected(t, c.text)[0])
			streams, starts, err := read(NewReader(strings.NewReader(c.text), Auto))
			require.NoError(t, err)
			require.Equal(t, map[string]string{"": c.want}, streams)
			require.Equal(t, c.starts, starts)
		})
	}
}

// What Wireshark shows of a conversation has the other direction set off.
func TestDirections(t *testing.T) {
	text := "00000000  41 42                                              AB\n    00000000  43 44                                              CD\n00000002  45                                                 E\n"
	streams, _, err := read(NewReader(strings.NewReader(text), Auto))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"": "ABE", "    ": "CD"}, streams)
	streams, _, err = read(NewReader(strings.NewReader("\t41\n0\t42\n\t43\n"), Fields))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"": "AC", "0": "B"}, streams, "a payload without a stream has its tab all the same")
	text = "0\t41\n1\t42\n0\t43\n"
	streams, starts, err := read(NewReader(strings.NewReader(text), Auto))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"0": "AC", "1": "B"}, streams)
	require.Equal(t, 3, starts)
}

// listed is what tcpdump -x or -xx shows of packets.
func listed(packets ...string) (text string) {
	for _, packet := range packets {
		text += "12:00:00.000000 IP localhost.8082 > localhost.49152: Flags [P.], length 5\n"
		for at := 0; at < len(packet); at += 32 {
			text += fmt.Sprintf("\t0x%04x:  ", at/2)
			row := packet[at:min(at+32, len(packet))]
			for i := 0; i < len(row); i += 4 {
				text += row[i:min(i+4, len(row))] + " "
			}
			text += "\n"
		}
	}
	return text
}

const (
	packet4 = "4500002d000040004006f97a7f0000017f000001" + "1f92c00000000001000000015018020000000000" + "4142434445"
	packet6 = "60000000001906400000000000000000000000000000000100000000000000000000000000000002" + "1f92c00000000001000000015018020000000000" + "4142434445"
)

// tcpdump and Wireshark list whole packets; what counts is what TCP carries in them.
func TestPackets(t *testing.T) {
	const (
		stations = "000000000000000000000000"
		stream4  = "127.0.0.1:8082 to 127.0.0.1:49152"
		stream6  = "[::1]:8082 to [::2]:49152"
		cooked   = "00000001000600000000000000000800"
		cooked6  = "000000010006000000000000000086dd"
		cooked2  = "0800000000000001030406000000000000000000"
	)
	for _, c := range []struct{ name, packet, stream string }{
		{"IPv4", packet4, stream4},
		{"IPv4 on Ethernet", stations + "0800" + packet4, stream4},
		{"IPv4 on Ethernet, filled up", stations + "0800" + packet4 + "00", stream4},
		{"IPv4 on Ethernet, filled up to the last", stations + "0800" + packet4 + "000000000000", stream4},
		{"IPv4 in a VLAN", stations + "81000001" + "0800" + packet4, stream4},
		{"IPv4, all interfaces", cooked + packet4, stream4},
		{"IPv4, all interfaces, second form", cooked2 + packet4, stream4},
		{"IPv6", packet6, stream6},
		{"IPv6 on Ethernet", stations + "86dd" + packet6, stream6},
		{"IPv6 in a VLAN", stations + "81000001" + "86dd" + packet6, stream6},
		{"IPv6, all interfaces", cooked6 + packet6, stream6},
		{"IPv6, all interfaces, second form", "86dd" + cooked2[4:] + packet6, stream6},
		{"service class", "4510" + packet4[4:], stream4},
	} {
		t.Run(c.name, func(t *testing.T) {
			streams, starts, err := read(NewReader(strings.NewReader(listed(c.packet, c.packet)), Auto))
			require.NoError(t, err)
			require.Equal(t, map[string]string{c.stream: "ABCDEABCDE"}, streams)
			require.Equal(t, 2, starts)
		})
	}
}

// What is no packet of TCP, or has lengths that do not fit, is a message like any other.
func TestNoPackets(t *testing.T) {
	for name, packet := range map[string]string{
		"UDP":                         packet4[:18] + "11" + packet4[20:],
		"longer than it is":           "4500002e" + packet4[8:],
		"too much behind":             packet4 + "00000000000000",
		"a header longer than it is":  packet4[:64] + "f0" + packet4[66:],
		"a header too short":          packet4[:64] + "40" + packet4[66:],
		"too short for TCP":           "45000027" + packet4[8:78],
		"IPv6, longer than it is":     packet6[:8] + "001a" + packet6[12:],
		"IPv6, shorter than it is":    packet6[:8] + "0018" + packet6[12:],
		"IPv6, not even its header":   packet6[:78],
		"IPv6, UDP":                   packet6[:12] + "11" + packet6[14:],
		"IPv6, too short for TCP":     packet6[:8] + "0013" + packet6[12:118],
		"a TPDU":                      "6000030006003100311208080020000000c00010",
		"a sign-in":                   "08000000000100c0000000000000000000000000",
		"an Ethernet header alone":    "0000000000000000000000000800",
		"Ethernet of something else":  "0000000000000000000000000806" + packet4,
		"a VLAN of something else":    "000000000000000000000000810000010806" + packet4,
		"all interfaces, another one": "00000001000600000000000000000806" + packet4,
	} {
		streams, starts, err := read(NewReader(strings.NewReader(listed(packet)), Auto))
		require.NoError(t, err, name)
		want, err := hex.DecodeString(packet)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"\t": string(want)}, streams, name)
		require.Equal(t, 1, starts)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, text   string
		form         Form
		line, column int
		offset       int64
		says         string
	}{
		{"no digit", "0800\n08x0", Hex, 2, 3, 3, "not a hexadecimal digit"},
		{"odd", "0800\n080", Hex, 2, 3, 3, "an odd number of hexadecimal digits"},
		{"tshark without a tab", "0\t0800\n0800", Fields, 2, 1, 2, "no payload beside a stream"},
		{"tshark, no digit", "0\t0800\n0\t08g0", Fields, 2, 5, 3, "not a hexadecimal digit"},
		{"tshark, odd", "0\t080", Fields, 1, 5, 1, "an odd number of hexadecimal digits"},
		{"an offset that does not follow", "0000   41 42\n0010   43 44\n", Listing, 2, 1, 2, "an offset that does not follow from the line before"},
		{"an offset that goes back", "0000   41 42\n0002   43 44\n0001   45\n", Listing, 3, 1, 4, "an offset that does not follow from the line before"},
		{"an offset that comes again", "0000   41 42\n0002   43 44\n0002   45\n", Listing, 3, 1, 4, "an offset that does not follow from the line before"},
		{"text within", "0000   41 42\nhello\n0002   43 44\n", Listing, 2, 1, 2, "neither part of the listing nor a heading"},
		{"* and no end", "0000   41 42\n*\n", Listing, 2, 1, 2, "a * and no offset behind it"},
		{"* for too much", "00000000   41 42\n*\n7fffffff\n", Listing, 3, 1, 2, "an offset that does not follow from the line before"},
		{"no bytes", "0000   41 42\n0002\n0004   45\n", Listing, 2, 1, 2, "an offset without bytes"},
		{"array, no digit", "{\n0x41,\n0x4g}", Array, 3, 4, 1, noByte},
		{"array, behind lines of text", "int a;\nchar b[] =\n{\n0x4g}", Array, 4, 4, 0, noByte},
		{"array, a word", "{0x41, 0x4142}", Array, 1, 8, 1, noByte},
		{"array, too much for a byte", "{0x41, 256}", Array, 1, 8, 1, noByte},
		{"array, no list", "hello", Array, 1, 1, 0, noByte},
		{"escape", `"\x4g"`, Escaped, 1, 2, 0, "an escape without two hexadecimal digits"},
		{"unknown escape", "\"A\n\\q\"", Escaped, 2, 1, 1, "an escape that is not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := read(NewReader(strings.NewReader(c.text), c.form))
			require.Equal(t, &Error{Line: c.line, Column: c.column, Offset: c.offset, Says: c.says}, err)
		})
	}
	r := NewReader(strings.NewReader("080\n0"), Hex)
	r.Lines = true
	_, err := r.Next()
	require.EqualError(t, err, "line 1, column 3: an odd number of hexadecimal digits")
	_, _, err = read(NewReader(iotest.ErrReader(errors.New("broken")), Auto))
	require.EqualError(t, err, "broken")
}

// Where lines are messages, a fault is told by its place in the line, and the next line is read.
func TestLineAfterAFault(t *testing.T) {
	for _, form := range []Form{Hex, Fields} {
		tab := map[Form]string{Hex: "", Fields: "7\t"}[form]
		r := NewReader(strings.NewReader(tab+"0800\n"+tab+"08g0\n\n"+tab+"080\n"+tab+"0810"), form)
		r.Lines = true
		p, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, "\x08\x00", string(p.Bytes))
		require.Equal(t, 1, p.Line)
		_, err = r.Next()
		require.Equal(t, &Error{Line: 2, Column: len(tab) + 3, Offset: 1, Says: "not a hexadecimal digit"}, err)
		_, err = r.Next()
		require.Equal(t, &Error{Line: 4, Column: len(tab) + 3, Offset: 1, Says: "an odd number of hexadecimal digits"}, err)
		p, err = r.Next()
		require.NoError(t, err)
		require.Equal(t, "\x08\x10", string(p.Bytes))
		require.Equal(t, 5, p.Line)
		require.True(t, p.Start)
		_, err = r.Next()
		require.Equal(t, io.EOF, err)
	}
}

// A line of text, an array, a string and a raw input each begin something; a raw input may come byte by byte and end with
// a fault, which follows its bytes.
func TestStarts(t *testing.T) {
	for text, form := range map[string]Form{"0800 text\n0810 text": Text, "{0x41}": Array, `"\x41"`: Escaped, "A": Raw} {
		r := NewReader(strings.NewReader(text), form)
		p, err := r.Next()
		require.NoError(t, err)
		require.True(t, p.Start, text)
		require.Equal(t, map[Form]int{Text: 1, Array: 1, Escaped: 1}[form], p.Line)
		if form == Text {
			p, err = r.Next()
			require.NoError(t, err)
			require.True(t, p.Start)
			require.Equal(t, 2, p.Line)
		}
		_, err = r.Next()
		require.Equal(t, io.EOF, err)
	}
	broken := errors.New("broken")
	r := NewReader(io.MultiReader(strings.NewReader("A"), iotest.DataErrReader(strings.NewReader("B")), iotest.ErrReader(broken)), Raw)
	for i, want := range []string{"A", "B"} {
		p, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, want, string(p.Bytes))
		require.Equal(t, i == 0, p.Start)
	}
	_, err := r.Next()
	require.ErrorIs(t, err, broken)
}

// Detection looks at what there is, and tells bytes from text by the first that is none.
func TestDetect(t *testing.T) {
	for _, c := range []struct {
		text string
		want []Form
	}{
		{"", []Form{Hex, Text}},
		{"08\x7f", []Form{Raw}},
		{"0800\x00", []Form{Raw}},
		{"0800\xff\xff\xff\xff", []Form{Raw}},
		{"08002038000000C00000中文 and more than that", []Form{Text}},
		{"0800 中文 and more than that", []Form{Auto}},
		{"0800\t\f\v\r\n", []Form{Hex, Text}},
		{"08x0", []Form{Hex}},
		{"0000 00001 00002\n0004 00003\n", []Form{Hex, Text}},
		{"a heading\n0010 zz\n0000  08 00\n0002\n", []Form{Listing}},
		{"08000020000000800q0000", []Form{Hex}},
		{"0800ISO text of twenty characters", []Form{Auto}},
		{"1\t0800", []Form{Fields}},
		{"x\t0800", []Form{Hex}},
		{"\t0800", []Form{Hex, Text}},
		{"1\tzz", []Form{Hex}},
		{"{0x08}", []Form{Array}},
		{"{08}", []Form{Hex}},
		{`\x08`, []Form{Escaped}},
		{"0000   zz", []Form{Hex}},
		{"00000000  08 00\n", []Form{Listing}},
		{"00000000 08 00\n00000008 08\n", []Form{Listing}},
		{"0800 0020\n0000 0800\n0004 1234\n", []Form{Hex, Text}},
	} {
		require.Equal(t, c.want, detected(t, c.text), "%q", c.text)
	}
}

func TestNames(t *testing.T) {
	for i, name := range Names() {
		form, err := FormByName(name)
		require.NoError(t, err)
		require.Equal(t, Form(i), form)
		require.Equal(t, name, form.String())
	}
	_, err := FormByName("nope")
	require.ErrorContains(t, err, "auto, hex, listing")
	require.Equal(t, "Form(99)", Form(99).String())
}

// Memory follows the input, and every input ends.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"0800 2020", "00000000: 0800 2020  ..  \n00000004: 30\n", "0\t0800\n1\t30\n", "{0x41, /* */ 0x42}", `"\x41B"`, string(sample),
		"0000   41 42\n*\n0010\n", "\t0x0000:  4500 0029\n", "0000000 000010 020040\n0000004\n"} {
		f.Add([]byte(seed), uint8(Auto))
		f.Add([]byte(seed), uint8(Listing))
	}
	for _, c := range kinds {
		f.Add([]byte(c.text), uint8(Auto))
	}
	f.Add([]byte(wide("0800 2020", "\xFF\xFE", 0)), uint8(Auto))
	for _, packet := range []string{packet4, packet6, "0000000000000000000000008100000186dd" + packet6, "0800000000000001030406000000000000000000" + packet4} {
		f.Add([]byte(listed(packet, packet)), uint8(Auto))
	}
	f.Fuzz(func(t *testing.T, in []byte, form uint8) {
		r := NewReader(bytes.NewReader(in), Form(form%uint8(len(names))))
		total, starts := 0, 0
		for {
			p, err := r.Next()
			if err != nil {
				if err != io.EOF && !errors.As(err, new(*Error)) && !errors.As(err, new(*Refusal)) {
					t.Fatalf("no place: %v", err)
				}
				if errors.As(err, new(*Refusal)) && total > 0 {
					t.Fatal("refused behind the first bytes")
				}
				break
			}
			if len(p.Bytes) == 0 {
				t.Fatal("an empty part")
			}
			if p.Start {
				starts++
			}
			total += len(p.Bytes)
		}
		if r.Form() != Listing && total > len(in) || total > (len(in)+1)*maxRepeat || starts > len(in) {
			t.Fatalf("%d bytes of %d", total, len(in))
		}
	})
}
