//go:build amd64 || arm64

package moovspec_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
	moovsort "github.com/moov-io/iso8583/sort"
	"github.com/moov-io/iso8583/specs"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec/moovspec"
)

// Where moov's bytes or values are not copied. Each case reads a body behind "0200" and a bitmap with field 2, and writes
// a value; it holds what comes of both in moov, which shows that the defect is still there, and here, with the reason in
// the name. "!" and a kind or text stands for an error, "panic" for a panic.
var defects = []struct {
	name         string
	field        func() field.Field
	body         string // in hexadecimal
	reads, read  string // what moov and what ours reads from body: the value, then the body written again
	value        string // to set, "" for none
	writes, want string // what moov and what ours writes for value
	inside       string // the part that value goes to
}{
	{name: "P1: a negative EBCDIC length takes moov down", field: parts(prefix.EBCDIC.LLL, nil), body: "60F0F5", reads: "panic", read: "!bad length"},
	{name: "P1: as does one of page 1047", field: parts(prefix.EBCDIC1047.LLL, nil), body: "60F0F5", reads: "panic", read: "!bad length"},
	{name: "P2: a BER length of eight bytes takes moov down", field: nested, body: "3031307288FFFFFFFFFFFFFFFF", reads: "panic", read: "!bad length"},
	{name: "P3: as does one of BCD", field: leafOf(encoding.BCD, prefix.BerTLV, 0), body: "887FFFFFFFFFFFFFFF", reads: "panic", read: "!bad length"},
	{name: "P5: as does one of hexadecimal", field: leafOf(encoding.BytesToASCIIHex, prefix.BerTLV, 0), body: "887FFFFFFFFFFFFFFF", reads: "panic", read: "!bad length"},

	{name: "C1: moov leaves out a BER length of nothing", field: chip, body: "3030339F0200", reads: " 3030329F02", read: " 3030339F0200",
		inside: "9F02", value: "", writes: "3030329F02", want: "3030339F0200"},
	{name: "C2: moov counts the bytes of UTF-8", field: leafOf(encoding.EBCDIC1047, prefix.ASCII.LL, 9), body: "303151", reads: "é 303251", read: "\xe9 303151"},
	{name: "the line feed of page 1047 is 15 here, as in z/OS and Java", field: leafOf(encoding.EBCDIC1047, prefix.ASCII.LL, 9), body: "303115", reads: "\u0085 303215", read: "\n 303115",
		value: "\n", writes: "303125", want: "303115"},
	{name: "C3: moov does not read five bytes of length", field: leafOf(encoding.ASCII, prefix.Binary.LLLLL, 99), body: "00000000024142", reads: " 0000000000", read: "AB 00000000024142",
		value: "AB", writes: "00000000024142", want: "00000000024142"},
	{name: "C8: moov ignores bytes that are left over", field: leafOf(encoding.ASCII, prefix.ASCII.Fixed, 2), body: "414243", reads: "AB 4142", read: "!trailing bytes"},
	{name: "C9: moov keeps the last of equal tags", field: chip, body: "3030389F0201AA9F0201BB", reads: " 3030349F0201BB", read: " 3030389F0201AA9F0201BB"},
	{name: "#354: moov changes the order of tags", field: chip, body: "3030379F0201AA9A01BB", reads: " 3030379A01BB9F0201AA", read: " 3030379F0201AA9A01BB"},
	{name: "C11: moov drops the nibble beside the digits", field: leafOf(encoding.BCD, prefix.ASCII.Fixed, 3), body: "9123", reads: "123 0123", read: "123 9123"},
	{name: "C11: moov reads a nibble F as a zero byte", field: leafOf(encoding.BCD, prefix.ASCII.Fixed, 4), body: "123F", reads: "123\x00 !", read: "!not a digit"},
	{name: "an F beside an odd number of digits", field: leafOf(encoding.LBCD, prefix.ASCII.Fixed, 3), body: "123F", reads: "123 1230", read: "123 123F"},
	{name: "C12: moov takes a sign for a digit of a length", field: leafOf(encoding.ASCII, prefix.ASCII.LL, 9), body: "2B324142", reads: "AB 30324142", read: "!bad length"},
	{name: "C12: moov takes a sign for a digit", field: numberOf(prefix.ASCII.Fixed, padding.Left('0')), body: "2D31323334", reads: "-1234 2D31323334", read: "!not a digit",
		value: "-123", writes: "302D313233", want: "!not a digit"},
	{name: "an odd length's first nibble", field: leafOf(encoding.ASCII, prefix.BCD.L, 9), body: "924142", reads: "AB 024142", read: "!bad length"},
	{name: "C13: moov loses zeros", field: numberOf(prefix.ASCII.LL, nil), body: "303530303132", reads: "!", read: "!truncated",
		value: "0012", writes: "30323132", want: "303430303132"},
	{name: "C14: a variable field is filled up, as in moov", field: padded(encoding.ASCII, prefix.ASCII.LL, 4, padding.Right(' ')), body: "30324142", reads: "AB 303441422020", read: "AB 30324142",
		value: "ab", writes: "303461622020", want: "303461622020"},
	{name: "C15: moov strips data that looks like padding", field: binary(padding.Right(0)), body: "01020000", reads: "0102 01020000", read: "01020000 01020000",
		value: "\x01", writes: "01000000", want: "01000000"},
	{name: "C16: moov writes a track that it cannot read", field: func() field.Field { return field.NewTrack2(leaf2(37)) }, body: "30313D", reads: "!", read: "= 30313D"},
	{name: "C20: moov strips all digits of nothing", field: padded(encoding.ASCII, prefix.ASCII.Fixed, 4, padding.Left('0')), body: "30303030", reads: " 30303030", read: "0000 30303030"},
	{name: "R3: moov counts digits when it writes, bytes when it reads", field: leafOf(encoding.ASCIIHexToBytes, prefix.Binary.L, 9), body: "02AABB", reads: "AABB 04AABB", read: "AABB 02AABB",
		value: "AABB", writes: "04AABB", want: "02AABB"},
	{name: "None.Fixed takes bytes for digits in moov", field: leafOf(encoding.BCD, prefix.None.Fixed, 9), body: "123456", reads: "234 0234", read: "123456 123456"},
	{name: "None.Fixed takes characters for bytes in moov", field: leafOf(encoding.BytesToASCIIHex, prefix.None.Fixed, 9), body: "34313432", reads: "!", read: "AB 34313432"},
	{name: "S1: Hex.Fixed demands twice the length in moov", field: leafOf(encoding.ASCII, prefix.Hex.Fixed, 2), body: "4142", reads: "AB !", read: "AB 4142",
		value: "AB", writes: "!", want: "4142"},
	{name: "S3: moov does not zero-fill a number", field: numberOf(prefix.ASCII.Fixed, nil), body: "3030313233", reads: "123 !", read: "00123 3030313233",
		value: "123", writes: "!", want: "3030313233"},
	{name: "a length that is longer than it needs to be", field: chip, body: "3030359F028101AA", reads: " 3030349F0201AA", read: " 3030359F028101AA"},
	{name: "an indefinite length", field: chip, body: "3030339F0280", reads: " 3030329F02", read: "!bad length"},
	{name: "a BER length of five bytes", field: chip, body: "3030399F02850000000001AA", reads: " 3030349F0201AA", read: "!bad length"},
	{name: "tags that the spec does not list", field: chip, body: "3030338401AA", reads: "!", read: " 3030338401AA"},
	{name: "zero bytes between data objects (EMV Book 3, annex B)", field: chip, body: "303035009A01AA00", reads: "!", read: " 303035009A01AA00"},
	{name: "a part that is missing where there is no length", field: parts(prefix.None.Fixed, nil), body: "4142", reads: "!", read: " 4142"},
}

