package connection

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// oddFraming is a framing of the program.
type oddFraming struct {
	Framing
	guess func([]byte) string
	size  int // what Next returns if it is not 0
}

func (f oddFraming) Guess(b []byte) string { return f.guess(b) }

func (f oddFraming) Next(b []byte) (Cut, error) {
	if f.size != 0 {
		return Cut{Size: f.size}, nil
	}
	return f.Framing.Next(b)
}

// TestFramingsOfTheProgram may be wrong and may ask the connection: it ends, the process does not, and nothing hangs.
func TestFramingsOfTheProgram(t *testing.T) {
	var conn atomic.Pointer[Conn]
	none := func([]byte) string { return "" }
	for name, f := range map[string]oddFraming{
		"guess panics":         {guess: func([]byte) string { panic("guess") }},
		"guess calls back":     {guess: func([]byte) string { _ = conn.Load().Stats(); return "asked" }},
		"cut beyond the end":   {guess: none, size: 9},
		"cut before its start": {guess: none, size: -1},
	} {
		t.Run(name, func(t *testing.T) {
			f.Framing = MustNewFraming(Descriptor{Width: 2})
			ours, theirs := net.Pipe()
			defer theirs.Close()
			var panics atomic.Int32
			hooks := Hooks{Panicked: func(*Conn, Panic) { panics.Add(1) }}
			c, err := NewConn(ours, Config{Framing: f, FrameTimeout: 50 * time.Millisecond, Hooks: hooks})
			require.NoError(t, err)
			conn.Store(c)
			_, err = theirs.Write([]byte{0})
			require.NoError(t, err)
			ended := make(chan error, 1)
			go func() { <-c.Done(); ended <- c.Err() }()
			select {
			case err = <-ended:
			case <-time.After(10 * time.Second):
				t.Fatal("the connection has not ended")
			}
			if f.size != 0 {
				require.ErrorIs(t, err, errBadCut)
				require.Zero(t, panics.Load())
				return
			}
			require.ErrorIs(t, err, ErrHalfFrame)
			require.EqualValues(t, map[string]int{"guess panics": 1}[name], panics.Load())
		})
	}
}
