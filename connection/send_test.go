package connection

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// text is a message as it is.
type text string

func (m text) AppendBinary(b []byte) ([]byte, error) { return append(b, m...), nil }

func (m *text) UnmarshalBinary(b []byte) error { *m = text(b); return nil }

// unpackable is a message that cannot be packed.
type unpackable struct{}

func (unpackable) AppendBinary([]byte) ([]byte, error) { return nil, errors.New("a field is missing") }

// exchange is an Exchanger.
type exchange func(frame, dst []byte) ([]byte, error)

func (f exchange) Exchange(_ context.Context, frame, dst []byte) ([]byte, error) {
	return f(frame, dst)
}

// TestSendKeepsItsMemory: whatever a message or an Exchanger returns beside an error, the buffers that connections read and
// write with stay what they are. One without room made a reader spin that had been given it.
func TestSendKeepsItsMemory(t *testing.T) {
	failing := exchange(func([]byte, []byte) ([]byte, error) { return nil, errors.New("no line") })
	for range 100 {
		require.Error(t, Send(t.Context(), failing, text("R"), new(text)))
		require.Error(t, Send(t.Context(), failing, unpackable{}, new(text)))
		var kept []*buffer
		for range 4 {
			b := newSmallBuffer()
			require.GreaterOrEqual(t, cap(b.b), smallBuffer)
			require.Empty(t, b.b)
			kept = append(kept, b)
		}
		for _, b := range kept {
			b.release()
		}
	}
	require.Nil(t, (&buffer{make([]byte, 0, smallBuffer-1)}).pool())
	require.Equal(t, &smallBuffers, newSmallBuffer().pool())
}

// TestSendLeavesOthersMemoryAlone: an Exchanger may return memory of its own, which is neither wiped nor used for anything
// else.
func TestSendLeavesOthersMemoryAlone(t *testing.T) {
	answer := []byte("answer of the host")
	for range 3 {
		var got text
		require.NoError(t, Send(t.Context(), exchange(func([]byte, []byte) ([]byte, error) { return answer, nil }), text("R"), &got))
		require.EqualValues(t, "answer of the host", got)
		require.Equal(t, "answer of the host", string(answer))
	}
}

// TestSendWipes: what held a frame holds nothing when it is given back, also when somebody else's memory was returned.
func TestSendWipes(t *testing.T) {
	for _, own := range []bool{true, false} {
		var frame, reply []byte
		over := exchange(func(f, dst []byte) ([]byte, error) {
			frame, reply = f, append(dst, "6222020200012345678"...)
			if own {
				return reply, nil
			}
			return []byte("another"), nil
		})
		require.NoError(t, Send(t.Context(), over, text("6222020200012345678"), new(text)))
		require.Equal(t, make([]byte, 19), frame)
		require.Equal(t, make([]byte, 19), reply)
	}
}