func TestDefectsAreNotCopied(t *testing.T) {
	for _, c := range defects {
		t.Run(c.name, func(t *testing.T) {
			ms := &iso8583.MessageSpec{Name: "defect", Fields: map[int]field.Field{
				0: field.NewString(&field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed}),
				1: field.NewBitmap(&field.Spec{Length: 8, Enc: encoding.Binary, Pref: prefix.Hex.Fixed}),
				2: c.field(),
			}}
			s, _, err := moovspec.From(ms)
			require.NoError(t, err)
			codec := message.MustCompile(s)
			body, err := hex.DecodeString(c.body)
			require.NoError(t, err)
			if c.body != "" {
				require.Equal(t, c.reads, theirRead(ms, append([]byte(front), body...)), "moov reads")
				require.Equal(t, c.read, ourRead(codec, append([]byte(front), body...)), "read")
			}
			if c.value != "" || c.writes != "" {
				require.Equal(t, c.writes, theirWrite(ms, c.inside, c.value), "moov writes")
				require.Equal(t, c.want, ourWrite(codec, c.inside, c.value), "written")
			}
		})
	}
}

const front = "0200" + "\x40\x00\x00\x00\x00\x00\x00\x00"

func theirRead(ms *iso8583.MessageSpec, wire []byte) (out string) {
	defer func() {
		if recover() != nil {
			out = "panic"
		}
	}()
	m := iso8583.NewMessage(ms)
	if m.Unpack(wire) != nil {
		return "!"
	}
	value := ""
	if f := m.GetField(2); f.Spec().Subfields == nil {
		value, _ = f.String()
	}
	return value + " " + theirPack(m)
}

