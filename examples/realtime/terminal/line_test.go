package terminal

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
)

// script is a line whose answers a test makes.
type script func(frame []byte) ([]byte, error)

func (s script) Exchange(_ context.Context, frame, dst []byte) ([]byte, error) {
	reply, err := s(frame)
	return append(dst, reply...), err
}

// scripted is a terminal on such a line.
func scripted(t *testing.T, s script) *Terminal {
	pos, err := Open(Config{ID: testWire.ID, Merchant: testWire.Merchant, Disk: Memory{}, Plain: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pos.Close()) })
	pos.line = s
	return pos
}

// TestSignOfLife is an answer to the terminal's question that says 00, and no other.
func TestSignOfLife(t *testing.T) {
	change := func(*message.Message) {}
	pos := scripted(t, func(frame []byte) ([]byte, error) {
		request := testRequest(t, frame)
		require.Equal(t, []string{"0820", testWire.ID, testWire.Merchant}, []string{request.MTI(), request.Field(41).Text(), request.Field(42).Text()})
		response, err := message.Response(request)
		require.NoError(t, err)
		response.Set(39, "00")
		change(response)
		return response.Pack()
	})
	require.NoError(t, pos.Echo(t.Context()))
	for text, wrong := range map[string]func(m *message.Message){
		"response code 96": func(m *message.Message) { m.Set(39, "96") },
		"another type":     func(m *message.Message) { m.SetMTI("0810") },
		"field 41":         func(m *message.Message) { m.Set(41, "10000002") },
		"field 42":         func(m *message.Message) { m.Set(42, "898440354110002") },
	} {
		change = wrong
		err := pos.Echo(t.Context())
		require.ErrorIs(t, err, ErrAnswer, text)
		require.ErrorContains(t, err, text)
	}
	pos.line = script(func([]byte) ([]byte, error) { return []byte("HTTP/1.1 200 OK"), nil })
	require.ErrorIs(t, pos.Echo(t.Context()), ErrAnswer)
	pos.line = script(func([]byte) ([]byte, error) { return nil, net.ErrClosed })
	require.ErrorIs(t, pos.Echo(t.Context()), net.ErrClosed)
}

// TestFrameIsWiped once it was sent: it has the card's track.
func TestFrameIsWiped(t *testing.T) {
	k := newKit(t)
	k.config.Folder, k.config.Disk, k.config.Master = "", Memory{}, k.master
	pos := k.open()
	var sent []byte
	pos.line = script(func(frame []byte) ([]byte, error) {
		sent = frame
		return k.handle(nil, frame, nil)
	})
	e, err := pos.Sale(t.Context(), swipe("D-1"))
	require.NoError(t, err)
	require.Equal(t, Approved, e.Status)
	require.NoError(t, pos.Flush(t.Context()))
	require.Greater(t, len(sent), 60)
	require.Equal(t, make([]byte, len(sent)), sent)
}

// tracked notes the end of a socket.
type tracked struct {
	net.Conn
	ended *int
}

func (c tracked) Close() error {
	*c.ended++
	return c.Conn.Close()
}

// TestLines: one for each request, or one that is kept: it is opened again when it was lost, and closed with the terminal.
func TestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, kept := range []bool{false, true} {
			k := newKit(t)
			dial, opened, ended := k.config.Dialer, 0, 0
			var last net.Conn
			k.config.KeepLine = kept
			k.config.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				opened, last = opened+1, conn
				return tracked{conn, &ended}, err
			}
			pos := k.open()
			sell := func(want int) {
				e, err := pos.Sale(t.Context(), swipe("D-1"))
				require.NoError(t, err)
				require.Equal(t, Approved, e.Status)
				synctest.Wait()
				require.Equal(t, want, opened)
			}
			if kept {
				sell(1)
				sell(1)
				require.Zero(t, ended)
				require.NoError(t, last.Close())
				synctest.Wait()
				sell(2)
			} else {
				sell(2) // a sign-in and a sale
				sell(3)
				require.Equal(t, 3, ended)
			}
			require.NoError(t, pos.Close())
			synctest.Wait()
			require.Equal(t, opened, ended)
		}
	})
}

// TestTimeout is how long the terminal waits for an answer, and for its turn.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		k.config.Timeout = 7 * time.Second
		pos := k.open()
		require.NoError(t, pos.SignIn(t.Context()))
		k.next(nothing, nothing, nothing, nothing, nothing, nothing)
		began := time.Now()
		e, err := pos.Sale(t.Context(), swipe("D-1"))
		require.Error(t, err)
		require.Equal(t, []any{Uncertain, 7 * time.Second, 7 * time.Second}, []any{e.Status, time.Since(began), e.Took})
		began = time.Now()
		_, err = pos.Sale(t.Context(), swipe("D-2"))
		require.ErrorIs(t, err, ErrPending)
		require.Equal(t, 7*time.Second, time.Since(began))
		ended, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		_, err = pos.Sale(ended, swipe("D-2"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, pos.Flush(ended), context.DeadlineExceeded)
		require.Len(t, pos.Journal(), 1)
		require.NoError(t, pos.Close())
		_, err = pos.Sale(t.Context(), swipe("D-2"))
		require.ErrorIs(t, err, ErrClosed)
	})
}
