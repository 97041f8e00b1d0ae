package dump

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is known and cannot be read is refused by name, and nothing of it is a message.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"\xD4\xC3\xB2\xA1\x02\x00\x04\x00", "this is a capture file: print it with tshark"},
		{"\x0A\x0D\x0D\x0A\x1C\x00\x00\x00", "this is a capture file: print it with tshark"},
		{"\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03", "this is a compressed file: unpack it first, with gzip -dc"},
		{"PK\x03\x04\x14\x00", "this is a compressed file: unpack it first, with unzip -p"},
		{"0000000   0   8   0   0 stx  sp nul soh nul\n0000011\n", "this is a listing in columns that are neither bytes, words nor characters: print it with xxd"},
		{"0000000   2.5e-3\n0000020   1.1e+5\n0000040   1.2\n", "this is a listing in columns"},
		{"00000002: 7072 3804 8108 c080 0016 4761 7390 0101  pr8.....\n00000012: 0119 0000  ....\n00000016: 00\n", "this is a listing whose first offset is not zero: print it from its start"},
		{"0000002 70 72 38\n0000005 04 81 08\n0000010 c0\n", "this is a listing whose first offset is not zero"},
		{"0000020   2.5e-3   3.5e-3   4.5e-3\n0000040   1.1e+5\n", "this is text in no known form of bytes"},
		{"0x7ffe00000008:\t0x28\t0xc0\t0x00\t0x12\n0x7ffe0000000c:\t0x34\t0x56\n", "this is what a debugger prints of memory: write the bytes themselves, in gdb with dump binary memory"},
		{"(gdb) x/4xb buf\n0x555555558040 <buf>:\t0x30\t0x38\t0x30\t0x30\n", "this is what a debugger prints of memory"},
		{"0x7ffe00000008:\t48\t56\t48\t48\n", "this is what a debugger prints of memory"},
		{"0x7ffe00000008: 0x30 0x38 0x30 0x30\n", "this is what a debugger prints of memory"},
		{`{"0":"0800","11":"000001"}`, "this is JSON without bytes in it: of what decode -clear -json writes iso8583 encode makes the messages"},
		{" {\n \"0\": \"0800\"\n}\n", "this is JSON without bytes in it"},
		{"[\n{\n\"0\":\"0800\"}]\n", "this is JSON without bytes in it"},
		{"{a letter} and no JSON at all, whatever it says\n", "this is text in no known form of bytes"},
		{"Hello, this is a letter and no message at all.\n", "this is text in no known form of bytes: print them as hexadecimal"},
		{"2026-11-29 12:00:01 INFO connected\n", "this is text in no known form of bytes"},
	} {
		for range 2 {
			r := NewReader(strings.NewReader(c.text), Auto)
			p, err := r.Next()
			require.ErrorAs(t, err, new(*Refusal))
			require.ErrorContains(t, err, c.says)
			require.Empty(t, p.Bytes)
			require.Equal(t, Auto, r.Form())
			_, again := r.Next()
			require.Equal(t, err, again, "it stays")
		}
	}
	streams, _, err := read(NewReader(strings.NewReader("PK\x03\x04\x14\x00"), Raw))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"": "PK\x03\x04\x14\x00"}, streams, "raw is raw")
}

// What tshark prints is read with every separator, quoted or not, and with the names of the columns above.
func TestFieldsOptions(t *testing.T) {
	payload := "08002020000000c00000"
	for _, c := range []struct{ name, text string }{
		{"-E header=y", "tcp.stream\ttcp.payload\n0\t" + payload + "\n0\t4142\n"},
		{"-E header=y, no payload at first", "tcp.stream\ttcp.srcport\ttcp.payload\n0\t\t\n0\t\t" + payload + "\n0\t\t4142\n"},
		{"-E quote=d", "\"0\"\t\"" + payload + "\"\n\"0\"\t\"4142\"\n"},
		{"-E quote=s", "'0'\t'" + payload + "'\n'0'\t'4142'\n"},
		{"-E separator=,", "0," + payload + "\n0,4142\n"},
		{"-E separator=;", "0;49152;" + payload + "\n0;49152;4142\n"},
		{"-E separator=, no payload at first", "0,\n0," + payload + "\n0,4142\n"},
		{"-E header=y separator=, quote=d", "\"tcp.stream\",\"tcp.payload\"\r\n\"0\",\"" + payload + "\"\r\n\"0\",\"4142\"\r\n"},
		{"payload first", "tcp.payload\ttcp.stream\n" + payload + "\t0\n4142\t0\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, []Form{Fields}, detected(t, c.text))
			for _, form := range []Form{Auto, Fields} {
				streams, _, err := read(NewReader(strings.NewReader(c.text), form))
				require.NoError(t, err)
				got := ""
				for _, bytes := range streams {
					got += bytes
				}
				require.Equal(t, "\x08\x00\x20\x20\x00\x00\x00\xc0\x00\x00AB", got)
				require.Len(t, streams, 1)
			}
		})
	}
	for text, column := range map[string]int{"\"0\",\"08002020000000c0000g\"": 25, "0," + payload[:19]: 21, "tcp.payload,tcp.stream\n080020g0,1": 7} {
		_, _, err := read(NewReader(strings.NewReader(text), Fields))
		var fault *Error
		require.ErrorAs(t, err, &fault)
		require.Equal(t, column, fault.Column, text)
	}
}

// A log has one run a line; with another one nobody knows which is the message.
func TestLogFaults(t *testing.T) {
	run := "08002020000000c00000"
	for _, c := range []struct {
		text         string
		line, column int
		says         string
	}{
		{"a " + run + " b " + run, 1, 26, "a second run of hexadecimal digits besides that at column 3: cut out one of them"},
		{"x\na " + run + "0", 2, 23, oddDigits},
		{"12:00 0000: 08 00 20 20 00 00 00 c0 00 00", 1, 1, "a listing with something before its offsets: cut that off"},
	} {
		_, _, err := read(NewReader(strings.NewReader(c.text), Log))
		var fault *Error
		require.ErrorAs(t, err, &fault, c.text)
		require.Equal(t, []any{c.line, c.column, c.says}, []any{fault.Line, fault.Column, fault.Says})
	}
	r := NewReader(strings.NewReader("up\n\na "+run+"\na 4111111111111111 b\nb="+run+"\n"), Auto)
	streams, starts, err := read(r)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"": strings.Repeat("\x08\x00\x20\x20\x00\x00\x00\xc0\x00\x00", 2)}, streams)
	require.Equal(t, 2, starts)
	require.Equal(t, 2, r.Passed(), "of lines that are not blank")
}