func theirPack(m *iso8583.Message) string {
	wire, err := m.Pack()
	if err != nil {
		return "!"
	}
	return fmt.Sprintf("%X", wire[len(front):])
}

func ourRead(codec *message.Codec, wire []byte) string {
	m := codec.New()
	if err := m.Unpack(wire); err != nil {
		return kindOf(err)
	}
	value := ""
	if !m.Field(2).HasParts() {
		value = m.Field(2).Text()
	}
	return value + " " + ourPack(m)
}

func kindOf(err error) string {
	var fault *message.Error
	if !errors.As(err, &fault) {
		return err.Error()
	}
	return "!" + fault.Kind.Error()
}

func ourPack(m *message.Message) string {
	wire, err := m.Pack()
	if err != nil {
		return kindOf(err)
	}
	return fmt.Sprintf("%X", wire[len(front):])
}

func theirWrite(ms *iso8583.MessageSpec, inside, value string) string {
	m := iso8583.NewMessage(ms)
	m.MTI("0200")
	var err error
	if inside != "" {
		err = m.MarshalPath("2."+inside, []byte(value))
	} else {
		err = m.Field(2, value)
	}
	if err != nil {
		return "!"
	}
	return theirPack(m)
}

func ourWrite(codec *message.Codec, inside, value string) string {
	m := codec.New()
	if err := m.SetMTI("0200"); err != nil {
		return err.Error()
	}
	if inside != "" {
		_ = m.SetPath("2."+inside, value) // Pack returns the error
	} else if strings.HasPrefix(codec.Spec().Resolved().Fields[1].Format, "b.") {
		_ = m.Set(2, value)
	} else {
		_ = m.SetBytes(2, []byte(value))
	}
	return ourPack(m)
}

func leafOf(enc encoding.Encoder, p prefix.Prefixer, length int) func() field.Field {
	return padded(enc, p, length, nil)
}

func padded(enc encoding.Encoder, p prefix.Prefixer, length int, pad padding.Padder) func() field.Field {
	return func() field.Field { return field.NewString(&field.Spec{Enc: enc, Pref: p, Length: length, Pad: pad}) }
}

func leaf2(length int) *field.Spec {
	return &field.Spec{Enc: encoding.ASCII, Pref: prefix.ASCII.LL, Length: length}
}

func numberOf(p prefix.Prefixer, pad padding.Padder) func() field.Field {
	return func() field.Field {
		return field.NewNumeric(&field.Spec{Enc: encoding.ASCII, Pref: p, Length: 5, Pad: pad})
	}
}

func binary(pad padding.Padder) func() field.Field {
	return func() field.Field {
		return field.NewBinary(&field.Spec{Enc: encoding.Binary, Pref: prefix.Binary.Fixed, Length: 4, Pad: pad})
	}
}

