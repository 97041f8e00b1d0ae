package connectiontest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// A host that never answers: the default timeout of half a minute passes at once inside a bubble of testing/synctest,
// which this example leaves out.
func Example() {
	framing, err := connection.FramingByName("binary2")
	if err != nil {
		panic(err)
	}
	conn, err := connection.Dial(context.Background(), "memory", "host", connection.Config{
		Framing: framing,
		Timeout: 10 * time.Millisecond,
		Dialer:  connectiontest.Dialer(framing, func(host *connectiontest.Peer) { io.Copy(io.Discard, host) }),
	})
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	_, err = conn.Exchange(context.Background(), []byte("0200"), nil)
	fmt.Println(errors.Is(err, connection.ErrTimeout), connection.SentOf(err))
	// Output: true sent
}

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connectiontest.PipeSize(4)
		buf := make([]byte, 8)

		require.NoError(t, a.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err := a.Write([]byte("123456"))
		require.Equal(t, 4, n, "a full pipe makes its writer wait")
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		n, _ = b.Read(buf)
		require.Equal(t, "1234", string(buf[:n]))

		require.NoError(t, b.SetReadDeadline(time.Now().Add(time.Second)))
		_, err = b.Read(buf)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, b.SetReadDeadline(time.Time{}))

		require.NoError(t, b.CloseWrite())
		_, err = a.Read(buf)
		require.ErrorIs(t, err, io.EOF)
		_, err = b.Write(buf)
		require.ErrorIs(t, err, syscall.EPIPE)
		require.NoError(t, a.SetWriteDeadline(time.Time{}))
		_, err = a.Write([]byte("7"))
		require.NoError(t, err, "the other direction goes on")
		a.Reset()
		_, err = b.Read(buf)
		require.ErrorIs(t, err, syscall.ECONNRESET)
		_, err = a.Read(buf)
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestInjectedFaults(t *testing.T) {
	a, b := connectiontest.Pipe()
	bad := connectiontest.Inject(a, connectiontest.Faults{
		ReadChunk: 2, FailReadAfter: 5, FailWriteAfter: 3,
		Alter: func(at int64, b []byte) {
			if at == 2 {
				b[0] ^= 1
			}
		},
	})
	n, err := bad.Write([]byte("12345"))
	require.Equal(t, 3, n)
	require.ErrorIs(t, err, syscall.EPIPE)
	_, err = b.Write([]byte("abcdefg"))
	require.NoError(t, err)
	var got []byte
	buf := make([]byte, 8)
	for {
		n, err := bad.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			require.ErrorIs(t, err, syscall.ECONNRESET)
			break
		}
		require.LessOrEqual(t, n, 2)
	}
	require.Equal(t, "abbde", string(got))
}

func TestListener(t *testing.T) {
	l := connectiontest.Listen()
	go func() {
		c, err := l.Accept()
		if err == nil {
			c.Write([]byte("x"))
			c.Close()
		}
	}()
	c, err := l.Dial(t.Context(), "", "")
	require.NoError(t, err)
	b, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "x", string(b))
	require.NoError(t, l.Close())
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = l.Dial(t.Context(), "", "")
	require.ErrorIs(t, err, net.ErrClosed)
}
