package connection

import (
	"fmt"
	"strings"
	"sync"
)

// Preset is a framing in use somewhere, under the short name that command lines and configuration files use.
type Preset struct {
	Name    string
	Use     string // one line: the bytes on the wire and where they are met
	Framing Framing
}

// tpdu is the length of the transport header of ISO 8583 over NAC networks: one byte id, two bytes destination, two
// bytes source.
const tpdu = 5

var (
	makePresets sync.Once
	madePresets []Preset
)

// presets makes them when somebody asks: a program that does not ask links only the framings that it names.
func presets() []Preset {
	makePresets.Do(func() { madePresets = newPresets() })
	return madePresets
}

func newPresets() []Preset {
	return []Preset{
		length("binary2", "2 bytes big-endian; most hosts, Postilion, China POS, Mastercard MIP", Descriptor{Width: 2}),
		length("binary2-inclusive", "2 bytes big-endian that count themselves; American Express", Descriptor{Width: 2, Adjust: 2}),
		length("binary2-le", "2 bytes little-endian", Descriptor{Width: 2, Encoding: LittleEndian}),
		length("binary3", "3 bytes big-endian", Descriptor{Width: 3}),
		length("binary4", "4 bytes big-endian", Descriptor{Width: 4}),
		length("binary4-inclusive", "4 bytes big-endian that count themselves", Descriptor{Width: 4, Adjust: 4}),
		length("binary4-le", "4 bytes little-endian", Descriptor{Width: 4, Encoding: LittleEndian}),
		length("bcd2", "2 bytes packed decimal", Descriptor{Width: 2, Encoding: BCD}),
		length("ascii2", "2 ASCII digits", Descriptor{Width: 2, Encoding: ASCII}),
		length("ascii3", "3 ASCII digits", Descriptor{Width: 3, Encoding: ASCII}),
		length("ascii4", "4 ASCII digits; IFSF, many hosts", Descriptor{Width: 4, Encoding: ASCII}),
		length("ascii4-inclusive", "4 ASCII digits that count themselves", Descriptor{Width: 4, Encoding: ASCII, Adjust: 4}),
		length("ascii5", "5 ASCII digits", Descriptor{Width: 5, Encoding: ASCII}),
		length("ascii6", "6 ASCII digits", Descriptor{Width: 6, Encoding: ASCII}),
		length("hex4", "4 ASCII hexadecimal digits", Descriptor{Width: 4, Encoding: ASCIIHex}),
		length("ebcdic4", "4 EBCDIC digits; mainframe hosts", Descriptor{Width: 4, Encoding: EBCDIC}),

		length("nac", "2 bytes big-endian, then a 5-byte TPDU that is counted", Descriptor{Width: 2, Header: HeaderRule{Size: tpdu}}),
		length("nac-inclusive", "as nac, the length counting itself", Descriptor{Width: 2, Adjust: 2, Header: HeaderRule{Size: tpdu}}),
		length("ncc", "2 bytes packed decimal, then a 5-byte TPDU that is counted", Descriptor{Width: 2, Encoding: BCD, Header: HeaderRule{Size: tpdu}}),
		length("china-pos", "2 bytes big-endian, TPDU and 6-byte packed header counted; UnionPay terminals", Descriptor{Width: 2, Header: HeaderRule{Size: tpdu + 6}}),
		length("cups", "4 ASCII digits, then the 46-byte UnionPay header that is counted", Descriptor{Width: 4, Encoding: ASCII, Header: HeaderRule{Size: 46, SelfDescribed: true}}),
		length("cs", "2 bytes big-endian and 2 zero bytes", Descriptor{Width: 2, Reserved: []byte{0, 0}}),
		length("gicc", "2 zero bytes and 2 bytes big-endian; empty frames are echoed", Descriptor{Prefix: []byte{0, 0}, Width: 2, Zero: ZeroEcho}),
		length("cmf", "3 bytes big-endian; empty frames are echoed", Descriptor{Width: 3, Zero: ZeroEcho}),
		length("vmlh", "Visa: 2 bytes big-endian, a zero byte, format and session control", Descriptor{Width: 2, Reserved: []byte{0, 0}, AnyReserved: true, Max: 2048}),
		length("vap", "Visa: 2 bytes big-endian and 2 zero bytes, then the BASE I header; polls are echoed", Descriptor{
			Width: 2, Reserved: []byte{0, 0}, AnyReserved: true, Max: 2048, Zero: ZeroEcho,
			Header: HeaderRule{Size: 22, SelfDescribed: true, Chained: true}}),
		length("base24-tcp", "2 bytes big-endian that count a trailing ETX; empty frames are echoed", Descriptor{Width: 2, Adjust: 1, Trailer: []byte{etx}, Zero: ZeroEcho}),
		length("iso-literal", "2 bytes big-endian, then the 12-byte BASE24 header that starts with ISO", Descriptor{Width: 2, Header: HeaderRule{Size: 12}}),
		length("powercard", "ISO, then 4 ASCII digits that count the message after a 9-byte header", Descriptor{
			Prefix: []byte("ISO"), Width: 4, Encoding: ASCII, Adjust: -9, Header: HeaderRule{Size: 9}}),
		length("tpkt", "RFC 1006: 03 00, 2 bytes big-endian that count everything, X.224 02 F0 80", Descriptor{
			Prefix: []byte{3, 0}, Width: 2, Adjust: 7, Reserved: []byte{2, 0xF0, 0x80}}),

		{"rbp", "D0 4A, 2 bytes big-endian, flags; a message may come in fragments", RBPFraming{}},
		{"stx", "STX message ETX LRC", STXFraming{}},
		{"stx-ack", "STX message ETX LRC, answered with ACK or NAK", STXFraming{Ack: true}},
		{"stx-bcd2", "STX, 2 bytes packed decimal, message ETX LRC", STXFraming{Counted: true}},
		{"stx-bcd2-ack", "STX, 2 bytes packed decimal, message ETX LRC, answered with ACK or NAK", STXFraming{Counted: true, Ack: true}},
		{"base24", "message ETX; BASE24 over X.25", TerminatedFraming{End: []byte{etx}, Max: 4096}},
		{"xml", "XML text up to the closing isomsg tag", TerminatedFraming{End: []byte("</isomsg>"), Keep: true, Max: 1 << 16}},
		{"whole-read", "no framing: whatever one read returns", WholeReadFraming{}},
	}
}

func length(name, use string, d Descriptor) Preset {
	d.Name = name
	return Preset{name, use, MustNewFraming(d)}
}

// Presets returns every framing with a name, in the order of a table meant for people.
func Presets() []Preset { return append([]Preset(nil), presets()...) }

// FramingNames returns the names FramingByName knows.
func FramingNames() []string {
	names := make([]string, len(presets()))
	for i, p := range presets() {
		names[i] = p.Name
	}
	return names
}

// FramingByName returns the preset of that name; its error lists the names there are.
func FramingByName(name string) (Framing, error) {
	for _, p := range presets() {
		if p.Name == name {
			return p.Framing, nil
		}
	}
	return nil, fmt.Errorf("no framing is called %q; there are %s", name, strings.Join(FramingNames(), ", "))
}
