package message

import (
	"fmt"
	"testing"

	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

func TestResponseEchoesAndSwapsTheAddresses(t *testing.T) {
	f := unionPayFrames(t)[10] // a chip sale
	m := unpacked(t, f)
	require.Equal(t, "0200", m.MTI())
	answer, err := Response(m)
	require.NoError(t, err)
	require.NoError(t, answer.Set(39, "00"))
	require.Equal(t, "0210", answer.MTI())
	for _, number := range []int{2, 3, 4, 11, 25, 41, 42, 49, 60} {
		require.Equal(t, m.Field(number).Wire(), answer.Field(number).Wire(), "%d", number)
	}
	for _, number := range []int{14, 22, 35, 52, 55, 64} {
		require.False(t, answer.Has(number), "%d", number)
	}
	require.Equal(t, m.Get("header.1.2").Text(), answer.Get("header.1.3").Text())
	require.Equal(t, m.Get("header.1.3").Text(), answer.Get("header.1.2").Text())
	require.NoError(t, m.codec.New().Unpack(packed(t, answer)))
	require.Equal(t, f.wire, packed(t, m), "the request stays as it is")

	_, err = Response(answer)
	require.ErrorIs(t, err, ErrType, "a response has no response")
}

// The bytes of a header that change places may be its last ones; where it is too short for them it is left as it is.
func TestResponseSwapsTheEndsOfTheHeader(t *testing.T) {
	for _, swap := range []spec.Swap{{A: 0, B: 4, Bytes: 2}, {A: 4, B: 0, Bytes: 2}} {
		codec := MustCompile(spec.MustNew(spec.Config{Name: "addressed", Header: []spec.Field{{Number: 1, Format: "ans 2"}, {Number: 2, Format: "ans..4"}},
			Responses: []spec.Derivation{{From: "0800", To: "0810", SwapHeader: []spec.Swap{swap}}}, Fields: []spec.Field{{Number: 11, Format: "n 6"}}}))
		for header, want := range map[string]string{"ab02cd": "cd02ab", "ab03cde": "cd03abe", "ab01c": "ab01c", "ab00": "ab00"} {
			m := codec.New()
			require.NoError(t, m.SetMTI("0800"))
			require.NoError(t, m.SetHeader([]byte(header)))
			answer, err := Response(m)
			require.NoError(t, err)
			require.Equal(t, want, string(answer.Header()))
		}
	}
}

// An echoed field that the response writes otherwise must fit there.
func TestResponseRefusesAnEchoThatDoesNotFit(t *testing.T) {
	codec := MustCompile(spec.MustNew(spec.Config{Name: "echo", Responses: []spec.Derivation{{From: "0800", To: "0810", Echo: []int{48}}},
		Fields: []spec.Field{{Number: 48, Format: "ans...99", ByMTI: []spec.Framing{{MTI: "0810", Field: spec.Field{Format: "ans..4"}}}}}}))
	m := codec.New()
	require.NoError(t, m.SetMTI("0800"))
	require.NoError(t, m.Set(48, "four"))
	answer, err := Response(m)
	require.NoError(t, err)
	require.Equal(t, "04four", string(answer.Field(48).Wire()))
	require.NoError(t, m.Set(48, "fifth"))
	_, err = Response(m)
	require.ErrorIs(t, err, ErrTooLong)
	require.ErrorIs(t, ResponseInto(answer, m), ErrTooLong)
	_, err = answer.Pack()
	require.ErrorIs(t, err, ErrTooLong, "half an answer is none")
}

func TestResponsesOf1987(t *testing.T) {
	for request, want := range map[string]string{"0100": "0110", "0101": "0110", "0120": "0130", "0121": "0130", "0200": "0210", "0401": "0410",
		"0420": "0430", "0800": "0810", "0820": "0830"} {
		m := codecFor(t, "iso8583-1987-ascii").New()
		require.NoError(t, m.SetMTI(request))
		answer, err := Response(m)
		require.NoError(t, err, request)
		require.Equal(t, want, answer.MTI())
	}
}

func TestReversalCarriesTheOriginal(t *testing.T) {
	_, m := build(t, spec.ISO8583v1987Binary())
	require.NoError(t, m.Set(52, "0102030405060708"))
	undo, err := Reversal(m)
	require.NoError(t, err)
	require.Equal(t, "0400", undo.MTI())
	require.Equal(t, "0200"+"000123"+"1123063015"+"12345678901"+"00000000000", undo.Field(90).Text())
	for _, number := range []int{2, 3, 4, 11, 41, 42, 49} {
		require.Equal(t, m.Field(number).Text(), undo.Field(number).Text(), "%d", number)
	}
	for _, number := range []int{35, 45, 52, 55} {
		require.False(t, undo.Has(number), "%d is not kept", number)
	}
	require.NoError(t, Repeat(undo))
	require.Equal(t, "0401", undo.MTI())
	require.NoError(t, Repeat(undo))
	require.Equal(t, "0401", undo.MTI())

	answer, err := Response(m)
	require.NoError(t, err)
	_, err = Reversal(answer)
	require.ErrorIs(t, err, ErrType, "a response is not reversed")
}

func TestValidateReportsEverythingAtOnce(t *testing.T) {
	codec := MustCompile(spec.MustNew(spec.Config{Name: "rules", Fields: []spec.Field{
		{Number: 2, Format: "n..19", Presence: []spec.Presence{{MTI: "02xx", Is: spec.Mandatory}}},
		{Number: 3, Format: "n 6", Values: []string{"000000", "200000"}},
		{Number: 4, Format: "n 12", Presence: []spec.Presence{{MTI: "0200", Is: spec.Optional}, {MTI: "02xx", Is: spec.Mandatory}}},
		{Number: 39, Format: "an 2", Presence: []spec.Presence{{MTI: "xx0x", Is: spec.Forbidden}}},
		{Number: 60, Format: "ans..9", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "ans 2", Values: []string{"22"}}, {Number: 2, Format: "n 3"}}}},
	}}))
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(3, "310000"))
	require.NoError(t, m.Set(39, "00"))
	require.NoError(t, m.Set(60, "01123"))
	err := m.Validate()
	for _, want := range []struct {
		kind Kind
		path string
	}{{ErrMissing, "2"}, {ErrValue, "3"}, {ErrForbidden, "39"}, {ErrValue, "60.1"}} {
		require.ErrorIs(t, err, want.kind)
		require.ErrorContains(t, err, "field "+want.path+": "+want.kind.Error())
	}
	require.NotContains(t, err.Error(), "field 4:", "the first entry that matches counts")

	require.NoError(t, m.Set(2, "6222"))
	require.NoError(t, m.Set(3, "200000"))
	m.Unset(39)
	require.NoError(t, m.SetPath("60.1", "22"))
	require.NoError(t, m.Validate())
	require.NoError(t, m.Set(60, "221"))
	require.ErrorIs(t, m.Validate(), ErrTruncated)

	headed := codecFor(t, "unionpay-pos").New()
	require.NoError(t, headed.SetMTI("0800"))
	require.ErrorContains(t, headed.Validate(), "header: missing")
	require.NoError(t, headed.SetHeader(unpacked(t, unionPayFrames(t)[0]).Header()))
	require.NotContains(t, fmt.Sprint(headed.Validate()), "header")
}

func TestWipeLeavesNothingBehind(t *testing.T) {
	_, m := build(t, spec.ISO8583v1987ASCII())
	m.Wipe()
	require.Empty(t, m.MTI())
	require.False(t, m.Has(2))
	for _, memory := range [][]byte{m.image, m.arena, m.derived, m.header} {
		for _, c := range memory[:cap(memory)] {
			require.Zero(t, c)
		}
	}
}

func TestUnpackAliasingReadsTheCallersBytes(t *testing.T) {
	codec, built := build(t, spec.ISO8583v1987ASCII())
	wire := packed(t, built)
	m := codec.New()
	require.NoError(t, m.UnpackAliasing(wire))
	require.Equal(t, values(built)[2:], values(m)[2:])
	wire[20+2] = '5' // first digit of field 2
	require.Equal(t, "5", m.Field(2).Text()[:1])
	require.NoError(t, m.Set(3, "999999"))
	m.Wipe()
	require.Equal(t, byte('5'), wire[22], "the caller's bytes are the caller's to clear")
	require.NoError(t, m.Unpack(wire))
	clear(wire)
	require.Equal(t, "5", m.Field(2).Text()[:1], "Unpack copies again")
}
