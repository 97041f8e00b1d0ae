package layout

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// Header and message type of fixed length are checked in one go, which takes and refuses what part by part does: what it
// refused would only be slower, and nobody would see it.
func TestFrontsInOneGo(t *testing.T) {
	s, err := spec.New(spec.Config{Name: "headed", Header: []spec.Field{{Number: 1, Format: "n 3"}, {Number: 2, Format: "b 8"}, {Number: 3, Format: "an 2"}},
		Fields: []spec.Field{{Number: 2, Format: "n 2"}}})
	require.NoError(t, err)
	config := s.Resolved()
	c := Compile(&config)
	good := []byte("123" + "0F" + "a1" + "0200")
	require.Equal(t, len(good), c.front.size)
	slow := Compile(&config)
	slow.front = front{}
	for at := range good {
		for b := range 256 {
			wire := append([]byte(nil), good...)
			wire[at] = byte(b)
			for _, size := range []int{at, len(wire)} {
				var digits, wanted [4]byte
				mti, pos, err := c.ParseFront(wire[:size], digits[:0])
				wantMTI, wantPos, want := slow.ParseFront(wire[:size], wanted[:0])
				require.Equal(t, want, err)
				require.Equal(t, []int{wantMTI, wantPos}, []int{mti, pos})
				require.Equal(t, wanted, digits)
			}
		}
	}
}
