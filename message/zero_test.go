package message

import (
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// Every exported method of the zero Message, Value and Scanner returns: an error where it has one, nothing to see
// otherwise.
func TestZeroValues(t *testing.T) {
	for _, zero := range []any{new(Message), new(Value), new(Scanner)} {
		v := reflect.ValueOf(zero)
		for i := range v.NumMethod() {
			method := v.Type().Method(i)
			t.Run(v.Type().Elem().Name()+"."+method.Name, func(t *testing.T) {
				var args []reflect.Value
				for k := range v.Method(i).Type().NumIn() {
					if in := v.Method(i).Type().In(k); !v.Method(i).Type().IsVariadic() || k < v.Method(i).Type().NumIn()-1 {
						args = append(args, argument(in))
					}
				}
				require.NotPanics(t, func() {
					for _, out := range v.Method(i).Call(args) {
						switch {
						case out.Kind() == reflect.Func && out.Type().In(0).NumIn() == 2:
							for range out.Seq2() {
								t.Fatal("yields something")
							}
						case out.Kind() == reflect.Func:
							for range out.Seq() {
								t.Fatal("yields something")
							}
						}
					}
				})
			})
		}
	}
}

// argument is a value of a type that a call may be given.
func argument(t reflect.Type) reflect.Value {
	switch {
	case t == reflect.TypeFor[*Message]():
		return reflect.ValueOf(new(Message))
	case t == reflect.TypeFor[io.Writer]():
		return reflect.ValueOf(io.Discard)
	case t == reflect.TypeFor[MACFunc]():
		return reflect.ValueOf(MACFunc(sum))
	case t == reflect.TypeFor[VerifyFunc]():
		return reflect.ValueOf(VerifyFunc(verify))
	case t.Kind() == reflect.String:
		return reflect.ValueOf("2.1").Convert(t)
	case t.Kind() == reflect.Int:
		return reflect.ValueOf(2)
	case t.Kind() == reflect.Interface:
		return reflect.ValueOf(&fakeState{})
	default:
		return reflect.Zero(t)
	}
}

// fakeState is a fmt.State.
type fakeState struct{}

func (*fakeState) Write(b []byte) (int, error) { return len(b), nil }
func (*fakeState) Width() (int, bool)          { return 0, false }
func (*fakeState) Precision() (int, bool)      { return 0, false }
func (*fakeState) Flag(int) bool               { return false }

// The zero Message refuses whatever would need a codec.
func TestZeroMessageRefuses(t *testing.T) {
	m := func() *Message { return new(Message) }
	for what, err := range map[string]error{
		"Unpack": m().Unpack([]byte("0200")), "UnpackAliasing": m().UnpackAliasing([]byte("0200")), "UnmarshalBinary": m().UnmarshalBinary(nil),
		"SetHeader": m().SetHeader([]byte{1}), "SetMTI": m().SetMTI("0200"), "Set": m().Set(2, "1"), "SetBytes": m().SetBytes(2, nil),
		"SetInt": m().SetInt(4, 1), "SetTime": m().SetTime(7, time.Now()), "SetPath": m().SetPath("2", "1"), "UnsetPath": m().UnsetPath("2"),
		"SetPathBytes": m().SetPathBytes("2", nil), "SetPathInt": m().SetPathInt("2", 1), "SetPathTime": m().SetPathTime("7", time.Now()),
		"Validate": m().Validate(), "Marshal": Marshal(m(), &struct{ F2 string }{"1"}), "Unmarshal": Unmarshal(m(), &struct{ F2 string }{}),
		"CopyFrom": m().CopyFrom(new(Message)), "CopyFields": m().CopyFields(new(Message), 2), "UnmarshalJSON": m().UnmarshalJSON([]byte("{}")),
		"ResponseInto": ResponseInto(m(), m()), "ReversalInto": ReversalInto(m(), m()),
	} {
		require.ErrorIs(t, err, errNoCodec, what)
	}
	_, err := Response(m())
	require.ErrorIs(t, err, errNoCodec)
	_, err = Reversal(m())
	require.ErrorIs(t, err, errNoCodec)
	_, err = m().Pack()
	require.ErrorIs(t, err, errNoCodec)
	_, err = m().AppendPackMAC(nil, sum)
	require.ErrorIs(t, err, errNoCodec)
	_, err = m().Lookup("2")
	require.ErrorIs(t, err, errNoCodec)
	require.Error(t, Repeat(m()))
	require.Error(t, m().VerifyMAC(verify))
	require.False(t, Answers(m(), m()))
	require.NotNil(t, m().Clone())
	require.Empty(t, m().String())
}

// The zero Codec, and what it makes, refuse and do not panic; so does the zero Spec.
func TestZeroCodec(t *testing.T) {
	_, err := Compile(new(spec.Spec))
	require.Error(t, err)
	require.Nil(t, new(Codec).Spec())
	require.ErrorIs(t, new(Codec).New().Set(2, "1"), errNoCodec)
	require.ErrorIs(t, new(Codec).New().Unpack([]byte("0200")), errNoCodec)
	s := new(Codec).Scanner()
	require.ErrorIs(t, s.Reset([]byte("0200")), errNoCodec)
	_, err = s.Field(2)
	require.ErrorIs(t, err, errNoCodec)
	require.Empty(t, s.MTI())
	require.Empty(t, s.Header())
	_, _, err = KeyFunc(new(Codec), 11)(nil)
	require.ErrorIs(t, err, errNoCodec)
}

// A number that no spec at hand has is not passed over.
func TestNumbersThatNoSpecHas(t *testing.T) {
	c := codecFor(t, "iso8583-1987-ascii")
	request, response := c.New(), c.New()
	require.NoError(t, request.SetMTI("0200"))
	require.NoError(t, response.SetMTI("0210"))
	other := specOf(spec.Field{Number: 11, Format: "n 6"}).New()
	for _, number := range []int{-5, 1, 192, 999, 5000} {
		require.False(t, Answers(request, response, number), "%d", number)
		for _, from := range []*Message{request, other} {
			require.ErrorIs(t, response.CopyFields(from, number), ErrUnknown, "%d", number)
			require.ErrorIs(t, response.Err(), ErrUnknown)
			response.ClearErr()
		}
	}
	require.True(t, Answers(request, response, 11))
	require.NoError(t, response.CopyFields(other, 4, 11), "one spec has it")
	require.NoError(t, other.CopyFields(response, 4, 11), "one spec has it")
}
