package message

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func sum(data []byte) ([]byte, error) {
	h := hmac.New(sha256.New, []byte("test key"))
	h.Write(data)
	return h.Sum(nil), nil
}

var errWrongMAC = errors.New("wrong MAC")

func verify(data, mac []byte) error {
	want, _ := sum(data)
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
		start := int(m.spans[64].start)
		var covered []byte
		wire, err := m.AppendPackMAC([]byte("ahead"), func(data []byte) ([]byte, error) {
			covered = bytes.Clone(data)
			return sum(data)
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
	_, err := m.AppendPackMAC(nil, func([]byte) ([]byte, error) { return nil, failure })
	require.ErrorIs(t, err, failure)
	require.False(t, m.Has(64))
	require.NoError(t, m.Err())
	require.ErrorIs(t, m.VerifyMAC(verify), ErrMissing)
}
