package scenario

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// teller writes lines for several goroutines.
type teller struct {
	mu  sync.Mutex
	out io.Writer
}

func (t *teller) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, format+"\n", args...)
}

// every writes a line again and again until the context ends; done waits for the last one.
func (t *teller) every(ctx context.Context, pause time.Duration, line func() string) (done func()) {
	var running sync.WaitGroup
	running.Go(func() {
		ticker := time.NewTicker(pause)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				t.say("%s", line())
			case <-ctx.Done():
				return
			}
		}
	})
	return running.Wait
}
