package connection

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// lockingCompletion takes a lock of the program.
type lockingCompletion struct {
	mu   *sync.Mutex
	told chan error
}

func (l lockingCompletion) Complete(_ []byte, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told <- err
}

// TestCallersMayHoldLocks: whoever calls Start, Exchange or Post may hold a lock that completions take. Should the call
// bring about the end of another request, that is told elsewhere.
func TestCallersMayHoldLocks(t *testing.T) {
	cfg, err := Config{Framing: MustNewFraming(Descriptor{Width: 2})}.withDefaults()
	require.NoError(t, err)
	c := &Conn{cfg: cfg}
	c.requestsLocked()
	var mu sync.Mutex
	done := lockingCompletion{&mu, make(chan error)}
	mu.Lock()
	c.doForCaller(duty{ended: &call{completion: done, err: ErrBusy, next: &call{completion: done, err: ErrIdle}}})
	mu.Unlock()
	require.Equal(t, ErrBusy, <-done.told)
	require.Equal(t, ErrIdle, <-done.told)
}
