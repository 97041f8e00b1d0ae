package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestColoursOnAScreenOnly: what goes to a file or to another program has none, and no progress.
func TestColoursOnAScreenOnly(t *testing.T) {
	var out bytes.Buffer
	require.Equal(t, &out, coloured(&out))
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer file.Close()
	require.Equal(t, file, coloured(file))
	p := newProgress(file)
	p.say("half")
	p.done()
	written, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Empty(t, written)

	n, err := colours{&out}.Write([]byte("order ARRIVED, VIOLATION\n"))
	require.NoError(t, err)
	require.Equal(t, 25, n, "as many as were given")
	require.Equal(t, "order \x1b[32mARRIVED\x1b[0m, \x1b[1;31mVIOLATION\x1b[0m\n", out.String())

	out.Reset()
	p = &progress{out: &out}
	p.say("%d states", 10_000)
	p.say("never seen")
	p.last = time.Time{}
	p.say("%d", 7)
	p.done()
	p.say("after the end")
	require.Equal(t, "\r10000 states\r7           \r \r", out.String())
}
