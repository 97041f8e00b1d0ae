package message

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnswers(t *testing.T) {
	c := codecFor(t, "iso8583-1987-ascii")
	make := func(mti, stan, terminal string) *Message {
		m := c.New()
		if mti != "" {
			require.NoError(t, m.SetMTI(mti))
		}
		if stan != "" {
			require.NoError(t, m.Set(11, stan))
		}
		if terminal != "" {
			require.NoError(t, m.Set(41, terminal))
		}
		return m
	}
	for _, one := range []struct {
		request, response string
		want              bool
	}{
		{"0200", "0210", true}, {"0201", "0210", true}, {"0420", "0430", true}, {"0421", "0431", true}, {"0800", "0810", true}, {"0100", "0110", true},
		{"0260", "0270", true}, {"0200", "0211", true},
		{"0200", "0200", false}, {"0200", "0220", false}, {"0200", "0230", false}, {"0200", "0110", false}, {"0200", "0410", false}, {"0200", "1210", false},
		{"0210", "0210", false}, {"0210", "0200", false}, {"0280", "0290", false}, {"0290", "0290", false}, {"", "0210", false}, {"0200", "", false},
	} {
		require.Equal(t, one.want, Answers(make(one.request, "000001", ""), make(one.response, "000001", ""), 11), "%s and %s", one.request, one.response)
	}
	request := make("0200", "000001", "TERM0001")
	require.True(t, Answers(request, make("0210", "000001", "TERM0001"), 11, 41))
	require.False(t, Answers(request, make("0210", "000002", "TERM0001"), 11, 41))
	require.False(t, Answers(request, make("0210", "000001", "TERM0002"), 11, 41))
	require.False(t, Answers(request, make("0210", "000001", ""), 11, 41))
	require.False(t, Answers(make("0200", "000001", ""), make("0210", "000001", "TERM0001"), 11, 41))
	require.True(t, Answers(make("0200", "000001", ""), make("0210", "000001", ""), 11, 41), "both lack it")
	require.True(t, Answers(request, make("0210", "", "")))
}

// Answers agrees with the keys that package connection matches by.
func TestAnswersAsKeysDo(t *testing.T) {
	c := codecFor(t, "iso8583-1987-ascii")
	key := KeyFunc(c, 11)
	of := func(mti string) *Message {
		m := c.New()
		require.NoError(t, m.SetMTI(mti))
		require.NoError(t, m.Set(11, "000001"))
		return m
	}
	for a := range 100 {
		for b := range 100 {
			request := of("02" + string([]byte{'0' + byte(a/10), '0' + byte(a%10)}))
			response := of("02" + string([]byte{'0' + byte(b/10), '0' + byte(b%10)}))
			keyA, kindA, err := key(packed(t, request))
			require.NoError(t, err)
			keyB, kindB, err := key(packed(t, response))
			require.NoError(t, err)
			require.Equal(t, keyA == keyB && kindA == KeyRequest && kindB == KeyResponse, Answers(request, response, 11), "%s %s", request.MTI(), response.MTI())
		}
	}
}

func TestResponseIntoReusesMemory(t *testing.T) {
	f := unionPayFrames(t)[10]
	m := unpacked(t, f)
	want, err := Response(m)
	require.NoError(t, err)
	dst := codecFor(t, f.spec).New()
	require.NoError(t, dst.Set(4, "77"))
	require.Error(t, dst.Set(4, "x"))
	require.NoError(t, ResponseInto(dst, m), "dst is reset first")
	require.Equal(t, packed(t, want), packed(t, dst))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if ResponseInto(dst, m) != nil {
			t.Fatal("response")
		}
	}))
	reversal, err := Reversal(m)
	require.NoError(t, err)
	require.NoError(t, ReversalInto(dst, m))
	require.Equal(t, packed(t, reversal), packed(t, dst))

	require.ErrorIs(t, ResponseInto(m, m), ErrType)
	require.ErrorIs(t, ResponseInto(codecFor(t, "iso8583-1987-ascii").New(), m), ErrType)
	require.NoError(t, m.SetMTI("0210"))
	require.ErrorIs(t, ResponseInto(dst, m), ErrType)
	require.Equal(t, packed(t, reversal), packed(t, dst), "dst stays where there is no response")
}
