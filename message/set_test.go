package message

import (
	"strings"
	"testing"
	"time"

	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

// Setting a field over and over does not make the message grow.
func TestArenaStaysBounded(t *testing.T) {
	m := codecFor(t, "unionpay-pos+field59-opaque").New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetHeader(make([]byte, 11)))
	for i := range 20000 {
		require.NoError(t, m.Set(60, "2200000100050"+strings.Repeat("0", i%10)))
		require.NoError(t, m.Set(59, strings.Repeat("AB", i%900)))
		require.NoError(t, m.SetPath("55.9F26", "0102030405060708"))
	}
	require.Less(t, cap(m.arena), 64<<10)
	require.Less(t, cap(m.derived), 64<<10)
	back := m.codec.New()
	require.NoError(t, back.Unpack(packed(t, m)))
	require.Equal(t, values(m), values(back))
}

func TestFailedSetNeverPacks(t *testing.T) {
	m := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, m.SetMTI("0200"))
	require.ErrorIs(t, m.Set(4, "12a"), ErrDigit)
	require.NoError(t, m.Set(3, "000000"))
	_, err := m.Pack()
	require.ErrorIs(t, err, ErrDigit)
	var fault *Error
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "4", fault.Path)
	m.Reset()
	require.NoError(t, m.Err())
}

func TestSetRefuses(t *testing.T) {
	for _, c := range []struct {
		number int
		value  string
		kind   Kind
	}{
		{2, strings.Repeat("1", 20), ErrTooLong}, {3, "1234567", ErrTooLong}, {3, "00000A", ErrDigit}, {4, "-1", ErrDigit},
		{4, "+1", ErrDigit}, {28, "X00000001", ErrCharacter}, {28, "", ErrCharacter}, {35, "12*34", ErrCharacter}, {41, "\x01", ErrCharacter},
		{52, "0102", ErrTooShort}, {52, "010203040506070G", ErrDigit}, {1, "1", ErrUnknown}, {129, "1", ErrUnknown}, {-1, "1", ErrUnknown},
	} {
		m := codecFor(t, "iso8583-1987-ascii").New()
		require.ErrorIs(t, m.Set(c.number, c.value), c.kind, "%d", c.number)
	}
}

func TestShortValuesArePadded(t *testing.T) {
	m := codecFor(t, "iso8583-1987-binary").New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(4, "1999"))
	require.NoError(t, m.Set(22, "51"))
	require.NoError(t, m.Set(41, "T1"))
	require.NoError(t, m.SetInt(11, 42))
	require.NoError(t, m.SetInt(28, -150))
	require.Equal(t, "000000001999", m.Field(4).Text())
	require.Equal(t, "051", m.Field(22).Text())
	require.Equal(t, "T1      ", m.Field(41).Text())
	require.Equal(t, "T1", m.Field(41).Trimmed())
	require.Equal(t, "000042", m.Field(11).Text())
	require.Equal(t, "D00000150", m.Field(28).Text())
	fee, err := m.Field(28).Int64()
	require.NoError(t, err)
	require.Equal(t, int64(-150), fee)
}

func TestMessageTypeChoosesTheFraming(t *testing.T) {
	codec := MustCompile(spec.MustNew(spec.Config{Name: "by type", Fields: []spec.Field{
		{Number: 48, Format: "ans...999", ByMTI: []spec.Framing{{MTI: "08xx", Field: spec.Field{Format: "n 4"}}}},
	}}))
	m := codec.New()
	require.ErrorIs(t, m.Set(48, "1"), ErrType, "the type is not known yet")
	m.Reset()
	require.NoError(t, m.SetMTI("0800"))
	require.NoError(t, m.Set(48, "7"))
	require.Equal(t, "0007", m.Field(48).Text())
	require.ErrorIs(t, m.SetMTI("0200"), ErrType, "the field would be read otherwise")
	m.Reset()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(48, "abc"))
	require.Equal(t, "0200"+"0000000000010000"+"003abc", string(packed(t, m)))
}

