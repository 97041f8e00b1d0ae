package message

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The option trim takes the padding off text that is read, whatever Go type holds it, and UnmarshalTrimmed does so for
// every field; writing pads with and without it.
func TestTrim(t *testing.T) {
	type plain struct {
		MTI      string `iso8583:"0"`
		Amount   string `iso8583:"4"`
		Terminal string `iso8583:"41"`
		Chip     []byte `iso8583:"52"`
		Number   int64  `iso8583:"11"`
	}
	type trimmed struct {
		MTI      string `iso8583:"0"`
		Amount   []byte `iso8583:"4,trim"`
		Terminal string `iso8583:"41,trim,keepzero"`
		Chip     []byte `iso8583:"52,trim"`
		Number   int64  `iso8583:"11,trim"`
	}
	in := trimmed{"0200", []byte("1999"), "T1", []byte{0, 1, 2, 3, 4, 5, 0, 0}, 7}
	m := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, Marshal(m, &in))
	require.Equal(t, "000000001999", m.Field(4).Text())
	require.Equal(t, "T1      ", m.Field(41).Text())

	var out trimmed
	require.NoError(t, UnmarshalAt(m, &out, roomyRef))
	require.Equal(t, in, out)
	var wide plain
	require.NoError(t, UnmarshalAt(m, &wide, roomyRef))
	require.Equal(t, plain{"0200", "000000001999", "T1      ", in.Chip, 7}, wide)
	require.NoError(t, UnmarshalTrimmed(m, &wide, roomyRef))
	require.Equal(t, plain{"0200", "1999", "T1", in.Chip, 7}, wide)

	require.ErrorIs(t, Marshal(m, &struct {
		F4 string `iso8583:"4,trimmed"`
	}{}), ErrType)
}

func TestMaskPAN(t *testing.T) {
	long := TextForm{LongBIN: true}
	for _, c := range []struct{ pan, short, long string }{
		{"6222021234561234", "622202******1234", "62220212****1234"},
		{"6222021234567891234", "622202*********1234", "62220212*******1234"},
		{"378282246310005", "378282*****0005", "378282*****0005"}, // fifteen digits show six
		{"4111111111116", "411111***1116", "411111***1116"},
		{"411111111111", "************", "************"},
		{"", "", ""},
		{"6222 02123456123", "****************", "****************"},
	} {
		require.Equal(t, c.short, MaskPAN(c.pan))
		require.Equal(t, "a "+c.long, string(long.AppendPAN([]byte("a "), c.pan)))
	}
}

// LongBIN shows eight digits wherever a card number is shown in part.
func TestLongBIN(t *testing.T) {
	m := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(2, "6222021234561230"))
	require.NoError(t, m.Set(35, "6222021234561230=2812201123"))
	require.NoError(t, m.Set(43, "6222021234561230"))
	long := TextForm{LongBIN: true}
	require.Equal(t, "0200 2=622202******1230 35=622202******1230=********** 43="+m.Field(43).String(), m.String())
	require.Equal(t, "0200 2=62220212****1230 35=62220212****1230=********** 43="+string(long.AppendValue(nil, m.Field(43))), string(long.AppendMessage(nil, m)))
	require.Equal(t, "x "+m.String(), string(m.AppendMasked([]byte("x "))))
	clear := TextForm{CardDataInClear: true}
	require.Contains(t, string(clear.AppendMessage(nil, m)), "2=6222021234561230 ")
}