// parts is a composite of two fixed parts.
func parts(p prefix.Prefixer, pad padding.Padder) func() field.Field {
	return func() field.Field {
		one := func() field.Field {
			return field.NewString(&field.Spec{Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Length: 2, Pad: pad})
		}
		return field.NewComposite(&field.Spec{Length: 99, Pref: p, Tag: &field.TagSpec{Sort: moovsort.StringsByInt},
			Subfields: map[string]field.Field{"1": one(), "2": one()}})
	}
}

func chip() field.Field {
	data := func() field.Field { return field.NewBinary(&field.Spec{Enc: encoding.Binary, Pref: prefix.BerTLV}) }
	return field.NewComposite(&field.Spec{Length: 255, Pref: prefix.ASCII.LLL, Tag: &field.TagSpec{Enc: encoding.BerTLVTag, Sort: moovsort.StringsByHex},
		Subfields: map[string]field.Field{"9F02": data(), "9A": data()}})
}

func nested() field.Field {
	inner := field.NewComposite(&field.Spec{Pref: prefix.BerTLV, Tag: &field.TagSpec{Enc: encoding.BerTLVTag, Sort: moovsort.StringsByHex},
		Subfields: map[string]field.Field{"9A": field.NewBinary(&field.Spec{Enc: encoding.Binary, Pref: prefix.BerTLV})}})
	return field.NewComposite(&field.Spec{Length: 255, Pref: prefix.ASCII.LLL, Tag: &field.TagSpec{Enc: encoding.BerTLVTag, Sort: moovsort.StringsByHex},
		Subfields: map[string]field.Field{"72": inner}})
}

// P4: eight bytes make moov ask for all memory there is, from which no program recovers; moov is not run here.
func TestOutOfMemory(t *testing.T) {
	ms := &iso8583.MessageSpec{Fields: map[int]field.Field{0: iso8583.Spec87.Fields[0], 1: iso8583.Spec87.Fields[1], 2: leafOf(encoding.LBCD, prefix.BerTLV, 0)()}}
	s, _, err := moovspec.From(ms)
	require.NoError(t, err)
	wire := append([]byte("02004000000000000000"), 0x87, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)
	require.ErrorIs(t, message.MustCompile(s).New().Unpack(wire), message.ErrLength)
}

