package acquirer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
)

// FuzzTake gives the switch any frame, as it is and, where it is a message, with a code that is right: whatever is in
// it, the answer is none or a message that answers it, and every posting has its notice.
func FuzzTake(f *testing.F) {
	h := newHouse(f)
	h.signIn()
	sale := h.sale("D-1", nil)
	for _, seed := range []*message.Message{sale, h.sale("D-2", byCode), h.about(sale, nil), h.reversalOf(sale), h.message("0820", 1),
		h.sale("D-3", func(m *message.Message) { m.SetBytes(52, make([]byte, 8)) })} {
		frame, err := seed.AppendPackMAC(nil, h.keys.Sign)
		require.NoError(f, err)
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		check(t, h, frame)
		m := dialect.Terminal.New()
		if m.Unpack(frame) != nil || m.MTI()[:2] == "08" {
			return // a sign-in would change the keys
		}
		if signed, err := m.AppendPackMAC(nil, h.keys.Sign); err == nil {
			check(t, h, signed)
		}
	})
}

func check(t *testing.T, h *house, frame []byte) {
	reply, err := h.sw.Handle(nil, frame, nil)
	if err != nil || len(reply) == 0 {
		require.Empty(t, reply)
		return
	}
	request, answer := dialect.Terminal.New(), dialect.Terminal.New()
	require.NoError(t, request.Unpack(frame))
	require.NoError(t, answer.Unpack(reply))
	require.Equal(t, request.Field(11).Text(), answer.Field(11).Text())
	require.Len(t, answer.Field(39).Text(), 2)
	require.Len(t, h.store.Book.Notices(), len(h.store.Book.Postings()))
}
