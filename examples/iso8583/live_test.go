package main

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A message is shown when it comes, not when the next one does, where the form of the input is named.
func TestDecodeLive(t *testing.T) {
	for _, c := range []struct {
		form string
		args []string
		line string
	}{
		{"hex", []string{"-lines"}, signOn},
		{"tshark", []string{"-lines"}, "0\t" + signOn},
		{"tshark", []string{"-frame", "binary2"}, "0\t" + "0024" + signOn},
	} {
		in, feed := io.Pipe()
		out, show := io.Pipe()
		status := make(chan int, 1)
		go func() {
			status <- run(append([]string{"decode", "-spec", "unionpay-pos+no-header", "-json", "-input", c.form}, c.args...), in, show, io.Discard)
			show.Close()
		}()
		shown := bufio.NewReader(out)
		for range 3 {
			_, err := io.WriteString(feed, c.line+"\n")
			require.NoError(t, err)
			text, err := shown.ReadString('\n')
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(text, `{"0":"0800"`), text)
		}
		feed.Close()
		require.Equal(t, exitGood, <-status)
	}
}
