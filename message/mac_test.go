package message

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

func sum(dst, data []byte) ([]byte, error) {
	h := hmac.New(sha256.New, []byte("test key"))
	h.Write(data)
	return fmt.Appendf(dst, "%X", h.Sum(nil)), nil // as a field of characters takes it, and one of bytes too
}

var errWrongMAC = errors.New("wrong MAC")

func verify(data, mac []byte) error {
	want, _ := sum(nil, data)
	if !bytes.Equal(want[:len(mac)], mac) {
		return errWrongMAC
	}
	return nil
}

// The code covers the message from its type to the byte before field 64, with the bit of field 64 set, and verifies on
// the received bytes just as they are.
func TestMACThereAndBack(t *testing.T) {
	for _, f := range unionPayFrames(t) {
		m := unpacked(t, f)
		if !m.Has(64) {
			continue
		}
		start := int(m.spans[64].Start)
		var covered []byte
		wire, err := m.AppendPackMAC([]byte("ahead"), func(dst, data []byte) ([]byte, error) {
			covered = bytes.Clone(data)
			return sum(dst, data)
		})
		require.NoError(t, err, f.name)
		require.Equal(t, f.wire[len(m.Header()):start], covered, f.name)
		require.Equal(t, f.wire[:start], wire[5:5+start], f.name)

		back := codecFor(t, f.spec).New()
		require.NoError(t, back.Unpack(wire[5:]))
		require.NoError(t, back.VerifyMAC(verify), f.name)
		require.Equal(t, packed(t, m), packed(t, back), "the field is set in the message too")

		broken := bytes.Clone(wire[5:])
		broken[start-1] ^= 1
		if back.Unpack(broken) == nil {
			require.ErrorIs(t, back.VerifyMAC(verify), errWrongMAC, f.name)
		}
	}
}

func TestMACOfALongMessageIsField128(t *testing.T) {
	m := codecFor(t, "iso8583-1987-binary").New()
	require.NoError(t, m.SetMTI("0800"))
	require.NoError(t, m.Set(70, "301"))
	wire, err := m.AppendPackMAC(nil, sum)
	require.NoError(t, err)
	back := m.codec.New()
	require.NoError(t, back.Unpack(wire))
	require.True(t, back.Has(128))
	require.False(t, back.Has(64))
	require.NoError(t, back.VerifyMAC(verify))
	require.NoError(t, back.Set(70, "302"))
	require.ErrorIs(t, back.VerifyMAC(verify), ErrMissing, "an edited message is not the one received")
}

func TestFailingMACLeavesNoField(t *testing.T) {
	m := codecFor(t, "iso8583-1987-binary").New()
	require.NoError(t, m.SetMTI("0200"))
	failure := errors.New("HSM is away")
	_, err := m.AppendPackMAC(nil, func(_, _ []byte) ([]byte, error) { return nil, failure })
	require.ErrorIs(t, err, failure)
	require.False(t, m.Has(64))
	require.NoError(t, m.Err())
	require.ErrorIs(t, m.VerifyMAC(verify), ErrMissing)
}

// A message with a failed Set is as unfit for a code as it is for packing: nothing is signed, nothing appended, and the
// code's field stays unset.
func TestFailedSetIsNotSigned(t *testing.T) {
	for _, broken := range []struct {
		what string
		make func(m *Message)
	}{
		{"a failed Set", func(m *Message) { m.Set(4, "12x") }},
		{"a failed SetMTI", func(m *Message) { m.SetMTI("02x0") }},
		{"a failed SetPath", func(m *Message) { m.SetPath("60.1", "x") }},
		{"a failed Unpack", func(m *Message) { m.Unpack([]byte("0200")) }},
	} {
		m := codecFor(t, "iso8583-1987-ascii").New()
		m.SetMTI("0200")
		m.Set(11, "000001")
		broken.make(m)
		first := m.Err()
		require.Error(t, first, broken.what)

		called := false
		signed, err := m.AppendPackMAC([]byte("ahead"), func(dst, data []byte) ([]byte, error) {
			called = true
			return sum(dst, data)
		})
		require.Equal(t, first, err, broken.what)
		require.Equal(t, "ahead", string(signed), broken.what)
		require.False(t, called, broken.what)
		require.False(t, m.Has(64), broken.what)

		plain, err := m.AppendPack([]byte("ahead"))
		require.Equal(t, first, err, broken.what)
		require.Equal(t, "ahead", string(plain), broken.what)
		_, err = m.MarshalBinary()
		require.Equal(t, first, err, broken.what)
	}
}

// TestMACWithoutMemory holds that a code is checked where it lies, in characters and in bytes.
func TestMACWithoutMemory(t *testing.T) {
	for _, name := range []string{"unionpay-pos", "iso8583-1987-binary"} {
		m := codecFor(t, name).New()
		if name == "unionpay-pos" {
			require.NoError(t, m.SetHeader(make([]byte, 11)))
		}
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.Set(11, "000001"))
		wire, err := m.AppendPackMAC(nil, sum)
		require.NoError(t, err)
		require.NoError(t, m.Unpack(wire))
		require.NoError(t, m.VerifyMAC(verify))
		accept := func(_, _ []byte) error { return nil }
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if m.VerifyMAC(accept) != nil {
				t.Fatal("refused")
			}
		}), name)
	}
}

