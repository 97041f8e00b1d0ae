package connection

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ends is a Completion that keeps the errors it is told.
type ends chan error

func (e ends) Complete(_ []byte, err error) { e <- err }

// TestOutOfStepAtOnce: from the moment in which a request without a key was given up, and before the connection has
// ended, nothing starts and no frame answers anybody.
func TestOutOfStepAtOnce(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	c, err := NewConn(ours, Config{Framing: MustNewFraming(Descriptor{Width: 2})})
	require.NoError(t, err)
	defer c.Close()
	toldA, toldB := make(ends, 1), make(ends, 1)
	a, err := c.Start([]byte("A"), nil, time.Time{}, toldA)
	require.NoError(t, err)
	_, err = theirs.Read(make([]byte, 10)) // A has left
	require.NoError(t, err)
	_, err = c.Start([]byte("B"), nil, time.Time{}, toldB)
	require.NoError(t, err)

	var closing chan struct{}
	var d duty
	locked := func() {
		c.mu.Lock()
		defer c.mu.Unlock() // a check that fails must not leave it locked
		closing = open(&c.lifeLocked().closing, false)
		require.True(t, c.requests.abandon(a.ca, ErrTimeout))
		require.False(t, c.ended)
		for _, o := range []op{opExchange, opStart, opPost} {
			require.ErrorIs(t, c.refusalLocked(o), ErrOutOfStep)
			require.ErrorIs(t, c.requests.admit(&call{op: o, frame: []byte("C")}), ErrOutOfStep)
		}
		c.requests.keyFreed([32]byte{})
		c.requests.freed()
		require.Zero(t, c.requests.inFlight)
		require.Zero(t, c.requests.waiting())
		require.Zero(t, c.writer.unwritten()-c.writer.inHand)
		ca, late := c.claimLocked(&[32]byte{})
		require.Nil(t, ca)
		require.True(t, late)
		d = c.dutyLocked()
	}
	locked()

	<-closing
	_, err = c.Start([]byte("D"), nil, time.Time{}, nobody{})
	require.ErrorIs(t, err, ErrOutOfStep)
	require.True(t, SafeToRetry(err))
	require.ErrorIs(t, c.TryPost([]byte("E")), ErrOutOfStep)
	_, kind, err := c.classify([]byte("the answer to A"))
	require.NoError(t, err)
	require.Equal(t, KindResponse, kind, "it is no frame for the handler")
	c.do(d)
	require.False(t, SafeToRetry(<-toldA))
	err = <-toldB
	require.ErrorIs(t, err, ErrOutOfStep)
	require.True(t, SafeToRetry(err))
	<-c.Done()
	require.ErrorIs(t, c.Err(), ErrOutOfStep)
	require.EqualValues(t, 1, c.Stats().Lost, "B")
}