// Defects of whole messages and of the specs that moov ships.
func TestDefectsOfMessages(t *testing.T) {
	ascii := func() *field.Spec { return &field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed} }
	build := func(bitmap *field.Spec, numbers ...int) (*iso8583.MessageSpec, *message.Message, string) {
		ms := &iso8583.MessageSpec{Fields: map[int]field.Field{0: field.NewString(ascii()), 1: field.NewBitmap(bitmap)}}
		for _, n := range numbers {
			ms.Fields[n] = field.NewString(ascii())
		}
		s, warnings, err := moovspec.From(ms)
		require.NoError(t, err)
		return ms, message.MustCompile(s).New(), fmt.Sprint(warnings)
	}
	hexBitmap := &field.Spec{Enc: encoding.BytesToASCIIHex, Pref: prefix.Hex.Fixed}

	t.Run("C4: moov writes a field without its bit", func(t *testing.T) {
		ms, m, warnings := build(&field.Spec{Length: 1, Enc: encoding.Binary, Pref: prefix.Hex.Fixed, DisableAutoExpand: true}, 3, 9)
		theirs := iso8583.NewMessage(ms)
		theirs.MTI("0800")
		require.NoError(t, theirs.Field(9, "ABCD"))
		wire, err := theirs.Pack()
		require.NoError(t, err)
		require.Equal(t, "0800\x00ABCD", string(wire))
		require.Contains(t, warnings, "9: the bitmaps announce 2 to 8: left out")
		require.ErrorIs(t, m.Set(9, "ABCD"), message.ErrUnknown)
	})
	t.Run("C5: moov drops field 65", func(t *testing.T) {
		ms, m, warnings := build(hexBitmap, 3, 65)
		theirs := iso8583.NewMessage(ms)
		theirs.MTI("0800")
		require.NoError(t, theirs.Field(65, "ABCD"))
		wire, err := theirs.Pack()
		require.NoError(t, err)
		require.False(t, bytes.Contains(wire, []byte("ABCD")))
		require.Contains(t, warnings, "65: this bit announces a bitmap: what it is set to is dropped, as moov does")
		require.NoError(t, m.SetMTI("0800"))
		require.NoError(t, m.Set(65, "ABCD"))
		require.NoError(t, message.Marshal(m, struct{ F65 string }{"ABCD"}))
		require.False(t, m.Has(65))
		ours, err := m.Pack()
		require.NoError(t, err)
		require.Equal(t, string(wire), string(ours))
		require.ErrorIs(t, m.Set(66, "ABCD"), message.ErrUnknown, "as it is in moov")
		require.Error(t, theirs.Field(66, "ABCD"))
	})
	t.Run("C7, C19: message types", func(t *testing.T) {
		ms, m, _ := build(hexBitmap, 3)
		theirs := iso8583.NewMessage(ms)
		wire, err := theirs.Pack()
		require.NoError(t, err)
		require.Equal(t, "0000000000000000", string(wire))
		require.Error(t, iso8583.NewMessage(ms).Unpack(wire), "what moov packs without a type it cannot read itself")
		_, err = m.Pack()
		require.ErrorIs(t, err, message.ErrMissing)
		body, err := m.AppendBody(nil)
		require.NoError(t, err)
		require.Equal(t, string(wire), string(body))
		require.ErrorIs(t, m.SetMTI("08X0"), message.ErrDigit)
	})
	t.Run("C6: moov closes gaps between parts", func(t *testing.T) {
		ms, _, _ := build(hexBitmap)
		ms.Fields[2] = parts(prefix.ASCII.LL, nil)()
		s, _, err := moovspec.From(ms)
		require.NoError(t, err)
		m := message.MustCompile(s).New()
		require.ErrorIs(t, m.SetPath("2.2", "CC"), message.ErrMissing)
	})
	t.Run("C10: moov drops what its spec does not have", func(t *testing.T) {
		ms, _, _ := build(hexBitmap)
		ms.Fields[2] = chip()
		s, _, err := moovspec.From(ms)
		require.NoError(t, err)
		type data struct {
			F2 *struct {
				F1 string
			}
		}
		require.ErrorIs(t, message.Marshal(message.MustCompile(s).New(), &data{}), message.ErrUnknown)
	})
	t.Run("C17: values are copied", func(t *testing.T) {
		_, m, _ := build(hexBitmap, 3)
		value := []byte("ABCD")
		require.NoError(t, m.SetBytes(3, value))
		clear(value)
		require.Equal(t, "ABCD", m.Field(3).Text())
	})
}

func TestSpecsThatMoovShips(t *testing.T) {
	s, _, err := moovspec.From(specs.Spec87Hex)
	require.NoError(t, err)
	theirs := iso8583.NewMessage(specs.Spec87Hex)
	theirs.MTI("0800")
	_, err = theirs.Pack()
	require.ErrorContains(t, err, "should be fixed", "S1: moov packs nothing")
	m := message.MustCompile(s).New()
	require.NoError(t, m.SetMTI("0800"))
	require.NoError(t, m.Set(11, "000001"))
	wire, err := m.Pack()
	require.NoError(t, err)
	require.NoError(t, iso8583.NewMessage(specs.Spec87Hex).Unpack(wire))

	s, warnings, err := moovspec.From(specs.Spec87ASCII)
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(warnings), "1: bitmaps of 16 bytes: there is always one", "S2")
	m = message.MustCompile(s).New()
	require.NoError(t, m.SetMTI("0800"))
	require.NoError(t, m.Set(11, "000001"))
	wire, err = m.Pack()
	require.NoError(t, err)
	require.Equal(t, "0800"+"00200000000000000000000000000000"+"000001", string(wire))
	require.NoError(t, iso8583.NewMessage(specs.Spec87ASCII).Unpack(wire))
}