// A code that the field's form cannot hold is an error that stays with the message.
func TestMACOfAFieldThatTakesNoZeros(t *testing.T) {
	m := specOf(spec.Field{Number: 3, Format: "n 6"}, spec.Field{Number: 64, Format: "x+n 8"}).New()
	require.NoError(t, m.SetMTI("0200"))
	called := false
	_, err := m.AppendPackMAC(nil, func(dst, _ []byte) ([]byte, error) { called = true; return dst, nil })
	require.Error(t, err)
	require.ErrorContains(t, err, "field 64")
	require.Equal(t, err, m.Err())
	require.False(t, called)
	require.False(t, m.Has(64))
}

// codeless are messages of specs whose field 64 is characters, bytes, and of variable length.
func codeless(t *testing.T) map[string]*Message {
	variable := specOf(spec.Field{Number: 11, Format: "n 6"}, spec.Field{Number: 64, Format: "b..8", Encoding: spec.Raw}).New()
	out := map[string]*Message{"characters": codecFor(t, "unionpay-pos").New(), "bytes": codecFor(t, "iso8583-1987-binary").New(), "variable": variable}
	require.NoError(t, out["characters"].SetHeader(make([]byte, 11)))
	for _, m := range out {
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.Set(11, "000001"))
	}
	return out
}

// A code that does not fill its field is refused: no blank or zero passes for a part of it.
func TestShortMACIsNotFilledUp(t *testing.T) {
	for name, m := range codeless(t) {
		plain := packed(t, m)
		for size := range 8 {
			if name == "variable" && size > 0 {
				continue
			}
			signed, err := m.AppendPackMAC([]byte("ahead"), func(dst, _ []byte) ([]byte, error) { return append(dst, "12345678"[:size]...), nil })
			require.ErrorIs(t, err, ErrTooShort, "%s %d", name, size)
			require.ErrorContains(t, err, "field 64")
			require.Equal(t, "ahead", string(signed))
			require.False(t, m.Has(64))
			require.NoError(t, m.Err())
			require.Equal(t, plain, packed(t, m))
		}
		signed, err := m.AppendPackMAC(nil, func(dst, _ []byte) ([]byte, error) { return append(dst, "12345678more"...), nil })
		require.NoError(t, err, name)
		require.Equal(t, "12345678", string(signed[len(signed)-8:]), name)
		require.NoError(t, m.codec.New().Unpack(signed), name)
	}
}

// A variable field takes a code of any length that its format allows.
func TestMACOfVariableLength(t *testing.T) {
	m := codeless(t)["variable"]
	signed, err := m.AppendPackMAC(nil, func(dst, _ []byte) ([]byte, error) { return append(dst, "1234"...), nil })
	require.NoError(t, err)
	require.Equal(t, "041234", string(signed[len(signed)-6:]))
}

// A MAC function that does not append to what it was given gets an error, and nothing it returns is sent.
func TestMACThatIsNotAppended(t *testing.T) {
	for name, m := range codeless(t) {
		plain := packed(t, m)
		for what, mac := range map[string]MACFunc{
			"nothing":         func(_, _ []byte) ([]byte, error) { return nil, nil },
			"the code alone":  func(_, _ []byte) ([]byte, error) { return []byte("ABCDEFGH"), nil },
			"something long":  func(_, _ []byte) ([]byte, error) { return bytes.Repeat([]byte("M"), 500), nil },
			"less than given": func(dst, _ []byte) ([]byte, error) { return dst[:len(dst)-1], nil },
			"the data signed": func(_, data []byte) ([]byte, error) { return append(bytes.Clone(data), "ABCDEFGH"...), nil },
		} {
			require.NotPanics(t, func() {
				signed, err := m.AppendPackMAC([]byte("ahead"), mac)
				require.ErrorIs(t, err, ErrType, "%s %s", name, what)
				require.ErrorContains(t, err, "field 64")
				require.Equal(t, "ahead", string(signed))
			}, "%s %s", name, what)
			require.False(t, m.Has(64))
			require.NoError(t, m.Err())
			require.Equal(t, plain, packed(t, m))
		}
	}
}

// What is sent lies in the caller's memory, not in what a MAC function may use again.
func TestMACFromMemoryOfItsOwn(t *testing.T) {
	for name, m := range codeless(t) {
		var own []byte
		signed, err := m.AppendPackMAC(nil, func(dst, _ []byte) ([]byte, error) {
			own = append(bytes.Clone(dst), "12345678"...)
			return own, nil
		})
		require.NoError(t, err, name)
		want := bytes.Clone(signed)
		clear(own)
		require.Equal(t, want, signed, name)
	}
}

// Signing into memory that has room takes none.
func TestSigningAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 512)
	mac := func(dst, _ []byte) ([]byte, error) { return append(dst, "12345678"...), nil }
	for name, m := range codeless(t) {
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if _, err := m.AppendPackMAC(buf, mac); err != nil {
				t.Fatal(err)
			}
		}), name)
	}
}

// A function that panics leaves no code of zeros behind.
func TestMACThatPanics(t *testing.T) {
	m := specOf(spec.Field{Number: 2, Format: "n..19"}, spec.Field{Number: 64, Format: "b 64"}).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(2, "42"))
	before := packed(t, m)
	require.PanicsWithValue(t, "no HSM", func() {
		m.AppendPackMAC(nil, func([]byte, []byte) ([]byte, error) { panic("no HSM") })
	})
	require.False(t, m.Has(64))
	require.NoError(t, m.Err())
	require.Equal(t, before, packed(t, m))
	_, err := m.AppendPackMAC(nil, sum)
	require.NoError(t, err)
	require.True(t, m.Has(64))
}