func TestAllocations(t *testing.T) {
	if underRace {
		t.Skip("counted without the race detector")
	}
	for _, name := range []string{"iso8583-1987-ascii", "iso8583-1987-binary"} {
		codec := codecFor(t, name)
		_, built := build(t, codec.Spec())
		wire := packed(t, built)
		m, buf := codec.New(), make([]byte, 0, 2*len(wire))
		require.NoError(t, m.Unpack(wire))
		check := func(what string, f func()) {
			require.Zero(t, testing.AllocsPerRun(100, f), "%s %s", name, what)
		}
		check("Unpack", func() { m.Unpack(wire) })
		check("AppendPack", func() { m.AppendPack(buf) })
		check("Int64", func() { m.Field(4).Int64() })
		check("Equal", func() { m.Field(41).Equal("TERM0001") })
		check("AppendText", func() { m.Field(2).AppendText(buf) })
		check("Set", func() {
			m.Reset()
			m.SetMTI("0200")
			for number, value := range sample {
				m.Set(number, value)
			}
			m.SetInt(4, 1999)
			m.AppendPack(buf)
		})
		check("edit", func() {
			m.Unpack(wire)
			m.Set(11, "000777")
			m.Set(39, "00")
			m.AppendPack(buf)
		})
	}
	chip := unionPayFrames(t)
	for _, f := range chip {
		m := unpacked(t, f)
		require.Zero(t, testing.AllocsPerRun(20, func() { m.Unpack(f.wire) }), f.name)
		if m.Has(55) {
			require.Zero(t, testing.AllocsPerRun(20, func() { m.Field(55).Tag(0x9F26).Present() }), f.name)
		}
	}
}

// A value that is padded, or written by message type, has its parts at once.
func TestPartsOfValuesSetTheLongWay(t *testing.T) {
	parts := &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "n 6"}}}
	m := MustCompile(spec.MustNew(spec.Config{Name: "long way", Encoding: spec.BCD, Fields: []spec.Field{
		{Number: 60, Format: "n 8", Layout: parts},
		{Number: 61, Format: "n 8", Layout: parts, ByMTI: []spec.Framing{{MTI: "08xx", Field: spec.Field{Format: "n 4"}}}},
	}})).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(60, "123"))
	require.NoError(t, m.Set(61, "12345678"))
	require.Equal(t, "00", m.Get("60.1").Text())
	require.Equal(t, "000123", m.Get("60.2").Text())
	require.Equal(t, "345678", m.Get("61.2").Text())
	require.NoError(t, m.Set(60, "98"))
	require.Equal(t, "000098", m.Get("60.2").Text())
	require.Equal(t, "000098", unpackedFrom(t, m).Get("60.2").Text())
}

// Setting fields by path, comparing long values, looking up fields and making responses and reversals in memory that is
// there take none.
func TestNoMemoryAnywhere(t *testing.T) {
	m := MustCompile(spec.ISO8583v1987ASCII()).New()
	require.NoError(t, m.SetMTI("0200"))
	long := strings.Repeat("a", 999)
	for number, text := range map[int]string{2: "4761739001010119", 7: "1129170000", 11: "000001", 32: "123456", 41: "TERM0001", 48: long, 55: "9F0206000000001999"} {
		require.NoError(t, m.Set(number, text))
	}
	other, reversal, response := m.Clone(), m.Codec().New(), m.Codec().New()
	require.NoError(t, other.SetMTI("0210"))
	now := time.Now()
	for name, f := range map[string]func() error{
		"SetPath":          func() error { return m.SetPath("48", long) },
		"SetPath of bytes": func() error { return m.SetPath("55", "9F0206000000001999") },
		"SetPathBytes":     func() error { return m.SetPathBytes("48", m.image[:0]) },
		"SetPathInt":       func() error { return m.SetPathInt("4", 5) },
		"SetPathTime":      func() error { return m.SetPathTime("7", now) },
		"ResponseInto":     func() error { return ResponseInto(response, m) },
		"ReversalInto":     func() error { return ReversalInto(reversal, m) },
		"Lookup":           func() error { _, err := m.Lookup("4"); return err },
		"Lookup, absent":   func() error { _, err := m.Lookup("70"); return err },
		"Equal":            func() error { return unless(other.Field(48).Equal(long)) },
		"Equal, bytes":     func() error { return unless(other.Field(55).Equal("9F0206000000001999")) },
		"Equal, absent":    func() error { return unless(!other.Field(70).Equal("")) },
		"Answers":          func() error { return unless(Answers(m, other, 41, 48)) },
	} {
		if name == "Answers" {
			require.NoError(t, m.Set(48, long))
		}
		require.NoError(t, f(), name)
		require.Zero(t, testing.AllocsPerRun(100, func() { f() }), name)
	}
}

func unless(ok bool) error {
	if ok {
		return nil
	}
	return errNoCodec
}

// The message type is field 0 in every way of reading one.
func TestFieldOfMessageType(t *testing.T) {
	m := MustCompile(spec.ISO8583v1987Binary()).New()
	require.False(t, m.Field(0).Present())
	require.NoError(t, m.SetMTI("0200"))
	require.Equal(t, "0200", m.Field(0).Text())
	require.Equal(t, m.Get("0"), m.Field(0))
	require.True(t, m.Field(0).Equal("0200"))
	number, err := m.Field(0).Int64()
	require.NoError(t, err)
	require.EqualValues(t, 200, number)
	back := m.Codec().New()
	require.NoError(t, back.Unpack(packed(t, m)))
	require.Equal(t, "0200", back.Field(0).String())
}
