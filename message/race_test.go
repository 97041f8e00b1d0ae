package message

import (
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Eight goroutines read, print, pack and derive from one message and its codec at a time; each has a message of its
// own that it changes. The race detector watches.
func TestConcurrentUse(t *testing.T) {
	frames := unionPayFrames(t)
	shared := unpacked(t, frames[11])
	edited := unpacked(t, frames[11])
	require.NoError(t, edited.Set(11, "000777"))
	want, wantEdited := packed(t, shared), packed(t, edited)
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			own := shared.codec.New()
			for round := range 50 {
				f := frames[(worker+round)%len(frames)]
				codecShared := shared.codec
				if f.spec == "unionpay-pos" {
					if err := own.Unpack(f.wire); err != nil {
						t.Error(err)
					}
					own.Set(11, "000001")
					own.Pack()
				}
				for m, wire := range map[*Message][]byte{shared: want, edited: wantEdited} {
					if got, err := m.Pack(); err != nil || string(got) != string(wire) {
						t.Error("packs otherwise under concurrent use", err)
					}
					_ = values(m)
					_ = m.String()
					m.Describe(io.Discard)
					m.Validate()
					m.Get("55.9F26").Text()
					m.Field(4).Int64()
				}
				if _, err := Response(shared); err != nil {
					t.Error(err)
				}
				codecShared.New().Set(2, "6222")
			}
		})
	}
	all.Wait()
}
