package gzipconn_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/gzipconn"
	"github.com/stretchr/testify/require"
)

func Example() {
	var framing gzipconn.Framing
	wire, err := framing.AppendFrame(nil, []byte("0200"), bytes.Repeat([]byte{'0'}, 500))
	fmt.Println(len(wire) < 100, err)
	cut, err := framing.Next(wire)
	fmt.Println(len(cut.Frame), cut.Size == len(wire), err)
	// Output:
	// true <nil>
	// 504 true <nil>
}

func TestContentIsBounded(t *testing.T) {
	var framing gzipconn.Framing
	for _, c := range []struct {
		size int
		want error
	}{{connection.DefaultMaxFrame, nil}, {connection.DefaultMaxFrame + 1, connection.ErrFrameTooLong}, {1 << 20, connection.ErrFrameTooLong}} {
		_, err := framing.AppendFrame(nil, make([]byte, 4), make([]byte, c.size-4))
		require.ErrorIs(t, err, c.want)
		bomb, err := gzipconn.Framing{Max: 1 << 20}.AppendFrame(nil, nil, make([]byte, c.size))
		require.NoError(t, err)
		cut, err := framing.Next(bomb)
		require.ErrorIs(t, err, c.want)
		if err == nil {
			require.Len(t, cut.Frame, c.size)
			require.Equal(t, len(bomb), cut.Size)
		}
	}
}

func TestErrorsTell(t *testing.T) {
	var framing gzipconn.Framing
	wire, err := framing.AppendFrame(nil, nil, []byte(strings.Repeat("message ", 50)))
	require.NoError(t, err)
	damaged := bytes.Clone(wire)
	damaged[len(damaged)-5] ^= 1 // in the checksum
	for _, c := range []struct{ wire, want string }{
		{"\x00\x04ABCD", "not gzip"},
		{string(damaged), "damaged"},
	} {
		_, err := framing.Next([]byte(c.wire))
		require.ErrorIs(t, err, connection.ErrFrameContent)
		require.ErrorContains(t, err, c.want)
	}
	for n := range wire {
		cut, err := framing.Next(wire[:n])
		require.NoError(t, err)
		require.Zero(t, cut)
	}
	cut, err := framing.Next([]byte{0, 0})
	require.NoError(t, err)
	require.Equal(t, connection.Cut{Size: 2}, cut, "a keep-alive has no content")
	tight := gzipconn.Framing{Outer: connection.MustNewFraming(connection.Descriptor{Width: 2, Max: 10})}
	_, err = tight.AppendFrame(nil, nil, []byte("message"))
	require.ErrorIs(t, err, connection.ErrFrameTooLong, "the outer framing has limits, too")
}

func FuzzNext(f *testing.F) {
	var framing gzipconn.Framing
	wire, err := framing.AppendFrame(nil, nil, []byte("0800000001"))
	require.NoError(f, err)
	f.Add(wire)
	f.Add([]byte("\x00\x04ABCD"))
	f.Fuzz(func(t *testing.T, b []byte) {
		cut, err := framing.Next(b)
		if err != nil {
			var fault *connection.FramingError
			require.ErrorAs(t, err, &fault)
			return
		}
		if len(cut.Frame) == 0 || len(cut.Frame) > 1000 {
			return
		}
		wire, err := framing.AppendFrame(nil, nil, cut.Frame)
		require.NoError(t, err)
		again, err := framing.Next(wire)
		require.NoError(t, err)
		require.Equal(t, string(cut.Frame), string(again.Frame))
	})
}
