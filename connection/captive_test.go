//go:build unix

package connection

import (
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// countedWrites stands for a socket that takes all it is given, and counts the writes without waiting.
type countedWrites struct {
	syscall.RawConn
	w *rawWriter
	n int
}

func (c *countedWrites) Write(func(fd uintptr) bool) error {
	c.n++
	c.w.put = len(c.w.out)
	return nil
}

// TestSendersAreNotKept: who writes for others does so four times; then a goroutine goes on.
func TestSendersAreNotKept(t *testing.T) {
	c := quiet(t, func(cfg *Config) { cfg.MaxQueued = 1 })
	go io.Copy(io.Discard, peers[c])
	var posts []*call
	c.mu.Lock()
	w, socket := c.writerLocked(), &countedWrites{}
	w.raw = &rawWriter{rc: socket}
	socket.w = w.raw
	_, err := c.queueLocked([]byte("first"))
	for range 10 { // each finds room when the one before it was written
		posts = append(posts, &call{op: opPost, frame: []byte("more"), done: make(chan struct{}, 1)})
		c.requestsLocked().posts.pushBack(posts[len(posts)-1])
	}
	w.writing = true
	c.mu.Unlock()
	require.NoError(t, err)
	c.flush()
	for _, post := range posts {
		<-post.done
		require.NoError(t, post.err)
	}
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return !w.writing && w.out == nil
	}, 10*time.Second, time.Millisecond)
	require.Equal(t, 4, socket.n)
}
