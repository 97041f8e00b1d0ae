package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/payshield"
)

// serve runs the program and returns the address that it tells.
func serve(t *testing.T, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, append(args, "-listen", "127.0.0.1:0"), write, io.Discard)
		write.CloseWithError(io.EOF)
		done <- err
	}()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	line, err := bufio.NewReader(read).ReadString('\n')
	require.NoError(t, err)
	_, rest, _ := strings.Cut(line, " on ")
	address, _, found := strings.Cut(rest, " ")
	require.True(t, found)
	return address
}

func TestProgramAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		options payshield.Options
	}{
		"plain":     {nil, payshield.Options{}},
		"short":     {[]string{"-header", "2"}, payshield.Options{Header: 2}},
		"no header": {[]string{"-header", "0"}, payshield.Options{NoHeader: true}},
		"EBCDIC":    {[]string{"-ebcdic", "-zz"}, payshield.Options{EBCDIC: true}},
	} {
		t.Run(name, func(t *testing.T) {
			c.options.AllowTestLMK = true
			conn, err := connection.Dial(t.Context(), "tcp", serve(t, c.args...), c.options.Connection())
			require.NoError(t, err)
			defer conn.Close()
			client, err := payshield.New(conn, c.options)
			require.NoError(t, err)
			require.NoError(t, client.Echo(t.Context(), "are you there"))
		})
	}
}

func TestProgramRefuses(t *testing.T) {
	for _, args := range [][]string{{"-header", "-1"}, {"-header", "33"}, {"extra"}, {"-unknown"}, {"-listen", "nowhere:at:all"}} {
		require.Error(t, run(t.Context(), args, io.Discard, io.Discard), "%v", args)
	}
}
